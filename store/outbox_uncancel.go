package store

import (
	"context"
	"errors"
	"fmt"
)

// Withdrawn is what Withdraw took out of the outbox, as Uncancel brings it back.
type Withdrawn struct {
	Item    OutboxID
	Draft   MessageID // with its text; 0: none
	was     ItemState
	waiting string
	made    bool          // the draft was made of it
	copy    MessageID     // that was to be seen in Sent after acceptance; 0: none
	blocked []blockedWish // what was to follow from acceptance
}

// blockedWish is a flag that a message gets once an item is accepted.
type blockedWish struct {
	message MessageID
	add     Flags
}

// Withdraw is Cancel, with what brings the item back.
func (s *Store) Withdraw(ctx context.Context, id OutboxID, rewrite Rewrite) (Withdrawn, error) {
	return s.takeBack(ctx, id, "cancelled", []ItemState{Queued, Held, Failed, Partial, Uncertain}, func(Item) error { return nil }, rewrite)
}

// following notes what an item's end takes with it.
func (t *txn) following(it Item, c *Withdrawn) error {
	c.Item, c.was, c.waiting = it.ID, it.State, it.Waiting
	if it.State == Partial || it.State == Cancelled {
		return nil // nothing of it ends
	}
	k, err := t.hiddenCopy(it.ID)
	if err != nil {
		return err
	}
	if k != nil {
		c.copy = k.id
	}
	rows, err := t.query(`SELECT message, add_flags FROM action WHERE blocked_by = ? AND state = 'pending' ORDER BY id`, it.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b blockedWish
		if err := rows.Scan(&b.message, &b.add); err != nil {
			return err
		}
		c.blocked = append(c.blocked, b)
	}
	return rows.Err()
}

// Uncancel brings back what Withdraw took out, as it was: the item with its state, times and recipients, its copy for
// Sent and what follows from acceptance; a draft made of it goes. ErrState when the item is not as Withdraw left it, or
// its text is not in Drafts any more as it was put there: it may have been sent from there.
func (s *Store) Uncancel(ctx context.Context, c Withdrawn) error {
	after := Cancelled
	if c.was == Partial { // whose outcome stays what it is
		after = Partial
	}
	return s.decide(ctx, c.Item, "brought back", []ItemState{after}, func(t *txn, it Item) error {
		if it.KeptDraft != c.Draft {
			return fmt.Errorf("the text of item %d was written on, sent or deleted: %w", c.Item, ErrState)
		}
		grp, err := t.newGroup("spool", false)
		if err != nil {
			return err
		}
		if c.made {
			if err := t.endDraft(c.Draft, grp); err != nil {
				return err
			}
			if err := t.run(`UPDATE outbox SET draft = NULL WHERE id = ?`, c.Item); err != nil {
				return err
			}
		}
		if err := t.follows(c, grp); err != nil {
			return err
		}
		if err := t.tell(c.Item, "brought back into the outbox"); err != nil {
			return err
		}
		return t.run(`UPDATE outbox SET state = ?1, waiting = ?2, ended = CASE WHEN ?1 IN ('failed', 'partial') THEN ended END WHERE id = ?3`, c.was, c.waiting, c.Item)
	})
}

// follows puts back what was to follow from an item's acceptance.
func (t *txn) follows(c Withdrawn, grp GroupID) error {
	if c.copy != 0 {
		k, err := t.anyCopy(c.copy)
		if err == nil && k.state == gone {
			k.state = hidden
			if err = t.savePlace(&k); err == nil {
				err = t.touch(k.id)
			}
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	for _, b := range c.blocked {
		if err := t.block(c.Item, b.message, b.add, grp); err != nil {
			return err
		}
	}
	return nil
}
