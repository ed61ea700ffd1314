package index

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func (e Expr) String() string {
	if e.root == nil {
		return ""
	}
	return e.root.String()
}

func (e *expr) String() string {
	var parts []string
	for _, t := range e.terms {
		if t.prefix {
			t.name += "*"
		}
		parts = append(parts, t.name)
	}
	if e.op == phrase {
		return `"` + strings.Join(parts, " ") + `"`
	}
	for _, k := range e.kids {
		parts = append(parts, k.String())
	}
	return "(" + strings.Join(parts, map[op]string{all: " AND ", any_: " OR ", but: " NOT "}[e.op]) + ")"
}

// tokens are the terms of documents by their numbers, in order.
type tokens map[int64][]string

// has reports whether an expression finds a document: the slow way.
func (t tokens) has(e *expr, number int64) bool {
	some := func(k *expr) bool { return t.has(k, number) }
	switch e.op {
	case all:
		return !slices.ContainsFunc(e.kids, func(k *expr) bool { return !some(k) })
	case any_:
		return slices.ContainsFunc(e.kids, some)
	case but:
		return some(e.kids[0]) && !some(e.kids[1])
	}
	is := func(t term, w string) bool { return w == t.name || t.prefix && strings.HasPrefix(w, t.name) }
	list := t[number]
	for i := range list {
		k := 0
		for k < len(e.terms) && i+k < len(list) && is(e.terms[k], list[i+k]) {
			k++
		}
		if k == len(e.terms) {
			return true
		}
	}
	return false
}

// find is newest, the slow way.
func (t tokens) find(e *expr, low, high int64, n int) (out []int64) {
	for number := range t {
		if number >= low && number <= high && t.has(e, number) {
			out = append(out, number)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out[:min(n, len(out))]
}

// shape is what documents are made of.
type shape struct {
	docs, words int
	word        func(*rand.Rand) string
	flush       int // documents
	page        int // octets
	heights     int // of the highest tree
}

func shapes() map[string]shape {
	short := func(n int) func(*rand.Rand) string {
		return func(r *rand.Rand) string { return fmt.Sprintf("w%x", int(float64(n)*r.Float64()*r.Float64())) }
	}
	near := func(r *rand.Rand) string {
		return "near" + strings.Repeat("lang", 10+r.IntN(5)) + fmt.Sprint(r.IntN(9000))
	}
	return map[string]shape{
		"one leaf":     {5, 10, short(8), 10, 4096, 0},
		"one height":   {200, 100, short(500), 1000, 4096, 1},
		"pieces":       {3000, 300, short(60), 1500, 4096, 1},
		"bit by bit":   {1200, 20, short(300), 3, 4096, 1},
		"long terms":   {400, 60, near, 100, 512, 1},
		"heights":      {700, 60, short(3000), 350, 512, 2},
		"small pieces": {900, 100, short(40), 300, 512, 2},
	}
}

// make makes documents, and a writer of a file that they are in.
func (s shape) make(t *testing.T, r *rand.Rand) (*Writer, tokens) {
	t.Helper()
	w, made := empty(t, &Files{}, s.page), tokens{}
	var docs []*Doc
	for i := range s.docs {
		var b strings.Builder
		for range 1 + r.IntN(s.words) {
			b.WriteString(s.word(r))
			b.WriteByte(' ')
		}
		number := int64(1 + 7*i + r.IntN(7))
		d := &Doc{Message: int64(i + 1), Content: 1, Received: 1000 * number, Text: b.String(), Subject: text(r, 5)}
		d.Prepare()
		made[number] = strings.Fields(d.terms)
		docs = append(docs, d)
	}
	r.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
	for part := range slices.Chunk(docs, s.flush) {
		must(0, add(context.Background(), w, part, Mark{}, Mark{}, nil))(t)
	}
	return w, made
}

// random makes an expression of words that there are, mostly.
func random(r *rand.Rand, words []string, depth int) *expr {
	o := op(r.IntN(4))
	if depth == 0 || o == phrase {
		e := &expr{}
		at := r.IntN(len(words))
		for i := range 1 + r.IntN(3) {
			w := words[(at+i)%len(words)]
			if r.IntN(4) == 0 {
				w = words[r.IntN(len(words))]
			}
			t := term{name: w}
			if r.IntN(5) == 0 && len(w) > 2 {
				t = term{w[:2+r.IntN(len(w)-2)], true}
			}
			e.terms = append(e.terms, t)
		}
		return e
	}
	kids := 2
	if o != but {
		kids += r.IntN(2)
	}
	e := &expr{op: o}
	for range kids {
		e.kids = append(e.kids, random(r, words, depth-1))
	}
	return e
}

// TestEvaluate: expressions find what a look at each document finds, in segments of all shapes, packed and not.
func TestEvaluate(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(s.docs)))
			w, made := s.make(t, r)
			numbers := []int64{}
			for n := range made {
				numbers = append(numbers, n)
			}
			slices.Sort(numbers)
			check := func() {
				v := view(t, w)
				hits := 0
				for range 120 {
					e := Expr{root: random(r, made[numbers[r.IntN(len(numbers))]], r.IntN(3))}
					low, high, n := int64(0), int64(1)<<60, 1<<20
					if r.IntN(2) == 0 {
						low, high, n = numbers[r.IntN(len(numbers))]/2, numbers[r.IntN(len(numbers))], 1+r.IntN(30)
					}
					want := made.find(e.root, low, high, n)
					found := must(v.Find(e, low, high, n))(t)
					got := make([]int64, len(found))
					for i, h := range found {
						got[i] = h.Number
					}
					if !slices.Equal(got, want) {
						t.Fatalf("%s from %d to %d: %d found, %d are there\n%v\n%v", e, low, high, len(got), len(want), got, want)
					}
					hits += len(got)
					for n < 1<<20 && len(found) > 0 { // and on from there
						high = got[len(got)-1] - 1
						found = must(v.Find(e, low, high, n))(t)
						got = got[:0]
						for _, h := range found {
							got = append(got, h.Number)
						}
						if want := made.find(e.root, low, high, n); !slices.Equal(got, want) {
							t.Fatalf("%s on from %d: %v, not %v", e, high, got, want)
						}
					}
					some := []int64{numbers[0], numbers[len(numbers)/2], numbers[r.IntN(len(numbers))], 1 << 40, -3}
					in := must(v.Among(e, some))(t)
					for _, n := range some {
						if want := made[n] != nil && made.has(e.root, n); in[n] != want {
							t.Fatalf("%s: among %d: %v", e, n, in[n])
						}
					}
				}
				if hits < 2*s.docs {
					t.Errorf("only %d hits", hits)
				}
			}
			check()
			segments, heights := shapeOf(t, w)
			if most := bigLevel*fullLevel + 1; segments > most || segments < min(2, s.docs/s.flush) || heights != s.heights {
				t.Errorf("%d segments, the highest tree is %d", segments, heights)
			}
			ctx := context.Background()
			must(0, w.Pack(ctx))(t)
			must(0, w.Close(ctx, false))(t)
			must(0, Replace(w.path, PackPath(w.path)))(t)
			*w = *must(OpenWriter(ctx, w.files, w.path, "here"))(t)
			if segments, _ = shapeOf(t, w); segments != 1 {
				t.Errorf("%d segments after packing", segments)
			}
			check()
		})
	}
}

