package agent_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/agent"
	"mua/account/demo"
	"mua/store"
)

// house is one person's store and the demo servers beside it.
type house struct {
	*testing.T
	servers *demo.Servers
	store   *store.Store
	config  *account.Config
	id      store.AccountID
}

func newHouse(t *testing.T, incoming string) *house {
	t.Helper()
	servers, err := demo.Start(t.Context(), demo.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	c, err := account.Parse(filepath.Join(t.TempDir(), "config.toml"), []byte(servers.ConfigFor("demo", incoming, "smtps")))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // the folder is thrown away
	id, err := s.EnsureAccount(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return &house{t, servers, s, c, id}
}

func (h *house) options() agent.Options {
	return agent.Options{Config: h.config, Store: h.store}
}

func (h *house) pass() agent.Result {
	h.Helper()
	return agent.Pass(h.Context(), h.options(), h.config.Accounts[0], agent.PassOptions{})
}

func (h *house) good() agent.Result {
	h.Helper()
	r := h.pass()
	if r.Err != nil {
		h.Fatalf("pass: %v", r.Err)
	}
	return r
}

// spool puts a message to an address into the outbox.
func (h *house) spool(to, subject string) store.OutboxID {
	h.Helper()
	raw := fmt.Sprintf("From: Ada <%s>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@test>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n",
		h.servers.Addr, to, subject, subject)
	id, _, err := h.store.Spool(h.Context(), store.SpoolRequest{
		Account: h.id, Sender: h.servers.Addr, Recipients: []string{to}, Wire: []byte(raw), MessageID: "<" + subject + "@test>",
		Subject: subject, Policy: store.PolicyAsk, SaveSent: true,
	})
	if err != nil {
		h.Fatal(err)
	}
	return id
}

// eventually waits until check holds, looking again at every change of the store.
func (h *house) eventually(what string, check func() bool) {
	h.Helper()
	changed, done := h.store.Watch()
	defer done()
	deadline := time.After(30 * time.Second)
	for !check() {
		select {
		case <-changed:
		case <-time.After(200 * time.Millisecond): // not every condition is a row
		case <-deadline:
			h.Fatalf("never: %s", what)
		}
	}
}

func (h *house) count(query string) int {
	h.Helper()
	n, err := h.store.Count(h.Context(), store.ListQuery{Query: query})
	if err != nil {
		h.Fatal(err)
	}
	return n
}

func message(subject string) []byte {
	return []byte("From: Bob <bob@example.org>\r\nTo: ada@mua.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@bob>\r\n\r\nHi\r\n")
}

func TestPassPullsSendsAndFilesTheCopyOnce(t *testing.T) {
	h := newHouse(t, "imaps")
	h.servers.Deliver("INBOX", message("first"))
	h.spool("bob@mua.example", "out")
	if got := len(h.servers.Messages("Sent")); got != 0 {
		t.Fatalf("%d messages in the server's Sent before anything was accepted", got)
	}
	r := h.good()
	if r.New != 1 || r.Sent != 1 || r.Replayed != 1 {
		t.Fatalf("first pass: %+v", r)
	}
	for range 2 {
		if r = h.good(); r.New+r.Changed+r.Removed+r.Replayed+r.Sent != 0 {
			t.Fatalf("a pass without news: %+v", r)
		}
	}
	if got := len(h.servers.Messages("Sent")); got != 1 {
		t.Fatalf("%d copies in the server's Sent, not 1", got)
	}
	if got := h.count("in:sent"); got != 1 {
		t.Fatalf("%d copies in Sent here, not 1", got)
	}
	if got := len(h.servers.Accepted()); got != 1 {
		t.Fatalf("%d messages accepted, not 1", got)
	}
}

func TestPassPOP3(t *testing.T) {
	h := newHouse(t, "pop3s")
	h.servers.Deliver("INBOX", message("first"))
	h.spool("bob@mua.example", "out")
	if r := h.good(); r.New != 1 || r.Sent != 1 {
		t.Fatalf("first pass: %+v", r)
	}
	if r := h.good(); r.New != 0 {
		t.Fatalf("second pass: %+v", r)
	}
	if got := h.count("in:sent"); got != 1 {
		t.Fatalf("%d copies in Sent here, not 1", got)
	}
}

func TestADeadIncomingServerDoesNotStopTheOutbox(t *testing.T) {
	h := newHouse(t, "imaps")
	h.servers.SetFaults(demo.Faults{IMAP: demo.LineFaults{Login: "[AUTHENTICATIONFAILED] no"}})
	h.spool("bob@mua.example", "out")
	r := h.pass()
	var trouble *account.Trouble
	if !errors.As(r.Err, &trouble) || trouble.Kind != account.KindLogin {
		t.Fatalf("the refused login is not told: %v", r.Err)
	}
	if r.Sent != 1 || len(h.servers.Accepted()) != 1 {
		t.Fatalf("the outbox did not go: %+v", r)
	}
	if c := h.servers.Counts(); c.IMAP.Refused != 1 {
		t.Fatalf("%d logins were refused: one try only", c.IMAP.Refused)
	}
}

func TestAnotherProcessIsWoken(t *testing.T) {
	h := newHouse(t, "imaps")
	unlock, err := h.store.Lock("demo", "sync")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	signals := func() (woken, asked int64) {
		woken, err := h.store.Woken(t.Context(), h.id)
		if err == nil {
			asked, err = h.store.Asked(t.Context(), h.id)
		}
		if err != nil {
			t.Fatal(err)
		}
		return woken, asked
	}
	if r := h.good(); r.By != "other" {
		t.Fatalf("pass: %+v", r)
	}
	if woken, asked := signals(); woken != 0 || asked != 1 {
		t.Fatalf("a person's pass: woken %d times, asked %d times", woken, asked)
	}
	o := h.options()
	o.Unattended = true
	if r := agent.Pass(t.Context(), o, h.config.Accounts[0], agent.PassOptions{}); r.By != "other" || r.Err != nil {
		t.Fatalf("pass: %+v", r)
	}
	if woken, asked := signals(); woken != 1 || asked != 1 {
		t.Fatalf("a timer's pass: woken %d times, asked %d times", woken, asked)
	}
}

// run starts an agent that ends with the test.
func (h *house) run(o agent.Options) *agent.Agent {
	ctx, stop := context.WithCancel(h.Context())
	g := agent.New(o)
	ended := make(chan struct{})
	go func() { g.Run(ctx); close(ended) }()
	h.Cleanup(func() {
		stop()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			h.Error("the agent did not stop")
		}
	})
	return g
}

func TestAgentKeepsInStep(t *testing.T) {
	h := newHouse(t, "imaps")
	g := h.run(h.options())
	h.eventually("a first pass", func() bool { return !g.Status()[0].LastSync.IsZero() })

	h.servers.Deliver("INBOX", message("pushed")) // IDLE brings it without anyone asking
	h.eventually("the pushed message", func() bool { return h.count("subject:pushed") == 1 })

	h.spool("bob@mua.example", "spooled") // the change of the store is enough
	h.eventually("the spooled message", func() bool { return len(h.servers.Accepted()) == 1 })
	h.eventually("its copy", func() bool { return len(h.servers.Messages("Sent")) == 1 })

	rows, err := h.store.List(t.Context(), store.ListQuery{Query: "subject:pushed"})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if _, err := h.store.MarkFlags(t.Context(), []store.MessageID{rows[0].ID}, store.FlagChange{Add: store.Flagged}); err != nil {
		t.Fatal(err)
	}
	h.eventually("the flag on the server", func() bool {
		return strings.Contains(strings.Join(h.servers.List("INBOX")[0].Flags, " "), "Flagged")
	})
	if n := h.servers.Counts().IMAP.Logins; n != 1 {
		t.Fatalf("%d logins for what one connection can do", n)
	}
}

// TestAgentTakesOverFromTheDead: what a process that died was sending is settled and sent without anyone asking; with
// NoSend it is left alone.
func TestAgentTakesOverFromTheDead(t *testing.T) {
	h := newHouse(t, "imaps")
	id := h.spool("bob@mua.example", "orphan")
	if c, err := h.store.Claim(t.Context(), h.id, 0, "elsewhere"); err != nil || c == nil {
		t.Fatal(c, err)
	}
	o := h.options()
	o.NoSend = true
	g := h.run(o)
	h.eventually("a first pass", func() bool { return !g.Status()[0].LastSync.IsZero() })
	if n := len(h.servers.Accepted()); n != 0 || agent.SomebodyFlushes(t.Context(), o, o.Config.Accounts[0]) {
		t.Errorf("%d sent by an agent that is to leave the outbox alone, or said to be", n)
	}
	if it, err := h.store.Item(t.Context(), id); err != nil || it.State != store.Sending {
		t.Errorf("%v, %v", it.State, err)
	}
	h.run(h.options())
	h.eventually("the orphan", func() bool { return len(h.servers.Accepted()) == 1 })
	h.eventually("its state", func() bool {
		it, err := h.store.Item(t.Context(), id)
		return err == nil && it.State == store.Sent
	})
}

// TestNotOnlineWithoutAConnection: a password that cannot be had is no server that answers.
func TestNotOnlineWithoutAConnection(t *testing.T) {
	for _, incoming := range []string{"imaps", "pop3s"} {
		t.Run(incoming, func(t *testing.T) {
			h := newHouse(t, incoming)
			h.config.Accounts[0].Password = account.Secret{Command: "false"}
			g := h.run(h.options())
			h.eventually("trouble", func() bool { return g.Status()[0].Trouble != nil })
			if s := g.Status()[0]; s.Online || h.servers.Counts().IMAP.Sessions+h.servers.Counts().POP3.Sessions > 0 {
				t.Errorf("online without a connection: %+v", s)
			}
		})
	}
}

func TestAgentStopsAtARefusedLogin(t *testing.T) {
	h := newHouse(t, "imaps")
	h.servers.SetFaults(demo.Faults{
		IMAP: demo.LineFaults{Login: "[AUTHENTICATIONFAILED] no"},
		SMTP: demo.SMTPFaults{Login: &demo.Answer{Code: 535, Text: "5.7.8 no"}},
	})
	first := h.spool("bob@mua.example", "one")
	g := h.run(h.options())
	h.eventually("trouble", func() bool { return g.Status()[0].Trouble != nil && g.Status()[0].Trouble.Kind == account.KindLogin })
	h.eventually("the item waits for a login", func() bool {
		it, err := h.store.Item(t.Context(), first)
		return err == nil && it.Waiting == "login"
	})
	h.spool("bob@mua.example", "two")
	g.Flush("")
	if c := h.servers.Counts(); c.IMAP.Refused != 1 || c.SMTP.Refused != 1 {
		t.Fatalf("logins tried again by themselves: IMAP %d, SMTP %d", c.IMAP.Refused, c.SMTP.Refused)
	}
	h.servers.SetFaults(demo.Faults{})
	g.Sync("") // the person asks
	h.eventually("both sent", func() bool { return len(h.servers.Accepted()) == 2 })
}
