package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// without is a stand-in for the composer's rewriting: it notes who has the message.
func without(raw []byte, got []string) []byte {
	return append([]byte("X-Got: "+strings.Join(got, " ")+"\r\n"), raw...)
}

func TestEditTakesBack(t *testing.T) {
	w := newWorld(t)
	edit := func(id OutboxID) (MessageID, error) { return w.Edit(w.ctx, id, without) }
	queued, held := w.spool(w.request(1, bobAndEve)), w.spool(w.request(2, bobAndEve))
	ok(t, w.Hold(w.ctx, held))
	for _, id := range []OutboxID{queued, held} {
		draft := must(edit(id))(t)
		if it := w.item(id); it.State != Cancelled || it.KeptDraft != draft || w.row(draft).MailboxName != "Drafts" {
			t.Errorf("item %+v, draft %d", it, draft)
		}
		if again := must(edit(id))(t); again != draft {
			t.Errorf("a second draft %d beside %d", again, draft)
		}
		next := must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: written on\r\n\r\nx"), draft))(t)
		if again := must(edit(id))(t); again != next {
			t.Errorf("draft %d, not the one written on %d", again, next)
		}
		ok(t, w.dropDraft(next))
		if w.item(id).KeptDraft != 0 {
			t.Error("a draft that is gone")
		}
		if again := must(edit(id))(t); again == next || again == 0 || !bytes.Contains(must(w.Raw(w.ctx, again))(t), []byte("Bcc: eve")) {
			t.Errorf("draft %d after %d was deleted", again, next)
		}
	}
	if w.subjects(w.drafts) != 2 {
		t.Errorf("%d drafts", w.subjects(w.drafts))
	}
}

func TestEditOfWhatSomeHave(t *testing.T) {
	w := newWorld(t)
	partial, deferred := w.spool(w.request(1, bobAndEve)), w.spool(w.request(2, bobAndEve))
	_, at := w.claim(partial)
	w.end(at, Partial, Accepted, Refused)
	_, at = w.claim(deferred)
	w.end(at, Queued, Accepted, Deferred)
	for id, state := range map[OutboxID]ItemState{partial: Partial, deferred: Cancelled} {
		draft := must(w.Edit(w.ctx, id, without))(t)
		if raw := must(w.Raw(w.ctx, draft))(t); !bytes.HasPrefix(raw, []byte("X-Got: bob@example.net\r\n")) {
			t.Errorf("the draft goes to all again: %q", raw)
		}
		if it := w.item(id); it.State != state || it.KeptDraft != draft || it.Recipients[0].State != Accepted {
			t.Errorf("item %+v", it)
		}
	}
	if w.subjects(w.sent) != 2 {
		t.Error("what was sent is not in Sent any more")
	}
}

func TestEditRefuses(t *testing.T) {
	w := newWorld(t)
	sending, sent, unsure := w.spool(w.request(1, bobAndEve)), w.spool(w.request(2, bobAndEve)), w.spool(w.request(3, bobAndEve))
	_, at := w.claim(sent)
	w.end(at, Sent, Accepted, Accepted)
	_, at = w.claim(unsure)
	w.end(at, Uncertain, MaybeAccepted, Accepted)
	w.claim(sending)
	for _, id := range []OutboxID{sending, sent, unsure} {
		before := w.item(id).State
		if d, err := w.Edit(w.ctx, id, without); !errors.Is(err, ErrState) || d != 0 || w.item(id).State != before {
			t.Errorf("edit of an item %s: %d %v", before, d, err)
		}
	}
	if _, err := w.Edit(w.ctx, 99, without); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// TestKeptDraft: an item given up has its text as a draft already.
func TestKeptDraft(t *testing.T) {
	w := newWorld(t)
	for _, take := range []func(OutboxID) (MessageID, error){
		func(id OutboxID) (MessageID, error) { return w.Cancel(w.ctx, id, nil) },
		func(id OutboxID) (MessageID, error) { return w.Edit(w.ctx, id, without) },
	} {
		id := w.spool(w.request(1, bobAndEve))
		kept := must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: kept\r\n\r\nx"), 0))(t)
		_, at := w.claim(id)
		w.end(at, Failed, Refused, Refused)
		ok(t, w.write(w.ctx, func(t *txn) error { return t.run(`UPDATE outbox SET draft = ? WHERE id = ?`, kept, id) }))
		if got := must(take(id))(t); got != kept || w.item(id).State != Cancelled {
			t.Errorf("draft %d, not %d; %s", got, kept, w.item(id).State)
		}
	}
}

// TestSentAnew: once the draft kept of a failed item is sent, nobody tries the item again.
func TestSentAnew(t *testing.T) {
	w := newWorld(t)
	id := w.spool(w.request(1, bobAndEve))
	_, at := w.claim(id)
	ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Failed, Outcome: "given up", KeepDraft: true}))
	kept := w.item(id).KeptDraft
	if kept == 0 || w.item(id).State != Failed {
		t.Fatalf("item %+v", w.item(id))
	}
	kept = must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: written on\r\n\r\nx"), kept))(t)
	r := w.request(2, bobAndEve)
	r.Draft = kept
	next := w.spool(r)
	story := must(w.Attempts(w.ctx, id))(t)
	if it := w.item(id); it.State != Cancelled || it.KeptDraft != 0 || story[len(story)-1].Outcome != fmt.Sprintf("its text is sent anew as message %d", next) {
		t.Errorf("item %+v, story %+v", it, story)
	}
	if err := w.Retry(w.ctx, id); !errors.Is(err, ErrState) {
		t.Errorf("tried again: %v", err)
	}
}

