package outbox

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/store"
)

func TestLostAfterDot(t *testing.T) {
	for _, c := range []struct {
		policy store.Policy
		files  bool
		want   string
	}{
		{store.PolicyAsk, false, "uncertain answer: bob uncertain"},
		{store.PolicyRetry, false, "queued retry: bob deferred"},
		{store.PolicyAsk, true, "uncertain answer: bob uncertain"},
		{store.PolicyRetry, true, "uncertain retry: bob uncertain"},
	} {
		it := mailTo("bob")
		it.Policy = c.policy
		r := newRig(t, it, mailTo("carol"))
		if c.files {
			r.Account.Outgoing.Host = "smtp.gmail.com"
			r.Finder = finder(func() (int, error) { return 0, nil })
		}
		r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
			if e.ID == 1 {
				return lose(e, dot, true)
			}
			return wellDone(e, dot)
		}
		r.flush()
		r.is(1, c.want)
		r.is(2, "sent: carol accepted")
		if it := r.spool.item(1); !strings.Contains(it.LastError, "after the final dot") {
			t.Errorf("says %q", it.LastError)
		}
	}
}

// TestForgetfulSession: an implementation that forgets the dot cannot make us send twice.
func TestForgetfulSession(t *testing.T) {
	r := newRig(t, mailTo("bob", "carol"))
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
		_ = dot(nil)
		return []Result{{Addr: "bob@example.org", State: Refused, Code: 550}, {Addr: "mallory@example.org", State: Accepted}}, errors.New("gone")
	}
	r.flush()
	r.is(1, "uncertain answer: bob refused, carol uncertain")
}

func TestOrphans(t *testing.T) {
	for _, c := range []struct {
		name   string
		dot    bool
		policy store.Policy
		hits   int
		finder bool
		want   string
		sends  int
	}{
		{"before the dot", false, store.PolicyAsk, 0, false, "sent: bob accepted", 1},
		{"after the dot, ask", true, store.PolicyAsk, 0, false, "uncertain answer: bob uncertain", 0},
		{"after the dot, retry", true, store.PolicyRetry, 0, false, "queued retry: bob deferred", 0},
		{"after the dot, found", true, store.PolicyAsk, 1, true, "sent answer: bob accepted", 0},
		{"after the dot, not found", true, store.PolicyAsk, 0, true, "uncertain answer: bob uncertain", 0},
		{"after the dot, found twice", true, store.PolicyAsk, 2, true, "uncertain answer: bob uncertain", 0},
		{"after the dot, retry but found", true, store.PolicyRetry, 1, true, "sent retry: bob accepted", 0},
		{"after the dot, retry, not found yet", true, store.PolicyRetry, 0, true, "uncertain retry: bob uncertain", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			it := mailTo("bob")
			it.Policy = c.policy
			r := newRig(t, it)
			claimed, _ := r.spool.Claim(t.Context(), 1, 1, "smtp.example.org")
			if c.dot {
				_ = r.spool.DotPending(t.Context(), claimed.Attempt)
			}
			if c.finder {
				yes := false
				r.Account.SaveSent = &yes
				r.Finder = finder(func() (int, error) { return c.hits, nil })
			}
			r.flush()
			r.is(1, c.want)
			if len(r.script.sent) != c.sends {
				t.Errorf("sent %q", r.script.sent)
			}
		})
	}
}

// TestOrphanKnowsWhatRCPTSaid: after a crash only those are uncertain whose RCPT was accepted.
func TestOrphanKnowsWhatRCPTSaid(t *testing.T) {
	r := newRig(t, mailTo("bob", "carol", "dave"))
	c, _ := r.spool.Claim(t.Context(), 1, 1, "smtp.example.org")
	l := r.begin(t.Context(), 1).lane()
	err := l.commitDot(c.Attempt, []Result{{Addr: "bob@example.org", State: Accepted}, {Addr: "carol@example.org", State: Refused, Code: 550},
		{Addr: "dave@example.org", State: Deferred, Code: 450}})
	if err != nil {
		t.Fatal(err)
	}
	l.end()
	r.flush()
	r.is(1, "queued retry: bob uncertain, carol refused, dave deferred")
	r.now = r.now.Add(time.Minute)
	r.flush()
	r.is(1, "uncertain answer: bob uncertain, carol refused, dave accepted")
}

