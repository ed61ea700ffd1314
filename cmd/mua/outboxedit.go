package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
)

func newOutboxEdit(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "edit ID", Short: "Take an item back into Drafts, to be written on", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `Edit cancels an item that is queued, held or failed, and prints the id of the draft
with its text. Asked again, it gives the same draft. Of an item that some recipients
have got already the draft is addressed only to the others. An uncertain item
may have been sent and must be settled first.`,
		Example: "  mua outbox edit 7\n  mua outbox edit 7 --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			s, ids, err := a.outboxItems(ctx, args)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := a.outboxEdit(ctx, s, id); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (a *app) outboxEdit(ctx context.Context, s *store.Store, id store.OutboxID) error {
	it, err := s.Item(ctx, id)
	if err != nil {
		return noItem(id, err)
	}
	draft, err := a.takeBack(ctx, s, it)
	if err != nil {
		return cannotEdit(ctx, s, id, err)
	}
	a.talk("the text of message %d is draft %d; mua opens it, in Drafts", id, draft)
	return a.printDraft(ctx, s, draft)
}

// takeBack makes a draft of an item, for those who have not got it.
func (a *app) takeBack(ctx context.Context, s *store.Store, it store.Item) (store.MessageID, error) {
	left := it.Recipients
	draft, err := s.Edit(ctx, it.ID, func(raw []byte, got []string) []byte {
		left = without(it.Recipients, got)
		return compose.TakeBack(raw, addrs(left), a.answered(ctx, s, raw))
	})
	if err == nil && len(left) < len(it.Recipients) {
		a.talk("some have got message %d; draft %d is addressed to the others: %s", it.ID, draft, message.CleanLine(strings.Join(addrs(left), ", ")))
	}
	return draft, err
}

// cancel takes an item back; what some have got is not addressed to them again.
func (a *app) cancel(s *store.Store, ctx context.Context, id store.OutboxID) error {
	it, err := s.Item(ctx, id)
	if err != nil {
		return err
	}
	some := slices.ContainsFunc(it.Recipients, func(r store.Recipient) bool { return r.State == store.Accepted })
	var draft store.MessageID
	if some && (it.State == store.Queued || it.State == store.Held) {
		draft, err = a.takeBack(ctx, s, it)
	} else {
		draft, err = s.Cancel(ctx, id)
	}
	if err == nil && draft != 0 {
		a.talk("the text of item %d is kept as draft %d", id, draft)
	}
	return err
}

// answered is the message here that raw answers; 0: none.
func (a *app) answered(ctx context.Context, s *store.Store, raw []byte) store.MessageID {
	d := compose.Draft{}
	if ids := message.Parse(raw).InReplyTo; len(ids) == 1 {
		d.InReplyTo = ids[0]
	}
	a.findAnswered(ctx, s, &d)
	return d.Answers
}

// cannotEdit says why an item is not taken back, and what can be done instead.
func cannotEdit(ctx context.Context, s *store.Store, id store.OutboxID, err error) error {
	it, readErr := s.Item(ctx, id)
	if !errors.Is(err, store.ErrState) || readErr != nil {
		return noItem(id, err)
	}
	t := &account.Trouble{Kind: account.KindOther, Account: it.AccountName, Err: err}
	switch it.State {
	case store.Uncertain:
		t.What = fmt.Sprintf("item %d is uncertain: the server may have it, so it is not taken back", id)
		t.Hint = fmt.Sprintf("mua outbox resolve %d --sent when it arrived, or --retry to send it again as it is", id)
	case store.Sending:
		t.What = fmt.Sprintf("item %d is being sent", id)
		t.Hint = fmt.Sprintf("mua outbox wait %d", id)
	case store.Sent:
		t.What = fmt.Sprintf("item %d is sent: it cannot be taken back", id)
	default:
		t.What = asTrouble(err).What
	}
	return t
}

// without lists the recipients who are not among those that have the message.
func without(all []store.Recipient, got []string) []store.Recipient {
	var out []store.Recipient
	for _, r := range all {
		if !slices.Contains(got, r.Addr) {
			out = append(out, r)
		}
	}
	return out
}

func addrs(list []store.Recipient) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Addr)
	}
	return out
}
