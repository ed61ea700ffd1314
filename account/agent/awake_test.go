package agent_test

import (
	"sync/atomic"
	"testing"
	"time"

	"mua/account"
	"mua/account/agent"
	"mua/account/demo"
	"mua/store"
)

// machine is what a test says of its surroundings.
type machine struct {
	now   atomic.Pointer[agent.Surroundings]
	looks atomic.Int64
}

func newMachine(addresses string) *machine {
	m := &machine{}
	m.now.Store(&agent.Surroundings{Addresses: addresses, Wall: time.Unix(1_800_000_000, 0)})
	return m
}

func (m *machine) change(edit func(*agent.Surroundings)) {
	s := *m.now.Load()
	edit(&s)
	m.now.Store(&s)
}

// seen waits until the agent has compared what the machine is now like.
func (h *house) seen(m *machine) {
	h.Helper()
	before := m.looks.Load()
	h.eventually("a look", func() bool { return m.looks.Load() >= before+2 })
}

// patient are options under which nothing is tried again by itself while a test lasts.
func (h *house) patient(m *machine) agent.Options {
	o := h.options()
	o.Backoff, o.Poll = time.Hour, time.Hour
	o.LookEvery = 5 * time.Millisecond
	o.Look = func() agent.Surroundings {
		m.looks.Add(1)
		return *m.now.Load()
	}
	return o
}

// away are servers that nobody can reach.
func away() demo.Faults {
	return demo.Faults{
		IMAP: demo.LineFaults{Cut: &demo.Cut{How: demo.Close}},
		SMTP: demo.SMTPFaults{Greeting: &demo.Answer{When: demo.CloseBefore}},
	}
}

// inTrouble waits until an item waits for the network and the keeper for its back-off.
func (h *house) inTrouble(g *agent.Agent, id store.OutboxID) {
	h.Helper()
	h.eventually("the item waits for the network", func() bool { return h.waiting(id) == "network" })
	h.eventually("the keeper waits", func() bool { return time.Until(g.Status()[0].NextTry) > time.Minute })
}

func (h *house) waiting(id store.OutboxID) string {
	it, err := h.store.Item(h.Context(), id)
	if err != nil {
		h.Error(err)
	}
	return it.Waiting
}

func TestTheNetworkComesBack(t *testing.T) {
	for name, change := range map[string]func(*agent.Surroundings){
		"an address":    func(s *agent.Surroundings) { s.Addresses = "192.0.2.7" },
		"another":       func(s *agent.Surroundings) { s.Addresses = "192.0.2.7 2001:db8::1" },
		"resumed":       func(s *agent.Surroundings) { s.Wall = s.Wall.Add(time.Hour); s.Running += time.Second },
		"resumed early": func(s *agent.Surroundings) { s.Wall = s.Wall.Add(20 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "imaps")
			h.servers.SetFaults(away())
			id := h.spool("bob@mua.example", "out")
			m := newMachine("")
			g := h.run(h.patient(m))
			h.inTrouble(g, id)

			h.servers.SetFaults(demo.Faults{})
			tried := h.servers.Counts().SMTP.Sessions
			m.change(func(s *agent.Surroundings) { s.Wall, s.Running = s.Wall.Add(time.Hour), s.Running+time.Hour }) // time passes
			h.seen(m)
			m.change(func(s *agent.Surroundings) { s.Wall = s.Wall.Add(time.Second) }) // a clock is corrected
			h.seen(m)
			if got := h.servers.Counts().SMTP.Sessions; got != tried {
				t.Fatalf("%d connections without a reason", got-tried)
			}
			m.change(change)
			h.eventually("the item is sent", func() bool { return len(h.servers.Accepted()) == 1 })
			h.eventually("the account is in step", func() bool { return !g.Status()[0].LastSync.IsZero() })
		})
	}
}

// TestAConnectionThatBroke: what waits for its retry only because the connection
// broke is tried when the network is back; what the server deferred is not.
func TestAConnectionThatBroke(t *testing.T) {
	h := newHouse(t, "imaps")
	h.servers.SetFaults(demo.Faults{SMTP: demo.SMTPFaults{
		Data: &demo.Answer{When: demo.CloseBefore},
		Rcpt: map[string]*demo.Answer{"eve@mua.example": {Code: 451, Text: "4.2.0 later"}},
	}})
	broke, deferred := h.spool("bob@mua.example", "broke"), h.spool("eve@mua.example", "deferred")
	m := newMachine("192.0.2.1")
	h.run(h.patient(m))
	h.eventually("both wait for another try", func() bool { return h.waiting(broke) == "retry" && h.waiting(deferred) == "retry" })
	h.servers.SetFaults(demo.Faults{})
	m.change(func(s *agent.Surroundings) { s.Addresses = "192.0.2.2" })
	h.eventually("one is sent", func() bool { return len(h.servers.Accepted()) == 1 })
	if to := h.servers.Accepted()[0].To[0]; to != "bob@mua.example" {
		t.Fatalf("%s was sent: the server had said later", to)
	}
}

// TestAnotherProcessEndsTheWait: what a person does in another process is not
// kept waiting by a keeper's back-off.
func TestAnotherProcessEndsTheWait(t *testing.T) {
	for name, do := range map[string]func(h *house, id store.OutboxID) error{
		"outbox retry": func(h *house, id store.OutboxID) error { return h.store.Retry(h.Context(), id) },
		"send --queue": func(h *house, _ store.OutboxID) error { h.spool("bob@mua.example", "second"); return nil },
		"sync":         func(h *house, _ store.OutboxID) error { return h.store.Ask(h.Context(), h.id) },
		"sync by cron": func(h *house, _ store.OutboxID) error { return h.store.Wake(h.Context(), h.id) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "")
			h.servers.SetFaults(away())
			id := h.spool("bob@mua.example", "first")
			g := h.run(h.patient(newMachine("192.0.2.1")))
			h.inTrouble(g, id)
			h.servers.SetFaults(demo.Faults{})
			if err := do(h, id); err != nil {
				t.Fatal(err)
			}
			h.eventually("sent", func() bool { return h.waiting(id) == "" && len(h.servers.Accepted()) > 0 })
		})
	}
}

