package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wreck is a closed data folder with queued items, a draft, and one item that is sent.
type wreck struct {
	testing.TB
	dir   string
	items map[OutboxID][]byte
	draft []byte
}

func newWreck(t testing.TB, items int) *wreck {
	w := newWorld(t)
	k := &wreck{TB: t, dir: filepath.Join(t.TempDir(), "data"), items: map[OutboxID][]byte{}, draft: mail(900, "unfinished", "a draft")}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range items {
		body := make([]byte, 2000+r.IntN(9000))
		for j := range body {
			body[j] = "abcdefghijklmnopqrstuvwxyz0123456789+/\n"[r.IntN(39)]
		}
		q := w.request(i, bobAndEve)
		q.Wire = append(q.Wire, bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))...)
		q.Copy = nil
		k.items[w.spool(q)] = q.Wire
	}
	sent := w.spool(w.request(5000, bobAndEve))
	_, at := w.claim(sent)
	w.end(at, Sent, Accepted, Accepted)
	must(w.SaveDraft(w.ctx, w.acct, k.draft, 0))(t)
	must(w.writer.ExecContext(w.ctx, `PRAGMA wal_checkpoint(TRUNCATE)`))(t)
	ok(t, os.Mkdir(k.dir, 0o700))
	ok(t, os.WriteFile(k.path(), must(os.ReadFile(w.path()))(t), 0o600))
	return k
}

func (k *wreck) path() string { return filepath.Join(k.dir, "mail.db") }

func (k *wreck) bytes() []byte { return must(os.ReadFile(k.path()))(k) }

func (k *wreck) change(f func([]byte) []byte) {
	k.Helper()
	ok(k, os.WriteFile(k.path(), f(k.bytes()), 0o600))
}

// sums are the hashes of what must not change; an empty log is as good as none.
func (k *wreck) sums() string {
	var b strings.Builder
	for _, s := range []string{"", "-wal"} {
		raw, err := os.ReadFile(k.path() + s)
		fmt.Fprintf(&b, "%x %v\n", sha256.Sum256(raw), s == "" && errors.Is(err, os.ErrNotExist))
	}
	return b.String()
}

// salvage counts the items that came out byte for byte, and checks that nothing false did.
func (k *wreck) salvage() (items int, draft bool) {
	k.Helper()
	before := k.sums()
	_, _, err := Salvage(k.Context(), k.path(), k.TempDir(), Rescue{
		Item: func(it SalvagedItem) error {
			switch want, known := k.items[it.ID]; {
			case it.Raw == nil && len(it.Problems) == 0:
				k.Errorf("item %d has neither bytes nor a problem", it.ID)
			case it.Raw != nil && len(it.Problems) == 0 && !bytes.Equal(it.Raw, want):
				k.Errorf("item %d came out with other bytes and no word of it", it.ID)
			case known && bytes.Equal(it.Raw, want):
				items++
			}
			return nil
		},
		Draft: func(d SalvagedDraft) error {
			draft = draft || bytes.Equal(d.Raw, k.draft)
			return nil
		},
	})
	ok(k, err)
	if k.sums() != before {
		k.Error("the file was changed")
	}
	return items, draft
}

