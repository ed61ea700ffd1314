package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestSpoolTogether: many at once share commits, and each learns what came of its own.
func TestSpoolTogether(t *testing.T) {
	w := newWorld(t)
	letter := w.pull(w.inbox, 1, mail(1, "no draft", "x"))[0]
	first := w.request(0, bobAndEve)
	first.Key = "taken"
	taken := w.spool(first)

	var mu sync.Mutex
	ids := map[OutboxID]bool{}
	var all sync.WaitGroup
	for i := 1; i <= 300; i++ {
		all.Go(func() {
			r := w.request(i, bobAndEve)
			want := error(nil)
			switch i % 10 {
			case 3:
				r.Draft, want = letter, ErrState
			case 5:
				r.Key, want = "taken", ErrKeyConflict
			case 7:
				r.Key, r.Fingerprint = fmt.Sprint("pair ", i/20), "same" // two ask for one item
			}
			id, existed, err := w.Spool(w.ctx, r)
			if !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%d: %v, want %v", i, err, want)
			}
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if ids[id] != existed && i%10 != 7 || id == 0 {
				t.Errorf("%d got item %d, which existed: %v", i, id, existed)
			}
			ids[id] = true
		})
	}
	all.Wait()
	items := must(w.Items(w.ctx, true))(t)
	if want := 1 + 210 + 15; len(items) != want { // 30 requests of pairs make 15 items
		t.Errorf("%d items, want %d", len(items), want)
	}
	for _, it := range items {
		if it.ID != taken && !ids[it.ID] {
			t.Errorf("nobody was told of item %d", it.ID)
		}
		if len(it.Recipients) != 2 || len(must(w.ItemRaw(w.ctx, it.ID))(t)) == 0 {
			t.Errorf("half an item: %+v", it)
		}
	}
	if w.row(letter).Subject != "no draft" {
		t.Error("a letter was ended as a draft")
	}
}
