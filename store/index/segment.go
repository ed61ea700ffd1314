package index

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
)

// A segment is a sorted list of terms with their doclists, in blocks with a tree above them; it is written once and
// read until it is merged with others. A block is what SQLite keeps on one page.
//
//	leaf   {varint octets shared with the key before, varint octets that follow, these, varint of the list's octets, list}...
//	node   varint height, varint first child, {[varint octets shared], varint octets that follow, these}...: keys that
//	       separate its children; a child's keys are not below the one before it
//	list   {varint number, varint position + 2 - the one before..., 0}..., the highest number first, and after it the
//	       difference to the one before
//
// The key is the term. A list that does not fit in what is left of a leaf is cut in pieces, whose keys go on with 0 and
// the complement of the first number, big-endian: a search finds the piece that has a number by the tree, too.

const (
	// A level has segments up to fullLevel times as large as the one below it. So many in one level are merged.
	smallSegment = 16 << 10 // octets of those of level 0
	fullLevel    = 16
	bigLevel     = 3 // of the largest, which are only merged when the file is packed
	// wholeList octets are not cut.
	wholeList = 512
	// suffixLen is how much longer the key of a piece is than its term.
	suffixLen = 9
)

// segmentWriter writes one segment within a transaction.
type segmentWriter struct {
	ctx   context.Context
	tx    *sql.Tx
	block *sql.Stmt
	room  int // octets of a node

	first, free int64 // blocks
	leaf        []byte
	last        []byte // key
	octets      int64  // of all leaves
	low, high   int64  // the numbers of documents lie between
	levels      [][]node

	term         []byte // whose documents come one by one
	key, part    []byte // of the piece that is being written
	most         int    // octets that it may take
	head, number int64  // its first document and its last
	cut          bool   // it is not the first
}

// node is an inner node: keys that separate its children.
type node struct {
	data    []byte
	last    []byte // key
	entries int64
}

// nodeHead is the most that the height and the first child take.
const nodeHead = 11