// TestSalvage: what damage leaves comes out, and the file stays as it was.
func TestSalvage(t *testing.T) {
	const n = 12
	noise := func(b []byte) {
		r := rand.New(rand.NewPCG(3, 4))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
	}
	for _, c := range []struct {
		name   string
		damage func([]byte) []byte
		least  int
		draft  bool
	}{
		{"sound", func(b []byte) []byte { return b }, n, true},
		{"garbage header", func(b []byte) []byte { noise(b[:100]); return b }, n, true},
		{"garbage first page", func(b []byte) []byte { noise(b[:pageSize]); return b }, n, true},
		{"garbage in its schema", func(b []byte) []byte {
			at := bytes.LastIndex(b, []byte("CREATE TABLE recipient"))
			noise(b[at : at+300])
			return b
		}, n, true},
		{"half a page short", func(b []byte) []byte { return b[:len(b)-pageSize/2] }, n - 2, false},
		{"ten pages short", func(b []byte) []byte { return b[:len(b)-10*pageSize] }, n / 2, false},
		{"no text at all", func([]byte) []byte { return []byte("this is a love letter, not a database\n") }, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newWreck(t, n)
			k.change(c.damage)
			items, draft := k.salvage()
			t.Logf("%d of %d items, the draft: %v", items, n, draft)
			if items < c.least || c.draft && !draft {
				t.Errorf("only %d items of %d came out, the draft: %v", items, n, draft)
			}
		})
	}
}

// TestOrphanedLog: SQLite deletes a write-ahead log beside an empty file. What is only in the log
// must survive that mail.db is empty or gone, and comes out.
func TestOrphanedLog(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t)
		k := &wreck{TB: t, dir: t.TempDir(), items: map[OutboxID][]byte{}}
		q := w.request(1, bobAndEve)
		q.Copy = nil
		k.items[w.spool(q)] = q.Wire
		for _, s := range []string{"", "-wal"} { // a crash: the log is not yet in the file
			ok(t, os.WriteFile(k.path()+s, must(os.ReadFile(w.path()+s))(t), 0o600))
		}
		ok(t, os.Truncate(k.path(), 0))
		if gone {
			ok(t, os.Remove(k.path()))
		}
		before := k.sums()
		if _, err := Open(w.ctx, k.dir, Options{}); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("opened: %v", err)
		}
		h := must(Examine(w.ctx, k.dir, ""))(t)
		if len(h.Problems) == 0 || k.sums() != before {
			t.Fatalf("problems %q, changed: %v", h.Problems, k.sums() != before)
		}
		if items, _ := k.salvage(); items != 1 {
			t.Errorf("gone %v: %d items came out of the log, not 1", gone, items)
		}
	}
}

// TestGarbageWithLog: the log of a crash is not written into a file that is no database.
func TestGarbageWithLog(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	k := &wreck{TB: t, dir: dir}
	log := must(os.ReadFile(w.path() + "-wal"))(t)
	ok(t, os.WriteFile(k.path(), bytes.Repeat([]byte("love letter\n"), 40000), 0o600))
	ok(t, os.WriteFile(k.path()+"-wal", log[:32+3*(24+pageSize)], 0o600)) // not even one whole transaction
	before := k.sums()
	if _, err := Open(w.ctx, dir, Options{}); !errors.Is(err, ErrCorrupt) || k.sums() != before {
		t.Fatalf("%v; changed: %v", err, k.sums() != before)
	}
}

// TestSetAside: the pieces keep their bytes and fit each other, and the next Open begins afresh.
func TestSetAside(t *testing.T) {
	k := newWreck(t, 2)
	k.change(func(b []byte) []byte { clear(b[:100]); return b })
	before := k.bytes()
	to := must(SetAside(k.dir, newClock().t))(t)
	if !bytes.Equal(must(os.ReadFile(to))(t), before) {
		t.Error("other bytes")
	}
	s := open(t, k.dir, newClock())
	if items := must(s.Items(t.Context(), true))(t); len(items) != 0 {
		t.Errorf("not afresh: %d items", len(items))
	}
	if _, err := SetAside(k.dir, newClock().t); !errors.Is(err, os.ErrExist) {
		t.Errorf("set aside over an older one: %v", err)
	}
}

