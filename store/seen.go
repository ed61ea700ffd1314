package store

import (
	"context"
	"database/sql"
)

// SeenSince tells of each mailbox of an account on its server what Seen recorded last; where it never did, from now on,
// last, the last message there is.
func (s *Store) SeenSince(ctx context.Context, a AccountID, last MessageID) (since map[MailboxID]MessageID, err error) {
	var never []MailboxID
	err = s.read(ctx, func(q querier) error {
		since, never = map[MailboxID]MessageID{}, nil
		rows, err := q.QueryContext(ctx, `SELECT id, seen FROM mailbox WHERE account = ? AND local = 0 AND gone IS NULL`, a)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id MailboxID
			var seen sql.NullInt64
			if err := rows.Scan(&id, &seen); err != nil {
				return err
			}
			since[id] = last
			if seen.Valid {
				since[id] = min(MessageID(seen.Int64), last)
			} else {
				never = append(never, id)
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return since, s.Seen(ctx, never, last)
}

// Seen records that a pass which began when since was the last message has seen these mailboxes on their server.
func (s *Store) Seen(ctx context.Context, boxes []MailboxID, since MessageID) error {
	const stale = `id IN (SELECT value FROM json_each(?1)) AND seen IS NOT ?2`
	var some bool
	err := s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM mailbox WHERE `+stale+`)`, toJSON(boxes), since).Scan(&some)
	})
	if err != nil || !some {
		return err
	}
	return s.write(ctx, func(t *txn) error {
		return t.run(`UPDATE mailbox SET seen = ?2 WHERE `+stale, toJSON(boxes), since)
	})
}
