package submit_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/outbox/submit"
	"mua/store"
)

// ending is what must become of two items when the server answers in one way at one
// place of every session.
type ending struct {
	state    string // of each item, as post.is words it, with * for the recipient
	attempts int    // counted on each item
	conns    int    // connections made by the flush
	trouble  account.Kind
	healed   string // once the server is well, an hour later
	taken    int    // how often the server has each message then
}

// none: the account has no trouble.
const none account.Kind = -1

// What each column may end in. Whose trouble it is decides what is counted: before MAIL it is the account's,
// which ends the pass; afterwards it is the item's, and the other item is tried all the same.
var (
	fine      = ending{"sent: * accepted 250", 1, 1, none, "sent: * accepted 250", 1}
	offline   = ending{"queued network: * pending 0", 0, 1, account.KindTemporary, "sent: * accepted 250", 1}
	turned    = ending{"queued network: * pending 0", 0, 1, account.KindRefused, "sent: * accepted 250", 1}
	noTLS     = ending{"queued network: * pending 0", 0, 1, account.KindOther, "sent: * accepted 250", 1}
	badLogin  = ending{"queued login: * pending 0", 0, 1, account.KindLogin, "sent: * accepted 250", 1}
	deferred  = ending{"queued retry: * deferred 451", 1, 1, none, "sent: * accepted 250", 1}
	refused   = ending{"failed: * refused 554", 1, 1, none, "failed: * refused 554", 0}
	closing   = ending{"queued retry: * deferred 421", 1, 2, none, "sent: * accepted 250", 1}
	broken    = ending{"queued retry: * pending 0", 1, 2, none, "sent: * accepted 250", 1}
	inDoubt   = ending{"uncertain answer: * uncertain 0", 1, 2, none, "uncertain answer: * uncertain 0", 0}
	takenLost = ending{"uncertain answer: * uncertain 0", 1, 2, none, "uncertain answer: * uncertain 0", 1}
)

// row is one place of a session: the answers to it, and what they must lead to.
type row struct {
	verb            string    // "" is the greeting
	two, four, five string    // the answers of these classes
	ends            [7]ending // 2xx, 4xx, 5xx, 421, garbage, silence, close
}

func matrix() []row {
	const later, no = "451 4.3.0 later", "554 5.7.1 no"
	item := [7]ending{fine, deferred, refused, closing, broken, broken, broken}
	data := item
	data[0] = broken // 2xx to DATA is as good as garbage: nobody knows what the server waits for
	return []row{
		{"", "220 2.0.0 well", later, no, [7]ending{fine, offline, turned, offline, offline, offline, offline}},
		{"EHLO", "250-well\n250 AUTH PLAIN", later, no, [7]ending{fine, offline, turned, offline, offline, offline, offline}},
		{"STARTTLS", "220 2.0.0 well", later, no, [7]ending{fine, offline, noTLS, offline, offline, offline, offline}},
		{"AUTH", "235 2.7.0 well", "454 4.7.0 later", "535 5.7.8 no", [7]ending{fine, offline, badLogin, offline, offline, offline, offline}},
		{"MAIL", "250 2.1.0 well", later, no, item},
		{"RCPT", "250 2.1.5 well", later, no, item},
		{"DATA", "250 2.0.0 well", later, no, data},
		{".", "250 2.0.0 well", later, no, [7]ending{fine, deferred, refused, closing, inDoubt, inDoubt, takenLost}},
		{"QUIT", "221 2.0.0 well", later, no, [7]ending{fine, fine, fine, fine, fine, fine, fine}},
	}
}

// TestMatrix gives every kind of answer at every place of a session, over the real store.
func TestMatrix(t *testing.T) {
	for _, r := range matrix() {
		for i, kind := range []string{"2xx", "4xx", "5xx", "421", "garbage", "silence", "close"} {
			answer := []string{r.two, r.four, r.five, "421 4.3.2 closing", "what?", stall, hangUp}[i]
			name := r.verb
			if name == "" {
				name = "greeting"
			}
			for _, pipelining := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/pipelining=%t", name, kind, pipelining), func(t *testing.T) {
					t.Parallel()
					srv := serve(t, on(r.verb, answer))
					if !pipelining {
						srv.offers(offered[1:]...)
					}
					acct, m := srv.account(), srv.submitter()
					if r.verb == "STARTTLS" {
						acct = startsTLS(t, srv)
					}
					cell(t, srv, acct, m, r.ends[i])
				})
			}
		}
	}
}

