package submit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account"
	"mua/outbox"
	"mua/store"
	"mua/store/message"
)

// post is a real store in a folder of its own, with an account that sends through a scripted server.
type post struct {
	t    *testing.T
	dir  string
	now  time.Time
	srv  *server
	st   *store.Store
	acct store.AccountID
}

func openPost(t *testing.T, srv *server) *post {
	t.Helper()
	p := &post{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), srv: srv}
	p.st, p.acct = p.reopen()
	return p
}

// reopen opens the store as another process would.
func (p *post) reopen() (*store.Store, store.AccountID) {
	p.t.Helper()
	st, err := store.Open(p.t.Context(), p.dir, store.Options{Now: func() time.Time { return p.now }})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { st.Close() })
	id, err := st.EnsureAccount(p.t.Context(), "work")
	if err != nil {
		p.t.Fatal(err)
	}
	return st, id
}

func (p *post) flusher() *outbox.Flusher {
	retry := outbox.DefaultSchedule()
	retry.Rand = func() float64 { return 0.5 }
	f := &outbox.Flusher{Store: p.st, AccountID: p.acct, Submitter: p.srv.submitter(), Now: func() time.Time { return p.now }, Retry: retry}
	if p.srv != nil {
		f.Account = p.srv.account()
	}
	return f
}

// text is a message whose bytes tell it from all others.
func text(subject string) string {
	return "From: ada@example.org\r\nMessage-ID: <" + subject + "@example.org>\r\nSubject: " + subject + "\r\n\r\nHello.\r\n.dotted\r\n"
}

