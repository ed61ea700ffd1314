package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/account"
	"mua/store"
	"mua/ui/cells"
	"mua/ui/keys"
	"mua/ui/pump"
)

// conflictsView shows the journal of what servers refused and of what others did otherwise meanwhile: what it is
// about, and below what happened and what was wished.
type conflictsView struct {
	base
	u      *App
	list   []store.Conflict
	sel    int
	top    int
	h      int // that fit on the screen
	place  cells.Rect
	load   pump.Slot
	again  bool
	loaded bool
}

const conflictsShown = 500

func (u *App) openConflicts() {
	for _, l := range u.layers {
		if v, ok := l.(*conflictsView); ok {
			u.pop(v)
		}
	}
	v := &conflictsView{u: u}
	u.push(v)
	v.Refresh()
}

// tellConflicts says that there are new ones.
func (u *App) tellConflicts(before, now int) {
	if !u.stored.looked || now <= before {
		return
	}
	u.oops("conflicts", &account.Trouble{Kind: account.KindRefused, What: count(now-before, "change") + " made here did not reach the server as wished",
		Kept: "What the server refused is taken back here", Hint: u.keys.Key(keys.GoConflicts, keys.Global) + " shows what happened"})
}

// Refresh reads the journal anew.
func (v *conflictsView) Refresh() {
	if v.load.Busy() {
		v.again = true
		return
	}
	st, start := v.u.o.Store, v.u.pump.Start
	if !v.loaded {
		start = v.u.modal // the next keys are meant for what is selected then
	}
	start(&v.load, func(ctx context.Context) func() {
		list, err := st.Conflicts(ctx, conflictsShown)
		return func() {
			if err != nil {
				v.u.oops("conflicts", err)
				return
			}
			v.list, v.loaded = list, true
			v.move(0)
			if v.again {
				v.again = false
				v.Refresh()
			}
		}
	})
}

func (v *conflictsView) Draw(s tcell.Screen, r cells.Rect) {
	look := v.u.look
	r = v.drawNews(s, r)
	switch {
	case !v.loaded:
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("Loading …"), look.dim)
		return
	case len(v.list) == 0:
		cells.Put(s, r.X+2, r.Y+1, r.W-4, text("No conflicts: what you did is on the servers, or waits for the next sync."), look.dim)
		return
	}
	story := min(7, r.H/2)
	v.place = cells.Rect{X: r.X, Y: r.Y, W: r.W, H: r.H - story - 1}
	v.h = max(1, v.place.H)
	v.top = max(0, min(v.top, len(v.list)-v.h))
	if v.sel < v.top {
		v.top = v.sel
	}
	if v.sel >= v.top+v.h {
		v.top = v.sel - v.h + 1
	}
	for i := 0; i < v.h && v.top+i < len(v.list); i++ {
		v.drawLine(s, v.place.Row(i), v.list[v.top+i], v.top+i == v.sel)
	}
	rule := cells.Rect{X: r.X, Y: r.Y + v.place.H, W: r.W, H: 1}
	v.u.mail.rule(s, rule)
	cells.Put(s, rule.X+2, rule.Y, rule.W-4, text(" What happened "), look.accent)
	v.drawStory(s, cells.Rect{X: r.X + 1, Y: rule.Y + 1, W: r.W - 2, H: story})
}

// drawNews draws what happened before the UI was opened, and returns the room that is left.
func (v *conflictsView) drawNews(s tcell.Screen, r cells.Rect) cells.Rect {
	err := v.u.o.News.Err
	if err == nil {
		return r
	}
	lines := cells.Wrap(text("✗ %s", err.Error()), min(r.W-2, maxColumns+10))
	lines = lines[:min(len(lines), r.H/3)]
	for i, l := range lines {
		cells.Put(s, r.X+1, r.Y+i, r.W-2, l.Text, v.u.look.warn)
	}
	n := len(lines) + 1
	v.u.mail.rule(s, r.Row(n-1))
	return cells.Rect{X: r.X, Y: r.Y + n, W: r.W, H: r.H - n}
}

