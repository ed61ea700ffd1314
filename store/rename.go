package store

import (
	"context"
	"errors"
	"fmt"
)

// RemoteSample is what tells whether a UID still is the message that the store has under it.
type RemoteSample struct {
	UID      uint32
	Size     int64  // octets
	HeaderID string // Message-ID with <>, may be ""
}

// RemoteSamples are the newest messages that the server was known to hold in a mailbox, at most limit.
func (s *Store) RemoteSamples(ctx context.Context, m MailboxID, limit int) (out []RemoteSample, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		rows, err := q.QueryContext(ctx, `SELECT server_uid, size, header_id FROM message WHERE server_mailbox = ? AND server_uid IS NOT NULL
			ORDER BY server_uid DESC LIMIT ?`, m, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var x RemoteSample
			if err := rows.Scan(&x.UID, &x.Size, &x.HeaderID); err != nil {
				return err
			}
			out = append(out, x)
		}
		return rows.Err()
	})
	return out, err
}

// RenameMailboxes takes over that another client has renamed mailboxes: each keeps its id, and with it its messages and
// the wishes that concern it. The next SetMailboxes tells their roles. A mailbox that had one of the new names, and has not
// been renamed itself, has been deleted; what of it only we have goes into the one that has the name now.
func (s *Store) RenameMailboxes(ctx context.Context, a AccountID, names map[MailboxID]string) error {
	return s.write(ctx, func(t *txn) error {
		for id := range names { // out of each other's way
			if err := t.run(`UPDATE mailbox SET name = ? WHERE id = ? AND account = ?`, fmt.Sprintf("\x00%d", id), id, a); err != nil {
				return err
			}
		}
		for id, name := range names {
			if err := t.renameMailbox(a, id, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *txn) renameMailbox(a AccountID, id MailboxID, name string) error {
	wished, err := t.renamedBefore(id, name)
	if err != nil {
		return err
	}
	if wished != "" {
		name = wished
	}
	if _, err := mailbox(t.ctx, t.tx, id); errors.Is(err, ErrNotFound) { // it is leaving, and in nobody's way
		return t.run(`UPDATE mailbox SET name = ? WHERE id = ?`, name, id)
	}
	have, err := accountMailboxes(t.ctx, t.tx, a)
	if err != nil {
		return err
	}
	if holder, taken := sameName(have, name); taken {
		unmade, err := t.unmade(holder.ID)
		if err != nil {
			return err
		}
		if !holder.Local && !unmade {
			if err := t.mailboxGone(&holder); err != nil {
				return err
			}
		}
		_, err = mailbox(t.ctx, t.tx, holder.ID)
		if err == nil { // it holds what only we have
			err = t.merge(holder.ID, id)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return t.run(`UPDATE mailbox SET name = ?, role = '' WHERE id = ?`, name, id)
}

// unmade takes back all wishes for a mailbox that is to be made still; false: it is not one.
func (t *txn) unmade(id MailboxID) (was bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM mailbox_wish WHERE mailbox = ? AND state = 'pending' AND kind = 'create')`, id).Scan(&was)
	if err != nil || !was {
		return false, err
	}
	return true, t.run(`DELETE FROM mailbox_wish WHERE mailbox = ? AND state = 'pending'`, id)
}

// renamedBefore has the pending wishes for a mailbox, of which the server has not heard, begin at the name that another
// client has given to it. wished is the name it gets by them; "": that name.
func (t *txn) renamedBefore(id MailboxID, name string) (wished string, err error) {
	rows, err := t.query(`SELECT id, kind, target FROM mailbox_wish WHERE mailbox = ? AND state = 'pending' ORDER BY id`, id)
	if err != nil {
		return "", err
	}
	var list []mailboxWish
	for rows.Next() {
		var w mailboxWish
		if err := rows.Scan(&w.ID, &w.Kind, &w.Target); err != nil {
			return "", errors.Join(err, rows.Close())
		}
		list = append(list, w)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return "", err
	}
	for _, w := range list {
		if wished == "" {
			statement := `UPDATE mailbox_wish SET name = ?1 WHERE id = ?2`
			if w.Kind == MailboxRename && w.Target == name { // it was ours, and its answer was lost
				statement = `DELETE FROM mailbox_wish WHERE id = ?2`
			}
			if err := t.run(statement, name, w.ID); err != nil {
				return "", err
			}
		}
		if w.Kind == MailboxRename {
			wished = w.Target
		}
	}
	return wished, nil
}
