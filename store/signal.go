package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// The kinds of signal.
const (
	signalWake  = "wake"
	signalFlush = "flush"
)

// Wake asks the process that keeps an account in step for a pass now.
func (s *Store) Wake(ctx context.Context, a AccountID) error { return s.signal(ctx, a, signalWake) }

// Woken counts how often Wake was called for an account; a keeper compares it
// with what it saw last.
func (s *Store) Woken(ctx context.Context, a AccountID) (int64, error) {
	n, _, err := s.signalled(ctx, a, signalWake)
	return n, err
}

// NoteFlush records that an account's outbox was just flushed by something that
// comes again: the UI, a watcher, a timer.
func (s *Store) NoteFlush(ctx context.Context, a AccountID) error {
	return s.signal(ctx, a, signalFlush)
}

// LastFlush is when NoteFlush was last called for an account; zero: never.
func (s *Store) LastFlush(ctx context.Context, a AccountID) (time.Time, error) {
	_, at, err := s.signalled(ctx, a, signalFlush)
	return at, err
}

func (s *Store) signal(ctx context.Context, a AccountID, kind string) error {
	return s.write(ctx, func(t *txn) error {
		return t.run(`INSERT INTO signal(account, kind, n, at) VALUES (?, ?, 1, ?)
			ON CONFLICT DO UPDATE SET n = n + 1, at = excluded.at`, a, kind, t.now)
	})
}

func (s *Store) signalled(ctx context.Context, a AccountID, kind string) (n int64, at time.Time, err error) {
	var ms int64
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT n, at FROM signal WHERE account = ? AND kind = ?`, a, kind).Scan(&n, &ms)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, err
	}
	return n, time.UnixMilli(ms), nil
}
