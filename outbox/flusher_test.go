package outbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mua/account"
	"mua/store"
)

func TestFlushReusesOneConnection(t *testing.T) {
	r := newRig(t, mailTo("bob"), mailTo("carol", "dave"), mailTo("erin"))
	if s := r.flush(); s.Sent != 3 || len(s.Items) != 3 {
		t.Errorf("%+v", s)
	}
	if want := []string{"1:1:bob", "1:2:carol+dave", "1:3:erin"}; !slices.Equal(r.script.sent, want) {
		t.Errorf("%q", r.script.sent)
	}
	if want := "claim 1, dot 1, end 1 sent, claim 2, dot 2, end 2 sent, claim 3, dot 3, end 3 sent"; strings.Join(r.spool.log, ", ") != want {
		t.Errorf("%q", r.spool.log)
	}
	if r.script.closed != 1 || r.spool.locked {
		t.Error("not closed or not unlocked")
	}
	if s := r.flush(); len(s.Items) != 0 || r.script.conns != 1 {
		t.Errorf("nothing due, but %+v over %d connections", s, r.script.conns)
	}
}

// TestOutcomesPerRecipient: what each mix of outcomes makes of the item.
func TestOutcomesPerRecipient(t *testing.T) {
	for _, c := range []struct {
		results []store.RecipientState
		want    string
	}{
		{[]store.RecipientState{Accepted, Accepted}, "sent: bob accepted, carol accepted"},
		{[]store.RecipientState{Accepted, Refused}, "partial answer: bob accepted, carol refused"},
		{[]store.RecipientState{Refused, Refused}, "failed: bob refused, carol refused"},
		{[]store.RecipientState{Accepted, Deferred}, "queued retry: bob accepted, carol deferred"},
		{[]store.RecipientState{Refused, Deferred}, "queued retry: bob refused, carol deferred"},
	} {
		r := newRig(t, mailTo("bob", "carol"))
		r.script.send = func(_ int, e Envelope, _ func([]Result) error) ([]Result, error) {
			var out []Result
			for i, s := range c.results {
				out = append(out, Result{Addr: e.Recipients[i], State: s, Code: 250})
			}
			return out, nil
		}
		r.flush()
		r.is(1, c.want)
	}
}

func TestOnlyTheDeferredAreRetried(t *testing.T) {
	r := newRig(t, mailTo("bob", "carol", "dave"))
	r.script.send = func(_ int, e Envelope, _ func([]Result) error) ([]Result, error) {
		all := answerAll(e, Accepted, 250, "ok")
		if len(e.Recipients) == 3 {
			all[1].State, all[1].Code = Deferred, 450
			all[2].State, all[2].Code = Refused, 550
		}
		return all, nil
	}
	r.flush()
	r.is(1, "queued retry: bob accepted, carol deferred, dave refused")
	if s := r.flush(); len(s.Items) != 0 {
		t.Error("tried before its time")
	}
	r.now = r.now.Add(time.Minute)
	r.flush()
	r.is(1, "partial answer: bob accepted, carol accepted, dave refused")
	if r.script.sent[1] != "2:1:carol" {
		t.Errorf("%q", r.script.sent)
	}
}

// TestTooManyRecipients: those that did not fit go in the next transaction at once, and
// those deferred meanwhile do not.
func TestTooManyRecipients(t *testing.T) {
	r := newRig(t, mailTo("a", "b", "c", "d", "e"))
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
		all, err := wellDone(e, dot)
		for i := range all {
			switch {
			case i > 1:
				all[i].State, all[i].Code = Pending, 452
			case all[i].Addr == "b@example.org":
				all[i].State, all[i].Code = Deferred, 450
			}
		}
		return all, err
	}
	s := r.flush()
	r.is(1, "queued retry: a accepted, b deferred, c accepted, d accepted, e accepted")
	if want := []string{"1:1:a+b+c+d+e", "1:1:c+d+e", "1:1:e"}; !slices.Equal(r.script.sent, want) {
		t.Errorf("%q", r.script.sent)
	}
	if r.spool.item(1).Attempts != 1 || s.Queued != 1 || len(s.Items) != 1 {
		t.Errorf("%d attempts, %+v", r.spool.item(1).Attempts, s)
	}
}

