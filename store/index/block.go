package index

import (
	"context"
	"errors"
	"slices"
)

var errSegment = errors.New("a segment of the index is not as it was written")

// segment is one as it is read.
type segment struct {
	first, last int64 // its leaves; 0: the root is the only one
	end         int64 // its last block
	low, high   int64 // the numbers of its documents lie between
	root        []byte
}

// source is what segments are read from.
type source struct {
	ctx   context.Context
	q     querier
	block blockReader
	inner map[int64][]byte // nodes that were read
}

// segments lists those that fulfil a condition.
func (s *source) segments(where string, args ...any) (out []*segment, err error) {
	rows, err := s.q.QueryContext(s.ctx, `SELECT first, last, "end", low, high, root FROM segment WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		g := &segment{}
		if err := rows.Scan(&g.first, &g.last, &g.end, &g.low, &g.high, &g.root); err != nil {
			return nil, err
		}
		if len(g.root) == 0 || g.first < 0 || g.last < g.first || g.end < g.last {
			return nil, errSegment
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// blocks reads those from first to last.
func (s *source) blocks(first, last int64) (out [][]byte, err error) {
	if out, err = s.block.read(s.ctx, first, last); err != nil {
		return nil, err
	}
	if int64(len(out)) != last-first+1 || slices.ContainsFunc(out, func(b []byte) bool { return len(b) == 0 }) {
		return nil, errSegment
	}
	return out, nil
}

// node reads an inner node.
func (s *source) node(id int64) ([]byte, error) {
	if b := s.inner[id]; b != nil {
		return b, nil
	}
	list, err := s.blocks(id, id)
	if err != nil {
		return nil, err
	}
	if s.inner == nil {
		s.inner = map[int64][]byte{}
	}
	s.inner[id] = list[0]
	return list[0], nil
}

// seeker looks for a key among others in order, of which the first octets are those of the one before.
type seeker struct {
	key  []byte
	same uint64 // octets that the key has in common with the last one, which is not above it
}

// above reports whether the next key, which shares some octets with the last, is above that which is looked for.
func (s *seeker) above(shared uint64, rest []byte) bool {
	if shared != s.same {
		return shared < s.same
	}
	left := s.key[s.same:]
	n := prefixLenOf(left, rest)
	s.same += uint64(n)
	return n < len(rest) && (n == len(left) || rest[n] > left[n])
}

// descend finds the leaf that has the highest of the keys up to key which separate leaves, and what follows.
func (s *source) descend(g *segment, key []byte) (leaf int64, err error) {
	height, _ := varint(g.root)
	for rest := g.root; ; height-- {
		at, n := varint(rest)
		if at != height || height == 0 {
			return 0, errSegment
		}
		child, m := varint(rest[n:])
		rest = rest[n+m:]
		look := seeker{key: key}
		for shared := uint64(0); len(rest) > 0; child++ {
			size, n := varint(rest)
			if rest = rest[n:]; size > uint64(len(rest)) {
				return 0, errSegment
			}
			if look.above(shared, rest[:size]) {
				break
			}
			rest = rest[size:]
			shared, n = varint(rest)
			rest = rest[n:]
		}
		id := int64(child)
		if height == 1 {
			if id < g.first || id > g.last {
				return 0, errSegment
			}
			return id, nil
		}
		if id <= g.last || id > g.end {
			return 0, errSegment
		}
		if rest, err = s.node(id); err != nil {
			return 0, err
		}
	}
}

// leaves reads the entries of one segment in order.
type leaves struct {
	src   *source
	g     *segment
	next  int64    // block to read
	step  int64    // so many are read at once the next time
	ahead [][]byte // that were read
	leaf  []byte   // what is left of the one that is read now
	again bool     // move stays where it is

	key  []byte // of the entry; it changes when move is called
	list []byte
}

// readAhead is how many blocks are read at once at most.
const readAhead = 16

// begin goes to before the first entry.
func (c *leaves) begin() { c.to(c.g.first, readAhead) }

// seek goes to before the first entry of the leaf that has key, if any has.
func (c *leaves) seek(key []byte) error {
	leaf := int64(0)
	if c.g.first != 0 {
		var err error
		if leaf, err = c.src.descend(c.g, key); err != nil {
			return err
		}
	}
	c.to(leaf, 1)
	return nil
}

func (c *leaves) to(leaf, step int64) {
	c.next, c.step, c.ahead, c.leaf, c.again, c.key = leaf, step, nil, nil, false, c.key[:0]
	if leaf == 0 {
		c.next, c.ahead = c.g.last+1, [][]byte{c.g.root}
	}
}

// skip goes to before the first entry of this leaf whose key is not below key, or to its end.
func (c *leaves) skip(key []byte) error {
	if len(c.leaf) == 0 {
		if more, err := c.load(); err != nil || !more {
			return err
		}
	}
	look := seeker{key: key}
	for len(c.leaf) > 0 {
		shared, n := varint(c.leaf)
		rest, m := varint(c.leaf[n:])
		n += m
		if rest > uint64(len(c.leaf)-n) {
			return errSegment
		}
		before := look.same
		above := look.above(shared, c.leaf[n:n+int(rest)])
		if above || look.same == uint64(len(key)) && shared+rest == look.same {
			c.key = append(c.key[:0], key[:min(shared, before)]...)
			return nil
		}
		c.leaf = c.leaf[n+int(rest):]
		size, n := varint(c.leaf)
		if c.leaf = c.leaf[n:]; size > uint64(len(c.leaf)) {
			return errSegment
		}
		c.leaf = c.leaf[size:]
	}
	return nil
}

// back makes the next move stay where it is.
func (c *leaves) back() { c.again = true }

// move goes to the next entry; false: there is none.
func (c *leaves) move() (more bool, err error) {
	if c.again {
		c.again = false
		return true, nil
	}
	if len(c.leaf) == 0 {
		if more, err := c.load(); err != nil || !more {
			return false, err
		}
		c.key = c.key[:0]
	}
	same, n := varint(c.leaf)
	c.leaf = c.leaf[n:]
	rest, n := varint(c.leaf)
	c.leaf = c.leaf[n:]
	if same > uint64(len(c.key)) || rest > uint64(len(c.leaf)) || same+rest == 0 {
		return false, errSegment
	}
	c.key = append(c.key[:same], c.leaf[:rest]...)
	c.leaf = c.leaf[rest:]
	size, n := varint(c.leaf)
	if c.leaf = c.leaf[n:]; size > uint64(len(c.leaf)) || size == 0 {
		return false, errSegment
	}
	c.list, c.leaf = c.leaf[:size:size], c.leaf[size:]
	return true, nil
}

// load takes the next leaf; false: there is none.
func (c *leaves) load() (more bool, err error) {
	if len(c.ahead) == 0 {
		if c.next > c.g.last || c.next == 0 {
			return false, nil
		}
		to := min(c.next+c.step-1, c.g.last)
		if c.ahead, err = c.src.blocks(c.next, to); err != nil {
			return false, err
		}
		c.next, c.step = to+1, min(2*c.step, readAhead)
	}
	c.leaf, c.ahead = c.ahead[0], c.ahead[1:]
	return true, nil
}
