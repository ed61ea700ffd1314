package index

import (
	"bytes"
	"container/heap"
	"context"
	"database/sql"
	"math"
)

// writeSegment writes what was gathered, of the documents whose number is not 0.
func writeSegment(ctx context.Context, tx *sql.Tx, v *inverter, numbers []int64) error {
	lists := v.doclists(numbers)
	low, high := int64(math.MaxInt64), int64(0)
	for _, n := range numbers {
		if high = max(high, n); n != 0 {
			low = min(low, n)
		}
	}
	s, err := newSegment(ctx, tx, low, high)
	if err != nil {
		return err
	}
	defer s.block.Close()
	for _, l := range lists {
		if err := s.add(v.name(l.term), l.data); err != nil {
			return err
		}
	}
	return s.finish()
}

// mergeFull merges the segments of each level that is full.
func mergeFull(ctx context.Context, tx *sql.Tx) error {
	src := &source{ctx: ctx, q: tx, block: queried{tx}}
	for level := range bigLevel {
		list, err := src.segments(`level = ?`, level)
		if err != nil {
			return err
		}
		if len(list) < fullLevel {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM segment WHERE level = ?`, level); err != nil {
			return err
		}
		if err := mergeInto(ctx, tx, src, list); err != nil {
			return err
		}
		for _, g := range list {
			if _, err := tx.ExecContext(ctx, `DELETE FROM block WHERE id BETWEEN ? AND ?`, g.first, g.end); err != nil {
				return err
			}
		}
	}
	return nil
}

// mergeInto writes a segment of what is in some.
func mergeInto(ctx context.Context, tx *sql.Tx, from *source, list []*segment) error {
	low, high := int64(math.MaxInt64), int64(0)
	for _, g := range list {
		low, high = min(low, g.low), max(high, g.high)
	}
	s, err := newSegment(ctx, tx, low, high)
	if err != nil {
		return err
	}
	defer s.block.Close()
	m, err := newMerger(from, list)
	if err != nil {
		return err
	}
	for {
		if more, err := m.step(s); err != nil {
			return err
		} else if !more {
			return s.finish()
		}
	}
}

// merger reads segments side by side: their terms in order.
type merger struct {
	heap runs
	same []*run // that have the same term
}

func newMerger(src *source, list []*segment) (*merger, error) {
	m := &merger{}
	for _, g := range list {
		r := &run{leaves: leaves{src: src, g: g}}
		r.begin()
		more, err := r.next()
		if err != nil {
			return nil, err
		}
		if more {
			m.heap = append(m.heap, r)
		}
	}
	heap.Init(&m.heap)
	return m, nil
}

// step writes the next term; false: there is none.
func (m *merger) step(to *segmentWriter) (more bool, err error) {
	if len(m.heap) == 0 {
		return false, nil
	}
	m.same = append(m.same[:0], heap.Pop(&m.heap).(*run))
	first := m.same[0]
	for len(m.heap) > 0 && bytes.Equal(m.heap[0].term, first.term) {
		m.same = append(m.same, heap.Pop(&m.heap).(*run))
	}
	if len(m.same) == 1 && first.whole {
		err = to.add(first.term, first.data)
	} else {
		to.begin(first.term)
		if err = joined(to, m.same); err == nil {
			err = to.end()
		}
	}
	if err != nil {
		return false, err
	}
	for _, r := range m.same {
		more, err := r.next()
		if err != nil {
			return false, err
		}
		if more {
			heap.Push(&m.heap, r)
		}
	}
	return true, nil
}

// run reads a segment term by term.
type run struct {
	leaves
	piece // of the term's doclist
	term  []byte
	whole bool // it is all of it
}

// next goes to the next term, when all documents of the last were read or it was whole; false: there is none.
func (r *run) next() (more bool, err error) {
	if more, err := r.move(); err != nil || !more {
		return false, err
	}
	end := bytes.IndexByte(r.key, 0)
	if r.whole = end < 0; r.whole {
		end = len(r.key)
	}
	r.term, r.piece = append(r.term[:0], r.key[:end]...), piece{data: r.leaves.list}
	return true, nil
}

// nextDoc goes to the next document of the term; false: there is none.
func (r *run) nextDoc() (more bool, err error) {
	for {
		if more, err := r.piece.next(); err != nil || more || r.whole {
			return more, err
		}
		if more, err := r.move(); err != nil || !more {
			return false, err
		}
		if len(r.key) <= len(r.term) || r.key[len(r.term)] != 0 || !bytes.HasPrefix(r.key, r.term) {
			r.back()
			return false, nil
		}
		r.piece = piece{data: r.leaves.list}
	}
}

// joined writes the documents of a term, the highest number first. Most often all of one segment are above all of another.
func joined(to *segmentWriter, from []*run) error {
	left := make([]*run, 0, len(from))
	for _, r := range from {
		if more, err := r.nextDoc(); err != nil {
			return err
		} else if more {
			left = append(left, r)
		}
	}
	for last := int64(math.MaxInt64); len(left) > 0; {
		top, second := 0, int64(0)
		for i, r := range left[1:] {
			if r.doc > left[top].doc {
				top, second = i+1, left[top].doc
			} else {
				second = max(second, r.doc)
			}
		}
		r, more := left[top], true
		if r.doc == second {
			return errSegment
		}
		for more && r.doc > second {
			if r.doc >= last {
				return errSegment
			}
			err := to.doc(r.doc, r.at())
			if err != nil {
				return err
			}
			last = r.doc
			if more, err = r.nextDoc(); err != nil {
				return err
			}
		}
		if !more {
			left = append(left[:top], left[top+1:]...)
		}
	}
	return nil
}

// runs is a heap by term; of the same term whichever comes.
type runs []*run

func (h runs) Len() int           { return len(h) }
func (h runs) Less(i, j int) bool { return bytes.Compare(h[i].term, h[j].term) < 0 }
func (h runs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runs) Push(x any)        { *h = append(*h, x.(*run)) }
func (h *runs) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}
