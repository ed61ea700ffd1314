package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/store"
)

// spool is a Spool in memory, with faults. The real one is tested over the wire in package submit.
type spool struct {
	clock    func() time.Time
	items    []*store.Item
	attempts []store.Attempt
	ledger   map[store.AttemptID][]store.RecipientResult
	log      []string // what was committed, in order
	locked   bool
	moved    string // what Moved answers
	failDot  error
	failEnd  error // of the next EndAttempt
	endsDone bool  // the failing EndAttempt commits all the same
}

func (s *spool) item(id store.OutboxID) *store.Item {
	for _, it := range s.items {
		if it.ID == id {
			return it
		}
	}
	return nil
}

func (s *spool) Lock(string, string) (func(), error) {
	if s.locked {
		return nil, store.ErrLocked
	}
	s.locked = true
	return func() { s.locked = false }, nil
}

func (s *spool) Item(_ context.Context, id store.OutboxID) (store.Item, error) {
	if it := s.item(id); it != nil {
		c := *it
		c.Recipients = slices.Clone(it.Recipients)
		return c, nil
	}
	return store.Item{}, store.ErrNotFound
}

func (s *spool) Items(ctx context.Context, _ bool) (out []store.Item, _ error) {
	for _, it := range s.items {
		c, _ := s.Item(ctx, it.ID)
		out = append(out, c)
	}
	return out, nil
}

func (s *spool) ItemRaw(_ context.Context, id store.OutboxID) ([]byte, error) {
	return []byte(fmt.Sprintf("Subject: %d\r\n\r\nhi\r\n", id)), nil
}

func (s *spool) Attempts(_ context.Context, id store.OutboxID) (out []store.Attempt, _ error) {
	for _, a := range s.attempts {
		if a.Item == id {
			out = append(out, a)
		}
	}
	return out, nil
}

func (s *spool) AttemptLedger(_ context.Context, id store.AttemptID) ([]store.RecipientResult, error) {
	return s.ledger[id], nil
}

func (s *spool) Moved(context.Context) (string, error) { return s.moved, nil }

func (s *spool) DueCount(context.Context, store.AccountID) (n int, _ error) {
	for _, it := range s.items {
		if it.State == store.Queued && !it.NextAttempt.After(s.clock()) && !it.NotBefore.After(s.clock()) {
			n++
		}
	}
	return n, nil
}

func (s *spool) EndAndClaim(ctx context.Context, r store.AttemptResult, a store.AccountID, host string) (*store.Claimed, error) {
	if err := s.EndAttempt(ctx, r); err != nil {
		return nil, err
	}
	return s.Claim(ctx, a, 0, host)
}

func (s *spool) Claim(ctx context.Context, _ store.AccountID, id store.OutboxID, host string) (*store.Claimed, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, it := range s.items {
		due := id == 0 && !it.NextAttempt.After(s.clock()) && !it.NotBefore.After(s.clock())
		if it.State == store.Queued && (due || it.ID == id) {
			before, _ := s.Item(ctx, it.ID)
			it.State = store.Sending
			at := store.AttemptID(len(s.attempts) + 1)
			s.attempts = append(s.attempts, store.Attempt{ID: at, Item: it.ID, Started: s.clock(), Host: host})
			s.log = append(s.log, fmt.Sprintf("claim %d", it.ID))
			return &store.Claimed{Item: before, Attempt: at}, nil
		}
	}
	return nil, nil
}

func (s *spool) DotPending(_ context.Context, at store.AttemptID, soFar ...store.RecipientResult) error {
	if s.failDot != nil {
		return s.failDot
	}
	s.attempts[at-1].DotPending = true
	s.note(at, soFar)
	s.log = append(s.log, fmt.Sprintf("dot %d", s.attempts[at-1].Item))
	return nil
}

func (s *spool) EndAttempt(_ context.Context, r store.AttemptResult) error {
	if err := s.failEnd; err != nil {
		s.failEnd = nil
		if !s.endsDone {
			return err
		}
		_ = s.EndAttempt(context.Background(), r)
		return err
	}
	a := &s.attempts[r.Attempt-1]
	a.Ended, a.Outcome = s.clock(), r.Outcome
	it := s.item(a.Item)
	it.State, it.NextAttempt, it.Waiting, it.LastError = r.State, r.NextAttempt, r.Waiting, r.LastError
	if !r.NoAttempt {
		it.Attempts++
	}
	s.note(r.Attempt, r.Recipients)
	s.log = append(s.log, fmt.Sprintf("end %d %s", a.Item, r.State))
	return nil
}

// note records outcomes on the attempt and the item.
func (s *spool) note(at store.AttemptID, results []store.RecipientResult) {
	if s.ledger == nil {
		s.ledger = map[store.AttemptID][]store.RecipientResult{}
	}
	s.ledger[at] = results
	it := s.item(s.attempts[at-1].Item)
	for _, o := range results {
		if o.State == store.Deferred && it.FirstDeferral.IsZero() {
			it.FirstDeferral = s.clock()
		}
		for i := range it.Recipients {
			if p := &it.Recipients[i]; p.Addr == o.Addr {
				p.State, p.Code, p.Enhanced, p.Text = o.State, o.Code, o.Enhanced, o.Text
			}
		}
	}
}

func (s *spool) Orphans(context.Context, store.AccountID) (out []store.Attempt, _ error) {
	for _, a := range s.attempts {
		if s.item(a.Item).State == store.Sending && a.Ended.IsZero() {
			out = append(out, a)
		}
	}
	return out, nil
}

