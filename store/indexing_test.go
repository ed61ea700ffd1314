package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/store/index"
	"mua/store/query"
)

// scan is List or Count without the index: the oracle.
func (w *world) scan(q ListQuery, f func(*lister) error) error {
	return w.read(w.ctx, func(db querier) error {
		return w.searchIn(w.ctx, db, q, must(query.Parse(q.Query, w.clock.now()))(w), nil, f)
	})
}

func (w *world) scanned(q ListQuery) (ids []MessageID) {
	w.Helper()
	ok(w, w.scan(q, func(l *lister) error {
		list, err := l.page()
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return err
	}))
	return ids
}

func (w *world) index(run IndexRun) IndexProgress {
	w.Helper()
	return must(w.UpdateIndex(w.ctx, run))(w)
}

// sample is words to write and to look for.
func sample() []string {
	return []string{"invoice", "Rechnung", "Café", "Straße", "meeting", "met", "the", "quarterly", "会議室", "会議", "สวัสดี", "🎉", "report.pdf", "ada@example.org",
		"bob@example.net", "example", strings.Repeat("pneumono", 10), "a", "naïve", "x"}
}

func words(r *rand.Rand, n int) string {
	var out []string
	for range n {
		out = append(out, sample()[r.IntN(len(sample()))])
	}
	return strings.Join(out, []string{" ", " ", ", ", "\r\n"}[r.IntN(4)])
}

func randomMail(r *rand.Rand, n int) []byte {
	line := func(k int) string { return strings.NewReplacer("\r\n", " ").Replace(words(r, k)) }
	head := fmt.Sprintf("Received: from x by y; Sun, 22 Nov 2026 10:00:00 +0000\r\nFrom: %s <p%d@example.org>\r\nTo: Bob <bob@example.net>, %s <t@example.com>\r\nSubject: %s\r\nMessage-ID: <m%d@example.org>\r\nList-Id: %s\r\n",
		[]string{"Ada", "Grace", "Café"}[r.IntN(3)], r.IntN(5), []string{"meeting", "the"}[r.IntN(2)], line(2), n, line(1))
	if r.IntN(4) > 0 {
		return []byte(head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + words(r, r.IntN(12)) + "\r\n")
	}
	return fmt.Appendf(nil, "%sMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n"+
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename=\"report.pdf.txt\"\r\n\r\n%s\r\n--b--\r\n", head, words(r, 4), words(r, 4))
}

// randomQuery makes a query of words, fields, states and times.
func randomQuery(r *rand.Rand, depth int) string {
	w := sample()[r.IntN(len(sample()))]
	if r.IntN(5) == 0 {
		w = `"` + w + " " + sample()[r.IntN(len(sample()))] + `"`
	} else if r.IntN(5) == 0 {
		w = string([]rune(w)[:1+r.IntN(len([]rune(w)))]) + "*"
	}
	switch k := r.IntN(14); {
	case depth > 0 && k < 4:
		return "(" + randomQuery(r, depth-1) + " " + randomQuery(r, depth-1) + ")"
	case depth > 0 && k < 6:
		return "(" + randomQuery(r, depth-1) + " OR " + randomQuery(r, depth-1) + ")"
	case depth > 0 && k < 8:
		return "NOT " + randomQuery(r, depth-1)
	case k == 8:
		return []string{"from:", "to:", "subject:", "body:", "filename:", "list:", "cc:"}[r.IntN(7)] + w
	case k == 9:
		return []string{"is:unread", "is:flagged", "has:attachment", "in:inbox", "in:archive", "in:trash", "newer:3h", "older:2h", "larger:500", "is:pending"}[r.IntN(10)]
	}
	return w
}

// TestIndexFindsWhatAScanFinds: whatever the index has and has not, the rows are those that reading everything gives.
func TestIndexFindsWhatAScanFinds(t *testing.T) {
	seeds := []uint64{1, 2}
	if os.Getenv("MUA_LONG") != "" {
		for i := range uint64(20) {
			seeds = append(seeds, 4+i)
		}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { checkSeed(t, seed) })
	}
}

