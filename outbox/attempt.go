package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"mua/account"
	"mua/store"
)

// attempted is what came of an attempt.
type attempted struct {
	state store.ItemState
	again bool           // another transaction is due at once
	next  *store.Claimed // claimed with the result
}

// attempt runs one transaction for a claimed item and records its result, and, where more is set,
// claims the next. later are the recipients that an earlier transaction of this pass deferred.
// The error stops the lane.
func (l *lane) attempt(c *store.Claimed, later map[string]bool, more bool) (attempted, error) {
	it, at, body := c.Item, c.Attempt, c.Wire
	if body == nil {
		var err error
		body, err = l.Store.ItemRaw(l.ctx, it.ID)
		if errors.Is(err, store.ErrDamaged) {
			return l.damaged(it, at, err)
		}
		if err != nil {
			return l.putBack(it, at, l.storeTrouble("reading", err))
		}
	}
	e := Envelope{ID: it.ID, Sender: it.Sender, Recipients: outstanding(it, later), Size: it.Size, UTF8: it.UTF8, DSN: it.DSN, EnvID: it.EnvID, RequireTLS: it.RequireTLS}
	for {
		fresh, err := l.connect()
		if err != nil {
			return l.noConnection(it, at, l.trouble(err))
		}
		t := l.transact(e, body, at)
		if t.err != nil {
			l.drop()
		} else {
			l.widen(t.wait, l.opening)
		}
		if t.err != nil && !fresh && t.nothingSaid() && !t.dotAsked && l.ctx.Err() == nil {
			continue // the connection had done its share; once more on a fresh one
		}
		for _, r := range t.results {
			if r.State == store.Deferred {
				later[r.Addr] = true
			}
		}
		return l.conclude(it, at, t, fresh, more)
	}
}

// damaged ends an item whose bytes cannot be read any more, so that it stops nobody.
func (l *lane) damaged(it store.Item, at store.AttemptID, err error) (attempted, error) {
	what := "its text is damaged in the mail store: " + words(err)
	return l.record(it, store.AttemptResult{Attempt: at, State: store.Failed, NoAttempt: true, LastError: what, Outcome: "not sent: " + what}, false)
}

// noConnection is for an item whose lane cannot connect: another lane sends it, as long as there is one.
func (l *lane) noConnection(it store.Item, at store.AttemptID, t *account.Trouble) (attempted, error) {
	if l.ctx.Err() == nil && l.retire() {
		out, err := l.putBack(it, at, nil)
		return out, errors.Join(err, errLaneOver)
	}
	return l.accountTrouble(it, at, t)
}

// outstanding lists the recipients to be offered in the next transaction.
func outstanding(it store.Item, later map[string]bool) []string {
	var out []string
	for _, r := range it.Recipients {
		if later[r.Addr] {
			continue
		}
		if r.State == store.Pending || r.State == store.Deferred || r.State == "" {
			out = append(out, r.Addr)
		}
	}
	return out
}

// transaction is what came of one Session.Send.
type transaction struct {
	results  []store.RecipientResult
	err      error         // the session's; nil: it can go on
	dotAsked bool          // dotPending was called
	dotErr   error         // what dotPending answered
	wait     time.Duration // for the server: without our own commit
}

// transact sends over the open session.
func (l *lane) transact(e Envelope, body []byte, at store.AttemptID) transaction {
	var t transaction
	l.used = true
	began := time.Now()
	t.results, t.err = l.session.Send(l.hard, e, body, func(soFar []store.RecipientResult) error {
		asked := time.Now()
		t.dotAsked = true
		t.dotErr = l.commitDot(at, soFar)
		t.wait -= time.Since(asked)
		return t.dotErr
	})
	t.wait += time.Since(began)
	_ = l.setDot(false)
	t.results = known(e.Recipients, t.results)
	if t.dotAsked && t.dotErr == nil && t.err != nil {
		t.err = t.afterDot(e.Recipients)
	}
	return t
}

