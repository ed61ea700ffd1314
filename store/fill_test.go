package store

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"mua/store/index"
)

// TestFillTellsWhyItEnded: when the index proves broken while it is written, that is what is told, and not that the
// reading beside it was then stopped: UpdateIndex builds an index anew that is broken.
func TestFillTellsWhyItEnded(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		raws := make([][]byte, indexBatch)
		for k := range raws {
			raws[k] = mail(i*indexBatch+k, "s", "some words")
		}
		w.pull(w.inbox, uint32(1+i*indexBatch), raws...)
	}
	w.index(IndexRun{})
	for range 20 { // whether the reading is heard once more is chance
		x := &indexer{s: w.Store, ctx: w.ctx, run: IndexRun{Rebuild: true}, flushAfter: time.Nanosecond}
		iw := must(x.open(w.words.path))(t)
		db := must(sql.Open("sqlite3", w.words.path))(t)
		must(db.Exec(`DROP TABLE doc`))(t)
		must(db.Exec(`CREATE TABLE doc (number INTEGER PRIMARY KEY, message, content, partial)`))(t) // it is read, and not written
		ok(t, db.Close())
		_, err := x.fill(iw)
		ok(t, iw.Close(w.ctx, false))
		if !errors.Is(err, index.ErrBroken) {
			t.Fatal(err)
		}
	}
}

// TestGatheredIsNotKeptBack: while the index follows a pull and nothing comes, what came before is in the file soon, for
// a search of another process cannot take it in itself.
func TestGatheredIsNotKeptBack(t *testing.T) {
	w := newWorld(t)
	w.index(IndexRun{})
	changed, done := w.Watch()
	defer done()
	follow, told, ended := make(chan struct{}), make(chan struct{}, 100), make(chan error, 1)
	x := &indexer{s: w.Store, ctx: w.ctx, run: IndexRun{Follow: follow, Told: func(IndexProgress) { told <- struct{}{} }}, flushAfter: 200 * time.Millisecond, changed: changed}
	iw := must(x.open(w.words.path))(t)
	go func() {
		_, err := x.fill(iw)
		ended <- err
	}()
	w.pull(w.inbox, 1, mail(1, "s", "word"))
	<-told // it is gathered
	for begin := time.Now(); w.left() > 0; {
		if time.Since(begin) > 10*time.Second {
			t.Error("it is not in the file")
			break
		}
	}
	close(follow)
	ok(t, <-ended)
	ok(t, iw.Close(w.ctx, false))
}
