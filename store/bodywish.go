package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// RemoteBody says where the server has the message of a copy whose header is here.
type RemoteBody struct {
	Message     MessageID
	Mailbox     MailboxID
	MailboxName string
	UIDValidity uint32 // of UID; 0: not known
	UID         uint32
	Size        int64 // octets, as the server says
}

// BodyWish is what is known of a body that a person asked for.
type BodyWish struct {
	Asked time.Time // zero: nobody asked
	Words string    // why it cannot be had; "" while it waits
}

// WantBodies asks for the bodies of copies whose header alone is here: whoever keeps their accounts
// in step fetches them before all others, also after a restart. It returns how many wait now; those that have
// their body, or are on no IMAP server, are left out. Asking again gives one that failed another try.
func (s *Store) WantBodies(ctx context.Context, ids []MessageID) (n int, err error) {
	err = s.write(ctx, func(t *txn) error {
		n = 0
		for _, id := range ids {
			r, err := t.exec(`INSERT INTO body_wish(message, asked) SELECT id, ? FROM message
				WHERE id = ? AND state = 0 AND content IS NULL AND server_mailbox IS NOT NULL
				ON CONFLICT DO UPDATE SET words = ''`, t.now, id)
			if err != nil {
				return err
			}
			k, err := r.RowsAffected()
			if err != nil {
				return err
			}
			n += int(k)
		}
		return nil
	})
	return n, err
}

// RefuseBody records why a body that was asked for cannot be had, for the reader.
func (s *Store) RefuseBody(ctx context.Context, id MessageID, words string) error {
	return s.write(ctx, func(t *txn) error {
		return t.run(`UPDATE body_wish SET words = ? WHERE message = ?`, words, id)
	})
}

// BodyWish tells whether a person asked for the body of a copy, and what came of it.
func (s *Store) BodyWish(ctx context.Context, id MessageID) (w BodyWish, err error) {
	err = s.read(ctx, func(q querier) error {
		var asked int64
		err := q.QueryRowContext(ctx, `SELECT asked, words FROM body_wish w WHERE message = ?
			AND EXISTS (SELECT 1 FROM message WHERE id = w.message AND content IS NULL)`, id).Scan(&asked, &w.Words)
		if errors.Is(err, sql.ErrNoRows) {
			w, err = BodyWish{}, nil
		} else if err == nil {
			w.Asked = time.UnixMilli(asked)
		}
		return err
	})
	return w, err
}

// WantedBodies lists the bodies of an account that wait to be fetched, in the order they were asked for.
func (s *Store) WantedBodies(ctx context.Context, a AccountID) ([]RemoteBody, error) {
	return s.remoteBodies(ctx, `m.account = ? AND m.id IN (SELECT message FROM body_wish WHERE words = '')
		ORDER BY (SELECT asked FROM body_wish w WHERE w.message = m.id), m.id`, a)
}

// RemoteBodies says of copies where the server has their messages; those that have their body or
// are on no server are left out.
func (s *Store) RemoteBodies(ctx context.Context, ids []MessageID) ([]RemoteBody, error) {
	return s.remoteBodies(ctx, `m.id IN (SELECT value FROM json_each(?)) ORDER BY m.id`, toJSON(ids))
}

func (s *Store) remoteBodies(ctx context.Context, where string, args ...any) (out []RemoteBody, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		rows, err := q.QueryContext(ctx, `SELECT m.id, b.id, b.name, b.uidvalidity, m.server_uid, m.size
			FROM message m JOIN mailbox b ON b.id = m.server_mailbox AND b.gone IS NULL
			WHERE m.state = 0 AND m.content IS NULL AND m.server_uid IS NOT NULL AND m.detached = 0 AND `+where, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b RemoteBody
			if err := rows.Scan(&b.Message, &b.Mailbox, &b.MailboxName, &b.UIDValidity, &b.UID, &b.Size); err != nil {
				return err
			}
			out = append(out, b)
		}
		return rows.Err()
	})
	return out, err
}

// MissingBodiesSince is MissingBodies of what was received at that time or later.
func (s *Store) MissingBodiesSince(ctx context.Context, m MailboxID, max int64, since time.Time) ([]RemoteCopy, error) {
	return s.remoteCopies(ctx, `server_mailbox = ?1 AND server_uid IS NOT NULL AND content IS NULL AND state = 0
		AND (?2 = 0 OR size < ?2) AND received >= ?3 ORDER BY received DESC, id DESC`, m, max, since.UnixMilli())
}
