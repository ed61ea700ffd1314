package agent

import (
	"context"
	"errors"
	"fmt"

	"mua/account"
	"mua/account/imap"
	"mua/account/pop3"
	"mua/account/wire"
	"mua/outbox"
	"mua/store"
)

// link is one account's connection to its incoming server, kept over passes.
// It belongs to one goroutine.
type link struct {
	o        Options
	a        *account.Account
	id       store.AccountID
	counters *wire.Counters
	imap     *imap.Session // nil: not connected
}

func newLink(o Options, a *account.Account, id store.AccountID) *link {
	l := &link{o: o, a: a, id: id, counters: &wire.Counters{}}
	l.o.Wire.Counters = l.counters
	return l
}

func (l *link) close() {
	if l.imap != nil {
		l.imap.Close() //nolint:errcheck // the connection is given up either way
		l.imap = nil
	}
}

// pass is one round: replay, flush, replay, pull.
func (l *link) pass(ctx context.Context, p PassOptions) Result {
	r := Result{Account: l.a.Name}
	began := l.o.now()
	bytes, turns := l.counters.BytesIn()+l.counters.BytesOut(), l.counters.RoundTrips()
	l.o.say(account.Status{Account: l.a.Name, Phase: account.Connecting})

	r.note(l.connect(ctx))
	l.replay(ctx, &r)
	if !p.NoSend && l.a.Outgoing != nil {
		l.flush(ctx, &r)
		if r.Sent > 0 {
			l.replay(ctx, &r)
		}
	}
	l.pull(ctx, p, &r)
	if l.wishes(ctx) { // a mailbox that the pull has just found on the server gets what waited for it here
		l.replay(ctx, &r)
	}

	if r.Err == nil {
		r.note(l.o.Store.Purge(ctx))
	}
	r.Bytes = l.counters.BytesIn() + l.counters.BytesOut() - bytes
	r.RoundTrips = l.counters.RoundTrips() - turns
	r.Duration = l.o.now().Sub(began)
	return r
}

// connect opens the IMAP session when there is none; POP3 connects in pull.
func (l *link) connect(ctx context.Context) error {
	if l.imap != nil || l.a.Incoming == nil || l.a.Incoming.Protocol != account.IMAP {
		return nil
	}
	s, err := imap.Open(ctx, l.a, l.o.Store, l.imapOptions())
	if err != nil {
		return err
	}
	l.imap = s
	return nil
}

func (l *link) imapOptions() imap.Options {
	return imap.Options{
		Wire: l.o.Wire, MaxMessage: l.o.Config.MaxMessage,
		Progress: l.o.say, ConfirmRemoval: l.o.ConfirmRemoval,
	}
}

// wishes reports whether anything waits to be replayed over a live connection.
func (l *link) wishes(ctx context.Context) bool {
	if l.imap == nil {
		return false
	}
	todo, err := l.o.Store.PendingActions(ctx, l.id)
	return err == nil && len(todo) > 0
}

func (l *link) replay(ctx context.Context, r *Result) {
	if l.imap == nil {
		return
	}
	l.o.say(account.Status{Account: l.a.Name, Online: true, Phase: account.Replaying})
	done, conflicts, err := l.imap.Replay(ctx)
	r.Replayed += done
	r.Conflicts += conflicts
	l.noteLost(r, err)
}

func (l *link) flush(ctx context.Context, r *Result) {
	// That the same person's login just worked is reason enough to try a refused one again, but not for
	// cron, which would get the account locked.
	sum, err := Flush(ctx, l.o, l.a, l.imap != nil && !l.o.Unattended)
	if errors.Is(err, store.ErrLocked) {
		return // another process is at it
	}
	r.Sent += sum.Sent
	r.Queued += sum.Queued + sum.Uncertain
	r.note(err)
	if n := sum.Failed + sum.Partial; n > 0 {
		r.note(refusedItems(l.a, n))
	}
}

func (l *link) pull(ctx context.Context, p PassOptions, r *Result) {
	if l.a.Incoming == nil {
		return
	}
	l.o.say(account.Status{Account: l.a.Name, Phase: account.Pulling})
	switch l.a.Incoming.Protocol {
	case account.IMAP:
		if l.imap == nil {
			return // connect has said why
		}
		got, err := l.imap.Pull(ctx, p.Mailboxes)
		r.New, r.Changed, r.Removed = got.New, got.Changed, got.Removed
		r.Warnings = append(r.Warnings, got.Warnings...)
		l.noteLost(r, err)
	case account.POP3:
		l.pullPOP3(ctx, r)
	}
}

func (l *link) pullPOP3(ctx context.Context, r *Result) {
	s, err := pop3.Open(ctx, l.a, l.o.Store, pop3.Options{
		Wire: l.o.Wire, MaxMessage: l.o.Config.MaxMessage, Progress: l.o.say, Now: l.o.Now,
	})
	if err != nil {
		r.note(err)
		return
	}
	got, err := s.Pull(ctx)
	r.New, r.Changed, r.Removed = got.New, got.Changed, got.Removed
	r.note(err)
	r.note(s.Close())
}

// noteLost records trouble of the IMAP session and gives the connection up when
// it cannot be trusted any more.
func (l *link) noteLost(r *Result, err error) {
	if err == nil {
		return
	}
	r.note(err)
	var t *account.Trouble
	if !errors.As(err, &t) || t.Kind != account.KindOther {
		l.close()
	}
}

func refusedItems(a *account.Account, n int) error {
	what := "the server refused a message for good, for all or some recipients"
	if n > 1 {
		what = fmt.Sprintf("the server refused %d messages for good, for all or some recipients", n)
	}
	return &account.Trouble{
		Kind: account.KindRefused, Account: a.Name, Host: a.Outgoing.Host, What: what,
		Kept: "The text is kept", Hint: "mua outbox list",
	}
}

var _ outbox.SentFinder = (*finder)(nil)
