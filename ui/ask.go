package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"

	"mua/ui/cells"
)

// choice is one answer to a question: its key and what it does.
type choice struct {
	key   string
	label string
	do    func() // nil: nothing
}

// question asks for one key. Esc answers nothing.
type question struct {
	base
	u       *App
	words   string
	choices []choice
}

// ask asks before what cannot be undone.
func (u *App) ask(words string, choices []choice) {
	u.push(&question{u: u, words: words, choices: choices})
}

// Full is false: what it is about stays in sight.
func (q *question) Full() bool { return false }

func (q *question) Draw(s tcell.Screen, r cells.Rect) {
	look := q.u.look
	var labels []string
	n := 0
	for _, c := range q.choices {
		labels = append(labels, c.key+" "+c.label)
		n += cells.Width(labels[len(labels)-1]) + 3
	}
	w := min(max(n, cells.Width(q.words))+6, r.W-2, 76)
	lines := cells.Wrap(text("%s", q.words), w-4)
	box := cells.Rect{W: w, H: len(lines) + 4}
	box.X, box.Y = r.X+(r.W-w)/2, r.Y+max(0, (r.H-box.H)/2)
	cells.Box(s, box, text(""), look.frame, look.title)
	for i, l := range lines {
		cells.Put(s, box.X+2, box.Y+1+i, w-4, l.Text, look.bold)
	}
	x := box.X + 2
	for _, c := range q.choices {
		x += cells.Put(s, x, box.Y+box.H-2, w, text("%s", c.key), look.accent) + 1
		x += cells.Put(s, x, box.Y+box.H-2, w, text("%s", c.label), look.plain) + 2
	}
}

// Key takes one of the keys; Enter answers nothing, so that no one slips.
func (q *question) Key(ev *tcell.EventKey) bool {
	if ev.Key() == tcell.KeyEscape || ev.Key() == tcell.KeyCtrlC {
		q.u.pop(q)
		return true
	}
	for _, c := range q.choices {
		if ev.Key() == tcell.KeyRune && strings.EqualFold(string(ev.Rune()), c.key) {
			q.u.pop(q)
			if c.do != nil {
				c.do()
			}
			return true
		}
	}
	return true
}
