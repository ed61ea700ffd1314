package trial

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account/demo"
	"mua/outbox"
	"mua/store"
	"mua/store/message"
)

// long asks for the long modes of tests (CONTRIBUTING.md).
func long() bool { return os.Getenv("MUA_LONG") != "" }

// queueLength is how many messages are due when a flush that will be killed begins.
const queueLength = 8

// massacre flushes a queue that never runs dry with processes that are killed at random.
type massacre struct {
	*box
	bin     string
	servers *demo.Servers
	st      *store.Store
	acct    store.AccountID
	policy  store.Policy

	spooled map[store.OutboxID]string // the bytes
	doubt   map[store.OutboxID]int    // how often it was killed between the pending dot and the record of its answer
	phases  map[string]int            // how many items were found in which phase
	known   map[store.AttemptID]bool  // found before: the process after the kill was killed before it had settled it
}

func newMassacre(t *testing.T, bin string, o demo.Options, incoming string, policy store.Policy, more string) *massacre {
	t.Helper()
	o.Dir = t.TempDir()
	servers, err := demo.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.SetFaults(demo.Faults{Latency: 2 * time.Millisecond}) // room for the kills to land everywhere
	m := &massacre{box: newBox(t, servers.ConfigFor("demo", incoming, "smtps")+more), bin: bin, servers: servers, policy: policy,
		spooled: map[store.OutboxID]string{}, doubt: map[store.OutboxID]int{}, phases: map[string]int{},
		known: map[store.AttemptID]bool{}}
	if m.st, err = store.Open(t.Context(), m.data, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.st.Close() })
	if m.acct, err = m.st.EnsureAccount(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	return m
}

// refill spools until enough is due.
func (m *massacre) refill() {
	m.t.Helper()
	items, err := m.st.Items(m.t.Context(), false)
	if err != nil {
		m.t.Fatal(err)
	}
	due := 0
	for _, it := range items {
		if it.State == store.Sending || it.State == store.Queued && !it.NextAttempt.After(time.Now()) {
			due++
		}
	}
	for ; due < queueLength; due++ {
		id := fmt.Sprintf("<kill-%d@mua.example>", len(m.spooled))
		wire := fmt.Sprintf("From: ada@mua.example\r\nMessage-ID: %s\r\nSubject: message-%d.\r\n\r\nx\r\n", id, len(m.spooled))
		item, _, err := m.st.Spool(m.t.Context(), store.SpoolRequest{Account: m.acct, From: message.Address{Addr: "ada@mua.example"},
			Sender: "ada@mua.example", Recipients: []string{"bob@mua.example"}, Wire: []byte(wire), MessageID: id, Date: time.Now(), Policy: m.policy})
		if err != nil {
			m.t.Fatal(err)
		}
		m.spooled[item] = wire
	}
}

// flush runs mua outbox flush as a process, and kills it after d unless d is 0.
func (m *massacre) flush(d time.Duration) (killed bool, took time.Duration) {
	m.t.Helper()
	var talk bytes.Buffer
	cmd := exec.Command(m.bin, "--config", m.config, "--data", m.data, "outbox", "flush")
	cmd.Stderr = &talk
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	if d > 0 {
		killer := time.AfterFunc(d, func() { _ = cmd.Process.Kill() }) // it may have ended
		defer killer.Stop()
	}
	err := cmd.Wait()
	killed = cmd.ProcessState.ExitCode() < 0
	// 75 says that something is in doubt, or waits.
	if err != nil && !killed && cmd.ProcessState.ExitCode() != exitTemporary || strings.Contains(talk.String(), "locked") {
		m.t.Fatalf("mua outbox flush: %v\n%s", err, &talk)
	}
	return killed, time.Since(begun)
}

// enough is how many items must have been killed in the ambiguous window for a run to mean something.
const enough = 3

