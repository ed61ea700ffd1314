package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/account/agent"
	"mua/outbox"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
)

const (
	patience  = 20 * time.Second       // how long one delivery is tried without --wait
	waitPause = 250 * time.Millisecond // between looks at an item that another process sends
)

// spool makes a finished message durable, tries to deliver it, and prints what became of it.
func (a *app) spool(ctx context.Context, s *store.Store, acct *account.Account, fin *compose.Finished, o spoolOptions) error {
	id, err := s.EnsureAccount(ctx, acct.Name)
	if err != nil {
		return a.keepLetter(acct, fin, spoolTrouble(err, ""))
	}
	req := fin.Request(id)
	req.Key, req.Fingerprint, req.Answers, req.DSN = o.key, o.fingerprint, o.answers, o.dsn
	req.NotBefore, req.RequireTLS = o.notBefore, o.requireTLS
	outbox.Prepare(&req, acct, store.PolicyRetry)
	if fin.Resent {
		req.SaveSent = false
	}
	drop := o.endDraft(ctx, s, acct, &req)
	item, existed, err := s.Spool(ctx, req)
	if err != nil {
		return a.keepLetter(acct, fin, spoolTrouble(err, o.key))
	}
	drop()
	if existed {
		a.talk("key %q is known: message %d is the one, nothing new was spooled", o.key, item)
	}
	var told error
	if !o.queue && !existed && o.notBefore.IsZero() || o.wait > 0 {
		told = a.deliver(ctx, s, acct, item, o.wait)
	}
	return a.tellSpooled(ctx, s, acct, item, o, told)
}

func spoolTrouble(err error, key string) error {
	if errors.Is(err, store.ErrKeyConflict) {
		return &account.Trouble{
			Kind: account.KindData, What: fmt.Sprintf("the key %q belongs to another message", key),
			Kept: "Nothing new was spooled", Hint: "use a key per message", Err: err,
		}
	}
	return ioTrouble("the message could not be spooled", err)
}

