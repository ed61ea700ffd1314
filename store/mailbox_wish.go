package store

import (
	"context"
	"errors"
	"fmt"
)

// MailboxKind is what a person wished for a mailbox.
type MailboxKind string

// The wishes for mailboxes.
const (
	MailboxCreate      MailboxKind = "create"
	MailboxRename      MailboxKind = "rename"
	MailboxDelete      MailboxKind = "delete"
	MailboxSubscribe   MailboxKind = "subscribe"
	MailboxUnsubscribe MailboxKind = "unsubscribe"
)

// Errors of wishes for mailboxes; wrapped.
var (
	ErrName     = errors.New("no name for a mailbox")
	ErrTaken    = errors.New("there is a mailbox of that name")
	ErrNotEmpty = errors.New("the mailbox is not empty")
)

// MailboxMade is a mailbox with the wish that made it.
type MailboxMade struct {
	Mailbox Mailbox
	Group   GroupID
}

// CreateMailbox makes a mailbox here at once. onServer: the account has a server that keeps mailboxes (IMAP), and
// the wish is journaled for it. ErrName, ErrTaken.
func (s *Store) CreateMailbox(ctx context.Context, a AccountID, name string, onServer bool) (MailboxMade, error) {
	return s.createMailbox(ctx, a, name, onServer, true)
}

func (s *Store) createMailbox(ctx context.Context, a AccountID, name string, onServer, undoable bool) (m MailboxMade, err error) {
	err = s.write(ctx, func(t *txn) error {
		list, err := accountMailboxes(t.ctx, t.tx, a)
		if err != nil {
			return err
		}
		if err := CheckMailboxName(list, name); err != nil {
			return err
		}
		m, err = t.makeMailbox(list, a, name, "", onServer, undoable)
		return err
	})
	return m, err
}

// makeMailbox makes a mailbox of an account that has these, or takes one back that is on its way out.
func (t *txn) makeMailbox(list []Mailbox, a AccountID, name string, r Role, onServer, undoable bool) (m MailboxMade, err error) {
	if m.Group, err = t.newGroup("mailbox", undoable); err != nil {
		return m, err
	}
	if old, err := t.leavingNamed(a, name); err != nil {
		return m, err
	} else if old != 0 {
		m.Mailbox, err = t.restore(m.Group, old)
		return m, err
	}
	id, err := t.insert(`INSERT INTO mailbox(account, name, separator, role, local) VALUES (?,?,?,?,?)`, a, name, separator(list), r, !onServer)
	if err != nil {
		return m, err
	}
	if m.Mailbox, err = mailbox(t.ctx, t.tx, MailboxID(id)); err != nil {
		return m, err
	}
	return m, t.wishMailbox(m.Group, m.Mailbox, MailboxCreate, "", true)
}

// RenameMailbox renames a mailbox and those under it, here at once, and journals the wish. ErrName, ErrTaken; ErrState
// for the inbox, which RFC 9051 does not rename but empties.
func (s *Store) RenameMailbox(ctx context.Context, id MailboxID, to string) (grp GroupID, err error) {
	err = s.write(ctx, func(t *txn) error {
		m, err := mailbox(t.ctx, t.tx, id)
		if err != nil {
			return err
		}
		if m.Role == RoleInbox {
			return fmt.Errorf("the inbox keeps its name: %w", ErrState)
		}
		list, err := accountMailboxes(t.ctx, t.tx, m.Account)
		if err != nil {
			return err
		}
		if err := CheckMailboxName(list, to); err != nil {
			return err
		}
		if err := checkRename(list, m, to, separator(list)); err != nil {
			return err
		}
		if grp, err = t.newGroup("mailbox", true); err != nil {
			return err
		}
		return t.rename(grp, m, to)
	})
	return grp, err
}

// DeleteMailbox takes a mailbox away here at once and journals the wish. withMessages: what is in it goes to the
// Trash first; else ErrNotEmpty. ErrState for one with a task or with mailboxes under it.
func (s *Store) DeleteMailbox(ctx context.Context, id MailboxID, withMessages bool) (grp GroupID, err error) {
	m, err := s.Mailbox(ctx, id)
	if err != nil {
		return 0, err
	}
	if m.Role != "" {
		return 0, fmt.Errorf("%s is the account's mailbox for %s: %w", m.Name, m.Role, ErrState)
	}
	if m.Total > 0 && !withMessages {
		return 0, fmt.Errorf("%s holds %s: %w", m.Name, count(m.Total, "message", "messages"), ErrNotEmpty)
	}
	ids, err := s.messages(ctx, `SELECT id FROM message WHERE mailbox = ? AND state = 0 ORDER BY id`, id)
	if err != nil {
		return 0, err
	}
	err = s.writeEach(ctx, len(ids)+1, func(t *txn, i int) (err error) {
		if i == 0 {
			if grp, err = t.newGroup("mailbox", true); err != nil {
				return err
			}
		}
		if i < len(ids) {
			k, err := t.copy(ids[i])
			if err != nil || k.mailbox != id {
				return ignoreNotFound(err)
			}
			return t.moveToRole(&k, RoleTrash, grp)
		}
		return t.drop(grp, id)
	})
	return grp, err
}

// SubscribeMailbox subscribes to a mailbox of a server, or ends that. ErrState for one on no server.
func (s *Store) SubscribeMailbox(ctx context.Context, id MailboxID, on bool) (grp GroupID, err error) {
	err = s.write(ctx, func(t *txn) error {
		m, err := mailbox(t.ctx, t.tx, id)
		if err != nil {
			return err
		}
		if m.Local {
			return fmt.Errorf("%s is on no server: %w", m.Name, ErrState)
		}
		if m.Subscribed == on {
			return nil
		}
		if grp, err = t.newGroup("mailbox", true); err != nil {
			return err
		}
		return t.subscribe(grp, m, on)
	})
	return grp, err
}

