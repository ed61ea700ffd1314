package ui

import (
	"errors"
	"fmt"

	"github.com/gdamore/tcell/v2"

	"mua/store"
	"mua/store/query"
	"mua/ui/cells"
	"mua/ui/keys"
)

// columns says how wide the parts of a row are.
type columns struct {
	date, who, box int
	long           bool // dates with year and time
}

// columnsFor leaves the subject at least 45 columns at a width of 80.
func columnsFor(w int, search bool) columns {
	c := columns{date: 6, who: 18}
	switch {
	case w >= 130:
		c = columns{date: 16, who: 28, long: true}
	case w >= 100:
		c = columns{date: 16, who: 22, long: true}
	case w < 60:
		c.who = max(8, w/4)
	}
	if search {
		c.box = 12
		if w < 100 {
			c.who, c.box = 16, 9
		}
	}
	return c
}

func (l *list) Draw(s tcell.Screen, r cells.Rect, focused bool) {
	l.scroll(r.H)
	if len(l.win.rows) == 0 {
		l.drawEmpty(s, r)
		return
	}
	cols := columnsFor(r.W, l.search() || l.all)
	for i := 0; i < r.H && l.top+i < len(l.win.rows); i++ {
		l.drawRow(s, r.Row(i), l.win.rows[l.top+i], cols, l.top+i == l.sel, focused)
	}
	l.drawScrollbar(s, r)
}

// drawEmpty says why there is nothing.
func (l *list) drawEmpty(s tcell.Screen, r cells.Rect) {
	var qe *query.Error
	words, more, hint := "", "", ""
	sync := l.u.keys.Key(keys.Sync, keys.Global)
	switch {
	case errors.As(l.err, &qe):
		words = "The query cannot be read: " + qe.Msg
	case l.err != nil:
		words = "This cannot be shown; see the line below."
	case !l.loaded:
		words = "Loading …"
	case l.limited != "":
		words, more = "Nothing matches “"+l.limited+"”.", l.u.keys.Key(keys.Back, keys.Global)+" goes back."
		if tree, err := query.Parse(l.limited, l.u.now()); err == nil && query.PlainWord(tree) != "" {
			hint = "Whole words are looked for: “" + query.PlainWord(tree) + "*” finds all that begin with it."
		}
	case l.all:
		words = "No messages in the inboxes."
	case l.box.ID == 0:
		words = "There is no mail here yet."
		if len(l.u.o.Config.Accounts) == 0 {
			more = "No account is set up: leave with q and run “mua account add”, or look around with “mua demo”."
		} else {
			more = sync + " fetches it."
		}
	default:
		words = "No messages in " + l.box.Name + "."
	}
	y := r.Y + min(2, r.H-1)
	cells.Put(s, r.X+2, y, r.W-4, text("%s", words), l.u.look.dim)
	for _, line := range []string{hint, more} {
		if line == "" {
			continue
		}
		if y++; y < r.Y+r.H {
			cells.Put(s, r.X+2, y, r.W-4, text("%s", line), l.u.look.dim)
		}
	}
}

func (l *list) drawRow(s tcell.Screen, r cells.Rect, m row, c columns, selected, focused bool) {
	look := l.u.look
	st := look.plain
	if m.unread() {
		st = look.unread
	}
	_, marked := l.marked[m.ID]
	paint := func(own tcell.Style) tcell.Style {
		switch {
		case selected && focused:
			return withBold(look.cursor, st)
		case selected:
			return withBold(look.cursorBlur, st)
		}
		return own
	}
	cells.Fill(s, r, paint(look.plain))
	x := r.X
	put := func(w int, t string, own tcell.Style) {
		cells.PutFit(s, x, r.Y, w, text("%s", t), paint(own))
		x += w
	}
	switch {
	case marked:
		put(1, "✓", look.mark)
	case m.unread():
		put(1, "●", look.accent)
	default:
		put(1, " ", st)
	}
	put(1, answerSign(m.Flags), look.dim)
	put(1, sign(m.Flags.Has(store.Flagged), "!"), look.flagged)
	put(1, sign(len(m.Attachments) > 0, "@"), look.dim)
	x++
	now := l.u.now()
	date := shortDate(m.Received, now)
	if c.long {
		date = longDate(m.Received, now)
	}
	cells.PutRight(s, x, r.Y, c.date, text("%s", date), paint(withBold(look.dim, st)))
	x += c.date + 2
	who := c.who
	if n := l.foldSign(m); n != "" {
		w := max(foldWidth, len([]rune(n)))
		who -= w + 1
		cells.PutRight(s, x+who+1, r.Y, w, text("%s", n), paint(withBold(look.dim, st)))
	}
	whoStyle := st
	if m.nobody {
		whoStyle = look.dim
	}
	cells.PutFit(s, x, r.Y, who, m.who, paint(whoStyle))
	x += c.who + 2
	if c.box > 0 {
		box := m.MailboxName
		if l.all && m.head == nil {
			box = m.AccountName
		}
		put(c.box, box, look.dim)
		x += 2
	}
	if m.stem.String() != "" {
		n := cells.Put(s, x, r.Y, r.X+r.W-x-1, m.stem, paint(look.dim))
		x += n
	}
	l.drawSubject(s, cells.Rect{X: x, Y: r.Y, W: r.X + r.W - x - 1, H: 1}, m, paint(st), paint(look.dim))
}

// foldWidth is what the number of a thread's messages takes.
const foldWidth = 4

// foldSign tells how many messages a folded thread has, and where an unfolded one begins.
func (l *list) foldSign(m row) string {
	switch {
	case m.folded():
		return fmt.Sprintf("▸%d", m.InThread.Messages)
	case m.head != nil && m.stem.String() == "":
		return fmt.Sprintf("▾%d", m.head.InThread.Messages)
	}
	return ""
}

// drawSubject draws the subject and, where there is room, how the text begins.
func (l *list) drawSubject(s tcell.Screen, r cells.Rect, m row, st, dim tcell.Style) {
	n := cells.Width(m.subject.String())
	if n > r.W {
		cells.PutFit(s, r.X, r.Y, r.W, m.subject, st)
		return
	}
	cells.Put(s, r.X, r.Y, r.W, m.subject, st)
	if rest := r.W - n - 2; rest >= 12 {
		cells.PutFit(s, r.X+n+2, r.Y, rest, m.snippet, dim)
	}
}

// drawScrollbar shows on the right edge which part of a longer list is seen.
func (l *list) drawScrollbar(s tcell.Screen, r cells.Rect) {
	n := len(l.win.rows)
	if n <= r.H || l.win.newer || l.win.older {
		return
	}
	h := max(1, r.H*r.H/n)
	at := 0
	if n > r.H {
		at = (r.H - h) * l.top / (n - r.H)
	}
	for i := range h {
		s.Put(r.X+r.W-1, r.Y+at+i, "▐", l.u.look.dim)
	}
}

func answerSign(f store.Flags) string {
	switch {
	case f.Has(store.Answered):
		return "←"
	case f.Has(store.Forwarded):
		return "→"
	}
	return " "
}

func sign(on bool, s string) string {
	if on {
		return s
	}
	return " "
}

// withBold gives a style the weight of another.
func withBold(st, like tcell.Style) tcell.Style {
	_, _, a := like.Decompose()
	if a&tcell.AttrBold != 0 {
		return st.Bold(true).Dim(false)
	}
	return st
}