func (s *spool) UncertainItems(ctx context.Context, _ store.AccountID) (out []store.Item, _ error) {
	for _, it := range s.items {
		if it.State == store.Uncertain {
			c, _ := s.Item(ctx, it.ID)
			out = append(out, c)
		}
	}
	return out, nil
}

func (s *spool) SetWaiting(_ context.Context, _ store.AccountID, why, words string) error {
	for _, it := range s.items {
		if it.State == store.Queued && !it.NextAttempt.After(s.clock()) {
			it.Waiting, it.LastError = why, words
		}
	}
	return nil
}

func (s *spool) Resolve(_ context.Context, id store.OutboxID, sent bool, why string) error {
	it := s.item(id)
	if it.State != store.Uncertain {
		return store.ErrState
	}
	it.State, it.LastError, it.NextAttempt = store.Queued, why, s.clock()
	to := store.Pending
	if sent {
		it.State, to = store.Sent, store.Accepted
	}
	for i := range it.Recipients {
		if it.Recipients[i].State == store.MaybeAccepted {
			it.Recipients[i].State = to
		}
	}
	s.log = append(s.log, fmt.Sprintf("resolve %d %t", id, sent))
	return nil
}

func (s *spool) ResolveKept(ctx context.Context, id store.OutboxID, why string, _ store.Rewrite) error {
	return s.Resolve(ctx, id, true, why)
}

// script is a Submitter whose sessions do what a test says.
type script struct {
	turn    time.Duration
	connect func(n int) error // nil: well
	send    func(conn int, e Envelope, dot func([]Result) error) ([]Result, error)
	conns   int
	closed  int
	sent    []string // "conn:id:recipients"
}

type scripted struct {
	*script
	conn int
}

func (s *script) Connect(context.Context, *account.Account) (Session, error) {
	s.conns++
	if s.connect != nil {
		if err := s.connect(s.conns); err != nil {
			return nil, err
		}
	}
	return &scripted{s, s.conns}, nil
}

func (s *scripted) Send(_ context.Context, e Envelope, body []byte, dot func([]Result) error) ([]Result, error) {
	var names []string
	for _, r := range e.Recipients {
		name, _, _ := strings.Cut(r, "@")
		names = append(names, name)
	}
	s.sent = append(s.sent, fmt.Sprintf("%d:%d:%s", s.conn, e.ID, strings.Join(names, "+")))
	if s.send != nil {
		return s.send(s.conn, e, dot)
	}
	return wellDone(e, dot)
}

func (s *scripted) RoundTrip() time.Duration { return s.turn }

func (s *scripted) Close() error { s.closed++; return nil }

// wellDone is a server that accepts everything.
func wellDone(e Envelope, dot func([]Result) error) ([]Result, error) {
	if err := dot(nil); err != nil {
		return nil, err
	}
	return answerAll(e, Accepted, 250, "ok"), nil
}

func answerAll(e Envelope, s store.RecipientState, code int, text string) []Result {
	var out []Result
	for _, r := range e.Recipients {
		out = append(out, Result{Addr: r, State: s, Code: code, Text: text})
	}
	return out
}

// rig is a flusher over a spool in memory, with a clock that stands still until told.
type rig struct {
	t      *testing.T
	now    time.Time
	spool  *spool
	script *script
	*Flusher
}

func newRig(t *testing.T, items ...store.Item) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), script: &script{}}
	r.spool = &spool{clock: func() time.Time { return r.now }}
	r.Flusher = &Flusher{Store: r.spool, AccountID: 1, Submitter: r.script, Now: func() time.Time { return r.now },
		Account: &account.Account{Name: "work", Outgoing: &account.Endpoint{Host: "smtp.example.org", Port: 465}}}
	r.Retry = DefaultSchedule()
	r.Retry.Rand = func() float64 { return 0.5 }
	for i, it := range items {
		it.ID, it.Account, it.AccountName, it.State = store.OutboxID(i+1), 1, "work", store.Queued
		it.MessageID = fmt.Sprintf("<%d@example.org>", it.ID)
		it.Created = r.now
		if it.Policy == "" {
			it.Policy = store.PolicyAsk
		}
		r.spool.items = append(r.spool.items, &it)
	}
	return r
}

// mailTo is an item to these names at example.org.
func mailTo(names ...string) store.Item {
	var it store.Item
	for _, n := range names {
		it.Recipients = append(it.Recipients, store.Recipient{Addr: n + "@example.org", State: store.Pending})
	}
	return it
}

func (r *rig) flush() Summary {
	r.t.Helper()
	s, err := r.Flush(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// is checks an item: "queued retry: bob accepted, carol deferred".
func (r *rig) is(id store.OutboxID, want string) {
	r.t.Helper()
	it := r.spool.item(id)
	got := string(it.State)
	if it.Waiting != "" {
		got += " " + it.Waiting
	}
	var who []string
	for _, p := range it.Recipients {
		name, _, _ := strings.Cut(p.Addr, "@")
		who = append(who, name+" "+string(p.State))
	}
	if got += ": " + strings.Join(who, ", "); got != want {
		r.t.Errorf("item %d is %q, want %q (%s)", id, got, want, it.LastError)
	}
}

// lose is a session that loses the connection, before the dot or after it.
func lose(e Envelope, dot func([]Result) error, after bool) ([]Result, error) {
	err := error(&account.Trouble{Kind: account.KindTemporary, Host: "smtp.example.org", What: "smtp.example.org closed the connection"})
	if !after {
		return nil, err
	}
	if err := dot(nil); err != nil {
		return nil, err
	}
	return answerAll(e, MaybeAccepted, 0, "no answer"), &LostAfterDot{Err: err}
}

type finder func() (int, error)

func (f finder) FindSent(context.Context, string) (int, error) { return f() }

var errDisk = errors.New("disk I/O error")
