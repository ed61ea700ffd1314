package agent

import (
	"context"
	"errors"
	"time"

	"mua/account"
	"mua/outbox"
	"mua/store"
)

// keepFlushed sends what becomes due until ctx ends. It also holds the lock that
// tells other processes that somebody flushes this account.
func (k *keeper) keepFlushed(ctx context.Context) {
	if k.a.Outgoing == nil || k.o.NoSend {
		return
	}
	id, unlock, ok := k.begin(ctx, lockWatch)
	if !ok {
		return
	}
	defer unlock()
	changed, done := k.o.Store.Watch()
	defer done()
	back := backoff{first: k.o.Backoff}
	heard := ears{s: k.o.Store, id: id}
	var c call
	for ctx.Err() == nil {
		heard.note(ctx)
		if c.has(awoke | person) {
			k.trouble(k.o.Store.Hasten(ctx, id))
		}
		due, err := k.nextDue(ctx, id)
		if err == nil && !due.IsZero() && !due.After(k.o.now()) {
			if err = k.flushOnce(ctx, c.has(person)); err != nil {
				c = k.waitTrouble(ctx, err, &back, k.flush, &heard, k.relief(ctx, id, err))
				continue
			}
			back.reset()
			k.settled = k.o.now()
			if due, err = k.nextDue(ctx, id); err == nil && !due.IsZero() && !due.After(k.o.now()) {
				due = k.o.now().Add(lockedWait) // left due by a flush that did not fail: never a hot loop
			}
		}
		c = k.waitDue(ctx, due, changed)
	}
}

// relief makes a test for what other processes do that is reason enough to try
// again after a failed flush: the outbox changed, or, after a refused login,
// nothing waits for that any more.
func (k *keeper) relief(ctx context.Context, id store.AccountID, err error) func() bool {
	var t *account.Trouble
	if errors.As(err, &t) && t.Kind == account.KindLogin && t.Host != "" {
		was, _ := k.o.Store.LoginRefused(ctx, id) //nolint:errcheck // then only a person ends it
		return func() bool {
			now, err := k.o.Store.LoginRefused(ctx, id)
			return err == nil && was && !now
		}
	}
	was, werr := k.o.Store.QueueMark(ctx, id)
	return func() bool {
		now, err := k.o.Store.QueueMark(ctx, id)
		return werr == nil && err == nil && now != was
	}
}

// nextDue is when the outbox wants a flush: an item is due, or an uncertain one
// may by now be found in the server's Sent. Zero: not by itself.
func (k *keeper) nextDue(ctx context.Context, id store.AccountID) (time.Time, error) {
	due, err := k.o.Store.NextDue(ctx, id)
	if err != nil || !outbox.FilesSent(k.a) {
		return due, err
	}
	open, err := k.o.Store.UncertainItems(ctx, id)
	if look := k.settled.Add(k.poll()); err == nil && len(open) > 0 && (due.IsZero() || look.Before(due)) {
		due = look
	}
	return due, err
}

// flushOnce flushes; an account that another process is flushing is no trouble.
func (k *keeper) flushOnce(ctx context.Context, force bool) error {
	sum, err := Flush(ctx, k.o, k.a, force)
	if errors.Is(err, store.ErrLocked) {
		return nil
	}
	if ctx.Err() != nil {
		return nil
	}
	k.g.change(k.a.Name, func(s *account.Status) {
		if s.Phase == account.Sending {
			s.Phase = account.Idle
		}
		if err == nil && k.a.Incoming == nil {
			s.Trouble = nil
			if len(sum.Items) > 0 { // else nobody was asked
				s.Online, s.LastSync = true, k.o.now()
			}
		}
	})
	if n := sum.Failed + sum.Partial; err == nil && n > 0 {
		k.trouble(refusedItems(k.a, n))
	}
	k.trouble(err)
	return err
}

// waitDue returns when an item is due, the store changed, or somebody rang, and then why.
func (k *keeper) waitDue(ctx context.Context, due time.Time, changed <-chan struct{}) call {
	var timer <-chan time.Time
	if !due.IsZero() {
		timer = time.After(min(max(due.Sub(k.o.now()), 0), time.Minute)) // at most a minute: clocks jump after a suspend
	}
	select {
	case <-ctx.Done():
	case <-timer:
	case <-changed:
	case c := <-k.flush.c:
		return c
	}
	return 0
}

// lately is how long after a flush its timer is believed to come again.
const lately = 2 * time.Hour

// SomebodyFlushes reports whether something sends what stays in this account's
// outbox: a process that does so now, or a timer that did lately.
func SomebodyFlushes(ctx context.Context, o Options, a *account.Account) bool {
	unlock, err := o.Store.Lock(a.Name, lockWatch)
	if err != nil {
		return errors.Is(err, store.ErrLocked)
	}
	unlock()
	id, err := o.Store.EnsureAccount(ctx, a.Name)
	if err != nil {
		return false
	}
	last, err := o.Store.LastFlush(ctx, id)
	return err == nil && o.now().Sub(last) < lately
}
