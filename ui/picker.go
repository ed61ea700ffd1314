package ui

import (
	"cmp"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/store"
	"mua/store/message"
	"mua/ui/cells"
)

// option is one line to pick.
type option struct {
	words message.Text
	note  message.Text // at the right
	match string       // what typed letters are looked for in, in lower case
	do    func()
}

// picker shows options in a frame; typed letters narrow them down.
type picker struct {
	base
	u     *App
	title string
	all   []option
	shown []option
	sel   int
	top   int
	h     int
	place cells.Rect
	input *tview.InputField
	make  func(name string) option // offers to make what is typed, where nothing is called so; nil: not
}

// pick lets the person pick one of the options.
func (u *App) pick(title string, options []option) *picker {
	p := &picker{u: u, title: title, all: options, shown: options, input: u.newInput("")}
	p.input.Focus(func(tview.Primitive) {})
	u.push(p)
	return p
}

// Full is false: what it is about stays in sight.
func (p *picker) Full() bool { return false }

func (p *picker) Draw(s tcell.Screen, r cells.Rect) {
	look := p.u.look
	w := cells.Width(p.title) + 8
	for _, o := range p.all {
		w = max(w, cells.Width(o.words.String())+cells.Width(o.note.String())+7)
	}
	w = min(max(w, 40), r.W-2, 110)
	h := min(len(p.all)+4, r.H)
	box := cells.Rect{X: r.X + (r.W-w)/2, Y: r.Y + max(0, (r.H-h)/3), W: w, H: h}
	cells.Box(s, box, text("%s", p.title), look.frame, look.title)
	cells.Put(s, box.X+2, box.Y+1, 2, text("› "), look.accent)
	p.input.SetRect(box.X+4, box.Y+1, w-6, 1)
	p.input.Draw(s)
	p.h = h - 3
	p.place = cells.Rect{X: box.X + 1, Y: box.Y + 2, W: w - 2, H: p.h}
	p.drawOptions(s, p.place)
}

func (p *picker) drawOptions(s tcell.Screen, r cells.Rect) {
	look := p.u.look
	if len(p.shown) == 0 {
		cells.Put(s, r.X+1, r.Y, r.W-2, text("nothing matches"), look.dim)
		return
	}
	if p.sel < p.top {
		p.top = p.sel
	}
	if p.sel >= p.top+r.H {
		p.top = p.sel - r.H + 1
	}
	for i := 0; i < r.H && p.top+i < len(p.shown); i++ {
		o := p.shown[p.top+i]
		st, note := look.plain, look.dim
		if p.top+i == p.sel {
			st, note = look.cursor, look.cursor
		}
		n := cells.Width(o.note.String()) + 1
		cells.Fill(s, r.Row(i), st)
		cells.PutFit(s, r.X+1, r.Y+i, r.W-2-n, o.words, st)
		cells.PutRight(s, r.X, r.Y+i, r.W-1, o.note, note)
	}
}

func (p *picker) Key(ev *tcell.EventKey) bool {
	switch ev.Key() {
	case tcell.KeyEscape, tcell.KeyCtrlC:
		p.u.pop(p)
	case tcell.KeyEnter:
		p.take(p.sel)
	case tcell.KeyUp, tcell.KeyBacktab, tcell.KeyCtrlP:
		p.move(-1)
	case tcell.KeyDown, tcell.KeyTab, tcell.KeyCtrlN:
		p.move(1)
	case tcell.KeyPgUp:
		p.move(-p.h)
	case tcell.KeyPgDn:
		p.move(p.h)
	default:
		p.input.InputHandler()(ev, func(tview.Primitive) {})
		p.narrow()
	}
	return true
}

// Paste narrows down by pasted text.
func (p *picker) Paste(s string) {
	p.input.PasteHandler()(oneLine(s), func(tview.Primitive) {})
	p.narrow()
}

func (p *picker) move(n int) { p.sel = min(max(p.sel+n, 0), max(0, len(p.shown)-1)) }

func (p *picker) take(i int) {
	if i < 0 || i >= len(p.shown) {
		return
	}
	do := p.shown[i].do
	p.u.pop(p)
	do()
}

// narrow shows the options that have all typed words in them.
func (p *picker) narrow() {
	words := strings.Fields(strings.ToLower(p.input.GetText()))
	p.shown, p.sel, p.top = nil, 0, 0
	for _, o := range p.all {
		ok := true
		for _, w := range words {
			ok = ok && strings.Contains(o.match, w)
		}
		if ok {
			p.shown = append(p.shown, o)
		}
	}
	if name := strings.TrimSpace(p.input.GetText()); p.make != nil && name != "" {
		p.shown = append(p.shown, p.make(name))
	}
}

// Mouse picks what is clicked.
func (p *picker) Mouse(a tview.MouseAction, ev *tcell.EventMouse) bool {
	return rows{p.place, p.top, len(p.shown), 1}.mouse(a, ev, p.move, p.take)
}

// chooseMailbox lets the person pick a mailbox, of one account or (0) of all, or something else.
func (u *App) chooseMailbox(title string, acct store.AccountID, do func(store.Mailbox), also ...option) {
	var options []option
	several, first := false, ""
	for _, l := range u.mail.boxes.lines {
		several = several || first != "" && l.account != "" && l.account != first
		first = cmp.Or(first, l.account)
	}
	for _, l := range u.mail.boxes.lines {
		b := l.box
		if b.ID == 0 || b.NoSelect || acct != 0 && b.Account != acct {
			continue
		}
		name := b.Name
		if several && acct == 0 && b.ID > 0 {
			name = b.AccountName + " ▸ " + b.Name
		}
		note := ""
		if b.Unread > 0 {
			note = count(b.Unread, "unread")
			note = strings.TrimSuffix(note, "s")
		}
		options = append(options, option{text("%s", name), text("%s", note), strings.ToLower(name + " " + string(b.Role)), func() { do(b) }})
	}
	if acct == 0 {
		options = append(options, option{text("Outbox"), text("%s", u.outboxNumber()), "outbox", u.openOutbox})
	}
	options = append(options, also...)
	if len(options) == 0 {
		u.say("There is no mailbox here")
		return
	}
	p := u.pick(title, options)
	owner := u.ownerOf(acct)
	p.make = func(name string) option {
		name = u.boxName(owner, name)
		return option{text("+ make mailbox %s", name), text("%s", owner), "", func() { u.createBox(owner, name, do) }}
	}
}
