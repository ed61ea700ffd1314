package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mua/account"
	"mua/outbox"
	"mua/store"
	"mua/store/message"
)

// noSender says why nothing can send what an account has in the outbox, and what would change that. Both are
// "" when it can be sent, and when that cannot be told for want of a readable configuration.
func (a *app) noSender(name string) (why, repair string) {
	c, err := a.conf()
	if err != nil {
		return "", ""
	}
	return outbox.Nobody(c, name)
}

// stranded reports whether an item is to be sent, and nobody can do that as things are configured.
func (a *app) stranded(it store.Item) bool {
	c, err := a.conf()
	return err == nil && outbox.Stranded(c, it)
}

// describe is what outbox.Describe says, but for what no flush reaches as things are configured.
func (a *app) describe(it store.Item, now time.Time) string {
	c, err := a.conf()
	if err != nil {
		return outbox.Describe(it, now)
	}
	return outbox.DescribeUnder(c, it, now)
}

// itemJSON is an item as the contract's object; what nobody can send waits for a person.
func (a *app) itemJSON(it store.Item) outboxJSON {
	if a.stranded(it) {
		it.Waiting = outbox.WaitAnswer
		it.LastError = a.describe(it, time.Now())
	}
	return newOutboxJSON(it)
}

// strandedItems are the items that are due, of all accounts or that of -A, and that nobody can send.
func (a *app) strandedItems(ctx context.Context, s *store.Store) ([]store.Item, error) {
	items, err := s.Items(ctx, false)
	if err != nil {
		return nil, err
	}
	var out []store.Item
	for _, it := range items {
		if (a.accountArg == "" || a.accountArg == it.AccountName) && !it.NotBefore.After(time.Now()) && a.stranded(it) {
			out = append(out, it)
		}
	}
	return out, nil
}

// flushStranded prints what a flush cannot reach, and returns what that adds to the exit status.
func (a *app) flushStranded(ctx context.Context, s *store.Store) (errs []error, err error) {
	items, err := a.strandedItems(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		if err := a.printItem(it); err != nil {
			return errs, err
		}
		t := a.itemTrouble(it, account.KindConfig)
		if a.json {
			a.report(t)
		}
		errs = append(errs, statusError{exitStatus(t)})
	}
	return errs, nil
}

// tellStranded says on stderr what a sync of all accounts has not sent.
func (a *app) tellStranded(ctx context.Context, s *store.Store) error {
	items, err := a.strandedItems(ctx, s)
	for _, it := range items {
		a.talk("message %d: %s", it.ID, message.CleanLine(a.describe(it, time.Now())))
	}
	return err
}

// numbers writes ids as a sentence has them.
func numbers(ids []store.OutboxID) string {
	var out []string
	for _, id := range ids {
		out = append(out, fmt.Sprint(id))
	}
	return strings.Join(out, ", ")
}
