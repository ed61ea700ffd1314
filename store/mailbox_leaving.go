package store

import (
	"context"
	"errors"
	"slices"
)

// A mailbox is leaving while it is deleted here and its DELETE has not been answered. Pulls see it still, so that what is
// wished for the messages in it comes to an end whatever other clients do to them; what is new in it is passed over, and
// DELETE is not sent while the server has any.

// leavingMailboxes are those of an account, under the names they had.
func leavingMailboxes(ctx context.Context, q querier, a AccountID) ([]Mailbox, error) {
	return mailboxes(ctx, q, `b.account = ? AND `+isLeaving, a)
}

const isLeaving = `b.gone IS NOT NULL AND b.local = 0
	AND EXISTS (SELECT 1 FROM mailbox_wish w WHERE w.mailbox = b.id AND w.kind = 'delete' AND w.state = 'pending')`

// pulledMailbox is a mailbox that is pulled into; leaving: what is new there is not.
func (s *Store) pulledMailbox(ctx context.Context, id MailboxID) (m Mailbox, leaving bool, err error) {
	err = s.read(ctx, func(q querier) error {
		m, err = mailbox(ctx, q, id)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		list, err2 := mailboxes(ctx, q, `b.id = ? AND `+isLeaving, id)
		if err2 == nil && len(list) == 0 {
			err2 = err
		}
		if err2 != nil {
			return err2
		}
		m, leaving = list[0], true
		return nil
	})
	return m, leaving, err
}

// leavingNamed is the mailbox of that name that is deleted here and of which the server has not heard; 0: none. Made
// again it is that one: what was in it is on its way out, under UIDs that still hold.
func (t *txn) leavingNamed(a AccountID, name string) (MailboxID, error) {
	leaving, err := leavingMailboxes(t.ctx, t.tx, a)
	if err != nil {
		return 0, err
	}
	wishes, err := mailboxWishes(t.ctx, t.tx, a)
	if err != nil {
		return 0, err
	}
	for _, m := range leaving {
		for _, w := range wishes {
			if m.Name == name && w.Mailbox == m.ID && w.Kind == MailboxDelete && !w.given {
				return m.ID, nil
			}
		}
	}
	return 0, nil
}

// inUse tells whether something is wished still for what the server has in a mailbox, or has been put there for all we know.
func (t *txn) inUse(m MailboxID) (busy bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM message m JOIN action x ON x.message = m.id
			WHERE m.server_mailbox = ?1 AND x.state = 'pending' AND x.blocked_by IS NULL)
		OR EXISTS (SELECT 1 FROM action WHERE target = ?1 AND state = 'pending' AND given > 0)`, m).Scan(&busy)
	return busy, err
}

// leftWith tells which leaving mailboxes the server's list has no more.
func leftWith(server []Mailbox, leaving []Mailbox, list []RemoteMailbox) (left []Mailbox) {
	for _, m := range leaving {
		i := slices.IndexFunc(server, func(x Mailbox) bool { return x.ID == m.ID })
		if i >= 0 && !slices.ContainsFunc(list, func(r RemoteMailbox) bool { return r.Name == server[i].Name }) {
			left = append(left, m)
		}
	}
	return left
}

// deleted ends a leaving mailbox that the server has no more, whoever has deleted it.
func (t *txn) deleted(m *Mailbox) error {
	if err := t.run(`DELETE FROM mailbox_wish WHERE mailbox = ? AND state = 'pending' AND kind = 'delete'`, m.ID); err != nil {
		return err
	}
	list, err := t.copies(`server_mailbox = ?`, m.ID)
	if err != nil {
		return err
	}
	for i := range list {
		if err := t.withMailbox(&list[i], m); err != nil {
			return err
		}
	}
	return t.nothingPut(m.ID)
}

// stays takes the deletion of a mailbox back. What is new in it has been passed over, and is looked for.
func (t *txn) stays(m Mailbox) error {
	if err := t.reclaim(m, m.Name); err != nil {
		return err
	}
	return t.run(`UPDATE mailbox SET gone = NULL, uidnext = 0 WHERE id = ?`, m.ID)
}