// run kills n flushes, and more until enough were in the window, at moments spread over the life of one.
func (m *massacre) run(n int) {
	m.t.Helper()
	r := rand.New(rand.NewPCG(3, uint64(n)))
	m.refill()
	_, life := m.flush(0)
	kills, tries := 0, 0
	for ; (kills < n || m.phases["dot pending"] < enough) && tries < 4*n; tries++ {
		m.refill()
		killed, took := m.flush(time.Duration(r.Int64N(int64(life))) + 1)
		if !killed {
			life = (life + took) / 2 // the machine got faster
			continue
		}
		kills++
		m.look()
		if kills%20 == 0 {
			m.refill()
			_, life = m.flush(0)
		}
	}
	if kills < n || m.phases["claimed"] < enough || m.phases["dot pending"] < enough {
		m.t.Errorf("%d of %d flushes were killed, and left: %v", kills, tries, m.phases)
	}
}

// look finds what the kill has left.
func (m *massacre) look() {
	m.t.Helper()
	orphans, err := m.st.Orphans(m.t.Context(), m.acct)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, at := range orphans {
		if m.known[at.ID] {
			continue
		}
		m.known[at.ID] = true
		if at.DotPending {
			m.doubt[at.Item]++
			m.phases["dot pending"]++
		} else {
			m.phases["claimed"]++
		}
	}
	if len(orphans) == 0 {
		m.phases["between items"]++
	}
}

// taken is every body the server has accepted, by its Message-ID.
func (m *massacre) taken() map[string][]string {
	out := map[string][]string{}
	for _, a := range m.servers.Accepted() {
		_, id, _ := strings.Cut(string(a.Data), "Message-ID: ")
		id, _, _ = strings.Cut(id, "\r\n")
		out[id] = append(out[id], string(a.Data))
	}
	return out
}

// check judges every item and what the server has of it; judge says what is wrong with one.
func (m *massacre) check(judge func(it store.Item, copies int) string) map[store.ItemState]int {
	m.t.Helper()
	items, err := m.st.Items(m.t.Context(), true)
	if err != nil {
		m.t.Fatal(err)
	}
	taken, states := m.taken(), map[store.ItemState]int{}
	for _, it := range items {
		states[it.State]++
		bodies := taken[it.MessageID]
		if what := judge(it, len(bodies)); what != "" {
			m.t.Errorf("%s: item %d is %s, in doubt %d times, and the server has it %d times\n%s",
				what, it.ID, it.State, m.doubt[it.ID], len(bodies), strings.Join(m.story(it.ID), "\n"))
		}
		for _, b := range bodies {
			if b != m.spooled[it.ID] {
				m.t.Errorf("item %d: not the spooled bytes: %q", it.ID, b)
			}
		}
	}
	if len(items) != len(m.spooled) {
		m.t.Errorf("%d items of %d spooled", len(items), len(m.spooled))
	}
	return states
}

func (m *massacre) story(id store.OutboxID) []string {
	m.t.Helper()
	ctx := m.t.Context()
	it, err := m.st.Item(ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	attempts, err := m.st.Attempts(ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	ledger := map[store.AttemptID][]store.RecipientResult{}
	for _, at := range attempts {
		if ledger[at.ID], err = m.st.AttemptLedger(ctx, at.ID); err != nil {
			m.t.Fatal(err)
		}
	}
	return outbox.Story(it, attempts, ledger, time.Now())
}

func (m *massacre) told(kills int, states map[store.ItemState]int) {
	m.t.Logf("%d kills, %d messages: %v; found in phases %v", kills, len(m.spooled), states, m.phases)
}

// TestKillDuringFlush kills flushes with SIGKILL at random moments: what becomes of the
// ambiguous window under each policy.
func TestKillDuringFlush(t *testing.T) {
	bin := buildMua(t)
	for _, c := range []struct {
		name  string
		kills int
		test  func(t *testing.T, bin string, kills int)
	}{
		{"ask", 200, killAsking},
		{"server files", 60, killFiling},
		{"retry", 60, killRetrying},
	} {
		if long() {
			c.kills = 1000
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, bin, c.kills)
		})
	}
}

