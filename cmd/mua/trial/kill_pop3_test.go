package trial

import (
	"crypto/sha256"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"

	"mua/account/demo"
	"mua/store"
)

// emptying pulls a POP3 mailbox that nothing is left on, with processes that are killed at random.
type emptying struct {
	*box
	bin     string
	servers *demo.Servers
	st      *store.Store

	delivered [][]byte
	there     map[[32]byte]int         // what is in the store, by its bytes
	seen      map[store.MessageID]bool // counted in there
	cut       map[string]int           // how many kills fell where
}

// mailboxLength is how many messages the server has when a pull that will be killed begins.
const mailboxLength = 60

func newEmptying(t *testing.T) *emptying {
	t.Helper()
	e := &emptying{bin: buildMua(t), servers: startDemo(t), there: map[[32]byte]int{}, seen: map[store.MessageID]bool{}, cut: map[string]int{}}
	e.servers.SetFaults(demo.Faults{Latency: 2 * time.Millisecond}) // room for the kills to land everywhere
	e.box = newBox(t, e.servers.ConfigFor("demo", "pop3s", "")+"pop3 = { leave_on_server = \"0\" }\n")
	var err error
	if e.st, err = store.Open(t.Context(), e.data, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.st.Close() })
	return e
}

// refill delivers until the mailbox is full again.
func (e *emptying) refill() {
	for _, raw := range generate(len(e.delivered), max(0, mailboxLength-len(e.servers.List("INBOX")))) {
		e.servers.Deliver("INBOX", raw)
		e.delivered = append(e.delivered, raw)
	}
}

// sync runs mua sync as a process, and kills it after d unless d is 0.
func (e *emptying) sync(d time.Duration) (killed bool, took time.Duration) {
	e.t.Helper()
	e.servers.ResetCounts()
	cmd := exec.Command(e.bin, "--config", e.config, "--data", e.data, "sync")
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	if d > 0 {
		killer := time.AfterFunc(d, func() { _ = cmd.Process.Kill() }) // it may have ended
		defer killer.Stop()
	}
	err := cmd.Wait()
	killed = cmd.ProcessState.ExitCode() < 0
	if err != nil && !killed {
		e.t.Fatalf("mua sync: %v", err)
	}
	return killed, time.Since(begun)
}

// where tells how far a session came that was killed.
func (e *emptying) where() string {
	c := e.servers.Counts().POP3.Commands
	switch {
	case c["QUIT"] > 0:
		return "after QUIT"
	case c["DELE"] > 0:
		return "between DELE and QUIT"
	case c["RETR"] > 0:
		return "fetching"
	}
	return "before"
}

// look fails the test when a message is neither on the server nor wholly in the store, or in it twice.
func (e *emptying) look() {
	e.t.Helper()
	left := map[[32]byte]bool{} // first the server: what leaves it later must have been here before
	for _, raw := range e.servers.Messages("INBOX") {
		left[sha256.Sum256(raw)] = true
	}
	rows, err := e.st.List(e.t.Context(), store.ListQuery{Limit: 1_000_000})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, r := range rows {
		if e.seen[r.ID] {
			continue
		}
		raw, err := e.st.Raw(e.t.Context(), r.ID)
		if err != nil {
			e.t.Fatal(err)
		}
		e.seen[r.ID] = true
		e.there[sha256.Sum256(raw)]++
	}
	for i, raw := range e.delivered {
		switch sum := sha256.Sum256(raw); {
		case e.there[sum] > 1:
			e.t.Fatalf("message %d is here %d times", i, e.there[sum])
		case e.there[sum] == 0 && !left[sum]:
			e.t.Fatalf("message %d is gone from the server and not here", i)
		}
	}
}

// TestKillDuringPOP3: kill -9 at any time while a mailbox is emptied loses nothing and doubles nothing.
func TestKillDuringPOP3(t *testing.T) {
	t.Parallel()
	n := 12
	if long() {
		n = 200
	}
	e := newEmptying(t)
	r := rand.New(rand.NewPCG(9, 9))
	e.refill()
	_, life := e.sync(0)
	kills := 0
	for tries := 0; kills < n && tries < 4*n; tries++ {
		e.refill()
		killed, took := e.sync(life/4 + time.Duration(r.Int64N(int64(life)))) // the first quarter is the start of a process
		if !killed {
			life = (life + took) / 2 // the machine got faster
			e.look()
			continue
		}
		kills++
		e.cut[e.where()]++
		e.look()
	}
	e.sync(0)
	e.look()
	if left := e.servers.List("INBOX"); len(left) != 0 {
		t.Errorf("%d are left on the server", len(left))
	}
	if len(e.seen) != len(e.delivered) {
		t.Errorf("%d of %d messages are here", len(e.seen), len(e.delivered))
	}
	if kills < n || e.cut["fetching"] == 0 {
		t.Errorf("%d kills, %v: not enough was tested", kills, e.cut)
	}
	t.Logf("%d kills, %v; %d messages", kills, e.cut, len(e.delivered))
}
