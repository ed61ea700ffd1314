package store

import (
	"testing"
	"time"
)

// TestRescueWithAMailboxUnseen: what was to be moved out of a mailbox that another client deleted may be in one that cannot be seen.
// It is waited for, but not for ever: a tombstone is kept for 30 days.
func TestRescueWithAMailboxUnseen(t *testing.T) {
	w := newWorld(t)
	list := shared("Lists", "Bad")
	must(w.SetMailboxes(w.ctx, w.acct, list))(t)
	lists, bad := must(w.FindMailbox(w.ctx, w.acct, "Lists"))(t).ID, must(w.FindMailbox(w.ctx, w.acct, "Bad"))(t).ID
	ids := w.pull(lists, 1, mail(1, "a", "x"))
	must(w.Move(w.ctx, ids, w.inbox))(t)
	without := list[:0:0]
	for _, m := range list {
		if m.Name != "Lists" {
			without = append(without, m)
		}
	}
	must(w.SetMailboxes(w.ctx, w.acct, without))(t)
	ok(t, w.RescueMoved(w.ctx, w.acct, []MailboxID{bad}))
	w.expect("")
	w.t = w.t.Add(rescuePatience + time.Minute)
	ok(t, w.RescueMoved(w.ctx, w.acct, []MailboxID{bad}))
	w.expect("append INBOX []")
}

// TestSeenSince: each mailbox has its own, and one that is new has what there was when it came.
func TestSeenSince(t *testing.T) {
	w := newWorld(t)
	w.pull(w.inbox, 1, mail(1, "a", "x"))
	last := must(w.LastMessage(w.ctx))(t)
	if got := must(w.SeenSince(w.ctx, w.acct, last))(t); got[w.inbox] != last || got[w.trash] != last {
		t.Errorf("at first %v, the last is %d", got, last)
	}
	w.pull(w.inbox, 2, mail(2, "b", "x"))
	next := must(w.LastMessage(w.ctx))(t)
	ok(t, w.Seen(w.ctx, []MailboxID{w.inbox}, next))
	if got := must(w.SeenSince(w.ctx, w.acct, next))(t); got[w.inbox] != next || got[w.trash] != last {
		t.Errorf("then %v, not %d and %d", got, next, last)
	}
}
