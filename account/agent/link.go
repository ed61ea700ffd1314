package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	down     error // why the incoming server could not be reached in this pass
	counters *wire.Counters
	imap     *imap.Session        // nil: not connected
	arrived  func(store.Arrivals) // told of new mail as soon as it is here; nil: Result says it

	left   waiting          // wishes that the last pass has tried and that wait still: of them only the next one makes another try
	unable *account.Trouble // why, for the reader; nil: there are none, or nothing needs to be said
}

// waiting are wishes that can be replayed, each kind with ids of its own.
type waiting struct{ messages, mailboxes []store.ActionID }

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

	sending := !p.NoSend && l.a.Outgoing != nil
	flushed, join := false, func() {}
	switch {
	case !sending:
		r.note(l.connect(ctx))
	case l.a.Incoming != nil && l.a.Incoming.Protocol == account.POP3:
		flushed, join = true, l.flushBeside(ctx, &r)
	default:
		flushed = l.connectBeside(ctx, &r)
	}
	mark, err := l.o.Store.MarkNews(ctx)
	r.note(err)
	if len(p.News) > 0 && l.imap != nil && l.imap.TellsChanges() { // what somebody may be waiting for comes first
		l.pull(ctx, PassOptions{Mailboxes: p.News}, &r)
		mark = l.tellArrived(ctx, mark, &r)
	}
	l.replay(ctx, &r)
	l.serveWanted(ctx, &r)
	if sending && !flushed {
		l.flush(ctx, &r)
	}
	if r.Sent > 0 {
		l.replay(ctx, &r)
	}
	l.pull(ctx, p, &r)
	join()
	l.tellArrived(ctx, mark, &r)
	l.unable = nil
	if l.left = l.replayable(ctx); len(l.left.messages)+len(l.left.mailboxes) > 0 { // a mailbox that the pull has just found on the server gets what waited for it here
		l.replay(ctx, &r)
		if l.imap != nil && l.imap.Unable() != nil {
			l.unable = l.imap.Unable()
			r.Warnings = append(r.Warnings, strings.TrimPrefix(l.unable.Error(), l.a.Name+": "))
		}
	}

	if r.Err == nil {
		r.note(l.tidy(ctx))
	}
	r.Bytes = l.counters.BytesIn() + l.counters.BytesOut() - bytes
	r.RoundTrips = l.counters.RoundTrips() - turns
	r.Duration = l.o.now().Sub(began)
	return r
}

// tidy frees what is not kept any more, and gives the room back.
func (l *link) tidy(ctx context.Context) error {
	if err := l.o.Store.Purge(ctx); err != nil {
		return err
	}
	if l.imap != nil {
		boxes, err := l.o.Store.Mailboxes(ctx, l.id)
		if err != nil {
			return err
		}
		if _, err := l.o.Store.PruneBodies(ctx, imap.Outdated(l.a, boxes, l.o.now())); err != nil {
			return err
		}
	}
	return l.o.Store.GiveBack(ctx)
}

// tellArrived tells of the new mail since a mark and returns the next one.
func (l *link) tellArrived(ctx context.Context, since store.NewsMark, r *Result) store.NewsMark {
	news, now, err := l.o.Store.Arrived(ctx, l.id, since)
	if err != nil || news.Count == 0 {
		return now // a failing store has been told of by the pull
	}
	if l.arrived != nil {
		l.arrived(news)
	}
	r.Arrived.Count += news.Count
	r.Arrived.Rows = append(news.Rows, r.Arrived.Rows...)
	return now
}

// flushBeside flushes the outbox beside a pull that has nothing to do with it (POP3); join waits for that.
func (l *link) flushBeside(ctx context.Context, r *Result) (join func()) {
	flushed := make(chan Result, 1)
	go func() {
		var sent Result
		l.flush(ctx, &sent)
		flushed <- sent
	}()
	return func() {
		sent := <-flushed
		r.Sent, r.Queued = sent.Sent, sent.Queued
		if sent.Err != nil {
			r.Err = sent.Err // of the step that comes first
		}
	}
}

// patience is how long the outbox waits for the incoming server, whose login may say that a
// refused one is worth another try.
const patience = 2 * time.Second