// commitDot records durably that the final dot is about to be written, and what
// RCPT has already said: those it refused or deferred are not in doubt whatever follows.
func (l *lane) commitDot(at store.AttemptID, soFar []store.RecipientResult) error {
	if err := l.setDot(true); err != nil {
		return err
	}
	ctx, cancel := durable(l.ctx)
	defer cancel()
	settled := slices.DeleteFunc(slices.Clone(soFar), func(r store.RecipientResult) bool { return r.State == store.Accepted })
	if err := l.Store.DotPending(ctx, at, settled...); err != nil {
		_ = l.setDot(false)
		return err
	}
	return nil
}

// afterDot makes sure that an error after a pending dot leaves no recipient
// looking untouched, whatever the session said.
func (t *transaction) afterDot(to []string) error {
	forgotten := false
	for _, addr := range to {
		if !slices.ContainsFunc(t.results, func(r store.RecipientResult) bool { return r.Addr == addr }) {
			t.results = append(t.results, store.RecipientResult{Addr: addr, State: store.MaybeAccepted})
			forgotten = true
		}
	}
	if _, ok := errors.AsType[*LostAfterDot](t.err); ok || !forgotten {
		return t.err
	}
	return &LostAfterDot{Err: t.err}
}

// known drops outcomes for addresses that were not asked about, and doubles.
func known(to []string, results []store.RecipientResult) []store.RecipientResult {
	out := make([]store.RecipientResult, 0, len(results))
	for _, r := range results {
		if slices.Contains(to, r.Addr) && !slices.ContainsFunc(out, func(o store.RecipientResult) bool { return o.Addr == r.Addr }) {
			out = append(out, r)
		}
	}
	return out
}

// nothingSaid reports whether the server said nothing about any recipient but that it closes.
func (t *transaction) nothingSaid() bool {
	return !slices.ContainsFunc(t.results, func(r store.RecipientResult) bool {
		return r.State != store.Pending && r.Code != 421
	})
}

// conclude records what came of a transaction.
func (l *lane) conclude(it store.Item, at store.AttemptID, t transaction, fresh, more bool) (attempted, error) {
	if t.dotErr != nil {
		return l.putBack(it, at, l.dotTrouble(t.dotErr))
	}
	if t.err != nil && !t.dotAsked {
		if l.ctx.Err() != nil {
			return l.brokenOff(it, at, " has not taken the message in the time given")
		}
		if tr, ok := errors.AsType[*account.Trouble](t.err); ok && tr.Kind != account.KindTemporary {
			return l.accountTrouble(it, at, tr)
		}
	}
	j := l.judge(it, at, t)
	fault := l.blame(t, fresh)
	out, err := l.record(it, j.result, more && !j.again && fault == nil && !l.over())
	if err != nil {
		return out, err
	}
	out.again = j.again
	return out, fault
}

// blame counts items that each broke a fresh connection; too many in a row are the server's trouble.
func (p *pass) blame(t transaction, fresh bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case t.err == nil:
		p.broken = 0
	case fresh:
		p.broken++
	}
	if p.broken < brokenLimit {
		return nil
	}
	return p.trouble(t.err)
}

// dotTrouble words why the dot could not be recorded.
func (p *pass) dotTrouble(err error) error {
	if p.ctx.Err() != nil {
		return nil
	}
	return p.storeTrouble("recording that the final dot is due", err)
}

// putBack queues an item again that was not handed over, through no fault of its own.
func (l *lane) putBack(it store.Item, at store.AttemptID, cause error) (attempted, error) {
	r := store.AttemptResult{Attempt: at, State: store.Queued, NoAttempt: true, NextAttempt: dueStill(it),
		LastError: it.LastError, Outcome: "broken off before the message was handed over"}
	if cause != nil {
		r.LastError = words(cause)
		r.Outcome += ": " + r.LastError
	}
	out, err := l.record(it, r, false)
	return out, errors.Join(cause, err)
}