func view(t *testing.T, w *Writer) *View {
	t.Helper()
	r := must(OpenReader(w.files, w.path, "here"))(t)
	v := must(r.View(context.Background()))(t)
	t.Cleanup(func() { v.End(); must(0, r.Close())(t) })
	return v
}

// shapeOf counts the segments, and tells how high the highest tree is.
func shapeOf(t *testing.T, w *Writer) (segments, heights int) {
	t.Helper()
	src := source{ctx: context.Background(), q: w.db}
	list := must(src.segments(`1`))(t)
	blocks := int64(0)
	for _, g := range list {
		if g.first != 0 {
			heights, blocks = max(heights, int(g.root[0])), blocks+g.end-g.first+1
		}
	}
	var left int64
	must(0, w.db.QueryRow(`SELECT count(*) FROM block`).Scan(&left))(t)
	if left != blocks {
		t.Errorf("%d blocks, of which segments have %d", left, blocks)
	}
	return len(list), heights
}

// TestDamagedSegments: whatever is in blocks and roots, a search and a packing end, with an error if any that says so.
func TestDamagedSegments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	s := shapes()["small pieces"]
	s.docs = 300
	w, made := s.make(t, r)
	var words []string
	for _, list := range made {
		words = append(words, list...)
	}
	wrong := 0
	for range 160 {
		table, column := "block", "data"
		if r.IntN(4) == 0 {
			table, column = "segment", "root"
		}
		var id int64
		var is []byte
		must(0, w.db.QueryRow(`SELECT id, `+column+` FROM `+table+` ORDER BY random() LIMIT 1`).Scan(&id, &is))(t)
		was := slices.Clone(is)
		for range 1 + r.IntN(3) {
			is[r.IntN(len(is))] = byte(r.IntN(256))
		}
		if r.IntN(5) == 0 {
			is = is[:r.IntN(len(is))]
		}
		must(w.db.Exec(`UPDATE `+table+` SET `+column+` = ? WHERE id = ?`, is, id))(t)
		v := view(t, w)
		for range 10 {
			if _, err := v.Find(Expr{root: random(r, words, 1)}, 0, 1<<60, 100); err != nil {
				wrong++
				if !errors.Is(err, ErrBroken) {
					t.Fatal(err)
				}
			}
		}
		if err := w.Pack(context.Background()); err != nil && !errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
		must(w.db.Exec(`UPDATE `+table+` SET `+column+` = ? WHERE id = ?`, was, id))(t)
	}
	if wrong < 40 {
		t.Errorf("only %d errors", wrong)
	}
}

