package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	"mua/store"
	"mua/store/query"
	"mua/ui/pump"
)

// list is a virtual list of messages: a mailbox, a mailbox limited to a query,
// or the result of a search. What is selected is known by id, so that rows
// that come and go move it, and never change it.
type list struct {
	u       *App
	q       store.ListQuery
	box     store.Mailbox // zero for a search
	win     window
	sel     int // index into win.rows of the selected row; -1 when there is none
	top     int // index of the first row on the screen
	height  int // rows on the screen when last drawn
	total   int
	unread  int
	known   bool           // how many there are has been counted
	limited string         // the query that the list is limited to
	all     bool           // the inboxes of all accounts
	open    map[int64]bool // threads that are unfolded
	marked  map[store.MessageID]row
	hidden  map[store.MessageID]int // rows of wishes not yet done: how many wishes
	settled []store.MessageID       // hidden ones whose wish is done: the next reading knows
	loaded  bool
	err     error
	read    pump.Slot // reading the window anew
	page    pump.Slot // reading a page at an end
	counted pump.Slot
	jump    pump.Slot
	again   bool // news came while reading
	recount bool // and while counting
	moved   func()
}

func newList(u *App, q store.ListQuery, box store.Mailbox) *list {
	return &list{u: u, q: q, box: box, sel: -1, open: map[int64]bool{}, marked: map[store.MessageID]row{}, hidden: map[store.MessageID]int{}, moved: func() {}}
}

// search reports whether this is the result of a search over mailboxes.
func (l *list) search() bool { return l.q.Mailbox == 0 && !l.all }

// toPeople reports whether rows show to whom instead of from whom.
func (l *list) toPeople() bool { return l.box.Role == store.RoleSent || l.box.Role == store.RoleDrafts }

// current is the selected row.
func (l *list) current() (row, bool) {
	if l.sel < 0 || l.sel >= len(l.win.rows) {
		return row{}, false
	}
	return l.win.rows[l.sel], true
}

// Refresh re-reads the rows in memory; a read under way is followed by one more.
func (l *list) Refresh() {
	if l.read.Busy() {
		l.again = true
		return
	}
	l.reload()
}

// reload reads the window anew, keeping its place.
func (l *list) reload() {
	var anchor *store.Cursor
	if l.win.newer && len(l.win.rows) > 0 {
		anchor = atOrOlder(*cursorOf(l.win.rows[0]))
	}
	n := max(pageRows, min(len(l.win.rows)+pageRows/4, windowRows))
	st, q, v := l.u.o.Store, l.q, l.view()
	l.page.Stop()
	start := l.u.pump.Start
	if !l.loaded {
		start = l.u.modal
	}
	start(&l.read, func(ctx context.Context) func() {
		w, err := readWindow(ctx, st, q, anchor, n, v)
		return func() {
			l.fill(w, err)
			l.catchUp()
		}
	})
	l.count()
}

// catchUp reads once more when news came while reading.
func (l *list) catchUp() {
	if l.again {
		l.again = false
		l.reload()
	}
}

// fill takes a window over that was read anew.
func (l *list) fill(w window, err error) {
	l.loaded = true
	l.err = err
	if err != nil {
		var qe *query.Error
		if !errors.As(err, &qe) {
			l.u.oops("list", err)
		}
		return
	}
	l.replace(w)
}

// replace changes the rows and keeps what is selected, or goes to where it was.
func (l *list) replace(w window) {
	was, had := l.current()
	line := l.sel - l.top
	atTop := l.top == 0
	l.win = l.withoutHidden(w)
	w = l.win
	switch {
	case len(w.rows) == 0:
		l.sel, l.top = -1, 0
	case !had:
		l.sel, l.top = 0, 0
	default:
		l.sel = w.place(was)
		if l.top = max(0, l.sel-line); atTop && l.sel < l.height {
			l.top = 0
		}
	}
	shown := make(map[store.MessageID]int, len(w.rows))
	for i := range w.rows {
		shown[w.rows[i].ID] = i
	}
	for id, r := range l.marked {
		if i, ok := shown[id]; ok {
			l.marked[id] = w.rows[i]
		} else if w.covers(*cursorOf(r)) {
			delete(l.marked, id)
		}
	}
	if now, has := l.current(); has != had || has && now.ID != was.ID {
		l.moved()
	}
}

