package trial

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account/demo"
	"mua/store"
)

// TestKillBetweenAccounts: a person moves mail between two accounts, within them, and takes it back, while the processes
// that carry that out are killed. At no time is a message on no server, and in the end each is once where it was wished.
func TestKillBetweenAccounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		without []string
	}{{"demo", nil}, {"demo without MOVE and UIDPLUS", []string{"MOVE", "UIDPLUS"}}} {
		t.Run(c.name, func(t *testing.T) {
			kills := 25
			if long() {
				kills = 200
			}
			seed := rand.Uint64() % 1_000_000
			t.Logf("seed %d", seed)
			m := newMover(t, seed, c.without)
			killed, settled := 0, 0
			for round := 0; killed < kills && round < 4*kills; round++ {
				m.wish(5)
				before := m.pending()
				if m.killed(m.bin, time.Duration((0.05+0.95*m.r.Float64())*float64(m.span)), "sync") {
					killed++
					m.span = m.span * 21 / 20
				} else {
					m.span = m.span * 9 / 10
				}
				if m.pending() < before {
					settled++
				}
				m.nothingLost()
			}
			if killed < kills/4 || settled == 0 {
				t.Errorf("%d kills of %d, %d of which came while something was done", killed, kills, settled)
			}
			m.ends()
		})
	}
}

// mover is a person with two accounts.
type mover struct {
	*box
	bin     string
	servers map[string]*demo.Servers
	st      *store.Store
	boxes   []store.Mailbox // of both
	r       *rand.Rand
	raw     map[string]string // subject → the message
	place   map[string]string // subject → account and mailbox
	span    time.Duration
}

func newMover(t *testing.T, seed uint64, without []string) *mover {
	m := &mover{bin: buildMua(t), servers: map[string]*demo.Servers{}, r: rand.New(rand.NewPCG(seed, 2)), raw: map[string]string{}, place: map[string]string{}}
	config := ""
	for _, name := range []string{"work", "home"} {
		s, err := demo.Start(t.Context(), demo.Options{Dir: t.TempDir(), Without: without})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		s.SetFaults(demo.Faults{Latency: 3 * time.Millisecond})
		for i := range 12 {
			subject := fmt.Sprintf("%s-%d.", name, i)
			raw := fmt.Sprintf("From: a@example.org\r\nMessage-ID: <%s@example.org>\r\nSubject: %s\r\n\r\n%s\r\n", subject, subject, strings.Repeat(subject+"\r\n", m.r.IntN(800)))
			m.raw[subject], m.place[subject] = raw, name+" INBOX"
			s.Deliver("INBOX", []byte(raw))
		}
		m.servers[name] = s
		config += s.ConfigFor(name, "imaps", "") + "\n"
	}
	m.box = newBox(t, config)
	began := time.Now()
	m.mua(0, "sync")
	m.span = 2 * time.Since(began)
	var err error
	if m.st, err = store.Open(t.Context(), m.data, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.st.Close() })
	list, err := m.st.Mailboxes(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if b.AccountName != "local" && (b.Name == "INBOX" || b.Name == "Archive") {
			m.boxes = append(m.boxes, b)
		}
	}
	if len(m.boxes) != 4 {
		t.Fatalf("%d mailboxes", len(m.boxes))
	}
	return m
}

func (m *mover) rows() []store.Row {
	m.t.Helper()
	rows, err := m.st.List(m.t.Context(), store.ListQuery{Limit: 1 << 20})
	if err != nil {
		m.t.Fatal(err)
	}
	return rows
}

func (m *mover) pending() (n int) {
	for _, r := range m.rows() {
		n += len(r.Pending)
	}
	return n
}

// wish does n things, and notes where each message is to be.
func (m *mover) wish(n int) {
	m.t.Helper()
	ctx := m.t.Context()
	for range n {
		var err error
		rows := m.rows()
		ids := []store.MessageID{rows[m.r.IntN(len(rows))].ID, rows[m.r.IntN(len(rows))].ID}
		switch m.r.IntN(8) {
		case 0:
			_, err = m.st.Undo(ctx)
		case 1:
			_, err = m.st.Redo(ctx)
		case 2:
			_, err = m.st.MarkFlags(ctx, ids, store.FlagChange{Add: store.Flagged})
		default:
			_, err = m.st.Move(ctx, ids, m.boxes[m.r.IntN(len(m.boxes))].ID)
			if err != nil {
				m.t.Fatal(err)
			}
		}
		if err != nil {
			m.t.Logf("not done: %v", err) // nothing to undo, or to do again
		}
	}
	seen := map[string]int{}
	for _, r := range m.rows() {
		seen[r.Subject]++
		m.place[r.Subject] = r.AccountName + " " + r.MailboxName
	}
	for subject := range m.raw {
		if seen[subject] != 1 {
			m.t.Fatalf("%s is here %d times", subject, seen[subject])
		}
	}
}

// there is what the servers have, by subject.
func (m *mover) there() map[string][]string {
	out := map[string][]string{}
	for name, s := range m.servers {
		for _, l := range (demoMail{m.t, s}).list() {
			_, subject, _ := strings.Cut(l.raw, "Subject: ")
			subject, _, _ = strings.Cut(subject, "\r\n")
			if l.raw != m.raw[subject] {
				m.t.Errorf("%s has other bytes on the server", subject)
			}
			out[subject] = append(out[subject], name+" "+l.mailbox)
		}
	}
	return out
}

// nothingLost looks for every message. What a process sent before it was killed may be carried out while the mailboxes are
// listed one after the other, so that a MOVE hides a message from one look, but not from two.
func (m *mover) nothingLost() {
	m.t.Helper()
	there, again := m.there(), m.there()
	for subject := range m.raw {
		if len(there[subject])+len(again[subject]) == 0 {
			m.t.Fatalf("%s is on no server", subject)
		}
	}
}

func (m *mover) ends() {
	m.t.Helper()
	for range 5 {
		m.mua(0, "sync")
	}
	if list, err := m.st.Conflicts(m.t.Context(), 100); err != nil || len(list) != 0 {
		m.t.Errorf("the journal: %+v %v", list, err)
	}
	there := m.there()
	here := map[string][]string{}
	for _, r := range m.rows() {
		here[r.Subject] = append(here[r.Subject], r.AccountName+" "+r.MailboxName)
		if raw, err := m.st.Raw(m.t.Context(), r.ID); err != nil || string(raw) != m.raw[r.Subject] {
			m.t.Errorf("%s has other bytes here: %v", r.Subject, err)
		}
	}
	for subject, place := range m.place {
		if want := []string{place}; !slices.Equal(there[subject], want) || !slices.Equal(here[subject], want) {
			m.t.Errorf("%s is to be in %q, is in %q here, and in %q on the servers", subject, want, here[subject], there[subject])
		}
	}
}