// TestRetryKeepsWhatWasWrittenOn: the draft of an item given up ends when the item is tried again,
// but not with what somebody has written into it.
func TestRetryKeepsWhatWasWrittenOn(t *testing.T) {
	w := newWorld(t)
	for _, touched := range []bool{false, true} {
		id := w.spool(w.request(1, bobAndEve))
		_, at := w.claim(id)
		ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Failed, Outcome: "given up", KeepDraft: true}))
		if touched {
			must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: written on\r\n\r\nx"), w.item(id).KeptDraft))(t)
		}
		ok(t, w.Retry(w.ctx, id))
		if n := w.subjects(w.drafts); (n == 1) != touched || w.item(id).KeptDraft != 0 {
			t.Errorf("written on: %v; %d drafts, item %+v", touched, n, w.item(id))
		}
	}
}

// TestResentLeavesNoDraft: it is somebody else's message.
func TestResentLeavesNoDraft(t *testing.T) {
	w := newWorld(t)
	r := w.request(1, bobAndEve)
	r.MessageID, r.Copy, r.SaveSent = "<again@x>", nil, false
	r.Wire = slices.Concat([]byte("Resent-Message-ID: <again@x>\r\n"), r.Wire)
	id := w.spool(r)
	if _, err := w.Edit(w.ctx, id, without); !errors.Is(err, ErrState) || w.item(id).State != Queued {
		t.Errorf("edit: %v", err)
	}
	if draft, err := w.Cancel(w.ctx, id, nil); err != nil || draft != 0 || w.item(id).State != Cancelled || w.subjects(w.drafts) != 0 {
		t.Errorf("cancel: %d %v", draft, err)
	}
}

func TestRequireTLSIsKept(t *testing.T) {
	w := newWorld(t)
	r := w.request(1, bobAndEve)
	r.RequireTLS = true
	a, b := w.spool(r), w.spool(w.request(2, bobAndEve))
	if !w.item(a).RequireTLS || w.item(b).RequireTLS {
		t.Error("RequireTLS is not kept")
	}
}

// TestKeptDraftOfSome: given up for some, an item leaves a draft for those; tried again, or sent anew from it, the
// item does not send it twice.
func TestKeptDraftOfSome(t *testing.T) {
	w := newWorld(t)
	give := func(n int) OutboxID {
		id := w.spool(w.request(n, bobAndEve))
		_, at := w.claim(id)
		w.end(at, Queued, Accepted, Deferred)
		_, at = w.claim(id)
		ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Partial, Waiting: "answer", Outcome: "given up", KeepDraft: true, Rewrite: without,
			Recipients: []RecipientResult{{Addr: "eve@example.net", State: Refused, Code: 450, Text: "given up: later"}}}))
		raw := must(w.Raw(w.ctx, w.item(id).KeptDraft))(t)
		if !bytes.HasPrefix(raw, []byte("X-Got: bob@example.net\r\n")) || !bytes.Contains(raw, []byte("Bcc: eve")) {
			t.Fatalf("the draft is %q", raw)
		}
		return id
	}
	for n, touched := range []bool{false, true} {
		id := give(n)
		if touched {
			must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: written on\r\n\r\nx"), w.item(id).KeptDraft))(t)
		}
		ok(t, w.Retry(w.ctx, id))
		if n := w.subjects(w.drafts); (n == 1) != touched || w.item(id).KeptDraft != 0 {
			t.Errorf("written on: %v; %d drafts, item %+v", touched, n, w.item(id))
		}
	}
	id := give(3)
	r := w.request(4, bobAndEve)
	r.Draft = w.item(id).KeptDraft
	w.spool(r)
	if it := w.item(id); it.State != Partial || it.Waiting != "" {
		t.Errorf("sent anew, and yet it waits for an answer: %+v", it)
	}
}
