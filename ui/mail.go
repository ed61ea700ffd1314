package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/account"
	"mua/store"
	"mua/ui/cells"
	"mua/ui/keys"
)

// pane is a part of the mail view that can have the keys.
type pane int

const (
	listPane pane = iota
	readerPane
	boxesPane
)

// mailView is the bottom layer: mailboxes, the list of messages and the reader,
// side by side where there is room, one after the other where there is not.
type mailView struct {
	base
	u       *App
	boxes   *boxes
	lists   []*list // the mailbox, and searches on top of it
	reader  *reader
	focus   pane
	threads bool      // mailboxes are shown as threads
	wanted  wantedBox // a mailbox to show as soon as the mailboxes are known
}

// wantedBox names a mailbox by role (and account), to be opened once it exists.
type wantedBox struct {
	role    store.Role
	account string
	first   bool // at the start: where no mail is fetched, another one will do that has some
}

func newMail(u *App) *mailView {
	m := &mailView{u: u, boxes: &boxes{u: u}, wanted: wantedBox{role: store.RoleInbox, first: true}}
	m.reader = &reader{u: u}
	m.setLists(newList(u, store.ListQuery{}, store.Mailbox{}))
	return m
}

func (m *mailView) start() { m.u.refreshFrame() }

func (m *mailView) list() *list { return m.lists[len(m.lists)-1] }

// setLists makes l the list shown, on top of those below.
func (m *mailView) setLists(l *list, below ...*list) {
	m.lists = append(below, l)
	l.moved = func() { m.moved(l) }
}

// atHome reports whether there is nothing to go back to.
func (m *mailView) atHome() bool {
	return len(m.lists) == 1 && m.focus == listPane && m.list().limited == ""
}

// boxesChanged is told when the mailboxes have been read.
func (m *mailView) boxesChanged() {
	m.boxes.update(m.u.stored.boxes)
	if m.wanted.role == "" {
		return
	}
	b, ok := m.roleBox(m.wanted.role, m.wanted.account)
	if m.wanted.first && (!ok || b.Total == 0) && !m.u.receives() {
		if full, has := m.fullBox(); has {
			b, ok = full, true
		}
	}
	if ok {
		m.wanted = wantedBox{}
		m.openBox(b)
		return
	}
	m.list().loaded = true
}

// receives reports whether an account fetches mail: what comes will be in its inbox.
func (u *App) receives() bool {
	return slices.ContainsFunc(u.o.Config.Accounts, func(a *account.Account) bool { return a.Incoming != nil })
}

// fullBox is the first mailbox with mail in it, an inbox before others, and these before what was sent, thrown away or not finished.
func (m *mailView) fullBox() (store.Mailbox, bool) {
	var found store.Mailbox
	best := 0
	for _, l := range m.boxes.lines {
		rank := 2
		switch l.box.Role {
		case store.RoleInbox:
			rank = 3
		case store.RoleSent, store.RoleDrafts, store.RoleTrash, store.RoleJunk:
			rank = 1
		}
		if l.box.ID > 0 && l.box.Total > 0 && !l.box.NoSelect && rank > best {
			found, best = l.box, rank
		}
	}
	return found, best > 0
}

// roleBox finds a mailbox by its role: of an account, else of the first account that has it.
func (m *mailView) roleBox(role store.Role, account string) (store.Mailbox, bool) {
	for _, l := range m.boxes.lines {
		if l.box.Role == role && l.box.ID > 0 && (account == "" || l.account == account) {
			return l.box, true
		}
	}
	return store.Mailbox{}, false
}

// openBox shows a mailbox in the list.
func (m *mailView) openBox(b store.Mailbox) {
	if b.NoSelect {
		m.u.say("%s only holds other mailboxes", b.Name)
		return
	}
	m.wanted = wantedBox{}
	m.boxes.selectBox(b.ID)
	m.reader.clear()
	m.focus = listPane
	l := newList(m.u, store.ListQuery{Account: b.Account, Mailbox: b.ID, Threads: m.threads}, b)
	if b.ID == allInboxes {
		l = newList(m.u, store.ListQuery{Query: inboxQuery, Threads: m.threads}, store.Mailbox{})
		l.all = true
	}
	m.setLists(l)
	l.reload()
}

// search shows what matches in all mailboxes; back returns to where one was.
func (m *mailView) search(q string) {
	l := newList(m.u, store.ListQuery{Query: q, Distinct: true}, store.Mailbox{})
	l.limited = q
	m.reader.clear()
	m.focus = listPane
	below := m.lists
	if len(below) > 1 {
		below = below[:1]
	}
	m.setLists(l, below...)
	l.reload()
}

