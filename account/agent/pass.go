package agent

import (
	"context"
	"errors"
	"strings"
	"time"

	"mua/account"
	"mua/account/wire"
	"mua/store"
)

// Options of an agent. Config and Store are needed.
type Options struct {
	Config *account.Config
	Store  *store.Store
	Wire   wire.Options     // timeouts and trace; counters are the agent's own
	Now    func() time.Time // nil: time.Now
	// Poll is how often an account without news is looked at again; 0: 5 minutes.
	Poll time.Duration
	// Progress is called often and from several goroutines; nil: nobody listens.
	Progress func(account.Status)
	// Unattended says that cron or a timer runs this: it comes again by itself,
	// which SomebodyFlushes hears of, and no person asks for anything with it.
	Unattended bool
	// Backoff is the first wait after trouble, doubled up to 5 minutes; 0: 5 s.
	Backoff time.Duration
	// Look tells what the machine's surroundings are, LookEvery how often they are
	// compared; nil and 0: this machine's, every two seconds.
	Look      func() Surroundings
	LookEvery time.Duration
	// Version of mua: what a message could not be had with is tried again with another.
	Version string
	// Hook is run on new mail; nil: none.
	Hook *Hook
	// Probe is how often a server that is watched is asked whether it is still there, Answer how
	// long its answer may take; 0: 10 s and 6 s.
	Probe, Answer time.Duration
	// NoSend has an Agent leave the outbox alone, and tell nobody that it flushes.
	NoSend bool
	// ConfirmRemoval mirrors even a server that suddenly shows most of a mailbox gone.
	ConfirmRemoval bool
}

func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

func (o Options) say(s account.Status) {
	if o.Progress != nil {
		o.Progress(s)
	}
}

// PassOptions narrow one pass.
type PassOptions struct {
	Mailboxes []string // names; nil: all
	News      []string // mailboxes that are known to have news: looked at first
	NoSend    bool     // leave the outbox alone
}

// Result is what one pass over one account did: a row of mua sync.
type Result struct {
	Account               string
	By                    string // "other" when another process keeps the account in step
	New, Changed, Removed int
	Replayed, Conflicts   int
	Sent, Queued          int
	Bytes, RoundTrips     int64 // octets both ways; turns of the connections
	Duration              time.Duration
	Warnings              []string
	Arrived               store.Arrivals // new mail, as on_new_mail hears of it
	Err                   error          // first trouble, in the order of the steps
}

func (r *Result) note(err error) {
	if err != nil && r.Err == nil {
		r.Err = err
	}
}

// Add counts in another pass, which left the outbox alone.
func (r *Result) Add(next Result) {
	r.New, r.Changed, r.Removed = r.New+next.New, r.Changed+next.Changed, r.Removed+next.Removed
	r.Replayed, r.Conflicts = r.Replayed+next.Replayed, r.Conflicts+next.Conflicts
	r.Bytes, r.RoundTrips, r.Duration = r.Bytes+next.Bytes, r.RoundTrips+next.RoundTrips, r.Duration+next.Duration
	r.Warnings = append(r.Warnings, next.Warnings...)
	r.note(next.Err)
}

// Pass brings one account in step once: replay, flush, replay what acceptance
// released, pull. When another process keeps the account in step, that one is
// woken and Result.By says so. Troubles are in Result.Err as *account.Trouble
// or errors of the store.
func Pass(ctx context.Context, o Options, a *account.Account, p PassOptions) Result {
	id, err := o.Store.EnsureAccount(ctx, a.Name)
	if err != nil {
		return Result{Account: a.Name, Err: err}
	}
	unlock, err := o.Store.Lock(a.Name, lockSync)
	if errors.Is(err, store.ErrLocked) {
		wake := o.Store.Ask
		if o.Unattended {
			wake = o.Store.Wake
		}
		return Result{Account: a.Name, By: "other", Err: wake(ctx, id)}
	}
	if err != nil {
		return Result{Account: a.Name, Err: err}
	}
	defer unlock()
	l := newLink(o, a, id)
	defer l.close()
	r := l.pass(ctx, p)
	if t := o.Hook.run(ctx, a.Name, r.Arrived); t != nil {
		r.Warnings = append(r.Warnings, strings.TrimPrefix(t.Error(), a.Name+": "))
	}
	return r
}

// The purposes of the store's locks.
const (
	lockSync  = "sync"
	lockFlush = "flush"
	lockWatch = "watch" // held by whoever flushes and pulls on its own until it ends
)
