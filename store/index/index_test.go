package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/store/query"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// add brings documents into the file at once.
func add(ctx context.Context, w *Writer, docs []*Doc, bodies, headers Mark, old *Place) error {
	w.Add(docs, bodies, headers, old)
	return w.Flush(ctx)
}

// alphabet makes texts in which everything meets everything.
var alphabet = []string{"ab", "abc", "abcd", "b", "a", "Äb", "会", "議", "室", "会議", "ไ", "ท", "🎉", " ", " ", " ", " ", ", ", "\n", "\n\n", "-", "b@a.cd",
	strings.Repeat("long", 14), strings.Repeat("long", 15), strings.Repeat("long", 16)}

func text(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// TestFindsWhatMatches: an expression finds all documents that match, and where it says so no others.
func TestFindsWhatMatches(t *testing.T) {
	ctx, path, files := context.Background(), Path(t.TempDir()), &Files{}
	w := must(Create(ctx, files, path, "here", State{}))(t)
	r := rand.New(rand.NewPCG(1, 2))
	type content struct {
		texts map[query.Field][]string
	}
	all := map[int64]content{}
	var docs []*Doc
	for i := range int64(300) {
		c := content{map[query.Field][]string{
			query.Body: {text(r, r.IntN(12))}, query.Subject: {text(r, r.IntN(6))}, query.From: {text(r, 3)},
			query.To: {text(r, 2), text(r, 2)}, query.Cc: {}, query.Filename: {text(r, 1)}, query.List: {text(r, 2)},
		}}
		words := content{map[query.Field][]string{}}
		for f, list := range c.texts {
			for _, s := range list {
				words.texts[f] = append(words.texts[f], query.Words(s))
			}
		}
		all[i+1] = words
		docs = append(docs, &Doc{Message: i + 1, Content: 1, Received: 1000 * (i / 3), Text: c.texts[query.Body][0], Subject: c.texts[query.Subject][0],
			From: c.texts[query.From], To: c.texts[query.To], Cc: c.texts[query.Cc], Files: c.texts[query.Filename], List: c.texts[query.List][0]})
	}
	for _, d := range docs {
		d.Prepare()
	}
	for part := range slices.Chunk(docs, 50) {
		if err := add(ctx, w, part, Mark{}, Mark{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	reader := must(OpenReader(files, path, "here"))(t)
	defer reader.Close()
	v := must(reader.View(ctx))(t)
	found, exact := 0, 0
	for range 1500 {
		m, ok := randomMatch(r)
		if !ok {
			continue
		}
		e := Of(m)
		hits := must(v.Find(e, 0, 1<<60, 10_000))(t)
		got := map[int64]bool{}
		for i, h := range hits {
			got[h.Message] = true
			if i > 0 && h.Number >= hits[i-1].Number {
				t.Fatalf("%s: %d after %d", e, h.Number, hits[i-1].Number)
			}
		}
		for id, c := range all {
			want := false
			for f, list := range c.texts {
				for _, s := range list {
					if (m.Field == f || m.Field == query.Anywhere && f != query.List) && m.In(s) {
						want = true
					}
				}
			}
			if want && !got[id] || got[id] && !want && e.Exact {
				t.Fatalf("%+v (%s, exact %v): document %d %+v: got %v, want %v", m, e, e.Exact, id, c, got[id], want)
			}
		}
		if e.Exact {
			exact++
		}
		found += len(hits)
	}
	if found < 3_000 || exact < 500 {
		t.Errorf("only %d hits, %d exact expressions", found, exact)
	}
	v.End()
	if err := w.Close(ctx, true); err != nil {
		t.Fatal(err)
	}
}

func randomMatch(r *rand.Rand) (query.Match, bool) {
	fields := []query.Field{query.Anywhere, query.Anywhere, query.Body, query.Subject, query.From, query.To, query.Filename, query.List}
	m := query.Match{Field: fields[r.IntN(len(fields))], Phrase: query.Words(text(r, 1+r.IntN(5))), Prefix: r.IntN(3) == 0}
	return m, m.Phrase != ""
}

func TestNumbers(t *testing.T) {
	ctx, path, files := context.Background(), Path(t.TempDir()), &Files{}
	w := must(Create(ctx, files, path, "here", State{}))(t)
	id := int64(0)
	begin := time.Now()
	for range 30 { // all in one second, as from an import
		var docs []*Doc
		for range 100 {
			id++
			d := &Doc{Message: id, Received: 5_000, Text: "word"}
			d.Prepare()
			docs = append(docs, d)
		}
		if err := add(ctx, w, docs, Mark{}, Mark{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	again := &Doc{Message: 7, Content: 3, Received: 5_000, Text: "word other"}
	again.Prepare()
	same := &Doc{Message: 8, Received: 5_000, Text: "not looked at"}
	same.Prepare()
	if err := add(ctx, w, []*Doc{again, same}, Mark{9, 9}, Mark{8, 8}, &Place{3, 2}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(ctx, true); err != nil {
		t.Fatal(err)
	}
	w = must(OpenWriter(ctx, files, path, "here"))(t)
	defer w.Close(ctx, false)
	st := w.State()
	if st.Docs != 3000 || st.Dead != 3 || st.Spread != 3000 || *st.Old != (Place{3, 2}) || st.Bodies != (Mark{9, 9}) || st.Headers != (Mark{8, 8}) {
		t.Errorf("state %+v after %v", st, time.Since(begin))
	}
	r := must(OpenReader(files, path, "here"))(t)
	defer r.Close()
	v := must(r.View(ctx))(t)
	defer v.End()
	hits := must(v.Find(Of(query.Match{Phrase: "word"}), 0, 1<<60, 1<<20))(t)
	if len(hits) != 3000 || hits[0] != (Hit{3005, 7, 3}) || hits[2999].Number != 5 {
		t.Errorf("%d hits, first %+v, last %+v", len(hits), hits[0], hits[len(hits)-1])
	}
	if got := must(v.Among(Of(query.Match{Phrase: "other"}), []int64{5, 11, 3005}))(t); len(got) != 1 || !got[3005] {
		t.Errorf("among %v", got)
	}
	if got := must(v.Docs([]int64{7, 8, 99999}))(t); len(got) != 2 || got[7].Content != 3 || got[8].Content != 0 {
		t.Errorf("docs %v", got)
	}
}

// TestPack: a packed file finds the same, and is not packed again before it has grown.
func TestPack(t *testing.T) {
	ctx, path, files := context.Background(), Path(t.TempDir()), &Files{}
	w := must(Create(ctx, files, path, "here", State{}))(t)
	var docs []*Doc
	for i := range int64(956) {
		docs = append(docs, &Doc{Message: i + 1, Received: i * 1000, Text: strings.Repeat(fmt.Sprintf("common word%d and more of it ", i), 100)})
		docs[i].Prepare()
	}
	for part := range slices.Chunk(docs, 4) {
		must(0, add(ctx, w, part, Mark{}, Mark{}, nil))(t)
	}
	must(w.db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`))(t)
	before := must(os.Stat(path))(t).Size()
	if _, loose := w.Loose(ctx); !loose {
		t.Fatalf("not loose: %+v", w.State())
	}
	must(0, w.Pack(ctx))(t)
	must(0, w.Close(ctx, true))(t)
	must(0, Replace(path, PackPath(path)))(t)
	w = must(OpenWriter(ctx, files, path, "here"))(t)
	if after := must(os.Stat(path))(t).Size(); after >= before {
		t.Errorf("%d octets, packed %d", before, after)
	}
	if _, loose := w.Loose(ctx); loose {
		t.Error("still loose")
	}
	must(0, w.Close(ctx, true))(t)
	w = must(OpenWriter(ctx, files, path, "here"))(t)
	if _, loose := w.Loose(ctx); loose {
		t.Error("loose when it is opened again")
	}
	must(0, w.Close(ctx, true))(t)
	r := must(OpenReader(files, path, "here"))(t)
	defer r.Close()
	v := must(r.View(ctx))(t)
	defer v.End()
	for words, want := range map[string]int{"common": 956, "word77": 1, "more of it common": 956, "missing": 0} {
		if hits := must(v.Find(Of(query.Match{Phrase: words}), 0, 1<<60, 1000))(t); len(hits) != want {
			t.Errorf("%s: %d", words, len(hits))
		}
	}
}

// TestBroken: whatever happens to the file is noticed, and nothing but ErrBroken comes of it.
func TestBroken(t *testing.T) {
	ctx := context.Background()
	for name, harm := range map[string]func(t *testing.T, path string){
		"gone":      func(t *testing.T, path string) { must(0, os.Remove(path))(t) },
		"empty":     func(t *testing.T, path string) { must(0, os.Truncate(path, 0))(t) },
		"cut":       func(t *testing.T, path string) { must(0, os.Truncate(path, 5000))(t) },
		"no mail":   func(t *testing.T, path string) { must(0, os.WriteFile(path, []byte("hello, world\n"), 0o600))(t) },
		"one bit":   func(t *testing.T, path string) { flip(t, path, 9000) },
		"no header": func(t *testing.T, path string) { flip(t, path, 3) },
		"newer": func(t *testing.T, path string) {
			must(0, os.Remove(sealPath(path)))(t)
			db := open(path, true)
			must(db.Exec(fmt.Sprintf("PRAGMA user_version = %d", format+1)))(t)
			must(0, db.Close())(t)
		},
		"another's": func(t *testing.T, path string) {
			w := must(Create(ctx, &Files{}, path, "elsewhere", State{}))(t)
			must(0, w.Close(ctx, true))(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, files := Path(t.TempDir()), &Files{}
			w := must(Create(ctx, files, path, "here", State{}))(t)
			d := &Doc{Message: 1, Text: strings.Repeat("some words of a text ", 500)}
			d.Prepare()
			must(0, add(ctx, w, []*Doc{d}, Mark{}, Mark{}, nil))(t)
			must(0, w.Close(ctx, true))(t)
			r := must(OpenReader(files, path, "here"))(t)
			v := must(r.View(ctx))(t)
			v.End()
			must(0, r.Close())(t)
			harm(t, path)
			if _, err := OpenWriter(ctx, &Files{}, path, "here"); !errors.Is(err, ErrBroken) {
				t.Errorf("writer: %v", err)
			}
			r, err := OpenReader(&Files{}, path, "here")
			if err == nil {
				_, err = r.View(ctx)
				must(0, r.Close())(t)
			}
			if !errors.Is(err, ErrBroken) {
				t.Errorf("reader: %v", err)
			}
			w = must(Create(ctx, files, path, "here", State{}))(t)
			must(0, add(ctx, w, []*Doc{d}, Mark{}, Mark{}, nil))(t)
			must(0, w.Close(ctx, true))(t)
			must(0, files.Verify(path))(t)
		})
	}
}

func flip(t *testing.T, path string, at int64) {
	f := must(os.OpenFile(path, os.O_RDWR, 0))(t)
	b := []byte{0}
	must(f.ReadAt(b, at))(t)
	b[0] ^= 4
	must(f.WriteAt(b, at))(t)
	must(0, f.Close())(t)
}
