package ui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"mua/store"
	"mua/store/message"
)

// The window of rows kept in memory: a page is read at a time, before it is
// needed, and what is far away is let go.
const (
	pageRows   = 200
	windowRows = 1000
	prefetchAt = 60
	sortedRows = 2000 // read at once when the order has no cursors
)

// row is a list row with its texts cleaned for the screen.
type row struct {
	store.Row
	who, subject, snippet message.Text
	nobody                bool         // From names nobody: who is what else the header says
	stem                  message.Text // of a message of an unfolded thread: its place in the tree
	head                  *row         // the row that stands for it when it is folded; nil: it is no such message
}

func makeRows(ctx context.Context, st *store.Store, list []store.Row, v view) []row {
	out := make([]row, len(list))
	for i, r := range list {
		who := people(r.From)
		if v.toPeople && len(r.To) > 0 {
			who = "→ " + people(r.To)
		}
		if r.InThread != nil && r.InThread.Messages > 1 {
			who = message.Senders(r.InThread.People, v.me)
		}
		nobody := strings.TrimSpace(message.CleanLine(who).String()) == ""
		if nobody {
			who = sentBy(ctx, st, r.ID)
		}
		subject := r.Subject
		if subject == "" {
			subject = "(no subject)"
		}
		out[i] = row{Row: r, nobody: nobody, who: message.CleanLine(who), subject: message.CleanLine(subject), snippet: message.CleanLine(r.Snippet)}
	}
	return out
}

// sentBy says who sent a message that is from nobody, as far as its header tells.
func sentBy(ctx context.Context, st *store.Store, id store.MessageID) string {
	head, err := st.Header(ctx, id)
	if err != nil {
		return "(no sender)"
	}
	m := message.ParseHeader(head)
	if who := people(m.Sender); strings.TrimSpace(who) != "" {
		return who
	}
	return cmp.Or(strings.Trim(strings.TrimSpace(m.Get("Return-Path")), "<> "), "(no sender)")
}

// cursorOf is a row's place in the list: for a message of an unfolded thread, that of the thread.
func cursorOf(r row) *store.Cursor {
	if r.head != nil {
		r = *r.head
	}
	return &store.Cursor{Received: r.Received, ID: r.ID}
}

// atOrOlder is a cursor that also takes in the row itself.
func atOrOlder(c store.Cursor) *store.Cursor {
	return &store.Cursor{Received: c.Received, ID: c.ID + 1}
}

// window is a run of consecutive rows of a list, newest first.
type window struct {
	rows         []row
	newer, older bool // there may be more beyond the ends
}

// readWindow reads n rows from the anchor on (nil: the newest).
func readWindow(ctx context.Context, st *store.Store, q store.ListQuery, anchor *store.Cursor, n int, v view) (window, error) {
	q.Limit = n
	if q.Sort != "" && q.Sort != store.SortDate {
		q.Limit, anchor = sortedRows, nil
	}
	q.After, q.Before = anchor, nil
	list, err := st.List(ctx, q)
	if err != nil {
		return window{}, err
	}
	more := len(list) == q.Limit && q.Limit != sortedRows
	rows, err := v.rows(ctx, st, list)
	return window{rows, anchor != nil, more}, err
}

// readAround reads a page of rows older and one of rows newer than a place, the row itself included.
func readAround(ctx context.Context, st *store.Store, q store.ListQuery, c store.Cursor, v view) (window, error) {
	q.Limit = pageRows
	q.Before, q.After = atOrOlder(c), nil
	newer, err := st.List(ctx, q)
	if err != nil {
		return window{}, err
	}
	// Before excludes the row itself, and so does After of the same place made one larger not.
	newer = slices.DeleteFunc(newer, func(r store.Row) bool { return r.ID == c.ID })
	q.Before, q.After = nil, atOrOlder(c)
	older, err := st.List(ctx, q)
	if err != nil {
		return window{}, err
	}
	all := append(slices.Clone(newer), older...)
	rows, err := v.rows(ctx, st, all)
	return window{rows, len(newer) == pageRows, len(older) == pageRows}, err
}

// readOldest reads the last page.
func readOldest(ctx context.Context, st *store.Store, q store.ListQuery, v view) (window, error) {
	q.Limit, q.After = pageRows, nil
	q.Before = &store.Cursor{ID: 0}
	list, err := st.List(ctx, q)
	if err != nil {
		return window{}, err
	}
	rows, err := v.rows(ctx, st, list)
	return window{rows, len(list) == pageRows, false}, err
}

// extendOlder adds rows at the end and lets go of some at the beginning; it returns how many went. An unfolded thread goes as a whole.
func (w *window) extendOlder(list []row, more bool) int {
	w.rows = append(w.rows, list...)
	w.older = more
	gone := w.boundary(len(w.rows) - windowRows)
	if gone <= 0 {
		return 0
	}
	w.rows = slices.Clone(w.rows[gone:])
	w.newer = true
	return gone
}

// extendNewer adds rows at the beginning and lets go of some at the end; it returns how many came.
func (w *window) extendNewer(list []row, more bool) int {
	w.rows = append(slices.Clone(list), w.rows...)
	w.newer = more
	if end := w.boundary(windowRows); end > 0 && end < len(w.rows) {
		w.rows = w.rows[:end]
		w.older = true
	}
	return len(list)
}

// boundary is i, or where the unfolded thread that goes over i begins.
func (w *window) boundary(i int) int {
	if i <= 0 || i >= len(w.rows) {
		return i
	}
	for i > 0 && w.rows[i].head != nil && w.rows[i-1].head != nil && w.rows[i].Thread == w.rows[i-1].Thread {
		i--
	}
	return i
}

// find is the index of a message, or -1.
func (w *window) find(id store.MessageID) int {
	return slices.IndexFunc(w.rows, func(r row) bool { return r.ID == id })
}

// nearest is the index of the first row not newer than a place: where a row
// that is gone would have been.
func (w *window) nearest(c store.Cursor) int {
	for i, r := range w.rows {
		if at := cursorOf(r); at.Received.Before(c.Received) || at.Received.Equal(c.Received) && at.ID <= c.ID {
			return i
		}
	}
	return len(w.rows) - 1
}

// covers reports whether a row at this place would be in the window.
func (w *window) covers(c store.Cursor) bool {
	n := len(w.rows)
	if n == 0 {
		return !w.older && !w.newer
	}
	first, last := cursorOf(w.rows[0]), cursorOf(w.rows[n-1])
	return !(w.newer && c.Received.After(first.Received)) && !(w.older && c.Received.Before(last.Received))
}
