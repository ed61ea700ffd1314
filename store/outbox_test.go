package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const bobAndEve = "bob@example.net eve@example.net"

// request is a message to send.
func (w *world) request(n int, to string) SpoolRequest {
	wire := fmt.Appendf(nil, "From: Ada <ada@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: hi\r\nMessage-ID: <o%d@x>\r\n\r\nbody\r\n", n)
	return SpoolRequest{
		Account: w.acct, Sender: "ada@example.org", Recipients: strings.Fields(to), Wire: wire,
		Copy:      append([]byte("Bcc: eve@example.net\r\n"), wire...),
		MessageID: fmt.Sprintf("<o%d@x>", n), Subject: "hi", Date: w.t, Policy: PolicyAsk, SaveSent: true,
	}
}

func (w *world) spool(r SpoolRequest) OutboxID {
	w.Helper()
	id, _, err := w.Spool(w.ctx, r)
	ok(w, err)
	return id
}

func (w *world) item(id OutboxID) Item {
	w.Helper()
	return must(w.Item(w.ctx, id))(w)
}

// claim must succeed.
func (w *world) claim(id OutboxID) (Item, AttemptID) {
	w.Helper()
	c, err := w.Claim(w.ctx, w.acct, id, "smtp.example.org")
	if err != nil || c == nil {
		w.Fatalf("claim %d: %v %v", id, c, err)
	}
	return c.Item, c.Attempt
}

// end ends an attempt with one state for each recipient.
func (w *world) end(at AttemptID, state ItemState, states ...RecipientState) {
	w.Helper()
	r := AttemptResult{Attempt: at, State: state, Outcome: "tried"}
	for i, s := range states {
		r.Recipients = append(r.Recipients, RecipientResult{Addr: strings.Fields(bobAndEve)[i], State: s, Code: 250, Text: "ok"})
	}
	ok(w, w.EndAttempt(w.ctx, r))
}

func (w *world) subjects(box MailboxID) int {
	w.Helper()
	n := must(w.Count(w.ctx, ListQuery{Mailbox: box}))(w)
	if rows := must(w.List(w.ctx, ListQuery{Mailbox: box}))(w); len(rows) != n {
		w.Errorf("%d rows, count %d", len(rows), n)
	}
	return n
}

func TestNothingIsSentBeforeItIs(t *testing.T) {
	w := newWorld(t)
	in := w.pull(w.inbox, 1, mail(1, "question", "?"), mail(2, "news", "!"))
	draft := must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: hi\r\n\r\nbody"), 0))(t)
	r := w.request(1, bobAndEve)
	r.Draft, r.Answers, r.Forwards = draft, in[0], in[1]
	id := w.spool(r)
	if w.subjects(w.sent) != 0 || w.subjects(w.drafts) != 0 || w.row(in[0]).Flags != 0 {
		t.Error("an unsent message shows as sent")
	}
	if all := must(w.Count(w.ctx, ListQuery{Query: "body"}))(t); all != 0 {
		t.Errorf("a search finds %d copies of an unsent message", all)
	}
	w.expect("")
	it := w.item(id)
	if it.State != Queued || len(it.Recipients) != 2 || it.Size != int64(len(r.Wire)) || it.Waiting != "" || it.AccountName != "work" {
		t.Errorf("item %+v", it)
	}
	if !bytes.Equal(must(w.ItemRaw(w.ctx, id))(t), r.Wire) || !bytes.Equal(must(w.ItemCopy(w.ctx, id))(t), r.Copy) {
		t.Error("bytes differ")
	}
	_, at := w.claim(0)
	if again, err := w.Claim(w.ctx, w.acct, 0, "h"); again != nil || err != nil {
		t.Errorf("claimed twice: %v", err)
	}
	ok(t, w.DotPending(w.ctx, at))
	w.end(at, Sent, Accepted, Accepted)
	if w.subjects(w.sent) != 1 || w.row(in[0]).Flags != Answered || w.row(in[1]).Flags != Forwarded {
		t.Error("a sent message does not show as sent")
	}
	w.expect("flags INBOX:1 +[answered] -[]; flags INBOX:2 +[forwarded] -[]; append Sent [seen]")
	sent := must(w.List(w.ctx, ListQuery{Mailbox: w.sent}))(t)
	if !bytes.Equal(must(w.Raw(w.ctx, sent[0].ID))(t), r.Copy) {
		t.Error("the Sent copy is not the one with Bcc")
	}
	if _, err := w.Undo(w.ctx); !errors.Is(err, ErrNothing) {
		t.Errorf("undo of a sending: %v", err)
	}
	if l := must(w.Items(w.ctx, false))(t); len(l) != 0 {
		t.Errorf("not done: %+v", l)
	}
	if l := must(w.Items(w.ctx, true))(t); len(l) != 1 || l[0].State != Sent || l[0].Attempts != 1 || l[0].Recipients[1].Attempts != 1 {
		t.Errorf("all: %+v", l)
	}
	story := must(w.Attempts(w.ctx, id))(t)
	if len(story) != 1 || !story[0].DotPending || story[0].Ended.IsZero() || story[0].Outcome != "tried" || story[0].Host != "smtp.example.org" {
		t.Errorf("story %+v", story)
	}
	if l := must(w.AttemptLedger(w.ctx, at))(t); len(l) != 2 || l[1].Addr != "eve@example.net" || l[1].State != Accepted {
		t.Errorf("ledger %+v", l)
	}
	if err := w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Queued}); !errors.Is(err, ErrState) {
		t.Errorf("ended twice: %v", err)
	}
}

