package agent

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"
)

// Surroundings are what tells that waiting is over: another network, or a
// machine that has slept.
type Surroundings struct {
	Addresses string        // of the network interfaces that are up, separated by blanks; "" none
	Wall      time.Time     // what clocks on the wall show: it steps, and goes on while the machine sleeps
	Running   time.Duration // how long the machine has run since some moment; it stands still in sleep
}

const (
	lookEvery = 2 * time.Second
	slept     = 5 * time.Second // by how much the wall clock must run ahead to mean sleep, not a correction
)

// surroundings reads this machine's. They are compared every two seconds, on
// every system alike; one look costs some 100 µs.
func surroundings() func() Surroundings {
	began := time.Now()
	return func() Surroundings {
		now := time.Now()
		return Surroundings{Addresses: addresses(), Wall: now.Round(0), Running: now.Sub(began)}
	}
}

// addresses lists what this machine is reachable by. Loopback says nothing of
// the network, nor do link-local addresses, which virtual interfaces get and lose all the time.
func addresses() string {
	all, err := net.Interfaces()
	if err != nil {
		return ""
	}
	var out []string
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		list, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range list {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				out = append(out, n.IP.String())
			}
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

// since compares with an earlier look.
func (s Surroundings) since(before Surroundings) (c call) {
	if s.Wall.Sub(before.Wall)-(s.Running-before.Running) > slept {
		c |= awoke | severed
	}
	now := strings.Fields(s.Addresses)
	for _, a := range now {
		if !slices.Contains(strings.Fields(before.Addresses), a) {
			c |= awoke
		}
	}
	for _, a := range strings.Fields(before.Addresses) {
		if !slices.Contains(now, a) {
			c |= severed
		}
	}
	return c
}

// watchSurroundings rings every keeper's bells when what failed may work now,
// until ctx ends.
func (g *Agent) watchSurroundings(ctx context.Context) {
	look, every := g.o.Look, g.o.LookEvery
	if look == nil {
		look = surroundings()
	}
	if every == 0 {
		every = lookEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	before := look()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := look()
		if c := now.since(before); c != 0 {
			g.wakeAll(c)
		}
		before = now
	}
}

// wakeAll rings for every account. An outbox keeps no connection that could be
// dead: it is woken only by what gives hope.
func (g *Agent) wakeAll(c call) {
	for _, k := range g.keepers {
		k.sync.ring(c)
		k.fetch.ring(c)
		if c.has(awoke) {
			k.flush.ring(c)
		}
	}
}
