package imap_test

import (
	"fmt"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"mua/account/imap"
	"mua/account/realservers"
	"mua/store"
	"mua/store/message"
)

// accepted spools a message and has a server accept it: its copy is then to be appended to Sent.
func (e *env) accepted(id string) {
	e.t.Helper()
	wire := fmt.Sprintf("From: u1@example.org\r\nMessage-ID: %s\r\nSubject: copy\r\n\r\nx\r\n", id)
	item, _, err := e.st.Spool(e.t.Context(), store.SpoolRequest{Account: e.id, From: message.Address{Addr: "u1@example.org"}, Sender: "u1@example.org",
		Recipients: []string{"bob@example.org"}, Wire: []byte(wire), MessageID: id, Subject: "copy", Date: time.Now(), SaveSent: true})
	if err != nil {
		e.t.Fatal(err)
	}
	claimed, err := e.st.Claim(e.t.Context(), e.id, item, "smtp.example.org")
	if err != nil || claimed == nil {
		e.t.Fatal(claimed, err)
	}
	err = e.st.EndAttempt(e.t.Context(), store.AttemptResult{Attempt: claimed.Attempt, State: store.Sent, Outcome: "accepted",
		Recipients: []store.RecipientResult{{Addr: "bob@example.org", State: store.Accepted, Code: 250}}})
	if err != nil {
		e.t.Fatal(err)
	}
}

// tryReplay replays what is wished over a connection of its own, which may be cut.
func (e *env) tryReplay() error {
	s, err := imap.Open(e.t.Context(), e.acct, e.st, e.o)
	if err != nil {
		return err
	}
	defer s.Close()
	_, _, err = s.Replay(e.t.Context())
	return err
}

// ofAppend is how many octets of an APPEND in peace went to the server, and came back, up to its end.
func ofAppend(t *testing.T, c *realservers.Cutter) (up, down int) {
	t.Helper()
	to, from := c.Heard()
	_, rest, ok := strings.Cut(string(to), "\r\n\r\nx\r\n\r\n")
	_, after, ok2 := strings.Cut(string(from), "Append completed")
	_, after, ok3 := strings.Cut(after, "\r\n")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("this is no APPEND: %q, %q", to, from)
	}
	return len(to) - len(rest), len(from) - len(after)
}

// cutsOf yields every step-th offset, and the last two: the end is where it matters.
func cutsOf(length, step int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := range length + 1 {
			if (n%step == 0 || n >= length-1) && !yield(n) {
				return
			}
		}
	}
}

// appends are messages on their way to a Dovecot's Sent through a cutter.
type appends struct {
	t      *testing.T
	e      *env
	cutter *realservers.Cutter
	other  *realservers.Client
}

func newAppends(t *testing.T, d *realservers.DovecotServer) *appends {
	t.Helper()
	cutter := realservers.NewCutter(t, d.IMAP)
	e := newEnv(t, fmt.Sprintf("[account.work]\nfrom = \"u1@example.org\"\nincoming = \"imap+insecure://u1@%s\"\npassword = { plain = %q }\n",
		cutter.Addr, d.Password))
	e.o.Settle = time.Millisecond // the cutter lets the server end before the next session begins
	e.sync()
	cutter.From(" APPEND ")
	return &appends{t: t, e: e, cutter: cutter, other: d.Client(t, d.User)}
}

// copies counts the copies of a message in the server's Sent.
func (p *appends) copies(id string) int {
	p.t.Helper()
	if _, err := p.other.Try("SELECT Sent"); err != nil {
		return 0 // it is not there yet
	}
	return len(strings.Fields(strings.Join(p.other.Exec(fmt.Sprintf("UID SEARCH HEADER Message-ID %q", id)), ""))) - 2 // * SEARCH
}

// whole appends one message in peace and measures that.
func (p *appends) whole() (up, down int) {
	p.t.Helper()
	const id = "<cut-9-000@example.org>"
	p.e.accepted(id)
	if err := p.e.tryReplay(); err != nil {
		p.t.Fatal(err)
	}
	p.cutter.Idle()
	up, down = ofAppend(p.t, p.cutter)
	if n := p.copies(id); n != 1 || up < 100 || down < 20 {
		p.t.Fatalf("%d copies of an APPEND in peace; %d octets to the server and %d back", n, up, down)
	}
	return up, down
}

// at cuts after n octets of one direction, then heals.
func (p *appends) at(dir, n int) (broke bool, before int) {
	p.t.Helper()
	limit := [2]int{-1, -1}
	limit[dir] = n
	p.cutter.Cut(limit[0], limit[1])
	id := fmt.Sprintf("<cut-%d-%03d@example.org>", dir, n)
	p.e.accepted(id)
	broke = p.e.tryReplay() != nil
	p.cutter.Idle()
	before = p.copies(id)
	p.cutter.Cut(-1, -1)
	if err := p.e.tryReplay(); err != nil {
		p.t.Fatalf("cut at %d (%d), then healed: %v", n, dir, err)
	}
	p.cutter.Idle()
	if after := p.copies(id); before > 1 || after != 1 {
		p.t.Errorf("cut at %d (%d): %d copies, then %d", n, dir, before, after)
	}
	return broke, before
}

// TestSentAppendCutEverywhere cuts the connection to Dovecot after every octet of the APPEND of a
// sent message, and of what Dovecot says to it: there is never more than one copy, and one in the end.
func TestSentAppendCutEverywhere(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []realservers.Option
		step    int
	}{
		{"as it is", nil, 3},
		{"without UIDPLUS and LITERAL+", []realservers.Option{realservers.Without("UIDPLUS", "LITERAL+")}, 9},
	} {
		if os.Getenv("MUA_LONG") != "" {
			c.step = 1
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newAppends(t, realservers.Dovecot(t, c.options...))
			up, down := p.whole()
			cuts, arrived, lost := 0, 0, 0
			for dir, length := range []int{up, down} {
				for n := range cutsOf(length, c.step) {
					broke, before := p.at(dir, n)
					cuts, arrived = cuts+1, arrived+before
					if broke {
						lost++
					}
				}
			}
			p.e.sync()
			if rows := p.e.rows("Sent"); len(rows) != cuts+1 {
				t.Errorf("%d messages in Sent here, %d were sent", len(rows), cuts+1)
			}
			if arrived == 0 || lost == 0 || lost == arrived {
				t.Errorf("%d replays broke, %d messages arrived all the same: the cuts are not where they should be", lost, arrived)
			}
			t.Logf("%d cuts in %d + %d octets: %d replays broke, %d messages were there all the same", cuts, up, down, lost, arrived)
		})
	}
}

// TestAppendStillUnderWay: an APPEND that reaches Dovecot only after its connection was given up here,
// and while the next session looks for it, is not appended again.
func TestAppendStillUnderWay(t *testing.T) {
	d := realservers.Dovecot(t)
	p := newAppends(t, d)
	up, _ := p.whole()
	p.e.o.Settle = 0 // as in life
	p.cutter.Linger(300 * time.Millisecond)
	for n := range 3 {
		id := fmt.Sprintf("<cut-5-%03d@example.org>", n)
		p.cutter.Cut(up, -1)
		p.e.accepted(id)
		if err := p.e.tryReplay(); err == nil {
			t.Fatal("the connection was not cut")
		}
		p.cutter.Cut(-1, -1)
		if err := p.e.tryReplay(); err != nil {
			t.Fatal(err)
		}
		p.cutter.Idle()
		if copies := p.copies(id); copies != 1 {
			t.Errorf("%d copies", copies)
		}
	}
}
