package store

import (
	"errors"
	"testing"
)

// TestUncancel: what was cancelled is brought back as it was, and goes on as if nothing had been.
func TestUncancel(t *testing.T) {
	w := newWorld(t)
	orig := w.pull(w.inbox, 1, mail(7, "asked", "x"))[0]
	r := w.request(1, bobAndEve)
	r.SaveSent, r.Answers, r.NotBefore = true, orig, w.t.AddDate(0, 0, 1)
	id := w.spool(r)
	before := w.item(id)
	c := must(w.Withdraw(w.ctx, id, 0, without))(t)
	if w.item(id).State != Cancelled || w.subjects(w.drafts) != 1 || w.row(c.Draft).MailboxName != "Drafts" {
		t.Fatalf("%+v", w.item(id))
	}
	must(w.Undo(w.ctx))(t)
	after := w.item(id)
	if after.State != Queued || !after.NotBefore.Equal(before.NotBefore) || after.Waiting != before.Waiting || after.KeptDraft != 0 || w.subjects(w.drafts) != 0 || w.subjects(w.sent) != 0 {
		t.Errorf("%+v, %d drafts", after, w.subjects(w.drafts))
	}
	if _, err := w.Undo(w.ctx); !errors.Is(err, ErrNothing) {
		t.Errorf("brought back twice: %v", err)
	}
	ok(t, w.Retry(w.ctx, id))
	_, at := w.claim(id)
	w.end(at, Sent, Accepted, Accepted)
	if w.subjects(w.sent) != 1 || !w.row(orig).Flags.Has(Answered) {
		t.Errorf("%d in Sent, the message answered is %v", w.subjects(w.sent), w.row(orig).Flags)
	}
	w.check()
}

func TestUncancelOtherStates(t *testing.T) {
	w := newWorld(t)
	held, deferred, partial, unsure := w.spool(w.request(1, bobAndEve)), w.spool(w.request(2, bobAndEve)), w.spool(w.request(3, bobAndEve)), w.spool(w.request(4, bobAndEve))
	ok(t, w.Hold(w.ctx, held))
	_, at := w.claim(deferred)
	w.end(at, Queued, Accepted, Deferred)
	_, at = w.claim(partial)
	w.end(at, Partial, Accepted, Refused)
	_, at = w.claim(unsure)
	w.end(at, Uncertain, MaybeAccepted, MaybeAccepted)
	for _, id := range []OutboxID{held, deferred, partial, unsure} {
		before := w.item(id)
		must(w.Withdraw(w.ctx, id, 0, without))(t)
		must(w.Undo(w.ctx))(t)
		after := w.item(id)
		if after.State != before.State || after.Waiting != before.Waiting || after.Recipients[0].State != before.Recipients[0].State ||
			after.Recipients[1].State != before.Recipients[1].State || !after.NextAttempt.Equal(before.NextAttempt) || after.KeptDraft != 0 {
			t.Errorf("before %+v\nafter %+v", before, after)
		}
	}
	if w.subjects(w.drafts) != 0 {
		t.Errorf("%d drafts", w.subjects(w.drafts))
	}
	w.check()
}
