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
	for {
		unlock, err := k.o.Store.Lock(k.a.Name, purpose)
		if err == nil {
			if id, err = k.o.Store.EnsureAccount(ctx, k.a.Name); err == nil {
				return id, unlock, true
			}
			unlock()
		}
		if !errors.Is(err, store.ErrLocked) {
			k.trouble(err)
		}
		select {
		case <-ctx.Done():
			return 0, nil, false
		case <-time.After(lockedWait):
		}
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
	back := backoff{first: k.o.Backoff}
	heard := ears{s: k.o.Store, id: id}
	var c call
	for ctx.Err() == nil {
		heard.note(ctx)
		if c.has(severed) {
			l.close() // to find out by asking would take as long as silence is borne
		}
		r := l.pass(ctx, PassOptions{NoSend: true})
		if ctx.Err() != nil {
			return
		}
		k.ended(r.Err)
		if r.Err != nil {
			c = k.waitTrouble(ctx, r.Err, &back, k.sync, &heard, nil)
			continue
		}
		back.reset()
		c = k.waitNews(ctx, l, &heard)
	}
}

// ended records how a pass went.
func (k *keeper) ended(err error) {
	k.g.change(k.a.Name, func(s *account.Status) {
		s.Phase, s.Mailbox, s.Done, s.Total = account.Idle, "", 0, 0
		s.NextTry = time.Time{}
		s.Online = err == nil || !offline(err)
		if err == nil {
			s.LastSync, s.Trouble = k.o.now(), nil
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

func offline(err error) bool {
	var t *account.Trouble
	return errors.As(err, &t) && t.Kind == account.KindNetwork
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

// waitNews returns when there is something to do: news from the server (IDLE),
// a wish of ours, a ring, a call by another process, or the poll is due.
func (k *keeper) waitNews(ctx context.Context, l *link, heard *ears) call {
	changed, done := k.o.Store.Watch()
	defer done()
	news, wake := k.idle(ctx, l)
	poll := time.NewTimer(k.poll())
	defer poll.Stop()
	var c call
	for waiting := heard.call(ctx) == 0; waiting; {
		select {
		case <-changed:
			waiting = heard.call(ctx) == 0 && !l.wishes(ctx)
		case <-news:
			waiting = false
		case c = <-k.sync.c:
			waiting = false
		case <-poll.C:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	wake(c.has(severed))
	return c
}

// idle watches INBOX over the link's connection until wake is called, which
// gives the connection back, or ends it at once where it is dead; news is closed
// when there is a reason to pull. Where there is no connection to watch, news never comes.
func (k *keeper) idle(ctx context.Context, l *link) (news <-chan struct{}, wake func(dead bool)) {
	if l.imap == nil {
		return nil, func(bool) {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended, end := make(chan struct{}), make(chan struct{})
	var err error
	go func() {
		defer close(ended)
		_, err = l.imap.Idle(ctx, "INBOX", k.poll(), end)
	}()
	return ended, func(dead bool) {
		if dead {
			cancel()
		}
		close(end)
		<-ended
		cancel()
		if err != nil || dead {
			l.close()
		}
	}
}
