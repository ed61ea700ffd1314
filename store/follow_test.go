package store

import (
	"fmt"
	"testing"
)

// TestIndexFollows: who follows takes in what comes, from the texts in hand, and when it is over all is indexed: a search
// has nothing left to look through.
func TestIndexFollows(t *testing.T) {
	w := newWorld(t)
	w.pull(w.inbox, 1, mail(0, "s", "there before"))
	follow, ended := make(chan struct{}), make(chan error, 1)
	told := make(chan int, 1000)
	go func() {
		_, err := w.UpdateIndex(w.ctx, IndexRun{Headers: true, Seal: SealAlways, Follow: follow, Told: func(p IndexProgress) { told <- p.Done }})
		ended <- err
	}()
	for n := range told { // it follows now
		if n > 0 {
			break
		}
	}
	w.pull(w.inbox, 100, mail(1, "s", "while it follows"), nil)
	for n := range told {
		if n >= 2 {
			break
		}
	}
	if !w.fresh.areWanted() || len(w.fresh.texts) != 0 {
		t.Errorf("texts that were not taken: %v", w.fresh.texts)
	}
	for i := range 50 {
		w.pull(w.inbox, uint32(200+i), mail(100+i, "s", fmt.Sprintf("quickly%d", i)))
	}
	close(follow)
	ok(t, <-ended)
	if w.fresh.areWanted() || w.fresh.texts != nil || w.left() != 0 {
		t.Errorf("%d texts kept, %d messages left", len(w.fresh.texts), w.left())
	}
	for q, want := range map[string]int{"there": 1, "follows": 1, "quickly*": 50, "quickly49": 1} {
		if n := must(w.Count(w.ctx, ListQuery{Query: q}))(t); n != want {
			t.Errorf("%s: %d", q, n)
		}
	}
	v := must(w.words.view(w.ctx))(t)
	defer v.End()
	var newest int64
	ok(t, w.read(w.ctx, func(q querier) (err error) { newest, err = maxChange(w.ctx, q); return err }))
	if st := v.State; st.Bodies.Change != newest || st.Headers.Change != newest || st.Old != nil {
		t.Errorf("the index is at %+v, the store at %d", st, newest)
	}
}

// TestFreshTextOfWhatWasNotStored: a transaction that was taken back leaves no text, for its number goes to another.
func TestFreshTextOfWhatWasNotStored(t *testing.T) {
	w := newWorld(t)
	defer w.fresh.want()()
	c := must(w.columnsOf(mail(1, "s", "taken back"), nil, 0))(t)
	var id ContentID
	sentinel := fmt.Errorf("taken back")
	err := w.write(w.ctx, func(tx *txn) (err error) {
		if id, err = tx.putContent(*c.content); err != nil {
			return err
		}
		return sentinel
	})
	if err == nil || id == 0 {
		t.Fatal(id, err)
	}
	if text, there := w.fresh.take(id); there {
		t.Errorf("kept %q", text)
	}
	ok(t, w.write(w.ctx, func(tx *txn) (err error) { id, err = tx.putContent(*c.content); return err }))
	if text, there := w.fresh.take(id); !there || text != "taken back\n" && text != "taken back" {
		t.Errorf("%q, %v", text, there)
	}
}
