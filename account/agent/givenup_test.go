package agent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mua/account/agent"
	"mua/account/demo"
	"mua/outbox"
	"mua/outbox/compose"
	"mua/store"
)

// TestGivenUpForSome: what is given up for one of two, after five days, is kept as a draft for that one.
func TestGivenUpForSome(t *testing.T) {
	h := newHouse(t, "")
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s, err := store.Open(t.Context(), t.TempDir(), store.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the folder is thrown away
	h.store = s
	if h.id, err = s.EnsureAccount(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	h.servers.SetFaults(demo.Faults{SMTP: demo.SMTPFaults{Rcpt: map[string]*demo.Answer{"dan@mua.example": {Code: 451, Text: "4.2.0 come back later"}}}})
	raw := "From: Ada <" + h.servers.Addr + ">\r\nTo: bob@mua.example, dan@mua.example\r\nSubject: news\r\nMessage-ID: <news@test>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
	id, _, err := s.Spool(t.Context(), store.SpoolRequest{Account: h.id, Sender: h.servers.Addr, Recipients: []string{"bob@mua.example", "dan@mua.example"},
		Wire: []byte(raw), MessageID: "<news@test>", Subject: "news", Policy: store.PolicyAsk})
	if err != nil {
		t.Fatal(err)
	}
	item := func() store.Item {
		it, err := s.Item(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	o := h.options()
	o.Now = clock
	for range 100 {
		if _, err := agent.Flush(t.Context(), o, h.config.Accounts[0], false); err != nil {
			t.Fatal(err)
		}
		it := item()
		if it.State != store.Queued {
			break
		}
		now = it.NextAttempt
	}
	it := item()
	says := outbox.Describe(it, now)
	if it.State != store.Partial || it.KeptDraft == 0 || !strings.Contains(says, "given up for dan@mua.example: come back later; the text is kept in Drafts → mua outbox retry") {
		t.Fatalf("%s: %+v", says, it)
	}
	row, err := s.Row(t.Context(), it.KeptDraft)
	if err != nil || row.MailboxName != "Drafts" || len(row.To) != 1 || row.To[0].Addr != "dan@mua.example" {
		t.Errorf("the draft is for %+v: %v", row.To, err)
	}
	if err := s.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if n := h.count("in:drafts"); n != 0 {
		t.Errorf("to be tried again, and %d drafts beside it", n)
	}
}

// TestGivenUpThenSettled: an item in doubt for one of two, and given up for the other, leaves that one's draft when it is taken as
// sent, and only then.
func TestGivenUpThenSettled(t *testing.T) {
	h := newHouse(t, "")
	s := h.store
	for _, gaveUp := range []string{"given up: come back later", "no such person"} {
		id, _, err := s.Spool(t.Context(), store.SpoolRequest{Account: h.id, Sender: h.servers.Addr, Recipients: []string{"bob@mua.example", "dan@mua.example"},
			Wire:      []byte("From: Ada <" + h.servers.Addr + ">\r\nTo: bob@mua.example, dan@mua.example\r\nSubject: news\r\nMessage-ID: <news@test>\r\n\r\nHello\r\n"),
			MessageID: "<news@test>", Subject: "news", Policy: store.PolicyAsk})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Claim(t.Context(), h.id, id, "smtp.mua.example")
		if err != nil || c == nil {
			t.Fatal(c, err)
		}
		err = s.EndAttempt(t.Context(), store.AttemptResult{Attempt: c.Attempt, State: store.Uncertain, Waiting: outbox.WaitAnswer, Outcome: "lost", Recipients: []store.RecipientResult{
			{Addr: "bob@mua.example", State: store.MaybeAccepted}, {Addr: "dan@mua.example", State: store.Refused, Code: 451, Text: gaveUp}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := outbox.TakeAsSent(t.Context(), s, id, outbox.DecidedSent, compose.ForTheRestOf(s)); err != nil {
			t.Fatal(err)
		}
		it, err := s.Item(t.Context(), id)
		if err != nil || it.State != store.Partial || it.Recipients[0].State != store.Accepted {
			t.Fatalf("%+v %v", it, err)
		}
		if gaveUp == "no such person" {
			if it.KeptDraft != 0 {
				t.Errorf("a draft for whom the server has refused: %d", it.KeptDraft)
			}
			continue
		}
		row, err := s.Row(t.Context(), it.KeptDraft)
		if err != nil || row.MailboxName != "Drafts" || len(row.To) != 1 || row.To[0].Addr != "dan@mua.example" {
			t.Errorf("the draft is for %+v: %v", row.To, err)
		}
		if says := outbox.Describe(it, time.Now()); !strings.Contains(says, "given up for dan@mua.example: come back later; the text is kept in Drafts → mua outbox retry") {
			t.Error(says)
		}
		if err := outbox.TakeAsSent(t.Context(), s, id, outbox.DecidedSent, compose.ForTheRestOf(s)); !errors.Is(err, store.ErrState) {
			t.Errorf("settled twice: %v", err)
		}
		if err := s.Retry(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if n := h.count("in:drafts"); n != 0 {
			t.Errorf("to be tried again, and %d drafts beside it", n)
		}
		if err := s.Hold(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
}