// deliver tries one item now; with wait it stays until every recipient has an answer.
func (a *app) deliver(ctx context.Context, s *store.Store, acct *account.Account, id store.OutboxID, wait time.Duration) error {
	c, err := a.conf()
	if err != nil {
		return err
	}
	o := a.agentOptions(c, s)
	if wait == 0 {
		_, err := agent.Deliver(ctx, o, acct, id, patience)
		return notOurs(err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return a.waitFor(ctx, s, id, func(left time.Duration) error {
		_, err := agent.Deliver(ctx, o, acct, id, left)
		return notOurs(err)
	})
}

// notOurs drops the error that says another process is sending already.
func notOurs(err error) error {
	if errors.Is(err, store.ErrLocked) || errors.Is(err, store.ErrState) {
		return nil
	}
	return err
}

// waitFor returns once an item is answered for, undeliverable for now, or ctx
// ends. try, when given, attempts delivery whenever the item is due.
func (a *app) waitFor(ctx context.Context, s *store.Store, id store.OutboxID, try func(time.Duration) error) error {
	changed, done := s.Watch()
	defer done()
	for {
		it, err := s.Item(context.WithoutCancel(ctx), id)
		if err != nil || answered(it) || it.State == store.Uncertain && it.Policy == store.PolicyAsk {
			return err
		}
		next := waitPause
		if try != nil && it.State == store.Queued && !it.NotBefore.After(time.Now()) && !it.NextAttempt.After(time.Now()) {
			left := patience
			if deadline, ok := ctx.Deadline(); ok {
				left = time.Until(deadline)
			}
			err := try(left)
			if err != nil && !temporary(err) {
				return err
			}
			if err != nil {
				next = 2 * time.Second
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			if next > waitPause { // our own row: do not hammer a server that is away
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(next):
				}
			}
		case <-time.After(next):
		}
	}
}

func temporary(err error) bool { return asTrouble(err).Retryable() }

// answered reports whether nothing more will happen to an item by itself.
func answered(it store.Item) bool {
	switch it.State {
	case store.Sent, store.Partial, store.Failed, store.Cancelled, store.Held:
		return true
	}
	return false
}

// tellSpooled prints the id or object and turns the item's state into the exit status.
func (a *app) tellSpooled(ctx context.Context, s *store.Store, acct *account.Account, id store.OutboxID, o spoolOptions, told error) error {
	it, err := s.Item(context.WithoutCancel(ctx), id)
	if err != nil {
		return a.spooledUnseen(id, o, err)
	}
	switch {
	case o.quietID:
	case a.json:
		err = a.emit(newOutboxJSON(it))
	default:
		_, err = fmt.Fprintln(a.out, it.ID)
	}
	if err != nil { // the status speaks of the message: one who sends again because of stdout sends twice
		a.talk("message %d is in the outbox, but stdout cannot be written: %v", it.ID, err)
	}
	return a.itemStatus(context.WithoutCancel(ctx), s, acct, it, o, told)
}

// spooledUnseen is for a message that is safely spooled but cannot be read back. The status speaks of
// the message; only a caller who wants to know more than its id gets an error.
func (a *app) spooledUnseen(id store.OutboxID, o spoolOptions, err error) error {
	t := *asTrouble(ioTrouble(fmt.Sprintf("message %d cannot be read back now", id), err))
	t.Kept = "It is safely in the outbox: do not send it again"
	if a.json || o.wait > 0 {
		return &t
	}
	a.report(&t)
	if !o.quietID {
		if _, err := fmt.Fprintln(a.out, id); err != nil {
			a.talk("stdout cannot be written: %v", err)
		}
	}
	return nil
}

// tellUndelivered says why a delivery did not happen, and first that nothing is lost.
func (a *app) tellUndelivered(it store.Item, t *account.Trouble) {
	if it.State == store.Queued {
		a.talk("message %d waits in the outbox: %s", it.ID, message.Clean(t.Error()))
		return
	}
	a.talk("%s", message.Clean(t.Error()))
}

// itemStatus is the error, and so the exit status, that an item's state means for a sender.
func (a *app) itemStatus(ctx context.Context, s *store.Store, acct *account.Account, it store.Item, o spoolOptions, told error) error {
	open := it.State == store.Queued || it.State == store.Sending || it.State == store.Uncertain
	switch {
	case refused(it) && !o.soft:
		return itemTrouble(it, account.KindRefused)
	case open && o.wait > 0:
		return stillOpen(it)
	case told != nil:
		a.tellUndelivered(it, asTrouble(told))
	case it.State == store.Queued && it.NotBefore.After(time.Now()):
		a.talk("message %d is %s", it.ID, outbox.Describe(it, time.Now()))
	case it.State == store.Queued && it.Attempts > 0: // deferred
		a.talk("message %d waits in the outbox: %s", it.ID, outbox.Describe(it, time.Now()))
	case refused(it), it.State == store.Uncertain:
		a.talk("%s", outbox.Describe(it, time.Now()))
	}
	if it.State == store.Queued {
		a.hintFlush(ctx, s, acct, it)
	}
	return nil
}

// refused reports whether the server has refused a recipient for good.
func refused(it store.Item) bool {
	return slices.ContainsFunc(it.Recipients, func(r store.Recipient) bool { return r.State == store.Refused }) ||
		it.State == store.Failed || it.State == store.Partial
}

// itemTrouble says what has become of an item as an error.
func itemTrouble(it store.Item, kind account.Kind) *account.Trouble {
	what, hint, _ := strings.Cut(outbox.Describe(it, time.Now()), " → ")
	return &account.Trouble{Kind: kind, Account: it.AccountName, What: what, Hint: hint}
}

// stillOpen is the error of a sender who waited for an answer that has not come.
func stillOpen(it store.Item) *account.Trouble {
	t := itemTrouble(it, account.KindTemporary)
	if rest, ok := strings.CutPrefix(t.What, string(it.State)+": "); ok {
		t.What = rest
	}
	t.What = fmt.Sprintf("message %d is %s: %s", it.ID, it.State, t.What)
	t.Kept = "It stays spooled; do not send it again"
	switch {
	case it.State == store.Uncertain && it.Waiting == outbox.WaitAnswer, it.Waiting == outbox.WaitLogin: // waiting is of no use
	default:
		t.Hint = fmt.Sprintf("mua outbox wait %d", it.ID)
	}
	return t
}

// hintNobody says when nobody is there to send what is due of an account.
func (a *app) hintNobody(ctx context.Context, s *store.Store, name string) {
	c, err := a.conf()
	if err != nil {
		return
	}
	if acct, ok := c.Account(name); ok && !agent.SomebodyFlushes(ctx, a.agentOptions(c, s), acct) {
		a.talk("nothing is set up to send it by itself: mua outbox flush sends now, mua service install later ones")
	}
}

// hintFlush says when nobody is there to send what stays queued.
func (a *app) hintFlush(ctx context.Context, s *store.Store, acct *account.Account, it store.Item) {
	if it.Waiting == outbox.WaitLogin || agent.SomebodyFlushes(ctx, a.agentOptions(a.config, s), acct) {
		return
	}
	a.talk("message %d stays queued, and nothing is set up to send it later → mua service install, or mua sync by hand", it.ID)
}
