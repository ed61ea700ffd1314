package store

import (
	"errors"
	"slices"
	"testing"
)

// doubted is an item that may have arrived at bob and was deferred for eve.
func (w *world) doubted(n int) OutboxID {
	w.Helper()
	id := w.spool(w.request(n, bobAndEve))
	_, at := w.claim(id)
	ok(w, w.DotPending(w.ctx, at))
	w.end(at, Queued, MaybeAccepted, Deferred)
	return id
}

func (w *world) states(id OutboxID) (out []RecipientState) {
	w.Helper()
	for _, r := range w.item(id).Recipients {
		out = append(out, r.State)
	}
	return out
}

// TestRetryLeavesTheDoubtful: only Resolve offers those again who may have the message.
func TestRetryLeavesTheDoubtful(t *testing.T) {
	w := newWorld(t)
	id := w.doubted(1)
	ok(t, w.Retry(w.ctx, id))
	if s := w.states(id); !slices.Equal(s, []RecipientState{MaybeAccepted, Pending}) {
		t.Errorf("tried again for %v", s)
	}
	if it := w.item(id); !slices.Equal(it.InDoubt(), []string{"bob@example.net"}) {
		t.Errorf("in doubt: %v", it.InDoubt())
	}
	ok(t, w.Resolve(w.ctx, id, false, "asked"))
	if s := w.states(id); !slices.Equal(s, []RecipientState{Pending, Pending}) {
		t.Errorf("to be sent again for %v", s)
	}
	_, at := w.claim(id)
	w.end(at, Sent, Accepted, Accepted)
	if may := w.item(id).MayHave(); may != nil {
		t.Errorf("accepted, and yet in doubt: %v", may)
	}
}

func TestResolveWhatWaits(t *testing.T) {
	w := newWorld(t)
	waits, held, calm := w.doubted(1), w.doubted(2), w.spool(w.request(3, bobAndEve))
	ok(t, w.Hold(w.ctx, held))
	for id, state := range map[OutboxID]ItemState{waits: Queued, held: Held} {
		before := w.item(id).NextAttempt
		ok(t, w.Resolve(w.ctx, id, true, "asked"))
		if it := w.item(id); it.State != state || it.Recipients[0].Text != "asked" || !it.NextAttempt.Equal(before) || !slices.Equal(w.states(id), []RecipientState{Accepted, Deferred}) {
			t.Errorf("%+v", it)
		}
		if err := w.Resolve(w.ctx, id, true, "again"); !errors.Is(err, ErrState) {
			t.Errorf("settled twice: %v", err)
		}
	}
	if w.subjects(w.sent) != 2 {
		t.Error("it was sent, and is not in Sent")
	}
	if err := w.Resolve(w.ctx, calm, true, ""); !errors.Is(err, ErrState) {
		t.Errorf("settled what is not in doubt: %v", err)
	}
	again := w.doubted(4)
	ok(t, w.Hold(w.ctx, again))
	ok(t, w.Resolve(w.ctx, again, false, "asked"))
	if it := w.item(again); it.State != Held || len(it.InDoubt()) != 0 {
		t.Errorf("%+v", it)
	}
}

// TestSentNow: what was never tried is not tried again.
func TestSentNow(t *testing.T) {
	w := newWorld(t)
	id := w.spool(w.request(1, bobAndEve))
	ok(t, w.Retry(w.ctx, id))
	if s := must(w.Attempts(w.ctx, id))(t); len(s) != 1 || s[0].Outcome != "to be sent now, as asked for" {
		t.Errorf("story %+v", s)
	}
}

// TestEditOfTheDoubtful: no new message goes to somebody who may have this one, unless it was cancelled.
func TestEditOfTheDoubtful(t *testing.T) {
	w := newWorld(t)
	id := w.doubted(1)
	if _, err := w.Edit(w.ctx, id, without); !errors.Is(err, ErrState) || w.item(id).State != Queued {
		t.Errorf("edited: %v", err)
	}
	draft := must(w.Cancel(w.ctx, id, without))(t)
	if again := must(w.Edit(w.ctx, id, without))(t); again != draft {
		t.Errorf("draft %d, not %d", again, draft)
	}
}

// TestDoubtIsRemembered: what was lost once may have arrived, whatever was said since but yes.
func TestDoubtIsRemembered(t *testing.T) {
	w := newWorld(t)
	id, plain := w.spool(w.request(1, bobAndEve)), w.spool(w.request(2, bobAndEve))
	_, at := w.claim(id)
	ok(t, w.DotPending(w.ctx, at))
	ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Queued, Outcome: "lost", Recipients: []RecipientResult{
		{Addr: "bob@example.net", State: Deferred, Text: "sent again as the policy says"}, {Addr: "eve@example.net", State: Deferred, Code: 451}}}))
	_, at = w.claim(id)
	w.end(at, Failed, Refused, Refused)
	_, at = w.claim(plain)
	w.end(at, Queued, Deferred, Refused)
	if may := w.item(id).MayHave(); !slices.Equal(may, []string{"bob@example.net"}) {
		t.Errorf("%v may have it", may)
	}
	if may := w.item(plain).MayHave(); may != nil {
		t.Errorf("%v may have what was never handed over", may)
	}
	all := must(w.Items(w.ctx, true))(t)
	if !slices.Equal(all[0].MayHave(), []string{"bob@example.net"}) || all[1].MayHave() != nil {
		t.Errorf("%+v", all)
	}
}