func TestServerFiledItsOwnCopy(t *testing.T) {
	w := newWorld(t)
	id := w.spool(w.request(1, bobAndEve))
	_, at := w.claim(id)
	own, added, err := w.AddRemote(w.ctx, w.sent, []Incoming{{UID: 1, Raw: w.request(1, "").Wire}})
	ok(t, err)
	w.end(at, Sent, Accepted, Accepted)
	if rows := must(w.List(w.ctx, ListQuery{Mailbox: w.sent}))(t); len(rows) != 1 || rows[0].ID != own[0] || added != 1 {
		t.Errorf("sent %+v", rows)
	}
	w.expect("")
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	r := w.request(1, bobAndEve)
	r.Key, r.Fingerprint = "job 7", "f"
	id := w.spool(r)
	r2 := w.request(2, bobAndEve)
	r2.Key, r2.Fingerprint = "job 7", "f"
	again, existed, err := w.Spool(w.ctx, r2)
	if err != nil || !existed || again != id {
		t.Errorf("%d %v %v", again, existed, err)
	}
	r2.Fingerprint = ""
	if again, _, err := w.Spool(w.ctx, r2); !errors.Is(err, ErrKeyConflict) || again != id {
		t.Errorf("%d %v", again, err)
	}
	if l := must(w.Items(w.ctx, true))(t); len(l) != 1 || l[0].Key != "job 7" {
		t.Errorf("items %+v", l)
	}
	if _, _, err := w.Spool(w.ctx, SpoolRequest{Account: w.acct, Wire: []byte("x")}); !errors.Is(err, ErrState) {
		t.Errorf("nobody to send to: %v", err)
	}
}

func TestDueAndWaiting(t *testing.T) {
	w := newWorld(t)
	later := w.request(1, bobAndEve)
	later.NotBefore = w.t.Add(time.Hour)
	held := w.request(2, bobAndEve)
	held.Held = true
	a, b, c := w.spool(later), w.spool(held), w.spool(w.request(3, bobAndEve))
	if got := w.item(a).Waiting; got != "time" {
		t.Errorf("waits for %q", got)
	}
	if got := must(w.NextDue(w.ctx, w.acct))(t); !got.Equal(w.t) {
		t.Errorf("next due %v", got)
	}
	it, at := w.claim(0)
	if it.ID != c {
		t.Errorf("claimed %d", it.ID)
	}
	ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Queued, NextAttempt: w.t.Add(5 * time.Minute), Waiting: "retry", LastError: "450 later",
		Recipients: []RecipientResult{{Addr: "bob@example.net", State: Accepted}, {Addr: "eve@example.net", State: Deferred, Code: 450}}}))
	it = w.item(c)
	if it.Waiting != "retry" || it.Attempts != 1 || !it.FirstDeferral.Equal(w.t) || it.Recipients[0].State != Accepted || it.Recipients[1].State != Deferred {
		t.Errorf("item %+v", it)
	}
	if w.subjects(w.sent) != 1 {
		t.Error("accepted for one, but not in Sent")
	}
	if found, _ := w.Claim(w.ctx, w.acct, 0, ""); found != nil {
		t.Error("claimed what is not due")
	}
	if got := must(w.NextDue(w.ctx, w.acct))(t); !got.Equal(w.t.Add(5 * time.Minute)) {
		t.Errorf("next due %v", got)
	}
	w.t = w.t.Add(2 * time.Hour)
	ok(t, w.SetWaiting(w.ctx, w.acct, "network", "no route"))
	if x, y := w.item(a), w.item(b); x.Waiting != "network" || x.LastError != "no route" || x.Attempts != 0 || y.Waiting != "" || y.State != Held {
		t.Errorf("items %+v %+v", x, y)
	}
	if it, _ := w.claim(0); it.ID != c { // due the longest
		t.Errorf("claimed %d", it.ID)
	}
	if n := must(w.OutboxCounts(w.ctx))(t); n[Sending] != 1 || n[Held] != 1 || n[Queued] != 1 {
		t.Errorf("counts %v", n)
	}
}

