package outbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/store"
)

// settle brings to rest what no living process works on: items left sending by
// a dead one, and uncertain items that the server's Sent mailbox or the policy can settle.
func (p *pass) settle() error {
	orphans, err := p.Store.Orphans(p.ctx, p.AccountID)
	if err != nil {
		return p.storeTrouble("reading", err)
	}
	for _, at := range orphans {
		if err := p.adopt(at); err != nil {
			return err
		}
	}
	uncertain, err := p.Store.UncertainItems(p.ctx, p.AccountID)
	if err != nil {
		return p.storeTrouble("reading", err)
	}
	for _, it := range uncertain {
		if err := p.reconcile(it); err != nil {
			return err
		}
	}
	return nil
}

// adopt ends the attempt of a process that died, by the phase it had reached.
func (p *pass) adopt(at store.Attempt) error {
	it, err := p.Store.Item(p.ctx, at.Item)
	if err != nil {
		return p.storeTrouble("reading", err)
	}
	r := store.AttemptResult{Attempt: at.ID, State: store.Queued, NoAttempt: true, NextAttempt: dueStill(it),
		LastError: it.LastError, Outcome: "interrupted before the message was handed over; sent again"}
	if at.DotPending {
		if r, err = p.orphanedDot(it, at); err != nil {
			return err
		}
	}
	out, err := p.record(it, r, false)
	if err == nil && out.state == store.Uncertain {
		p.touch(it.ID)
		p.count(it.ID, out.state)
	}
	return err
}

// orphanedDot is the result of an attempt that died between the final dot and its
// answer. Whoever RCPT had refused or deferred before is not in doubt: that was
// committed with the pending dot.
func (p *pass) orphanedDot(it store.Item, at store.Attempt) (store.AttemptResult, error) {
	before, err := p.Store.AttemptLedger(p.ctx, at.ID)
	if err != nil {
		return store.AttemptResult{}, p.storeTrouble("reading", err)
	}
	t := transaction{dotAsked: true, err: &LostAfterDot{Err: errInterrupted}, results: before}
	for _, addr := range outstanding(it, nil) {
		if !slices.ContainsFunc(before, func(r store.RecipientResult) bool { return r.Addr == addr }) {
			t.results = append(t.results, store.RecipientResult{Addr: addr, State: store.MaybeAccepted})
		}
	}
	return p.judge(it, at.ID, t).result, nil
}

// errInterrupted is why the answer to an orphan's dot is not known.
var errInterrupted = errors.New("mua was interrupted while it waited for the answer")

// reconcile settles an uncertain item if it can be: by the server's Sent mailbox, else by the policy.
func (p *pass) reconcile(it store.Item) error {
	ctx, cancel := durable(p.ctx)
	defer cancel()
	if p.canFind(it, transaction{}) {
		hits, err := p.Finder.FindSent(p.ctx, it.MessageID)
		if err != nil {
			p.log(Event{Item: it.ID, State: it.State, What: "the Sent mailbox could not be searched: " + words(err), Subject: it.Subject})
			return nil // nothing is decided on what is not known
		}
		if hits == 1 {
			return p.resolve(it, store.Sent, TakeAsSent(ctx, p.Store, it.ID,
				"found once in the server's Sent mailbox: it was accepted", p.Rewrite))
		}
	}
	if it.Policy != store.PolicyRetry || it.Waiting == WaitAnswer {
		return nil
	}
	if last, err := p.lastTry(it); err != nil || p.now().Sub(last.Ended) < p.settling() {
		return p.storeTrouble("reading", err) // the server may be about to file it
	}
	return p.resolve(it, store.Queued, p.Store.Resolve(ctx, it.ID, false,
		notFoundAgain))
}

// TakeAsSent settles an item that is in doubt as sent (store.Resolve). Where it was given up for others, they are left with a
// draft of it, as when an attempt gives up; rewrite makes it (nil: none is kept).
func TakeAsSent(ctx context.Context, s Spool, id store.OutboxID, why string, rewrite func(context.Context, store.Item) store.Rewrite) error {
	it, err := s.Item(ctx, id)
	if err != nil {
		return err
	}
	if rewrite == nil || !slices.ContainsFunc(it.Recipients, givenUp) {
		return s.Resolve(ctx, id, true, why)
	}
	return s.ResolveKept(ctx, id, why, rewrite(ctx, it))
}

// notFoundAgain is the outcome that sends an uncertain item again.
const notFoundAgain = "not found in the server's Sent mailbox, which proves nothing; sent again with the same Message-ID, as the policy says"

// settling is how long a server gets to file what it accepted.
func (p *pass) settling() time.Duration {
	if !p.files() {
		return 0
	}
	return p.schedule().Wait(1)
}

// resolve counts and tells a settled item.
func (p *pass) resolve(it store.Item, now store.ItemState, err error) error {
	if err != nil {
		return p.storeTrouble("settling", err)
	}
	p.touch(it.ID)
	ctx, cancel := durable(p.ctx)
	defer cancel()
	if after, err := p.Store.Item(ctx, it.ID); err == nil {
		now = after.State
	}
	p.count(it.ID, now)
	p.log(Event{Item: it.ID, State: now, What: "settled", Subject: it.Subject, To: it.Recipients})
	return nil
}

// canFind reports whether the server's Sent mailbox can say that an item was
// accepted: it files by itself, the item has an id, and no earlier transaction
// of it was accepted, whose copy would be found as well.
func (p *pass) canFind(it store.Item, t transaction) bool {
	return p.Finder != nil && p.files() && it.MessageID != "" && count(it, t.results).accepted == 0
}

// files reports whether the account's server files by itself what it accepts.
func (p *pass) files() bool { return FilesSent(p.Account) }

// FilesSent reports whether the account's provider puts what it accepts into the
// Sent mailbox by itself, so that no copy is to be uploaded: as configured
// (save_sent = false), else by the provider's name.
func FilesSent(a *account.Account) bool {
	if a.SaveSent != nil {
		return !*a.SaveSent
	}
	if a.Outgoing == nil {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(a.Outgoing.Host, "."))
	return host == "smtp.gmail.com" || host == "smtp.googlemail.com"
}