func TestScheduleAndGivingUp(t *testing.T) {
	r := newRig(t, mailTo("bob"))
	r.script.send = func(_ int, e Envelope, _ func([]Result) error) ([]Result, error) {
		return answerAll(e, Deferred, 450, "greylisted"), nil
	}
	begin, waits := r.now, []time.Duration{}
	for r.spool.item(1).State == store.Queued {
		r.flush()
		if next := r.spool.item(1).NextAttempt; r.spool.item(1).State == store.Queued {
			waits = append(waits, next.Sub(r.now))
			r.now = next
		}
	}
	want := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, 2 * time.Hour, 2 * time.Hour}
	if !slices.Equal(waits[:6], want) {
		t.Errorf("waits %v", waits[:6])
	}
	if d := r.now.Sub(begin); d < 5*24*time.Hour || d > 5*24*time.Hour+2*time.Hour {
		t.Errorf("given up after %v", d)
	}
	r.is(1, "failed: bob refused")
	if it := r.spool.item(1); it.Recipients[0].Text != "given up: greylisted" || it.Recipients[0].Code != 450 {
		t.Errorf("%+v", it)
	}
}

// TestAWeekOffline: time in which nothing was tried does not count towards giving up.
func TestAWeekOffline(t *testing.T) {
	r := newRig(t, mailTo("bob"))
	r.script.send = func(_ int, e Envelope, _ func([]Result) error) ([]Result, error) {
		return answerAll(e, Deferred, 450, "greylisted"), nil
	}
	r.flush()
	r.now = r.now.Add(7 * 24 * time.Hour)
	r.script.connect = func(int) error { return &account.Trouble{Kind: account.KindNetwork, What: "offline"} }
	for range 3 {
		if _, err := r.Flush(t.Context()); err == nil {
			t.Error("no trouble told")
		}
	}
	r.script.connect = nil
	r.flush()
	r.is(1, "queued retry: bob deferred")
}

func TestJitter(t *testing.T) {
	s := DefaultSchedule()
	for _, c := range []struct {
		random float64
		want   time.Duration
	}{{0, 96 * time.Minute}, {0.5, 120 * time.Minute}, {0.9999999, 144 * time.Minute}} {
		s.Rand = func() float64 { return c.random }
		if d := s.Wait(99); d.Round(time.Second) != c.want {
			t.Errorf("%v: %v", c.random, d)
		}
	}
	s.Rand = nil
	for n := -1; n < 9; n++ {
		if d := s.Wait(n); d < 48*time.Second || d > 144*time.Minute {
			t.Errorf("%d: %v", n, d)
		}
	}
}

// TestAccountTrouble: it consumes no attempt, ends the pass, and is said on all that are due.
func TestAccountTrouble(t *testing.T) {
	for _, c := range []struct {
		trouble account.Trouble
		waiting string
	}{
		{account.Trouble{Kind: account.KindNetwork, What: "no route"}, "network"},
		{account.Trouble{Kind: account.KindTemporary, Host: "smtp.example.org", What: "454 later"}, "network"},
		{account.Trouble{Kind: account.KindOther, Host: "smtp.example.org", What: "certificate expired"}, "network"},
		{account.Trouble{Kind: account.KindLogin, What: "pass: no such entry"}, "login"},
		{account.Trouble{Kind: account.KindLogin, Host: "smtp.example.org", What: "535 wrong"}, "login"},
	} {
		r := newRig(t, mailTo("bob"), mailTo("carol"))
		r.script.connect = func(int) error { return &c.trouble }
		_, err := r.Flush(t.Context())
		if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.What != c.trouble.What {
			t.Errorf("%v", err)
		}
		r.is(1, "queued "+c.waiting+": bob pending")
		r.is(2, "queued "+c.waiting+": carol pending")
		if it := r.spool.item(1); it.Attempts != 0 || it.LastError != c.trouble.What || r.script.conns != 1 {
			t.Errorf("%+v, %d connections", it, r.script.conns)
		}
	}
}

