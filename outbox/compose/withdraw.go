package compose

import (
	"context"
	"slices"

	"mua/store"
	"mua/store/message"
)

// Withdraw cancels an item of the outbox (store.Cancel), to be written on. Its draft is addressed to those who have not got
// it, whom left lists; 0 when the message was passed on as it is.
func Withdraw(ctx context.Context, s *store.Store, id store.OutboxID) (draft store.MessageID, left []string, err error) {
	return takeOut(ctx, s, id, s.Cancel)
}

// Cancel is Withdraw with what brings the item back, as store.Withdraw does it.
func Cancel(ctx context.Context, s *store.Store, id store.OutboxID, grp store.GroupID) (w store.Withdrawn, left []string, err error) {
	_, left, err = takeOut(ctx, s, id, func(ctx context.Context, id store.OutboxID, rewrite store.Rewrite) (store.MessageID, error) {
		w, err = s.Withdraw(ctx, id, grp, rewrite)
		return w.Draft, err
	})
	return w, left, err
}

// Edit takes an item of the outbox back to be written on (store.Edit), for those who have not got it.
func Edit(ctx context.Context, s *store.Store, id store.OutboxID) (draft store.MessageID, left []string, err error) {
	return takeOut(ctx, s, id, s.Edit)
}

func takeOut(ctx context.Context, s *store.Store, id store.OutboxID,
	end func(context.Context, store.OutboxID, store.Rewrite) (store.MessageID, error)) (draft store.MessageID, left []string, err error) {
	it, err := s.Item(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	draft, err = end(ctx, id, func(raw []byte, got []string) []byte {
		left = without(it, got)
		return TakeBack(raw, left, Answered(ctx, s, raw))
	})
	return draft, left, err
}

// ForTheRest makes the draft of an item for those who have not got it.
func ForTheRest(ctx context.Context, s *store.Store, it store.Item) store.Rewrite {
	return func(raw []byte, got []string) []byte {
		return TakeBack(raw, without(it, got), Answered(ctx, s, raw))
	}
}

// ForTheRestOf is ForTheRest of a store's items.
func ForTheRestOf(s *store.Store) func(context.Context, store.Item) store.Rewrite {
	return func(ctx context.Context, it store.Item) store.Rewrite { return ForTheRest(ctx, s, it) }
}

// without lists an item's recipients but for those who have got it.
func without(it store.Item, got []string) (left []string) {
	for _, r := range it.Recipients {
		if !slices.Contains(got, r.Addr) {
			left = append(left, r.Addr)
		}
	}
	return left
}

// Answered is the message here that raw answers by its In-Reply-To; 0: none, or not here.
func Answered(ctx context.Context, s *store.Store, raw []byte) store.MessageID {
	refs := message.Parse(raw).InReplyTo
	if len(refs) != 1 {
		return 0
	}
	if ids, err := s.ByHeaderID(ctx, refs[0]); err == nil && len(ids) > 0 {
		return ids[0]
	}
	return 0
}
