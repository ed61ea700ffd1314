package pop3

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/store"
)

// waiting records what was waited.
func waiting(patience time.Duration) (*[]time.Duration, Options) {
	var waits []time.Duration
	return &waits, Options{Patience: patience, Pause: func(_ context.Context, d time.Duration) error {
		waits = append(waits, d)
		return nil
	}}
}

func TestInUseIsWaitedFor(t *testing.T) {
	for _, code := range []string{"[IN-USE] another session", "[LOGIN-DELAY] not so fast", "[in-use] later"} {
		m := &mini{caps: pipelining, uidls: names(3), bodies: letters(3)}
		refuse := 3
		m.odd = func(c string) (string, bool) {
			if c == "PASS secret" && refuse > 0 {
				refuse--
				return "-ERR " + code + "\r\n", true
			}
			return "", false
		}
		waits, o := waiting(time.Minute)
		if p, err := pull(t, m.account(t), testStore(t), o); err != nil || p.New != 3 || fmt.Sprint(*waits) != "[1s 2s 4s]" {
			t.Error(code, p, err, *waits)
		}
		// For ever it is not waited, and what only another password can change is not tried twice.
		refuse = 1000
		waits, o = waiting(time.Minute)
		_, err := pull(t, m.account(t), testStore(t), o)
		kind(t, err, account.KindTemporary, "try later")
		if len(*waits) != 5 {
			t.Error(*waits)
		}
	}
	m := &mini{caps: pipelining}
	m.odd = func(c string) (string, bool) { return "-ERR [AUTH] no\r\n", c == "PASS secret" }
	waits, o := waiting(time.Minute)
	_, err := pull(t, m.account(t), testStore(t), o)
	kind(t, err, account.KindLogin, "no")
	if len(*waits) != 0 || m.count("PASS") != 1 {
		t.Error(*waits)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	m := &mini{caps: pipelining}
	m.odd = func(c string) (string, bool) { return "-ERR [IN-USE] no\r\n", c == "PASS secret" }
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{Pause: func(ctx context.Context, _ time.Duration) error { cancel(); return pause(ctx, time.Hour) }}
	_, err := Open(ctx, m.account(t), testStore(t), o)
	kind(t, err, account.KindTemporary, "")
}

// inParts makes a server show part messages in each session, and each of them in one only, as Gmail does.
func (m *mini) inParts(part int) {
	shown, all := 0, len(m.bodies)
	m.odd = func(c string) (string, bool) {
		now := min(part, all-shown)
		switch verb, arg, _ := strings.Cut(c, " "); verb {
		case "QUIT":
			for i := shown; i < shown+now; i++ {
				m.gone[i] = true
			}
			shown += now
			return "+OK\r\n", true
		case "STAT":
			return fmt.Sprintf("+OK %d 1\r\n", now), true
		case "LIST", "UIDL":
			var b strings.Builder
			b.WriteString("+OK\r\n")
			for i := range now {
				v := m.uidls[shown+i]
				if verb == "LIST" {
					v = "100"
				}
				fmt.Fprintf(&b, "%d %s\r\n", i+1, v)
			}
			return b.String() + ".\r\n", true
		case "RETR":
			var n int
			fmt.Sscan(arg, &n)
			return "+OK\r\n" + stuffed(m.bodies[shown+n-1]), true
		}
		return "", false
	}
}

// TestPartsWithALoginDelay: a delay is waited for as far as a minute goes; of one that is longer the server
// decides whether it is meant, as Gmail, which says 300, does not.
func TestPartsWithALoginDelay(t *testing.T) {
	for _, c := range []struct {
		delay, waits, new int
		meant             bool // the server refuses who comes early
	}{{5, 2, 300, false}, {20, 2, 300, false}, {300, 0, 300, false}, {300, 0, 120, true}} {
		m := &mini{caps: append([]string{fmt.Sprintf("LOGIN-DELAY %d", c.delay), "EXPIRE 0"}, pipelining...), uidls: names(300), bodies: letters(300)}
		m.inParts(120)
		parts := m.odd
		early := false
		m.bend(func(cmd string) (string, bool) {
			if cmd == "PASS secret" && early && c.meant {
				return "-ERR [LOGIN-DELAY] not so fast\r\n", true
			}
			early = early || cmd == "QUIT"
			return parts(cmd)
		})
		waits, o := waiting(time.Minute + 10*time.Second)
		st := testStore(t)
		a := m.account(t)
		p, err := pull(t, a, st, o)
		if err != nil || p.New != c.new || len(*waits) != c.waits {
			t.Errorf("%+v: %+v, %v, waited %v", c, p, err, *waits)
		}
		if said := strings.Join(p.Warnings, "\n"); strings.Contains(said, "next pull") != c.meant || !strings.Contains(said, "need not keep") {
			t.Errorf("%+v: %q", c, said)
		}
		m.bend(parts)
		if p, err = pull(t, a, st, Options{}); err != nil || p.New != 300-c.new { // the rest comes with the next one
			t.Error(p, err)
		}
		got := stored(t, st, "old")
		for i := range 300 {
			if !bytes.Equal(got[fmt.Sprintf("letter %d", i)], crlf(letter(i))) {
				t.Fatalf("letter %d", i)
			}
		}
	}
}

// TestPartsGoOnAfterACut: a part of which some came in a session that was cut is still a part.
func TestPartsGoOnAfterACut(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(300), bodies: letters(300)}
	a, st := m.account(t), testStore(t)
	m.inParts(120)
	whole := m.odd
	cut := false
	m.bend(func(c string) (string, bool) {
		switch {
		case c == "RETR 81":
			cut = true
			return "", true
		case c == "PASS secret" && cut:
			return "-ERR [SYS/TEMP] and now I am down\r\n", true
		}
		return whole(c)
	})
	p, err := pull(t, a, st, Options{})
	kind(t, err, account.KindTemporary, "39 of 120 messages are here")
	m.bend(whole)
	if q, err := pull(t, a, st, Options{}); err != nil || p.New+q.New != 300 || len(stored(t, st, "old")) != 300 {
		t.Error(p, q, err)
	}
}