// TestRetryPolicyAfterAFruitlessSearch resends once the server had time to file the message.
func TestRetryPolicyAfterAFruitlessSearch(t *testing.T) {
	it := mailTo("bob")
	it.Policy = store.PolicyRetry
	r := newRig(t, it)
	r.Account.Outgoing.Host = "smtp.gmail.com"
	found := errors.New("IMAP is down")
	r.Finder = finder(func() (int, error) { return 0, found })
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) { return lose(e, dot, true) }
	r.flush()
	r.script.send = nil
	r.now = r.now.Add(10 * time.Minute)
	r.flush()
	r.is(1, "uncertain retry: bob uncertain") // not known, not decided
	found = nil
	r.flush()
	if len(r.script.sent) != 2 {
		t.Errorf("%q", r.script.sent)
	}
	r.is(1, "sent: bob accepted")
}

// TestHitOfAnEarlierTransaction: once a part was accepted, a hit proves nothing for the rest.
func TestHitOfAnEarlierTransaction(t *testing.T) {
	it := mailTo("bob", "carol")
	it.Recipients[0].State = store.Accepted
	r := newRig(t, it)
	r.Account.Outgoing.Host = "smtp.gmail.com"
	r.Finder = finder(func() (int, error) { return 1, nil })
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) { return lose(e, dot, true) }
	r.flush()
	r.flush()
	r.is(1, "uncertain answer: bob accepted, carol uncertain")
}

// TestTheRepeatIsLostToo: the policy repeats once; lost after the dot a second time, it is for the person to say.
func TestTheRepeatIsLostToo(t *testing.T) {
	it := mailTo("bob")
	it.Policy = store.PolicyRetry
	r := newRig(t, it)
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) { return lose(e, dot, true) }
	r.flush()
	r.is(1, "queued retry: bob deferred")
	r.now = r.now.Add(time.Hour)
	r.flush()
	r.is(1, "uncertain answer: bob uncertain")
	for range 3 {
		r.now = r.now.Add(24 * time.Hour)
		r.flush()
	}
	if len(r.script.sent) != 2 {
		t.Errorf("sent %q", r.script.sent)
	}
}

// TestCopiedSpool: nothing is sent or settled, and what is due says why.
func TestCopiedSpool(t *testing.T) {
	r := newRig(t, mailTo("bob"), mailTo("carol"))
	_, _ = r.spool.Claim(t.Context(), 1, 2, "smtp.example.org")
	r.spool.moved = "this is a copy"
	if _, err := r.Flush(t.Context()); err == nil {
		t.Error("no trouble told")
	}
	r.is(1, "queued answer: bob pending")
	r.is(2, "sending: carol pending")
	if len(r.script.sent) != 0 {
		t.Errorf("sent %q", r.script.sent)
	}
}

// TestLostForSomeDeferredForOthers: who may have it is said, and left out of what is sent to the others.
func TestLostForSomeDeferredForOthers(t *testing.T) {
	r := newRig(t, mailTo("bob", "carol"))
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
		all, err := lose(e, dot, true)
		all[1] = Result{Addr: "carol@example.org", State: Deferred, Code: 451, Text: "later"}
		return all, err
	}
	r.flush()
	r.is(1, "queued retry: bob uncertain, carol deferred")
	it, _ := r.spool.Item(t.Context(), 1)
	if says := Describe(it, r.now); !strings.Contains(says, "; it may have arrived at bob@example.org, ") || !strings.HasSuffix(says, " → mua outbox resolve 1 --sent, or --retry to send it again") {
		t.Error(says)
	}
	it.Waiting, it.NextAttempt = WaitLogin, time.Time{}
	if says := Describe(it, r.now); !strings.Contains(says, "arrived at bob@example.org") || !strings.Contains(says, " → mua outbox flush") {
		t.Error(says)
	}
	r.script.send = nil
	r.now = r.now.Add(time.Hour)
	r.flush()
	r.is(1, "uncertain answer: bob uncertain, carol accepted")
	if want := []string{"1:1:bob+carol", "2:1:carol"}; !slices.Equal(r.script.sent, want) {
		t.Errorf("sent %q", r.script.sent)
	}
}