// newSegment begins one of documents whose numbers lie between low and high.
func newSegment(ctx context.Context, tx *sql.Tx, low, high int64) (*segmentWriter, error) {
	s := &segmentWriter{ctx: ctx, tx: tx, low: low, high: high}
	var page int
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT page_size FROM pragma_page_size), coalesce(max(id), 0) + 1 FROM block`).Scan(&page, &s.free); err != nil {
		return nil, err
	}
	s.first, s.room = s.free, page-39 // what SQLite keeps of a row on one page, without its header
	var err error
	s.block, err = tx.PrepareContext(ctx, `INSERT INTO block(id, data) VALUES (?, ?)`)
	return s, err
}

// add appends a term, greater than the last, with its doclist.
func (s *segmentWriter) add(term, list []byte) error {
	if len(list) <= wholeList || len(s.leaf)+entryLen(0, len(term), len(list)) <= s.room {
		return s.entry(term, list, false)
	}
	s.begin(term)
	for p := (piece{data: list}); ; {
		if more, err := p.next(); err != nil {
			return err
		} else if !more {
			return s.end()
		}
		if err := s.doc(p.doc, p.at()); err != nil {
			return err
		}
	}
}

// begin begins a term, greater than the last, whose documents come one by one.
func (s *segmentWriter) begin(term []byte) {
	s.term, s.part, s.cut = append(s.term[:0], term...), s.part[:0], false
	s.most = s.room - len(s.leaf)
	if s.most < wholeList {
		s.most = s.room
	}
}

// doc appends a document of the term, whose number is below the last.
func (s *segmentWriter) doc(number int64, positions []byte) error {
	delta := uint64(number)
	if len(s.part) > 0 {
		delta = uint64(s.number - number)
	}
	key := entryLen(0, len(s.term)+suffixLen, s.room) - s.room
	if len(s.part) > 0 && key+len(s.part)+varintLen(delta)+len(positions)+1 > s.most {
		if err := s.piece(); err != nil {
			return err
		}
		delta = uint64(number)
	}
	if len(s.part) == 0 {
		s.head = number
	}
	s.part = append(append(appendVarint(s.part, delta), positions...), 0)
	s.number = number
	return nil
}

// piece writes the documents that came since the last.
func (s *segmentWriter) piece() error {
	s.key = pieceKey(s.key[:0], s.term, s.head)
	err := s.entry(s.key, s.part, true)
	s.part, s.cut, s.most = s.part[:0], true, s.room
	return err
}

// end ends the term.
func (s *segmentWriter) end() error {
	switch {
	case s.cut:
		return s.piece()
	case len(s.part) > 0:
		return s.entry(s.term, s.part, false)
	}
	return nil
}

// pieceKey is the key of the piece of a term's list that begins with number, or the first key that one with it can have.
func pieceKey(to, term []byte, number int64) []byte {
	return binary.BigEndian.AppendUint64(append(append(to, term...), 0), ^uint64(number))
}

// entry appends a key, greater than the last, to the leaves.
func (s *segmentWriter) entry(key, list []byte, isPiece bool) error {
	same := prefixLenOf(s.last, key)
	if same == len(key) || same < len(s.last) && key[same] < s.last[same] { // as a file can be that was damaged
		return errSegment
	}
	need := entryLen(same, len(key)-same, len(list))
	if len(s.leaf) > 0 && len(s.leaf)+need > s.room {
		if err := s.write(s.leaf); err != nil {
			return err
		}
		separator := key[:same+1]
		if isPiece { // by which it is found itself
			separator = key
		}
		s.separate(0, bytes.Clone(separator))
		s.leaf, same = s.leaf[:0], 0
		need = entryLen(0, len(key), len(list))
	}
	s.octets += int64(need)
	s.leaf = appendVarint(appendVarint(s.leaf, uint64(same)), uint64(len(key)-same))
	s.leaf = append(appendVarint(append(s.leaf, key[same:]...), uint64(len(list))), list...)
	s.last = append(s.last[:0], key...)
	return nil
}

// separate notes that what follows is not below key.
func (s *segmentWriter) separate(height int, key []byte) {
	if height == len(s.levels) {
		s.levels = append(s.levels, make([]node, 1))
	}
	list := s.levels[height]
	n := &list[len(list)-1]
	same := prefixLenOf(n.last, key)
	if n.last != nil && nodeHead+len(n.data)+entryLen(same, len(key)-same, 0) > s.room {
		s.levels[height] = append(list, node{})
		s.separate(height+1, key)
		return
	}
	if n.last != nil {
		n.data = appendVarint(n.data, uint64(same))
	}
	n.data = append(appendVarint(n.data, uint64(len(key)-same)), key[same:]...)
	n.last, n.entries = key, n.entries+1
}

// finish writes what is left, and enters the segment.
func (s *segmentWriter) finish() error {
	if s.octets == 0 {
		return nil
	}
	if len(s.levels) == 0 { // all of it is one leaf
		return s.enter(segment{root: s.leaf})
	}
	g := segment{first: s.first, last: s.free}
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
				g.end, g.root = s.free-1, data
				return s.enter(g)
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

// enter makes the segment part of the index.
func (s *segmentWriter) enter(g segment) error {
	level := 0
	for most := int64(smallSegment); level < bigLevel && s.octets >= most; most *= fullLevel {
		level++
	}
	_, err := s.tx.ExecContext(s.ctx, `INSERT INTO segment(level, first, last, "end", low, high, root) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		level, g.first, g.last, g.end, s.low, s.high, g.root)
	return err
}

// prefixLenOf is how many octets key begins with as last does.
func prefixLenOf(last, key []byte) int {
	n := 0
	for n < len(last) && n < len(key) && last[n] == key[n] {
		n++
	}
	return n
}

// entryLen is how many octets an entry of a leaf takes.
func entryLen(same, rest, list int) int {
	return varintLen(uint64(same)) + varintLen(uint64(rest)) + rest + varintLen(uint64(list)) + list
}
