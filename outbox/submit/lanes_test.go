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
)

// far is a submitter whose servers are a long way off, without the time that costs.
type far struct{ outbox.Submitter }

type farSession struct{ outbox.Session }

func (f far) Connect(ctx context.Context, a *account.Account) (outbox.Session, error) {
	s, err := f.Submitter.Connect(ctx, a)
	if err != nil {
		return nil, err
	}
	return farSession{s}, nil
}

func (farSession) RoundTrip() time.Duration { return 20 * time.Millisecond }

// farFlusher may have so many sessions to a server far away.
func (p *post) farFlusher(sessions int) *outbox.Flusher {
	f := p.flusher()
	f.Account.Sessions = sessions
	f.Submitter = far{f.Submitter}
	return f
}

func (p *post) spoolMany(n int) {
	p.t.Helper()
	for i := range n {
		p.spool(fmt.Sprint("m", i), store.PolicyAsk, bob)
	}
}

// onceEach checks that the server has taken n messages, no two the same, and that all are sent.
func (p *post) onceEach(n int) {
	p.t.Helper()
	seen := map[string]int{}
	for _, m := range p.srv.taken() {
		seen[m.data]++
	}
	if len(seen) != n || len(p.srv.taken()) != n {
		p.t.Errorf("%d different ones of %d, not %d", len(seen), len(p.srv.taken()), n)
	}
	if left, err := p.st.Items(p.t.Context(), false); err != nil || len(left) != 0 {
		p.t.Errorf("left over: %+v, %v", left, err)
	}
}

// TestSeveralSessions: four messages wait for their answer at once, each is sent once.
func TestSeveralSessions(t *testing.T) {
	var mu sync.Mutex
	waiting, together := 0, make(chan struct{})
	srv := serve(t, func(_ int, line string) string {
		if line != "." {
			return ""
		}
		mu.Lock()
		if waiting++; waiting == 4 {
			close(together)
		}
		mu.Unlock()
		select {
		case <-together:
			return ""
		case <-time.After(30 * time.Second):
			return "451 4.3.0 waited for the others in vain"
		}
	})
	p := openPost(t, srv)
	p.spoolMany(30)
	s, err := p.farFlusher(4).Flush(t.Context())
	if err != nil || s.Sent != 30 || len(s.Items) != 30 {
		t.Errorf("%+v, %v", s, err)
	}
	if n := srv.connections(); n != 4 {
		t.Errorf("%d connections", n)
	}
	p.onceEach(30)
}

// TestServerWantsFewerSessions: a server that turns the third one away gets everything over two.
func TestServerWantsFewerSessions(t *testing.T) {
	for _, refusal := range []string{"421 4.7.0 too many connections", hangUp} {
		srv := serve(t, func(conn int, line string) string {
			if conn > 2 && line == "" {
				return refusal
			}
			return ""
		})
		p := openPost(t, srv)
		p.spoolMany(30)
		var told []string
		f := p.farFlusher(4)
		f.Log = func(e outbox.Event) {
			if e.Trouble != nil {
				told = append(told, e.What)
			}
		}
		s, err := f.Flush(t.Context())
		if err != nil || s.Sent != 30 || len(told) > 0 {
			t.Errorf("%+v, %v, %q", s, err, told)
		}
		p.onceEach(30)
	}
}

// TestAllSessionsLoseTheServer: the last one's trouble is the account's, and nothing is lost.
func TestAllSessionsLoseTheServer(t *testing.T) {
	var mu sync.Mutex
	mails, dead := 0, true
	srv := serve(t, func(_ int, line string) string {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(line, "MAIL") {
			mails++
		}
		if dead && mails > 10 && (line == "" || strings.HasPrefix(line, "MAIL")) {
			return hangUp
		}
		return ""
	})
	p := openPost(t, srv)
	p.spoolMany(40)
	_, err := p.farFlusher(4).Flush(t.Context())
	if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind == account.KindIO {
		t.Errorf("%v", err)
	}
	items, err := p.st.Items(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if it.State != store.Sent && it.State != store.Queued || it.Attempts > 1 {
			t.Errorf("item %d is %s after %d attempts", it.ID, it.State, it.Attempts)
		}
	}
	mu.Lock()
	dead = false
	mu.Unlock()
	p.now = p.now.Add(time.Hour)
	if _, err := p.farFlusher(4).Flush(t.Context()); err != nil {
		t.Error(err)
	}
	p.onceEach(40)
}