func checkSeed(t *testing.T, seed uint64) {
	queries := 15
	if os.Getenv("MUA_LONG") != "" {
		queries = 100
	}
	w, r := newWorld(t), rand.New(rand.NewPCG(seed, 0))
	boxes := []MailboxID{w.inbox, w.archive, w.trash}
	uid, n := map[MailboxID]uint32{}, 0
	var ids []MessageID
	grow := func(count int) {
		for range count {
			box := boxes[r.IntN(3)]
			uid[box]++
			m := n
			if n++; r.IntN(4) == 0 {
				m = r.IntN(n) // a copy with the same Message-ID, and another text
			}
			raw := randomMail(r, m)
			if r.IntN(3) == 0 && len(ids) > 0 { // or the same one
				raw = must(w.Raw(w.ctx, ids[r.IntN(len(ids))]))(t)
			}
			in := Incoming{UID: uid[box], Raw: raw, Received: w.clock.t.Add(-time.Duration(r.IntN(300)) * time.Minute / 100 * 100)}
			if r.IntN(5) == 0 {
				h := strings.Index(string(raw), "\r\n\r\n")
				in.Header, in.Raw, in.Size = raw[:h+4], nil, int64(len(raw))
			}
			got, _, err := w.AddRemote(w.ctx, box, []Incoming{in})
			ok(t, err)
			if in.Raw != nil {
				ids = append(ids, got...)
			}
		}
	}
	steps := []func(){
		func() { grow(40) },
		func() { w.index(IndexRun{}) },
		func() { grow(15) },
		func() {
			some := slices.Compact(slices.Sorted(slices.Values([]MessageID{ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]})))
			must(w.Move(w.ctx, some, w.archive))(t)
			must(w.MarkFlags(w.ctx, ids[:5], FlagChange{Add: Seen | Flagged}))(t)
		},
		func() { w.index(IndexRun{Headers: true, Seal: SealAlways}) },
		func() { must(w.Trash(w.ctx, ids[3:6]))(t) },
		func() {
			var bodies []Body
			for _, c := range must(w.MissingBodies(w.ctx, w.inbox, 0))(t) {
				bodies = append(bodies, Body{Message: c.Message, Raw: randomMail(r, 1000+int(c.Message))})
			}
			ok(t, w.SetBodies(w.ctx, bodies))
		},
		func() { w.index(IndexRun{Headers: true}) },
	}
	for i, step := range steps {
		step()
		w.words.few = []int{0, fewBoxed}[r.IntN(2)]
		for range queries {
			q := ListQuery{Query: randomQuery(r, 3), Limit: 1 + r.IntN(40), Distinct: r.IntN(2) == 0}
			if r.IntN(4) == 0 {
				q.Mailbox = boxes[r.IntN(3)]
			}
			w.same(i, q)
		}
	}
}

// same compares pages down and up, and the count.
func (w *world) same(step int, q ListQuery) {
	w.Helper()
	find := func(q ListQuery) (out []MessageID) {
		for _, r := range must(w.List(w.ctx, q))(w) {
			out = append(out, r.ID)
		}
		return out
	}
	for range 2 {
		got, want := find(q), w.scanned(q)
		if !slices.Equal(got, want) {
			w.Fatalf("after step %d, %+v: %v, want %v", step, q, got, want)
		}
		if len(want) == 0 {
			break
		}
		last := must(w.Row(w.ctx, want[len(want)/2]))(w)
		q.After, q.Before = &Cursor{last.Received, last.ID}, nil
		up := q
		up.After, up.Before = nil, q.After
		if got, want := find(up), w.scanned(up); !slices.Equal(got, want) {
			w.Fatalf("after step %d, up, %+v: %v, want %v", step, up, got, want)
		}
	}
	q.After, q.Before, q.Limit = nil, nil, 0
	var want int
	ok(w, w.scan(q, func(l *lister) (err error) { want, err = l.count(); return err }))
	if got := must(w.Count(w.ctx, q))(w); got != want {
		w.Fatalf("after step %d, count of %+v: %d, want %d", step, q, got, want)
	}
}

// TestDroppedBodyIsFoundByItsHeader: what retention takes away is gone from the index, too.
func TestDroppedBodyIsFoundByItsHeader(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "kept", "one word"), mail(2, "dropped", "one word"))
	w.index(IndexRun{Headers: true, Seal: SealAlways})
	ok(t, w.write(w.ctx, func(tx *txn) error {
		if err := tx.run(`UPDATE message SET content = NULL WHERE id = ?`, ids[1]); err != nil {
			return err
		}
		return tx.touch(ids[1])
	}))
	for range 2 {
		if got := w.find(ListQuery{Query: "word"}) + "|" + w.find(ListQuery{Query: "subject:dropped"}); got != "kept|dropped" {
			t.Error(got)
		}
		w.index(IndexRun{Headers: true, Seal: SealAlways})
	}
}

func (w *world) left() int {
	w.Helper()
	return must(w.IndexState(w.ctx))(w).Left
}

