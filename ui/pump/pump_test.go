package pump

import (
	"context"
	"sync"
	"testing"
	"time"
)

// loop is an event loop as the pump sees it: one function at a time.
type loop struct {
	mu    sync.Mutex
	posts int
}

func (l *loop) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.posts++
	f()
}

func begin(t *testing.T) (*Pump, *loop) {
	l := &loop{}
	p := New(t.Context(), l.do)
	ended := make(chan struct{})
	go p.Run(func() { close(ended) })
	t.Cleanup(func() {
		p.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Error("the pump did not end")
		}
		<-p.Done()
	})
	return p, l
}

func idle(t *testing.T, p *Pump) {
	t.Helper()
	select {
	case <-p.Idle():
	case <-time.After(10 * time.Second):
		t.Fatal("not idle")
	}
}

func TestLaterLoadWins(t *testing.T) {
	p, l := begin(t)
	var s Slot
	release := make(chan struct{})
	got := ""
	l.do(func() {
		p.Start(&s, func(ctx context.Context) func() {
			<-ctx.Done() // superseding cancels
			<-release
			return func() { got += "old" }
		})
		p.Start(&s, func(context.Context) func() { return func() { got += "new" } })
	})
	close(release)
	idle(t, p)
	l.do(func() {
		if got != "new" || s.Busy() {
			t.Errorf("got %q, busy %v", got, s.Busy())
		}
	})
}

func TestStoppedLoadIsDropped(t *testing.T) {
	p, l := begin(t)
	var s Slot
	l.do(func() {
		p.Start(&s, func(context.Context) func() { return func() { t.Error("dropped results do nothing") } })
		s.Stop()
	})
	idle(t, p)
}

func TestSerialKeepsOrder(t *testing.T) {
	p, l := begin(t)
	var done, shown []int
	l.do(func() {
		for i := range 100 {
			p.Serial(func(context.Context) func() {
				done = append(done, i) // no lock: never two at a time
				return func() { shown = append(shown, i) }
			})
		}
	})
	idle(t, p)
	l.do(func() {
		for i := range 100 {
			if done[i] != i || shown[i] != i {
				t.Fatalf("order %v, %v", done, shown)
			}
		}
	})
}

func TestResultsCoalesce(t *testing.T) {
	p, l := begin(t)
	slots := make([]Slot, 200)
	n := 0
	var ready sync.WaitGroup
	l.mu.Lock() // the loop is busy
	for i := range slots {
		ready.Add(1)
		p.Start(&slots[i], func(context.Context) func() {
			defer ready.Done()
			return func() { n++ }
		})
	}
	ready.Wait()
	l.mu.Unlock()
	idle(t, p)
	l.do(func() {
		if n != len(slots) || l.posts > 60 {
			t.Errorf("%d results in %d posts", n, l.posts)
		}
	})
}

func TestPostsUnderOneKeyAreOne(t *testing.T) {
	p, l := begin(t)
	n := 0
	l.mu.Lock()
	for range 1000 {
		p.Post("news", func() { n++ })
	}
	l.mu.Unlock()
	idle(t, p)
	l.do(func() {
		if n > 2 || n == 0 {
			t.Errorf("%d of 1000 posts were done", n)
		}
	})
}

func TestIdleCoversWorkBegunByResults(t *testing.T) {
	p, l := begin(t)
	var a, b Slot
	done := false
	l.do(func() {
		p.Start(&a, func(context.Context) func() {
			return func() {
				p.Start(&b, func(context.Context) func() { return func() { done = true } })
			}
		})
	})
	idle(t, p)
	l.do(func() {
		if !done {
			t.Error("idle too early")
		}
	})
}

func TestCloseCancelsWork(t *testing.T) {
	p, l := begin(t)
	var s Slot
	ended := make(chan struct{})
	l.do(func() {
		p.Start(&s, func(ctx context.Context) func() {
			<-ctx.Done()
			close(ended)
			return nil
		})
	})
	p.Close()
	<-ended
}
