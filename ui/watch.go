package ui

import (
	"context"
	"strings"
	"time"

	"mua/account"
	"mua/store"
	"mua/ui/pump"
)

// pace is the least time between two refreshes that news from outside cause.
const pace = 150 * time.Millisecond

// storeState is what the frame around the views knows of the store.
type storeState struct {
	slot   pump.Slot
	again  bool
	looked bool            // known was read once
	told   map[string]bool // the deletions that were told of to wait
	known
}

// known is what is read of the store for the lines and the column around the views.
type known struct {
	boxes     []store.Mailbox
	outbox    map[store.ItemState]int
	later     int       // of the queued ones, those that wait for a time, but for undo windows of ours
	next      time.Time // the earliest of these times
	last      time.Time // the latest
	returned  int       // items with a report of failure that nobody has read yet
	conflicts int       // in the journal
	news      store.NewsMark
	arrived   int // unseen messages that came into an inbox since the last look
	held      []store.HeldDeletion
	moved     string // why nothing is sent from this data folder; "" when it is
}

// watch tells the loop of changes in the store and the agent, of passing
// minutes, and of the end of ctx. The returned function waits for its goroutines.
func (u *App) watch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	changed, unwatch := u.o.Store.Watch()
	var news <-chan struct{}
	unwatchAgent := func() {}
	if u.o.Agent != nil {
		news, unwatchAgent = u.o.Agent.Watch()
		u.status.update(u.o.Agent.Status())
	}
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		u.relay(ctx, changed, func() { u.pump.Post("store", u.storeChanged) })
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		u.relay(ctx, news, func() {
			list := u.o.Agent.Status()
			u.pump.Post("agent", func() {
				u.status.update(list)
				u.beat()
			})
		})
	}()
	minute := time.NewTicker(30 * time.Second)
	go func() {
		for {
			select {
			case <-ctx.Done():
				u.pump.Close()
				return
			case <-minute.C:
				u.pump.Post("minute", func() {})
			}
		}
	}()
	return func() {
		cancel()
		minute.Stop()
		unwatch()
		unwatchAgent()
		<-done
		<-done
	}
}

// relay calls f for each signal, at most once per pace.
func (u *App) relay(ctx context.Context, signal <-chan struct{}, f func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-signal:
			if !ok {
				return
			}
			f()
		}
		t := time.NewTimer(pace)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// storeChanged re-reads what is visible.
func (u *App) storeChanged() {
	u.refreshFrame()
	for _, l := range u.layers {
		if v, ok := l.(interface{ Refresh() }); ok {
			v.Refresh()
		}
	}
}

// refreshFrame re-reads mailboxes and outbox counts; a read under way is followed by one more.
func (u *App) refreshFrame() {
	if u.stored.slot.Busy() {
		u.stored.again = true
		return
	}
	st, sent, windows, mark, looked := u.o.Store, u.sentIDs(false), u.sentIDs(true), u.stored.news, u.stored.looked
	drafts := u.drafts()
	u.pump.Start(&u.stored.slot, func(ctx context.Context) func() {
		f, err := readKnown(ctx, st, windows, mark, looked)
		news, moved := fates(ctx, st, sent), movedDrafts(ctx, st, drafts)
		return func() {
			u.followDrafts(moved)
			for _, f := range news {
				u.follow(f)
			}
			if err == nil {
				u.tellConflicts(u.stored.conflicts, f.conflicts)
				u.tellHeld(u.stored.held, f.held)
				u.stored.known, u.stored.looked = f, true
				u.ring(f.arrived)
			} else if ctx.Err() == nil {
				u.oops("mail store", err)
			}
			u.mail.boxesChanged()
			if u.stored.again {
				u.stored.again = false
				u.refreshFrame()
			}
		}
	})
}

// readKnown reads it; windows are the items that can be taken back still.
// since is the mark of the look before; looked: there was one.
func readKnown(ctx context.Context, st *store.Store, windows []store.OutboxID, since store.NewsMark, looked bool) (f known, err error) {
	if f.arrived, f.news, err = arrivedInInbox(ctx, st, since, looked); err != nil {
		return f, err
	}
	if f.boxes, err = st.Mailboxes(ctx, 0); err != nil {
		return f, err
	}
	if f.outbox, err = st.OutboxCounts(ctx); err != nil {
		return f, err
	}
	if f.later, f.next, f.last, err = st.Scheduled(ctx, windows); err != nil {
		return f, err
	}
	if f.returned, err = st.CountReturned(ctx); err != nil {
		return f, err
	}
	if f.conflicts, err = st.CountConflicts(ctx, time.Time{}); err != nil {
		return f, err
	}
	if f.held, err = st.HeldDeletions(ctx); err != nil {
		return f, err
	}
	if f.outbox[store.Queued] > 0 {
		f.moved, err = st.Moved(ctx)
	}
	return f, err
}

// arrivedInInbox counts the rows of new mail in inboxes, whoever fetched it.
func arrivedInInbox(ctx context.Context, st *store.Store, since store.NewsMark, looked bool) (n int, now store.NewsMark, err error) {
	if !looked {
		now, err = st.MarkNews(ctx)
		return 0, now, err
	}
	news, now, err := st.Arrived(ctx, 0, since)
	for _, r := range news.Rows {
		if strings.EqualFold(r.MailboxName, "INBOX") {
			n++
		}
	}
	return n, now, err
}

// ring rings the terminal's bell for new mail, where the person wants that.
func (u *App) ring(arrived int) {
	if arrived > 0 && u.o.Config.Bell {
		_ = u.screen.Beep() // a terminal without a bell stays silent
	}
}

// accountOf is the configured account of that name, or nil.
func (u *App) accountOf(name string) *account.Account {
	if name == "" {
		return nil
	}
	a, _ := u.o.Config.Account(name)
	return a
}
