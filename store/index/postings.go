package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// docs are documents by their number, the highest first.
type docs interface {
	// seek goes to the highest number up to most; 0: there is none. most never rises from one call to the next.
	seek(most int64) (number int64, err error)
}

// postings are documents that have a term.
type postings interface {
	docs
	// positions appends where the term is in the document that the last seek went to, in ascending order.
	positions(out []uint32) []uint32
}

// piece reads a doclist.
type piece struct {
	data     []byte
	read     int   // octets of it
	from, to int   // of them: the positions in the document, without the 0 at their end
	doc      int64 // 0: before the first
}

// next goes to the next document; false: there is none.
func (p *piece) next() (more bool, err error) {
	most := int64(math.MaxInt64)
	if p.doc != 0 {
		most = p.doc - 1
	}
	number, err := p.seek(most)
	return number != 0, err
}

func (p *piece) seek(most int64) (int64, error) {
	data, at, doc := p.data, p.read, p.doc // not one write to memory for each document
	for doc == 0 || doc > most {
		if at >= len(data) {
			p.read, p.doc = at, doc
			return 0, nil
		}
		delta := uint64(data[at])
		if at++; delta >= 0x80 {
			n := 0
			delta, n = varint(data[at-1:])
			at += n - 1
		}
		number := int64(delta)
		if doc != 0 {
			number = doc - number
		}
		end := bytes.IndexByte(data[at:], 0)
		if end < 0 || number <= 0 || doc != 0 && number >= doc {
			return 0, errSegment
		}
		p.from, p.to, doc = at, at+end, number
		at += end + 1
	}
	p.read, p.doc = at, doc
	return doc, nil
}

// at are the positions in the document.
func (p *piece) at() []byte { return p.data[p.from:p.to] }

func (p *piece) positions(out []uint32) []uint32 {
	position, delta, shift := uint32(0), uint32(0), 0
	for _, b := range p.at() {
		if b >= 0x80 {
			delta |= uint32(b&0x7f) << shift
			shift += 7
			continue
		}
		position += delta | uint32(b)<<shift - 2
		out, delta, shift = append(out, position), 0, 0
	}
	return out
}

// list is the documents of one term in one segment.
type list struct {
	piece
	in    leaves
	term  []byte
	key   []byte // that was looked for last
	begun bool
	ended bool  // no piece follows
	first int64 // number of the piece
	leap  int64 // by how much farOctets make the number fall, about; 0: not known
}

// farOctets of pieces are about as soon read as others found by the tree.
const farOctets = 12 << 10

func (l *list) seek(most int64) (int64, error) {
	if l.doc > most && !l.ended && (l.leap == 0 || l.doc-most > l.leap) && l.far(most) {
		l.begun = false
	}
	for {
		if l.begun {
			if number, err := l.piece.seek(most); number != 0 || err != nil || l.ended {
				return number, err
			}
		}
		err := error(nil)
		if l.begun {
			err = l.follow()
		} else {
			err = l.find(most)
		}
		if err != nil {
			return 0, err
		}
	}
}

// far reports whether most is sooner found than come to.
func (l *list) far(most int64) bool {
	if fall := l.first - l.doc; l.leap == 0 && fall > 0 && l.read >= wholeList { // of one long document nothing is known yet
		l.leap = max(1, int64(farOctets*float64(fall)/float64(l.read)))
	}
	return l.leap > 0 && l.doc-most > l.leap
}

// follow goes on with the next piece.
func (l *list) follow() error {
	more, err := l.in.move()
	if err != nil || !more || !l.has(l.in.key) {
		l.piece, l.ended = piece{}, true
		return err
	}
	l.take()
	return nil
}

// take begins with the piece that was read.
func (l *list) take() {
	l.piece, l.first = piece{data: l.in.list}, pieceNumber(l.in.key)
}

// has reports whether key is of a piece of the list.
func (l *list) has(key []byte) bool {
	return len(key) == len(l.term)+suffixLen && key[len(l.term)] == 0 && bytes.HasPrefix(key, l.term)
}

// find goes to the last piece that begins with most or above, or else to the first.
func (l *list) find(most int64) error {
	l.key = pieceKey(l.key[:0], l.term, most)
	if err := l.in.seek(l.key); err != nil {
		return err
	}
	if err := l.in.skip(l.term); err != nil {
		return err
	}
	l.begun, l.piece = true, piece{}
	for found := false; ; {
		if found && len(l.in.leaf) == 0 { // what begins the next leaf is above the key: it separates them
			return nil
		}
		more, err := l.in.move()
		if err != nil {
			return err
		}
		switch {
		case more && bytes.Equal(l.in.key, l.term): // all of it is here
			l.data, l.ended = l.in.list, true
			return nil
		case more && bytes.Compare(l.in.key, l.key) <= 0:
			if l.has(l.in.key) {
				l.take()
				found = true
			}
		case found:
			if more {
				l.in.back()
			}
			return nil
		case more && l.has(l.in.key):
			l.take()
			return nil
		default:
			l.ended = true
			return nil
		}
	}
}

