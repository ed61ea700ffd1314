package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

// TestLeaving says who sends what stays.
func TestLeaving(t *testing.T) {
	ctx, now := t.Context(), time.Now()
	s, err := store.Open(ctx, t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := &account.Config{Accounts: []*account.Account{{Name: "work", From: mail.Address{Address: "ada@example.org"}, Outgoing: &account.Endpoint{Protocol: account.SMTP, Host: "127.0.0.1", Port: 1}}}}
	id, err := s.EnsureAccount(ctx, "work")
	if err != nil {
		t.Fatal(err)
	}
	var talk bytes.Buffer
	a := &app{stdio: stdio{err: &talk}}
	says := func(want, not string) {
		t.Helper()
		talk.Reset()
		a.leaving(ctx, c, s, nil)
		for l := range strings.Lines(want) {
			if !strings.Contains(talk.String(), strings.TrimSpace(l)) {
				t.Errorf("not said: %s\nbut:\n%s", l, &talk)
			}
		}
		if not != "" && strings.Contains(talk.String(), not) {
			t.Errorf("said: %s", &talk)
		}
	}
	if says("", ""); talk.Len() > 0 {
		t.Errorf("of an empty outbox: %s", &talk)
	}
	spool := func(subject string, notBefore time.Time) store.OutboxID {
		t.Helper()
		item, _, err := s.Spool(ctx, store.SpoolRequest{Account: id, From: message.Address{Addr: "ada@example.org"}, Sender: "ada@example.org", Recipients: []string{"bob@example.org"},
			Wire: []byte("Subject: " + subject + "\r\n\r\nx\r\n"), MessageID: "<" + subject + "@x>", Subject: subject, Date: now, NotBefore: notBefore})
		if err != nil {
			t.Fatal(err)
		}
		return item
	}
	other := &account.Config{Accounts: []*account.Account{{Name: "home", Outgoing: c.Accounts[0].Outgoing}}}
	stray, right := spool("stray", time.Time{}), c
	c = other
	says(fmt.Sprintf("1 message stays in the outbox:\n“stray”: nobody can send it: no account \"work\" is configured → put it back, or mua outbox edit %d", stray), "nobody sends what waits")
	c = right
	if _, err := s.Cancel(ctx, stray, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Hold(ctx, spool("held", time.Time{})); err != nil {
		t.Fatal(err)
	}
	says("1 message stays in the outbox:\n“held”: held → mua outbox release", "nobody")
	spool("later", now.Add(48*time.Hour))
	says("2 messages stay in the outbox:\n“later”: to be sent at "+now.Add(48*time.Hour).Format("2006-01-02 15:04")+"\nnobody sends what waits", "")
	unlock, err := s.Lock("work", "watch")
	if err != nil {
		t.Fatal(err)
	}
	says("what waits is sent by the mua sync that runs here", "nobody")
	unlock()
	for i := range 6 {
		spool(fmt.Sprintf("more %d", i), time.Time{})
	}
	says("8 messages stay\n… and 3 more: mua outbox", "more 5")
}

// TestSentLast says what was sent on leaving, and nothing of what was not.
func TestSentLast(t *testing.T) {
	ctx := t.Context()
	s, err := store.Open(ctx, t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	acct, err := s.EnsureAccount(ctx, "work")
	if err != nil {
		t.Fatal(err)
	}
	var ids []store.OutboxID
	for i := range 9 {
		id, _, err := s.Spool(ctx, store.SpoolRequest{Account: acct, Sender: "ada@example.org", Recipients: []string{"bob@example.org", "eve@example.org"}[:1+i%2],
			Wire: fmt.Appendf(nil, "Subject: s%d\r\n\r\nx\r\n", i), Subject: fmt.Sprintf("s\x1b%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	var talk bytes.Buffer
	a := &app{stdio: stdio{err: &talk}}
	if a.sentLast(ctx, s, ids); talk.Len() > 0 {
		t.Errorf("nothing was sent, and yet: %s", &talk)
	}
	for _, id := range ids[:8] {
		c, err := s.Claim(ctx, acct, id, "h")
		if err != nil || c == nil {
			t.Fatal(err)
		}
		res := store.AttemptResult{Attempt: c.Attempt, State: store.Sent}
		for _, r := range c.Item.Recipients {
			res.Recipients = append(res.Recipients, store.RecipientResult{Addr: r.Addr, State: store.Accepted})
		}
		if err := s.EndAttempt(ctx, res); err != nil {
			t.Fatal(err)
		}
	}
	a.sentLast(ctx, s, ids[:2])
	a.sentLast(ctx, s, ids)
	two, all, _ := strings.Cut(talk.String(), "\n")
	if two != "mua: sent before leaving: to bob@example.org “s0”; to bob@example.org and 1 other, “s1”" ||
		!strings.HasSuffix(all, "“s4”; and 3 more\n") || strings.Contains(all, "s8") {
		t.Errorf("%s\n%s", two, all)
	}
}
