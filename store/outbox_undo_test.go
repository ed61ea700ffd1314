package store

import (
	"errors"
	"testing"
)

// TestUndoCancel: Undo brings back what was cancelled in its turn among other wishes, after a restart too, and Redo takes
// it out again.
func TestUndoCancel(t *testing.T) {
	w := newWorld(t)
	orig := w.pull(w.inbox, 1, mail(7, "asked", "x"))[0]
	r := w.request(1, bobAndEve)
	r.Answers = orig
	id, held := w.spool(r), w.spool(w.request(2, bobAndEve))
	ok(t, w.Hold(w.ctx, held))
	first := must(w.Withdraw(w.ctx, id, 0, without))(t)
	if c := must(w.Withdraw(w.ctx, held, first.Group, without))(t); c.Group != first.Group {
		t.Fatalf("groups %d and %d", first.Group, c.Group)
	}
	must(w.MarkFlags(w.ctx, []MessageID{orig}, FlagChange{Add: Flagged}))(t)
	w.reopen()
	if said := must(w.Undo(w.ctx))(t); said != "flags of 1 message restored" || w.item(id).State != Cancelled {
		t.Fatalf("%q, %s", said, w.item(id).State)
	}
	back := "item 1 is back in the outbox, as it was: hi, item 2 is back in the outbox, as it was: hi"
	for range 2 {
		said := must(w.Undo(w.ctx))(t)
		if said != back || w.item(id).State != Queued || w.item(held).State != Held || w.item(id).KeptDraft != 0 || w.subjects(w.drafts) != 0 {
			t.Fatalf("%q, %+v", said, w.item(id))
		}
		w.reopen()
		must(w.Redo(w.ctx))(t)
		if a, b := w.item(id), w.item(held); a.State != Cancelled || b.State != Cancelled || a.KeptDraft != first.Draft || w.subjects(w.drafts) != 2 {
			t.Fatalf("%+v\n%+v", a, b)
		}
		w.check()
	}
	must(w.Undo(w.ctx))(t)
	if _, err := w.Undo(w.ctx); !errors.Is(err, ErrNothing) {
		t.Errorf("once more: %v", err)
	}
	_, at := w.claim(id)
	w.end(at, Sent, Accepted, Accepted)
	if w.subjects(w.sent) != 1 || !w.row(orig).Flags.Has(Answered) {
		t.Errorf("%d in Sent, the message answered is %v", w.subjects(w.sent), w.row(orig).Flags)
	}
	said := must(w.Redo(w.ctx))(t)
	if said != "item 2 cancelled again: hi, item 1 is sent and no more as it was brought back" || w.item(id).State != Sent {
		t.Errorf("%q, %s", said, w.item(id).State)
	}
	w.check()
}

// TestUndoCancelRefuses: an item does not come back beside its text, and is not taken out again once it was tried.
func TestUndoCancelRefuses(t *testing.T) {
	for what, do := range map[string]func(w *world, id OutboxID, c Withdrawn){
		"written on": func(w *world, _ OutboxID, c Withdrawn) {
			must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: other\r\n\r\nx"), c.Draft))(w)
		},
		"deleted": func(w *world, _ OutboxID, c Withdrawn) { ok(w, w.dropDraft(c.Draft)) },
		"edited":  func(w *world, id OutboxID, _ Withdrawn) { must(w.Edit(w.ctx, id, without))(w) },
		"sent": func(w *world, _ OutboxID, c Withdrawn) {
			r := w.request(9, bobAndEve)
			r.Draft = c.Draft
			w.spool(r)
		},
	} {
		w := newWorld(t)
		id := w.spool(w.request(1, bobAndEve))
		c := must(w.Withdraw(w.ctx, id, 0, without))(t)
		do(w, id, c)
		before := w.item(id).State
		if said, err := w.Undo(w.ctx); !errors.Is(err, ErrState) && !errors.Is(err, ErrNothing) || w.item(id).State != before {
			t.Errorf("%s: %q, %v, %s", what, said, err, w.item(id).State)
		}
	}
	w := newWorld(t)
	id := w.spool(w.request(1, bobAndEve))
	c := must(w.Withdraw(w.ctx, id, 0, without))(t)
	if _, err := w.Undo(w.ctx, c.Draft); !errors.Is(err, ErrState) || w.item(id).State != Cancelled {
		t.Errorf("while it is written on: %v, %s", err, w.item(id).State)
	}
	must(w.Undo(w.ctx))(t)
	_, at := w.claim(id)
	w.end(at, Queued, Accepted, Deferred)
	if _, err := w.Redo(w.ctx); !errors.Is(err, ErrState) || w.item(id).State != Queued {
		t.Errorf("cancelled again after an attempt: %v, %s", err, w.item(id).State)
	}
	w.check()
}

