package store

import (
	"context"
	"sync"
)

// wishMark is another one whenever a wish has come, has gone or was released. Only an account's own wishes are told apart.
type wishMark struct{ newest, all, free int64 }

func markWishes(ctx context.Context, q querier, a AccountID) (m wishMark, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'action'), 0), (SELECT count(*) FROM action WHERE state = 'pending'),
		(SELECT count(*) FROM action WHERE account = ? AND state = 'pending' AND blocked_by IS NULL)`, a).Scan(&m.newest, &m.all, &m.free)
	return m, err
}

// idleWishes remembers that all an account wishes waits for uploads to other accounts: to see that of thousands takes far longer
// than to see that no wish has changed, and whoever keeps an account in step asks with every change of the store.
type idleWishes struct {
	mu   sync.Mutex
	seen map[AccountID]wishMark
}

func (w *idleWishes) still(a AccountID, m wishMark) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen, ok := w.seen[a]
	return ok && seen == m
}

func (w *idleWishes) note(a AccountID, m wishMark) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[AccountID]wishMark{}
	}
	w.seen[a] = m
}
