package store

import (
	"testing"
)

// TestIdleWishes: while all that an account wishes waits for another account's server that is not looked through with every
// change; whatever makes something possible is seen, also what an accepted message of the outbox releases.
func TestIdleWishes(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	var many [][]byte
	for i := range 50 {
		many = append(many, mail(i+1, "a", "x"))
	}
	ids := w.pull(w.inbox, 5, many...)
	must(w.Move(w.ctx, ids[2:], f.inbox))(t)
	idle := func(want bool) {
		t.Helper()
		if n := len(must(w.Replayable(w.ctx, w.acct))(t)); (n == 0) != want {
			t.Errorf("%d can be replayed", n)
		}
		var now bool
		ok(t, w.read(w.ctx, func(q querier) error {
			m, err := markWishes(w.ctx, q, w.acct)
			now = w.idle.still(w.acct, m)
			return err
		}))
		if now != want {
			t.Errorf("seen at a glance that nothing can be: %v", now)
		}
	}
	replay := func(f AccountID, n int) {
		t.Helper()
		for i, a := range must(w.PendingActions(w.ctx, f))(t)[:n] {
			ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID, UID: uint32(1 + i), UIDValidity: 7}}))
		}
	}
	idle(true)
	must(w.MarkFlags(w.ctx, must(w.allIn(f.inbox))(t), FlagChange{Add: Flagged}))(t) // nothing for this account's server
	idle(true)
	must(w.MarkFlags(w.ctx, ids[:1], FlagChange{Add: Flagged}))(t)
	idle(false)
	replay(w.acct, 1)
	idle(true)

	r := w.request(99, "bob@example.net")
	r.Answers, r.SaveSent = ids[1], false
	_, at := w.claim(w.spool(r))
	idle(true)
	w.end(at, Sent, Accepted)
	idle(false)
	replay(w.acct, 1)
	idle(true)

	replay(f.acct, 1)
	idle(false)
	replay(w.acct, 1)
	idle(true)
	must(w.Undo(w.ctx))(t)
	must(w.Undo(w.ctx))(t)
	must(w.Undo(w.ctx))(t)
	idle(false)
}

// allIn lists what is in a mailbox.
func (w *world) allIn(m MailboxID) ([]MessageID, error) {
	return w.messages(w.ctx, `SELECT id FROM message WHERE mailbox = ? AND state = 0`, m)
}