// connectBeside connects; when that takes long, the outbox is flushed meanwhile, so that two servers
// that say nothing do not take their time one after the other. flushed: it was.
func (l *link) connectBeside(ctx context.Context, r *Result) (flushed bool) {
	connected := make(chan error, 1)
	go func() { connected <- l.connect(ctx) }()
	select {
	case err := <-connected:
		l.down = err
		r.note(err)
		return false
	case <-time.After(patience):
	}
	var sent Result
	sum, err := flush(ctx, l.o, l.a, false, &account.Trouble{Kind: account.KindTemporary, Account: l.a.Name, What: "the incoming server has not answered yet"})
	l.noteFlush(&sent, sum, err)
	l.down = <-connected
	r.note(l.down)
	r.Sent, r.Queued = sent.Sent, sent.Queued
	r.note(sent.Err)
	return true
}

// connect opens the IMAP session when there is none; POP3 connects in pull.
func (l *link) connect(ctx context.Context) error {
	if l.imap != nil || l.a.Incoming == nil || l.a.Incoming.Protocol != account.IMAP {
		return nil
	}
	l.o.say(account.Status{Account: l.a.Name, Phase: account.Connecting})
	s, err := imap.Open(ctx, l.a, l.o.Store, l.imapOptions())
	if err != nil {
		return err
	}
	l.imap = s
	return nil
}

// reached tells whether the server answers, after a pass: one that says nothing is no better than none, and without a
// password nobody has asked it.
func (l *link) reached(r Result) bool {
	var t *account.Trouble
	switch {
	case r.Err == nil || l.imap != nil:
		return true
	case r.Bytes == 0:
		return false
	case !errors.As(r.Err, &t):
		return true
	}
	silent := t.Kind == account.KindTemporary && l.a.Incoming.Protocol == account.IMAP
	return t.Kind != account.KindNetwork && !silent
}

func (l *link) imapOptions() imap.Options {
	return imap.Options{
		Wire: l.o.Wire, MaxMessage: l.o.Config.MaxMessage,
		Progress: l.o.say, ConfirmRemoval: l.o.ConfirmRemoval, Version: l.o.Version,
		Probe: l.o.Probe, Answer: l.o.Answer,
	}
}

// replayable lists what waits to be replayed over a live connection.
func (l *link) replayable(ctx context.Context) (w waiting) {
	if l.imap == nil {
		return w
	}
	var err error
	if w.mailboxes, err = l.o.Store.ReplayableMailboxes(ctx, l.id); err != nil {
		return waiting{} // the pass tells of a failing store
	}
	if w.messages, err = l.o.Store.Replayable(ctx, l.id); err != nil {
		return waiting{}
	}
	return w
}

// wishes reports whether anything waits to be replayed that the last pass has not tried in vain. What it has, a server that
// refuses to open the mailbox for instance, would only be refused again.
func (l *link) wishes(ctx context.Context) bool {
	now := l.replayable(ctx)
	return more(now.messages, l.left.messages) || more(now.mailboxes, l.left.mailboxes)
}

// more reports whether there is one that was not there before; there may be thousands.
func more(now, before []store.ActionID) bool {
	was := make(map[store.ActionID]bool, len(before))
	for _, id := range before {
		was[id] = true
	}
	return slices.ContainsFunc(now, func(id store.ActionID) bool { return !was[id] })
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
	sum, err := flush(ctx, l.o, l.a, l.imap != nil && !l.o.Unattended, l.down)
	l.noteFlush(r, sum, err)
}

func (l *link) noteFlush(r *Result, sum outbox.Summary, err error) {
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
	switch l.a.Incoming.Protocol {
	case account.IMAP:
		if l.imap == nil {
			return // connect has said why
		}
		l.o.say(account.Status{Account: l.a.Name, Online: true, Phase: account.Pulling})
		got, err := l.imap.Pull(ctx, p.Mailboxes)
		r.New, r.Changed, r.Removed = r.New+got.New, r.Changed+got.Changed, r.Removed+got.Removed
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
	r.Warnings = append(r.Warnings, got.Warnings...)
	if err == nil {
		err = l.o.Store.NotePulled(ctx, l.id)
	}
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
