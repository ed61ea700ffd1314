package store

import (
	"context"
	"fmt"
)

// SaveDraft stores a draft (a complete message) in the account's Drafts, replacing an earlier one (0: none), also where that was
// moved to another account meanwhile, and journals the append.
func (s *Store) SaveDraft(ctx context.Context, a AccountID, raw []byte, replaces MessageID) (id MessageID, err error) {
	c, err := s.columnsOf(notNil(raw), nil, 0)
	if err != nil {
		return 0, err
	}
	err = s.write(ctx, func(t *txn) error {
		grp, err := t.newGroup("draft", false)
		if err != nil {
			return err
		}
		if id, err = t.insertDraft(a, &c, grp); err != nil || replaces == 0 {
			return err
		}
		now, err := movedOn(t.ctx, t.tx, replaces)
		if err != nil {
			return err
		}
		// The text of an item given up stays findable from the item while it is written on.
		if err := t.run(`UPDATE outbox SET draft = ? WHERE draft = ?`, id, now); err != nil {
			return err
		}
		return ignoreNotFound(t.endDraft(now, grp))
	})
	return id, err
}

// insertDraft files a draft.
func (t *txn) insertDraft(a AccountID, c *columns, grp GroupID) (MessageID, error) {
	box, err := t.roleMailbox(a, RoleDrafts)
	if err != nil {
		return 0, err
	}
	content, err := t.putContent(*c.content)
	if err != nil {
		return 0, err
	}
	k := copyState{account: a, mailbox: box.ID, flags: Draft | Seen}
	if err := t.insertMessage(&k, t.now, c, content); err != nil {
		return 0, err
	}
	return k.id, t.settle(&k, grp)
}

// endDraft deletes a draft for good, wherever it was moved. ErrState when the message is no draft.
func (t *txn) endDraft(id MessageID, grp GroupID) error {
	k, err := t.copyNow(id)
	if err != nil {
		return err
	}
	var role Role
	if err := t.row(`SELECT role FROM mailbox WHERE id = ?`, k.mailbox).Scan(&role); err != nil {
		return err
	}
	if role != RoleDrafts && !k.flags.Has(Draft) {
		return fmt.Errorf("message %d is no draft: %w", id, ErrState)
	}
	return t.endFor(&k, grp)
}
