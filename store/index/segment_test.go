package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// dump gives the segments and their blocks.
func dump(t *testing.T, w *Writer) (out []string) {
	t.Helper()
	rows := must(w.db.Query(`SELECT 'segment', start_block, leaves_end_block, end_block, root FROM words_segdir
		UNION ALL SELECT 'block', blockid, 0, '', block FROM words_segments WHERE blockid >= (SELECT max(start_block) FROM words_segdir)`))(t)
	defer rows.Close()
	for rows.Next() {
		var kind, end string
		var first, leaves int64
		var data []byte
		if err := rows.Scan(&kind, &first, &leaves, &end, &data); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %d %d %s %x", kind, first, leaves, end, data))
	}
	return out
}

// TestSegmentsAreThoseOfFTS4: what is written for it is octet for octet what it writes itself of the same documents.
func TestSegmentsAreThoseOfFTS4(t *testing.T) {
	ctx := context.Background()
	short := func(r *rand.Rand, n int) string { return fmt.Sprintf("w%x", int(float64(n)*r.Float64()*r.Float64())) }
	near := func(r *rand.Rand, n int) string {
		return "near" + strings.Repeat("lang", 10+r.IntN(5)) + fmt.Sprint(r.IntN(n))
	}
	for name, c := range map[string]struct {
		docs, words int
		word        func(*rand.Rand, int) string
		vocabulary  int
		heights     int // of the tree
		level       int
	}{
		"one leaf":   {3, 10, short, 20, 0, 0},
		"one height": {200, 100, short, 500, 1, 0},
		"many terms": {3000, 60, short, 60_000, 1, 0},
		"long lists": {3000, 1800, short, 300, 1, bigLevel},
		"long terms": {400, 60, near, 9000, 1, 0},
		"heights":    {700, 60, short, 30_000, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(c.docs)))
			files := &Files{}
			page := 4096
			if c.heights > 1 {
				page = 512
			}
			ours, theirs := empty(t, files, page), empty(t, files, page)
			var docs []*Doc
			tx := must(theirs.db.Begin())(t)
			for i := range c.docs {
				var b strings.Builder
				for range 1 + r.IntN(c.words) {
					b.WriteString(c.word(r, c.vocabulary))
					b.WriteByte(' ')
				}
				number := int64(1 + 7*i)
				d := &Doc{Message: int64(i + 1), Content: 1, Received: 1000 * number, Text: b.String(), Subject: text(r, 5)}
				d.Prepare()
				must(tx.Exec(`INSERT INTO words(docid, t) VALUES (?, ?)`, number, withPrefixes(d.terms)))(t)
				docs = append(docs, d)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			must(theirs.db.Exec(`INSERT INTO words(words) VALUES ('optimize')`))(t)
			// Where they have merged, what is left does not begin with the first block.
			must(ours.db.Exec(`INSERT INTO words_segments(blockid, block) SELECT ?, x'00' WHERE ?1 > 0`, firstBlock(t, theirs)-1))(t)
			r.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
			if err := add(ctx, ours, docs, Mark{}, Mark{}, nil); err != nil {
				t.Fatal(err)
			}
			own, made := dump(t, ours), dump(t, theirs)
			if !slices.Equal(own, made) {
				t.Errorf("%d rows, FTS4 has %d", len(own), len(made))
				for i := range min(len(own), len(made)) {
					if own[i] != made[i] {
						t.Fatalf("%.300s\n%.300s", own[i], made[i])
					}
				}
			}
			var level, segments int
			if err := ours.db.QueryRow(`SELECT level, count(*) FROM words_segdir`).Scan(&level, &segments); err != nil || level != c.level || segments != 1 {
				t.Errorf("%d segments, level %d, %v", segments, level, err)
			}
			var root []byte
			if err := ours.db.QueryRow(`SELECT root FROM words_segdir`).Scan(&root); err != nil || int(root[0]) != c.heights {
				t.Errorf("the tree is %d high, %v", root[0], err)
			}
		})
	}
}

// withPrefixes puts the prefixes of terms behind them.
func withPrefixes(terms string) string {
	seen := map[string]bool{}
	for _, w := range strings.Fields(terms) {
		if p := prefixOf(w); p != "" && !seen[p] {
			seen[p] = true
			terms += p + " "
		}
	}
	return terms
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

func firstBlock(t *testing.T, w *Writer) (n int64) {
	t.Helper()
	if err := w.db.QueryRow(`SELECT start_block FROM words_segdir`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
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
