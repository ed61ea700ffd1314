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

	settled time.Time // when uncertain items were last looked for; of keepFlushed alone
}

func newKeeper(g *Agent, a *account.Account) *keeper {
	k := &keeper{g: g, o: g.o, a: a, sync: newBell(), flush: newBell()}
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
	var back backoff
	for ctx.Err() == nil {
		r := l.pass(ctx, PassOptions{NoSend: true})
		if ctx.Err() != nil {
			return
		}
		k.ended(r.Err)
		if r.Err != nil {
			k.waitTrouble(ctx, r.Err, &back, k.sync)
			continue
		}
		back.reset()
		k.waitNews(ctx, l)
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
// help, else for the back-off or a ring. It reports whether a person rang.
func (k *keeper) waitTrouble(ctx context.Context, err error, back *backoff, b bell) bool {
	var again <-chan time.Time
	if !forGood(err) {
		d := back.next()
		again = time.After(d)
		k.g.change(k.a.Name, func(s *account.Status) { s.NextTry = k.o.now().Add(d) })
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-again:
			return false
		case person := <-b.c:
			if person || again != nil {
				return person
			}
		}
	}
}

// waitNews returns when there is something to do: news from the server (IDLE),
// a wish of ours, a ring, a wake-up by another process, or the poll is due.
func (k *keeper) waitNews(ctx context.Context, l *link) {
	changed, done := k.o.Store.Watch()
	defer done()
	news, wake := k.idle(ctx, l)
	woken, _ := k.o.Store.Woken(ctx, l.id) //nolint:errcheck // a failing store shows in the next pass
	poll := time.NewTimer(k.poll())
	defer poll.Stop()
	for waiting := true; waiting; {
		select {
		case <-changed:
			waiting = !k.wished(ctx, l, woken)
		case <-news:
			waiting = false
		case <-k.sync.c:
			waiting = false
		case <-poll.C:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	wake()
}

// idle watches INBOX over the link's connection until wake is called, which
// gives the connection back; news is closed when there is a reason to pull.
// Where there is no connection to watch, news never comes.
func (k *keeper) idle(ctx context.Context, l *link) (news <-chan struct{}, wake func()) {
	if l.imap == nil {
		return nil, func() {}
	}
	ended, end := make(chan struct{}), make(chan struct{})
	var err error
	go func() {
		defer close(ended)
		_, err = l.imap.Idle(ctx, "INBOX", k.poll(), end)
	}()
	return ended, func() {
		close(end)
		<-ended
		if err != nil {
			l.close()
		}
	}
}

// wished reports whether there is anything to replay, or another process asked for a pass.
func (k *keeper) wished(ctx context.Context, l *link, woken int64) bool {
	if now, err := k.o.Store.Woken(ctx, l.id); err == nil && now != woken {
		return true
	}
	return l.wishes(ctx)
}