// TestDamagedRows: the same of what segments say of themselves, and of the numbers of blocks; also for a writer that merges.
func TestDamagedRows(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	wrong := []int64{0, 1, -1, 2, 1 << 31, 1 << 62, math.MaxInt64, math.MinInt64, -5, 100}
	s := shapes()["small pieces"]
	s.docs, s.flush = 150, 11
	broken := 0
	notice := func(err error) (ok bool) {
		if err != nil && !errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
		if err != nil {
			broken++
		}
		return err == nil
	}
	for range 20 {
		w, made := s.make(t, r)
		var words []string
		for _, list := range made {
			words = append(words, list...)
		}
		column := []string{"first", "last", `"end"`, "low", "high", "level"}[r.IntN(6)]
		harm := `UPDATE segment SET ` + column + ` = ? WHERE id = (SELECT id FROM segment ORDER BY random() LIMIT 1)`
		if r.IntN(5) == 0 {
			harm = `UPDATE OR REPLACE block SET id = ? WHERE id = (SELECT id FROM block ORDER BY random() LIMIT 1)`
		}
		must(w.db.Exec(harm, wrong[r.IntN(len(wrong))]))(t)
		v := view(t, w)
		for range 10 {
			_, err := v.Find(Expr{root: random(r, words, 1)}, 0, math.MaxInt64, 100)
			notice(err)
		}
		v.End()
		notice(w.Pack(context.Background()))
		for k := range fullLevel + 4 {
			d := &Doc{Message: int64(100_000 + k), Content: 1, Received: 5000, Text: strings.Repeat("a b c d ", 100)}
			d.Prepare()
			if !notice(add(context.Background(), w, []*Doc{d}, Mark{}, Mark{}, nil)) {
				break
			}
		}
	}
	if broken < 20 {
		t.Errorf("only %d errors", broken)
	}
}

// TestCondense: many lists made one say the same.
func TestCondense(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	all := map[int64][]uint32{}
	var many []postings
	for range 300 {
		var data []byte
		last := int64(0)
		for number := int64(1 + r.IntN(3000)); number > 0; number -= int64(1 + r.IntN(900)) {
			delta := number
			if last != 0 {
				delta = last - number
			}
			data, last = appendVarint(data, uint64(delta)), number
			before := uint32(0)
			for at := uint32(r.IntN(4)); at < 400; at += uint32(1 + r.IntN(200)) {
				data, before = appendVarint(data, uint64(at-before)+2), at
				all[number] = append(all[number], at)
			}
			data = append(data, 0)
		}
		many = append(many, &piece{data: data})
	}
	p := must(condense(many))(t)
	n := 0
	for {
		if more := must(p.next())(t); !more {
			break
		}
		want := all[p.doc]
		slices.Sort(want)
		if got := p.positions(nil); !slices.Equal(got, slices.Compact(want)) {
			t.Fatalf("document %d: %v, want %v", p.doc, got, want)
		}
		n++
	}
	if n != len(all) {
		t.Errorf("%d documents of %d", n, len(all))
	}
}

// BenchmarkRun numbers documents of seconds without a gap, twice.
func BenchmarkRun(b *testing.B) {
	const docs = 4000
	for b.Loop() {
		w := must(Create(context.Background(), &Files{}, Path(b.TempDir()), "here", State{}))(b)
		for content := range int64(2) {
			list := make([]*Doc, docs)
			for i := range list {
				list[i] = &Doc{Message: int64(i + 1), Content: content, Received: 1000 * int64(1000+i), Text: "x"}
				list[i].Prepare()
			}
			must(0, add(context.Background(), w, list, Mark{}, Mark{}, nil))(b)
		}
		must(0, w.Close(context.Background(), false))(b)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/(2*docs), "µs/doc")
}

// empty is a writer of a file with pages of so many octets: small ones make a high tree.
func empty(t *testing.T, files *Files, page int) *Writer {
	t.Helper()
	ctx, path := context.Background(), Path(t.TempDir())
	w := must(Create(ctx, files, path, "here", State{}))(t)
	must(w.db.Exec(fmt.Sprintf("PRAGMA journal_mode = DELETE; PRAGMA page_size = %d; VACUUM", page)))(t)
	must(0, w.Close(ctx, false))(t)
	w = must(OpenWriter(ctx, files, path, "here"))(t)
	t.Cleanup(func() { must(0, w.Close(ctx, false))(t) })
	return w
}

// TestTermsOutOfOrder: what a damaged file gives to be merged is refused.
func TestTermsOutOfOrder(t *testing.T) {
	for _, terms := range [][]string{{"b", "a"}, {"b", "b"}, {"bc", "b"}, {""}} {
		s := &segmentWriter{room: 4061}
		var err error
		for _, term := range terms {
			err = s.add([]byte(term), []byte{1, 2, 0})
		}
		if !errors.Is(err, errSegment) {
			t.Errorf("%q: %v", terms, err)
		}
	}
}
