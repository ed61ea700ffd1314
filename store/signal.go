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
	signalAsk   = "ask"
	signalFlush = "flush"
	signalSeen  = "seen" // its n is a message: the last one when the last pass that saw all mailboxes began
)

// Wake asks the process that keeps an account in step for a pass now.
func (s *Store) Wake(ctx context.Context, a AccountID) error { return s.signal(ctx, a, signalWake) }

// Woken counts how often Wake was called for an account; a keeper compares it
// with what it saw last.
func (s *Store) Woken(ctx context.Context, a AccountID) (int64, error) {
	n, _, err := s.signalled(ctx, a, signalWake)
	return n, err
}

// Ask is Wake by a person: a login that was refused is tried once more, too.
func (s *Store) Ask(ctx context.Context, a AccountID) error { return s.signal(ctx, a, signalAsk) }

// Asked counts how often Ask was called for an account.
func (s *Store) Asked(ctx context.Context, a AccountID) (int64, error) {
	n, _, err := s.signalled(ctx, a, signalAsk)
	return n, err
}

// NoteFlush records that an account's outbox was just flushed by something that
// comes again by itself: a timer, cron.
func (s *Store) NoteFlush(ctx context.Context, a AccountID) error {
	return s.signal(ctx, a, signalFlush)
}

// LastFlush is when NoteFlush was last called for an account; zero: never.
func (s *Store) LastFlush(ctx context.Context, a AccountID) (time.Time, error) {
	_, at, err := s.signalled(ctx, a, signalFlush)
	return at, err
}

// SeenAll records that a pass which began when since was the last message has seen all mailboxes of an account.
func (s *Store) SeenAll(ctx context.Context, a AccountID, since MessageID) error {
	if n, at, err := s.signalled(ctx, a, signalSeen); err != nil || n == int64(since) && !at.IsZero() {
		return err
	}
	return s.write(ctx, func(t *txn) error {
		return t.run(`INSERT INTO signal(account, kind, n, at) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET n = excluded.n, at = excluded.at`, a, signalSeen, since, t.now)
	})
}

// SeenSince is what SeenAll recorded last; when it never did, from now on, last, the last message there is.
func (s *Store) SeenSince(ctx context.Context, a AccountID, last MessageID) (MessageID, error) {
	n, at, err := s.signalled(ctx, a, signalSeen)
	if err == nil && at.IsZero() {
		return last, s.SeenAll(ctx, a, last)
	}
	return min(MessageID(n), last), err
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
