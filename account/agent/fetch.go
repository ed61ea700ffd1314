package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"mua/account"
	"mua/account/imap"
	"mua/store"
)

// lockFetch is held by whoever fetches bodies that a person asked for.
const lockFetch = "fetch"

// linger is how long a connection is kept for the next message that is opened.
const linger = time.Minute

// Fetch brings the bodies of an account's messages, whatever their size, over a connection of its
// own; those that are here already are left out. What cannot be had is in left.
func Fetch(ctx context.Context, o Options, a *account.Account, ids []store.MessageID) (left map[store.MessageID]imap.Unfetched, err error) {
	list, err := o.Store.RemoteBodies(ctx, ids)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	id, err := o.Store.EnsureAccount(ctx, a.Name)
	if err != nil {
		return nil, err
	}
	l := newLink(o, a, id)
	defer l.close()
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	if l.imap == nil {
		return nil, &account.Trouble{Kind: account.KindOther, Account: a.Name, What: "there is no IMAP server to fetch a message from"}
	}
	_, left, err = l.imap.FetchBodies(ctx, list)
	return left, err
}

// serveWanted is fetchWanted in a pass: a message on which the connection breaks does not stop the pass
// every time.
func (l *link) serveWanted(ctx context.Context, r *Result) {
	err := l.fetchWanted(ctx)
	if err == nil {
		return
	}
	l.close()
	if ctx.Err() == nil && l.connect(ctx) == nil {
		r.Warnings = append(r.Warnings, err.Error())
		return
	}
	r.note(err)
}

// fetchWanted brings the bodies that a person asked for, before everything else that is pulled.
// Where another goroutine or process is at it, they are left to that one.
func (l *link) fetchWanted(ctx context.Context) error {
	if l.imap == nil {
		return nil
	}
	list, err := l.o.Store.WantedBodies(ctx, l.id)
	if err != nil || len(list) == 0 {
		return err
	}
	unlock, err := l.o.Store.Lock(l.a.Name, lockFetch)
	if errors.Is(err, store.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	_, _, err = l.imap.FetchBodies(ctx, list)
	return err
}

// keepFetched brings bodies as soon as a person asks for them, over a connection of its own: a long
// pull is not in its way. It works until ctx ends.
func (k *keeper) keepFetched(ctx context.Context) {
	if k.a.Incoming == nil || k.a.Incoming.Protocol != account.IMAP {
		return
	}
	changed, done := k.o.Store.Watch()
	defer done()
	f := &fetcher{keeper: k, back: backoff{first: k.o.Backoff}}
	defer f.close()
	for ctx.Err() == nil {
		f.serve(ctx)
		var due <-chan time.Time
		if !f.due.IsZero() {
			due = time.After(time.Until(f.due))
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case c := <-k.fetch.c:
			f.rung(c)
		case <-due:
			f.dueNow()
		}
	}
}

// fetcher is the state of keepFetched.
type fetcher struct {
	*keeper
	link   *link // nil: not connected
	id     store.AccountID
	back   backoff
	failed []store.MessageID // what was wanted when the last try failed: only more, or time, is worth another
	due    time.Time         // when to try again, or to give the connection up; zero: neither
}

func (f *fetcher) close() {
	if f.link != nil {
		f.link.close()
		f.link = nil
	}
}

func (f *fetcher) rung(c call) {
	if c.has(severed) {
		f.close()
	}
	if c.has(awoke | person) {
		f.back.reset()
		f.failed = nil
	}
}

// dueNow is told that the time for another try has come, or that nobody needed the connection for long.
func (f *fetcher) dueNow() {
	f.failed, f.due = nil, time.Time{}
	f.close()
}

// serve fetches what is wanted now and says in f.due when to come again in any case.
func (f *fetcher) serve(ctx context.Context) {
	list, err := f.wanted(ctx)
	if err != nil || len(list) == 0 {
		if f.failed != nil { // nothing is wanted any more
			f.failed, f.due = nil, time.Time{}
		}
		return
	}
	ids := make([]store.MessageID, len(list))
	for i, b := range list {
		ids[i] = b.Message
	}
	if f.failed != nil && !slices.ContainsFunc(ids, func(id store.MessageID) bool { return !slices.Contains(f.failed, id) }) {
		return
	}
	err = f.try(ctx, list)
	switch {
	case err == nil && !f.still(ctx, ids):
		f.failed, f.due = nil, time.Now().Add(linger)
		f.back.reset()
		return
	case err == nil: // a pull may help; keepSynced has the same news
		f.failed, f.due = ids, time.Now().Add(f.back.next())
		return
	case errors.Is(err, store.ErrLocked):
		f.failed, f.due = ids, time.Now().Add(lockedWait)
		return
	}
	f.close()
	if f.failed, f.due = ids, time.Now().Add(f.back.next()); forGood(err) {
		f.due = time.Time{} // until the person has seen to it; keepSynced tells of it
	}
}

// still tells whether one of the messages is wanted still.
func (f *fetcher) still(ctx context.Context, ids []store.MessageID) bool {
	list, err := f.wanted(ctx)
	return err == nil && slices.ContainsFunc(list, func(b store.RemoteBody) bool { return slices.Contains(ids, b.Message) })
}

func (f *fetcher) wanted(ctx context.Context) ([]store.RemoteBody, error) {
	if f.id == 0 {
		id, err := f.o.Store.EnsureAccount(ctx, f.a.Name)
		if err != nil {
			return nil, err
		}
		f.id = id
	}
	return f.o.Store.WantedBodies(ctx, f.id)
}

// try fetches a list, over the connection there is or a new one.
func (f *fetcher) try(ctx context.Context, list []store.RemoteBody) error {
	if f.g.refusedLogin(f.a.Name) {
		return &account.Trouble{Kind: account.KindLogin, Account: f.a.Name, What: "the login was refused before"}
	}
	unlock, err := f.o.Store.Lock(f.a.Name, lockFetch)
	if err != nil {
		return err
	}
	defer unlock()
	kept := f.link != nil
	if err := f.connect(ctx); err != nil {
		return err
	}
	_, _, err = f.link.imap.FetchBodies(ctx, list)
	if err != nil && kept && offline(err) && ctx.Err() == nil { // the kept connection was dead
		f.close()
		if err = f.connect(ctx); err == nil {
			_, _, err = f.link.imap.FetchBodies(ctx, list)
		}
	}
	return err
}

func (f *fetcher) connect(ctx context.Context) error {
	if f.link == nil {
		o := f.o
		o.Progress = nil // the account's line is keepSynced's
		f.link = newLink(o, f.a, f.id)
	}
	err := f.link.connect(ctx)
	if err != nil {
		f.close()
	}
	return err
}

// refusedLogin tells whether an account is stopped because its login was refused.
func (g *Agent) refusedLogin(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.status[name].Trouble
	return t != nil && t.Kind == account.KindLogin
}

// offline reports whether an error is a connection that is not there.
func offline(err error) bool {
	t, ok := errors.AsType[*account.Trouble](err)
	return ok && t.Kind == account.KindNetwork
}