// withoutHidden takes the hidden rows out of a window just read, and ends hiding
// those whose wish was done before the reading began.
func (l *list) withoutHidden(w window) window {
	w.rows = slices.DeleteFunc(w.rows, func(r row) bool { return l.hidden[r.ID] > 0 })
	l.release(l.settled)
	l.settled = nil
	return w
}

// count reads how many there are.
func (l *list) count() {
	if l.counted.Busy() {
		l.recount = true
		return
	}
	l.recount = false
	st, q, box := l.u.o.Store, l.q, l.q.Mailbox
	q.Threads = false // messages are counted
	l.u.pump.Start(&l.counted, func(ctx context.Context) func() {
		var total, unread int
		if box != 0 && q.Query == "" {
			b, err := st.Mailbox(ctx, box)
			if err != nil {
				return nil
			}
			return func() { l.setCounts(b, b.Total, b.Unread) }
		}
		total, err := st.Count(ctx, q)
		if err != nil {
			return nil
		}
		uq := q
		uq.Query = "(" + q.Query + ") is:unread"
		unread, _ = st.Count(ctx, uq)
		left := unindexed(ctx, st, q.Query)
		return func() {
			if left > 0 {
				l.u.remark("The search index is being built: %s so far found by the headers only", count(left, "message"))
			}
			l.setCounts(l.box, total, unread)
		}
	})
}

// unindexed is how many messages a query for words does not look into yet, but for a few.
func unindexed(ctx context.Context, st *store.Store, q string) int {
	const few = 500
	tree, err := query.Parse(q, time.Now())
	if err != nil || !st.NeedsWords(tree) {
		return 0
	}
	state, err := st.IndexState(ctx)
	if err != nil || state.Left <= few {
		return 0
	}
	return state.Left
}

func (l *list) setCounts(b store.Mailbox, total, unread int) {
	l.box, l.total, l.unread, l.known = b, total, unread, true
	if l.recount {
		l.count()
	}
}

// selectRow moves to a row and sees to it that more are read in time.
func (l *list) selectRow(i int) {
	was, had := l.current()
	l.sel = min(max(i, 0), len(l.win.rows)-1)
	if now, has := l.current(); has && (!had || now.ID != was.ID) {
		l.moved()
	}
	l.prefetch()
}

// scroll keeps the selected row on the screen.
func (l *list) scroll(height int) {
	l.height = height
	if l.sel < l.top {
		l.top = max(l.sel, 0)
	}
	if l.sel >= l.top+height {
		l.top = l.sel - height + 1
	}
	l.top = max(0, min(l.top, len(l.win.rows)-height))
}

// prefetch reads a page at an end that comes near.
func (l *list) prefetch() {
	n := len(l.win.rows)
	if n == 0 || l.page.Busy() || l.read.Busy() || l.q.Sort != "" && l.q.Sort != store.SortDate {
		return
	}
	st, q, v := l.u.o.Store, l.q, l.view()
	q.Limit = pageRows
	switch {
	case l.win.older && l.sel > n-prefetchAt:
		q.After = cursorOf(l.win.rows[n-1])
	case l.win.newer && l.sel < prefetchAt:
		q.Before = cursorOf(l.win.rows[0])
	default:
		return
	}
	l.u.pump.Start(&l.page, func(ctx context.Context) func() {
		more, err := st.List(ctx, q)
		var rows []row
		if err == nil {
			rows, err = v.rows(ctx, st, more)
		}
		return func() {
			if err != nil {
				l.u.oops("list", err)
				return
			}
			l.extend(rows, q.After != nil, len(more) == pageRows)
		}
	})
}

func (l *list) extend(rows []row, older, more bool) {
	if older {
		gone := l.win.extendOlder(rows, more)
		l.sel, l.top = max(0, l.sel-gone), max(0, l.top-gone)
		return
	}
	came := l.win.extendNewer(rows, more)
	l.sel, l.top = l.sel+came, l.top+came
	l.sel = min(l.sel, len(l.win.rows)-1)
}

// goFirst and goLast go to the ends of the whole list, wherever the window is.
func (l *list) goFirst() {
	if !l.win.newer {
		l.top = 0
		l.selectRow(0)
		return
	}
	st, q, v := l.u.o.Store, l.q, l.view()
	l.load(func(ctx context.Context) (window, error) { return readWindow(ctx, st, q, nil, pageRows, v) }, func(window) int { return 0 })
}

