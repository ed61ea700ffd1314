package store

import "testing"

// TestDraftMovedWhileItIsWritten: who goes on writing a draft knows it by its id of before; saved, sent or thrown away, it is
// not left in the account that it was moved to meanwhile.
func TestDraftMovedWhileItIsWritten(t *testing.T) {
	w := newWorld(t)
	f, g := newFar(w, "home"), newFar(w, "club")
	moved := func() MessageID {
		t.Helper()
		d := must(w.SaveDraft(w.ctx, w.acct, mail(1, "draft", "x"), 0))(t)
		must(w.Move(w.ctx, []MessageID{d}, f.archive))(t)
		must(w.Move(w.ctx, []MessageID{must(w.MovedOn(w.ctx, d))(t)}, g.archive))(t)
		w.expectWhere("draft in club Archive [seen draft]")
		return d
	}
	d := moved()
	now := must(w.SaveDraft(w.ctx, w.acct, mail(2, "whole", "x"), d))(t)
	w.expectWhere("whole in work Drafts [seen draft]")
	ok(t, w.dropDraft(now))
	ok(t, w.dropDraft(moved()))
	w.expectWhere("")
	f.expect("")
	g.expect("")

	r := w.request(3, "bob@example.net")
	r.Draft = moved()
	_, at := w.claim(w.spool(r))
	w.end(at, Sent, Accepted)
	w.expectWhere("hi in work Sent [seen]")
}

// TestKeptDraftIsMoved: the text of an item given up is found from the item also in another account, and ends with its sending.
func TestKeptDraftIsMoved(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	id := w.spool(w.request(1, "bob@example.net"))
	draft := must(w.Cancel(w.ctx, id, without))(t)
	must(w.Move(w.ctx, []MessageID{draft}, f.archive))(t)
	if got, want := w.item(id).KeptDraft, must(w.MovedOn(w.ctx, draft))(t); got != want || got == draft {
		t.Errorf("the item's draft is %d, not %d", got, want)
	}
	must(w.Undo(w.ctx))(t)
	if got := w.item(id).KeptDraft; got != draft {
		t.Errorf("the item's draft is %d, not %d", got, draft)
	}
}

// dropDraft ends a draft as its sending does.
func (w *world) dropDraft(id MessageID) error {
	return w.write(w.ctx, func(t *txn) error {
		grp, err := t.newGroup("draft", false)
		if err != nil {
			return err
		}
		return t.endDraft(id, grp)
	})
}
