package main

import (
	"context"
	"errors"
	"fmt"
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
have got already the draft is addressed only to the others. An item that is
uncertain, if only for some of them, may have been sent and must be settled first.`,
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
	draft, left, err := compose.Edit(ctx, s, id)
	if err != nil {
		return cannotEdit(ctx, s, id, err)
	}
	a.tellLeft(it, draft, left)
	a.tellMayHave(it)
	a.talk("the text of message %d is draft %d; mua opens it, in Drafts", id, draft)
	return a.printDraft(ctx, s, draft)
}

// tellLeft says for whom a draft is, when some have the message.
func (a *app) tellLeft(it store.Item, draft store.MessageID, left []string) {
	if draft != 0 && len(left) > 0 && len(left) < len(it.Recipients) {
		a.talk("some have got message %d; draft %d is addressed to the others: %s", it.ID, draft, message.CleanLine(strings.Join(left, ", ")))
	}
}

// tellMayHave warns of a draft for recipients who may have the message.
func (a *app) tellMayHave(it store.Item) {
	if may := it.MayHave(); len(may) > 0 {
		a.talk("the server may have item %d already for %s: sent again from the draft, it may arrive twice", it.ID, message.CleanLine(strings.Join(may, ", ")))
	}
}

// cancel takes items back, which one undo brings back; what some have got is not addressed to them again.
func (a *app) cancel() func(*store.Store, context.Context, store.OutboxID) error {
	var grp store.GroupID
	return func(s *store.Store, ctx context.Context, id store.OutboxID) error {
		it, err := s.Item(ctx, id)
		if err != nil {
			return err
		}
		w, left, err := compose.Cancel(ctx, s, id, grp)
		if err != nil {
			return err
		}
		grp = w.Group
		a.tellLeft(it, w.Draft, left)
		a.tellMayHave(it)
		if w.Draft != 0 {
			a.talk("the text of item %d is kept as draft %d: mua undo puts it back into the outbox, mua send --from-draft %d sends it", id, w.Draft, w.Draft)
		}
		return nil
	}
}

// cannotEdit says why an item is not taken back, and what can be done instead.
func cannotEdit(ctx context.Context, s *store.Store, id store.OutboxID, err error) error {
	it, readErr := s.Item(ctx, id)
	if !errors.Is(err, store.ErrState) || readErr != nil {
		return noItem(id, err)
	}
	t := &account.Trouble{Kind: account.KindOther, Account: it.AccountName, Err: err}
	doubt := it.InDoubt()
	switch {
	case it.State == store.Uncertain:
		t.What = fmt.Sprintf("item %d is uncertain: the server may have it, so it is not taken back", id)
		t.Hint = fmt.Sprintf("mua outbox resolve %d --sent when it arrived, or --retry to send it again as it is", id)
	case len(doubt) > 0 && (it.State == store.Queued || it.State == store.Held):
		t.What = fmt.Sprintf("item %d may have arrived at %s, so it is not taken back", id, message.CleanLine(strings.Join(doubt, ", ")))
		t.Hint = fmt.Sprintf("mua outbox resolve %d --sent when it did, or --retry to send it again as it is", id)
	case it.State == store.Sending:
		t.What = fmt.Sprintf("item %d is being sent", id)
		t.Hint = fmt.Sprintf("mua outbox wait %d", id)
	case it.State == store.Sent:
		t.What = fmt.Sprintf("item %d is sent: it cannot be taken back", id)
	default:
		t.What = asTrouble(err).What
	}
	return t
}
