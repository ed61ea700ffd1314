package ui

import (
	"context"
	"fmt"

	"mua/store"
	"mua/ui/keys"
)

// Do does an action of the list, the reader or the mailboxes.
func (m *mailView) Do(a keys.Action) bool {
	if _, ok := m.shown(); !ok && m.focus != boxesPane && ofMessages(a) {
		m.u.remark("There is no message here")
		return true
	}
	switch m.focus {
	case boxesPane:
		return m.doBoxes(a)
	case readerPane:
		if m.reader.do(a) {
			return true
		}
	default:
		if m.doList(a) {
			return true
		}
	}
	return m.doMessage(a) || m.doWish(a)
}

// ofMessages reports an action that nothing comes of where there is no message.
func ofMessages(a keys.Action) bool {
	switch a {
	case keys.Open, keys.Page, keys.Mark, keys.MarkAll, keys.Fold, keys.NextUnread, keys.PrevUnread, keys.NextMessage, keys.PrevMessage,
		keys.Reply, keys.ReplyAll, keys.ReplyList, keys.Forward, keys.ForwardWhole, keys.Bounce,
		keys.Archive, keys.Delete, keys.Junk, keys.MoveTo, keys.CopyTo, keys.Flag, keys.Unread, keys.Fetch,
		keys.Save, keys.Pipe, keys.ViewParts, keys.OpenLink:
		return true
	}
	return false
}

func (m *mailView) doBoxes(a keys.Action) bool {
	switch a {
	case keys.Up:
		m.boxes.step(-1)
	case keys.Down:
		m.boxes.step(1)
	case keys.PageUp:
		m.boxes.step(-10)
	case keys.PageDown:
		m.boxes.step(10)
	case keys.First:
		m.boxes.step(-len(m.boxes.lines))
	case keys.Last:
		m.boxes.step(len(m.boxes.lines))
	case keys.Open:
		m.openLine(m.boxes.current())
	case keys.NextPane, keys.Back:
		m.focus = listPane
	case keys.BoxCreate:
		m.u.askCreate(m.boxes.current().account)
	case keys.BoxRename:
		m.u.askRename(m.boxes.current().box)
	case keys.BoxDelete:
		m.u.askDelete(m.boxes.current().box)
	case keys.BoxSubscribe:
		m.u.toggleSubscribed(m.boxes.current().box)
	default:
		return false
	}
	return true
}

func (m *mailView) doList(a keys.Action) bool {
	l := m.list()
	page := max(1, l.height-1)
	switch a {
	case keys.Up:
		l.selectRow(l.sel - 1)
	case keys.Down:
		l.selectRow(l.sel + 1)
	case keys.PageUp:
		l.selectRow(l.sel - page)
	case keys.PageDown:
		l.selectRow(l.sel + page)
	case keys.First:
		l.goFirst()
	case keys.Last:
		l.goLast()
	case keys.Open:
		m.openMessage()
	case keys.Page:
		if r, ok := l.current(); ok && !r.folded() && m.layout(m.u.body()).beside && m.reader.ready {
			m.reader.markOpened()
			return m.reader.do(a)
		}
		m.openMessage()
	case keys.Mark:
		m.toggleMark()
	case keys.MarkAll:
		m.toggleAll()
	case keys.SortBy:
		m.nextSort()
	case keys.Threads:
		m.toggleThreads()
	case keys.Fold:
		m.toggleFold()
	default:
		return false
	}
	return true
}

// doMessage does what leads to or from a message.
func (m *mailView) doMessage(a keys.Action) bool {
	switch a {
	case keys.NextMessage:
		m.step(1, "This is the last message")
	case keys.PrevMessage:
		m.step(-1, "This is the first message")
	case keys.NextUnread:
		m.nextUnread(true, "No older unread message here")
	case keys.PrevUnread:
		m.nextUnread(false, "No newer unread message here")
	case keys.NextMatch:
		m.match(true)
	case keys.PrevMatch:
		m.match(false)
	case keys.NextPane:
		m.nextPane()
	case keys.Limit: // also where one reads: what is typed after it would else be done to the message
		m.u.askLimit()
	case keys.Back:
		return m.back()
	default:
		return false
	}
	return true
}

// match goes to the next result of a search, or in a mailbox to the next row that the last search finds.
func (m *mailView) match(forward bool) {
	l := m.list()
	switch {
	case l.search() && forward:
		m.step(1, "No further match here")
	case l.search():
		m.step(-1, "No further match here")
	case m.u.lastQuery == "":
		m.u.say("Nothing has been searched for yet · %s searches", m.u.keys.Key(keys.Search, keys.Global))
	default:
		l.jumpTo(m.u.lastQuery, forward, "No further match here")
	}
}

// step goes to the next row or the one before, or says that there is none.
func (m *mailView) step(n int, none string) {
	l := m.list()
	was, more := l.sel, n > 0 && l.win.older || n < 0 && l.win.newer
	if l.selectRow(l.sel + n); l.sel == was && !more {
		m.u.remark("%s", none)
	}
}

func (m *mailView) nextPane() {
	p := m.layout(m.u.body())
	switch {
	case m.focus == listPane && p.beside && m.reader.row.ID != 0:
		m.focus = readerPane
	case m.focus != boxesPane && p.boxes.W > 0:
		m.focus = boxesPane
	case m.focus == listPane:
		m.u.remark("There is no room for another pane · %s chooses a mailbox", m.u.keys.Key(keys.ChooseMailbox, keys.Global))
	default:
		m.focus = listPane
	}
}