// limit shows only what matches of the present mailbox; "" shows all again.
func (m *mailView) limit(q string) {
	was := m.list()
	if was.search() {
		if q != "" {
			m.search(both(was.q.Query, q))
		}
		return
	}
	lq := was.q
	lq.Query = q
	if was.all {
		lq.Query = both(inboxQuery, q)
		if q == "" {
			lq.Query = inboxQuery
		}
	}
	l := newList(m.u, lq, was.box)
	l.all, l.limited = was.all, q
	l.win, l.sel, l.top, l.height = was.win, was.sel, was.top, was.height
	m.setLists(l)
	m.focus = listPane
	l.reload()
}

// account is the name of the account one is looking at.
func (m *mailView) account() string {
	if n := m.list().box.AccountName; n != "" {
		return n
	}
	if r, ok := m.list().current(); ok {
		return r.AccountName
	}
	return m.boxes.current().account
}

// moved is told when another row is selected: beside the list the reader follows.
func (m *mailView) moved(l *list) {
	if l != m.list() {
		return
	}
	r, ok := l.current()
	switch {
	case !ok:
		m.reader.clear()
		if m.focus == readerPane {
			m.focus = listPane
		}
	case m.focus == readerPane && r.folded():
		l.unfold(r, m.openMessage)
	case m.focus == readerPane:
		m.reader.show(r)
		m.reader.markOpened()
	case m.layout(m.u.body()).beside:
		m.reader.show(r)
	}
}

// --- where things are

// places are the rectangles of the panes; W 0: not shown.
type places struct {
	boxes, list, reader cells.Rect
	beside              bool // list and reader are both on the screen
}

func (m *mailView) layout(r cells.Rect) places {
	var p places
	switch {
	case r.W >= 160 && r.H >= 20:
		p.boxes = cells.Rect{X: r.X, Y: r.Y, W: 26, H: r.H}
		rw := min(maxColumns+3, (r.W-26)/2)
		p.list = cells.Rect{X: r.X + 27, Y: r.Y, W: r.W - 27 - rw - 1, H: r.H}
		p.reader = cells.Rect{X: r.X + r.W - rw, Y: r.Y, W: rw, H: r.H}
		p.beside = true
	case r.W >= 100 && r.H >= 30:
		p.boxes = cells.Rect{X: r.X, Y: r.Y, W: 24, H: r.H}
		lh := max(8, r.H/3)
		p.list = cells.Rect{X: r.X + 25, Y: r.Y, W: r.W - 25, H: lh}
		p.reader = cells.Rect{X: r.X + 25, Y: r.Y + lh + 1, W: r.W - 25, H: r.H - lh - 1}
		p.beside = true
	default:
		if r.W >= 110 {
			p.boxes = cells.Rect{X: r.X, Y: r.Y, W: 24, H: r.H}
			r.X, r.W = r.X+25, r.W-25
		}
		p.list, p.reader = r, r
	}
	return p
}

func (m *mailView) Draw(s tcell.Screen, r cells.Rect) {
	p := m.layout(r)
	if m.focus == boxesPane && p.boxes.W == 0 {
		m.focus = listPane
	}
	onTop := m.u.top() == layer(m)
	if p.boxes.W > 0 {
		m.boxes.Draw(s, p.boxes, onTop && m.focus == boxesPane, m.list().shownBox())
		m.rule(s, cells.Rect{X: p.boxes.X + p.boxes.W, Y: r.Y, W: 1, H: r.H})
	}
	if p.beside || m.focus != readerPane {
		m.list().Draw(s, p.list, onTop && m.focus == listPane)
	}
	if p.beside {
		m.followSelection()
		if p.reader.Y > p.list.Y {
			m.rule(s, cells.Rect{X: p.reader.X, Y: p.reader.Y - 1, W: p.reader.W, H: 1})
		} else {
			m.rule(s, cells.Rect{X: p.reader.X - 1, Y: r.Y, W: 1, H: r.H})
		}
	}
	if p.beside || m.focus == readerPane {
		m.reader.Draw(s, p.reader, onTop && m.focus == readerPane)
	}
}

// followSelection shows the selected message after the screen has grown.
func (m *mailView) followSelection() {
	if r, ok := m.list().current(); ok && m.reader.row.ID != r.ID {
		m.reader.show(r)
	}
}

