package index

import "encoding/binary"

// together is that terms follow one another in it.
type together struct {
	terms     []postings
	at, other []uint32
	places    places
}

func (t *together) holds(int64) (bool, error) {
	if first, second, ok := t.rarest(); ok && !t.places.meet(first, second) {
		return false, nil
	}
	t.at = t.terms[0].positions(t.at[:0])
	at := t.at
	for _, next := range t.terms[1:] {
		t.other = next.positions(t.other[:0])
		if at = followed(at, t.other); len(at) == 0 {
			return false, nil
		}
	}
	return true, nil
}

// rarest gives the doclists' positions of those two neighbours that are looked through soonest. false: there are none
// that need no sorting.
func (t *together) rarest() (first, second []byte, ok bool) {
	var before []byte
	for i, p := range t.terms {
		l, is := p.(*list)
		if !is {
			break // only the last one can be another
		}
		at := l.at()
		if i > 0 && (!ok || len(before)+len(at) < len(first)+len(second)) {
			first, second, ok = before, at, true
		}
		before = at
	}
	return first, second, ok
}

// followed leaves of next those behind one of at.
func followed(at, next []uint32) []uint32 {
	n, i := 0, 0
	for _, k := range next {
		for i < len(at) && at[i]+1 < k {
			i++
		}
		if i == len(at) {
			break
		}
		if at[i]+1 == k {
			i++
			at[n] = k
			n++
		}
	}
	return at[:n]
}

// maxPlace is the highest position that places tells apart from others.
const maxPlace = 1 << 16

// places are positions in a document, a bit each. Two common words of a long mail are at many, hardly ever side by side,
// and to merge their positions is to guess wrong at each which comes next.
type places struct{ bits [maxPlace / 64]uint64 }

// meet reports whether a position of second may be right behind one of first; false is certain.
func (p *places) meet(first, second []byte) bool {
	last := p.mark(first)
	if last >= maxPlace {
		clear(p.bits[:])
		return true
	}
	hit := p.hit(second)
	clear(p.bits[:last/64+1])
	return hit
}

// mark marks what is behind each position, and returns the last of them; from maxPlace on nothing is marked.
func (p *places) mark(at []byte) (last uint32) {
	for i := 0; i < len(at); i++ {
		delta := uint32(at[i])
		if delta >= 0x80 {
			n, size := binary.Uvarint(at[i:])
			if size <= 0 || n >= maxPlace {
				return maxPlace
			}
			delta = uint32(n)
			i += size - 1
		}
		last += delta - 2
		if last+1 >= maxPlace {
			return maxPlace
		}
		p.bits[(last+1)/64%(maxPlace/64)] |= 1 << ((last + 1) % 64)
	}
	return last + 1
}

// hit reports whether a position is marked.
func (p *places) hit(at []byte) bool {
	place, found := uint32(0), uint64(0)
	for i := 0; i < len(at); i++ {
		delta := uint32(at[i])
		if delta >= 0x80 {
			n, size := binary.Uvarint(at[i:])
			if size <= 0 || n >= maxPlace+2 { // 2 more than the step
				break // nothing is marked there
			}
			delta = uint32(n)
			i += size - 1
		}
		if place += delta - 2; place >= maxPlace {
			break
		}
		found |= p.bits[place/64%(maxPlace/64)] >> (place % 64)
	}
	return found&1 != 0
}
