package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// FlagChange is what to add and remove.
type FlagChange struct {
	Add, Remove                 Flags
	AddKeywords, RemoveKeywords []string
	NoUndo                      bool // not what Undo takes back (reading marks seen)
}

// newGroup begins a group of wishes. One that undo takes back ends what redo could do again.
func (t *txn) newGroup(kind string, undoable bool) (GroupID, error) {
	if undoable {
		if err := t.run(`UPDATE wish_group SET undoable = 0 WHERE undoable = 1 AND undone IS NOT NULL`); err != nil {
			return 0, err
		}
	}
	id, err := t.insert(`INSERT INTO wish_group(kind, created, undoable) VALUES (?, ?, ?)`, kind, t.now, undoable)
	return GroupID(id), err
}

// settleNew settles in a group of its own that undo passes over.
func (t *txn) settleNew(k *copyState, kind string) error {
	grp, err := t.newGroup(kind, false)
	if err != nil {
		return err
	}
	return t.settle(k, grp)
}

// wishFor runs f for each copy under one new group. All copies must be here before anything is done.
func (s *Store) wishFor(ctx context.Context, kind string, undoable bool, ids []MessageID, f func(*txn, *copyState, GroupID) error) (grp GroupID, err error) {
	ids = unique(ids)
	if len(ids) == 0 {
		return 0, nil
	}
	err = s.writeEach(ctx, len(ids), func(t *txn, i int) error {
		if i == 0 {
			if err := t.mustBeHere(ids); err != nil {
				return err
			}
			if grp, err = t.newGroup(kind, undoable); err != nil {
				return err
			}
		}
		k, err := t.copy(ids[i])
		if err != nil {
			return ignoreNotFound(err) // vanished between two transactions of this batch
		}
		return f(t, &k, grp)
	})
	return grp, err
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func unique(ids []MessageID) []MessageID {
	seen := make(map[MessageID]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id MessageID) bool {
		had := seen[id]
		seen[id] = true
		return had
	})
}

// StillIn gives those of some messages that are here, each in the mailbox named for it, or in any (0).
func (s *Store) StillIn(ctx context.Context, ids []MessageID, in []MailboxID) ([]MessageID, error) {
	pairs := make([][2]int64, len(ids))
	for i, id := range ids {
		pairs[i] = [2]int64{int64(id), int64(in[i])}
	}
	return s.messages(ctx, `SELECT m.id FROM json_each(?) j JOIN message m ON m.id = j.value ->> 0
		WHERE m.state = 0 AND j.value ->> 1 IN (0, m.mailbox) ORDER BY j.key`, toJSON(pairs))
}

// mustBeHere fails with ErrNotFound naming the first id that no copy has.
func (t *txn) mustBeHere(ids []MessageID) error {
	rows, err := t.query(`SELECT value FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = j.value AND state = 0) LIMIT 1`, toJSON(ids))
	if err != nil {
		return err
	}
	missing, err := collect[MessageID](rows)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("message %d: %w", missing[0], ErrNotFound)
	}
	return err
}

// MarkFlags changes flags here at once and journals the wish. Copies on no server get no action.
func (s *Store) MarkFlags(ctx context.Context, ids []MessageID, c FlagChange) (GroupID, error) {
	return s.wishFor(ctx, "flags", !c.NoUndo, ids, func(t *txn, k *copyState, grp GroupID) error {
		return t.mark(k, c, grp)
	})
}

// mark changes the flags of one copy.
func (t *txn) mark(k *copyState, c FlagChange, grp GroupID) error {
	flags, keywords := (k.flags|c.Add)&^c.Remove, keywordSet(k.keywords, c.AddKeywords, c.RemoveKeywords)
	if flags == k.flags && slices.Equal(keywords, k.keywords) {
		return nil
	}
	if !c.NoUndo {
		err := t.run(`INSERT INTO wish_step(grp, message, add_flags, remove_flags, add_keywords, remove_keywords) VALUES (?,?,?,?,?,?)`,
			grp, k.id, flags&^k.flags, k.flags&^flags, toJSON(keywordDiff(keywords, k.keywords)), toJSON(keywordDiff(k.keywords, keywords)))
		if err != nil {
			return err
		}
	}
	k.flags, k.keywords = flags, keywords
	if err := t.saveFlags(k); err != nil {
		return err
	}
	return t.settle(k, grp)
}

