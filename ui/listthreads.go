package ui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"mua/store"
	"mua/store/message"
	"mua/ui/keys"
)

// view is how the rows of a list are made; a copy goes to the tasks that read them.
type view struct {
	toPeople bool
	me       func(addr string) bool
	open     map[int64]bool  // threads that are unfolded
	box      store.MailboxID // whose copies a thread shows first
}

func (l *list) view() view {
	v := view{toPeople: l.toPeople(), me: l.u.self(), open: map[int64]bool{}, box: l.q.Mailbox}
	for id := range l.open {
		v.open[id] = true
	}
	return v
}

// folded reports whether a row stands for several messages.
func (r row) folded() bool { return r.InThread != nil && r.InThread.Messages > 1 && r.head == nil }

// rows makes the rows of a page, unfolded where the person wants to see all.
func (v view) rows(ctx context.Context, st *store.Store, list []store.Row) ([]row, error) {
	out := makeRows(ctx, st, list, v)
	if len(v.open) == 0 {
		return out, nil
	}
	var all []row
	for _, r := range out {
		if !r.folded() || !v.open[r.Thread] {
			all = append(all, r)
			continue
		}
		rows, err := v.unfold(ctx, st, r)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// unfold reads the messages of the thread that a row stands for.
func (v view) unfold(ctx context.Context, st *store.Store, head row) ([]row, error) {
	t, err := st.Thread(ctx, head.Thread, v.box)
	if errors.Is(err, store.ErrNotFound) {
		head.InThread = nil // gone meanwhile
		return []row{head}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []row
	for _, l := range t.Lines {
		if l.Row.ID == 0 {
			continue
		}
		r := makeRows(ctx, st, []store.Row{l.Row}, v)[0]
		if len(l.Row.From) == 1 && v.me(l.Row.From[0].Addr) {
			r.who = text("me")
		}
		r.head, r.stem = &head, text("%s", stem(l.More))
		if len(out) > 0 && l.Depth > 0 && strings.HasSuffix(strings.ToLower(l.Row.Subject), strings.ToLower(bareSubject(out[0].Row.Subject))) {
			r.subject = message.CleanLine(l.Row.Snippet)
			r.snippet = message.Text{}
		}
		out = append(out, r)
	}
	return out, nil
}

// maxStem is how many levels of a thread are drawn; what is deeper stands under the last of them.
const maxStem = 6

// stem draws the place of a line in the tree.
func stem(more []bool) string {
	if len(more) < 2 {
		return ""
	}
	more = more[1:] // the roots stand side by side
	cut := ""
	if len(more) > maxStem {
		more, cut = more[len(more)-maxStem:], "…"
	}
	var b strings.Builder
	b.WriteString(cut)
	for i, m := range more {
		switch {
		case i < len(more)-1 && m:
			b.WriteString("│ ")
		case i < len(more)-1:
			b.WriteString("  ")
		case m:
			b.WriteString("├─")
		default:
			b.WriteString("└─")
		}
	}
	return b.String() + " "
}

// bareSubject is a subject without what answering puts before it.
func bareSubject(s string) string {
	for {
		before, after, ok := strings.Cut(s, ":")
		if !ok || len(before) > 4 || strings.ContainsAny(before, " ") {
			return strings.TrimSpace(s)
		}
		s = strings.TrimSpace(after)
	}
}

// toggleThreads changes between threads and single messages, staying where one is.
func (m *mailView) toggleThreads() {
	l := m.list()
	r, ok := l.current()
	l.q.Threads = !l.q.Threads
	if !l.search() {
		m.threads = l.q.Threads
	}
	l.q.Sort = ""
	clear(l.marked)
	clear(l.open)
	words := "Single messages"
	if l.q.Threads {
		words = "Threads · " + m.u.keys.Key(keys.Fold, keys.List) + " unfolds one"
	}
	m.u.remark("%s", words)
	if !ok {
		l.win, l.sel, l.top = window{}, -1, 0
		l.reload()
		return
	}
	l.around(r)
}

// around reads the list anew at a message, or the thread it belongs to.
func (l *list) around(r row) {
	st, q, v := l.u.o.Store, l.q, l.view()
	l.load(func(ctx context.Context) (window, error) {
		c, err := headCursor(ctx, st, q, r)
		if err != nil {
			return window{}, err
		}
		return readAround(ctx, st, q, c, v)
	}, func(w window) int { return w.place(r) })
}

// headCursor is where a row's thread, or in a list of messages the row itself, stands in a list.
func headCursor(ctx context.Context, st *store.Store, q store.ListQuery, r row) (store.Cursor, error) {
	own := store.Cursor{Received: r.Received, ID: r.ID}
	if !q.Threads || r.Thread == 0 {
		return own, nil
	}
	q.Query, q.Limit = both(q.Query, threadQuery(r.Thread)), 1
	list, err := st.List(ctx, q)
	if err != nil || len(list) == 0 {
		return own, err
	}
	return store.Cursor{Received: list[0].Received, ID: list[0].ID}, nil
}

func threadQuery(id int64) string { return "thread:" + strconv.FormatInt(id, 10) }

// place is the index of a message, else of its thread, else of where it would be.
func (w *window) place(r row) int {
	if i := w.find(r.ID); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(w.rows, func(x row) bool { return x.Thread == r.Thread && r.Thread != 0 && x.InThread != nil }); i >= 0 {
		return i
	}
	return w.nearest(*cursorOf(r))
}

// unfold shows the messages of the selected thread, goes to the newest unread one, and then does more.
func (l *list) unfold(r row, then func()) {
	l.open[r.Thread] = true
	l.again = l.again || l.read.Busy()
	st, v := l.u.o.Store, l.view()
	l.u.modal(&l.read, func(ctx context.Context) func() {
		rows, err := v.unfold(ctx, st, r)
		return func() {
			if err != nil {
				l.u.oops("list", err)
				return
			}
			rows = slices.DeleteFunc(rows, func(r row) bool { return l.hidden[r.ID] > 0 })
			if i := l.win.find(r.ID); i >= 0 && l.win.rows[i].folded() && len(rows) > 0 {
				l.win.rows = slices.Concat(l.win.rows[:i], rows, l.win.rows[i+1:])
				l.sel = i + newestUnread(rows)
				then()
			}
			l.catchUp()
		}
	})
}

// newestUnread is the newest unread row, else the newest.
func newestUnread(rows []row) int {
	best := 0
	for i, r := range rows {
		b := rows[best]
		if unread, was := !r.Flags.Has(store.Seen), !b.Flags.Has(store.Seen); unread != was {
			if unread {
				best = i
			}
		} else if r.Received.After(b.Received) {
			best = i
		}
	}
	return best
}

// fold shows one row for the selected thread again.
func (l *list) fold(r row) {
	delete(l.open, r.Thread)
	from := slices.IndexFunc(l.win.rows, func(x row) bool { return x.head != nil && x.Thread == r.Thread })
	if from < 0 {
		return
	}
	to := from
	for to < len(l.win.rows) && l.win.rows[to].head != nil && l.win.rows[to].Thread == r.Thread {
		to++
	}
	for _, x := range l.win.rows[from:to] { // as they are by now
		for i := range r.head.InThread.Here {
			if r.head.InThread.Here[i].ID == x.ID {
				r.head.InThread.Here[i].Flags = x.Flags
			}
		}
	}
	r.head.recount()
	l.win.rows = slices.Concat(l.win.rows[:from], []row{*r.head}, l.win.rows[to:])
	l.sel = from
	l.moved()
	l.Refresh()
}

// toggleFold unfolds the selected thread, or folds it.
func (m *mailView) toggleFold() {
	l := m.list()
	r, ok := l.current()
	switch {
	case !ok:
	case !l.q.Threads:
		m.u.remark("%s shows threads first", m.u.keys.Key(keys.Threads, keys.List))
	case r.head != nil:
		l.fold(r)
	case r.folded():
		l.unfold(r, l.moved)
	default:
		m.u.remark("This thread has one message")
	}
}

// recount takes over the flags of the messages that a row stands for.
func (r *row) recount() {
	r.InThread.Unread = 0
	for _, m := range r.InThread.Here {
		if m.ID == r.ID {
			r.Flags = m.Flags
		}
		if !m.Flags.Has(store.Seen) {
			r.InThread.Unread++
		}
	}
}

// patchThreads is patch of rows that stand for several messages.
func (l *list) patchThreads(in map[store.MessageID]bool, f func(*row)) {
	if !l.q.Threads {
		return
	}
	for i := range l.win.rows {
		r := &l.win.rows[i]
		if r.InThread == nil {
			continue
		}
		changed := false
		for k := range r.InThread.Here {
			if m := &r.InThread.Here[k]; in[m.ID] {
				one := row{Row: store.Row{ID: m.ID, Flags: m.Flags}}
				f(&one)
				m.Flags, changed = one.Flags, true
			}
		}
		if changed {
			r.recount()
		}
	}
}

// messagesOf are the messages that a row stands for, as far as the list is about them.
func messagesOf(r row) []row {
	if !r.folded() || len(r.InThread.Here) == 0 {
		return []row{r}
	}
	var out []row
	for _, m := range r.InThread.Here {
		one := r
		if m.ID != r.ID {
			one = row{Row: store.Row{ID: m.ID, Account: m.Account, AccountName: r.AccountName, Flags: m.Flags}}
		}
		out = append(out, one)
	}
	return out
}

// unread reports whether there is something unread in what a row stands for.
func (r row) unread() bool {
	if r.folded() {
		return r.InThread.Unread > 0
	}
	return !r.Flags.Has(store.Seen)
}

// jumpUnread goes to the next row with something unread: in memory at once, else further on.
func (l *list) jumpUnread(forward bool, none string) {
	step := -1
	if forward {
		step = 1
	}
	for i := l.sel + step; i >= 0 && i < len(l.win.rows); i += step {
		if l.win.rows[i].unread() {
			l.selectRow(i)
			return
		}
	}
	if forward && !l.win.older || !forward && !l.win.newer || len(l.win.rows) == 0 {
		l.u.say("%s", none)
		return
	}
	from := *cursorOf(l.win.rows[len(l.win.rows)-1])
	if !forward {
		from = *cursorOf(l.win.rows[0])
	}
	l.jumpThread("is:unread", forward, from, none)
}

// jumpThread goes to the next thread beyond a place with a message that matches a query.
func (l *list) jumpThread(extra string, forward bool, from store.Cursor, none string) {
	st, q := l.u.o.Store, l.q
	l.u.modal(&l.jump, func(ctx context.Context) func() {
		found, err := nextThread(ctx, st, q, extra, from, forward)
		return func() {
			switch {
			case err != nil:
				l.u.oops("search", err)
			case found == nil:
				l.u.say("%s", none)
			default:
				l.around(row{Row: *found})
			}
		}
	})
}

// nextThread finds the next thread beyond a place with a message that matches extra, or nil.
func nextThread(ctx context.Context, st *store.Store, q store.ListQuery, extra string, from store.Cursor, forward bool) (*store.Row, error) {
	find := q
	find.Query, find.Limit = both(q.Query, extra), 50
	for at := from; ; {
		if find.After, find.Before = &at, nil; !forward {
			find.After, find.Before = nil, &at
		}
		list, err := st.List(ctx, find)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		if !forward {
			slices.Reverse(list)
		}
		for i, r := range list {
			c, err := headCursor(ctx, st, q, row{Row: r})
			if err != nil {
				return nil, err
			}
			if !forward || c.Received.Before(from.Received) || c.Received.Equal(from.Received) && c.ID < from.ID {
				return &list[i], nil
			}
		}
		last := list[len(list)-1]
		at = store.Cursor{Received: last.Received, ID: last.ID}
	}
}
