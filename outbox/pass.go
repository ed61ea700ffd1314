package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"mua/account"
	"mua/store"
)

// brokenLimit is after how many items in a row that each broke a fresh
// connection the server, not the items, is taken to be at fault.
const brokenLimit = 3

// pass is one run over the queue by the holder of the flush lock, in one lane, or in
// several where an item spends its time on the way to the server.
type pass struct {
	*Flusher
	ctx context.Context // the caller's: its end stops the pass

	logging sync.Mutex
	work    sync.WaitGroup // the lanes beside the first

	mu      sync.Mutex
	touched []store.OutboxID                   // in order
	states  map[store.OutboxID]store.ItemState // what each of them ended in
	broken  int                                // items in a row that broke a fresh connection
	lanes   int                                // at work, those that are connecting included
	most    int                                // that may be at work; less once the server turned one away
	retired bool                               // a lane gave its item back and went
	err     error                              // what ended the pass
}

// begin starts a pass that may have so many sessions.
func (f *Flusher) begin(ctx context.Context, sessions int) *pass {
	return &pass{Flusher: f, ctx: ctx, most: sessions, states: map[store.OutboxID]store.ItemState{}}
}

// sum counts what the pass did.
func (p *pass) sum() Summary {
	s := Summary{Items: p.touched}
	for _, state := range p.states {
		switch state {
		case store.Sent:
			s.Sent++
		case store.Partial:
			s.Partial++
		case store.Failed:
			s.Failed++
		case store.Uncertain:
			s.Uncertain++
		case store.Queued:
			s.Queued++
		}
	}
	return s
}

// ready settles what there is to settle before anything is sent, and says why nothing may be.
func (p *pass) ready() error {
	for _, check := range []func() error{p.moved, p.settle, p.refusedBefore} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// moved holds a copied or restored spool back.
func (p *pass) moved() error {
	why, err := p.Store.Moved(p.ctx)
	if err != nil || why == "" {
		return p.storeTrouble("reading", err)
	}
	if err := p.Store.SetWaiting(p.ctx, p.AccountID, WaitAnswer, why); err != nil {
		return p.storeTrouble("recording why it waits", err)
	}
	return &account.Trouble{Kind: account.KindTemporary, Account: p.Account.Name,
		What: why + ": what waits here may have been sent already",
		Kept: "Nothing was sent, everything is kept", Hint: "mua outbox list, then mua outbox confirm to let it be sent from here"}
}

// one sends one item, due or not.
func (p *pass) one(id store.OutboxID) error {
	c, err := p.Store.Claim(p.ctx, p.AccountID, id, p.host())
	if err != nil || c == nil {
		return p.storeTrouble("claiming", err)
	}
	p.lanes = 1
	l := p.lane()
	defer l.end()
	_, err = l.item(c, false)
	return err
}

// drain sends due items until none is left, the account has trouble or the context ends.
func (p *pass) drain() error {
	for {
		p.lanes, p.retired = 1, false
		l := p.lane()
		p.finish(l.run())
		l.end()
		p.work.Wait()
		if p.over() || !p.retired {
			return p.err
		}
		// What a lane gave back may have come too late for the others.
	}
}

// finish counts a lane out that has come to its end; one that retired is counted out already.
func (p *pass) finish(err error) {
	if errors.Is(err, errLaneOver) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes--
	if p.err == nil {
		p.err = err
	}
}

// over reports whether nothing new is to be begun.
func (p *pass) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err != nil || p.ctx.Err() != nil
}

// touch notes that an item is worked on.
func (p *pass) touch(id store.OutboxID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.touched, id) {
		p.touched = append(p.touched, id)
	}
}

// count notes what an item is now.
func (p *pass) count(id store.OutboxID, s store.ItemState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.states[id] = s
}

// log tells one event at a time, whatever lane it comes from.
func (p *pass) log(e Event) {
	p.logging.Lock()
	defer p.logging.Unlock()
	p.Flusher.log(e)
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
		last, err := p.lastTry(it)
		if err != nil {
			return p.storeTrouble("reading", err)
		}
		if !p.Changed.After(last.Ended) && !strings.HasPrefix(last.Outcome, notAsked) {
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

// lastTry is an item's last attempt; of one never tried, one that ended when it was spooled.
func (p *pass) lastTry(it store.Item) (store.Attempt, error) {
	all, err := p.Store.Attempts(p.ctx, it.ID)
	for _, a := range slices.Backward(all) {
		if a.Host != "" { // else it is a word of the person's
			return a, err
		}
	}
	return store.Attempt{Ended: it.Created}, err
}