// drawLine draws one conflict: when, what was wished, of what.
func (v *conflictsView) drawLine(s tcell.Screen, r cells.Rect, c store.Conflict, selected bool) {
	look := v.u.look
	st, dim, sign := look.plain, look.dim, look.warn
	if selected {
		st, dim, sign = look.cursor, look.cursor, look.cursor
	}
	mark, what := "≠", "overruled"
	if c.Refused {
		mark, what = "✗", "refused"
	}
	cells.Fill(s, r, st)
	cells.PutFit(s, r.X+1, r.Y, 2, text("%s", mark), sign)
	cells.PutFit(s, r.X+3, r.Y, 19, text("%s %s", c.Kind, what), st)
	cells.PutFit(s, r.X+23, r.Y, r.W-23-18, text("%s", conflictAbout(c)), st)
	cells.PutRight(s, r.X+r.W-17, r.Y, 16, text("%s", longDate(c.At, v.u.now())), dim)
}

// conflictAbout is what a conflict is about.
func conflictAbout(c store.Conflict) string {
	if c.Message == 0 {
		return "mailbox " + c.MailboxName
	}
	return subjectOr(c.Subject)
}

// drawStory draws what happened to the selected one.
func (v *conflictsView) drawStory(s tcell.Screen, r cells.Rect) {
	look, c := v.u.look, v.list[v.sel]
	y := 0
	put := func(style tcell.Style, words string) {
		for _, l := range cells.Wrap(text("%s", words), min(r.W, maxColumns+10)) {
			if y < r.H {
				cells.Put(s, r.X, r.Y+y, r.W, l.Text, style)
				y++
			}
		}
	}
	put(look.bold, c.AccountName+": "+c.What)
	if c.Message == 0 {
		return
	}
	if c.Local != nil {
		put(look.plain, "Wished:      "+placedWords(c.Local))
	}
	if c.Remote != nil {
		put(look.plain, "The server:  "+placedWords(c.Remote))
	}
	if c.MailboxName == "" {
		put(look.dim, "The message is no longer here · mua recover brings back what a server removed, for 30 days")
		return
	}
	put(look.dim, "The message is in "+c.MailboxName+" · "+v.u.keys.Key(keys.Open, keys.Conflicts)+" shows it")
}

// placedWords says where a message is and how it is marked.
func placedWords(p *store.Placed) string {
	where := "in " + p.Mailbox
	switch {
	case p.Gone:
		where = "deleted"
	case p.Mailbox == "":
		where = "not there"
	}
	flags := append(append([]string(nil), p.Flags...), p.Keywords...)
	if len(flags) == 0 {
		return where + ", no flags"
	}
	return fmt.Sprintf("%s, %s", where, strings.Join(flags, " "))
}

func (v *conflictsView) Contexts() []keys.Context {
	return []keys.Context{keys.Conflicts, keys.Move, keys.Global}
}

// Hints leave out what shows a message where there is none to show.
func (v *conflictsView) Hints() []keys.Action {
	hints := keys.Hints(keys.Conflicts)
	if len(v.list) == 0 || v.list[v.sel].Message == 0 || v.list[v.sel].MailboxName == "" {
		hints = slices.DeleteFunc(slices.Clone(hints), func(a keys.Action) bool { return a == keys.Open })
	}
	return hints
}

// Where tells how many there are.
func (v *conflictsView) Where() (string, string) {
	return "▸ conflicts", count(len(v.list), "conflict")
}

func (v *conflictsView) move(n int) { v.sel = min(max(v.sel+n, 0), max(0, len(v.list)-1)) }

func (v *conflictsView) Do(a keys.Action) bool {
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
		v.move(-len(v.list))
	case keys.Last:
		v.move(len(v.list))
	case keys.Back:
		v.u.pop(v)
	case keys.Open:
		v.open()
	default:
		return false
	}
	return true
}

// open shows the message that the selected one is about.
func (v *conflictsView) open() {
	if len(v.list) == 0 {
		v.u.remark("There is no conflict here")
		return
	}
	c := v.list[v.sel]
	if c.Message == 0 || c.MailboxName == "" {
		v.u.remark("There is no message to show")
		return
	}
	v.u.home()
	v.u.mail.search(fmt.Sprintf("id:%d", c.Message))
}

// Mouse selects and scrolls.
func (v *conflictsView) Mouse(a tview.MouseAction, ev *tcell.EventMouse) bool {
	return rows{v.place, v.top, len(v.list), 1}.mouse(a, ev, v.move, func(i int) { v.sel = i })
}
