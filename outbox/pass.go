package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"mua/account"
	"mua/store"
)

// brokenLimit is after how many items in a row that each broke a fresh
// connection the server, not the items, is taken to be at fault.
const brokenLimit = 3

// defaultGrace is Flusher.Grace's default.
const defaultGrace = 30 * time.Second

// pass is one run over the queue by the holder of the flush lock.
type pass struct {
	*Flusher
	ctx  context.Context // the caller's: its end stops the pass
	hard context.Context // the connection's: ends later while a dot is pending
	stop func()

	mu  sync.Mutex
	dot bool // a final dot is pending

	session Session // nil: none open
	used    bool    // session has carried an item
	broken  int     // items in a row that broke a fresh connection
	sum     Summary
}

// begin starts a pass. When ctx ends the connection is closed at once, or, while
// a dot is pending, after the grace.
func (f *Flusher) begin(ctx context.Context) *pass {
	p := &pass{Flusher: f, ctx: ctx}
	hard, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	p.hard = hard
	stopWatch := context.AfterFunc(ctx, func() {
		if p.dotPending() {
			grace := f.Grace
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
		cancel(context.Cause(ctx))
	})
	p.stop = func() { stopWatch(); cancel(context.Canceled) }
	return p
}

// end closes what the pass holds.
func (p *pass) end() {
	p.drop()
	p.stop()
}

func (p *pass) dotPending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dot
}

// setDot marks a dot as pending unless the caller's context ended first. Under
// the lock the two cannot miss each other: either the context's end finds the
// mark, or the mark finds the context's end.
func (p *pass) setDot(pending bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pending && p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	p.dot = pending
	return nil
}

// drain sends due items until none is left, the account has trouble or the context ends.
func (p *pass) drain() error {
	for p.ctx.Err() == nil {
		more, err := p.item(0)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// item claims one item (0: the next due) and sends it, in as many transactions
// as that takes. more is false when there was nothing to claim.
func (p *pass) item(id store.OutboxID) (more bool, err error) {
	it, at, ok, err := p.Store.Claim(p.ctx, p.AccountID, id, p.host())
	if err != nil || !ok {
		return false, p.storeTrouble("claiming", err)
	}
	p.sum.Items = append(p.sum.Items, it.ID)
	later := map[string]bool{}
	for {
		state, again, err := p.attempt(it, at, later)
		if err != nil || !again {
			p.count(state)
			return true, err
		}
		it, at, ok, err = p.Store.Claim(p.ctx, p.AccountID, it.ID, p.host())
		if err != nil || !ok {
			p.count(state)
			return true, p.storeTrouble("claiming", err)
		}
	}
}

func (p *pass) count(s store.ItemState) {
	switch s {
	case store.Sent:
		p.sum.Sent++
	case store.Partial:
		p.sum.Partial++
	case store.Failed:
		p.sum.Failed++
	case store.Uncertain:
		p.sum.Uncertain++
	case store.Queued:
		p.sum.Queued++
	}
}

// connect makes sure that a session is open; fresh says that it carries its first item now.
func (p *pass) connect() (fresh bool, err error) {
	if p.session != nil {
		return !p.used, nil
	}
	s, err := p.Submitter.Connect(p.hard, p.Account)
	if err != nil {
		return true, err
	}
	p.session, p.used = s, false
	return true, nil
}

// drop closes the session, if any.
func (p *pass) drop() {
	if p.session != nil {
		p.session.Close()
		p.session = nil
	}
}

// trouble makes the account's trouble of a session's error.
func (p *pass) trouble(err error) *account.Trouble {
	if t, ok := errors.AsType[*account.Trouble](err); ok {
		return t
	}
	return &account.Trouble{Kind: account.KindTemporary, Account: p.Account.Name, Host: p.host(),
		What: account.CleanWords(err.Error()), Err: err}
}

// storeTrouble words an error of the store; nil stays nil. What the pass was
// stopped by is no error of the store's.
func (p *pass) storeTrouble(doing string, err error) error {
	if err == nil || p.ctx.Err() != nil {
		return nil
	}
	return &account.Trouble{Kind: account.KindIO, Account: p.Account.Name,
		What: fmt.Sprintf("the outbox could not be read or written (%s): %v", doing, err),
		Kept: "Nothing is lost: what was under way is settled at the next flush", Err: err}
}

// refusedBefore returns the trouble when the server refused the last login and
// nothing has changed since.
func (p *pass) refusedBefore() error {
	if p.Force {
		return nil
	}
	items, err := p.Store.Items(p.ctx, false)
	if err != nil {
		return p.storeTrouble("reading", err)
	}
	refused, unmarked := (*store.Item)(nil), false
	for i, it := range items {
		if it.Account != p.AccountID || it.State != store.Queued {
			continue
		}
		if it.Waiting != WaitLogin {
			unmarked = unmarked || !it.NextAttempt.After(p.now()) && !it.NotBefore.After(p.now())
			continue
		}
		last, err := p.lastEnded(it)
		if err != nil {
			return p.storeTrouble("reading", err)
		}
		if !p.Changed.After(last) {
			refused = &items[i]
		}
	}
	if refused == nil {
		return nil
	}
	if unmarked {
		if err := p.Store.SetWaiting(p.ctx, p.AccountID, WaitLogin, refused.LastError); err != nil {
			return p.storeTrouble("recording why it waits", err)
		}
	}
	return &account.Trouble{Kind: account.KindLogin, Account: p.Account.Name, Host: p.host(),
		What: "not connected: the last login was refused: " + refused.LastError,
		Kept: "What is in the outbox is kept",
		Hint: "mua outbox flush -A " + p.Account.Name + ", once the password is right"}
}

// lastEnded is when an item's last attempt ended, or when it was spooled.
func (p *pass) lastEnded(it store.Item) (time.Time, error) {
	all, err := p.Store.Attempts(p.ctx, it.ID)
	if err != nil || len(all) == 0 {
		return it.Created, err
	}
	return all[len(all)-1].Ended, nil
}