// killAsking has the policy ask and a server that keeps no copy. Nothing is lost, nothing is
// sent twice, everything killed in the ambiguous window ends uncertain, and when the person has
// looked and answered, the server has every message exactly once.
func killAsking(t *testing.T, bin string, kills int) {
	m := newMassacre(t, bin, demo.Options{}, "", store.PolicyAsk, "")
	m.run(kills)
	m.flush(0)
	states := m.check(func(it store.Item, copies int) string {
		switch {
		case m.doubt[it.ID] > 0 && (it.State != store.Uncertain || copies > 1):
			return "killed after the pending dot"
		case m.doubt[it.ID] == 0 && (it.State != store.Sent || copies != 1):
			return "killed before the pending dot, or not at all"
		}
		return ""
	})
	m.told(kills, states)
	taken := m.taken()
	for id := range m.doubt {
		it, err := m.st.Item(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		answer := "--retry"
		if len(taken[it.MessageID]) == 1 {
			answer = "--sent"
		}
		m.mua(0, "outbox", "resolve", fmt.Sprint(id), answer)
	}
	m.flush(0)
	m.check(func(it store.Item, copies int) string {
		if it.State != store.Sent || copies != 1 {
			return "in the end"
		}
		return ""
	})
}

// killFiling has a server that files what it accepts in Sent: what it
// has is found there and settled as sent by itself; what it has not is never sent again unasked.
func killFiling(t *testing.T, bin string, kills int) {
	m := newMassacre(t, bin, demo.Options{FilesSent: true}, "imaps", store.PolicyAsk, "save_sent = false\n")
	m.run(kills)
	m.flush(0)
	m.flush(0) // what was made uncertain a moment ago
	states := m.check(func(it store.Item, copies int) string {
		switch {
		case copies > 1:
			return "sent twice"
		case copies == 1 && it.State != store.Sent:
			return "the server has filed it"
		case copies == 0 && (it.State != store.Uncertain || m.doubt[it.ID] == 0):
			return "no copy, though it may go out again only when asked"
		}
		return ""
	})
	m.told(kills, states)
	settled := 0
	for id := range m.doubt {
		if strings.Contains(strings.Join(m.story(id), "\n"), "found once in the server's Sent mailbox") {
			settled++
		}
	}
	if settled == 0 {
		t.Error("nothing was settled by the server's copy")
	}
	t.Logf("%d of %d in doubt were settled by the server's own copy", settled, len(m.doubt))
}

// killRetrying has the policy retry: what is in doubt goes out again, once, as the same bytes
// with the same Message-ID, and its story says so.
func killRetrying(t *testing.T, bin string, kills int) {
	m := newMassacre(t, bin, demo.Options{}, "", store.PolicyRetry, "")
	m.run(kills)
	m.flush(0)
	twice := 0
	for _, id := range slices.Sorted(maps.Keys(m.doubt)) {
		it, err := m.st.Item(t.Context(), id)
		switch {
		case err != nil:
			t.Error(err)
		case it.State == store.Sent: // its repeat came while others were killed
		case it.State == store.Uncertain && m.doubt[id] > 1:
			twice++ // the repeat was killed as well: that is for the person to decide
		case it.State != store.Queued || it.Waiting != outbox.WaitRetry:
			t.Errorf("item %d is %s %s", id, it.State, it.Waiting)
		default: // a repeat has its time, in a minute
			if err := m.st.Retry(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
	}
	m.flush(0)
	repeated := 0
	states := m.check(func(it store.Item, copies int) string {
		switch {
		case copies == 0 || it.State != store.Sent && (it.State != store.Uncertain || m.doubt[it.ID] < 2):
			return "lost"
		case copies > 2 || copies == 2 && m.doubt[it.ID] == 0:
			return "more than one repeat"
		case copies == 2:
			repeated++
			if !strings.Contains(strings.Join(m.story(it.ID), "\n"), "sent again as the policy says") {
				return "the repeat is not told"
			}
		}
		return ""
	})
	m.told(kills, states)
	if repeated == 0 {
		t.Error("nothing was repeated")
	}
	t.Logf("%d of %d in doubt were accepted twice; of %d the repeat was killed as well", repeated, len(m.doubt), twice)
}
