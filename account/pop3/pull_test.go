package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/store"
)

var pipelining = []string{"TOP", "UIDL", "PIPELINING", "USER"}

func kind(t *testing.T, err error, k account.Kind, words string) {
	t.Helper()
	tr, ok := errors.AsType[*account.Trouble](err)
	if !ok || tr.Kind != k || !strings.Contains(tr.Error(), words) || tr.Account != "old" {
		t.Errorf("got %#v, %v; want kind %d, %q", tr, err, k, words)
	}
}

func TestPullOnceAndTheBytesAreTheSame(t *testing.T) {
	for name, caps := range map[string][]string{"pipelined": pipelining, "lock-step": {"TOP", "UIDL", "USER"}, "no CAPA": nil} {
		t.Run(name, func(t *testing.T) {
			m := &mini{caps: caps, uidls: names(300), bodies: letters(300)}
			a, st := m.account(t), testStore(t)
			var last account.Status
			o := Options{Progress: func(s account.Status) { last = s }}
			if p, err := pull(t, a, st, o); err != nil || p.New != 300 {
				t.Fatal(p, err)
			}
			if last.Done != 300 || last.Total != 300 || last.Account != "old" || last.Phase != account.Pulling {
				t.Errorf("%+v", last)
			}
			got := stored(t, st, "old")
			for i := range 300 {
				if !bytes.Equal(got[fmt.Sprintf("letter %d", i)], crlf(letter(i))) {
					t.Fatalf("letter %d: %q", i, got[fmt.Sprintf("letter %d", i)])
				}
			}
			retrs := m.count("RETR")
			m.mu.Lock()
			m.uidls, m.bodies = append(m.uidls, "new"), append(m.bodies, letter(300))
			m.mu.Unlock()
			if p, err := pull(t, a, st, o); err != nil || p.New != 1 {
				t.Fatal(p, err)
			}
			if p, err := pull(t, a, st, o); err != nil || p.New != 0 {
				t.Fatal(p, err)
			}
			if retrs != 300 || m.count("RETR") != 301 || m.count("DELE") != 0 {
				t.Error(retrs, m.count("RETR"), m.count("DELE"))
			}
		})
	}
}

func TestNewestFirst(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(5), bodies: letters(5)}
	if _, err := pull(t, m.account(t), testStore(t), Options{}); err != nil {
		t.Fatal(err)
	}
	if m.dialog()[len(m.dialog())-6] != "RETR 5" || m.dialog()[len(m.dialog())-2] != "RETR 1" {
		t.Error(m.dialog())
	}
}

func TestLeavePolicies(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3)}
	a, st := m.account(t), testStore(t)
	now := time.Now()
	o := Options{Now: func() time.Time { return now }}
	step := func(leave account.LeavePolicy, left int) {
		t.Helper()
		a.POP3Leave = leave
		if _, err := pull(t, a, st, o); err != nil {
			t.Fatal(err)
		}
		if n := len(m.remaining()); n != left {
			t.Errorf("%d left, want %d", n, left)
		}
	}
	step(account.LeavePolicy{Forever: true}, 3)
	now = now.Add(24 * time.Hour)
	step(account.LeavePolicy{For: 48 * time.Hour}, 3)
	m.mu.Lock()
	m.uidls, m.bodies = append(m.uidls, "x"), append(m.bodies, letter(3))
	m.mu.Unlock()
	now = now.Add(25 * time.Hour)
	step(account.LeavePolicy{For: 48 * time.Hour}, 1)
	step(account.LeavePolicy{For: 0}, 0)
	step(account.LeavePolicy{For: 0}, 0)
	if n := len(stored(t, st, "old")); n != 4 {
		t.Error(n)
	}
	acct, _ := st.EnsureAccount(t.Context(), "old")
	if rows, err := st.UIDLs(t.Context(), acct); err != nil || len(rows) != 0 {
		t.Error(rows, err)
	}
}