// cell flushes two items against the misbehaving server, and again once it is well.
func cell(t *testing.T, srv *server, acct *account.Account, m submit.Submitter, want ending) {
	t.Helper()
	p := openPost(t, srv)
	one, two := p.spool("one", store.PolicyAsk, bob), p.spool("two", store.PolicyAsk, carol)
	f := p.flusher()
	f.Account, f.Submitter = acct, m
	_, err := f.Flush(t.Context())
	tr, _ := errors.AsType[*account.Trouble](err)
	if (tr != nil) != (want.trouble != none) || tr != nil && tr.Kind != want.trouble {
		t.Errorf("the account's trouble is %v", err)
	}
	if n := srv.connections(); n != want.conns {
		t.Errorf("%d connections, want %d", n, want.conns)
	}
	both := func(words string, attempts int) {
		t.Helper()
		p.is(one, strings.Replace(words, "*", "bob", 1))
		p.is(two, strings.Replace(words, "*", "carol", 1))
		if a, b := p.item(one).Attempts, p.item(two).Attempts; a != attempts || b != attempts {
			t.Errorf("%d and %d attempts are counted, want %d", a, b, attempts)
		}
	}
	both(want.state, want.attempts)
	srv.heed(nil)
	p.now = p.now.Add(time.Hour)
	f = p.flusher()
	f.Account, f.Submitter, f.Force = acct, submit.Submitter{}, true
	if _, err := f.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	after := want.attempts
	if want.healed != want.state {
		after++
	}
	both(want.healed, after)
	for _, to := range []string{bob, carol} {
		if _, bodies := srv.seen(to); len(bodies) != want.taken {
			t.Errorf("the server has the message to %s %d times, want %d", to, len(bodies), want.taken)
		}
	}
}

// heed changes what the server answers from now on.
func (s *server) heed(rule func(conn int, line string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rule = rule
}

// startsTLS makes a server offer STARTTLS and returns an account that demands it.
func startsTLS(t *testing.T, srv *server) *account.Account {
	t.Helper()
	ca, cert, key, err := demo.Certificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	srv.tls = &tls.Config{Certificates: []tls.Certificate{pair}}
	srv.offers(append([]string{"STARTTLS"}, srv.ehlo...)...)
	acct := srv.account()
	acct.TLSCA, acct.Outgoing.Security = file, account.StartTLS
	return acct
}

// TestOnlyTheDeferredOfFifty: of 50 recipients with mixed answers only the deferred are offered again.
func TestOnlyTheDeferredOfFifty(t *testing.T) {
	answers := [5]string{"", "450 4.2.1 greylisted", "550 5.1.1 who?", "", "452 4.2.2 full"}
	addr := func(i int) string { return fmt.Sprintf("r%d@example.org", i) }
	srv := serve(t, func(_ int, line string) string {
		var i int
		if n, _ := fmt.Sscanf(line, "RCPT TO:<r%d@", &i); n == 1 {
			return answers[i%len(answers)]
		}
		return ""
	})
	p := openPost(t, srv)
	var all, later []string
	for i := range 50 {
		all = append(all, addr(i))
		if strings.HasPrefix(answers[i%len(answers)], "4") {
			later = append(later, addr(i))
		}
	}
	id := p.spool("fifty", store.PolicyAsk, all...)
	offers := func() (out []string) {
		for _, line := range srv.said("RCPT TO:<") {
			out = append(out, strings.TrimSuffix(strings.TrimPrefix(line, "RCPT TO:<"), ">"))
		}
		srv.forgetLines()
		return out
	}
	counts := func() string {
		n := map[store.RecipientState]int{}
		for _, r := range p.item(id).Recipients {
			n[r.State]++
		}
		return fmt.Sprintf("%s: %d accepted, %d deferred, %d refused", p.item(id).State, n[store.Accepted], n[store.Deferred], n[store.Refused])
	}
	for pass, want := range []struct {
		offered []string
		counts  string
	}{
		{all, "queued: 20 accepted, 20 deferred, 10 refused"},
		{later, "queued: 20 accepted, 20 deferred, 10 refused"},
		{later, "partial: 40 accepted, 0 deferred, 10 refused"},
	} {
		if pass == 2 {
			srv.heed(nil)
		}
		p.flush()
		if got := offers(); strings.Join(got, " ") != strings.Join(want.offered, " ") {
			t.Errorf("pass %d offers %q, want %q", pass, got, want.offered)
		}
		if got := counts(); got != want.counts {
			t.Errorf("pass %d: %s, want %s", pass, got, want.counts)
		}
		p.now = p.now.Add(time.Hour)
	}
	if _, err := p.flusher().Flush(t.Context()); err != nil || len(offers()) != 0 {
		t.Errorf("offered again when all was said: %v", err)
	}
	if mails := srv.taken(); len(mails) != 2 || len(mails[0].to) != 20 || len(mails[1].to) != 20 || mails[0].data != mails[1].data {
		t.Errorf("the server took %d messages: %+v", len(mails), mails)
	}
}

func (s *server) forgetLines() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = nil
}
