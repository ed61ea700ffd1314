package store

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// Bounds of what a Belt's taker is given at once. The first batch is small, so that what is newest is soon
// there to read; beltWait is how long something that is ready waits for company. A full belt is no reason to take
// less: each commit waits for the disk, and writes the pages of every index again.
const (
	beltFirst = 20
	beltCount = 500
	beltSize  = 4 << 20
	beltWait  = 100 * time.Millisecond
)

// Belt carries what a network reader brings to the store: what each thing costs before it can be stored
// (Store.Prepare) is done beside the reading, on all cores, and it is taken in the order in which
// it came, many at once. No more than its room is on the belt, so memory does not grow with what comes.
type Belt[T any] struct {
	work func(*T) error
	take func([]T) error
	todo chan *load[T]
	ends sync.WaitGroup

	mu      sync.Mutex
	change  *sync.Cond // of anything below
	room    int64
	batch   int64      // octets that are taken at once
	held    int64      // octets on the belt
	row     []*load[T] // in order
	blocked bool       // Put waits for room
	hurry   bool       // what is ready has waited long enough
	closed  bool
	failed  error
}

// load is one thing on a belt.
type load[T any] struct {
	v      T
	octets int64
	done   bool // worked on
	err    error
}

// NewBelt starts a belt that holds room octets: work is called for each thing, from several goroutines;
// take for batches of them, from one. The first error of either ends the belt. End must be called.
func NewBelt[T any](room int64, work func(*T) error, take func([]T) error) *Belt[T] {
	workers := runtime.GOMAXPROCS(0)
	b := &Belt[T]{work: work, take: take, room: room, batch: min(beltSize, room/4), todo: make(chan *load[T], 4*beltCount)}
	b.change = sync.NewCond(&b.mu)
	for range workers {
		b.ends.Go(b.works)
	}
	b.ends.Go(b.takes)
	return b
}

// Put puts a thing of so many octets on the belt, and waits while it is full; one that is larger than the
// belt goes alone. It returns what ended the belt. From one goroutine.
func (b *Belt[T]) Put(v T, octets int64) error {
	l := &load[T]{v: v, octets: octets}
	b.mu.Lock()
	for b.failed == nil && b.held > 0 && (b.held+octets > b.room || len(b.row) >= cap(b.todo)) {
		b.blocked = true
		b.change.Broadcast()
		b.change.Wait()
	}
	b.blocked = false
	err := b.failed
	if err == nil {
		b.held += octets
		b.row = append(b.row, l)
	}
	b.mu.Unlock()
	if err == nil {
		b.todo <- l // has room for all that is in the row
	}
	return err
}

// End waits until all is taken, and returns what ended the belt before that.
func (b *Belt[T]) End() error {
	b.mu.Lock()
	b.closed = true
	b.change.Broadcast()
	b.mu.Unlock()
	close(b.todo)
	b.ends.Wait()
	return b.failed
}

func (b *Belt[T]) works() {
	for l := range b.todo {
		err := b.work(&l.v)
		b.mu.Lock()
		l.done, l.err = true, err
		if b.row[0].done { // it may be taken; what is not done is never taken, so there is a row
			b.change.Broadcast()
		}
		b.mu.Unlock()
	}
}

func (b *Belt[T]) takes() {
	for limit := beltFirst; ; limit = beltCount {
		batch, octets, ok := b.next(limit)
		if !ok {
			return
		}
		err := b.take(batch)
		b.mu.Lock()
		b.held -= octets
		if err != nil {
			b.failed = err
		}
		b.change.Broadcast()
		b.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// next waits for the next batch; ok is false when there is none.
func (b *Belt[T]) next(limit int) (batch []T, octets int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hurry = false
	var wait *time.Timer
	for {
		n, octets := b.ready(limit)
		switch {
		case n == 0 && len(b.row) > 0 && b.row[0].done:
			b.failed = b.row[0].err
			b.change.Broadcast()
			return nil, 0, false
		case n == 0 && b.closed && len(b.row) == 0:
			return nil, 0, false
		case n > 0 && (n == limit || octets >= b.batch || b.hurry || (b.blocked || b.closed) && n == len(b.row)):
			for _, l := range b.row[:n] {
				batch = append(batch, l.v)
			}
			b.row = slices.Delete(b.row, 0, n)
			return batch, octets, true
		case n > 0 && wait == nil:
			wait = time.AfterFunc(beltWait, b.urge)
			defer wait.Stop()
		}
		b.change.Wait()
	}
}

// ready counts what may be taken now.
func (b *Belt[T]) ready(limit int) (n int, octets int64) {
	for n < min(limit, len(b.row)) && octets < b.batch && b.row[n].done && b.row[n].err == nil {
		octets += b.row[n].octets
		n++
	}
	return n, octets
}

func (b *Belt[T]) urge() {
	b.mu.Lock()
	b.hurry = true
	b.change.Broadcast()
	b.mu.Unlock()
}