func TestQuitDecides(t *testing.T) {
	for name, answer := range map[string]string{"lost": "", "refused": "-ERR not all\r\n"} {
		t.Run(name, func(t *testing.T) {
			m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3)}
			m.bend(func(cmd string) (string, bool) { return answer, cmd == "QUIT" })
			a, st := m.account(t), testStore(t)
			a.POP3Leave = account.LeavePolicy{}
			p, err := pull(t, a, st, Options{})
			if p.New != 3 {
				t.Error(p)
			}
			if tr, ok := errors.AsType[*account.Trouble](err); !ok || !strings.Contains(tr.What, "not certain") {
				t.Error(err)
			}
			acct, _ := st.EnsureAccount(t.Context(), "old")
			rows, _ := st.UIDLs(t.Context(), acct)
			for _, r := range rows {
				if r.Deleted {
					t.Error("recorded as deleted:", r)
				}
			}
			m.bend(nil)
			if p, err := pull(t, a, st, Options{}); err != nil || p.New != 0 || len(m.remaining()) != 0 {
				t.Error(p, err, m.remaining())
			}
		})
	}
}

// TestAnswerToQuitWasALie has a server that says +OK to QUIT and keeps the messages, then one that gives
// their names to others.
func TestListedAgainAfterDeletion(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(2), bodies: letters(2)}
	a, st := m.account(t), testStore(t)
	a.POP3Leave = account.LeavePolicy{}
	m.bend(func(cmd string) (string, bool) { return "+OK sure\r\n", cmd == "QUIT" })
	for range 2 {
		if _, err := pull(t, a, st, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(stored(t, st, "old")); n != 2 || m.count("DELE") != 4 {
		t.Error(n, m.count("DELE"))
	}
	m.mu.Lock()
	m.bodies = []string{letter(7), letter(8)}
	m.mu.Unlock()
	if p, err := pull(t, a, st, Options{}); err != nil || p.New != 2 {
		t.Error(p, err)
	}
	if n := len(stored(t, st, "old")); n != 4 {
		t.Error(n)
	}
}

func TestListsThatDisagreeDeleteNothing(t *testing.T) {
	for name, odd := range map[string]func(string) (string, bool){
		"STAT":        func(c string) (string, bool) { return "+OK 4 1\r\n", c == "STAT" },
		"LIST":        func(c string) (string, bool) { return "+OK\r\n1 10\r\n2 10\r\n.\r\n", c == "LIST" },
		"LIST twice":  func(c string) (string, bool) { return "+OK\r\n1 100\r\n2 100\r\n2 100\r\n.\r\n", c == "LIST" },
		"UIDL":        func(c string) (string, bool) { return "+OK\r\n1 uid0\r\n3 uid2\r\n.\r\n", c == "UIDL" },
		"UIDL others": func(c string) (string, bool) { return "+OK\r\n1 uid0\r\n2 uid1\r\n9 uid2\r\n.\r\n", c == "UIDL" },
		"UIDL blank":  func(c string) (string, bool) { return "+OK\r\n1 uid0\r\n2\r\n3 uid2\r\n.\r\n", c == "UIDL" },
	} {
		t.Run(name, func(t *testing.T) {
			m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3), odd: odd}
			a, st := m.account(t), testStore(t)
			a.POP3Leave = account.LeavePolicy{}
			p, err := pull(t, a, st, Options{})
			if err != nil || p.New == 0 {
				t.Error(p, err)
			}
			if m.count("DELE") != 0 {
				t.Error(m.dialog())
			}
		})
	}
}

func TestSharedNames(t *testing.T) {
	m := &mini{caps: pipelining, uidls: []string{"a", "b", "a"}, bodies: letters(3)}
	a, st := m.account(t), testStore(t)
	for i, leave := range []account.LeavePolicy{{Forever: true}, {}, {}} {
		a.POP3Leave = leave
		if _, err := pull(t, a, st, Options{}); err != nil {
			t.Fatal(err)
		}
		if n := len(stored(t, st, "old")); n != 3 {
			t.Error(n)
		}
		if want := []int{3, 2, 2}[i]; len(m.remaining()) != want {
			t.Error(i, m.remaining())
		}
	}
}

func TestWithoutUIDL(t *testing.T) {
	for name, caps := range map[string][]string{"TOP": {"TOP", "USER", "PIPELINING"}, "nothing": {"USER"}} {
		t.Run(name, func(t *testing.T) {
			m := &mini{caps: caps, bodies: letters(4)}
			a, st := m.account(t), testStore(t)
			for i, leave := range []account.LeavePolicy{{Forever: true}, {Forever: true}, {}} {
				a.POP3Leave = leave
				p, err := pull(t, a, st, Options{})
				if err != nil || i == 0 && p.New != 4 || i > 0 && p.New != 0 {
					t.Fatal(p, err)
				}
			}
			if n := len(stored(t, st, "old")); n != 4 || len(m.remaining()) != 0 {
				t.Error(n, m.remaining())
			}
		})
	}
}

