package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// busyLimit bounds how long a writer waits for other processes.
	busyLimit = 60 * time.Second
	// txBudget is how long a write transaction of a batch may run before it is
	// committed and the next one begun, so that nobody waits long.
	txBudget = 50 * time.Millisecond
	// txGap is left free between two transactions of a batch for other processes.
	txGap = 2 * time.Millisecond
	// busyPause is how long a writer pauses before it looks again whether it may.
	busyPause = time.Millisecond
)

// querier is what reads need: a pool, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

// txn is one write transaction. Its context cannot be cancelled: transactions
// are short, and a commit must not be put in doubt by an impatient caller.
type txn struct {
	s   *Store
	tx  *sql.Conn // in a transaction; an sql.Tx would start a goroutine for each query, to watch a context that never ends
	ctx context.Context
	now int64 // of the transaction, ms
	seq int64 // change number taken in this transaction; 0 none yet

	joins []joiner // what came in it and has no thread yet
	fresh []freshText
}

func (t *txn) exec(q string, args ...any) (sql.Result, error) {
	return t.tx.ExecContext(t.ctx, q, args...)
}

func (t *txn) run(q string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, q, args...)
	return err
}

// insert runs an INSERT and returns the new row's id.
func (t *txn) insert(q string, args ...any) (int64, error) {
	r, err := t.exec(q, args...)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

func (t *txn) row(q string, args ...any) *sql.Row { return t.tx.QueryRowContext(t.ctx, q, args...) }

func (t *txn) query(q string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(t.ctx, q, args...)
}

// rollback ends the transaction without effect. SQLite may have done so already, because of what went wrong.
func (t *txn) rollback() error {
	err := t.run(`ROLLBACK`)
	if err == nil || !inTransaction(t.tx) {
		return nil
	}
	return err
}

// change returns this transaction's number of the change counter.
func (t *txn) change() (int64, error) {
	if t.seq != 0 {
		return t.seq, nil
	}
	err := t.row(`UPDATE counter SET change = change + 1 RETURNING change`).Scan(&t.seq)
	return t.seq, err
}

// write runs f in one durable transaction. Busy is waited out; f may run more
// than once and must only touch what it is given. ctx ends the waiting, not the transaction.
func (s *Store) write(ctx context.Context, f func(*txn) error) error {
	return s.writeKnown(ctx, f, nil)
}

// transaction runs f in one durable transaction of its own, waiting while other processes write.
// inDoubt says that COMMIT itself failed: it may have taken effect.
func (s *Store) transaction(ctx context.Context, f func(*txn) error) (inDoubt bool, err error) {
	err = retryBusy(ctx, func() error {
		inDoubt = false
		conn, err := s.writer.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		t := &txn{s: s, tx: conn, ctx: context.WithoutCancel(ctx), now: s.now().UnixMilli()}
		if err := t.run(`BEGIN IMMEDIATE`); err != nil {
			return err
		}
		if err := f(t); err != nil {
			return errors.Join(err, t.rollback())
		}
		if err := t.joinThreads(); err != nil {
			return errors.Join(err, t.rollback())
		}
		if err := t.run(`COMMIT`); err != nil {
			inDoubt = true
			_ = t.rollback() // what SQLite may have left open
			return err
		}
		s.fresh.put(t.fresh)
		return nil
	})
	return inDoubt, err
}

// writeEach runs f for 0 ≤ i < n in as few transactions as the budget allows,
// all durable when it returns nil. For batches whose parts may be committed apart.
func (s *Store) writeEach(ctx context.Context, n int, f func(t *txn, i int) error) error {
	_, err := s.writeMost(ctx, n, f)
	return err
}

// writeMost is writeEach that tells how many are durable when it fails.
func (s *Store) writeMost(ctx context.Context, n int, f func(t *txn, i int) error) (durable int, err error) {
	for i := 0; i < n; {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		done := i
		err := s.write(ctx, func(t *txn) error {
			begin := time.Now()
			for done = i; done < n; done++ {
				if done > i && time.Since(begin) > txBudget {
					return nil
				}
				if err := f(t, done); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return i, err
		}
		if i = done; i < n {
			time.Sleep(txGap)
		}
	}
	return n, nil
}

// short is ctx for a statement over a few rows, which is done before anybody could end it: each statement that can be
// ended has goroutines of its own, which take longer than it does.
func short(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// read runs f on one snapshot.
func (s *Store) read(ctx context.Context, f func(querier) error) error {
	return s.reading(ctx, func(conn *sql.Conn) error { return f(conn) })
}

// reading is read that gives the connection.
func (s *Store) reading(ctx context.Context, f func(*sql.Conn) error) error {
	return storageFault(retryBusy(ctx, func() error {
		conn, err := s.pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(short(ctx), `BEGIN DEFERRED`); err != nil {
			return err
		}
		err = f(conn)
		if _, end := conn.ExecContext(short(ctx), `ROLLBACK`); end != nil && inTransaction(conn) {
			return errors.Join(err, end)
		}
		return err
	}))
}

// retryBusy tries again while another process keeps the database busy.
func retryBusy(ctx context.Context, f func() error) error {
	for begin := time.Now(); ; {
		err := f()
		if !isBusy(err) {
			return err
		}
		if time.Since(begin) > busyLimit {
			return fmt.Errorf("another program keeps the mail database busy for more than %v: %w", busyLimit, ErrBusy)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busyPause):
		}
	}
}

// ErrBusy: other processes kept the database for longer than a writer waits.
var ErrBusy = errors.New("try again later")
