package store

import "context"

// Loose counts the raw bytes that neither a message nor an outbox item refers to: there should be none, whenever a process
// was killed.
func (s *Store) Loose(ctx context.Context) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) FROM content c WHERE NOT EXISTS (SELECT 1 FROM message WHERE content = c.id)
			AND NOT EXISTS (SELECT 1 FROM outbox WHERE content = c.id) AND NOT EXISTS (SELECT 1 FROM outbox WHERE copy_content = c.id)`).Scan(&n)
	})
	return n, err
}