func TestLargeMessages(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3)}
	m.bodies[1] += strings.Repeat("x", 5000) + "\n"
	a, st := m.account(t), testStore(t)
	a.POP3Leave = account.LeavePolicy{}
	for range 2 {
		if _, err := pull(t, a, st, Options{MaxMessage: 4000}); err != nil {
			t.Fatal(err)
		}
		got := stored(t, st, "old")
		if body, here := got["letter 1"]; len(got) != 3 || !here || body != nil || len(m.remaining()) != 1 {
			t.Error(len(got), m.remaining())
		}
	}
	if m.count("TOP") != 1 {
		t.Error(m.dialog())
	}
	// With the limit raised the text comes, and only then the message goes.
	if _, err := pull(t, a, st, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, st, "old"); len(got) != 3 || len(got["letter 1"]) < 5000 || len(m.remaining()) != 0 {
		t.Error(len(got), m.remaining())
	}
}

func TestRefusedMessageIsPassedOver(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3)}
	m.odd = func(c string) (string, bool) { return "-ERR broken\x07 here\r\n", c == "RETR 2" }
	a, st := m.account(t), testStore(t)
	a.POP3Leave = account.LeavePolicy{}
	p, err := pull(t, a, st, Options{})
	kind(t, err, account.KindRefused, "1 messages could not be fetched")
	if p.New != 2 || len(m.remaining()) != 1 || m.remaining()[0] != 1 {
		t.Error(p, m.remaining())
	}
}

// TestEmptyAnswerIsNotTheMessage: a server that says a message has 5,000 octets and then sends none has
// not delivered it, so it must stay there.
func TestEmptyAnswerIsNotTheMessage(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3)}
	m.odd = func(c string) (string, bool) { return "+OK\r\n.\r\n", c == "RETR 2" }
	a, st := m.account(t), testStore(t)
	a.POP3Leave = account.LeavePolicy{}
	p, err := pull(t, a, st, Options{})
	kind(t, err, account.KindTemporary, "sent nothing for a message of")
	if p.New != 2 || len(m.remaining()) != 1 || m.remaining()[0] != 1 {
		t.Error(p, m.remaining())
	}
	m.bend(nil)
	if p, err := pull(t, a, st, Options{}); err != nil || p.New != 1 || len(m.remaining()) != 0 {
		t.Error(p, m.remaining(), err)
	}
}

func TestPartsAreDrained(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(300), bodies: letters(300)}
	shown := 0
	m.odd = func(c string) (string, bool) { // shows 120 at a time, each once
		switch c {
		case "QUIT":
			for i := shown; i < min(shown+120, 300); i++ {
				m.gone[i] = true
			}
			shown = min(shown+120, 300)
			return "+OK\r\n", true
		case "STAT":
			return fmt.Sprintf("+OK %d 1\r\n", min(120, 300-shown)), true
		case "LIST", "UIDL":
			var b strings.Builder
			b.WriteString("+OK\r\n")
			for i := range min(120, 300-shown) {
				v := m.uidls[shown+i]
				if c == "LIST" {
					v = "100"
				}
				fmt.Fprintf(&b, "%d %s\r\n", i+1, v)
			}
			return b.String() + ".\r\n", true
		}
		return "", false
	}
	st := testStore(t)
	if p, err := pull(t, m.account(t), st, Options{}); err != nil || p.New != 300 {
		t.Fatal(p, err)
	}
}

func TestForgottenWhenNotListed(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3)}
	a, st := m.account(t), testStore(t)
	if _, err := pull(t, a, st, Options{}); err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	m.gone[1] = true
	m.mu.Unlock()
	if _, err := pull(t, a, st, Options{}); err != nil {
		t.Fatal(err)
	}
	acct, _ := st.EnsureAccount(t.Context(), "old")
	if rows, err := st.UIDLs(t.Context(), acct); err != nil || len(rows) != 2 {
		t.Error(rows, err)
	}
	if n := len(stored(t, st, "old")); n != 3 {
		t.Error(n)
	}
}

