package agent

import (
	"context"
	"slices"
	"sync"

	"mua/account"
	"mua/store"
)

// Agent keeps every account of a configuration in step until its context ends.
// Sync, Flush, Status and Watch return at once and may be called from anywhere.
type Agent struct {
	o       Options
	keepers []*keeper

	mu       sync.Mutex
	status   map[string]account.Status
	watchers map[chan struct{}]bool
	news     map[string]store.Arrivals // not yet told, by account
	told     chan struct{}             // gets a value when news has come
}

// New makes an agent; Run starts it.
func New(o Options) *Agent {
	g := &Agent{o: o, status: map[string]account.Status{}, watchers: map[chan struct{}]bool{}, news: map[string]store.Arrivals{}, told: make(chan struct{}, 1)}
	for _, a := range o.Config.Accounts {
		g.status[a.Name] = account.Status{Account: a.Name, Phase: account.Idle}
		g.keepers = append(g.keepers, newKeeper(g, a))
	}
	return g
}

// Run works until ctx ends and everything under way has come to a safe stop.
func (g *Agent) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { g.watchSurroundings(ctx) })
	wg.Go(func() { g.runHook(ctx) })
	wg.Go(func() { g.keepIndexed(ctx) })
	for _, k := range g.keepers {
		wg.Go(func() { k.keepSynced(ctx) })
		wg.Go(func() { k.keepFlushed(ctx) })
		wg.Go(func() { k.keepFetched(ctx) })
	}
	wg.Wait()
}

// Sync asks for a pass over an account now ("": all), also after a refused login.
func (g *Agent) Sync(name string) {
	for _, k := range g.named(name) {
		k.sync.ring(person)
		k.flush.ring(person)
		k.fetch.ring(person)
	}
}

// Flush asks for the outbox of an account to be tried now ("": all); an account
// whose login was refused stays stopped.
func (g *Agent) Flush(name string) {
	for _, k := range g.named(name) {
		k.flush.ring(again)
	}
}

func (g *Agent) named(name string) []*keeper {
	return slices.DeleteFunc(slices.Clone(g.keepers), func(k *keeper) bool { return name != "" && k.a.Name != name })
}

// Status lists the accounts as they are now, in the configuration's order.
func (g *Agent) Status() []account.Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []account.Status
	for _, k := range g.keepers {
		out = append(out, g.status[k.a.Name])
	}
	return out
}

// Watch returns a channel that gets a value soon after any change of Status,
// coalesced; cancel ends it.
func (g *Agent) Watch() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watchers[c] = true
	return c, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.watchers, c)
	}
}

// change edits one account's status and tells the watchers.
func (g *Agent) change(name string, edit func(*account.Status)) {
	g.mu.Lock()
	s := g.status[name]
	edit(&s)
	g.status[name] = s
	for c := range g.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	g.mu.Unlock()
	g.o.say(s)
}
