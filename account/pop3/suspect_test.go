package pop3

import (
	"context"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/wire"
)

// TestMessageThatEndsTheConnection: whatever the server does when it is asked for one message, all others
// come, and go.
func TestMessageThatEndsTheConnection(t *testing.T) {
	for name, end := range map[string]string{"close": "", "babble": strings.Repeat("x", 2<<20), "liar": "+OK\r\n" + strings.Repeat("x\r\n", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			m := &mini{caps: pipelining, uidls: names(60), bodies: letters(60)}
			m.odd = func(c string) (string, bool) { return end, c == "RETR 20" }
			a, st := m.account(t), testStore(t)
			a.POP3Leave = account.LeavePolicy{}
			p, err := pull(t, a, st, Options{})
			kind(t, err, account.KindTemporary, "1 messages could not be fetched")
			if left := m.remaining(); p.New != 59 || len(stored(t, st, "old")) != 59 || len(left) != 1 || left[0] != 19 || m.count("PASS") != 3 {
				t.Error(p, left, m.count("PASS"))
			}
			m.bend(nil)
			if p, err := pull(t, a, st, Options{}); err != nil || p.New != 1 || len(m.remaining()) != 0 {
				t.Error(p, err)
			}
			if n := len(stored(t, st, "old")); n != 60 {
				t.Error(n)
			}
		})
	}
}

// TestCutsAreGoneOnFrom: a connection that ends in the middle of a large mailbox is made again, where there
// was progress; a server that goes on like that is left in peace, and what came is kept.
func TestCutsAreGoneOnFrom(t *testing.T) {
	for _, c := range []struct{ each, new int }{{15, 60}, {25, 60}, {7, 5 * 7}, {0, 0}} {
		m := &mini{caps: pipelining, uidls: names(60), bodies: letters(60)}
		given := 0
		m.odd = func(cmd string) (string, bool) {
			switch {
			case cmd == "CAPA":
				given = 0
			case strings.HasPrefix(cmd, "RETR"):
				given++
				return "", given > c.each
			}
			return "", false
		}
		a, st := m.account(t), testStore(t)
		a.POP3Leave = account.LeavePolicy{}
		p, err := pull(t, a, st, Options{})
		if c.new < 60 {
			kind(t, err, account.KindTemporary, "closed the connection")
			if m.count("DELE")+m.count("QUIT") != 0 {
				t.Error(c, m.count("DELE"))
			}
		} else if err != nil || len(m.remaining()) != 0 {
			t.Error(c, err, m.remaining())
		}
		if p.New != c.new || len(stored(t, st, "old")) != c.new {
			t.Error(c, p)
		}
		m.bend(nil)
		if q, err := pull(t, a, st, Options{}); err != nil || p.New+q.New != 60 || len(stored(t, st, "old")) != 60 {
			t.Error(c, q, err)
		}
	}
}

func TestStallAndCancel(t *testing.T) {
	stuck := make(chan struct{}, 1)
	release := make(chan struct{})
	m := &mini{caps: pipelining, uidls: names(2), bodies: letters(2)}
	m.odd = func(c string) (string, bool) {
		if c == "RETR 1" {
			stuck <- struct{}{}
			<-release
		}
		return "", false
	}
	defer close(release)
	a, st := m.account(t), testStore(t)
	_, err := pull(t, a, st, Options{Wire: wire.Options{Progress: 2 * time.Second}})
	kind(t, err, account.KindTemporary, "did not answer")
	<-stuck
	release <- struct{}{}

	ctx, cancel := context.WithCancel(t.Context())
	s, err := Open(t.Context(), a, st, Options{})
	if err != nil {
		t.Fatal(err)
	}
	go func() { <-stuck; cancel() }()
	_, err = s.Pull(ctx)
	kind(t, err, account.KindTemporary, "interrupted")
	release <- struct{}{}
}