// TestIndexIsDisposable: whatever happens to index.db, a search answers, and the next run builds it anew.
func TestIndexIsDisposable(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for name, harm := range map[string]func(t *testing.T, path string){
		"deleted":     func(t *testing.T, path string) { ok(t, os.Remove(path)) },
		"all deleted": func(t *testing.T, path string) { ok(t, index.Remove(path)) },
		"cut":         func(t *testing.T, path string) { ok(t, os.Truncate(path, 20_000)) },
		"no database": func(t *testing.T, path string) { ok(t, os.WriteFile(path, []byte("no database\n"), 0o600)) },
		"empty":       func(t *testing.T, path string) { ok(t, os.WriteFile(path, nil, 0o600)) },
		"another": func(t *testing.T, path string) {
			ok(t, os.WriteFile(path, must(os.ReadFile(filepath.Join(filepath.Dir(path), "mail.db")))(t), 0o600))
		},
		"flipped": func(t *testing.T, path string) {
			data := must(os.ReadFile(path))(t)
			for range 50 {
				data[r.IntN(len(data))] ^= byte(1 + r.IntN(255))
			}
			ok(t, os.WriteFile(path, data, 0o600))
		},
		"flipped without a seal": func(t *testing.T, path string) {
			data := must(os.ReadFile(path))(t)
			for i := range data {
				if i%100 == 99 {
					data[i] ^= byte(1 + r.IntN(255))
				}
			}
			ok(t, os.Remove(path+".seal"))
			ok(t, os.WriteFile(path, data, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var raws [][]byte
			for i := range 100 {
				raws = append(raws, mail(i, fmt.Sprint("subject", i), fmt.Sprintf("the text has word%d and common", i)))
			}
			w.pull(w.inbox, 1, raws...)
			if p := w.index(IndexRun{Headers: true, Seal: SealAlways}); p.Done != 100 || w.left() != 0 {
				t.Fatalf("%+v, %d left", p, w.left())
			}
			ok(t, w.words.close())
			w.words.closed, w.words.reader = false, nil // as another process would find it
			harm(t, index.Path(w.Dir()))
			for q, want := range map[string]int{"common": 100, "word77": 1, "subject5": 1, "from:ada7": 1, "common -word3": 99} {
				if n := must(w.Count(w.ctx, ListQuery{Query: q}))(t); n != want {
					t.Errorf("%s: %d", q, n)
				}
			}
			p := w.index(IndexRun{Headers: true, Seal: SealAlways})
			if st := must(w.IndexState(w.ctx))(t); p.Begun == "" || p.Done != 100 || st.Left != 0 || st.Why != "" {
				t.Errorf("%+v, %+v", p, st)
			}
			if n := must(w.Count(w.ctx, ListQuery{Query: "word77"}))(t); n != 1 {
				t.Errorf("then: %d", n)
			}
			if p := w.index(IndexRun{Headers: true, Seal: SealAlways}); p != (IndexProgress{}) {
				t.Errorf("once more: %+v", p)
			}
		})
	}
}

// TestIndexResumes: a run that is cut off anywhere is gone on with, and nothing is taken in twice.
func TestIndexResumes(t *testing.T) {
	w := newWorld(t)
	var raws [][]byte
	for i := range 3*indexBatch + 7 {
		raws = append(raws, mail(i, "s", fmt.Sprintf("word%d", i)))
	}
	w.pull(w.inbox, 1, raws...)
	total, runs := 0, 0
	for total < len(raws) && runs < 100 {
		ctx, stop := context.WithCancel(w.ctx)
		p, err := w.UpdateIndex(ctx, IndexRun{Told: func(p IndexProgress) {
			if p.Done > 0 {
				stop()
			}
		}})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		stop()
		total += p.Done
		runs++
		if n := must(w.Count(w.ctx, ListQuery{Query: "word5 OR word700"}))(t); n != 2 {
			t.Errorf("after %d: %d", total, n)
		}
	}
	if runs < 3 || total != len(raws) || w.left() != 0 {
		t.Errorf("%d in %d runs, %d left", total, runs, w.left())
	}
}

// TestIndexIsBuiltAnewWhenStale: words of what is gone go from the file, too, and nobody waits for it.
func TestIndexIsBuiltAnewWhenStale(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("some words of a long text that is soon gone ", 60)
	var raws [][]byte
	for i := range 500 {
		raws = append(raws, mail(i, "s", fmt.Sprintf("word%d secretword%d %s", i, i, long)))
	}
	ids := w.pull(w.inbox, 1, raws...)
	w.index(IndexRun{Headers: true, Seal: SealAlways})
	must(w.Trash(w.ctx, ids[:200]))(t)
	must(w.Trash(w.ctx, ids[:200]))(t) // from the trash: for good
	ok(t, w.write(w.ctx, func(tx *txn) error {
		return tx.run(`UPDATE message SET server_mailbox = NULL, server_uid = NULL WHERE state = 2`)
	}))
	ok(t, w.write(w.ctx, func(tx *txn) error { return tx.run(`DELETE FROM action`) }))
	w.clock.t = w.clock.t.Add(31 * 24 * time.Hour)
	ok(t, w.Purge(w.ctx))
	if n := must(w.Count(w.ctx, ListQuery{Query: "secretword7 OR secretword300"}))(t); n != 1 {
		t.Errorf("before: %d", n)
	}
	w.index(IndexRun{Headers: true, Seal: SealAlways})
	if n := must(w.Count(w.ctx, ListQuery{Query: "secretword7 OR secretword300"}))(t); n != 1 || w.left() != 0 {
		t.Errorf("after: %d", n)
	}
	data := string(must(os.ReadFile(index.Path(w.Dir())))(t))
	if strings.Contains(data, "secretword1") != strings.Contains(data, "secretword499") && !strings.Contains(data, "word7") {
		t.Error("the file was not built anew")
	}
	w2 := must(index.OpenReader(&index.Files{}, index.Path(w.Dir()), must(fileIdentity(w.path()))(t)))(t)
	defer w2.Close()
	v := must(w2.View(w.ctx))(t)
	defer v.End()
	if v.State.Docs != 300 || v.State.Dead != 0 {
		t.Errorf("state %+v", v.State)
	}
}
