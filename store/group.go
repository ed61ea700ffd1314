package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// groupBudget is how long the writes of one commit may take together before those that
// still wait are left to the next.
const groupBudget = txBudget / 2

// groupWrite is one write that may share its commit with others.
type groupWrite struct {
	ctx   context.Context
	f     func(*txn) error
	known func(context.Context) (bool, error) // nil: nothing to look at after a commit in doubt
	err   error                               // what came of it, once done is closed
	done  chan struct{}
}

// group lets writes that are asked for at the same time share a commit, which costs more than what most
// of them do: who comes while another commits waits, and goes with the next.
type group struct {
	mu      sync.Mutex
	waiting []*groupWrite
	busy    bool // somebody is committing
}

// writeKnown is write for what must not be reported wrongly: when COMMIT failed,
// known looks whether it took effect all the same.
func (s *Store) writeKnown(ctx context.Context, f func(*txn) error, known func(context.Context) (bool, error)) error {
	w := &groupWrite{ctx: ctx, f: f, known: known, done: make(chan struct{})}
	g := &s.group
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	first := !g.busy
	g.busy = true
	g.mu.Unlock()
	if first {
		s.commitNext()
	}
	select {
	case <-w.done:
	case <-ctx.Done():
		if g.leave(w) {
			return ctx.Err()
		}
		<-w.done
	}
	if w.err == nil {
		s.watchers.wake()
	}
	return storageFault(w.err)
}

// leave takes a write out that nobody has begun yet; false when somebody has.
func (g *group) leave(w *groupWrite) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, w)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// commitNext commits what waits. Who came meanwhile is served beside: nobody works for ever for others.
func (s *Store) commitNext() {
	g := &s.group
	g.mu.Lock()
	batch := g.waiting
	g.waiting = nil
	g.busy = len(batch) > 0
	g.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	for len(batch) > 0 {
		n := 0
		if len(batch) > 1 {
			n = s.commitTogether(batch)
		}
		if n == 0 { // alone, or together it did not work: as if there were no others
			n = 1
			s.commitAlone(batch[0])
		}
		for _, w := range batch[:n] {
			close(w.done)
		}
		batch = batch[n:]
	}
	go s.commitNext()
}

func (s *Store) commitAlone(w *groupWrite) {
	inDoubt, err := s.transaction(w.ctx, w.f)
	if w.err = err; inDoubt {
		w.err = nil
		s.settleCommit(err, w)
	}
}

// settleCommit finds out what became of writes whose commit failed with cause: nothing is wrong with
// those that took effect; the others get cause when they did not and will not, and ErrInDoubt
// beside it when that cannot be known now.
func (s *Store) settleCommit(cause error, batch ...*groupWrite) {
	var missing []*groupWrite
	certain := true
	for _, w := range batch {
		if w.err != nil {
			continue
		}
		found, err := w.found()
		certain = certain && err == nil
		if !found {
			missing = append(missing, w)
		}
	}
	if len(missing) > 0 && commitInDoubt(cause) && (!certain || s.confirm(context.Background()) != nil) {
		cause = &faultError{ErrInDoubt, storageFault(cause)}
	}
	for _, w := range missing {
		w.err = cause
	}
}

// found looks whether a write took effect whose commit failed.
func (w *groupWrite) found() (bool, error) {
	if w.known == nil {
		return false, nil
	}
	return w.known(context.WithoutCancel(w.ctx))
}

// commitTogether runs writes in one transaction, each as if it were alone: what ails one is not the
// others'. It returns how many of them it has settled; 0: none, and nothing of them is there.
func (s *Store) commitTogether(batch []*groupWrite) (n int) {
	inDoubt, err := s.transaction(context.Background(), func(t *txn) error {
		began := time.Now()
		for n = 0; n < len(batch) && (n == 0 || time.Since(began) < groupBudget); n++ {
			if err := batch[n].within(t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !inDoubt {
		return 0
	}
	if err != nil {
		s.settleCommit(err, batch[:n]...)
	}
	return n
}

// within runs a write inside a transaction that others share; what it returns ends the transaction.
func (w *groupWrite) within(t *txn) error {
	if w.err = w.ctx.Err(); w.err != nil {
		return nil
	}
	if err := t.run(`SAVEPOINT one`); err != nil {
		return err
	}
	own := *t // with a change number of its own, should it take one that is then rolled back
	own.seq, own.joins, own.fresh = 0, nil, nil
	if w.err = w.f(&own); w.err != nil {
		if err := t.run(`ROLLBACK TO one`); err != nil {
			return err
		}
	} else {
		t.joins, t.fresh = append(t.joins, own.joins...), append(t.fresh, own.fresh...)
	}
	return t.run(`RELEASE one`)
}
