package store

import (
	"context"
	"errors"
	"sync"
)

// spoolBatch bounds how many messages share a commit.
const spoolBatch = 64

// spoolGroup lets messages that are spooled at the same time share a commit, which costs one of them
// more than all its rows: whoever comes while another commits waits, and goes with the next.
type spoolGroup struct {
	mu      sync.Mutex
	waiting []*spooling
	busy    bool // somebody is committing
}

// spoolTogether spools p, alone or with others, and returns once it is durable or has failed.
func (s *Store) spoolTogether(ctx context.Context, p *spooling) error {
	p.ctx, p.done = ctx, make(chan struct{})
	g := &s.spools
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	first := !g.busy
	g.busy = true
	g.mu.Unlock()
	if first {
		s.spoolNext()
	}
	<-p.done
	return p.err
}

// spoolNext commits those that wait. Those who came meanwhile are served beside: nobody works for ever for others.
func (s *Store) spoolNext() {
	g := &s.spools
	g.mu.Lock()
	batch := g.waiting[:min(len(g.waiting), spoolBatch):min(len(g.waiting), spoolBatch)]
	g.waiting = g.waiting[len(batch):]
	g.busy = len(batch) > 0
	g.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	s.spoolAll(batch)
	for _, p := range batch {
		close(p.done)
	}
	go s.spoolNext()
}

// spoolAll spools a batch, each as if it were alone: what ails one is not the others'.
func (s *Store) spoolAll(batch []*spooling) {
	if len(batch) > 1 && s.spoolOnce(batch) == nil {
		return
	}
	for _, p := range batch {
		p.err = s.writeKnown(p.ctx, p.spool, func(ctx context.Context) (bool, error) { return s.spooled(ctx, p) })
	}
}

// spoolOnce spools a batch in one transaction; after an error nothing of it is there.
func (s *Store) spoolOnce(batch []*spooling) error {
	return s.writeKnown(context.Background(), func(t *txn) error {
		for _, p := range batch {
			if err := t.run(`SAVEPOINT one`); err != nil {
				return err
			}
			if p.err = p.spool(t); p.err != nil {
				if !errors.Is(p.err, ErrState) && !errors.Is(p.err, ErrKeyConflict) {
					return p.err
				}
				if err := t.run(`ROLLBACK TO one`); err != nil {
					return err
				}
			}
			if err := t.run(`RELEASE one`); err != nil {
				return err
			}
		}
		return nil
	}, func(ctx context.Context) (done bool, err error) {
		for _, p := range batch {
			if p.err != nil || p.existed {
				continue
			}
			if done, err = s.spooled(ctx, p); !done {
				return false, err
			}
		}
		return done, nil
	})
}
