package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/outbox"
	"mua/store"
	"mua/ui/cells"
	"mua/ui/keys"
	"mua/ui/pump"
)

// outboxView shows what is on its way out: its state, why it waits, and the
// story of the selected item below or beside the list.
type outboxView struct {
	base
	u     *App
	items []store.Item
	all   bool
	sel   store.OutboxID
	top   int
	h     int // items that fit on the screen
	list  cells.Rect
	below cells.Rect // where the story is
	story outboxStory

	load   pump.Slot
	tell   pump.Slot
	read   pump.Slot
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
	st, all, start := v.u.o.Store, v.all, v.u.pump.Start
	if !v.loaded {
		start = v.u.modal // the next keys are meant for what is selected then
	}
	start(&v.load, func(ctx context.Context) func() {
		items, err := outboxItems(ctx, st, all)
		if all { // what was sent long ago is the least interesting
			slices.Reverse(items)
		}
		return func() {
			if err != nil {
				v.u.oops("outbox", err)
				return
			}
			v.loadedItems(items)
			if v.again {
				v.again = false
				v.Refresh()
			}
		}
	})
}

func (v *outboxView) loadedItems(items []store.Item) {
	was := v.index()
	v.items, v.loaded = items, true
	if v.index() < 0 && len(items) > 0 {
		v.sel = items[min(max(was, 0), len(items)-1)].ID
	}
	v.tellStory()
	v.u.beat()
}

func (v *outboxView) index() int {
	return slices.IndexFunc(v.items, func(it store.Item) bool { return it.ID == v.sel })
}

func (v *outboxView) current() (store.Item, bool) {
	if i := v.index(); i >= 0 {
		return v.items[i], true
	}
	return store.Item{}, false
}

// counting reports whether a time that is shown is told in seconds.
func (v *outboxView) counting(now time.Time) bool {
	return slices.ContainsFunc(v.items, func(it store.Item) bool {
		due := it.NotBefore
		if it.NextAttempt.After(due) {
			due = it.NextAttempt
		}
		return it.State == store.Queued && due.After(now) && due.Sub(now) < 2*time.Minute
	})
}

// tellStory reads the attempts of the selected item.
func (v *outboxView) tellStory() {
	it, ok := v.current()
	if !ok {
		v.story = outboxStory{}
		return
	}
	st, now, why := v.u.o.Store, v.u.now(), whyListed(it, v.all)
	v.u.pump.Start(&v.tell, func(ctx context.Context) func() {
		attempts, err := st.Attempts(ctx, it.ID)
		ledger := map[store.AttemptID][]store.RecipientResult{}
		for _, a := range attempts {
			if l, err := st.AttemptLedger(ctx, a.ID); err == nil {
				ledger[a.ID] = l
			}
		}
		lines := outbox.Story(it, attempts, ledger, now)
		return func() {
			if err != nil {
				v.u.oops("outbox", err)
				return
			}
			v.story.tell(it.ID, lines, why)
		}
	})
}

// places are where the list and the story are, and the rule between.
func (v *outboxView) places(r cells.Rect) (list, rule, story cells.Rect) {
	if r.W >= 160 {
		w := min(r.W/2, 100)
		return cells.Rect{X: r.X, Y: r.Y, W: w, H: r.H}, cells.Rect{X: r.X + w, Y: r.Y, W: 1, H: r.H},
			cells.Rect{X: r.X + w + 1, Y: r.Y, W: r.W - w - 1, H: r.H}
	}
	h := min(len(v.items)*2, max(2, r.H*2/5))
	h -= h % 2
	return cells.Rect{X: r.X, Y: r.Y, W: r.W, H: h}, cells.Rect{X: r.X, Y: r.Y + h, W: r.W, H: 1},
		cells.Rect{X: r.X, Y: r.Y + h + 1, W: r.W, H: r.H - h - 1}
}

