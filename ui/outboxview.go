package ui

import (
	"context"
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/outbox"
	"mua/store"
	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
	"mua/ui/pump"
)

// outboxView shows what is on its way out: its state, why it waits, and the
// story of the selected item below.
type outboxView struct {
	base
	u     *App
	items []store.Item
	all   bool
	sel   store.OutboxID
	top   int
	h     int
	story message.Text // of the selected item
	lines []cells.Line
	width int

	load   pump.Slot
	tell   pump.Slot
	again  bool
	loaded bool
}

func (u *App) openOutbox() {
	for _, l := range u.layers {
		if v, ok := l.(*outboxView); ok {
			u.pop(v)
		}
	}
	v := &outboxView{u: u}
	u.push(v)
	v.Refresh()
}

// Refresh reads the items anew; the selected one stays selected.
func (v *outboxView) Refresh() {
	if v.load.Busy() {
		v.again = true
		return
	}
	st, all := v.u.o.Store, v.all
	v.u.pump.Start(&v.load, func(ctx context.Context) func() {
		items, err := outboxItems(ctx, st, all)
		return func() {
			if err != nil {
				v.u.oops("outbox", err)
				return
			}
			was := v.index()
			v.items, v.loaded = items, true
			if v.index() < 0 && len(items) > 0 {
				v.sel = items[min(max(was, 0), len(items)-1)].ID
			}
			v.tellStory()
			if v.again {
				v.again = false
				v.Refresh()
			}
		}
	})
}

func (v *outboxView) index() int {
	for i, it := range v.items {
		if it.ID == v.sel {
			return i
		}
	}
	return -1
}

func (v *outboxView) current() (store.Item, bool) {
	if i := v.index(); i >= 0 {
		return v.items[i], true
	}
	return store.Item{}, false
}

// tellStory reads the attempts of the selected item.
func (v *outboxView) tellStory() {
	it, ok := v.current()
	if !ok {
		v.story, v.lines = message.Text{}, nil
		return
	}
	st, now, all := v.u.o.Store, v.u.now(), v.all
	v.u.pump.Start(&v.tell, func(ctx context.Context) func() {
		attempts, err := st.Attempts(ctx, it.ID)
		ledger := map[store.AttemptID][]store.RecipientResult{}
		for _, a := range attempts {
			if l, err := st.AttemptLedger(ctx, a.ID); err == nil {
				ledger[a.ID] = l
			}
		}
		lines := outbox.Story(it, attempts, ledger, now)
		for i, l := range lines {
			lines[i], _, _ = strings.Cut(l, " → ")
		}
		lines = append(lines, whyListed(it, all)...)
		return func() {
			if err != nil {
				v.u.oops("outbox", err)
				return
			}
			v.story = message.Clean(strings.Join(lines, "\n"))
			v.width = 0
		}
	})
}

func (v *outboxView) Draw(s tcell.Screen, r cells.Rect) {
	look := v.u.look
	if len(v.items) == 0 {
		words := "Loading …"
		if v.loaded {
			words = "The outbox is empty: everything is sent."
		}
		cells.Put(s, r.X+2, r.Y+2, r.W-4, text("%s", words), look.dim)
		return
	}
	rows := min(len(v.items)*2, max(2, (r.H-2)*2/3))
	rows -= rows % 2
	v.h = rows / 2
	i := v.index()
	if i < v.top {
		v.top = max(i, 0)
	}
	if i >= v.top+v.h {
		v.top = i - v.h + 1
	}
	for n := 0; n < v.h && v.top+n < len(v.items); n++ {
		v.drawItem(s, cells.Rect{X: r.X, Y: r.Y + 2*n, W: r.W, H: 2}, v.items[v.top+n])
	}
	y := r.Y + rows
	for x := range r.W {
		s.Put(r.X+x, y, "─", look.dim)
	}
	cells.Put(s, r.X+2, y, r.W-4, text(" What happened to it "), look.accent)
	if v.width != r.W {
		v.width, v.lines = r.W, cells.Wrap(v.story, r.W-3)
	}
	room := r.Y + r.H - y - 1
	first := max(0, len(v.lines)-room)
	for n := 0; n < room && first+n < len(v.lines); n++ {
		cells.Put(s, r.X+1, y+1+n, r.W-2, v.lines[first+n].Text, look.plain)
	}
}

// drawItem draws an item in two lines: what it is, and how it stands.
func (v *outboxView) drawItem(s tcell.Screen, r cells.Rect, it store.Item) {
	look := v.u.look
	st, dim, state := look.plain, look.dim, stateStyle(look, it.State)
	if cameBack(it) {
		state = look.warn
	}
	if it.ID == v.sel {
		st, dim, state = look.cursor, look.cursor, look.cursor
	}
	cells.Fill(s, r, st)
	cells.PutFit(s, r.X+1, r.Y, 10, text("%s", stateWord(it)), state)
	to := max(26, (r.W-32)*2/5) // the rest is the subject's
	cells.PutFit(s, r.X+12, r.Y, to, text("→ %s", recipientsOf(it)), st)
	cells.PutFit(s, r.X+14+to, r.Y, r.W-32-to, text("%s", subjectOr(it.Subject)), st)
	cells.PutRight(s, r.X+r.W-17, r.Y, 16, text("%s", longDate(it.Created, v.u.now())), dim)
	cells.PutFit(s, r.X+12, r.Y+1, r.W-13, text("%s", describe(it, v.u.now())), dim)
}