func TestLoginTrouble(t *testing.T) {
	for _, c := range []struct {
		cmd, reply string
		kind       account.Kind
		words      string
	}{
		{"PASS secret", "-ERR wrong, ada\r\n", account.KindLogin, "password rejected by 127.0.0.1 (-ERR wrong, ada). Not retried"},
		{"USER ada", "-ERR who\r\n", account.KindLogin, "who"},
		{"PASS secret", "-ERR [AUTH] wrong\r\n", account.KindLogin, "[AUTH] wrong"},
		{"PASS secret", "-ERR [IN-USE] locked\r\n", account.KindTemporary, "locked"},
		{"PASS secret", "-ERR [LOGIN-DELAY] wait\r\n", account.KindTemporary, "wait"},
		{"PASS secret", "-ERR [SYS/TEMP] sick\r\n", account.KindTemporary, "sick"},
		{"PASS secret", "-ERR [SYS/PERM] dead\r\n", account.KindRefused, "dead"},
		{"PASS secret", "hm\r\n", account.KindTemporary, "neither +OK nor -ERR"},
		{"CAPA", "+OK\r\n" + strings.Repeat("X", 300_000), account.KindTemporary, "127.0.0.1"},
		{"STAT", "+OK many\r\n", account.KindTemporary, "127.0.0.1"},
		{"LIST", "+OK\r\n1 x\r\n.\r\n", account.KindTemporary, "127.0.0.1"},
		{"STAT", "-ERR [SYS/TEMP] sick\r\n", account.KindTemporary, "sick"},
		{"STAT", "+OK 2000000000 1\r\n", 0, ""},
	} {
		m := &mini{caps: pipelining, uidls: names(1), bodies: letters(1), odd: func(cmd string) (string, bool) { return c.reply, cmd == c.cmd }}
		_, err := pull(t, m.account(t), testStore(t), Options{})
		if c.words == "" {
			if err != nil {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		kind(t, err, c.kind, c.words)
		if n := m.count("PASS"); n > 1 {
			t.Error(n, "tries")
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Error(err)
		}
	}
	m := &mini{caps: pipelining}
	a := m.account(t)
	a.Password = account.Secret{Plain: "x\r\nDELE 1"}
	_, err := pull(t, a, testStore(t), Options{})
	kind(t, err, account.KindLogin, "control character")
	if m.count("USER")+m.count("DELE") != 0 {
		t.Error(m.dialog())
	}
}

func TestSASL(t *testing.T) {
	m := &mini{caps: []string{"UIDL", "PIPELINING", "SASL PLAIN XOAUTH2"}}
	m.odd = func(c string) (string, bool) {
		switch {
		case strings.HasPrefix(c, "AUTH "):
			return "+ \r\n", true
		case c == "AGFkYQBzZWNyZXQ=": // PLAIN
			return "+OK in\r\n", true
		case strings.HasPrefix(c, "dXNlcj1hZGEBYXV0aD1CZWFyZXIg"): // XOAUTH2
			return "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n", true
		case c == "":
			return "-ERR token too old\r\n", true
		}
		return "", false
	}
	a := m.account(t)
	r, err := Check(t.Context(), a, Options{})
	if err != nil || r.Login != "ada (PLAIN)" || strings.Join(r.Capabilities, ",") != "UIDL,PIPELINING,SASL PLAIN XOAUTH2" {
		t.Error(r, err)
	}
	if m.dialog()[len(m.dialog())-1] != "QUIT" {
		t.Error(m.dialog())
	}
	a.Password.Mechanism = "xoauth2"
	_, err = Check(t.Context(), a, Options{})
	kind(t, err, account.KindLogin, "token too old")
}

func TestCommitThatFails(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(60), bodies: letters(60)}
	a := m.account(t)
	a.POP3Leave = account.LeavePolicy{}
	st := &failing{Store: testStore(t)}
	s, err := open(t.Context(), a, st, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Pull(t.Context())
	kind(t, err, account.KindIO, "disk full")
	if p.New != 20 || m.count("DELE")+m.count("QUIT") != 0 {
		t.Error(p, m.dialog())
	}
}

// failing is a store whose second batch fails.
type failing struct {
	*store.Store
	n int
}

func (f *failing) AddRemote(ctx context.Context, m store.MailboxID, b []store.Incoming) ([]store.MessageID, int, error) {
	if f.n++; f.n > 1 {
		return nil, 0, errors.New("disk full")
	}
	return f.Store.AddRemote(ctx, m, b)
}