func (p *post) spool(subject string, policy store.Policy, to ...string) store.OutboxID {
	p.t.Helper()
	id, _, err := p.st.Spool(p.t.Context(), store.SpoolRequest{Account: p.acct, From: message.Address{Addr: "ada@example.org"},
		Sender: "ada@example.org", Recipients: to, Wire: []byte(text(subject)), MessageID: "<" + subject + "@example.org>",
		Subject: subject, Date: p.now, Policy: policy, SaveSent: true})
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

func (p *post) flush() outbox.Summary {
	p.t.Helper()
	s, err := p.flusher().Flush(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *post) item(id store.OutboxID) store.Item {
	p.t.Helper()
	it, err := p.st.Item(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return it
}

// is checks an item: "queued retry: bob accepted 250, carol deferred 450".
func (p *post) is(id store.OutboxID, want string) {
	p.t.Helper()
	it := p.item(id)
	got := string(it.State)
	if it.Waiting != "" {
		got += " " + it.Waiting
	}
	var res []outbox.Result
	for _, r := range it.Recipients {
		res = append(res, outbox.Result{Addr: r.Addr, State: r.State, Code: r.Code})
	}
	if got += ": " + states(res); got != want {
		p.t.Errorf("item %d is %q, want %q (%s)", id, got, want, it.LastError)
	}
}

func (p *post) story(id store.OutboxID) string {
	p.t.Helper()
	attempts, err := p.st.Attempts(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	ledger := map[store.AttemptID][]store.RecipientResult{}
	for _, a := range attempts {
		if ledger[a.ID], err = p.st.AttemptLedger(p.t.Context(), a.ID); err != nil {
			p.t.Fatal(err)
		}
	}
	return strings.Join(outbox.Story(p.item(id), attempts, ledger, p.now), "\n")
}

func TestFlushOverTheWire(t *testing.T) {
	srv := serve(t, func(_ int, line string) string {
		switch line {
		case "RCPT TO:<carol@example.org>":
			return "550 5.1.1 who?"
		case "RCPT TO:<dave@example.org>":
			return "450 4.2.1 greylisted"
		}
		return ""
	})
	p := openPost(t, srv)
	one := p.spool("one", store.PolicyAsk, bob)
	two := p.spool("two", store.PolicyAsk, bob, carol)
	three := p.spool("three", store.PolicyAsk, bob, carol, dave)
	four := p.spool("four", store.PolicyAsk, carol)
	s := p.flush()
	if s.Sent != 1 || s.Partial != 1 || s.Queued != 1 || s.Failed != 1 || len(s.Items) != 4 {
		t.Errorf("%+v", s)
	}
	p.is(one, "sent: bob accepted 250")
	p.is(two, "partial answer: bob accepted 250, carol refused 550")
	p.is(three, "queued retry: bob accepted 250, carol refused 550, dave deferred 450")
	p.is(four, "failed: carol refused 550")
	if it := p.item(three); !it.FirstDeferral.Equal(p.now) || !it.NextAttempt.Equal(p.now.Add(time.Minute)) || it.Attempts != 1 {
		t.Errorf("%+v", it)
	}
	for i, want := range []string{"one", "two", "three"} {
		if got := srv.taken()[i].data; got != strings.ReplaceAll(text(want), "\r\n.", "\r\n..") {
			t.Errorf("%q", got)
		}
	}
	if n := len(srv.said("EHLO")); n != 1 {
		t.Errorf("%d connections", n)
	}
	p.now = p.now.Add(time.Minute)
	p.flush()
	if it := p.item(three); it.Attempts != 2 || !it.NextAttempt.Equal(p.now.Add(5*time.Minute)) || !it.FirstDeferral.Equal(p.now.Add(-time.Minute)) {
		t.Errorf("%+v", it)
	}
	if story := p.story(three); !strings.Contains(story, "450 4.2.1 greylisted") || !strings.Contains(story, "550 5.1.1 who?") {
		t.Error(story)
	}
}

func TestTooManyForOneTransaction(t *testing.T) {
	n := 0
	srv := serve(t, func(_ int, line string) string {
		switch {
		case line == "RSET" || strings.HasPrefix(line, "MAIL"):
			n = 0
		case strings.HasPrefix(line, "RCPT"):
			if n++; n > 2 {
				return "452 4.5.3 too many recipients"
			}
		}
		return ""
	})
	p := openPost(t, srv)
	id := p.spool("many", store.PolicyAsk, "a@x", "b@x", "c@x", "d@x", "e@x")
	if s := p.flush(); s.Sent != 1 {
		t.Errorf("%+v", s)
	}
	var got []string
	for _, m := range srv.taken() {
		got = append(got, strings.Join(m.to, "+"))
	}
	if strings.Join(got, " ") != "a@x+b@x c@x+d@x e@x" {
		t.Errorf("%q", got)
	}
	p.is(id, "sent: a accepted 250, b accepted 250, c accepted 250, d accepted 250, e accepted 250")
}

// TestCrash: a store reopened after a process died is settled by the phase it had reached.
func TestCrash(t *testing.T) {
	for _, c := range []struct {
		name   string
		dot    bool
		policy store.Policy
		want   string
		taken  int
	}{
		{"before the dot", false, store.PolicyAsk, "sent: bob accepted 250", 1},
		{"after the dot, ask", true, store.PolicyAsk, "uncertain answer: bob uncertain 0", 0},
		{"after the dot, retry", true, store.PolicyRetry, "sent: bob accepted 250", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := openPost(t, serve(t, nil))
			id := p.spool("one", c.policy, bob)
			claimed, err := p.st.Claim(t.Context(), p.acct, 0, "127.0.0.1")
			if err != nil || claimed == nil {
				t.Fatal(claimed, err)
			}
			if c.dot {
				if err := p.st.DotPending(t.Context(), claimed.Attempt); err != nil {
					t.Fatal(err)
				}
			}
			p.st.Close()
			p.st, p.acct = p.reopen()
			p.flush()
			p.now = p.now.Add(time.Hour)
			p.flush()
			p.is(id, c.want)
			if n := len(p.srv.taken()); n != c.taken {
				t.Errorf("%d delivered\n%s", n, p.story(id))
			}
		})
	}
}

// TestCrashKnowsWhatRCPTSaid: only those whose RCPT was accepted are in doubt.
func TestCrashKnowsWhatRCPTSaid(t *testing.T) {
	p := openPost(t, serve(t, nil))
	id := p.spool("one", store.PolicyAsk, bob, carol, dave)
	claimed, err := p.st.Claim(t.Context(), p.acct, 0, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	err = p.st.DotPending(t.Context(), claimed.Attempt, outbox.Result{Addr: carol, State: outbox.Refused, Code: 550, Text: "who?"},
		outbox.Result{Addr: dave, State: outbox.Deferred, Code: 450, Text: "later"})
	if err != nil {
		t.Fatal(err)
	}
	p.st.Close()
	p.st, p.acct = p.reopen()
	p.flush()
	p.is(id, "queued retry: bob uncertain 0, carol refused 550, dave deferred 450")
	p.now = p.now.Add(time.Minute)
	p.flush()
	p.is(id, "uncertain answer: bob uncertain 0, carol refused 550, dave accepted 250")
	if n := len(p.srv.taken()); n != 1 || len(p.srv.taken()[0].to) != 1 {
		t.Errorf("%+v\n%s", p.srv.taken(), p.story(id))
	}
	if err := p.st.Resolve(t.Context(), id, true, "the person says so"); err != nil {
		t.Fatal(err)
	}
	if it := p.item(id); it.State != store.Partial || it.Recipients[1].State != store.Refused {
		t.Errorf("%+v", it)
	}
}

// TestLostAnswer: the server has the message, its answer is lost.
func TestLostAnswer(t *testing.T) {
	for _, policy := range []store.Policy{store.PolicyAsk, store.PolicyRetry} {
		p := openPost(t, serve(t, func(conn int, line string) string {
			if line == "." && conn == 1 {
				return hangUp
			}
			return ""
		}))
		id := p.spool("one", policy, bob)
		p.flush()
		p.now = p.now.Add(time.Hour)
		p.flush()
		mails := p.srv.taken()
		if policy == store.PolicyAsk {
			p.is(id, "uncertain answer: bob uncertain 0")
			if len(mails) != 1 {
				t.Errorf("sent %d times", len(mails))
			}
			if err := p.st.Resolve(t.Context(), id, true, "the person says so"); err != nil {
				t.Fatal(err)
			}
			if it := p.item(id); it.State != store.Sent {
				t.Errorf("%+v", it)
			}
			continue
		}
		p.is(id, "sent: bob accepted 250")
		if len(mails) != 2 || mails[0].data != mails[1].data {
			t.Errorf("%q", mails)
		}
		if story := p.story(id); !strings.Contains(story, "sent again as the policy says") {
			t.Error(story)
		}
	}
}

// TestReconcileInTheStore settles by the server's own copy.
func TestReconcileInTheStore(t *testing.T) {
	p := openPost(t, serve(t, on(".", hangUp)))
	id := p.spool("one", store.PolicyAsk, bob)
	f := p.flusher()
	no := false
	f.Account.SaveSent = &no
	asked := ""
	f.Finder = finds(func(id string) (int, error) { asked = id; return 1, nil })
	if s, err := f.Flush(t.Context()); err != nil || s.Uncertain != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := f.Flush(t.Context()); err != nil || s.Sent != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if it := p.item(id); it.State != store.Sent || it.Recipients[0].State != store.Accepted || asked != "<one@example.org>" {
		t.Errorf("%+v, %q", it, asked)
	}
}

type finds func(string) (int, error)

func (f finds) FindSent(_ context.Context, id string) (int, error) { return f(id) }

func TestAccountTroubleInTheStore(t *testing.T) {
	for _, c := range []struct {
		verb, answer, waiting string
		kind                  account.Kind
	}{
		{"AUTH", "535 5.7.8 wrong password", "login", account.KindLogin},
		{"AUTH", "454 4.7.0 later", "network", account.KindTemporary},
		{"", "421 4.3.2 busy", "network", account.KindTemporary},
	} {
		srv := serve(t, on(c.verb, c.answer))
		p := openPost(t, srv)
		one, two := p.spool("one", store.PolicyAsk, bob), p.spool("two", store.PolicyAsk, carol)
		_, err := p.flusher().Flush(t.Context())
		if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != c.kind {
			t.Errorf("%v", err)
		}
		p.is(one, "queued "+c.waiting+": bob pending 0")
		p.is(two, "queued "+c.waiting+": carol pending 0")
		_, err = p.flusher().Flush(t.Context())
		if want := map[bool]int{true: 1, false: 2}[c.waiting == "login"]; srv.connections() != want || err == nil {
			t.Errorf("%s: %d connections, %v", c.answer, srv.connections(), err)
		}
		srv.mu.Lock()
		srv.rule = nil
		srv.mu.Unlock()
		f := p.flusher()
		f.Force = true
		if s, err := f.Flush(t.Context()); err != nil || s.Sent != 2 {
			t.Errorf("%+v, %v", s, err)
		}
		if it := p.item(one); it.Attempts != 1 || it.Waiting != "" || it.LastError != "" {
			t.Errorf("%+v", it)
		}
	}
}

// TestPoisonOverTheWire: an item on which the server closes each time does not block later ones.
func TestPoisonOverTheWire(t *testing.T) {
	p := openPost(t, serve(t, on("RCPT TO:<poison", hangUp)))
	one := p.spool("one", store.PolicyAsk, bob)
	bad := p.spool("two", store.PolicyAsk, "poison@example.org")
	three := p.spool("three", store.PolicyAsk, carol)
	p.flush()
	p.is(one, "sent: bob accepted 250")
	p.is(bad, "queued retry: poison pending 0")
	p.is(three, "sent: carol accepted 250")
}

// TestTwoFlushers: whoever has the lock works, nobody sends twice.
func TestTwoFlushers(t *testing.T) {
	reached, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	p := openPost(t, serve(t, func(_ int, line string) string {
		if line == "." {
			once.Do(func() { close(reached); <-free })
		}
		return ""
	}))
	const n = 20
	for i := range n {
		p.spool(fmt.Sprint("m", i), store.PolicyAsk, bob)
	}
	other := *p
	other.st, other.acct = p.reopen()
	slow := p.flusher()
	done := make(chan error)
	go func() { _, err := slow.Flush(t.Context()); done <- err }()
	<-reached
	if _, err := other.flusher().Flush(t.Context()); !errors.Is(err, store.ErrLocked) {
		t.Errorf("%v", err)
	}
	late := other.spool("late", store.PolicyAsk, carol)
	sent := make(chan store.Item)
	go func() {
		it, err := other.flusher().One(t.Context(), late)
		if err != nil {
			t.Error(err)
		}
		sent <- it
	}()
	close(free)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if it := <-sent; it.State != store.Sent {
		t.Errorf("%+v", it)
	}
	seen := map[string]int{}
	for _, m := range p.srv.taken() {
		seen[m.data]++
	}
	if len(seen) != n+1 || len(p.srv.taken()) != n+1 {
		t.Errorf("%d different ones of %d", len(seen), len(p.srv.taken()))
	}
}