func (v *outboxView) Draw(s tcell.Screen, r cells.Rect) {
	look := v.u.look
	if len(v.items) == 0 {
		v.drawEmpty(s, r)
		return
	}
	r = v.drawMoved(s, r)
	list, rule, story := v.places(r)
	v.list, v.below = list, story
	v.h = max(1, list.H/2)
	i := v.index()
	v.top = max(0, min(v.top, len(v.items)-v.h))
	if i < v.top {
		v.top = max(i, 0)
	}
	if i >= v.top+v.h {
		v.top = i - v.h + 1
	}
	for n := 0; n < v.h && v.top+n < len(v.items); n++ {
		v.drawItem(s, cells.Rect{X: list.X, Y: list.Y + 2*n, W: list.W, H: 2}, v.items[v.top+n])
	}
	v.u.mail.rule(s, rule)
	it, _ := v.current()
	v.story.set(v.u, it, min(story.W-2, maxColumns+10))
	more := v.story.scrolled(story.H)
	if rule.H == 1 {
		cells.Put(s, rule.X+2, rule.Y, rule.W-4, text(" What happened to it "), look.accent)
		if n := len(v.items) - v.top - v.h; n > 0 {
			cells.PutRight(s, rule.X, rule.Y, rule.W-2, text(" ↑ %d more below ", n), look.dim)
		}
	}
	v.story.draw(s, cells.Rect{X: story.X + 1, Y: story.Y, W: story.W - 1, H: story.H}, look)
	if more {
		cells.PutRight(s, story.X, story.Y+story.H-1, story.W-1, text(" ↓ %s reads on ", v.u.keys.Key(keys.Page, keys.Outbox)), look.bar)
	}
}

func (v *outboxView) drawEmpty(s tcell.Screen, r cells.Rect) {
	look := v.u.look
	switch {
	case !v.loaded:
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("Loading …"), look.dim)
	case v.all:
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("Nothing has been sent from here yet."), look.dim)
	default:
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("The outbox is empty: nothing waits to be sent."), look.dim)
		cells.Put(s, r.X+2, r.Y+2, r.W-4, text("%s shows what was sent, with its story.", v.u.keys.Key(keys.ShowAll, keys.Outbox)), look.dim)
	}
}

// drawItem draws an item in two lines: what it is, and how it stands.
func (v *outboxView) drawItem(s tcell.Screen, r cells.Rect, it store.Item) {
	look := v.u.look
	st, dim, state := look.plain, look.dim, stateStyle(look, it)
	if it.ID == v.sel {
		st, dim, state = look.cursor, look.cursor, look.cursor
	}
	cells.Fill(s, r, st)
	cells.PutFit(s, r.X+1, r.Y, 11, text("%s %s", stateSign(it), stateWord(it)), state)
	to := max(26, (r.W-33)*2/5) // the rest is the subject's
	cells.PutFit(s, r.X+13, r.Y, to, text("→ %s", recipientsOf(it)), st)
	cells.PutFit(s, r.X+15+to, r.Y, r.W-33-to, text("%s", subjectOr(it.Subject)), st)
	cells.PutRight(s, r.X+r.W-17, r.Y, 16, text("%s", longDate(it.Created, v.u.now())), dim)
	cells.PutFit(s, r.X+13, r.Y+1, r.W-14, text("%s", v.u.describe(it)), dim)
}

func subjectOr(s string) string {
	if strings.TrimSpace(s) == "" {
		return "(no subject)"
	}
	return s
}

// stateSign tells states apart also where there are no colours.
func stateSign(it store.Item) string {
	if cameBack(it) {
		return "↩"
	}
	switch it.State {
	case store.Sending:
		return "↻"
	case store.Sent:
		return "✓"
	case store.Partial:
		return "◐"
	case store.Failed:
		return "✗"
	case store.Held:
		return "■"
	case store.Uncertain:
		return "?"
	case store.Cancelled:
		return "–"
	}
	return "○"
}

func stateStyle(look theme, it store.Item) tcell.Style {
	if cameBack(it) {
		return look.warn
	}
	switch it.State {
	case store.Failed, store.Partial:
		return look.warn
	case store.Uncertain, store.Held:
		return look.flagged
	case store.Sent:
		return look.good
	case store.Cancelled:
		return look.dim
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
	case keys.Page:
		v.story.scroll(1)
	case keys.PageBack:
		v.story.scroll(-1)
	case keys.ShowAll:
		v.all, v.top = !v.all, 0
		v.Refresh()
	case keys.Confirm:
		v.confirm()
	case keys.Back:
		v.u.pop(v)
	case keys.Undo:
		return false
	default:
		return v.decide(a)
	}
	return true
}

// Mouse selects and scrolls what is under the pointer.
func (v *outboxView) Mouse(a tview.MouseAction, ev *tcell.EventMouse) bool {
	if n := wheel(a); n != 0 && v.below.Contains(ev.Position()) {
		v.story.off += n
		return true
	}
	return rows{v.list, v.top, len(v.items), 2}.mouse(a, ev, v.move, func(i int) {
		v.sel = v.items[i].ID
		v.tellStory()
	})
}
