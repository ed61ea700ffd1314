package store

import (
	"context"
	"database/sql"
	"errors"
)

// EnsureAccount returns the account's id, creating it when new. The account "local" always exists.
func (s *Store) EnsureAccount(ctx context.Context, name string) (AccountID, error) {
	if name == "" {
		return 0, errors.New("an account needs a name")
	}
	var id AccountID
	err := s.pool.QueryRowContext(ctx, `SELECT id FROM account WHERE name = ?`, name).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	err = s.write(ctx, func(t *txn) error {
		if err := t.run(`INSERT INTO account(name) VALUES (?) ON CONFLICT DO NOTHING`, name); err != nil {
			return err
		}
		return t.row(`SELECT id FROM account WHERE name = ?`, name).Scan(&id)
	})
	return id, err
}

// Accounts lists all, by id.
func (s *Store) Accounts(ctx context.Context) (out []Account, err error) {
	err = s.read(ctx, func(q querier) error {
		out, err = accounts(ctx, q)
		return err
	})
	return out, err
}

func accounts(ctx context.Context, q querier) ([]Account, error) {
	rows, err := q.QueryContext(short(ctx), `SELECT id, name FROM account ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Account
	for rows.Next() {
		var a Account
		if err := rows.Scan(&a.ID, &a.Name); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// SetPrefix records what the names of an account's mailboxes begin with on its server; nothing is written when that is known.
func (s *Store) SetPrefix(ctx context.Context, a AccountID, prefix string) error {
	if len(prefix) > maxMailboxName {
		prefix = "" // no name could begin with it
	}
	var known bool
	err := s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT prefix = ? FROM account WHERE id = ?`, prefix, a).Scan(&known)
	})
	if err != nil || known {
		return err
	}
	return s.write(ctx, func(t *txn) error { return t.run(`UPDATE account SET prefix = ? WHERE id = ?`, prefix, a) })
}
