package index

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"slices"
)

// merger reads segments side by side: their terms in order, and of each term one doclist.
type merger struct {
	heap  cursors
	name  []byte // the term that is read now
	lists [][]byte
	out   []byte
}

// cursor reads the terms of one segment.
type cursor struct {
	ctx   context.Context
	q     querier
	next  int64 // block to read
	last  int64
	ahead [][]byte // blocks that were read
	leaf  []byte   // what is left of the one that is read now
	term  []byte
	list  []byte
}

// cursorAhead blocks are read at once.
const cursorAhead = 16

var errSegment = errors.New("a segment of the index is not as it was written")

// mergeAll reads all segments of a file. Newer documents never contradict older ones here: a document is in one segment.
func mergeAll(ctx context.Context, q querier) (*merger, error) {
	rows, err := q.QueryContext(ctx, `SELECT start_block, leaves_end_block, root FROM words_segdir ORDER BY level DESC, idx`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	m := &merger{}
	for rows.Next() {
		c := &cursor{ctx: ctx, q: q}
		var root []byte
		if err := rows.Scan(&c.next, &c.last, &root); err != nil {
			return nil, err
		}
		if c.next == 0 { // the root is its only leaf
			c.next, c.last, c.ahead = 1, 0, [][]byte{root}
		}
		m.heap = append(m.heap, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	m.heap = slices.DeleteFunc(m.heap, func(c *cursor) bool {
		more, moved := c.move()
		err = errors.Join(err, moved)
		return !more
	})
	heap.Init(&m.heap)
	return m, err
}

// step goes to the next term; false: there is none.
func (m *merger) step() (more bool, err error) {
	if len(m.heap) == 0 {
		return false, nil
	}
	m.name, m.lists, m.out = append(m.name[:0], m.heap[0].term...), m.lists[:0], m.out[:0]
	var same []*cursor
	for len(m.heap) > 0 && bytes.Equal(m.heap[0].term, m.name) {
		c := heap.Pop(&m.heap).(*cursor)
		same, m.lists = append(same, c), append(m.lists, c.list)
	}
	if len(same) == 1 {
		m.out = append(m.out, same[0].list...)
	} else if m.out, err = mergeLists(m.out, m.lists); err != nil {
		return false, err
	}
	for _, c := range same {
		more, err := c.move()
		if err != nil {
			return false, err
		}
		if more {
			heap.Push(&m.heap, c)
		}
	}
	return true, nil
}

// mergeLists merges doclists, the highest number first.
func mergeLists(out []byte, lists [][]byte) ([]byte, error) {
	type head struct {
		number    uint64
		positions []byte // with the 0 at their end
		rest      []byte
	}
	heads := make([]head, 0, len(lists))
	next := func(h *head) error {
		delta, n := varint(h.rest)
		end := bytes.IndexByte(h.rest[n:], 0)
		if end < 0 {
			return errSegment
		}
		if h.positions != nil {
			delta = h.number - delta
		}
		h.number, h.positions, h.rest = delta, h.rest[n:n+end+1], h.rest[n+end+1:]
		return nil
	}
	for _, l := range lists {
		h := head{rest: l}
		if err := next(&h); err != nil {
			return nil, err
		}
		heads = append(heads, h)
	}
	last := uint64(0)
	for len(heads) > 0 {
		top := 0
		for i := range heads {
			if heads[i].number > heads[top].number {
				top = i
			}
		}
		h := &heads[top]
		switch {
		case last == 0:
			out = append(appendVarint(out, h.number), h.positions...)
		case last > h.number:
			out = append(appendVarint(out, last-h.number), h.positions...)
		} // else it is what makeRoom has added twice
		last = h.number
		if len(h.rest) == 0 {
			heads = slices.Delete(heads, top, top+1)
		} else if err := next(h); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// move goes to the next term of the segment; false: there is none.
func (c *cursor) move() (more bool, err error) {
	if len(c.leaf) == 0 {
		if c.leaf, err = c.block(); err != nil || c.leaf == nil {
			return false, err
		}
		c.term = c.term[:0]
	}
	var same, rest, size uint64
	for _, to := range []*uint64{&same, &rest} {
		n := 0
		*to, n = varint(c.leaf)
		c.leaf = c.leaf[n:]
	}
	if same > uint64(len(c.term)) || rest > uint64(len(c.leaf)) {
		return false, errSegment
	}
	c.term = append(c.term[:same], c.leaf[:rest]...)
	c.leaf = c.leaf[rest:]
	n := 0
	size, n = varint(c.leaf)
	if c.leaf = c.leaf[n:]; size > uint64(len(c.leaf)) || size == 0 {
		return false, errSegment
	}
	c.list, c.leaf = c.leaf[:size], c.leaf[size:]
	return true, nil
}

// block gives the next leaf; nil: there is none.
func (c *cursor) block() ([]byte, error) {
	if len(c.ahead) == 0 && c.next <= c.last {
		if err := c.read(); err != nil {
			return nil, err
		}
	}
	if len(c.ahead) == 0 {
		return nil, nil
	}
	b := c.ahead[0]
	c.ahead = c.ahead[1:]
	if len(b) == 0 {
		return nil, errSegment
	}
	return b, nil
}

func (c *cursor) read() error {
	rows, err := c.q.QueryContext(c.ctx, `SELECT block FROM words_segments WHERE blockid BETWEEN ? AND ? ORDER BY blockid`, c.next, min(c.next+cursorAhead-1, c.last))
	if err != nil {
		return err
	}
	defer rows.Close()
	c.ahead = c.ahead[:0]
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		c.ahead = append(c.ahead, b)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if want := min(cursorAhead, int(c.last-c.next+1)); len(c.ahead) != want {
		return errSegment
	}
	c.next += int64(len(c.ahead))
	return nil
}

// cursors is a heap by term; of the same term whichever comes.
type cursors []*cursor

func (h cursors) Len() int           { return len(h) }
func (h cursors) Less(i, j int) bool { return bytes.Compare(h[i].term, h[j].term) < 0 }
func (h cursors) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursors) Push(x any)        { *h = append(*h, x.(*cursor)) }
func (h *cursors) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	*h = (*h)[:last]
	return c
}