// TestRefusedLoginStops: no second try by itself; when something changes, or the person says so, there is one.
func TestRefusedLoginStops(t *testing.T) {
	r := newRig(t, mailTo("bob"))
	r.script.connect = func(int) error {
		return &account.Trouble{Kind: account.KindLogin, Host: "smtp.example.org", What: "535 wrong"}
	}
	for range 3 {
		_, err := r.Flush(t.Context())
		if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindLogin {
			t.Errorf("%v", err)
		}
		r.now = r.now.Add(24 * time.Hour)
	}
	if _, err := r.One(t.Context(), 1); err == nil || r.script.conns != 1 {
		t.Errorf("%d logins", r.script.conns)
	}
	later := mailTo("carol") // spooled while the account stands still
	later.ID, later.Account, later.State, later.Created = 2, 1, store.Queued, r.now
	r.spool.items = append(r.spool.items, &later)
	if _, err := r.Flush(t.Context()); err == nil || r.script.conns != 1 {
		t.Errorf("%d logins", r.script.conns)
	}
	r.is(2, "queued login: carol pending")
	r.now = r.now.Add(time.Hour)
	r.Changed = r.now.Add(-time.Minute)
	if _, err := r.Flush(t.Context()); err == nil || r.script.conns != 2 {
		t.Errorf("changed configuration: %d logins", r.script.conns)
	}
	r.script.connect, r.Force = nil, true
	r.flush()
	r.is(1, "sent: bob accepted")
}

func TestLoginWantedByMAIL(t *testing.T) {
	r := newRig(t, mailTo("bob"), mailTo("carol"))
	r.script.send = func(int, Envelope, func([]Result) error) ([]Result, error) {
		return nil, &account.Trouble{Kind: account.KindLogin, Host: "smtp.example.org", What: "530"}
	}
	if _, err := r.Flush(t.Context()); err == nil {
		t.Error("no trouble")
	}
	r.is(1, "queued login: bob pending")
	if r.script.conns != 1 || len(r.script.sent) != 1 {
		t.Error("tried again")
	}
}

// TestPoison: an item that breaks every connection stops no other.
func TestPoison(t *testing.T) {
	r := newRig(t, mailTo("bob"), mailTo("poison"), mailTo("carol"))
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
		if e.ID == 2 {
			return lose(e, dot, false)
		}
		return wellDone(e, dot)
	}
	if s := r.flush(); s.Sent != 2 || s.Queued != 1 {
		t.Errorf("%+v", s)
	}
	if want := []string{"1:1:bob", "1:2:poison", "2:2:poison", "3:3:carol"}; !slices.Equal(r.script.sent, want) {
		t.Errorf("%q", r.script.sent)
	}
	r.is(2, "queued retry: poison pending")
	if it := r.spool.item(2); it.Attempts != 1 || it.NextAttempt != r.now.Add(time.Minute) || it.FirstDeferral != (time.Time{}) {
		t.Errorf("%+v", it)
	}
}

// TestBrokenServer: after a few items that each broke a fresh connection the server is at fault.
func TestBrokenServer(t *testing.T) {
	r := newRig(t, mailTo("a"), mailTo("b"), mailTo("c"), mailTo("d"), mailTo("e"))
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) { return lose(e, dot, false) }
	if _, err := r.Flush(t.Context()); err == nil || r.script.conns != brokenLimit {
		t.Errorf("%v after %d connections", err, r.script.conns)
	}
	r.is(5, "queued: e pending")
}

// TestMessagesPerConnection: a server that closes after some messages costs them nothing.
func TestMessagesPerConnection(t *testing.T) {
	r := newRig(t, mailTo("a"), mailTo("b"), mailTo("c"), mailTo("d"))
	seen := map[int]int{}
	r.script.send = func(conn int, e Envelope, dot func([]Result) error) ([]Result, error) {
		if seen[conn]++; seen[conn] > 1 {
			return answerAll(e, Deferred, 421, "too many messages"), &account.Trouble{Kind: account.KindTemporary, What: "421"}
		}
		return wellDone(e, dot)
	}
	if s := r.flush(); s.Sent != 4 || r.script.conns != 4 {
		t.Errorf("%+v, %d", s, r.script.conns)
	}
	for _, it := range r.spool.items {
		if it.Attempts != 1 {
			t.Errorf("%d attempts", it.Attempts)
		}
	}
}

