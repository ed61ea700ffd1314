package store

import "context"

// Hasten makes due now what waits only because a connection failed: queued items of the account that no
// server has deferred. The time a person set for an item (NotBefore) stands.
func (s *Store) Hasten(ctx context.Context, a AccountID) error {
	return s.write(ctx, func(t *txn) error {
		return t.run(`UPDATE outbox SET next_attempt = ?1, due = max(?1, coalesce(not_before, 0))
			WHERE account = ?2 AND state = 'queued' AND next_attempt > ?1 AND waiting IN ('network', 'retry')
			AND NOT EXISTS (SELECT 1 FROM recipient r WHERE r.item = outbox.id AND r.state = 'deferred')`, t.now, a)
	})
}

// QueueMark is a text that changes whenever an item of the account joins or leaves the queue, becomes due
// at another time, or waits for a person's answer no longer. A flush that fails for want of a connection leaves it as it is.
func (s *Store) QueueMark(ctx context.Context, a AccountID) (mark string, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) || ' ' || coalesce(sum(due), 0) || ' ' || coalesce(sum(waiting = 'answer'), 0) FROM outbox
			WHERE account = ? AND state = 'queued'`, a).Scan(&mark)
	})
	return mark, err
}

// LoginRefused reports whether an item of the account waits because the server refused the login.
func (s *Store) LoginRefused(ctx context.Context, a AccountID) (refused bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM outbox
			WHERE account = ? AND state = 'queued' AND waiting = 'login')`, a).Scan(&refused)
	})
	return refused, err
}

// LoginWorks lets go on what waits because the server refused the login, which it has accepted since.
func (s *Store) LoginWorks(ctx context.Context, a AccountID) error {
	return s.write(ctx, func(t *txn) error {
		return t.run(`UPDATE outbox SET waiting = '' WHERE account = ? AND state = 'queued' AND waiting = 'login'`, a)
	})
}