// accountTrouble queues an item again because its account cannot send now, and
// says so on all that are due.
func (l *lane) accountTrouble(it store.Item, at store.AttemptID, t *account.Trouble) (attempted, error) {
	l.drop()
	if l.ctx.Err() != nil && t.Kind != account.KindLogin {
		return l.brokenOff(it, at, " has not answered in the time given")
	}
	return l.accountWaits(it, at, t)
}

// brokenOff queues an item again because the pass was told to end. Time that ran
// out is told: that server may be silent. A wish to stop is nobody's trouble.
func (l *lane) brokenOff(it store.Item, at store.AttemptID, what string) (attempted, error) {
	if !errors.Is(l.ctx.Err(), context.DeadlineExceeded) {
		return l.putBack(it, at, nil)
	}
	return l.accountWaits(it, at, &account.Trouble{Kind: account.KindTemporary, Account: l.Account.Name, Host: l.host(),
		What: l.host() + what, Err: l.ctx.Err()})
}

func (l *lane) accountWaits(it store.Item, at store.AttemptID, t *account.Trouble) (attempted, error) {
	why, begin := waitsFor(t)
	what := words(t)
	out, err := l.record(it, store.AttemptResult{Attempt: at, State: store.Queued, NoAttempt: true,
		NextAttempt: dueStill(it), Waiting: why, LastError: what, Outcome: begin + what}, false)
	if err != nil {
		return out, err
	}
	return out, l.accountDown(why, t)
}

// waitsFor is what an account's items wait for because of its trouble, and how an attempt's outcome that tells it begins.
func waitsFor(t *account.Trouble) (why, begin string) {
	switch {
	case t.Kind == account.KindLogin && t.Host != "":
		return WaitLogin, notConnected
	case t.Kind == account.KindLogin, t.Kind == account.KindConfig:
		return WaitLogin, notAsked
	}
	return WaitNetwork, notConnected
}

// accountDown says of all that are due why they wait, and returns the trouble.
func (p *pass) accountDown(why string, t *account.Trouble) error {
	ctx, cancel := durable(p.ctx)
	defer cancel()
	if err := p.Store.SetWaiting(ctx, p.AccountID, why, words(t)); err != nil {
		return p.storeTrouble("recording why it waits", err)
	}
	p.log(Event{What: words(t), Trouble: t})
	return t
}

// notAsked begins the outcome of an attempt that failed here, before the server was asked for
// anything: there was no password to try, say. It may be tried again by itself.
const notAsked = "the server was not asked: "

// notConnected begins the outcome of an attempt in which no session came about.
const notConnected = "not connected: "

// dueStill is when an item that lost no attempt is due: as before, so that it
// keeps its place in the queue.
func dueStill(it store.Item) time.Time {
	due := it.Created
	for _, t := range []time.Time{it.NotBefore, it.NextAttempt} {
		if t.After(due) {
			due = t
		}
	}
	return due
}

// record ends an attempt, and claims the next due item in the same commit where that is wanted. A
// failed commit is itself in doubt: the item is read again before anything is said of it.
func (p *pass) record(it store.Item, r store.AttemptResult, more bool) (out attempted, err error) {
	ctx, cancel := durable(p.ctx)
	defer cancel()
	out.state = r.State
	if more {
		out.next, err = p.Store.EndAndClaim(ctx, r, p.AccountID, p.host())
	} else {
		err = p.Store.EndAttempt(ctx, r)
	}
	if err != nil {
		now, rerr := p.Store.Item(ctx, it.ID)
		if rerr != nil || now.State != r.State {
			return attempted{state: store.Sending}, &account.Trouble{Kind: account.KindIO, Account: p.Account.Name,
				What: "what came of item " + itoa(it.ID) + " could not be recorded: " + err.Error() + " (" + r.Outcome + ")",
				Kept: "The item is kept as it was and settled at the next flush", Err: err}
		}
	}
	p.log(Event{Item: it.ID, State: r.State, What: r.Outcome, Subject: it.Subject, To: it.Recipients})
	return out, nil
}