func TestDatabaseFailures(t *testing.T) {
	t.Run("dot pending", func(t *testing.T) {
		r := newRig(t, mailTo("bob"))
		r.spool.failDot = errDisk
		_, err := r.Flush(t.Context())
		if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindIO || !errors.Is(err, errDisk) {
			t.Errorf("%v", err)
		}
		r.is(1, "queued: bob pending")
	})
	t.Run("result lost", func(t *testing.T) {
		r := newRig(t, mailTo("bob"))
		r.spool.failEnd = errDisk
		if _, err := r.Flush(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("%v", err)
		}
		r.is(1, "sending: bob pending")
		r.flush()
		r.is(1, "uncertain answer: bob uncertain")
	})
	t.Run("result committed all the same", func(t *testing.T) {
		r := newRig(t, mailTo("bob"))
		r.spool.failEnd, r.spool.endsDone = errDisk, true
		if s := r.flush(); s.Sent != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// TestContextBeforeTheDot: the item is broken off, loses no attempt, and nothing else is claimed.
func TestContextBeforeTheDot(t *testing.T) {
	r := newRig(t, mailTo("bob"), mailTo("carol"))
	ctx, cancel := context.WithCancel(t.Context())
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
		cancel()
		return wellDone(e, dot)
	}
	if _, err := r.Flush(ctx); err != nil {
		t.Error(err)
	}
	r.is(1, "queued: bob pending")
	if it := r.spool.item(1); it.Attempts != 0 || len(r.spool.attempts) != 1 {
		t.Errorf("%+v", it)
	}
}

// TestContextAfterTheDot: the answer is still awaited, for the grace.
func TestContextAfterTheDot(t *testing.T) {
	for _, answered := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, mailTo("bob"))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r.Grace = 20 * time.Second
			r.Submitter = submitterFunc(func(hard context.Context) Session {
				return sessionFunc(func(e Envelope, dot func([]Result) error) ([]Result, error) {
					if err := dot(nil); err != nil {
						return nil, err
					}
					cancel()
					if answered {
						time.Sleep(19 * time.Second)
						return answerAll(e, Accepted, 250, "ok"), hard.Err()
					}
					<-hard.Done()
					return answerAll(e, MaybeAccepted, 0, ""), &LostAfterDot{Err: ErrStopped}
				})
			})
			begin := time.Now()
			if _, err := r.Flush(ctx); err != nil {
				t.Error(err)
			}
			if answered {
				r.is(1, "sent: bob accepted")
			} else {
				r.is(1, "uncertain answer: bob uncertain")
				if d := time.Since(begin); d != 20*time.Second {
					t.Errorf("waited %v", d)
				}
				if at := r.spool.attempts[0]; at.Outcome != "uncertain for bob@example.org; mua stopped waiting for the answer to the final dot" {
					t.Errorf("the story says %q", at.Outcome)
				}
			}
		})
	}
}

type submitterFunc func(context.Context) Session

func (f submitterFunc) Connect(ctx context.Context, _ *account.Account) (Session, error) {
	return f(ctx), nil
}

type sessionFunc func(Envelope, func([]Result) error) ([]Result, error)

func (f sessionFunc) Send(_ context.Context, e Envelope, _ []byte, dot func([]Result) error) ([]Result, error) {
	return f(e, dot)
}
func (f sessionFunc) Close() error             { return nil }
func (f sessionFunc) RoundTrip() time.Duration { return 0 }

func TestLocked(t *testing.T) {
	r := newRig(t, mailTo("bob"))
	r.spool.locked = true
	if _, err := r.Flush(t.Context()); !errors.Is(err, store.ErrLocked) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if it, err := r.One(ctx, 1); !errors.Is(err, store.ErrLocked) || it.State != store.Queued {
		t.Errorf("%+v, %v", it, err)
	}
	r.spool.item(1).State = store.Sent // the other one was faster
	if it, err := r.One(t.Context(), 1); err != nil || it.State != store.Sent {
		t.Errorf("%+v, %v", it, err)
	}
}

func TestOneLeavesTheOthers(t *testing.T) {
	r := newRig(t, mailTo("bob"), mailTo("carol"))
	r.spool.item(2).NextAttempt = r.now.Add(time.Hour)
	if it, err := r.One(t.Context(), 2); err != nil || it.State != store.Sent {
		t.Errorf("%+v, %v", it, err)
	}
	r.is(1, "queued: bob pending")
	if _, err := r.One(t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestFilesSent(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		host string
		save *bool
		want bool
	}{
		{"smtp.gmail.com", nil, true}, {"SMTP.GMAIL.COM.", nil, true}, {"smtp.gmail.com", &yes, false},
		{"smtp.example.org", nil, false}, {"smtp.example.org", &no, true}, {"evilsmtp.gmail.com", nil, false},
	} {
		a := &account.Account{SaveSent: c.save, Outgoing: &account.Endpoint{Host: c.host}}
		if FilesSent(a) != c.want {
			t.Errorf("%+v", c)
		}
	}
}
