package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"mua/account"
	"mua/account/imap"
	"mua/store"
)

// outposts watch further mailboxes (idle = […]), each over a connection of its own and only as long
// as the server allows it: what they cannot watch is polled with the rest. They fetch nothing, they
// only tell the account's keeper.
type outposts struct {
	k     *keeper
	id    store.AccountID
	heard chan string // a mailbox with news

	mu     sync.Mutex
	passed chan struct{} // closed at the end of the keeper's next pass
	life   context.Context
	end    context.CancelFunc
}

// startOutposts watches until ctx ends; wait waits for that.
func (k *keeper) startOutposts(ctx context.Context, id store.AccountID) (o *outposts, wait func()) {
	o = &outposts{k: k, id: id, heard: make(chan string), passed: make(chan struct{})}
	o.life, o.end = context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, name := range k.a.Idle {
		wg.Go(func() { o.watch(ctx, name) })
	}
	return o, wg.Wait
}

// passEnded says that what was told has been looked at.
func (o *outposts) passEnded() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.passed)
	o.passed = make(chan struct{})
}

// sever gives up connections that are probably dead; they are made anew.
func (o *outposts) sever(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end()
	o.life, o.end = context.WithCancel(ctx)
}

func (o *outposts) now() (life context.Context, passed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.life, o.passed
}

// watch keeps one mailbox watched. A refused login is not repeated: the account's own connection
// has logged in, so it is the further one that is not wanted.
func (o *outposts) watch(ctx context.Context, mailbox string) {
	back, told := backoff{first: o.k.o.Backoff}, false
	for ctx.Err() == nil {
		life, passed := o.now()
		began := time.Now()
		err := o.session(life, mailbox)
		if forGood(err) {
			return
		}
		if errors.Is(err, store.ErrNotFound) && !told {
			told = true
			o.k.trouble(&account.Trouble{Kind: account.KindNotFound, Account: o.k.a.Name, Err: err,
				What: fmt.Sprintf("idle names %s, but there is no such mailbox", account.CleanWords(mailbox)), Hint: "mua mailboxes lists them"})
		}
		if time.Since(began) > time.Minute {
			back.reset()
		}
		select {
		case <-ctx.Done():
		case <-time.After(back.next()):
		case <-severedAfter(life, passed):
		}
	}
}

// severedAfter is passed where the connections were given up, else nothing ever: the keeper's next
// pass shows whether there is a network again.
func severedAfter(life context.Context, passed <-chan struct{}) <-chan struct{} {
	if life.Err() == nil {
		return nil
	}
	return passed
}

// session is one connection, until it fails or ctx ends.
func (o *outposts) session(ctx context.Context, mailbox string) error {
	opts := imap.Options{Wire: o.k.o.Wire, Probe: o.k.o.Probe, Answer: o.k.o.Answer}
	s, err := imap.Open(ctx, o.k.a, o.k.o.Store, opts)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // nothing was written
	fruitless := false
	for {
		_, passed := o.now()
		began := time.Now()
		news, err := s.Idle(ctx, mailbox, o.k.poll(), nil)
		if err != nil {
			return err
		}
		if !news {
			fruitless = false
			continue
		}
		if !pause(ctx, fruitless && time.Since(began) < atOnce) {
			return ctx.Err()
		}
		fruitless = true
		select {
		case o.heard <- mailbox:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-passed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pause waits a moment, where that is due, for news that a pass has not ended: never a hot loop.
// It is false when ctx ended.
func pause(ctx context.Context, due bool) bool {
	if !due {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(lockedWait):
		return true
	}
}
