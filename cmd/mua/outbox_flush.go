package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/account/agent"
	"mua/outbox"
	"mua/store"
)

func newOutboxFlush(a *app) *cobra.Command {
	return switched(&cobra.Command{
		Use: "flush", Short: "Try everything that is due, a line per item", Example: "  mua outbox flush\n  mua outbox flush -A work",
	}, "timer", "cron or a timer runs this: a login that was refused is not tried again before something changes", a.flush)
}

// flush flushes every account (or that of -A) and prints a line per item. A
// person has a reason to try a refused login again; a timer would get the account locked.
func (a *app) flush(ctx context.Context, timer bool) error {
	c, err := a.conf()
	if err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	o := a.agentOptions(c, s)
	o.Unattended = o.Unattended || timer
	accts := c.Accounts
	if a.accountArg != "" {
		acct, err := a.theAccount()
		if err != nil {
			return err
		}
		accts = []*account.Account{acct}
	}
	var errs []error
	for _, acct := range accts {
		if acct.Outgoing == nil {
			continue
		}
		sum, err := a.flushAccount(ctx, o, acct, !timer)
		if err != nil {
			a.report(err)
			errs = append(errs, err)
		}
		told, err := a.tellFlushed(context.WithoutCancel(ctx), s, acct, sum.Items, err != nil)
		if err != nil {
			return err
		}
		errs = append(errs, told...)
	}
	if err := worst(errs...); err != nil {
		return statusError{exitStatus(err)}
	}
	return nil
}

// flushAccount flushes one account; while another process sends for it, it waits for its turn, unless that
// one leaves nothing due.
func (a *app) flushAccount(ctx context.Context, o agent.Options, acct *account.Account, force bool) (outbox.Summary, error) {
	for began := time.Now(); ; {
		sum, err := agent.Flush(ctx, o, acct, force)
		if !errors.Is(err, store.ErrLocked) {
			return sum, err
		}
		id, err := o.Store.EnsureAccount(ctx, acct.Name)
		if err != nil {
			return sum, err
		}
		due, err := o.Store.DueCount(ctx, id)
		if err != nil || due == 0 {
			return sum, err
		}
		if time.Since(began) > patience {
			return sum, &account.Trouble{
				Kind: account.KindTemporary, Account: acct.Name, Kept: "They are kept", Hint: "mua outbox flush -A " + acct.Name + ", later",
				What: fmt.Sprintf("another mua process has been sending for %v, and %s wait", patience, counted(due, "message", "messages")),
			}
		}
		select {
		case <-ctx.Done():
			return sum, ctx.Err()
		case <-time.After(waitPause):
		}
	}
}

// tellFlushed prints the items that were tried, and those that are due and were not because of the account's
// trouble, which has been told. It returns what each adds to the exit status.
func (a *app) tellFlushed(ctx context.Context, s *store.Store, acct *account.Account, tried []store.OutboxID, trouble bool) (errs []error, err error) {
	show := func(it store.Item) error {
		if refused(it) || !trouble { // else the account's trouble has said it
			errs = append(errs, a.flushed(it))
		}
		return a.printItem(it)
	}
	items, err := s.ItemsNamed(ctx, tried)
	if err != nil {
		return errs, err
	}
	for _, it := range items {
		if err := show(it); err != nil {
			return errs, err
		}
	}
	if !trouble {
		return errs, nil
	}
	left, err := s.Items(ctx, false)
	if err != nil {
		return errs, err
	}
	now := time.Now()
	for _, it := range left {
		due := it.State == store.Queued && !it.NotBefore.After(now) && !it.NextAttempt.After(now)
		if it.AccountName != acct.Name || !due || slices.Contains(tried, it.ID) {
			continue
		}
		if err := show(it); err != nil {
			return errs, err
		}
	}
	return errs, nil
}

// flushed is what an item's state after a flush adds to the exit status; its line
// has said why. With --json stderr gets the error, too.
func (a *app) flushed(it store.Item) error {
	var t *account.Trouble
	switch {
	case refused(it):
		t = itemTrouble(it, account.KindRefused)
	case it.State == store.Queued || it.State == store.Uncertain:
		t = itemTrouble(it, account.KindTemporary)
	default:
		return nil
	}
	if a.json {
		a.report(t)
	}
	return statusError{exitStatus(t)}
}