// manyTerms of a short prefix are made one list: each by itself holds on to the block that it is read from.
const manyTerms = 1 << 14

// lists are the documents of each term that begins with prefix, in one segment.
func lists(src *source, g *segment, prefix []byte) (out []postings, err error) {
	in := leaves{src: src, g: g}
	if err := errors.Join(in.seek(prefix), in.skip(prefix)); err != nil {
		return nil, err
	}
	var whole []postings
	for from := prefix; ; {
		more, err := in.move()
		if err != nil {
			return nil, err
		}
		if more && bytes.Compare(in.key, from) < 0 {
			continue
		}
		if !more || !bytes.HasPrefix(in.key, prefix) {
			return append(out, whole...), nil
		}
		end := bytes.IndexByte(in.key, 0)
		if end < 0 {
			if whole = append(whole, &piece{data: in.list}); len(whole) == manyTerms {
				p, err := condense(whole)
				if err != nil {
					return nil, err
				}
				out, whole = append(out, p), whole[:0]
			}
			continue
		}
		out = append(out, &list{in: leaves{src: src, g: g}, term: bytes.Clone(in.key[:end])})
		from = append(bytes.Clone(in.key[:end]), 1) // after its pieces
		if err := errors.Join(in.seek(from), in.skip(from)); err != nil {
			return nil, err
		}
	}
}

// condense makes one doclist of many.
func condense(many []postings) (*piece, error) {
	all := &prefixed{union: unite(many)}
	var out []byte
	var at []uint32
	for last := int64(0); ; {
		most := int64(math.MaxInt64)
		if last != 0 {
			most = last - 1
		}
		number, err := all.seek(most)
		if err != nil || number == 0 {
			return &piece{data: out}, err
		}
		delta := number
		if last != 0 {
			delta = last - number
		}
		out, last = appendVarint(out, uint64(delta)), number
		at = slices.Compact(all.positions(at[:0]))
		before := uint32(0)
		for _, n := range at {
			out, before = appendVarint(out, uint64(n-before)+2), n
		}
		out = append(out, 0)
	}
}

// union is the documents that any of some have.
type union struct {
	heap []head // by number, the highest first
}

// head is one of a union.
type head struct {
	number int64 // none has a higher one
	stands bool  // it stands at it
	docs   docs
}

// unite makes one of several.
func unite[D docs](kids []D) *union {
	u := &union{heap: make([]head, len(kids))}
	for i, k := range kids {
		u.heap[i] = head{math.MaxInt64, false, k}
	}
	return u
}

func (u *union) seek(most int64) (int64, error) {
	for len(u.heap) > 0 {
		top := &u.heap[0]
		if top.stands && top.number <= most {
			return top.number, nil
		}
		number, err := top.docs.seek(most)
		if err != nil {
			return 0, err
		}
		if top.number, top.stands = number, true; number == 0 {
			u.heap[0] = u.heap[len(u.heap)-1]
			u.heap = u.heap[:len(u.heap)-1]
		}
		u.sink()
	}
	return 0, nil
}

// sink brings the first head to its place.
func (u *union) sink() {
	h := u.heap
	for i := 0; ; {
		k := 2*i + 1
		if k >= len(h) {
			return
		}
		if k+1 < len(h) && h[k+1].number > h[k].number {
			k++
		}
		if h[i].number >= h[k].number {
			return
		}
		h[i], h[k] = h[k], h[i]
		i = k
	}
}

// prefixed is the documents of all terms that begin alike, in one segment.
type prefixed struct {
	src    *source
	g      *segment
	prefix []byte
	*union // nil: they have not been looked for
}

func (s *prefixed) seek(most int64) (int64, error) {
	if s.union == nil {
		kids, err := lists(s.src, s.g, s.prefix)
		if err != nil {
			return 0, err
		}
		s.union = unite(kids)
	}
	return s.union.seek(most)
}

func (s *prefixed) positions(out []uint32) []uint32 {
	own := len(out)
	out = s.under(0, out)
	slices.Sort(out[own:])
	return out
}

// under appends the positions of those heads that stand at the document, from i on.
func (s *prefixed) under(i int, out []uint32) []uint32 {
	if i >= len(s.heap) || s.heap[i].number != s.heap[0].number || !s.heap[i].stands {
		return out
	}
	out = s.heap[i].docs.(postings).positions(out)
	return s.under(2*i+2, s.under(2*i+1, out))
}

// pieceNumber is the number in the key of a piece.
func pieceNumber(key []byte) int64 {
	return int64(^binary.BigEndian.Uint64(key[len(key)-8:]))
}
