package pop3

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/account/realservers"
	"mua/account/wire"
	"mua/store"
)

// at is an account for a server's address.
func at(t *testing.T, addr string, sec account.Security, user, password, ca string) *account.Account {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return &account.Account{
		Name: "old", TLSCA: ca, Password: account.Secret{Plain: password}, POP3Leave: account.LeavePolicy{Forever: true},
		Incoming: &account.Endpoint{Protocol: account.POP3, Security: sec, Host: host, Port: n, User: user},
	}
}

func demoServers(t *testing.T, o demo.Options) *demo.Servers {
	t.Helper()
	s, err := demo.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestDemo(t *testing.T) {
	for _, without := range [][]string{nil, {"PIPELINING"}, {"UIDL"}, {"UIDL", "TOP"}, {"USER"}} {
		t.Run(fmt.Sprint(without), func(t *testing.T) {
			d := demoServers(t, demo.Options{Without: without})
			for i := range 30 {
				d.Deliver("INBOX", crlf(letter(i)))
			}
			for addr, sec := range map[string]account.Security{d.POP3S: account.TLS, d.POP3: account.StartTLS} {
				st := testStore(t)
				a := at(t, addr, sec, d.User, d.Password, d.CAFile)
				for i, want := range []int{30, 0} {
					if p, err := pull(t, a, st, Options{}); err != nil || p.New != want {
						t.Fatal(i, p, err)
					}
				}
				for subject, raw := range stored(t, st, "old") {
					var n int
					if fmt.Sscanf(subject, "letter %d", &n); !bytes.Equal(raw, crlf(letter(n))) {
						t.Errorf("%s: %q", subject, raw)
					}
				}
				r, err := Check(t.Context(), a, Options{})
				if err != nil || !strings.HasPrefix(r.TLS, "TLS 1.") || r.Host != addr {
					t.Error(r, err)
				}
			}
		})
	}
}

func TestDemoFaults(t *testing.T) {
	d := demoServers(t, demo.Options{OAuth2: true})
	for i := range 40 {
		d.Deliver("INBOX", crlf(letter(i)))
	}
	a := at(t, d.POP3S, account.TLS, d.User, d.Password, d.CAFile)
	for _, how := range []demo.How{demo.Close, demo.Stall, demo.Babble, demo.Chatter} {
		for after := int64(0); after < 5000; after += 1700 {
			st := testStore(t)
			d.SetFaults(demo.Faults{POP3: demo.LineFaults{Cut: &demo.Cut{How: how, After: after}}})
			start := time.Now()
			p, err := pull(t, a, st, Options{Wire: wire.Options{Progress: 100 * time.Millisecond}})
			if err != nil || p.New != 40 { // what is cut in the middle is gone on from, a few times
				kind(t, err, account.KindTemporary, "127.0.0.1")
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("%d after %d: took %s", how, after, d)
			}
			if n := len(stored(t, st, "old")); n != p.New || after > 3000 && n == 0 {
				t.Errorf("%d after %d: %d kept, %d said", how, after, n, p.New)
			}
			d.SetFaults(demo.Faults{})
			if rest, err := pull(t, a, st, Options{}); err != nil || p.New+rest.New != 40 {
				t.Error(p, rest, err)
			}
		}
	}
	st := testStore(t)
	d.SetFaults(demo.Faults{POP3: demo.LineFaults{Login: "[IN-USE] busy"}})
	_, err := pull(t, a, st, Options{})
	kind(t, err, account.KindTemporary, "busy")
	d.SetFaults(demo.Faults{})
	d.ResetCounts()
	a.Password.Plain = "wrong"
	_, err = pull(t, a, st, Options{})
	kind(t, err, account.KindLogin, "password rejected")
	if n := d.Counts().POP3.Commands["PASS"]; n != 1 {
		t.Error(n, "tries")
	}
	for _, mech := range []string{"xoauth2", "oauthbearer"} {
		a.Password = account.Secret{Plain: d.Token, Mechanism: mech}
		if r, err := Check(t.Context(), a, Options{}); err != nil || !strings.Contains(strings.ToLower(r.Login), mech) {
			t.Error(r, err)
		}
		a.Password.Plain = "old token"
		_, err := Check(t.Context(), a, Options{})
		kind(t, err, account.KindLogin, "127.0.0.1")
	}
}

func TestDovecot(t *testing.T) {
	d := realservers.Dovecot(t)
	const n = 500
	var mails []realservers.Mail
	want := map[string][]byte{}
	for i := range n {
		raw := letter(i) + strings.Repeat("Zeile mit Ümlaut\tund Tab \r und 8-bit \xff\n", i%7) + ".\n.x\n\n\n"
		mails = append(mails, realservers.Mail{Raw: []byte(raw)})
		want[fmt.Sprintf("letter %d", i)] = crlf(raw)
	}
	d.AddMaildir(t, d.User, "INBOX", mails...)
	st := testStore(t)
	a := at(t, d.POP3, account.StartTLS, d.User, d.Password, d.CAFile)
	var counters wire.Counters
	o := Options{Wire: wire.Options{Counters: &counters}}
	if p, err := pull(t, a, st, o); err != nil || p.New != n {
		t.Fatal(p, err)
	}
	got := stored(t, st, "old")
	for k, w := range want {
		if !bytes.Equal(got[k], w) {
			t.Fatalf("%s:\n%q\n%q", k, got[k], w)
		}
	}
	t.Logf("%d messages: %d round trips, %d octets", n, counters.RoundTrips(), counters.BytesIn())
	if counters.RoundTrips() > 60 {
		t.Errorf("%d round trips: not pipelined", counters.RoundTrips())
	}
	if p, err := pull(t, a, st, o); err != nil || p.New != 0 {
		t.Fatal(p, err)
	}
	a.POP3Leave = account.LeavePolicy{}
	d.AddMaildir(t, d.User, "INBOX", realservers.Mail{Raw: []byte(letter(n))})
	if p, err := pull(t, a, st, o); err != nil || p.New != 1 {
		t.Fatal(p, err)
	}
	if left := d.Maildir(t, d.User, "INBOX"); len(left) != 0 {
		t.Errorf("%d left", len(left))
	}
	if len(stored(t, st, "old")) != n+1 {
		t.Error("something is missing")
	}
	a.Password.Plain = "wrong"
	_, err := pull(t, a, st, o)
	kind(t, err, account.KindLogin, "password rejected")
	a.Password.Plain, a.TLSCA = d.Password, ""
	_, err = pull(t, a, st, o)
	kind(t, err, account.KindOther, "tls_ca")
	r, err := Check(t.Context(), at(t, d.POP3S, account.TLS, d.User, d.Password, d.CAFile), Options{})
	if err != nil || r.TLS != "TLS 1.3" || !strings.Contains(strings.Join(r.Capabilities, " "), "PIPELINING") {
		t.Error(r, err)
	}
}

// TestDovecotInUse: while another session has the mailbox Dovecot says [IN-USE], and we come when it is over.
func TestDovecotInUse(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Config("protocol pop3 {\n  pop3_lock_session = yes\n}"))
	d.AddMaildir(t, d.User, "INBOX", realservers.Mail{Raw: []byte(letter(1))}, realservers.Mail{Raw: []byte(letter(2))})
	st := testStore(t)
	a := at(t, d.POP3S, account.TLS, d.User, d.Password, d.CAFile)
	other, err := Open(t.Context(), a, testStore(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	waited := 0
	o := Options{Pause: func(context.Context, time.Duration) error {
		waited++
		return other.Close()
	}}
	if p, err := pull(t, a, st, o); err != nil || p.New != 2 || waited == 0 {
		t.Error(p, err, waited)
	}
}

// TestDovecotDeletedHereForGood: what is deleted out of the Trash leaves the server, though mail is left on it.
func TestDovecotDeletedHereForGood(t *testing.T) {
	d := realservers.Dovecot(t)
	d.AddMaildir(t, d.User, "INBOX", realservers.Mail{Raw: []byte(letter(1))}, realservers.Mail{Raw: []byte(letter(2))})
	st := testStore(t)
	a := at(t, d.POP3S, account.TLS, d.User, d.Password, d.CAFile)
	for left := 2; left > 0; left-- {
		if _, err := pull(t, a, st, Options{}); err != nil {
			t.Fatal(err)
		}
		if n := len(d.Maildir(t, d.User, "INBOX")); n != 2 {
			t.Fatal(n, "left")
		}
		acct, _ := st.EnsureAccount(t.Context(), "old")
		rows, err := st.List(t.Context(), store.ListQuery{Account: acct, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Subject == "letter 1" { // first into the Trash, then out of it
				if _, err := st.Trash(t.Context(), []store.MessageID{r.ID}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if p, err := pull(t, a, st, Options{}); err != nil || p.New != 0 {
		t.Error(p, err)
	}
	if left := d.Maildir(t, d.User, "INBOX"); len(left) != 1 || !bytes.Contains(left[0], []byte("letter 2")) {
		t.Errorf("%q", left)
	}
}
