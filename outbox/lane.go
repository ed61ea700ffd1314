package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"mua/store"
)

// defaultGrace is Flusher.Grace's default.
const defaultGrace = 30 * time.Second

// lane sends one item after another over a session of its own.
type lane struct {
	*pass
	hard context.Context // the connection's: ends later than the pass while a dot is pending
	stop func()

	session Session       // nil: none open
	used    bool          // session has carried an item
	opening time.Duration // of session: how long it took

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
			l.count(c.Item.ID, out.state)
			return out.next, err
		}
		again, err := l.Store.Claim(l.ctx, l.AccountID, c.Item.ID, l.host())
		if err != nil || again == nil {
			l.count(c.Item.ID, out.state)
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
	began := time.Now()
	s, err := l.Submitter.Connect(l.hard, l.Account)
	if err != nil {
		return true, err
	}
	l.session, l.used, l.opening = s, false, time.Since(began)
	l.widen(2*s.RoundTrip(), l.opening)
	return true, nil
}

// drop closes the session, if any.
func (l *lane) drop() {
	if l.session != nil {
		l.session.Close()
		l.session = nil
	}
}

// widen begins further lanes when items wait that long for the server and a session opens in so long.
func (p *pass) widen(wait, opening time.Duration) {
	if !p.room() {
		return
	}
	due, err := p.Store.DueCount(p.ctx, p.AccountID)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.lanes < lanesFor(wait, opening, due, p.most) {
		p.lanes++
		p.work.Go(p.beside)
	}
}

// room reports whether another lane may begin.
func (p *pass) room() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lanes < p.most && p.err == nil && p.ctx.Err() == nil
}

// lanesFor is how many lanes are worth having for what is due: each must have as much to wait for as the
// opening of its session costs.
func lanesFor(wait, opening time.Duration, due, most int) int {
	worth := int64(due) * int64(max(wait, 0)) / int64(max(opening, time.Millisecond))
	return int(max(1, min(int64(most), worth)))
}

// beside is the life of a lane beside the first one. That it cannot connect is no trouble of the
// account's as long as another can.
func (p *pass) beside() {
	l := p.lane()
	defer l.end()
	_, err := l.connect()
	switch {
	case err == nil:
		p.finish(l.run())
	case p.ctx.Err() != nil:
		p.finish(nil)
	case !p.retire():
		why, _ := waitsFor(p.trouble(err))
		p.finish(p.accountDown(why, p.trouble(err)))
	}
}

// retire takes a lane out that lost its connection and cannot have another; false for the last
// one, whose trouble is the account's.
func (p *pass) retire() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lanes <= 1 {
		return false
	}
	p.lanes--
	p.most, p.retired = p.lanes, true
	return true
}