func (l *list) goLast() {
	if !l.win.older {
		l.selectRow(len(l.win.rows) - 1)
		return
	}
	st, q, v := l.u.o.Store, l.q, l.view()
	l.load(func(ctx context.Context) (window, error) { return readOldest(ctx, st, q, v) }, func(w window) int { return len(w.rows) - 1 })
}

// reveal selects a message that may lie beyond the window.
func (l *list) reveal(id store.MessageID, c store.Cursor) {
	if i := l.win.find(id); i >= 0 {
		l.selectRow(i)
		return
	}
	st, q, v := l.u.o.Store, l.q, l.view()
	l.load(func(ctx context.Context) (window, error) { return readAround(ctx, st, q, c, v) }, func(w window) int { return w.nearest(c) })
}

// load replaces the window by another part of the list and selects a row of it.
func (l *list) load(read func(context.Context) (window, error), pick func(window) int) {
	l.page.Stop()
	l.u.modal(&l.read, func(ctx context.Context) func() {
		w, err := read(ctx)
		return func() {
			if err != nil {
				l.fill(w, err)
				return
			}
			w = l.withoutHidden(w)
			l.loaded, l.err, l.win = true, nil, w
			l.sel = -1
			if len(w.rows) > 0 {
				l.selectRow(pick(w))
				l.top = max(0, l.sel-l.height/2)
			}
			l.moved()
			l.catchUp()
		}
	})
}

// jumpTo finds the next row in a direction that matches a query, and selects it.
func (l *list) jumpTo(extra string, forward bool, none string) {
	cur, ok := l.current()
	if !ok {
		return
	}
	st, q := l.u.o.Store, l.q
	q.Query, q.Sort, q.Limit = both(q.Query, extra), store.SortDate, 1
	if forward {
		q.After = cursorOf(cur)
	} else {
		q.Before = cursorOf(cur)
	}
	if q.Threads {
		l.jumpThread(extra, forward, *cursorOf(cur), none)
		return
	}
	l.u.modal(&l.jump, func(ctx context.Context) func() {
		found, err := st.List(ctx, q)
		return func() {
			switch {
			case err != nil:
				l.u.oops("search", err)
			case len(found) == 0:
				l.u.say("%s", none)
			default:
				l.reveal(found[0].ID, store.Cursor{Received: found[0].Received, ID: found[0].ID})
			}
		}
	})
}

// both is a query that asks for two.
func both(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return "(" + a + ") (" + b + ")"
}

// hide takes rows off the list until release; the selection goes on to the next row.
func (l *list) hide(ids []store.MessageID) {
	for _, id := range ids {
		l.hidden[id]++
		delete(l.marked, id)
	}
	gone := 0
	for _, r := range l.win.rows[:max(l.sel, 0)] {
		if l.hidden[r.ID] > 0 {
			gone++
		}
	}
	before, had := l.current()
	l.win.rows = slices.DeleteFunc(slices.Clone(l.win.rows), func(r row) bool { return l.hidden[r.ID] > 0 })
	l.sel = min(l.sel-gone, len(l.win.rows)-1)
	if now, has := l.current(); has != had || has && now.ID != before.ID {
		l.moved()
	}
	l.prefetch()
}

// release ends hide.
func (l *list) release(ids []store.MessageID) {
	for _, id := range ids {
		if l.hidden[id]--; l.hidden[id] <= 0 {
			delete(l.hidden, id)
		}
	}
}

// patch changes the rows of messages at once, before the store is asked.
func (l *list) patch(ids []store.MessageID, f func(*row)) {
	in := make(map[store.MessageID]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	for i := range l.win.rows {
		if in[l.win.rows[i].ID] {
			f(&l.win.rows[i])
		}
	}
	for id, r := range l.marked {
		if in[id] {
			f(&r)
			l.marked[id] = r
		}
	}
	l.patchThreads(in, f)
}

// targets are the messages the next action is for: the marked ones, else the selected one; of a folded thread all that
// the list is about.
func (l *list) targets() (out []row) {
	if len(l.marked) > 0 {
		for _, r := range l.marked {
			out = append(out, messagesOf(r)...)
		}
		slices.SortFunc(out, func(a, b row) int { return int(a.ID - b.ID) })
		return slices.CompactFunc(out, func(a, b row) bool { return a.ID == b.ID })
	}
	if r, ok := l.current(); ok {
		return messagesOf(r)
	}
	return nil
}

func ids(rows []row) []store.MessageID {
	out := make([]store.MessageID, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}
