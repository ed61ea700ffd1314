package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"mua/account"
	"mua/store"
)

// attempt runs one transaction for a claimed item and records its result. again
// asks for another transaction at once; later are the recipients that an earlier
// transaction of this pass deferred. The error stops the pass.
func (p *pass) attempt(it store.Item, at store.AttemptID, later map[string]bool) (state store.ItemState, again bool, err error) {
	body, err := p.Store.ItemRaw(p.ctx, it.ID)
	if err != nil {
		return p.putBack(it, at, p.storeTrouble("reading", err))
	}
	e := Envelope{ID: it.ID, Sender: it.Sender, Recipients: outstanding(it, later), Size: it.Size, UTF8: it.UTF8, DSN: it.DSN, EnvID: it.EnvID, RequireTLS: it.RequireTLS}
	for {
		fresh, err := p.connect()
		if err != nil {
			return p.accountTrouble(it, at, p.trouble(err))
		}
		t := p.transact(e, body, at)
		if t.err != nil {
			p.drop()
		}
		if t.err != nil && !fresh && t.nothingSaid() && !t.dotAsked && p.ctx.Err() == nil {
			continue // the connection had done its share; once more on a fresh one
		}
		for _, r := range t.results {
			if r.State == store.Deferred {
				later[r.Addr] = true
			}
		}
		return p.conclude(it, at, t, fresh)
	}
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
	err      error // the session's; nil: it can go on
	dotAsked bool  // dotPending was called
	dotErr   error // what dotPending answered
}

// transact sends over the open session.
func (p *pass) transact(e Envelope, body []byte, at store.AttemptID) transaction {
	var t transaction
	p.used = true
	t.results, t.err = p.session.Send(p.hard, e, body, func(soFar []store.RecipientResult) error {
		t.dotAsked = true
		t.dotErr = p.commitDot(at, soFar)
		return t.dotErr
	})
	_ = p.setDot(false)
	t.results = known(e.Recipients, t.results)
	if t.dotAsked && t.dotErr == nil && t.err != nil {
		t.err = t.afterDot(e.Recipients)
	}
	return t
}

// commitDot records durably that the final dot is about to be written, and what
// RCPT has already said: those it refused or deferred are not in doubt whatever follows.
func (p *pass) commitDot(at store.AttemptID, soFar []store.RecipientResult) error {
	if err := p.setDot(true); err != nil {
		return err
	}
	ctx, cancel := durable(p.ctx)
	defer cancel()
	settled := slices.DeleteFunc(slices.Clone(soFar), func(r store.RecipientResult) bool { return r.State == store.Accepted })
	if err := p.Store.DotPending(ctx, at, settled...); err != nil {
		_ = p.setDot(false)
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
func (p *pass) conclude(it store.Item, at store.AttemptID, t transaction, fresh bool) (store.ItemState, bool, error) {
	if t.dotErr != nil {
		return p.putBack(it, at, p.dotTrouble(t.dotErr))
	}
	if t.err != nil && !t.dotAsked {
		if p.ctx.Err() != nil {
			return p.brokenOff(it, at, " has not taken the message in the time given")
		}
		if tr, ok := errors.AsType[*account.Trouble](t.err); ok && tr.Kind != account.KindTemporary {
			return p.accountTrouble(it, at, tr)
		}
	}
	j := p.judge(it, at, t)
	state, err := p.record(it, j.result)
	if err != nil {
		return state, false, err
	}
	return state, j.again, p.blame(t, fresh)
}

// blame counts items that each broke a fresh connection; too many in a row are the server's trouble.
func (p *pass) blame(t transaction, fresh bool) error {
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
func (p *pass) putBack(it store.Item, at store.AttemptID, cause error) (store.ItemState, bool, error) {
	r := store.AttemptResult{Attempt: at, State: store.Queued, NoAttempt: true, NextAttempt: p.dueStill(it),
		LastError: it.LastError, Outcome: "broken off before the message was handed over"}
	if cause != nil {
		r.LastError = words(cause)
		r.Outcome += ": " + r.LastError
	}
	state, err := p.record(it, r)
	return state, false, errors.Join(cause, err)
}

// accountTrouble queues an item again because its account cannot send now, and
// says so on all that are due.
func (p *pass) accountTrouble(it store.Item, at store.AttemptID, t *account.Trouble) (store.ItemState, bool, error) {
	p.drop()
	if p.ctx.Err() != nil && t.Kind != account.KindLogin {
		return p.brokenOff(it, at, " has not answered in the time given")
	}
	return p.accountWaits(it, at, t)
}

// brokenOff queues an item again because the pass was told to end. Time that ran
// out is told: that server may be silent. A wish to stop is nobody's trouble.
func (p *pass) brokenOff(it store.Item, at store.AttemptID, what string) (store.ItemState, bool, error) {
	if !errors.Is(p.ctx.Err(), context.DeadlineExceeded) {
		return p.putBack(it, at, nil)
	}
	return p.accountWaits(it, at, &account.Trouble{Kind: account.KindTemporary, Account: p.Account.Name, Host: p.host(),
		What: p.host() + what, Err: p.ctx.Err()})
}

func (p *pass) accountWaits(it store.Item, at store.AttemptID, t *account.Trouble) (store.ItemState, bool, error) {
	why, what := WaitNetwork, words(t)
	if t.Kind == account.KindLogin && t.Host != "" {
		why = WaitLogin
	}
	state, err := p.record(it, store.AttemptResult{Attempt: at, State: store.Queued, NoAttempt: true,
		NextAttempt: p.dueStill(it), Waiting: why, LastError: what, Outcome: "not connected: " + what})
	if err != nil {
		return state, false, err
	}
	ctx, cancel := durable(p.ctx)
	defer cancel()
	if err := p.Store.SetWaiting(ctx, p.AccountID, why, what); err != nil {
		return state, false, p.storeTrouble("recording why it waits", err)
	}
	p.log(Event{What: what, Trouble: t})
	return state, false, t
}

// dueStill is when an item that lost no attempt is due: as before, so that it
// keeps its place in the queue.
func (p *pass) dueStill(it store.Item) time.Time {
	due := it.Created
	for _, t := range []time.Time{it.NotBefore, it.NextAttempt} {
		if t.After(due) {
			due = t
		}
	}
	return due
}

// record ends an attempt. A failed commit is itself in doubt: the item is read
// again before anything is said of it.
func (p *pass) record(it store.Item, r store.AttemptResult) (store.ItemState, error) {
	ctx, cancel := durable(p.ctx)
	defer cancel()
	if err := p.Store.EndAttempt(ctx, r); err != nil {
		now, rerr := p.Store.Item(ctx, it.ID)
		if rerr != nil || now.State != r.State {
			p.drop()
			return store.Sending, &account.Trouble{Kind: account.KindIO, Account: p.Account.Name,
				What: "what came of item " + itoa(it.ID) + " could not be recorded: " + err.Error() + " (" + r.Outcome + ")",
				Kept: "The item is kept as it was and settled at the next flush", Err: err}
		}
	}
	p.log(Event{Item: it.ID, State: r.State, What: r.Outcome, Subject: it.Subject, To: it.Recipients})
	return r.State, nil
}