// rename gives a mailbox and those under it their new names.
func (t *txn) rename(grp GroupID, m Mailbox, to string) error {
	if err := t.renameTree(m, to); err != nil {
		return err
	}
	return t.wishMailbox(grp, m, MailboxRename, to, !m.Local)
}

// drop takes an empty mailbox away.
func (t *txn) drop(grp GroupID, id MailboxID) error {
	m, err := mailbox(t.ctx, t.tx, id)
	if err != nil {
		return err
	}
	if m.Total > 0 {
		return fmt.Errorf("%s holds %s: %w", m.Name, count(m.Total, "message", "messages"), ErrNotEmpty)
	}
	list, err := accountMailboxes(t.ctx, t.tx, m.Account)
	if err != nil {
		return err
	}
	if under := tree(list, m)[1:]; len(under) > 0 {
		return fmt.Errorf("%s has %s under it: %w", m.Name, under[0].Name, ErrState)
	}
	if err := t.run(`UPDATE mailbox SET gone = ? WHERE id = ?`, t.now, id); err != nil {
		return err
	}
	return t.wishMailbox(grp, m, MailboxDelete, "", !m.Local)
}

// restore brings a mailbox back that was taken away.
func (t *txn) restore(grp GroupID, id MailboxID) (m Mailbox, err error) {
	list, err := mailboxes(t.ctx, t.tx, `b.id = ?`, id)
	if err != nil {
		return m, err
	}
	if len(list) == 0 {
		return m, fmt.Errorf("mailbox %d: %w", id, ErrNotFound)
	}
	m = list[0]
	all, err := accountMailboxes(t.ctx, t.tx, m.Account)
	if err != nil {
		return m, err
	}
	if _, taken := sameName(all, m.Name); taken {
		return m, fmt.Errorf("%s: %w", m.Name, ErrTaken)
	}
	if err := t.run(`UPDATE mailbox SET gone = NULL WHERE id = ?`, id); err != nil {
		return m, err
	}
	return m, t.wishMailbox(grp, m, MailboxCreate, "", !m.Local)
}

func (t *txn) subscribe(grp GroupID, m Mailbox, on bool) error {
	if err := t.run(`UPDATE mailbox SET subscribed = ? WHERE id = ?`, on, m.ID); err != nil {
		return err
	}
	kind := MailboxUnsubscribe
	if on {
		kind = MailboxSubscribe
	}
	return t.wishMailbox(grp, m, kind, "", true)
}

// wishMailbox notes what was done to a mailbox, for undo and (onServer) for the server. Wishes that take each other
// back and were not handed out yet leave nothing.
func (t *txn) wishMailbox(grp GroupID, m Mailbox, kind MailboxKind, to string, onServer bool) error {
	err := t.run(`INSERT INTO mailbox_step(grp, mailbox, kind, name, target) VALUES (?,?,?,?,?)`, grp, m.ID, kind, m.Name, to)
	if err != nil || !onServer || m.Local {
		return err
	}
	wishes, err := mailboxWishes(t.ctx, t.tx, m.Account)
	if err != nil {
		return err
	}
	if collapsed, err := t.collapse(wishes, m, kind, to); collapsed || err != nil {
		return err
	}
	if kind == MailboxCreate { // what a server knew of one of that name is another's
		if err := t.run(`UPDATE mailbox SET uidvalidity = 0, uidnext = 0, highestmodseq = 0, messages = 0 WHERE id = ?`, m.ID); err != nil {
			return err
		}
	}
	return t.run(`INSERT INTO mailbox_wish(grp, account, mailbox, kind, name, target, created) VALUES (?,?,?,?,?,?,?)`,
		grp, m.Account, m.ID, kind, m.Name, to, t.now)
}

// collapse puts a new wish together with those that the server has not heard of.
func (t *txn) collapse(wishes []mailboxWish, m Mailbox, kind MailboxKind, to string) (bool, error) {
	var own []mailboxWish // of this mailbox, not handed out
	given := false
	for _, w := range wishes {
		if w.Mailbox == m.ID {
			own, given = append(own, w), given || w.given
		}
	}
	if len(own) == 0 || given {
		return false, nil
	}
	newest := own[len(own)-1]
	last := newest.ID == wishes[len(wishes)-1].ID
	switch {
	case kind == MailboxDelete && own[0].Kind == MailboxCreate: // the server never heard of it
		return true, t.run(`DELETE FROM mailbox_wish WHERE mailbox = ? AND state = 'pending'`, m.ID)
	case kind == MailboxCreate && newest.Kind == MailboxDelete,
		kind == MailboxSubscribe && newest.Kind == MailboxUnsubscribe,
		kind == MailboxUnsubscribe && newest.Kind == MailboxSubscribe,
		kind == MailboxRename && last && newest.Kind == MailboxRename && newest.Name == to:
		return true, t.run(`DELETE FROM mailbox_wish WHERE id = ?`, newest.ID)
	case kind == MailboxRename && last && newest.Kind == MailboxRename:
		return true, t.run(`UPDATE mailbox_wish SET target = ? WHERE id = ?`, to, newest.ID)
	case kind == MailboxRename && last && newest.Kind == MailboxCreate:
		return true, t.run(`UPDATE mailbox_wish SET name = ? WHERE id = ?`, to, newest.ID)
	}
	return false, nil
}