func TestNoAttemptIsNotCounted(t *testing.T) {
	w := newWorld(t)
	id := w.spool(w.request(1, bobAndEve))
	_, at := w.claim(id)
	ok(t, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Queued, NoAttempt: true, Waiting: "login", LastError: "535", Outcome: "not connected"}))
	if it := w.item(id); it.Attempts != 0 || it.Waiting != "login" || !it.FirstDeferral.IsZero() {
		t.Errorf("item %+v", it)
	}
	w.claim(0) // due still
}

func TestOrphansAndUncertain(t *testing.T) {
	w := newWorld(t)
	a, b := w.spool(w.request(1, bobAndEve)), w.spool(w.request(2, bobAndEve))
	_, at1 := w.claim(a)
	_, at2 := w.claim(b)
	ok(t, w.DotPending(w.ctx, at2))
	o := must(w.Orphans(w.ctx, w.acct))(t)
	if len(o) != 2 || o[0].ID != at1 || o[0].DotPending || !o[1].DotPending || o[1].Item != b {
		t.Errorf("orphans %+v", o)
	}
	w.end(at1, Uncertain, MaybeAccepted, Refused)
	w.end(at2, Uncertain, MaybeAccepted, MaybeAccepted)
	if l := must(w.UncertainItems(w.ctx, w.acct))(t); len(l) != 2 || l[0].Waiting != "answer" {
		t.Errorf("uncertain %+v", l)
	}
	if w.subjects(w.sent) != 0 {
		t.Error("uncertain, but in Sent")
	}
	ok(t, w.Resolve(w.ctx, a, true, "found in Sent"))
	ok(t, w.Resolve(w.ctx, b, false, "asked"))
	if x := w.item(a); x.State != Partial || x.Recipients[0].State != Accepted || w.subjects(w.sent) != 1 {
		t.Errorf("resolved as sent: %+v", x)
	}
	if x := w.item(b); x.State != Queued || x.Recipients[0].State != Pending || x.MessageID != "<o2@x>" {
		t.Errorf("resolved to be sent again: %+v", x)
	}
	if s := must(w.Attempts(w.ctx, a))(t); len(s) != 2 || s[1].Outcome != "found in Sent" || s[1].Ended.IsZero() {
		t.Errorf("story %+v", s)
	}
	if err := w.Resolve(w.ctx, b, true, ""); !errors.Is(err, ErrState) {
		t.Errorf("resolved what is not uncertain: %v", err)
	}
	if err := w.DotPending(w.ctx, at2); !errors.Is(err, ErrState) {
		t.Errorf("a dot for an attempt that has ended: %v", err)
	}
}

