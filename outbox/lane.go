package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"mua/store"
)

const (
	// defaultGrace is Flusher.Grace's default.
	defaultGrace = 30 * time.Second
	// worthALane is how long an item must wait for the server before another session is worth
	// its opening: below, our own commits take longer.
	worthALane = 5 * time.Millisecond
	// fillsALane is how many items a session beside the first must have to do.
	fillsALane = 3
)

// lane sends one item after another over a session of its own.
type lane struct {
	*pass
	hard context.Context // the connection's: ends later than the pass while a dot is pending
	stop func()

	session Session // nil: none open
	used    bool    // session has carried an item

	dotMu sync.Mutex
	dot   bool // a final dot is pending
}

// lane makes one. When the pass's context ends its connection is closed at once, or, while a
// dot is pending, after the grace.
func (p *pass) lane() *lane {
	l := &lane{pass: p}
	hard, cancel := context.WithCancelCause(context.WithoutCancel(p.ctx))
	l.hard = hard
	stopWatch := context.AfterFunc(p.ctx, func() {
		if l.dotPending() {
			grace := p.Grace
			if grace == 0 {
				grace = defaultGrace
			}
			t := time.NewTimer(grace)
			defer t.Stop()
			select {
			case <-t.C:
			case <-hard.Done():
			}
		}
		cancel(context.Cause(p.ctx))
	})
	l.stop = func() { stopWatch(); cancel(context.Canceled) }
	return l
}

// end closes what the lane holds.
func (l *lane) end() {
	l.drop()
	l.stop()
}

func (l *lane) dotPending() bool {
	l.dotMu.Lock()
	defer l.dotMu.Unlock()
	return l.dot
}

// setDot marks a dot as pending unless the caller's context ended first. Under
// the lock the two cannot miss each other: either the context's end finds the
// mark, or the mark finds the context's end.
func (l *lane) setDot(pending bool) error {
	l.dotMu.Lock()
	defer l.dotMu.Unlock()
	if pending && l.ctx.Err() != nil {
		return l.ctx.Err()
	}
	l.dot = pending
	return nil
}

// run sends what is due until nothing is or the pass is over.
func (l *lane) run() error {
	for !l.over() {
		c, err := l.Store.Claim(l.ctx, l.AccountID, 0, l.host())
		if err != nil || c == nil {
			return l.storeTrouble("claiming", err)
		}
		for c != nil {
			if l.over() { // claimed with the last result, and then the pass ended
				_, err = l.putBack(c.Item, c.Attempt, nil)
				return err
			}
			if c, err = l.item(c, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// errLaneOver ends a lane whose server wants fewer sessions: the others go on.
var errLaneOver = errors.New("the server wants fewer sessions at once")

// item sends a claimed item in as many transactions as that takes. Where more is set, the
// next one is claimed with its result.
func (l *lane) item(c *store.Claimed, more bool) (next *store.Claimed, err error) {
	l.touch(c.Item.ID)
	later := map[string]bool{}
	for {
		out, err := l.attempt(c, later, more)
		if err != nil || !out.again {
			l.count(out.state)
			return out.next, err
		}
		again, err := l.Store.Claim(l.ctx, l.AccountID, c.Item.ID, l.host())
		if err != nil || again == nil {
			l.count(out.state)
			return nil, l.storeTrouble("claiming", err)
		}
		c = again
	}
}

// connect makes sure that a session is open; fresh says that it carries its first item now.
func (l *lane) connect() (fresh bool, err error) {
	if l.session != nil {
		return !l.used, nil
	}
	s, err := l.Submitter.Connect(l.hard, l.Account)
	if err != nil {
		return true, err
	}
	l.session, l.used = s, false
	l.widen(2 * s.RoundTrip())
	return true, nil
}

// drop closes the session, if any.
func (l *lane) drop() {
	if l.session != nil {
		l.session.Close()
		l.session = nil
	}
}

// widen begins further lanes when an item waits that long for the server, and enough are due.
func (p *pass) widen(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if lanesFor(wait, 1<<20, p.most) <= p.lanes || p.err != nil {
		return
	}
	due, err := p.Store.DueCount(p.ctx, p.AccountID)
	if err != nil {
		return
	}
	for p.lanes < lanesFor(wait, due, p.most) {
		p.lanes++
		p.work.Go(p.beside)
	}
}

// lanesFor is how many lanes are worth having for so many due items that each wait that long.
func lanesFor(wait time.Duration, due, most int) int {
	if wait < worthALane {
		return 1
	}
	return max(1, min(most, 1+due/fillsALane))
}

// beside is the life of a lane beside the first one. That it cannot connect is no trouble of the
// account's as long as another can.
func (p *pass) beside() {
	l := p.lane()
	defer l.end()
	if _, err := l.connect(); err != nil {
		p.retire()
		return
	}
	p.fail(l.run())
}

// retire takes a lane out that lost its connection and cannot have another; false for the last
// one, whose trouble is the account's.
func (p *pass) retire() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lanes == 1 {
		return false
	}
	p.lanes--
	p.most = p.lanes
	return true
}
