package agent

import (
	"context"
	"time"

	"mua/account"
	"mua/store"
)

const (
	// indexStart keeps the index out of the way of the first screen.
	indexStart = 2 * time.Second
	// indexLook is how often it is seen whether mail is still being pulled.
	indexLook = 200 * time.Millisecond
	// indexLast is what leaving takes for it.
	indexLast = 150 * time.Millisecond
	// indexCalm is how long changes are gathered, indexSeal how long it must be quiet for the file to be sealed.
	indexCalm, indexSeal = 300 * time.Millisecond, 20 * time.Second
	// indexWhole is how often a large file is sealed for a few messages: that reads all of it.
	indexWhole = time.Hour
	// indexRetry follows trouble, or another process that is at it.
	indexRetry = 30 * time.Second
)

// keepIndexed keeps the search index up with the mail, beside the pull, until ctx ends.
// A search does not need it: what is not indexed is found by its headers.
func (g *Agent) keepIndexed(ctx context.Context) {
	changed, done := g.o.Store.Watch()
	defer done()
	if !idle(ctx, indexStart) {
		return
	}
	sealed := false
	var whole time.Time // when it was last read as a whole
	for {
		p, err := g.o.Store.UpdateIndex(ctx, store.IndexRun{Headers: true, Follow: g.whilePulling(ctx)})
		sealed = sealed && p == store.IndexProgress{}
		wait := indexRetry
		switch {
		case ctx.Err() != nil:
			g.sealIndex(ctx)
			return
		case err != nil:
		case !sealed:
			wait = indexSeal
		default:
			wait = 0
		}
		switch g.awaitIndex(ctx, changed, wait, err != nil) {
		case over:
			g.sealIndex(ctx)
			return
		case quiet:
			if err == nil {
				run := store.IndexRun{Headers: true, Seal: store.SealCheaply}
				if time.Since(whole) > indexWhole {
					run.Seal, whole = store.SealAlways, time.Now()
				}
				_, err := g.o.Store.UpdateIndex(ctx, run)
				sealed = err == nil
			}
		}
	}
}

// What a wait ended with.
const (
	over = iota
	quiet
	news
)

// awaitIndex waits for changes, or for as long as it is told (0: for ever); deaf: changes are not heard.
func (g *Agent) awaitIndex(ctx context.Context, changed <-chan struct{}, wait time.Duration, deaf bool) int {
	var timer <-chan time.Time
	if wait > 0 {
		timer = time.After(wait)
	}
	if deaf {
		changed = nil
	}
	select {
	case <-ctx.Done():
		return over
	case <-timer:
		return quiet
	case <-changed:
	}
	if !idle(ctx, indexCalm) {
		return over
	}
	return news
}

// sealIndex leaves the index finished where that is soon done.
func (g *Agent) sealIndex(ctx context.Context) {
	// Whatever is wrong, the next process finds out, and builds it anew.
	_, _ = g.o.Store.UpdateIndex(context.WithoutCancel(ctx), store.IndexRun{Headers: true, Seal: store.SealCheaply, Budget: indexLast})
}

// whilePulling gives what is closed when no mail is being fetched any more; nil: none is.
func (g *Agent) whilePulling(ctx context.Context) <-chan struct{} {
	if !g.pulling() {
		return nil
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for g.pulling() && idle(ctx, indexLook) {
		}
	}()
	return over
}

// pulling reports whether mail is being fetched.
func (g *Agent) pulling() bool {
	for _, s := range g.Status() {
		if s.Phase == account.Pulling {
			return true
		}
	}
	return false
}

// idle waits; false: ctx has ended.
func idle(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
