package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
// the wishes that concern it. One that is renamed here too is called as it is wished here, and the server hears of that. The
// next SetMailboxes tells their roles. A mailbox that had one of the new names, and has not been renamed itself, has been
// deleted; what of it only we have goes into the one that has the name now.
func (s *Store) RenameMailboxes(ctx context.Context, a AccountID, names map[MailboxID]string) error {
	return s.write(ctx, func(t *txn) error {
		if err := t.namesTaken(a, names); err != nil {
			return err
		}
		follow := map[MailboxID]string{}
		for id, name := range names {
			renamed, err := t.wishedAfter(id, name)
			if err != nil {
				return err
			}
			if !renamed {
				follow[id] = name
			}
		}
		for id := range follow { // out of each other's way
			if err := t.run(`UPDATE mailbox SET name = ? WHERE id = ? AND account = ?`, fmt.Sprintf("\x00%d", id), id, a); err != nil {
				return err
			}
		}
		for id, name := range follow {
			_, err := mailbox(t.ctx, t.tx, id)
			if err == nil {
				err = t.reclaim(Mailbox{ID: id, Account: a}, name)
			} else if errors.Is(err, ErrNotFound) { // it is leaving, and in nobody's way
				err = nil
			}
			if err != nil {
				return err
			}
			if err := t.run(`UPDATE mailbox SET name = ?, role = '' WHERE id = ?`, name, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// namesTaken ends the mailboxes whose names on the server others have now, while a wish gives them another name or deletes
// them: they are no more, and what is wished of them by name would be done to those others.
func (t *txn) namesTaken(a AccountID, names map[MailboxID]string) error {
	server, err := mailboxesOnServer(t.ctx, t.tx, a)
	if err != nil {
		return err
	}
	taken := slices.Collect(maps.Values(names))
	for i := range server {
		m := &server[i]
		if names[m.ID] != "" || m.Local || !slices.Contains(taken, m.Name) {
			continue
		}
		here, err := mailbox(t.ctx, t.tx, m.ID)
		switch {
		case errors.Is(err, ErrNotFound): // it is leaving
			err = t.deleted(m)
		case err == nil && here.Name != m.Name:
			err = t.mailboxGone(&here)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wishedAfter has the pending wishes for a mailbox, of which the server has not heard, begin at the name that another
// client has given to it. renamed: one of them gives it another.
func (t *txn) wishedAfter(id MailboxID, name string) (renamed bool, err error) {
	list, err := t.wishesFor(id)
	if err != nil {
		return false, err
	}
	for _, w := range list {
		statement := `UPDATE mailbox_wish SET name = ?1 WHERE id = ?2`
		if w.Kind == MailboxRename && w.Target == name { // it was ours, and its answer was lost
			statement = `DELETE FROM mailbox_wish WHERE id = ?2`
		}
		if err := t.run(statement, name, w.ID); err != nil {
			return false, err
		}
		if w.Kind == MailboxRename {
			return true, nil
		}
	}
	return false, nil
}

// wishesFor lists what is pending for one mailbox, oldest first.
func (t *txn) wishesFor(id MailboxID) ([]mailboxWish, error) {
	var a AccountID
	if err := t.row(`SELECT account FROM mailbox WHERE id = ?`, id).Scan(&a); err != nil {
		return nil, err
	}
	list, err := mailboxWishes(t.ctx, t.tx, a)
	return slices.DeleteFunc(list, func(w mailboxWish) bool { return w.Mailbox != id }), err
}