// back leaves the reader, a search, a limit; false when there is nothing to leave.
func (m *mailView) back() bool {
	switch l := m.list(); {
	case m.focus == readerPane:
		m.focus = listPane
	case len(l.marked) > 0:
		clear(l.marked)
	case len(m.lists) > 1:
		m.lists = m.lists[:len(m.lists)-1]
		m.reader.clear()
		m.list().Refresh()
		m.moved(m.list())
	case l.limited != "":
		m.limit("")
	default:
		return false
	}
	return true
}

// openMessage opens the selected message; a draft is gone on with.
func (m *mailView) openMessage() {
	l := m.list()
	r, ok := l.current()
	if !ok {
		return
	}
	if r.folded() {
		l.unfold(r, m.openMessage)
		return
	}
	if l.box.Role == store.RoleDrafts || r.Flags.Has(store.Draft) {
		m.u.resumeDraft(r)
		return
	}
	m.focus = readerPane
	m.reader.show(r)
	m.reader.markOpened()
}

// nextUnread goes to the next message, or in a list of threads to the next thread, that is unread.
func (m *mailView) nextUnread(forward bool, none string) {
	l := m.list()
	if l.q.Threads {
		l.jumpUnread(forward, none)
		return
	}
	l.jumpTo("is:unread", forward, none)
}

// shown is the message that reply, save and the like are for.
func (m *mailView) shown() (row, bool) {
	if m.focus == readerPane && m.reader.row.ID != 0 {
		return m.reader.row, true
	}
	return m.list().current()
}

// targets are the messages that archive, delete and the like are for.
func (m *mailView) targets() []row {
	if m.focus == readerPane && m.reader.row.ID != 0 {
		return []row{m.reader.row}
	}
	return m.list().targets()
}

func (m *mailView) toggleMark() {
	l := m.list()
	r, ok := l.current()
	if !ok {
		return
	}
	if _, on := l.marked[r.ID]; on {
		delete(l.marked, r.ID)
	} else {
		l.marked[r.ID] = r
	}
	l.selectRow(l.sel + 1)
}

// maxMarked is how many rows are marked at once.
const maxMarked = 10_000

// toggleAll marks all rows of the list, those too that are not in memory, or none.
func (m *mailView) toggleAll() {
	l := m.list()
	if len(l.marked) > 0 {
		clear(l.marked)
		return
	}
	if !l.win.older && !l.win.newer && len(l.win.rows) < sortedRows {
		l.markRows(l.win.rows)
		return
	}
	st, q, v := l.u.o.Store, l.q, l.view()
	q.Limit = maxMarked
	l.u.modal(&l.jump, func(ctx context.Context) func() {
		list, err := st.List(ctx, q)
		var rows []row
		if err == nil {
			rows, err = v.rows(ctx, st, list)
		}
		return func() {
			if err != nil {
				l.u.oops("list", err)
				return
			}
			l.markRows(rows)
			if len(list) == maxMarked {
				l.u.remark("%s; the list is longer", l.markedWords())
			}
		}
	})
}

// markedWords tells how many messages are marked, and in a list of threads in how many of these.
func (l *list) markedWords() string {
	if !l.q.Threads {
		return fmt.Sprintf("%d marked", len(l.marked))
	}
	n, whole := 0, make(map[int64]bool, len(l.marked)) // thread → marked as one row
	for _, r := range l.marked {
		if r.folded() {
			n += max(1, len(r.InThread.Here))
			whole[r.Thread] = true
		}
	}
	for _, r := range l.marked {
		if !whole[r.Thread] {
			n++
			whole[r.Thread] = false
		}
	}
	return fmt.Sprintf("%d marked in %s", n, count(len(whole), "thread"))
}

func (l *list) markRows(rows []row) {
	for _, r := range rows {
		if l.hidden[r.ID] == 0 {
			l.marked[r.ID] = r
		}
	}
}

func (m *mailView) nextSort() {
	order := []store.Sort{store.SortDate, store.SortFrom, store.SortSubject, store.SortSize}
	l := m.list()
	next := order[0]
	for i, s := range order {
		if s == l.q.Sort || l.q.Sort == "" && i == 0 {
			next = order[(i+1)%len(order)]
		}
	}
	m.sortBy(next)
}

// sortWord is what an order goes by, for people.
func sortWord(s store.Sort) string {
	if s == store.SortFrom {
		return "sender"
	}
	return string(s)
}

func (m *mailView) sortBy(s store.Sort) {
	l := m.list()
	l.q.Sort = s
	l.q.Threads = l.q.Threads && s == store.SortDate
	l.win, l.loaded = window{}, false // the next keys are for the rows to come
	l.sel, l.top = -1, 0
	l.reload()
	m.u.say("Sorted by %s", sortWord(s))
}

// openLine opens what a line of the mailbox list stands for.
func (m *mailView) openLine(l boxLine) {
	switch {
	case l.outbox:
		m.u.openOutbox()
	case l.saved:
		m.search(inQuery(l.label))
	case l.box.ID != 0:
		m.openBox(l.box)
	}
}
