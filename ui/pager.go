package ui

import (
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
)

// pager shows a text of ours or of a program, over the whole body.
type pager struct {
	base
	u      *App
	title  string
	head   []headerLine // of a message, before the text
	text   message.Text
	lines  []readerLine
	width  int
	off, h int
}

// headerLine is a line of a message's header.
type headerLine struct{ name, value string }

// maxHeadLines is how many lines of a page a field may take.
const maxHeadLines = 40

// page shows a text; it is cleaned here.
func (u *App) page(title, body string) {
	u.push(&pager{u: u, title: title, text: message.Clean(body)})
}

func (p *pager) Draw(s tcell.Screen, r cells.Rect) {
	if p.width != r.W {
		p.width = r.W
		p.lines = nil
		for _, h := range p.head {
			p.lines = append(p.lines, field(h.name, h.value, min(r.W-2, maxColumns), maxHeadLines)...)
		}
		if len(p.head) > 0 {
			p.lines = append(p.lines, readerLine{kind: ruleLine})
		}
		for _, l := range cells.Wrap(p.text, r.W-2) {
			p.lines = append(p.lines, readerLine{line: l})
		}
	}
	p.h = r.H
	p.off = max(0, min(p.off, len(p.lines)-r.H))
	for i := 0; i < r.H && p.off+i < len(p.lines); i++ {
		p.lines[p.off+i].draw(s, cells.Rect{X: r.X + 1, Y: r.Y + i, W: r.W - 1, H: 1}, p.u.look)
	}
}

func (p *pager) Contexts() []keys.Context { return []keys.Context{keys.Move, keys.Global} }

func (p *pager) Where() (string, string) { return "▸ " + p.title, "" }

func (p *pager) Do(a keys.Action) bool {
	switch a {
	case keys.Up:
		p.off--
	case keys.Down:
		p.off++
	case keys.PageUp:
		p.off -= p.h - 2
	case keys.PageDown:
		p.off += p.h - 2
	case keys.First:
		p.off = 0
	case keys.Last:
		p.off = len(p.lines)
	case keys.Back:
		p.u.pop(p)
	default:
		return false
	}
	return true
}

// Key reads on with Space.
func (p *pager) Key(ev *tcell.EventKey) bool {
	if ev.Key() == tcell.KeyRune && ev.Rune() == ' ' {
		return p.Do(keys.PageDown)
	}
	return false
}

// Mouse scrolls.
func (p *pager) Mouse(a tview.MouseAction, _ *tcell.EventMouse) bool {
	p.off += wheel(a)
	return wheel(a) != 0
}

// help is the overlay that tells what the keys do where one is.
type help struct {
	base
	u        *App
	sections []keys.Section
	contexts []keys.Context
	off      int
	lines    int
	h        int
}

func (u *App) help() {
	contexts := u.top().Contexts()
	if len(contexts) == 0 {
		contexts = u.below().Contexts()
	}
	u.push(&help{u: u, sections: u.keys.Help(contexts), contexts: contexts})
}

// helpWidth is the columns of a line of help, helpKeys of them for the keys.
const (
	helpWidth = 58
	helpKeys  = 14
)

// helpLine is a line of help: a title, or keys and what they do.
type helpLine struct{ title, keys, words string }

func (h *help) column() []helpLine {
	var out []helpLine
	for i, s := range h.sections {
		if i > 0 {
			out = append(out, helpLine{})
		}
		out = append(out, helpLine{title: s.Title})
		for _, e := range s.Entries {
			out = append(out, helpLine{keys: strings.Join(e.Keys, " "), words: e.Text})
		}
	}
	switch {
	case slices.Contains(h.contexts, keys.Write):
		return append(out, textHelp...)
	case slices.Contains(h.contexts, keys.Mail):
		return append(out, signHelp...)
	}
	return out
}

// What help says besides the bindings: of the signs in the list, and of keys of the text that are always the same.
var (
	signHelp = []helpLine{
		{}, {title: "Signs in the list"},
		{keys: "●", words: "unread"}, {keys: "← →", words: "answered, forwarded"},
		{keys: "! @ ✓", words: "flagged, has attachments, marked"},
	}
	textHelp = []helpLine{
		{}, {title: "In the fields and the text"},
		{keys: "Tab S-Tab", words: "next field, field before"},
		{keys: "← →", words: "in From: another address to write from"},
		{keys: "^Z ^Y", words: "undo, redo what was typed in the text"},
		{keys: "^W ^U ^K", words: "delete a word, the line, the rest of it"},
		{keys: "Shift-← →", words: "select; ^L all, ^Q copy, ^V paste"},
	}
)

func (h *help) Draw(s tcell.Screen, r cells.Rect) {
	look := h.u.look
	all := h.column()
	cols := min(max(1, (r.W-4)/helpWidth), 3)
	per := max((len(all)+cols-1)/cols, 1)
	box := cells.Rect{W: min(cols*helpWidth+4, r.W), H: min(per+2, r.H)}
	box.X, box.Y = r.X+(r.W-box.W)/2, r.Y+(r.H-box.H)/2
	h.h, h.lines = box.H-2, per
	h.off = max(0, min(h.off, per-h.h))
	title := "What the keys do"
	switch {
	case h.off+h.h < per:
		title += " · ↓ more"
	case h.off > 0:
		title += " · ↑ more"
	}
	cells.Box(s, box, text("%s · Esc closes", title), look.frame, look.title)
	w := (box.W - 4) / cols
	for c := range cols {
		for i := range h.h {
			n := c*per + h.off + i
			if n >= len(all) || h.off+i >= per {
				break
			}
			x, y := box.X+2+c*w, box.Y+1+i
			if all[n].title != "" {
				cells.Put(s, x, y, w, text("%s", all[n].title), look.title)
				continue
			}
			cells.Put(s, x, y, helpKeys-1, text("%s", all[n].keys), look.accent)
			cells.PutFit(s, x+helpKeys, y, w-helpKeys-1, text("%s", all[n].words), look.plain)
		}
	}
}

// Full is false: one sees where one is.
func (h *help) Full() bool { return false }

// Key scrolls; any other key closes.
func (h *help) Key(ev *tcell.EventKey) bool {
	switch ev.Key() {
	case tcell.KeyUp:
		h.off--
	case tcell.KeyDown:
		h.off++
	case tcell.KeyPgUp, tcell.KeyCtrlB, tcell.KeyBackspace, tcell.KeyBackspace2:
		h.off -= h.h
	case tcell.KeyPgDn, tcell.KeyCtrlF:
		h.off += h.h
	case tcell.KeyHome:
		h.off = 0
	case tcell.KeyEnd:
		h.off = h.lines
	default:
		switch ev.Rune() {
		case 'j':
			h.off++
		case 'k':
			h.off--
		case ' ':
			h.off += h.h
		case 'g':
			h.off = 0
		case 'G':
			h.off = h.lines
		default:
			h.u.pop(h)
		}
	}
	return true
}

// Mouse scrolls, and closes on a click.
func (h *help) Mouse(a tview.MouseAction, _ *tcell.EventMouse) bool {
	if a == tview.MouseLeftClick {
		h.u.pop(h)
		return true
	}
	h.off += wheel(a)
	return wheel(a) != 0
}
