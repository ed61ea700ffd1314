package trial

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account/demo"
	"mua/store"
	"mua/store/message"
)

// ran is a command line that ran as a process of its own.
type ran struct {
	args      string
	out, talk string
	status    int
}

// process runs a command line as its user does. What no process may ever say fails the test.
func (b *box) process(bin string, args ...string) ran {
	var out, talk bytes.Buffer
	cmd := exec.Command(bin, append([]string{"--config", b.config, "--data", b.data}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); cmd.ProcessState == nil {
		b.t.Errorf("mua %s: %v", strings.Join(args, " "), err)
		return ran{status: -1}
	}
	r := ran{strings.Join(args, " "), out.String(), talk.String(), cmd.ProcessState.ExitCode()}
	for _, word := range []string{"locked", "SQLITE", "panic", "race"} {
		if strings.Contains(r.out+r.talk, word) {
			b.t.Errorf("mua %s says %q:\n%s%s", r.args, word, r.out, r.talk)
		}
	}
	return r
}

// must is process that has to end with a status.
func (b *box) must(bin string, status int, args ...string) ran {
	r := b.process(bin, args...)
	if r.status != status {
		b.t.Errorf("mua %s ended with %d, not %d\n%s%s", r.args, r.status, status, r.out, r.talk)
	}
	return r
}

// crowd is a spool that several processes use at once.
type crowd struct {
	*box
	bin     string
	servers *demo.Servers
	st      *store.Store
	ids     []store.AccountID
}

// newCrowd has two accounts, one and two, on the same servers.
func newCrowd(t *testing.T, bin string) *crowd {
	t.Helper()
	servers := startDemo(t)
	config := servers.ConfigFor("one", "", "smtps") + servers.ConfigFor("two", "", "smtp")
	c := &crowd{box: newBox(t, config), bin: bin, servers: servers}
	var err error
	if c.st, err = store.Open(t.Context(), c.data, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.st.Close() })
	for _, name := range []string{"one", "two"} {
		id, err := c.st.EnsureAccount(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		c.ids = append(c.ids, id)
	}
	return c
}

// spool spools message n, for the accounts in turn.
func (c *crowd) spool(n int) error {
	id := fmt.Sprintf("<crowd-%d@mua.example>", n)
	wire := fmt.Sprintf("From: ada@mua.example\r\nMessage-ID: %s\r\nSubject: message-%d.\r\n\r\nx\r\n", id, n)
	_, _, err := c.st.Spool(c.t.Context(), store.SpoolRequest{Account: c.ids[n%len(c.ids)], From: message.Address{Addr: "ada@mua.example"},
		Sender: "ada@mua.example", Recipients: []string{"bob@mua.example"}, Wire: []byte(wire), MessageID: id, Subject: fmt.Sprintf("message-%d.", n),
		Date: time.Now(), Policy: store.PolicyAsk, SaveSent: true})
	return err
}

// onceEach checks that the servers have accepted n messages, each once, and that every item knows it.
func (c *crowd) onceEach(n int) {
	c.t.Helper()
	var raws [][]byte
	for _, m := range c.servers.Accepted() {
		raws = append(raws, m.Data)
	}
	for subject, times := range subjects(raws) {
		if times != 1 {
			c.t.Errorf("%s was accepted %d times", subject, times)
		}
	}
	items, err := c.st.Items(c.t.Context(), true)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, it := range items {
		if it.State != store.Sent {
			c.t.Errorf("item %d is %s: %s", it.ID, it.State, it.LastError)
		}
	}
	if len(raws) != n || len(items) != n {
		c.t.Errorf("%d accepted of %d items, want %d", len(raws), len(items), n)
	}
}

// TestProcesses has several processes use one spool at the same time.
func TestProcesses(t *testing.T) {
	bin := buildMua(t)
	for name, test := range map[string]func(*crowd){
		"two flushers":            (*crowd).twoFlushers,
		"spooling while flushing": (*crowd).spoolingWhileFlushing,
		"waiting":                 (*crowd).waiting,
		"one key":                 (*crowd).oneKey,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newCrowd(t, bin))
		})
	}
}