// Move moves copies to a mailbox here at once and journals the wish. A copy that goes to a mailbox on no server, or of
// another account, must be wholly here; in another account it is another one, with an id of its own.
func (s *Store) Move(ctx context.Context, ids []MessageID, to MailboxID) (GroupID, error) {
	each, err := s.allTo(ctx, to)
	if err != nil {
		return 0, err
	}
	return s.MoveEach(ctx, ids, each)
}

// MoveEach moves copies of several accounts, each to the mailbox given for those of its account, as one
// group that one Undo takes back. A copy of an account without one stays: ErrState.
func (s *Store) MoveEach(ctx context.Context, ids []MessageID, to map[AccountID]MailboxID) (GroupID, error) {
	if err := s.holdMessages(ctx, ids, to); err != nil {
		return 0, err
	}
	return s.wishFor(ctx, "move", true, ids, func(t *txn, k *copyState, grp GroupID) error {
		target, ok := to[k.account]
		if !ok {
			return fmt.Errorf("message %d belongs to an account without a target: %w", k.id, ErrState)
		}
		return t.moveTo(k, target, grp)
	})
}

// allTo has messages of every account go to one mailbox.
func (s *Store) allTo(ctx context.Context, to MailboxID) (map[AccountID]MailboxID, error) {
	accounts, err := s.Accounts(ctx)
	each := make(map[AccountID]MailboxID, len(accounts))
	for _, a := range accounts {
		each[a.ID] = to
	}
	return each, err
}

// holdMessages fails unless messages can be put into all of the mailboxes, and these, which are to go there, are wholly here
// as far as they go to another account: a batch is not begun that would end in the middle.
func (s *Store) holdMessages(ctx context.Context, ids []MessageID, to map[AccountID]MailboxID) error {
	for a, id := range to {
		box, err := s.Mailbox(ctx, id)
		if err != nil {
			return err
		}
		if box.NoSelect {
			return fmt.Errorf("%s holds no messages: %w", box.Name, ErrState)
		}
		if a == box.Account {
			continue
		}
		lacking, err := s.messages(ctx, `SELECT id FROM message WHERE id IN (SELECT value FROM json_each(?)) AND account = ? AND state = 0 AND content IS NULL LIMIT 1`,
			toJSON(ids), a)
		if err != nil {
			return err
		}
		if len(lacking) > 0 {
			return notWhole(lacking[0])
		}
	}
	return nil
}

// move changes the mailbox of one copy, within its account.
func (t *txn) move(k *copyState, to MailboxID, grp GroupID) error {
	if k.mailbox == to {
		return nil
	}
	if err := t.run(`INSERT INTO wish_step(grp, message, from_mailbox, to_mailbox) VALUES (?,?,?,?)`, grp, k.id, k.mailbox, to); err != nil {
		return err
	}
	k.mailbox = to
	if err := t.savePlace(k); err != nil {
		return err
	}
	return t.settle(k, grp)
}

// remove deletes one copy for good: a tombstone here, a delete wish for the server.
func (t *txn) remove(k *copyState, grp GroupID) error {
	if err := t.run(`INSERT INTO wish_step(grp, message, gone) VALUES (?,?,1)`, grp, k.id); err != nil {
		return err
	}
	if err := t.dropBlocked(k.id); err != nil {
		return err
	}
	if err := t.end(k); err != nil {
		return err
	}
	return t.settle(k, grp)
}

// Trash moves to the account's trash, which is made when there is none; what is in a
// trash already is deleted for good.
func (s *Store) Trash(ctx context.Context, ids []MessageID) (GroupID, error) {
	return s.wishFor(ctx, "trash", true, ids, func(t *txn, k *copyState, grp GroupID) error {
		var role Role
		if err := t.row(`SELECT role FROM mailbox WHERE id = ?`, k.mailbox).Scan(&role); err != nil {
			return err
		}
		if role == RoleTrash {
			return t.remove(k, grp)
		}
		return t.moveToRole(k, RoleTrash, grp)
	})
}

// Archive moves to the account's archive mailbox, which is made when there is none.
func (s *Store) Archive(ctx context.Context, ids []MessageID) (GroupID, error) {
	return s.wishFor(ctx, "archive", true, ids, func(t *txn, k *copyState, grp GroupID) error {
		return t.moveToRole(k, RoleArchive, grp)
	})
}

func (t *txn) moveToRole(k *copyState, r Role, grp GroupID) error {
	box, err := t.roleMailbox(k.account, r)
	if err != nil {
		return err
	}
	return t.move(k, box.ID, grp)
}
