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

	settlePause = 10 * time.Second // between looks into the server's Sent mailbox for an item in doubt
)

// spool makes a finished message durable, tries to deliver it, and prints what became of it.
func (a *app) spool(ctx context.Context, s *store.Store, acct *account.Account, fin *compose.Finished, o spoolOptions) error {
	id, err := s.EnsureAccount(ctx, acct.Name)
	if err != nil {
		return a.keepLetter(acct, fin, spoolTrouble(err, ""))
	}
	req := fin.Request(id)
	req.Key, req.Fingerprint, req.Answers, req.DSN = o.key, o.fingerprint, o.answers, o.dsn
	req.NotBefore, req.RequireTLS, req.Draft = o.notBefore, o.requireTLS, o.draft
	outbox.Prepare(&req, acct, store.PolicyRetry)
	if fin.Resent {
		req.SaveSent = false
	}
	item, existed, err := s.Spool(ctx, req)
	if err != nil {
		return a.keepLetter(acct, fin, spoolTrouble(err, o.key))
	}
	if existed {
		a.tellKnown(ctx, s, o.key, item)
	}
	var told error
	if !o.queue && !existed && o.notBefore.IsZero() || o.wait > 0 {
		told = a.deliver(ctx, s, acct, item, o.wait)
	}
	return a.tellSpooled(ctx, s, acct, item, o, told)
}

// tellKnown says that a rerun has spooled nothing, and what has become of the first one: it may never be sent.
func (a *app) tellKnown(ctx context.Context, s *store.Store, key string, id store.OutboxID) {
	words := ""
	switch it, err := s.Item(context.WithoutCancel(ctx), id); {
	case err != nil: // said where it is read for its status
	case it.State == store.Cancelled || it.State == store.Held:
		words = "; it is " + a.describe(it, time.Now())
	default:
		words = "; it is " + string(it.State)
	}
	a.talk("key %q is known: message %d is the one, nothing new was spooled%s", key, id, message.CleanLine(words))
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

// waitFor returns once an item is answered for, undeliverable for now, a person's
// turn, or ctx ends. try, when given, attempts delivery whenever the item is due,
// and settles what a flush would settle.
func (a *app) waitFor(ctx context.Context, s *store.Store, id store.OutboxID, try func(time.Duration) error) error {
	changed, done := s.Watch()
	defer done()
	var quiet time.Time // nothing is tried before: a server that is away is not hammered
	for {
		it, err := s.Item(context.WithoutCancel(ctx), id)
		if err != nil || answered(it) || onPerson(it) || a.stranded(it) {
			return err
		}
		if now := time.Now(); try != nil && wantsTry(it, now) && !now.Before(quiet) {
			left := patience
			if deadline, ok := ctx.Deadline(); ok {
				left = time.Until(deadline)
			}
			err := try(left)
			if err != nil && !temporary(err) {
				return err
			}
			quiet = time.Now()
			switch {
			case it.State == store.Uncertain:
				quiet = quiet.Add(settlePause)
			case err != nil:
				quiet = quiet.Add(2 * time.Second)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-time.After(waitPause):
		}
	}
}

// onPerson reports whether a person must decide before anything more happens to an item.
func onPerson(it store.Item) bool {
	return it.Waiting == outbox.WaitAnswer || it.State == store.Uncertain && it.Policy == store.PolicyAsk
}

// wantsTry reports whether a flush would do something for an item: send it when it is due, settle one in
// doubt, or one whose process has died while it was sent.
func wantsTry(it store.Item, now time.Time) bool {
	switch it.State {
	case store.Queued:
		return !it.NotBefore.After(now) && !it.NextAttempt.After(now)
	case store.Sending, store.Uncertain:
		return true
	}
	return false
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
	open := it.State == store.Queued || it.State == store.Sending || it.State == store.Uncertain || it.State == store.Held
	switch {
	case refused(it) && !o.soft, it.State == store.Cancelled && o.wait > 0: // who waits wants to know that it was sent
		return a.itemTrouble(it, account.KindRefused)
	case open && o.wait > 0:
		return a.stillOpen(it)
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
func (a *app) itemTrouble(it store.Item, kind account.Kind) *account.Trouble {
	what, hint, _ := strings.Cut(a.describe(it, time.Now()), " → ")
	return &account.Trouble{Kind: kind, Account: it.AccountName, What: what, Hint: hint}
}

// stillOpen is the error of a sender who waited for an answer that has not come.
func (a *app) stillOpen(it store.Item) *account.Trouble {
	if a.stranded(it) { // to try later is of no use
		return a.itemTrouble(it, account.KindConfig)
	}
	t := a.itemTrouble(it, account.KindTemporary)
	if rest, ok := strings.CutPrefix(t.What, string(it.State)+": "); ok {
		t.What = rest
	}
	t.What = fmt.Sprintf("message %d is %s: %s", it.ID, it.State, t.What)
	if it.State == store.Held {
		t.What = fmt.Sprintf("message %d is held", it.ID)
	}
	t.Kept = "It stays spooled; do not send it again"
	switch {
	case it.State == store.Held, onPerson(it), it.Waiting == outbox.WaitLogin: // waiting is of no use
	default:
		t.Hint = fmt.Sprintf("mua outbox wait %d", it.ID)
	}
	return t
}

// hintNobody says when nobody is there, or can be, to send what is due of an account.
func (a *app) hintNobody(ctx context.Context, s *store.Store, name string) {
	c, err := a.conf()
	if err != nil {
		return
	}
	if why, repair := a.noSender(name); why != "" {
		a.talk("nobody can send it: %s → %s", why, repair)
		return
	}
	if acct, ok := c.Account(name); ok && !agent.SomebodyFlushes(ctx, a.agentOptions(c, s), acct) {
		a.talk("nothing is set up to send it by itself: mua outbox flush sends now, mua service install later ones")
	}
}

// hintFlush says when nobody is there to send what stays queued.
func (a *app) hintFlush(ctx context.Context, s *store.Store, acct *account.Account, it store.Item) {
	if a.quiet || it.Waiting == outbox.WaitLogin || agent.SomebodyFlushes(ctx, a.agentOptions(a.config, s), acct) {
		return
	}
	a.talk("message %d stays queued, and nothing is set up to send it later → mua service install, or mua sync by hand", it.ID)
}
