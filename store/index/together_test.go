package index

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// written are positions as a doclist has them.
func written(at []uint32) (out []byte) {
	before := uint32(0)
	for _, n := range at {
		out, before = appendVarint(out, uint64(n-before)+2), n
	}
	return out
}

// TestMeet: that two words nowhere stand side by side is said only where it is so, also beyond maxPlace and around
// every length of a step; and below maxPlace whenever it is so. Nothing is left behind for the next document.
func TestMeet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var p places
	check := func(first, second []uint32) {
		t.Helper()
		want := len(followed(slices.Clone(first), second)) > 0
		got := p.meet(written(first), written(second))
		high := len(first) > 0 && first[len(first)-1]+2 >= maxPlace
		if want && !got || got && !want && !high {
			t.Fatalf("%d and %d: side by side %v, said %v", first, second, want, got)
		}
		if p != (places{}) {
			t.Fatalf("%d and %d left marks", first, second)
		}
	}
	edges := []uint32{0, 1, 2, 125, 126, 127, 128, 16381, 16382, 16383, 16384}
	for n := uint32(maxPlace - 6); n < maxPlace+6; n++ {
		edges = append(edges, n)
	}
	for _, a := range edges {
		for _, b := range edges {
			check([]uint32{a}, []uint32{b})
			check([]uint32{a}, []uint32{b, b + 1})
			for _, c := range edges {
				if c > b {
					check([]uint32{a}, []uint32{b, c})
					check([]uint32{b, c}, []uint32{a})
				}
			}
		}
	}
	steps := []uint32{2, 200, 20_000, 90_000}
	draw := func() (at []uint32) {
		n, step := uint32(0), steps[r.IntN(len(steps))]
		for range 1 + r.IntN(60) {
			if n += r.Uint32N(step); len(at) > 0 && at[len(at)-1] == n {
				n++
			}
			at = append(at, n)
		}
		return at
	}
	for range 200_000 {
		check(draw(), draw())
	}
	if !bytes.Equal(written([]uint32{0}), []byte{2}) {
		t.Error("written is not how positions are written")
	}
}

// TestFarAfterALongDocument: one document in which a word is often tells nothing of how far apart the others are.
func TestFarAfterALongDocument(t *testing.T) {
	l := &list{piece: piece{read: 3 * wholeList, doc: 1000}, first: 1000}
	if l.far(990) || l.leap != 0 {
		t.Errorf("10 documents on is far, by a leap of %d", l.leap)
	}
	if l.read, l.doc = 4*wholeList, 900; l.far(890) || !l.far(10) {
		t.Errorf("a leap of %d after 100 documents in %d octets", l.leap, l.read)
	}
}
