package index

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
)

// A segment is a sorted list of terms with their doclists, in blocks with a tree above them. FTS4 makes one of each
// MiB of what it is given and merges them again and again; a segment of many documents that is written at once
// is what it would have come to. The form is that of SQLite's fts3.c ("Segment leaf nodes" and what follows).

const (
	// bigSegment octets of doclists make a segment that FTS4 does not merge with those that are gathered bit by bit.
	bigSegment = 4 << 20
	bigLevel   = 8
	// fullLevel segments are merged by FTS4 when it adds one to their level itself.
	fullLevel = 16
)

// segmentWriter writes one segment within a transaction.
type segmentWriter struct {
	ctx   context.Context
	tx    *sql.Tx
	block *sql.Stmt
	room  int // octets of a node

	first, free int64 // blocks
	leaf        []byte
	last        []byte // term
	octets      int64  // of all leaves
	levels      [][]node
}

// node is an inner node: terms that separate its children.
type node struct {
	data    []byte
	last    []byte // term
	entries int64
}

// nodeHead is what FTS4 keeps free for the height and the first child.
const nodeHead = 11

// writeSegment writes a segment of doclists in the order of their terms.
func writeSegment(ctx context.Context, tx *sql.Tx, v *inverter, lists []doclist) error {
	if len(lists) == 0 {
		return nil
	}
	s, err := newSegment(ctx, tx)
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

func newSegment(ctx context.Context, tx *sql.Tx) (*segmentWriter, error) {
	s := &segmentWriter{ctx: ctx, tx: tx}
	var page int
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT page_size FROM pragma_page_size), coalesce(max(blockid), 0) + 1 FROM words_segments`).Scan(&page, &s.free); err != nil {
		return nil, err
	}
	s.first, s.room = s.free, page-35 // as FTS4 has it: a node fills a page
	var err error
	s.block, err = tx.PrepareContext(ctx, `INSERT INTO words_segments(blockid, block) VALUES (?, ?)`)
	return s, err
}

// add appends a term, greater than the last, to the leaves.
func (s *segmentWriter) add(term, list []byte) error {
	same := prefixLenOf(s.last, term)
	if same == len(term) || same < len(s.last) && term[same] < s.last[same] { // as a file can be that was damaged
		return errSegment
	}
	need := entryLen(same, len(term)-same) + varintLen(uint64(len(list))) + len(list)
	if len(s.leaf) > 0 && len(s.leaf)+need > s.room {
		if err := s.write(s.leaf); err != nil {
			return err
		}
		s.separate(0, bytes.Clone(term[:same+1]))
		s.leaf, same = s.leaf[:0], 0
		need = entryLen(0, len(term)) + varintLen(uint64(len(list))) + len(list)
	}
	s.octets += int64(need)
	s.leaf = appendVarint(appendVarint(s.leaf, uint64(same)), uint64(len(term)-same))
	s.leaf = append(appendVarint(append(s.leaf, term[same:]...), uint64(len(list))), list...)
	s.last = append(s.last[:0], term...)
	return nil
}

// separate notes that what follows is not below term.
func (s *segmentWriter) separate(height int, term []byte) {
	if height == len(s.levels) {
		s.levels = append(s.levels, make([]node, 1))
	}
	list := s.levels[height]
	n := &list[len(list)-1]
	same := prefixLenOf(n.last, term)
	if n.last != nil && nodeHead+len(n.data)+entryLen(same, len(term)-same) > s.room {
		s.levels[height] = append(list, node{})
		s.separate(height+1, term)
		return
	}
	if n.last != nil {
		n.data = appendVarint(n.data, uint64(same))
	}
	n.data = append(appendVarint(n.data, uint64(len(term)-same)), term[same:]...)
	n.last, n.entries = term, n.entries+1
}

// finish writes what is left, and enters the segment.
func (s *segmentWriter) finish() error {
	if len(s.levels) == 0 { // all of it is one leaf
		return s.enter(0, 0, 0, s.leaf)
	}
	lastLeaf := s.free
	if err := s.write(s.leaf); err != nil {
		return err
	}
	child := s.first
	for h, list := range s.levels {
		below := s.free
		for _, n := range list {
			data := appendVarint([]byte{byte(h + 1)}, uint64(child))
			data = append(data, n.data...)
			child += n.entries + 1
			if h == len(s.levels)-1 { // one alone: the root
				return s.enter(s.first, lastLeaf, s.free-1, data)
			}
			if err := s.write(data); err != nil {
				return err
			}
		}
		child = below
	}
	return nil
}

func (s *segmentWriter) write(data []byte) error {
	_, err := s.block.ExecContext(s.ctx, s.free, data)
	s.free++
	return err
}

// enter makes the segment part of the index, as its newest.
func (s *segmentWriter) enter(first, lastLeaf, last int64, root []byte) error {
	level := 0
	if s.octets >= bigSegment {
		level = bigLevel
	}
	_, err := s.tx.ExecContext(s.ctx, `INSERT INTO words_segdir(level, idx, start_block, leaves_end_block, end_block, root)
		SELECT ?1, coalesce(max(idx) + 1, 0), ?2, ?3, ?4, ?5 FROM words_segdir WHERE level = ?1`,
		level, first, lastLeaf, fmt.Sprint(last, " ", s.octets), root)
	return err
}

// prefixLenOf is how many octets term begins with as last does.
func prefixLenOf(last, term []byte) int {
	n := 0
	for n < len(last) && n < len(term) && last[n] == term[n] {
		n++
	}
	return n
}

func entryLen(same, rest int) int {
	return varintLen(uint64(same)) + varintLen(uint64(rest)) + rest
}
