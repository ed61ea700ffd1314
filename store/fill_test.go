package store

import (
	"database/sql"
	"errors"
	"testing"

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
		x := &indexer{s: w.Store, ctx: w.ctx, run: IndexRun{Rebuild: true}} // each batch is flushed
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