func (m *mailView) rule(s tcell.Screen, r cells.Rect) {
	for y := range r.H {
		for x := range r.W {
			c := "│"
			if r.H == 1 {
				c = "─"
			}
			s.Put(r.X+x, r.Y+y, c, m.u.look.dim)
		}
	}
}

// Where tells the mailbox or search and its numbers.
func (m *mailView) Where() (string, string) {
	l := m.list()
	var left string
	switch {
	case l.search() && l.q.Query != "":
		left = "▸ search: " + l.q.Query
	case l.all:
		left = "▸ " + allInboxesName
	case l.box.ID != 0:
		left = "▸ " + l.box.AccountName + " ▸ " + l.box.Name
	}
	if l.limited != "" && !l.search() {
		left += " ▸ only " + l.limited
	}
	if l.q.Threads {
		left += " ▸ threads"
	}
	if l.q.Sort != "" && l.q.Sort != store.SortDate {
		left += " ▸ by " + sortWord(l.q.Sort)
	}
	var right []string
	if len(l.marked) > 0 {
		right = append(right, l.markedWords())
	}
	if l.unread > 0 && (len(l.marked) == 0 || !l.q.Threads) { // there is no room for all that
		right = append(right, fmt.Sprintf("%d unread", l.unread))
	}
	if l.known && (l.box.ID != 0 || l.q.Query != "") {
		right = append(right, count(l.total, "message"))
	}
	return left, strings.Join(right, " · ")
}

// Contexts are those of the pane with the keys.
func (m *mailView) Contexts() []keys.Context {
	switch m.focus {
	case readerPane:
		return []keys.Context{keys.Reader, keys.Mail, keys.Move, keys.Global}
	case boxesPane:
		return []keys.Context{keys.Mailboxes, keys.Move, keys.Global}
	}
	return []keys.Context{keys.List, keys.Mail, keys.Move, keys.Global}
}

// Hints are the keys that do something here: without a message those for messages are not told.
func (m *mailView) Hints() []keys.Action {
	if m.empty() {
		if !m.atHome() {
			return []keys.Action{keys.Back, keys.Search, keys.ChooseMailbox, keys.Compose, keys.Undo, keys.Sync, keys.NextPane}
		}
		return []keys.Action{keys.Sync, keys.Compose, keys.Search, keys.ChooseMailbox, keys.Back, keys.Undo, keys.NextPane}
	}
	hints := keys.Hints(m.Contexts()[0])
	if m.focus == listPane && !m.atHome() { // found or limited: how to come back from there
		hints = slices.Insert(slices.Clone(hints), 0, keys.Back)
	}
	return hints
}

// empty reports a list with the keys that has no message.
func (m *mailView) empty() bool {
	_, ok := m.shown()
	return !ok && m.focus == listPane && m.list().loaded
}

// Refresh re-reads what is shown.
func (m *mailView) Refresh() {
	if l := m.list(); l.q.Mailbox != 0 || l.q.Query != "" {
		l.Refresh()
	}
	m.reader.Refresh()
}

// Mouse selects, opens and scrolls what is under the pointer.
func (m *mailView) Mouse(a tview.MouseAction, ev *tcell.EventMouse) bool {
	p := m.layout(m.u.body())
	x, y := ev.Position()
	n := wheel(a)
	click, open := a == tview.MouseLeftClick, a == tview.MouseLeftDoubleClick
	if n == 0 && !click && !open {
		return false
	}
	switch {
	case p.boxes.Contains(x, y):
		if n != 0 {
			m.boxes.top = max(0, min(m.boxes.top+n, len(m.boxes.lines)-p.boxes.H))
			return true
		}
		if i := m.boxes.top + y - p.boxes.Y; i < len(m.boxes.lines) {
			m.openLine(m.boxes.lines[i])
		}
	case p.list.Contains(x, y) && (p.beside || m.focus != readerPane):
		m.clickList(y-p.list.Y, n, open)
	case p.reader.Contains(x, y) && (p.beside || m.focus == readerPane):
		if n != 0 {
			m.reader.scroll(n)
		} else if m.reader.row.ID != 0 && m.focus != readerPane {
			m.openMessage()
		}
	}
	return true
}

func (m *mailView) clickList(line, turn int, open bool) {
	l := m.list()
	if turn != 0 {
		l.selectRow(l.sel + turn)
		return
	}
	if m.focus == readerPane {
		m.focus = listPane
	}
	m.focus = listPane
	if i := l.top + line; i < len(l.win.rows) {
		l.selectRow(i)
		if open {
			m.openMessage()
		}
	}
}
