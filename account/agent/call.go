package agent

import (
	"context"

	"mua/store"
)

// call is why a goroutine is woken: any of these together.
type call uint8

const (
	again    call = 1 << iota // something may be due
	awoke                     // the network is back, or the machine has slept: what failed may work now
	severed                   // connections made before are probably dead
	relieved                  // what another process did ends the trouble, or may
	person                    // a person asks: a refused login is tried once more, too
)

// has reports whether any of the reasons is among c.
func (c call) has(reasons call) bool { return c&reasons != 0 }

// bell wakes a goroutine; rings while it works are remembered as one.
type bell struct{ c chan call }

func newBell() bell { return bell{make(chan call, 1)} }

func (b bell) ring(c call) {
	for {
		select {
		case b.c <- c:
			return
		default:
		}
		select {
		case waiting := <-b.c:
			c |= waiting
		default:
		}
	}
}

// ears hear what other processes ask of an account, by way of the store.
type ears struct {
	s            *store.Store
	id           store.AccountID
	woken, asked int64 // as last taken note of
}

// note takes what was asked until now as heard: what follows answers it.
func (e *ears) note(ctx context.Context) {
	if n, err := e.s.Woken(ctx, e.id); err == nil { // a failing store shows in what follows
		e.woken = n
	}
	if n, err := e.s.Asked(ctx, e.id); err == nil {
		e.asked = n
	}
}

// call is what has been asked since note.
func (e *ears) call(ctx context.Context) (c call) {
	if n, err := e.s.Woken(ctx, e.id); err == nil && n != e.woken {
		c |= again
	}
	if n, err := e.s.Asked(ctx, e.id); err == nil && n != e.asked {
		c |= person
	}
	return c
}
