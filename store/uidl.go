package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// UIDL is a line of the POP3 ledger: every UIDL whose message is durably here or was deleted here by wish.
type UIDL struct {
	UIDL    string
	Message MessageID // 0: tombstoned here
	HasBody bool      // the whole message is here, not its header alone
	First   time.Time // when it was first retrieved
	Deleted bool      // deleted on the server by us
}

// UIDLs reads the ledger of a POP3 account. What was moved to another account is wholly there, and what becomes of it there is
// nothing to this server.
func (s *Store) UIDLs(ctx context.Context, a AccountID) (out []UIDL, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		rows, err := q.QueryContext(ctx, `SELECT u.uidl, CASE WHEN m.state <> 2 OR m.account <> u.account THEN m.id END, u.first, u.deleted IS NOT NULL,
			coalesce(m.content IS NOT NULL OR m.account <> u.account, 0)
			FROM uidl u LEFT JOIN message m ON m.id = u.message WHERE u.account = ? ORDER BY u.uidl`, a)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var u UIDL
			var id, first sql.NullInt64
			if err := rows.Scan(&u.UIDL, &id, &first, &u.Deleted, &u.HasBody); err != nil {
				return err
			}
			u.Message, u.First = MessageID(id.Int64), at(first)
			out = append(out, u)
		}
		return rows.Err()
	})
	return out, err
}

// knownUIDL looks a UIDL up; id is 0 when its message is gone.
func (t *txn) knownUIDL(a AccountID, uidl string) (id MessageID, known bool, err error) {
	var v sql.NullInt64
	err = t.row(`SELECT CASE WHEN m.state <> 2 THEN m.id END FROM uidl u LEFT JOIN message m ON m.id = u.message
		WHERE u.account = ? AND u.uidl = ?`, a, uidl).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return MessageID(v.Int64), err == nil, err
}

// MarkUIDLsDeleted records after a QUIT answered +OK that these were removed from the server.
func (s *Store) MarkUIDLsDeleted(ctx context.Context, a AccountID, uidls []string) error {
	return s.writeEach(ctx, len(uidls), func(t *txn, i int) error {
		return t.run(`UPDATE uidl SET deleted = coalesce(deleted, ?) WHERE account = ? AND uidl = ?`, t.now, a, uidls[i])
	})
}

// ForgetUIDLs drops ledger rows the server no longer lists (their messages stay).
func (s *Store) ForgetUIDLs(ctx context.Context, a AccountID, uidls []string) error {
	return s.writeEach(ctx, len(uidls), func(t *txn, i int) error {
		return t.run(`DELETE FROM uidl WHERE account = ? AND uidl = ?`, a, uidls[i])
	})
}
