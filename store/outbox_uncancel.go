package store

import (
	"context"
	"errors"
	"fmt"
)

// Withdrawn is what Withdraw took out of the outbox, as Undo brings it back.
type Withdrawn struct {
	Item     OutboxID
	Draft    MessageID // with its text; 0: none
	Group    GroupID   // by which Undo brings it back
	was      ItemState
	waiting  string
	attempts int
	made     bool          // the draft was made of it
	copy     MessageID     // that was to be seen in Sent after acceptance; 0: none
	blocked  []blockedWish // what was to follow from acceptance
}

// blockedWish is a flag that a message gets once an item is accepted.
type blockedWish struct {
	Message MessageID
	Add     Flags
}

// Withdraw is Cancel, with what Undo brings the item back by: several at once when grp is the Group
// of the one before. 0 begins a group.
func (s *Store) Withdraw(ctx context.Context, id OutboxID, grp GroupID, rewrite Rewrite) (Withdrawn, error) {
	return s.takeBack(ctx, id, "cancelled", []ItemState{Queued, Held, Failed, Partial, Uncertain}, func(Item) error { return nil }, rewrite,
		func(t *txn, w *Withdrawn) (err error) {
			if w.Group, err = t.cancelGroup(grp); err != nil {
				return err
			}
			return t.keepStep(*w)
		})
}

// cancelGroup is a group that is going on, or a new one.
func (t *txn) cancelGroup(grp GroupID) (GroupID, error) {
	var open bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM wish_group WHERE id = ? AND undoable = 1 AND undone IS NULL)`, grp).Scan(&open)
	if err != nil || open {
		return grp, err
	}
	return t.newGroup("cancel", true)
}

// following notes what an item's end takes with it.
func (t *txn) following(it Item, c *Withdrawn) error {
	c.Item, c.was, c.attempts = it.ID, it.State, it.Attempts
	if err := t.row(`SELECT waiting FROM outbox WHERE id = ?`, it.ID).Scan(&c.waiting); err != nil {
		return err
	}
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
		if err := rows.Scan(&b.Message, &b.Add); err != nil {
			return err
		}
		c.blocked = append(c.blocked, b)
	}
	return rows.Err()
}

// uncancel brings back what Withdraw took out, as it was: the item with its state, times and recipients, its copy for
// Sent and what follows from acceptance; a draft made of it goes. ErrState when the item is not as Withdraw left it, or
// its text is not in Drafts any more as it was put there: it may have been sent from there. Then nothing is written.
func (t *txn) uncancel(c Withdrawn, grp GroupID) (Item, error) {
	it, err := t.s.item(t.ctx, t.tx, c.Item)
	if err != nil {
		return it, err
	}
	after := Cancelled
	if c.was == Partial { // whose outcome stays what it is
		after = Partial
	}
	if it.State != after {
		return it, fmt.Errorf("item %d is %s and cannot be brought back: %w", it.ID, it.State, ErrState)
	}
	if it.KeptDraft != c.Draft {
		return it, fmt.Errorf("the text of item %d was written on, sent or deleted: %w", c.Item, ErrState)
	}
	if c.made {
		if err := t.endDraft(c.Draft, grp); err != nil {
			return it, err
		}
		if err := t.run(`UPDATE outbox SET draft = NULL WHERE id = ?`, c.Item); err != nil {
			return it, err
		}
	}
	if err := t.follows(c, grp); err != nil {
		return it, err
	}
	if err := t.tell(c.Item, "brought back into the outbox"); err != nil {
		return it, err
	}
	waiting := c.waiting
	if c.was == Queued { // the next attempt tells anew what it waits for
		waiting = ""
	}
	return it, t.run(`UPDATE outbox SET state = ?1, waiting = ?2, ended = CASE WHEN ?1 IN ('failed', 'partial') THEN ended END WHERE id = ?3`, c.was, waiting, c.Item)
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
		if err := t.block(c.Item, b.Message, b.Add, grp); err != nil {
			return err
		}
	}
	return nil
}
