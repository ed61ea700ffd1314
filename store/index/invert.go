package index

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"
)

// inverter gathers documents and turns them into what a segment is written from: for each term, in which documents
// and where in them it is. It knows no numbers of documents before doclists.
type inverter struct {
	seed  maphash.Seed
	table []uint32 // term + 1 by hash, the next free place when that is taken
	names []byte   // of the terms, one after another
	ends  []uint32 // of each in names
	docs  []inverted
	size  int // octets of all docs

	pre  []uint32     // by term: that of its prefix + 1, 0: it has none
	at   []occurrence // by term: in the document that is being added
	next []uint32     // by position: where the same term is next, 0: nowhere
	list []uint32     // its terms
	data []byte
}

// inverted is a document: for each of its terms a varint of the term, its positions as in a doclist, and 0.
type inverted struct {
	doc  *Doc
	data []byte
}

type occurrence struct{ doc, first, last uint32 }

func newInverter() *inverter {
	return &inverter{seed: maphash.MakeSeed(), table: make([]uint32, 1<<12)}
}

// term is the number of a term.
func (v *inverter) term(name string) uint32 {
	mask := len(v.table) - 1
	for h := int(maphash.String(v.seed, name)) & mask; ; h = (h + 1) & mask {
		switch id := v.table[h]; {
		case id == 0:
			id = uint32(len(v.ends))
			v.names = append(v.names, name...)
			v.ends = append(v.ends, uint32(len(v.names)))
			v.at = append(v.at, occurrence{})
			v.pre = append(v.pre, 0)
			v.table[h] = id + 1
			if 2*len(v.ends) > len(v.table) {
				v.grow()
			}
			if p := prefixOf(name); p != "" {
				p := v.term(p) + 1 // before there is a place for it
				v.pre[id] = p
			}
			return id
		case string(v.name(id-1)) == name:
			return id - 1
		}
	}
}

// grow makes room for twice as many terms.
func (v *inverter) grow() {
	v.table = make([]uint32, 2*len(v.table))
	mask := len(v.table) - 1
	for id := range v.ends {
		h := int(maphash.Bytes(v.seed, v.name(uint32(id)))) & mask
		for v.table[h] != 0 {
			h = (h + 1) & mask
		}
		v.table[h] = uint32(id) + 1
	}
}

func (v *inverter) name(id uint32) []byte {
	from := uint32(0)
	if id > 0 {
		from = v.ends[id-1]
	}
	return v.names[from:v.ends[id]]
}

// add takes in a prepared document.
func (v *inverter) add(d *Doc) {
	seq := uint32(len(v.docs)) + 1
	v.next, v.list, v.data = v.next[:0], v.list[:0], v.data[:0]
	for rest := d.terms; rest != ""; {
		var name string
		if name, rest, _ = strings.Cut(rest, " "); name != "" {
			v.occurs(seq, v.term(name))
		}
	}
	for _, id := range v.list {
		if p := v.pre[id]; p != 0 && v.at[p-1].doc != seq {
			v.occurs(seq, p-1)
			d.size++
		}
	}
	for _, id := range v.list {
		v.data = appendVarint(v.data, uint64(id))
		before := uint32(0)
		for pos := v.at[id].first; ; pos = v.next[pos] {
			v.data = appendVarint(v.data, uint64(pos-before)+2)
			if before = pos; v.next[pos] == 0 {
				break
			}
		}
		v.data = append(v.data, 0)
	}
	d.terms = ""
	v.docs = append(v.docs, inverted{d, slices.Clone(v.data)})
	v.size += len(v.data)
}

// occurs notes that a term is next in a document.
func (v *inverter) occurs(doc, term uint32) {
	at, pos := &v.at[term], uint32(len(v.next))
	if at.doc != doc {
		at.doc, at.first = doc, pos
		v.list = append(v.list, term)
	} else {
		v.next[at.last] = pos
	}
	at.last = pos
	v.next = append(v.next, 0)
}

// octets is about what it takes of memory now, and as much again while it is written.
func (v *inverter) octets() int { return v.size + len(v.names) + 28*len(v.ends) }

// doclist is a term and where it is.
type doclist struct {
	term uint32
	data []byte
}

// doclists gives the terms in order and their doclists, of the documents whose number is not 0.
func (v *inverter) doclists(number []int64) []doclist {
	var order []int
	for i, n := range number {
		if n != 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		if number[a] > number[b] {
			return -1
		}
		return 1
	})
	each := func(f func(term uint32, delta uint64, positions []byte)) {
		last := make([]int64, len(v.ends))
		for _, i := range order {
			for data := v.docs[i].data; len(data) > 0; {
				id, n := varint(data)
				end := n + bytes.IndexByte(data[n:], 0) + 1
				delta := number[i]
				if last[id] != 0 {
					delta = last[id] - delta
				}
				last[id] = number[i]
				f(uint32(id), uint64(delta), data[n:end])
				data = data[end:]
			}
		}
	}
	sizes := make([]int, len(v.ends))
	whole := 0
	each(func(term uint32, delta uint64, positions []byte) {
		n := varintLen(delta) + len(positions)
		sizes[term] += n
		whole += n
	})
	out := make([]doclist, 0, len(v.ends))
	arena := make([]byte, whole)
	lists := make([][]byte, len(v.ends))
	for id, n := range sizes {
		if n > 0 { // else all that have it are left out
			lists[id], arena = arena[:0:n], arena[n:]
			out = append(out, doclist{term: uint32(id)})
		}
	}
	each(func(term uint32, delta uint64, positions []byte) {
		lists[term] = append(appendVarint(lists[term], delta), positions...)
	})
	for i := range out {
		out[i].data = lists[out[i].term]
	}
	slices.SortFunc(out, func(a, b doclist) int { return bytes.Compare(v.name(a.term), v.name(b.term)) })
	return out
}

// appendVarint writes a number seven bits an octet, the lowest first.
func appendVarint(b []byte, n uint64) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

func varint(b []byte) (n uint64, octets int) {
	for i, c := range b {
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return n, i + 1
		}
	}
	return n, len(b)
}

func varintLen(n uint64) int {
	octets := 1
	for ; n >= 0x80; n >>= 7 {
		octets++
	}
	return octets
}