// TestExamine: a sound database is called sound, and the queue is told.
func TestExamine(t *testing.T) {
	k := newWreck(t, 3)
	before := k.sums()
	h := must(Examine(t.Context(), k.dir, ""))(t)
	if len(h.Problems) > 0 || h.Outbox[Queued] != 3 || h.Outbox[Sent] != 1 || h.Drafts != 1 || h.Schema != h.Newest || !h.Oldest.Equal(newClock().t) || h.Free <= 0 {
		t.Errorf("%+v", h)
	}
	ok(t, os.Chmod(k.path(), 0o644))
	if h := must(Examine(t.Context(), k.dir, ""))(t); len(h.Exposed) != 1 {
		t.Errorf("readable by others: %q", h.Exposed)
	}
	if k.sums() != before {
		t.Error("the file was changed")
	}
}

// TestSetAsideDamaged: what is certainly damaged is set aside, once; what another process has set aside meanwhile, what is sound
// and what cannot be said to be damaged stays.
func TestSetAsideDamaged(t *testing.T) {
	k := newWreck(t, 1)
	o := Options{Now: newClock().now}
	if to, err := SetAsideDamaged(t.Context(), k.dir, o); to != "" || err != nil {
		t.Fatalf("a sound one: %q, %v", to, err)
	}
	k.change(func(b []byte) []byte { clear(b[:100]); return b })
	before := k.bytes()
	_, err := Open(t.Context(), k.dir, o)
	if !Damaged(err) {
		t.Fatalf("not called damaged: %v", err)
	}
	for _, other := range []error{ErrDisk, ErrFull, ErrReadOnly, ErrNewerSchema} {
		if Damaged(errors.Join(err, other)) || Damaged(other) {
			t.Errorf("%v is called damage", other)
		}
	}
	to := must(SetAsideDamaged(t.Context(), k.dir, o))(t)
	if !bytes.Equal(must(os.ReadFile(to))(t), before) {
		t.Error("other bytes")
	}
	if again, err := SetAsideDamaged(t.Context(), k.dir, o); again != "" || err != nil {
		t.Errorf("the fresh one was set aside: %q, %v", again, err)
	}
	asides := must(Asides(t.Context(), k.dir))(t)
	if len(asides) != 1 || asides[0].Path != to || asides[0].Size != int64(len(before)) || asides[0].Unsent != -1 {
		t.Errorf("%+v", asides)
	}
}

// TestAsidesAreCounted: of one that can be read it is known what is unsent, and nothing appears beside it.
func TestAsidesAreCounted(t *testing.T) {
	k := newWreck(t, 3)
	to := must(SetAside(k.dir, newClock().t))(t)
	asides := must(Asides(t.Context(), k.dir))(t)
	if len(asides) != 1 || asides[0].Unsent != 3 || asides[0].Drafts != 1 {
		t.Errorf("%+v", asides)
	}
	if all := must(os.ReadDir(k.dir))(t); len(all) != 1 || all[0].Name() != filepath.Base(to) {
		t.Errorf("%q", all)
	}
}

// TestOddColumn: a schema that says something else than ours is told as damage by whoever reads what is missing in it.
func TestOddColumn(t *testing.T) {
	s := open(t, newWreck(t, 1).dir, newClock())
	must(s.writer.ExecContext(t.Context(), `ALTER TABLE outbox RENAME COLUMN waiting TO wailing`))(t)
	if _, err := s.Items(t.Context(), true); !errors.Is(err, ErrCorrupt) || Damaged(err) {
		t.Error(err)
	}
}

// TestOddHeader: a header that no SQLite of today writes is told as damage, and is not set aside as if that were certain.
func TestOddHeader(t *testing.T) {
	k := newWreck(t, 1)
	k.change(func(b []byte) []byte { b[47] = 7; return b }) // the schema's format
	before := k.sums()
	_, err := Open(t.Context(), k.dir, Options{})
	if !errors.Is(err, ErrCorrupt) || Damaged(err) || k.sums() != before {
		t.Errorf("%v; changed: %v", err, k.sums() != before)
	}
	if to, err := SetAsideDamaged(t.Context(), k.dir, Options{}); to != "" || err == nil {
		t.Errorf("set aside: %q, %v", to, err)
	}
}
