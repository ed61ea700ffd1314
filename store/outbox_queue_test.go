package store

import (
	"testing"
	"time"
)

// TestHasten: what waits because a connection failed is due at once; what a server
// deferred, a person timed or holds is not.
func TestHasten(t *testing.T) {
	w := newWorld(t)
	end := func(id OutboxID, r AttemptResult) {
		_, at := w.claim(id)
		r.Attempt, r.State, r.NextAttempt = at, Queued, w.t.Add(time.Hour)
		ok(t, w.EndAttempt(w.ctx, r))
	}
	broke, deferred, timed := w.spool(w.request(1, bobAndEve)), w.spool(w.request(2, bobAndEve)), w.request(3, bobAndEve)
	timed.NotBefore = w.t.Add(2 * time.Hour)
	later := w.spool(timed)
	end(broke, AttemptResult{Waiting: "retry", LastError: "closed"})
	end(deferred, AttemptResult{Waiting: "retry", Recipients: []RecipientResult{{Addr: "eve@example.net", State: Deferred, Code: 450}}})
	before := must(w.QueueMark(w.ctx, w.acct))(t)
	ok(t, w.Hasten(w.ctx, w.acct))
	if after := must(w.QueueMark(w.ctx, w.acct))(t); after == before {
		t.Error("the mark of the queue stayed although an item is due at another time")
	}
	it, at := w.claim(0)
	if it.ID != broke {
		t.Errorf("claimed %d", it.ID)
	}
	if got := w.item(deferred).NextAttempt; !got.Equal(w.t.Add(time.Hour)) {
		t.Errorf("the server said later, and it is due at %v", got)
	}
	if got := must(w.NextDue(w.ctx, w.acct))(t); !got.Equal(w.t) { // whoever is sending may have died
		t.Errorf("next due %v while an item is being sent", got)
	}
	ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Sent, Recipients: []RecipientResult{{Addr: "bob@example.net", State: Accepted}, {Addr: "eve@example.net", State: Accepted}}}))
	if got := must(w.NextDue(w.ctx, w.acct))(t); !got.Equal(w.t.Add(time.Hour)) {
		t.Errorf("next due %v, and item %d not before %v", got, later, timed.NotBefore)
	}
}

func TestQueueMark(t *testing.T) {
	w := newWorld(t)
	last := must(w.QueueMark(w.ctx, w.acct))(t)
	changes := func(what string, want bool) {
		t.Helper()
		now := must(w.QueueMark(w.ctx, w.acct))(t)
		if (now != last) != want {
			t.Errorf("%s: %q became %q", what, last, now)
		}
		last = now
	}
	id := w.spool(w.request(1, bobAndEve))
	changes("spooled", true)
	created := w.t
	w.t = w.t.Add(time.Minute)
	_, at := w.claim(id)
	ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Queued, NoAttempt: true, NextAttempt: created, Waiting: "network"}))
	changes("not connected", false)
	ok(t, w.Retry(w.ctx, id))
	changes("retried", true)
	ok(t, w.SetWaiting(w.ctx, w.acct, "answer", "copied"))
	changes("held back", true)
	ok(t, w.Confirm(w.ctx))
	changes("confirmed", true)
	ok(t, w.SetWaiting(w.ctx, w.acct, "login", "535"))
	if refused := must(w.LoginRefused(w.ctx, w.acct))(t); !refused {
		t.Error("nobody waits for a login")
	}
	ok(t, w.LoginWorks(w.ctx, w.acct))
	changes("logged in", false)
	if refused := must(w.LoginRefused(w.ctx, w.acct))(t); refused {
		t.Error("it waits for a login that works")
	}
	ok(t, w.SetWaiting(w.ctx, w.acct, "login", "535"))
	ok(t, w.Hold(w.ctx, id))
	changes("held", true)
	if refused := must(w.LoginRefused(w.ctx, w.acct))(t); refused {
		t.Error("a held item waits for a login")
	}
}
