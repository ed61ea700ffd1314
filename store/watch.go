package store

import (
	"context"
	"sync"
	"time"
)

// watchEvery is how often other processes' changes are looked for.
const watchEvery = 250 * time.Millisecond

// watchers are the channels of Watch. The polling goroutine lives from the first
// Watch to Close.
type watchers struct {
	mu     sync.Mutex
	chans  map[chan struct{}]struct{}
	stop   context.CancelFunc
	done   chan struct{}
	closed bool
}

func (w *watchers) init() { w.chans = map[chan struct{}]struct{}{} }

// wake tells everyone without waiting; a value not yet taken stands for this one too.
func (w *watchers) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.chans {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (w *watchers) close() {
	w.mu.Lock()
	w.closed = true
	stop, done := w.stop, w.done
	w.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

// Watch returns a channel that gets a value soon after any change, by this
// process or another, coalesced; cancel ends it.
func (s *Store) Watch() (changed <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	w := &s.watchers
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return c, func() {}
	}
	w.chans[c] = struct{}{}
	if w.stop == nil {
		ctx, stop := context.WithCancel(context.Background())
		w.stop, w.done = stop, make(chan struct{})
		go s.pollOthers(ctx, w.done)
	}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.chans, c)
	}
}

// pollOthers looks at PRAGMA data_version on a connection of its own: it changes
// with every commit of any other connection, ours included.
func (s *Store) pollOthers(ctx context.Context, done chan struct{}) {
	defer close(done)
	db := openPool(s.path(), false)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := int64(-1)
	for {
		var v int64
		if err := conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v); err == nil {
			if v != last { // the first time too: something may have come since Watch
				s.watchers.wake()
			}
			last = v
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