func TestExpireIsHeard(t *testing.T) {
	for _, c := range []struct {
		caps, after string // before the login and after it
		leave       account.LeavePolicy
		warns       string
	}{
		{"EXPIRE NEVER", "", account.LeavePolicy{Forever: true}, ""},
		{"EXPIRE 30", "", account.LeavePolicy{Forever: true}, "after 30 days"},
		{"EXPIRE 30", "", account.LeavePolicy{For: 14 * 24 * time.Hour}, ""},
		{"EXPIRE 7", "", account.LeavePolicy{For: 14 * 24 * time.Hour}, "after 7 days"},
		{"EXPIRE 0", "", account.LeavePolicy{Forever: true}, "need not keep"},
		{"EXPIRE 0", "", account.LeavePolicy{}, ""},
		{"EXPIRE 0 USER", "EXPIRE NEVER", account.LeavePolicy{Forever: true}, ""},
		{"EXPIRE NEVER USER", "EXPIRE 3", account.LeavePolicy{Forever: true}, "after 3 days"},
		{"EXPIRE soon", "", account.LeavePolicy{Forever: true}, ""},
	} {
		m := &mini{caps: append([]string{c.caps}, pipelining...), uidls: names(3), bodies: letters(3)}
		m.odd = func(cmd string) (string, bool) {
			if cmd == "PASS secret" && c.after != "" {
				m.caps = append([]string{c.after}, pipelining...)
			}
			return "", false
		}
		a, st := m.account(t), testStore(t)
		a.POP3Leave = c.leave
		p, err := pull(t, a, st, Options{})
		said := strings.Join(p.Warnings, "\n")
		if err != nil || (said == "") != (c.warns == "") || !strings.Contains(said, c.warns) {
			t.Errorf("%+v: %q, %v", c, said, err)
		}
		if p, err = pull(t, a, st, Options{}); err != nil || len(p.Warnings) != 0 { // once is enough
			t.Error(p, err)
		}
	}
}

// TestExpireAtOnce: where QUIT deletes what was fetched, it is not said while a message came as nothing.
func TestExpireAtOnce(t *testing.T) {
	m := &mini{caps: append([]string{"EXPIRE 0"}, pipelining...), uidls: names(3), bodies: letters(3)}
	m.odd = func(c string) (string, bool) { return "+OK\r\n.\r\n", c == "RETR 2" }
	a, st := m.account(t), testStore(t)
	p, err := pull(t, a, st, Options{})
	kind(t, err, account.KindTemporary, "sent nothing for a message of")
	if p.New != 2 || m.count("QUIT") != 0 {
		t.Error(p, m.dialog())
	}
	m.bend(nil)
	if p, err := pull(t, a, st, Options{}); err != nil || p.New != 1 || m.count("QUIT") != 1 {
		t.Error(p, err)
	}
}

// TestDeletedHereForGood: what the person deletes out of the Trash goes on the server too, whatever the
// policy; what only lies in the Trash, or in another mailbox, does not.
func TestDeletedHereForGood(t *testing.T) {
	for _, leave := range []account.LeavePolicy{{Forever: true}, {For: 100 * time.Hour}} {
		m := &mini{caps: pipelining, uidls: names(5), bodies: letters(5)}
		m.uidls[4] = m.uidls[3] // which of the two is it? Neither is deleted.
		a, st := m.account(t), testStore(t)
		a.POP3Leave = leave
		step := func(left ...int) {
			t.Helper()
			if p, err := pull(t, a, st, Options{}); err != nil || p.New != 0 || fmt.Sprint(m.remaining()) != fmt.Sprint(left) {
				t.Error(p, err, m.remaining(), left)
			}
		}
		trash := func(subjects ...string) {
			t.Helper()
			acct, _ := st.EnsureAccount(t.Context(), "old")
			rows, err := st.List(t.Context(), store.ListQuery{Account: acct, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				for _, s := range subjects {
					if r.Subject == s {
						if _, err := st.Trash(t.Context(), []store.MessageID{r.ID}); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
		if p, err := pull(t, a, st, Options{}); err != nil || p.New != 5 {
			t.Fatal(p, err)
		}
		trash("letter 0", "letter 1", "letter 3")
		step(0, 1, 2, 3, 4)
		trash("letter 1", "letter 3")
		m.bend(func(c string) (string, bool) { return "-ERR no\r\n", c == "QUIT" })
		if _, err := pull(t, a, st, Options{}); err == nil || !strings.Contains(err.Error(), "not certain") {
			t.Error(err)
		}
		m.bend(nil)
		step(0, 2, 3, 4)
		step(0, 2, 3, 4)
		trash("letter 0")
		step(2, 3, 4)
		if n := len(stored(t, st, "old")); n != 2 {
			t.Error(n)
		}
	}
}
