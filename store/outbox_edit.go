package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mua/store/message"
)

// Rewrite makes the bytes of a draft of an item's (with Bcc), leaving out the recipients who have got it.
type Rewrite func(raw []byte, got []string) []byte

// Cancel ends an item that is not sent (queued, held, failed, partial or uncertain); the text is kept as a draft,
// the one the item has already when there is one, else one that rewrite makes. What some recipients have
// got already stays in Sent. A message passed on as it is (RFC 5322 3.6.6) leaves no draft (0): it is
// somebody else's, and nothing of it was written here.
func (s *Store) Cancel(ctx context.Context, id OutboxID, rewrite Rewrite) (draft MessageID, err error) {
	c, err := s.takeBack(ctx, id, "cancelled", []ItemState{Queued, Held, Failed, Partial, Uncertain}, func(Item) error { return nil }, rewrite, nil)
	return c.Draft, err
}

// Edit takes an item back to be written on: a queued, held or failed one is cancelled, a cancelled one stays so, and
// of a partial one those refused can be written to again while what the others got stays sent. It returns the draft
// the item has already, or makes one; rewrite makes its bytes of the item's (with Bcc), leaving out the recipients
// who have the message. ErrState for any other item, above all one that is uncertain, be it for one recipient only:
// it may have been sent; and for a message passed on, in which there is nothing to write.
func (s *Store) Edit(ctx context.Context, id OutboxID, rewrite Rewrite) (draft MessageID, err error) {
	it, err := s.Item(ctx, id)
	if err != nil {
		return 0, err
	}
	raw, err := s.ItemCopy(ctx, id)
	if err != nil {
		return 0, err
	}
	if isResent(raw, it.MessageID) {
		return 0, fmt.Errorf("item %d passes a message on as it is, there is nothing to edit: %w", id, ErrState)
	}
	c, err := s.takeBack(ctx, id, "taken back", []ItemState{Queued, Held, Failed, Partial, Cancelled}, notInDoubt, rewrite,
		func(t *txn, _ *Withdrawn) error { return t.dropSteps(id) })
	return c.Draft, err
}

// notInDoubt gives ErrState for an item that is in doubt for some recipients, unless it is cancelled, which the person was warned of.
func notInDoubt(it Item) error {
	if doubt := it.InDoubt(); len(doubt) > 0 && it.State != Cancelled {
		return fmt.Errorf("item %d may have arrived at %s and cannot be taken back: %w", it.ID, strings.Join(doubt, ", "), ErrState)
	}
	return nil
}

// isResent reports whether a message goes by the id of its resending: it is passed on as it is.
func isResent(raw []byte, id string) bool {
	return id != "" && message.Parse(raw).Get("Resent-Message-ID") == id
}

// takeBack cancels an item in one of the allowed states, and fit for it, and gives the draft of its text. after is done
// in the same transaction.
func (s *Store) takeBack(ctx context.Context, id OutboxID, verb string, allowed []ItemState, fit func(Item) error, rewrite Rewrite,
	after func(*txn, *Withdrawn) error) (out Withdrawn, err error) {
	for {
		before, err := s.Item(ctx, id)
		if err != nil {
			return out, err
		}
		c, err := s.textOf(ctx, before, rewrite)
		if err != nil {
			return out, err
		}
		again := false
		err = s.decide(ctx, id, verb, allowed, func(t *txn, it Item) error {
			if err := fit(it); err != nil {
				return err
			}
			if again = !slices.Equal(it.accepted(), before.accepted()); again {
				return nil // somebody has got it meanwhile: the draft is not for them
			}
			out = Withdrawn{}
			if err := t.following(it, &out); err != nil {
				return err
			}
			out.Draft, err = t.takeBack(it, c)
			out.made = out.Draft != 0 && it.KeptDraft == 0
			if err != nil || after == nil {
				return err
			}
			return after(t, &out)
		})
		if err != nil || !again {
			return out, err
		}
	}
}

// textOf is the draft of an item's text; nil when there is nothing to write on.
func (s *Store) textOf(ctx context.Context, it Item, rewrite Rewrite) (*columns, error) {
	raw, err := s.ItemCopy(ctx, it.ID)
	if err != nil || isResent(raw, it.MessageID) {
		return nil, err
	}
	if rewrite != nil {
		raw = rewrite(raw, it.accepted())
	}
	c, err := s.columnsOf(notNil(raw), nil, 0)
	return &c, err
}

// accepted lists those who have the message.
func (it *Item) accepted() []string {
	return it.addrs(func(r Recipient) bool { return r.State == Accepted })
}

// takeBack ends an item that is still to be sent, and gives the draft it has or makes it one of c.
func (t *txn) takeBack(it Item, c *columns) (MessageID, error) {
	if it.State != Partial && it.State != Cancelled {
		if err := t.run(`UPDATE outbox SET state = 'cancelled', waiting = '', ended = ? WHERE id = ?`, t.now, it.ID); err != nil {
			return 0, err
		}
		if err := t.dropUnsent(it.ID); err != nil {
			return 0, err
		}
	}
	if it.State == Partial {
		if err := t.run(`UPDATE outbox SET waiting = '' WHERE id = ?`, it.ID); err != nil {
			return 0, err
		}
	}
	if it.State != Cancelled {
		if err := t.tell(it.ID, "taken out of the outbox"); err != nil {
			return 0, err
		}
	}
	if it.KeptDraft != 0 || c == nil {
		return it.KeptDraft, nil
	}
	grp, err := t.newGroup("draft", false)
	if err != nil {
		return 0, err
	}
	draft, err := t.insertDraft(it.Account, c, grp)
	if err != nil {
		return 0, err
	}
	return draft, t.run(`UPDATE outbox SET draft = ? WHERE id = ?`, draft, it.ID)
}

// supersede ends the failed item whose text is sent anew, from the draft kept of it, as another item: to
// try the old one again, with all that failed, would send it twice. A partial one is done with.
func (t *txn) supersede(draft MessageID, by OutboxID) error {
	rows, err := t.query(`SELECT id FROM outbox WHERE draft = ? AND state IN ('failed', 'partial')`, draft)
	if err != nil {
		return err
	}
	ids, err := collect[OutboxID](rows)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := t.run(`UPDATE outbox SET state = iif(state = 'partial', 'partial', 'cancelled'), waiting = '', ended = ? WHERE id = ?`, t.now, id)
		if err != nil {
			return err
		}
		if err := t.tell(id, fmt.Sprintf("its text is sent anew as message %d", by)); err != nil {
			return err
		}
		if err := t.dropUnsent(id); err != nil {
			return err
		}
	}
	return nil
}