func TestDecisions(t *testing.T) {
	w := newWorld(t)
	in := w.pull(w.inbox, 1, mail(1, "question", "?"))
	r := w.request(1, bobAndEve)
	r.Answers = in[0]
	id := w.spool(r)
	ok(t, w.Hold(w.ctx, id))
	if found, _ := w.Claim(w.ctx, w.acct, id, ""); found != nil {
		t.Error("claimed a held item")
	}
	ok(t, w.Release(w.ctx, id))
	_, at := w.claim(id)
	for name, err := range map[string]error{"hold": w.Hold(w.ctx, id), "release": w.Release(w.ctx, id), "retry": w.Retry(w.ctx, id), "cancel": second(w.Cancel(w.ctx, id, nil))} {
		if !errors.Is(err, ErrState) {
			t.Errorf("%s of an item being sent: %v", name, err)
		}
	}
	w.end(at, Failed, Refused, Refused)
	if w.item(id).State != Failed || len(must(w.Items(w.ctx, false))(t)) != 1 {
		t.Error("a failed item is not shown")
	}
	ok(t, w.Retry(w.ctx, id))
	if s := must(w.Attempts(w.ctx, id))(t); s[len(s)-1].Outcome != "to be tried again, as asked for" {
		t.Errorf("story %+v", s)
	}
	it, at := w.claim(0)
	if it.Recipients[0].State != Pending {
		t.Errorf("item %+v", it)
	}
	w.end(at, Failed, Refused, Refused)
	draft := must(w.Cancel(w.ctx, id, nil))(t)
	if d := w.row(draft); d.MailboxName != "Drafts" || d.Flags != Draft|Seen || !bytes.Contains(must(w.Raw(w.ctx, draft))(t), []byte("Bcc: eve")) {
		t.Errorf("draft %+v", d)
	}
	w.expect("append Drafts [seen draft]")
	if w.subjects(w.sent) != 0 || w.row(in[0]).Flags != 0 || w.item(id).State != Cancelled {
		t.Error("a cancelled message shows as sent")
	}
	if err := second(w.Cancel(w.ctx, id, nil)); !errors.Is(err, ErrState) {
		t.Errorf("cancelled twice: %v", err)
	}
	if err := w.Hold(w.ctx, 99); !errors.Is(err, ErrNotFound) {
		t.Errorf("held nothing: %v", err)
	}
}

func TestOnlyADraftEnds(t *testing.T) {
	w := newWorld(t)
	r := w.request(1, bobAndEve)
	r.Draft = w.pull(w.inbox, 1, mail(1, "no draft", "x"))[0]
	if _, _, err := w.Spool(w.ctx, r); !errors.Is(err, ErrState) {
		t.Errorf("sending deleted a message that is no draft: %v", err)
	}
	if l := must(w.Items(w.ctx, true))(t); len(l) != 0 {
		t.Errorf("half spooled: %+v", l)
	}
	r.Draft = 99 // deleted elsewhere meanwhile
	w.spool(r)
}

func second[T any](_ T, err error) error { return err }

func TestSentOfAnAccountWithoutServerMailboxes(t *testing.T) {
	w := newWorld(t)
	w.acct = must(w.EnsureAccount(w.ctx, "pop"))(t)
	r := w.request(1, bobAndEve)
	r.SentLocal = true
	_, at := w.claim(w.spool(r))
	w.end(at, Sent, Accepted, Accepted)
	w.expect("")
	sent := must(w.FindMailbox(w.ctx, w.acct, "sent"))(t)
	if !sent.Local || sent.Total != 1 || sent.Unread != 0 {
		t.Errorf("sent %+v", sent)
	}
}

// TestCommitInDoubt: the row is there although COMMIT reported an error.
func TestCommitInDoubt(t *testing.T) {
	w := newWorld(t)
	p := &spooling{envid: "e1"}
	if found := must(w.spooled(w.ctx, p))(t); found {
		t.Error("found what was never spooled")
	}
	id := w.spool(w.request(1, bobAndEve))
	ok(t, w.pool.QueryRow(`SELECT envid FROM outbox WHERE id = ?`, id).Scan(&p.envid))
	if found := must(w.spooled(w.ctx, p))(t); !found || p.id != id {
		t.Errorf("spooled item not found again: %v %d", found, p.id)
	}
	known := 0
	look := func() error {
		return w.writeKnown(w.ctx, func(t *txn) error {
			if err := t.run(`UPDATE counter SET change = change + 1`); err != nil {
				return err
			}
			return t.run(`ROLLBACK`) // so that COMMIT fails
		}, func(context.Context) (bool, error) { known++; return known == 1, nil })
	}
	if err := look(); err != nil {
		t.Errorf("known to be there, but %v", err)
	}
	if err := look(); err == nil {
		t.Error("known not to be there, but no error")
	}
}