// TestSentBesideItsItem: who has the draft open while its item is brought back does not send it a second time.
func TestSentBesideItsItem(t *testing.T) {
	w := newWorld(t)
	id := w.spool(w.request(1, bobAndEve))
	c := must(w.Withdraw(w.ctx, id, 0, without))(t)
	r := w.request(9, bobAndEve)
	r.Draft = c.Draft
	refused := func(when string) {
		t.Helper()
		if _, _, err := w.Spool(w.ctx, r); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", when, err)
		}
	}
	must(w.Undo(w.ctx))(t)
	refused("it is queued")
	must(w.Redo(w.ctx))(t)
	must(w.Undo(w.ctx))(t)
	_, at := w.claim(id)
	w.end(at, Sent, Accepted, Accepted)
	refused("it is sent")

	id = w.spool(w.request(2, bobAndEve))
	c = must(w.Withdraw(w.ctx, id, 0, without))(t)
	must(w.Undo(w.ctx))(t)
	must(w.Redo(w.ctx))(t)
	r.Draft = c.Draft
	w.spool(r) // cancelled for good: the draft is what is sent
	if _, err := w.Undo(w.ctx); !errors.Is(err, ErrState) || w.item(id).State != Cancelled {
		t.Errorf("brought back beside its text: %v", err)
	}
	w.check()
}

// TestUncancelKeepsWaiting: what is said of an item that comes back is what is so then, not what was so when it went.
func TestUncancelKeepsWaiting(t *testing.T) {
	w := newWorld(t)
	r := w.request(1, bobAndEve)
	r.NotBefore = w.t.AddDate(0, 0, 1)
	id := w.spool(r)
	must(w.Withdraw(w.ctx, id, 0, without))(t)
	must(w.Undo(w.ctx))(t)
	w.t = w.t.AddDate(0, 0, 2)
	if it := w.item(id); it.Waiting != "" {
		t.Errorf("waits for %q", it.Waiting)
	}
}

// reopen goes on with another opening of the store, as after a restart.
func (w *world) reopen() {
	w.Helper()
	before := w.Store
	w.Cleanup(func() { w.Store = before })
	w.Store = open(w, w.Dir(), w.clock)
}

// TestUndoneCancelWaitsForNothing: an item that waited for a login when it was cancelled does not hold up the others when it comes back.
func TestUndoneCancelWaitsForNothing(t *testing.T) {
	w := newWorld(t)
	id := w.spool(w.request(1, "bob@example.net"))
	_, at := w.claim(0)
	ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Queued, NoAttempt: true, Waiting: "login"}))
	if got := w.item(id).Waiting; got != "login" {
		t.Fatalf("it waits for %q", got)
	}
	must(w.Withdraw(w.ctx, id, 0, nil))(t)
	ok(t, w.LoginWorks(w.ctx, w.acct))
	must(w.Undo(w.ctx))(t)
	if it := w.item(id); it.State != Queued || it.Waiting != "" {
		t.Errorf("it is %s and waits for %q", it.State, it.Waiting)
	}
}

// TestDraftOfAnotherAccountEnds: a draft ends in the transaction that spools it, also for another account.
func TestDraftOfAnotherAccountEnds(t *testing.T) {
	w := newWorld(t)
	c := must(w.Withdraw(w.ctx, w.spool(w.request(1, "bob@example.net")), 0, nil))(t)
	r := w.request(2, "bob@example.net")
	r.Account, r.Draft = must(w.EnsureAccount(w.ctx, "other"))(t), c.Draft
	must(w.Undo(w.ctx))(t)
	if _, _, err := w.Spool(w.ctx, r); !errors.Is(err, ErrState) {
		t.Errorf("what went back into the outbox can be sent beside it: %v", err)
	}
	must(w.Redo(w.ctx))(t)
	r.Draft = w.item(c.Item).KeptDraft
	_, _, err := w.Spool(w.ctx, r)
	ok(t, err)
	if _, err := w.Row(w.ctx, r.Draft); !errors.Is(err, ErrNotFound) {
		t.Errorf("the draft is still there: %v", err)
	}
}
