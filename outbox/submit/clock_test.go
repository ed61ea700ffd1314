package submit_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mua/account"
	"mua/account/wire"
	"mua/outbox"
	"mua/outbox/submit"
	"mua/store"
)

// timeless is a post whose clock is the bubble's: the store is real, the scripted server is at
// the other end of a pipe, and days pass at once.
type timeless struct {
	*post
	offline atomic.Bool
	conns   atomic.Int64
}

// inBubble runs f where time is fake.
func inBubble(t *testing.T, rule func(conn int, line string) string, f func(*testing.T, *timeless)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := &server{t: t, ehlo: offered, rule: rule, readCap: -1, writeCap: -1}
		b := &timeless{post: &post{t: t, dir: t.TempDir(), srv: srv}}
		st, err := store.Open(t.Context(), b.dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		b.st = st
		if b.acct, err = st.EnsureAccount(t.Context(), "work"); err != nil {
			t.Fatal(err)
		}
		f(t, b)
		srv.done.Wait()
	})
}

func (b *timeless) flush() (outbox.Summary, error) {
	b.now = time.Now()
	acct := &account.Account{Name: "work", From: mail.Address{Address: "ada@example.org"}, AllowInsecure: true,
		Outgoing: &account.Endpoint{Protocol: account.SMTP, Security: account.Plain, Host: "smtp.example.org", Port: 587, User: "ada"},
		Password: account.Secret{Plain: "secret"}}
	f := &outbox.Flusher{Store: b.st, Account: acct, AccountID: b.acct, Submitter: submit.Submitter{Wire: wire.Options{Dial: b.dial}}}
	return f.Flush(b.t.Context())
}

func (b *timeless) dial(context.Context, string, string) (net.Conn, error) {
	if b.offline.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
	}
	client, far := net.Pipe()
	n := int(b.conns.Add(1))
	b.srv.done.Go(func() {
		defer far.Close()
		b.srv.talk(far, n)
	})
	return client, nil
}

// pass lets d go by.
func pass(d time.Duration) { <-time.After(d) }

func greylist(_ int, line string) string {
	if strings.HasPrefix(line, "RCPT") {
		return "451 4.7.1 greylisted"
	}
	return ""
}

// TestRetriesOfFiveDays: a message that is deferred for ever is offered after 1, 5, 15 and 30 minutes, then
// every 2 hours, each ±20 % and never before; five days after the first 4xx, and after one more
// attempt, it is given up for all to see.
func TestRetriesOfFiveDays(t *testing.T) {
	steps := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	const then, day = 2 * time.Hour, 24 * time.Hour
	inBubble(t, greylist, func(t *testing.T, b *timeless) {
		id := b.spool("one", store.PolicyAsk, bob)
		first, waits := time.Now(), map[time.Duration]bool{}
		for n := 0; ; n++ {
			if s, err := b.flush(); err != nil || len(s.Items) != 1 {
				t.Fatalf("attempt %d: %+v, %v", n, s, err)
			}
			if offers := len(b.srv.said("RCPT")); offers != n+1 {
				t.Fatalf("%d offers in %d attempts", offers, n+1)
			}
			it := b.item(id)
			if it.State != store.Queued {
				break
			}
			if time.Since(first) >= 5*day {
				t.Fatalf("an attempt %v after the first one does not give up", time.Since(first))
			}
			want := then
			if n < len(steps) {
				want = steps[n]
			}
			wait := time.Until(it.NextAttempt)
			if wait < want*8/10-time.Millisecond || wait > want*12/10 {
				t.Errorf("after attempt %d the next is in %v, not in %v ±20 %%", n, wait, want)
			}
			waits[wait] = true
			pass(wait - time.Millisecond)
			if s, err := b.flush(); err != nil || len(s.Items) != 0 {
				t.Errorf("offered before its time: %+v, %v", s, err)
			}
			pass(2 * time.Millisecond)
		}
		if took := time.Since(first); took < 5*day || took > 5*day+then*12/10+time.Second {
			t.Errorf("given up after %v", took)
		}
		if len(waits) < 40 {
			t.Errorf("only %d different waits: nothing is random about them", len(waits))
		}
		b.is(id, "failed: bob refused 451")
		if story := b.story(id); !strings.Contains(story, "given up") || !strings.Contains(story, "greylisted") {
			t.Error(story)
		}
		pass(10 * day)
		if s, err := b.flush(); err != nil || len(s.Items) != 0 {
			t.Errorf("offered after it was given up: %+v, %v", s, err)
		}
	})
}

// TestNoNetworkGivesNothingUp: three weeks without a network are no reason, before the first 4xx
// or after it, and what comes back to a server that has changed its mind is sent.
func TestNoNetworkGivesNothingUp(t *testing.T) {
	var healthy atomic.Bool
	rule := func(conn int, line string) string {
		if healthy.Load() {
			return ""
		}
		return greylist(conn, line)
	}
	inBubble(t, rule, func(t *testing.T, b *timeless) {
		id := b.spool("one", store.PolicyAsk, bob)
		weeks := func(attempts int) {
			t.Helper()
			b.offline.Store(true)
			for range 21 * 4 {
				if _, err := b.flush(); err == nil && b.item(id).NextAttempt.Before(time.Now()) {
					t.Fatal("no trouble told")
				}
				pass(6 * time.Hour)
			}
			b.offline.Store(false)
			if it := b.item(id); it.State != store.Queued || it.Waiting != outbox.WaitNetwork || it.Attempts != attempts {
				t.Fatalf("after three weeks offline: %+v", it)
			}
		}
		weeks(0)
		if _, err := b.flush(); err != nil {
			t.Fatal(err)
		}
		b.is(id, "queued retry: bob deferred 451")
		weeks(1)
		if _, err := b.flush(); err != nil {
			t.Fatal(err)
		}
		b.is(id, "queued retry: bob deferred 451")
		healthy.Store(true)
		pass(3 * time.Hour)
		if _, err := b.flush(); err != nil {
			t.Fatal(err)
		}
		b.is(id, "sent: bob accepted 250")
	})
}

// TestSlowDot: a server may take ten minutes to answer the final dot (RFC 5321 4.5.3.2.6). A second
// less is a message sent, once; a second more is one in doubt, and it is not sent again.
func TestSlowDot(t *testing.T) {
	for _, c := range []struct {
		late time.Duration
		want string
	}{
		{10*time.Minute - time.Second, "sent: bob accepted 250"},
		{10*time.Minute + time.Second, "uncertain answer: bob uncertain 0"},
	} {
		t.Run(fmt.Sprint(c.late), func(t *testing.T) {
			slow := func(_ int, line string) string {
				if line == "." {
					pass(c.late)
				}
				return ""
			}
			inBubble(t, slow, func(t *testing.T, b *timeless) {
				id, begun := b.spool("one", store.PolicyAsk, bob), time.Now()
				if _, err := b.flush(); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took < min(c.late, 10*time.Minute) || took > 10*time.Minute+time.Second {
					t.Errorf("the flush took %v", took)
				}
				b.is(id, c.want)
				for range 3 {
					pass(24 * time.Hour)
					if _, err := b.flush(); err != nil {
						t.Error(err)
					}
				}
				b.is(id, c.want)
				if _, bodies := b.srv.seen(bob); len(bodies) != 1 {
					t.Errorf("the server has it %d times", len(bodies))
				}
			})
		})
	}
}
