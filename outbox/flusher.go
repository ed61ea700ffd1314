package outbox

import (
	"context"
	"errors"
	"time"

	"mua/account"
	"mua/store"
)

// Spool is what a Flusher needs of the store; *store.Store implements it and
// documents each method's obligations.
type Spool interface {
	Lock(account, purpose string) (unlock func(), err error)
	Item(ctx context.Context, id store.OutboxID) (store.Item, error)
	Items(ctx context.Context, all bool) ([]store.Item, error)
	ItemRaw(ctx context.Context, id store.OutboxID) ([]byte, error)
	Attempts(ctx context.Context, id store.OutboxID) ([]store.Attempt, error)
	AttemptLedger(ctx context.Context, id store.AttemptID) ([]store.RecipientResult, error)
	Moved(ctx context.Context) (why string, err error)
	DueCount(ctx context.Context, a store.AccountID) (int, error)
	Claim(ctx context.Context, a store.AccountID, id store.OutboxID, host string) (*store.Claimed, error)
	DotPending(ctx context.Context, at store.AttemptID, soFar ...store.RecipientResult) error
	EndAttempt(ctx context.Context, r store.AttemptResult) error
	EndAndClaim(ctx context.Context, r store.AttemptResult, a store.AccountID, host string) (*store.Claimed, error)
	Orphans(ctx context.Context, a store.AccountID) ([]store.Attempt, error)
	UncertainItems(ctx context.Context, a store.AccountID) ([]store.Item, error)
	SetWaiting(ctx context.Context, a store.AccountID, why, words string) error
	Resolve(ctx context.Context, id store.OutboxID, sent bool, why string) error
	ResolveKept(ctx context.Context, id store.OutboxID, why string, rewrite store.Rewrite) error
}

var _ Spool = (*store.Store)(nil)

// Flusher sends what is due of one account. Its fields are set before use and
// not changed; its methods may be called from several goroutines and processes:
// the account's flush lock lets one of them work.
type Flusher struct {
	Store     Spool
	Account   *account.Account
	AccountID store.AccountID
	Submitter Submitter
	Finder    SentFinder // nil: uncertain items are settled by policy alone
	Now       func() time.Time
	Retry     Schedule
	Log       func(Event) // may be nil; one call at a time
	// Rewrite makes what rewrites an item given up into the draft that is kept, for those who have not got it. nil:
	// only what nobody has got is kept, as it is.
	Rewrite func(context.Context, store.Item) store.Rewrite

	// Force tries even if the server refused the last login: the person asked for it.
	Force bool
	// Changed is when the account's configuration or secrets last changed, zero
	// when that is not known: a login refused before then may be tried again.
	Changed time.Time
	// Grace is how long the answer to a written final dot is awaited once the
	// context has ended; 0: 30 s. The session's own limit (10 min) holds as well.
	Grace time.Duration
}

// Event is one step of a pass, for a progress line or a log.
type Event struct {
	Item    store.OutboxID    // 0: the account
	State   store.ItemState   // what the item is now; "" for the account
	What    string            // a sentence
	Trouble *account.Trouble  // the account's trouble; nil: none
	Subject string            // of the item
	To      []store.Recipient // of the item, as they were when it was claimed
}

// Summary counts what a pass did, by the state each item it touched ended in.
type Summary struct {
	Sent, Partial, Queued, Failed, Uncertain int
	Items                                    []store.OutboxID // touched, in order
}

// lockPoll is how often One looks whether another flusher is done with the lock.
const lockPoll = 50 * time.Millisecond

// Flush settles what earlier processes left and sends everything due, over one
// connection as long as that lasts, or over up to Account.Sessions where an item
// spends its time on the way to the server. The error is the account's trouble
// (*account.Trouble) or the store's; store.ErrLocked when another flusher is at
// work. Items' own troubles are not errors: see Summary and the items.
func (f *Flusher) Flush(ctx context.Context) (Summary, error) {
	unlock, err := f.Store.Lock(f.Account.Name, "flush")
	if err != nil {
		return Summary{}, err
	}
	defer unlock()
	p := f.begin(ctx, f.Account.Sessions)
	if err = p.ready(); err == nil {
		err = p.drain()
	}
	return p.sum(), err
}

// One sends one item, due or not, and leaves the others. It waits for another
// flusher's lock until ctx ends, unless that one is done with the item first.
// The item is returned as it is afterwards, beside an error as Flush's.
func (f *Flusher) One(ctx context.Context, id store.OutboxID) (store.Item, error) {
	unlock, err := f.await(ctx, id)
	if unlock == nil {
		return f.reread(ctx, id, err)
	}
	defer unlock()
	p := f.begin(ctx, 1)
	if err = p.ready(); err == nil {
		err = p.one(id)
	}
	return f.reread(ctx, id, err)
}

// reread reads an item for a caller whose context may have ended; err goes first.
func (f *Flusher) reread(ctx context.Context, id store.OutboxID, err error) (store.Item, error) {
	ctx, cancel := durable(ctx)
	defer cancel()
	it, rerr := f.Store.Item(ctx, id)
	return it, errors.Join(err, rerr)
}

// await takes the flush lock; nil with a nil error when another flusher has settled the item meanwhile.
func (f *Flusher) await(ctx context.Context, id store.OutboxID) (func(), error) {
	before := -1
	for {
		unlock, err := f.Store.Lock(f.Account.Name, "flush")
		if !errors.Is(err, store.ErrLocked) {
			return unlock, err
		}
		it, ierr := f.Store.Item(ctx, id)
		if ierr != nil {
			return nil, ierr
		}
		if before < 0 {
			before = it.Attempts
		}
		if it.State != store.Sending && (it.State != store.Queued || it.Attempts > before) {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(lockPoll):
		}
	}
}

func (f *Flusher) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

func (f *Flusher) schedule() Schedule {
	if f.Retry.zero() {
		return DefaultSchedule()
	}
	return f.Retry
}

func (f *Flusher) log(e Event) {
	if f.Log != nil {
		f.Log(e)
	}
}

// host is the submission server's name, for the story.
func (f *Flusher) host() string {
	if f.Account.Outgoing == nil {
		return ""
	}
	return f.Account.Outgoing.Host
}

// durable is a context for what must be recorded although ctx has ended.
func durable(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
}