// TestARefusedLoginEnds: neither a better network nor a timer tries a refused
// login again; a person does, or a flush elsewhere that went well.
func TestARefusedLoginEnds(t *testing.T) {
	for name, do := range map[string]func(h *house) error{
		"sync": func(h *house) error { return h.store.Ask(h.Context(), h.id) },
		"outbox flush": func(h *house) error {
			_, err := agent.Flush(h.Context(), h.options(), h.config.Accounts[0], true)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "")
			h.servers.SetFaults(demo.Faults{SMTP: demo.SMTPFaults{Login: &demo.Answer{Code: 535, Text: "5.7.8 no"}}})
			id := h.spool("bob@mua.example", "one")
			m := newMachine("192.0.2.1")
			g := h.run(h.patient(m))
			h.eventually("the item waits for a login", func() bool { return h.waiting(id) == "login" })
			h.eventually("it is told", func() bool { t := g.Status()[0].Trouble; return t != nil && t.Kind == account.KindLogin })
			m.change(func(s *agent.Surroundings) { s.Addresses = "192.0.2.2" })
			h.seen(m)
			if err := h.store.Wake(t.Context(), h.id); err != nil {
				t.Fatal(err)
			}
			h.spool("bob@mua.example", "two")
			if n := h.servers.Counts().SMTP.Refused; n != 1 {
				t.Fatalf("%d logins were refused: one try only", n)
			}
			h.servers.SetFaults(demo.Faults{})
			if err := do(h); err != nil {
				t.Fatal(err)
			}
			h.eventually("both sent", func() bool { return len(h.servers.Accepted()) == 2 })
			h.spool("bob@mua.example", "three")
			h.eventually("and the next", func() bool { return len(h.servers.Accepted()) == 3 })
		})
	}
}

// TestADeadConnectionIsNotAsked: after sleep the connection that IDLE sat on is
// replaced at once.
func TestADeadConnectionIsNotAsked(t *testing.T) {
	h := newHouse(t, "imaps")
	m := newMachine("192.0.2.1")
	g := h.run(h.patient(m))
	h.eventually("a first pass", func() bool { return !g.Status()[0].LastSync.IsZero() })
	m.change(func(s *agent.Surroundings) { s.Wall = s.Wall.Add(time.Hour) })
	h.eventually("a second connection", func() bool { return h.servers.Counts().IMAP.Logins == 2 })
	h.servers.Deliver("INBOX", message("after"))
	h.eventually("mail over it", func() bool { return h.count("subject:after") == 1 })
}

// TestABadAccountStopsNoOther: one account's servers are silent, the other's work.
func TestABadAccountStopsNoOther(t *testing.T) {
	h, dead := newHouse(t, "imaps"), newHouse(t, "imaps")
	dead.servers.SetFaults(demo.Faults{
		IMAP: demo.LineFaults{Cut: &demo.Cut{How: demo.Stall}},
		SMTP: demo.SMTPFaults{Greeting: &demo.Answer{When: demo.StallBefore}},
	})
	bad := *dead.config.Accounts[0]
	bad.Name = "bad"
	both := *h.config
	both.Accounts = []*account.Account{&bad, h.config.Accounts[0]}
	h.config = &both
	id, err := h.store.EnsureAccount(t.Context(), "bad")
	if err != nil {
		t.Fatal(err)
	}
	good := h.id
	h.id = id
	stuck := h.spool("bob@mua.example", "stuck")
	h.id = good
	g := h.run(h.options())
	h.eventually("the bad account is at it", func() bool { return dead.servers.Counts().SMTP.Sessions > 0 })
	h.spool("bob@mua.example", "goes")
	h.servers.Deliver("INBOX", message("comes"))
	h.eventually("the good account sends", func() bool { return len(h.servers.Accepted()) == 1 })
	h.eventually("the good account fetches", func() bool { return h.count("subject:comes") == 1 })
	if s := g.Status(); s[1].Trouble != nil || !s[1].Online {
		t.Fatalf("the good account: %+v", s[1])
	}
	if it, err := h.store.Item(t.Context(), stuck); err != nil || it.State != store.Sending && it.State != store.Queued {
		t.Fatalf("the bad account's message is %s: %v", it.State, err)
	}
}

func TestSomebodyFlushes(t *testing.T) {
	h := newHouse(t, "imaps")
	a := h.config.Accounts[0]
	h.spool("bob@mua.example", "by hand")
	if _, err := agent.Flush(t.Context(), h.options(), a, true); err != nil {
		t.Fatal(err)
	}
	h.spool("bob@mua.example", "by hand, too")
	h.good()
	if agent.SomebodyFlushes(t.Context(), h.options(), a) {
		t.Fatal("a flush by hand is taken for a timer")
	}
	o := h.options()
	o.Unattended = true
	if _, err := agent.Flush(t.Context(), o, a, true); err != nil {
		t.Fatal(err)
	}
	if !agent.SomebodyFlushes(t.Context(), h.options(), a) {
		t.Fatal("the timer is not seen")
	}
	later := h.options()
	later.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	if agent.SomebodyFlushes(t.Context(), later, a) {
		t.Fatal("a timer that has not come for a day is still believed in")
	}
}