// TestGivenUpIsKeptAsADraft: and a retry of the item takes the draft back.
func TestGivenUpIsKeptAsADraft(t *testing.T) {
	srv := serve(t, on("RCPT", "451 4.2.0 later"))
	p := openPost(t, srv)
	id := p.spool("one", store.PolicyAsk, bob)
	for range 100 {
		p.flush()
		if it := p.item(id); it.State != store.Queued {
			break
		} else {
			p.now = it.NextAttempt
		}
	}
	it := p.item(id)
	if it.State != store.Failed || it.KeptDraft == 0 {
		t.Fatalf("%+v", it)
	}
	row, err := p.st.Row(t.Context(), it.KeptDraft)
	if err != nil || row.MailboxName != "Drafts" || row.Subject != "one" {
		t.Errorf("%+v, %v", row, err)
	}
	if words := outbox.Describe(it, p.now); !strings.Contains(words, "given up") || !strings.Contains(words, "kept in Drafts") {
		t.Error(words)
	}
	srv.mu.Lock()
	srv.rule = nil
	srv.mu.Unlock()
	if err := p.st.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	p.flush()
	p.is(id, "sent: bob accepted 250")
	if _, err := p.st.Row(t.Context(), it.KeptDraft); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the draft is still there: %v", err)
	}
}

// TestTheLastLaneTellsTheTrouble: however lanes end before, the one that is left when the login is
// refused says so, and what is due waits for the login.
func TestTheLastLaneTellsTheTrouble(t *testing.T) {
	for try := range 20 { // which lane is left depends on who is faster
		var mu sync.Mutex
		sent, mails := 0, map[int]int{}
		srv := serve(t, func(conn int, line string) string {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case line == ".":
				sent++
			case strings.HasPrefix(line, "AUTH") && (conn > 2 || sent > 4):
				return "535 5.7.8 no more"
			case strings.HasPrefix(line, "MAIL"):
				// The first on a connection passes: an item that breaks a fresh one is deferred by itself.
				if mails[conn]++; mails[conn] > 1 && sent > 4 {
					return hangUp
				}
			}
			return ""
		})
		p := openPost(t, srv)
		p.spoolMany(12 + try%3)
		s, err := p.farFlusher(4).Flush(t.Context())
		tr, ok := errors.AsType[*account.Trouble](err)
		if !ok || tr.Kind != account.KindLogin {
			t.Fatalf("%d: %v, %+v", try, err, s)
		}
		items, err := p.st.Items(t.Context(), false)
		if err != nil || len(items) == 0 {
			t.Fatal(items, err)
		}
		for _, it := range items {
			if it.State != store.Queued || it.Waiting != outbox.WaitLogin {
				t.Errorf("%d: item %d is %s, waiting for %q", try, it.ID, it.State, it.Waiting)
			}
		}
		if n := s.Sent + s.Queued; n != len(s.Items) {
			t.Errorf("%d items touched, %d counted", len(s.Items), n)
		}
	}
}

// TestGivenUpNotWhileUncertain: lost after the dot when its time is over, an item may have arrived; it is not given up.
func TestGivenUpNotWhileUncertain(t *testing.T) {
	var mu sync.Mutex
	lose := false
	srv := serve(t, func(_ int, line string) string {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case lose && line == ".":
			return hangUp
		case !lose && strings.HasPrefix(line, "RCPT"):
			return "451 4.2.0 later"
		}
		return ""
	})
	p := openPost(t, srv)
	id := p.spool("one", store.PolicyRetry, bob)
	p.flush()
	for p.now.Sub(p.item(id).FirstDeferral) < 5*24*time.Hour {
		p.now = p.item(id).NextAttempt
		if p.now.Sub(p.item(id).FirstDeferral) < 5*24*time.Hour {
			p.flush()
		}
	}
	mu.Lock()
	lose = true
	mu.Unlock()
	p.flush()
	p.is(id, "uncertain answer: bob uncertain 0")
	if it := p.item(id); it.KeptDraft != 0 {
		t.Error("a draft to send again was kept of what may have arrived")
	}
}
