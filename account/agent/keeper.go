package agent

import (
	"context"
	"errors"
	"time"

	"mua/account"
	"mua/store"
)

// keeper keeps one account in step: one goroutine for the incoming side, one
// for the outbox, each holding its lock while it lives.
type keeper struct {
	g     *Agent
	o     Options
	a     *account.Account
	sync  bell
	flush bell
	fetch bell

	settled time.Time // when uncertain items were last looked for; of keepFlushed alone
}

func newKeeper(g *Agent, a *account.Account) *keeper {
	k := &keeper{g: g, o: g.o, a: a, sync: newBell(), flush: newBell(), fetch: newBell()}
	k.o.Unattended = false // it is heard of by its lock, for as long as it lives
	k.o.Progress = func(s account.Status) {
		g.change(a.Name, func(now *account.Status) {
			now.Phase, now.Mailbox, now.Done, now.Total = s.Phase, s.Mailbox, s.Done, s.Total
			now.Online = now.Online || s.Online
		})
	}
	return k
}

const (
	lockedWait  = time.Second // until a lock another process holds is tried again
	defaultPoll = 5 * time.Minute
)

func (k *keeper) poll() time.Duration {
	if k.o.Poll > 0 {
		return k.o.Poll
	}
	return defaultPoll
}

// begin waits for the lock of one side of the account, however long another
// process has it; ok is false when there is nothing to begin (ctx ended, say).
func (k *keeper) begin(ctx context.Context, purpose string) (id store.AccountID, unlock func(), ok bool) {
	b, waiting := k.flush, false
	if purpose == lockSync {
		b = k.sync
	}
	for {
		unlock, err := k.o.Store.Lock(k.a.Name, purpose)
		if err == nil {
			if id, err = k.o.Store.EnsureAccount(ctx, k.a.Name); err == nil {
				k.elsewhere(purpose, &waiting, false)
				return id, unlock, true
			}
			unlock()
		}
		if !errors.Is(err, store.ErrLocked) {
			k.trouble(err)
		} else {
			k.elsewhere(purpose, &waiting, true)
		}
		select {
		case <-ctx.Done():
			return 0, nil, false
		case c := <-b.c:
			k.hand(ctx, c)
		case <-time.After(lockedWait):
		}
	}
}

// elsewhere says whether another process keeps the account in step.
func (k *keeper) elsewhere(purpose string, waiting *bool, is bool) {
	if purpose == lockSync && *waiting != is {
		k.g.change(k.a.Name, func(s *account.Status) { s.Elsewhere, s.Trouble = is, nil })
	}
	*waiting = is
}

// hand passes what is asked here on to the process that keeps the account in step.
func (k *keeper) hand(ctx context.Context, c call) {
	id, err := k.o.Store.EnsureAccount(ctx, k.a.Name)
	if err == nil && c.has(person) {
		err = k.o.Store.Ask(ctx, id)
	} else if err == nil && c.has(again) {
		err = k.o.Store.Wake(ctx, id)
	}
	if ctx.Err() == nil {
		k.trouble(err)
	}
}

// keepSynced pulls and replays until ctx ends.
func (k *keeper) keepSynced(ctx context.Context) {
	if k.a.Incoming == nil {
		return
	}
	id, unlock, ok := k.begin(ctx, lockSync)
	if !ok {
		return
	}
	defer unlock()
	l := newLink(k.o, k.a, id)
	defer l.close()
	l.arrived = func(news store.Arrivals) { k.g.tellNews(k.a.Name, news) }
	w := &watching{k: k, l: l}
	defer w.end()
	back := backoff{first: k.o.Backoff}
	heard := ears{s: k.o.Store, id: id}
	var c call
	var news []string
	for ctx.Err() == nil {
		heard.note(ctx)
		if c.has(severed) {
			l.close() // to find out by asking would take as long as silence is borne
			w.sever(ctx)
		}
		r := l.pass(ctx, PassOptions{NoSend: true, News: news})
		if ctx.Err() != nil {
			return
		}
		k.ended(r.Err, l.reached(r), l.unable)
		w.passed(ctx, r)
		news = nil
		if r.Err != nil {
			c = k.waitTrouble(ctx, r.Err, &back, k.sync, &heard, nil)
			continue
		}
		back.reset()
		c, news = w.wait(ctx, &heard)
	}
}

// ended records how a pass went; online: there is a server that answers; unable: what it could not do though it has succeeded.
func (k *keeper) ended(err error, online bool, unable *account.Trouble) {
	k.g.change(k.a.Name, func(s *account.Status) {
		s.Phase, s.Mailbox, s.Done, s.Total = account.Idle, "", 0, 0
		s.NextTry = time.Time{}
		s.Online = online
		if err == nil {
			s.LastSync, s.Trouble = k.o.now(), unable
		}
	})
	k.trouble(err)
}

// trouble shows an error until the next success.
func (k *keeper) trouble(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	var t *account.Trouble
	if !errors.As(err, &t) {
		t = &account.Trouble{Kind: account.KindIO, Account: k.a.Name, What: err.Error(), Err: err}
	}
	k.g.change(k.a.Name, func(s *account.Status) { s.Trouble = t })
}

// forGood reports trouble that only a person can end.
func forGood(err error) bool {
	var t *account.Trouble
	return errors.As(err, &t) && (t.Kind == account.KindLogin || t.Kind == account.KindConfig)
}

// waitTrouble waits after a failed try: for a person when only a person can
// help, else for the back-off or any call. What other processes do may also be
// a relief (nil: nothing they do is). It returns why it ended.
func (k *keeper) waitTrouble(ctx context.Context, err error, back *backoff, b bell, heard *ears, relief func() bool) call {
	changed, done := k.o.Store.Watch()
	defer done()
	var timer <-chan time.Time
	if !forGood(err) {
		d := back.next()
		timer = time.After(d)
		k.g.change(k.a.Name, func(s *account.Status) { s.NextTry = k.o.now().Add(d) })
	}
	elsewhere := func() call {
		if relief != nil && relief() {
			return relieved
		}
		return heard.call(ctx)
	}
	for c := elsewhere(); ; {
		if c.has(awoke | person) {
			back.reset()
		}
		if c.has(person|relieved) || c != 0 && timer != nil {
			return c
		}
		select {
		case <-ctx.Done():
			return 0
		case <-timer:
			return 0
		case c = <-b.c:
		case <-changed:
			c = elsewhere()
		}
	}
}