// twoFlushers: 500 messages of two accounts, two flushes, a sync and senders at once: each is delivered once.
func (c *crowd) twoFlushers() {
	const n, sends = 500, 6
	for i := range n {
		if err := c.spool(i); err != nil {
			c.t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for _, args := range [][]string{{"outbox", "flush"}, {"outbox", "flush"}, {"sync"}, {"outbox", "flush", "-A", "two"}} {
		all.Go(func() { c.must(c.bin, 0, args...) })
	}
	for i := range sends {
		all.Go(func() {
			c.must(c.bin, 0, "send", "-A", []string{"one", "two"}[i%2], "-t", "bob@mua.example", "-s", fmt.Sprintf("sent-%d.", i), "--body", "x")
		})
	}
	all.Wait()
	c.must(c.bin, 0, "outbox", "flush") // what a flusher was asked for after it had looked
	c.onceEach(n + sends)
}

// spoolingWhileFlushing: 500 goroutines spool while other processes flush: all there, all delivered.
func (c *crowd) spoolingWhileFlushing() {
	const n = 500
	done := make(chan struct{})
	var flushing, spooling sync.WaitGroup
	for range 2 {
		flushing.Go(func() {
			for {
				c.must(c.bin, 0, "outbox", "flush")
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range n {
		spooling.Go(func() {
			if err := c.spool(i); err != nil {
				c.t.Errorf("message %d: %v", i, err)
			}
		})
	}
	spooling.Wait()
	close(done)
	flushing.Wait()
	c.must(c.bin, 0, "outbox", "flush")
	c.onceEach(n)
}

// waiting: two processes wait for one item, and it is sent once, whoever of them sends it; a send
// that waits beside a flush that is busy gets its answer.
func (c *crowd) waiting() {
	c.servers.SetFaults(demo.Faults{Latency: 5 * time.Millisecond, SMTP: demo.SMTPFaults{
		Rcpt: map[string]*demo.Answer{"nobody@mua.example": {Code: 550, Text: "5.1.1 no such person"}}}})
	var all sync.WaitGroup
	for _, w := range []struct {
		to     string
		status int
	}{{"bob@mua.example", 0}, {"nobody@mua.example", 69}} {
		id := strings.TrimSpace(c.must(c.bin, 0, "send", "--queue", "-t", w.to, "-s", "waited-"+w.to+".", "--body", "x").out)
		for range 2 {
			all.Go(func() {
				r := c.must(c.bin, w.status, "outbox", "wait", id, "--timeout", "60s")
				if !strings.HasPrefix(r.out, id+"\t") {
					c.t.Errorf("mua %s prints %q", r.args, r.out)
				}
			})
		}
		all.Wait()
	}
	for i := range 30 {
		if err := c.spool(i); err != nil {
			c.t.Fatal(err)
		}
	}
	all.Go(func() { c.must(c.bin, 0, "outbox", "flush") })
	for i := range 3 {
		all.Go(func() {
			c.must(c.bin, 0, "send", "--wait", "60s", "-t", "bob@mua.example", "-s", fmt.Sprintf("at-once-%d.", i), "--body", "x")
		})
	}
	all.Wait()
	c.must(c.bin, 0, "outbox", "flush")
	refused := strings.TrimSpace(c.must(c.bin, 0, "outbox", "list", "--all").out)
	if !strings.Contains(refused, "failed") {
		c.t.Errorf("nothing is refused: %s", refused)
	}
	var raws [][]byte
	for _, m := range c.servers.Accepted() {
		raws = append(raws, m.Data)
	}
	got := subjects(raws)
	if len(raws) != 34 || len(got) != 34 || got["waited-bob@mua.example."] != 1 {
		c.t.Errorf("%d accepted: %v", len(raws), got)
	}
}

// oneKey: twenty processes with one key spool one item, and all are told which.
func (c *crowd) oneKey() {
	var all sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]int{}
	for range 20 {
		all.Go(func() {
			r := c.must(c.bin, 0, "send", "--key", "backup-1", "-t", "bob@mua.example", "-s", "once.", "--body", "x")
			mu.Lock()
			ids[strings.TrimSpace(r.out)]++
			mu.Unlock()
		})
	}
	all.Wait()
	if len(ids) != 1 {
		c.t.Errorf("the processes were told of the items %v", ids)
	}
	if r := c.must(c.bin, 65, "send", "--key", "backup-1", "-t", "bob@mua.example", "-s", "another.", "--body", "y"); r.out != "" {
		c.t.Errorf("another message under the same key: %q", r.out)
	}
	c.onceEach(1)
}