func subjectOr(s string) string {
	if strings.TrimSpace(s) == "" {
		return "(no subject)"
	}
	return s
}

func stateStyle(look theme, s store.ItemState) tcell.Style {
	switch s {
	case store.Failed, store.Partial:
		return look.warn
	case store.Uncertain, store.Held:
		return look.flagged
	case store.Sent:
		return look.good
	}
	return look.accent
}

func (v *outboxView) Contexts() []keys.Context {
	return []keys.Context{keys.Outbox, keys.Move, keys.Global}
}

// Where tells how many there are.
func (v *outboxView) Where() (string, string) {
	if v.all {
		return "▸ outbox ▸ all", count(len(v.items), "message")
	}
	return "▸ outbox", count(len(v.items), "message")
}

func (v *outboxView) move(n int) {
	if len(v.items) == 0 {
		return
	}
	v.sel = v.items[min(max(v.index()+n, 0), len(v.items)-1)].ID
	v.tellStory()
}

func (v *outboxView) Do(a keys.Action) bool {
	switch a {
	case keys.Up:
		v.move(-1)
	case keys.Down:
		v.move(1)
	case keys.PageUp:
		v.move(-v.h)
	case keys.PageDown:
		v.move(v.h)
	case keys.First:
		v.move(-len(v.items))
	case keys.Last:
		v.move(len(v.items))
	case keys.ShowAll:
		v.all = !v.all
		v.Refresh()
	case keys.Back:
		v.u.pop(v)
	case keys.Undo:
		return false
	default:
		return v.decide(a)
	}
	return true
}

// decide hands the person's decision on the selected item to the store.
func (v *outboxView) decide(a keys.Action) bool {
	it, ok := v.current()
	st := v.u.o.Store
	switch a {
	case keys.Open:
		if ok {
			v.showMessage(it)
		}
	case keys.Hold:
		v.wish(ok, it, "Held", false, st.Hold)
	case keys.Release:
		v.wish(ok, it, "Released", true, st.Release)
	case keys.Retry:
		v.retry(ok, it)
	case keys.ItWasSent:
		v.wish(ok, it, "Settled as sent", false, func(ctx context.Context, id store.OutboxID) error {
			return st.Resolve(ctx, id, true, "settled by hand")
		})
	case keys.Cancel:
		v.wish(ok, it, "Cancelled; the text is in Drafts", false, func(ctx context.Context, id store.OutboxID) error {
			_, err := st.Cancel(ctx, id)
			return err
		})
	default:
		return false
	}
	return true
}

// retry tries an item now. One that may have arrived is sent again only when the person says so.
func (v *outboxView) retry(ok bool, it store.Item) {
	st := v.u.o.Store
	if !ok || it.State != store.Uncertain {
		v.wish(ok, it, "To be tried now", true, st.Retry)
		return
	}
	v.u.ask(fmt.Sprintf("“%s” may have arrived already. Send it again, with the same Message-ID?", subjectOr(it.Subject)), []choice{
		{"y", "send again", func() {
			v.wish(ok, it, "To be sent again", true, func(ctx context.Context, id store.OutboxID) error {
				return st.Resolve(ctx, id, false, "sent again by hand")
			})
		}},
		{"n", "leave it", nil},
	})
}

// wish does something to an item in the store; flush also wakes the agent.
func (v *outboxView) wish(ok bool, it store.Item, done string, flush bool, f func(context.Context, store.OutboxID) error) {
	if !ok {
		return
	}
	u := v.u
	u.pump.Serial(func(ctx context.Context) func() {
		err := f(ctx, it.ID)
		return func() {
			switch {
			case isState(err):
				u.say("Not possible: it is %s", it.State)
			case err != nil:
				u.oops("outbox", err)
			default:
				u.say("%s: %s", done, subjectOr(it.Subject))
				if flush && u.o.Agent != nil {
					u.o.Agent.Flush(it.AccountName)
				}
			}
			u.storeChanged()
		}
	})
}

// showMessage shows the frozen message.
func (v *outboxView) showMessage(it store.Item) {
	u, st := v.u, v.u.o.Store
	u.pump.Start(&v.tell, func(ctx context.Context) func() {
		raw, err := st.ItemRaw(ctx, it.ID)
		if err != nil {
			return func() { u.oops("outbox", err) }
		}
		m := message.Parse(raw)
		body := "From:    " + addressList(m.From) + "\nTo:      " + recipientsOf(it) + "\nSubject: " + m.Subject + "\n\n" + m.Text()
		for _, a := range m.Attachments() {
			body += "\nAttached: " + a.Name + " (" + size(a.Size) + ")"
		}
		return func() { u.page("outbox ▸ "+subjectOr(it.Subject), body) }
	})
}

// Mouse selects and scrolls.
func (v *outboxView) Mouse(a tview.MouseAction, ev *tcell.EventMouse) bool {
	_, y := ev.Position()
	if n := wheel(a); n != 0 {
		v.move(n / 3)
		return true
	}
	i := v.top + (y-v.u.body().Y)/2
	if a == tview.MouseLeftClick && i < min(len(v.items), v.top+v.h) {
		v.sel = v.items[i].ID
		v.tellStory()
		return true
	}
	return false
}
