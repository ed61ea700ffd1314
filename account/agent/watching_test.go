package agent_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mua/account"
	"mua/account/agent"
	"mua/account/demo"
	"mua/store"
)

// network is one whose connections can go dead without anybody being told, as when a cable is
// pulled, a NAT forgets or a server stops: nothing comes any more, and what is sent is lost.
type network struct {
	mu    sync.Mutex
	conns []*deadable
}

type deadable struct {
	net.Conn
	mu   sync.Mutex
	dead bool
}

func (n *network) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d := &deadable{Conn: c}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = append(n.conns, d)
	return d, nil
}

// die makes the connections of this moment dead.
func (n *network) die() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		c.mu.Lock()
		c.dead = true
		c.mu.Unlock()
	}
}

func (d *deadable) gone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Read swallows what comes over a dead connection, until its deadline or its end.
func (d *deadable) Read(p []byte) (int, error) {
	for {
		n, err := d.Conn.Read(p)
		if err != nil || !d.gone() {
			return n, err
		}
	}
}

func (d *deadable) Write(p []byte) (int, error) {
	if d.gone() {
		return len(p), nil
	}
	return d.Conn.Write(p)
}

// TestAHalfDeadConnectionIsNoticed: the server is asked whether it is there although nobody wants
// anything, and when it does not say so the connection is made anew, long before silence is given up.
func TestAHalfDeadConnectionIsNoticed(t *testing.T) {
	h, n := newHouse(t, "imaps"), &network{}
	o := h.patient(newMachine("192.0.2.1"))
	o.Wire.Dial, o.Wire.Progress = n.dial, time.Hour
	o.Probe, o.Answer = 200*time.Millisecond, 4*time.Second // a busy machine is not a dead one
	g := h.run(o)
	h.eventually("a first pass", func() bool { return !g.Status()[0].LastSync.IsZero() })
	h.eventually("the server is asked again and again", func() bool { return h.servers.Counts().IMAP.Commands["IDLE"] > 2 })
	if logins := h.servers.Counts().IMAP.Logins; logins != 1 {
		t.Fatalf("%d connections: a live one was given up", logins)
	}
	n.die()
	h.servers.Deliver("INBOX", message("after"))
	h.eventually("mail over another connection", func() bool { return h.count("subject:after") == 1 })
	if logins := h.servers.Counts().IMAP.Logins; logins != 2 {
		t.Fatalf("%d connections, not 2", logins)
	}
}

// TestAskingADeadConnection: a person who asks need not wait until silence is given up.
func TestAskingADeadConnection(t *testing.T) {
	h, n := newHouse(t, "imaps"), &network{}
	o := h.patient(newMachine("192.0.2.1"))
	o.Wire.Dial, o.Wire.Progress = n.dial, time.Hour
	o.Probe, o.Answer = time.Hour, 300*time.Millisecond
	g := h.run(o)
	h.eventually("the inbox is watched", func() bool { return h.servers.Counts().IMAP.Commands["IDLE"] > 0 })
	n.die()
	h.servers.SetFaults(away())
	g.Sync("")
	h.eventually("it is told", func() bool { s := g.Status()[0]; return s.Trouble != nil && s.Phase == account.Idle })
	h.servers.SetFaults(demo.Faults{})
	g.Sync("")
	h.eventually("it is reached again", func() bool { s := g.Status()[0]; return s.Trouble == nil && s.Online })
}

// TestTheOutboxDoesNotWaitForTheIncomingServer: while an incoming server says nothing, for ever
// here, the outbox is sent.
func TestTheOutboxDoesNotWaitForTheIncomingServer(t *testing.T) {
	for _, incoming := range []string{"imaps", "pop3s"} {
		t.Run(incoming, func(t *testing.T) {
			h := newHouse(t, incoming)
			silent := demo.LineFaults{Cut: &demo.Cut{How: demo.Stall}}
			h.servers.SetFaults(demo.Faults{IMAP: silent, POP3: silent})
			h.spool("bob@mua.example", "out")
			o := h.options()
			o.Wire.Progress = time.Hour
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan agent.Result, 1)
			go func() { ended <- agent.Pass(ctx, o, h.config.Accounts[0], agent.PassOptions{}) }()
			h.eventually("it is sent", func() bool { return len(h.servers.Accepted()) == 1 })
			h.eventually("it is recorded", func() bool { return h.sent() == 1 })
			select {
			case r := <-ended:
				t.Fatalf("the incoming server was not waited for: %+v", r)
			default:
			}
			cancel()
			if r := <-ended; r.Sent != 1 || r.Err == nil {
				t.Fatalf("%+v", r)
			}
		})
	}
}

// sent counts the items that are sent.
func (h *house) sent() int {
	n, err := h.store.OutboxCounts(h.Context())
	if err != nil {
		h.Error(err)
	}
	return n[store.Sent]
}

// TestFurtherMailboxesAreWatched: news in a mailbox that the configuration names comes at once, and a
// server that refuses a second connection only makes it wait for the poll.
func TestFurtherMailboxesAreWatched(t *testing.T) {
	h := newHouse(t, "imaps")
	h.config.Accounts[0].Idle = []string{"Work", "Missing"}
	h.servers.Deliver("Work", message("before"))
	o := h.patient(newMachine("192.0.2.1"))
	var missing atomic.Bool
	o.Progress = func(s account.Status) {
		if s.Trouble != nil && strings.Contains(s.Trouble.What, "idle names Missing") {
			missing.Store(true)
		}
	}
	g := h.run(o)
	h.eventually("what is missing is told", missing.Load)
	h.eventually("three connections", func() bool { return h.servers.Counts().IMAP.Logins == 3 })
	h.eventually("two watch", func() bool { return h.servers.Counts().IMAP.Commands["IDLE"] >= 2 })
	for _, subject := range []string{"first", "second"} {
		h.servers.Deliver("Work", message(subject))
		h.eventually(subject, func() bool { return h.count("in:Work subject:"+subject) == 1 })
	}
	h.servers.Deliver("INBOX", message("inbox"))
	h.eventually("the inbox", func() bool { return h.count("in:INBOX subject:inbox") == 1 })
	if s := g.Status()[0]; s.Trouble != nil || !s.Online {
		t.Fatalf("%+v", s)
	}
}

// TestAnotherAgentTakesOver: one agent syncs; a second one says so, passes on what it is asked, and
// goes on when the first has ended.
func TestAnotherAgentTakesOver(t *testing.T) {
	h := newHouse(t, "imaps")
	ctx, end := context.WithCancel(t.Context())
	first, ended := agent.New(h.patient(newMachine("192.0.2.1"))), make(chan struct{})
	go func() { defer close(ended); first.Run(ctx) }()
	h.eventually("a first pass", func() bool { return !first.Status()[0].LastSync.IsZero() })
	second := h.run(h.patient(newMachine("192.0.2.1")))
	h.eventually("it says so", func() bool { return second.Status()[0].Elsewhere })
	passed := first.Status()[0].LastSync
	second.Sync("")
	h.eventually("the first does what the second is asked", func() bool { return first.Status()[0].LastSync.After(passed) })
	if n := h.servers.Counts().IMAP.Logins; n != 1 {
		t.Fatalf("%d connections: one process syncs", n)
	}
	end()
	<-ended
	h.servers.Deliver("INBOX", message("later"))
	h.eventually("the second fetches", func() bool { return h.count("subject:later") == 1 })
	if s := second.Status()[0]; s.Elsewhere || !s.Online {
		t.Fatalf("%+v", s)
	}
}
