package agent

import (
	"context"
	"time"

	"mua/account"
)

// inbox is the mailbox that the account's own connection watches.
const inbox = "INBOX"

// atOnce is how soon news comes that a pass before has not ended.
const atOnce = 100 * time.Millisecond

// watching is what an account's keeper does between its passes: it waits for news by IDLE, on the
// inbox over the keeper's connection and on further mailboxes over theirs. It belongs to one goroutine.
type watching struct {
	k         *keeper
	l         *link
	further   *outposts // nil: none, or not yet
	stop      func()    // ends them
	fruitless bool      // the last pass was made for news and found none
	forNews   bool
}

// passed takes note of how a pass went. Once the mailboxes are known the further ones are watched.
func (w *watching) passed(ctx context.Context, r Result) {
	w.fruitless = w.forNews && r.New+r.Changed+r.Removed == 0
	w.forNews = false
	if w.further != nil {
		w.further.passEnded()
		return
	}
	if r.Err != nil || w.l.imap == nil || len(w.k.a.Idle) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	o, wait := w.k.startOutposts(ctx, w.l.id)
	w.further, w.stop = o, func() { cancel(); wait() }
}

// sever gives up all connections.
func (w *watching) sever(ctx context.Context) {
	if w.further != nil {
		w.further.sever(ctx)
	}
}

func (w *watching) end() {
	if w.stop != nil {
		w.stop()
	}
}

// wait returns when there is something to do, and why: news from the server (then in which mailbox),
// a wish of ours, a ring, a call by another process, or the poll is due.
func (w *watching) wait(ctx context.Context, heard *ears) (c call, news []string) {
	changed, done := w.k.o.Store.Watch()
	defer done()
	ended, wake := w.idle(ctx)
	poll := time.NewTimer(w.k.poll())
	defer poll.Stop()
	var told chan string
	if w.further != nil {
		told = w.further.heard
	}
	for waiting := heard.call(ctx) == 0; waiting; {
		select {
		case <-changed:
			waiting = heard.call(ctx) == 0 && !w.l.wishes(ctx)
		case <-ended:
			waiting = false
		case name := <-told:
			waiting, news = false, append(news, name)
		case c = <-w.k.sync.c:
			waiting = false
		case <-poll.C:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	if wake(c.has(severed)) {
		news = append([]string{inbox}, news...)
	}
	w.forNews = len(news) > 0
	return c, news
}

// idle watches the inbox over the link's connection until wake is called, which gives the connection
// back, or ends it at once where it is dead, and tells whether there is news; ended is closed when
// there is a reason to pull. Where there is no connection to watch, that never comes.
func (w *watching) idle(ctx context.Context) (ended <-chan struct{}, wake func(dead bool) (news bool)) {
	l := w.l
	if l.imap == nil {
		return nil, func(bool) bool { return false }
	}
	ctx, cancel := context.WithCancel(ctx)
	done, end := make(chan struct{}), make(chan struct{})
	var err error
	var news bool
	go func() {
		defer close(done)
		began := time.Now()
		news, err = l.imap.Idle(ctx, inbox, w.k.poll(), end)
		if w.fruitless && time.Since(began) < atOnce {
			select { // a pass does not end this news: never a hot loop
			case <-time.After(lockedWait):
			case <-end:
			case <-ctx.Done():
			}
		}
	}()
	return done, func(dead bool) bool {
		if dead {
			cancel()
		}
		close(end)
		<-done
		cancel()
		if err != nil || dead {
			l.close()
			w.k.g.change(w.k.a.Name, func(s *account.Status) { s.Online = false }) // until it is reached again
		}
		return news
	}
}
