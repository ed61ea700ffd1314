// Package pump carries results of work to the screen's event loop.
//
// Its contract: Start and Serial are called on the loop and return at once;
// work runs beside it and returns what to do on the loop with its result; one
// goroutine, Run, alone hands results to the loop, all that are ready in one
// go. A result is dropped when its Slot has been started again or stopped
// meanwhile, and all are when the pump has been closed. No lock is held while
// posting to the loop.
package pump

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Slot is a place on the screen whose content is loaded: starting a new load
// makes the result of an earlier one out of date. A Slot is touched on the loop only.
type Slot struct {
	gen    uint64
	busy   bool
	cancel context.CancelFunc
}

// Load tells loads of the slot apart.
func (s *Slot) Load() uint64 { return s.gen }

// Busy reports whether a load is under way.
func (s *Slot) Busy() bool { return s.busy }

// Stop makes the result of a load under way out of date.
func (s *Slot) Stop() {
	s.gen++
	s.busy = false
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
}

// Work is done beside the loop. What it returns, if anything, is done on the loop.
type Work func(ctx context.Context) func()

// Pump is the one way from the work to the loop.
type Pump struct {
	ctx    context.Context
	cancel context.CancelFunc
	post   func(func())

	mu      sync.Mutex
	ready   []func()
	keyed   map[string]func()
	order   []Work        // serial work not yet done
	working bool          // the serial worker runs
	pending int           // works begun whose results are not yet on the screen
	idle    chan struct{} // closed when pending is 0
	closed  bool
	wake    chan struct{}
	done    chan struct{}
}

// New makes a pump; post runs a function on the loop, draws, and returns when that is done.
func New(ctx context.Context, post func(func())) *Pump {
	ctx, cancel := context.WithCancel(ctx)
	idle := make(chan struct{})
	close(idle)
	return &Pump{
		ctx: ctx, cancel: cancel, post: post,
		keyed: map[string]func(){}, idle: idle,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Run posts results until Close; then it calls atEnd, for nothing is posted any more.
func (p *Pump) Run(atEnd func()) {
	defer close(p.done)
	for {
		batch, n, closed := p.take()
		if closed {
			atEnd()
			return
		}
		if n == 0 {
			<-p.wake
			continue
		}
		p.post(func() {
			for _, f := range batch {
				f()
			}
		})
		p.finished(n)
	}
}

// take returns all that is ready.
func (p *Pump) take() (batch []func(), n int, closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch = p.ready
	p.ready = nil
	for _, f := range p.keyed {
		batch = append(batch, f)
	}
	clear(p.keyed)
	return batch, len(batch), p.closed
}

// Close ends the pump: work under way is cancelled, results are dropped.
// It does not wait and may be called from anywhere.
func (p *Pump) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.signal()
}

// Done is closed when Run has ended.
func (p *Pump) Done() <-chan struct{} { return p.done }

// Start does work beside the loop for a slot, superseding what the slot was doing.
func (p *Pump) Start(s *Slot, work Work) {
	s.Stop()
	ctx, cancel := context.WithCancel(p.ctx)
	s.cancel, s.busy = cancel, true
	gen := s.gen
	p.begun()
	go func() {
		apply := guarded(ctx, work)
		p.result(func() {
			cancel()
			if s.gen != gen {
				return
			}
			s.busy = false
			if apply != nil {
				apply()
			}
		})
	}()
}

// guarded does work. A panic in it becomes one on the loop, where the terminal
// is put in order before the program ends.
func guarded(ctx context.Context, work Work) (apply func()) {
	defer func() {
		if v := recover(); v != nil {
			words := fmt.Sprintf("%v\n\n%s", v, debug.Stack())
			apply = func() { panic(words) }
		}
	}()
	return work(ctx)
}

// Serial does work beside the loop, after all serial work begun before it. It is never superseded.
func (p *Pump) Serial(work Work) {
	p.begun()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order = append(p.order, work)
	if !p.working {
		p.working = true
		go p.worker()
	}
}

func (p *Pump) worker() {
	for {
		p.mu.Lock()
		if len(p.order) == 0 {
			p.working = false
			p.mu.Unlock()
			return
		}
		work := p.order[0]
		p.order = p.order[1:]
		p.mu.Unlock()
		apply := guarded(p.ctx, work)
		if apply == nil {
			apply = func() {}
		}
		p.result(apply)
	}
}

// Post does f on the loop; posts under the same key that have not run yet are
// one. It may be called from anywhere but the loop's own work is better done directly.
func (p *Pump) Post(key string, f func()) {
	p.mu.Lock()
	if _, there := p.keyed[key]; !there {
		p.beginLocked()
	}
	p.keyed[key] = f
	p.mu.Unlock()
	p.signal()
}

// Idle returns a channel that is closed once nothing is under way and all
// results so far are on the screen.
func (p *Pump) Idle() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.idle
}

func (p *Pump) begun() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beginLocked()
}

func (p *Pump) beginLocked() {
	if p.pending == 0 {
		p.idle = make(chan struct{})
	}
	p.pending++
}

func (p *Pump) finished(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending -= n; p.pending == 0 {
		close(p.idle)
	}
}

func (p *Pump) result(f func()) {
	p.mu.Lock()
	p.ready = append(p.ready, f)
	p.mu.Unlock()
	p.signal()
}

func (p *Pump) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
