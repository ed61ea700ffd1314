package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/ui/cells"
	"mua/ui/pump"
)

// completer finds what a text may go on to: whole texts. It runs beside the loop.
type completer func(ctx context.Context, text string) []string

// prompt is a question answered in the last line of the screen.
type prompt struct {
	base
	u        *App
	label    string
	input    *tview.InputField
	submit   func(p *prompt, answer string) // Enter; it closes the prompt or calls fail
	complete completer
	none     func(text string) string // why nothing completes it; nil: no more is known
	history  *history
	at       int // in the history; len: the text being typed
	draft    string

	offers []string
	chosen int // of offers; -1: none
	slot   pump.Slot

	failed   string // what is wrong with the answer
	failedAt int    // byte of the answer it is wrong at; -1: nowhere in particular
}

// history is the earlier answers to a question, oldest first.
type history struct{ list []string }

func (h *history) add(s string) {
	if s == "" {
		return
	}
	h.list = append(slices.DeleteFunc(h.list, func(x string) bool { return x == s }), s)
	h.list = h.list[max(0, len(h.list)-100):]
}

// newInput is a line of text to type in.
func (u *App) newInput(initial string) *tview.InputField {
	f := tview.NewInputField().SetText(initial).SetFieldStyle(u.look.plain)
	f.SetBackgroundColor(tcell.ColorDefault)
	return f
}

// prompt asks for a line of text.
func (u *App) prompt(label, initial string, h *history, complete completer, submit func(p *prompt, answer string)) *prompt {
	p := &prompt{u: u, label: label, input: u.newInput(initial), submit: submit, complete: complete, history: h, chosen: -1, failedAt: -1}
	if h != nil {
		p.at = len(h.list)
	}
	p.input.Focus(func(tview.Primitive) {})
	u.push(p)
	return p
}

// close takes the prompt away and remembers the answer.
func (p *prompt) close() {
	p.slot.Stop()
	if p.history != nil {
		p.history.add(p.input.GetText())
	}
	p.u.pop(p)
}

// fail shows what is wrong with the answer, at its place.
func (p *prompt) fail(at int, words string) { p.failed, p.failedAt = words, at }

// Full is false: the prompt only takes the last line.
func (p *prompt) Full() bool { return false }

func (p *prompt) Draw(s tcell.Screen, body cells.Rect) {
	look := p.u.look
	y := p.u.h - 1
	line := cells.Rect{X: 0, Y: y, W: p.u.w, H: 1}
	cells.Fill(s, line, look.plain)
	n := min(cells.Width(p.label), p.u.w/2)
	cells.PutFit(s, 1, y, n, text("%s", p.label), look.accent)
	n += 2 // a blank on either side
	p.input.SetRect(n, y, p.u.w-n, 1)
	p.input.Draw(s)
	if p.failed != "" {
		p.drawFailure(s, cells.Rect{X: 0, Y: y - 1, W: p.u.w, H: 1}, n)
	}
	p.drawOffers(s, body, n)
}

// drawFailure points from above at the place that is wrong; long words stand in a line above the arrow.
func (p *prompt) drawFailure(s tcell.Screen, r cells.Rect, indent int) {
	look := p.u.look
	cells.Fill(s, r, look.plain)
	at, n := p.failedAt, cells.Width(p.failed)
	if at < 0 || at > len(p.input.GetText()) || indent+cells.Width(p.input.GetText()[:at]) >= r.W-1 {
		cells.PutFit(s, 1, r.Y, r.W-1, text("✗ %s", p.failed), look.warn)
		return
	}
	place := indent + cells.Width(p.input.GetText()[:at])
	cells.Put(s, place, r.Y, 1, text("↓"), look.warn)
	if place+n+3 < r.W {
		cells.Put(s, place+2, r.Y, n, text("%s", p.failed), look.warn)
		return
	}
	above := cells.Rect{X: 0, Y: r.Y - 1, W: r.W, H: 1}
	cells.Fill(s, above, look.plain)
	cells.PutFit(s, 1, above.Y, r.W-1, text("✗ %s", p.failed), look.warn)
}

// drawOffers lists completions above the line, the first nearest to it, and how many more there are.
func (p *prompt) drawOffers(s tcell.Screen, body cells.Rect, x int) {
	n := min(len(p.offers), 8, body.H-3)
	if n <= 0 {
		return
	}
	first := max(0, p.chosen-n+1)
	lines := p.offers[first : first+n]
	if more := len(p.offers) - first - n; more > 0 {
		lines = append(slices.Clone(lines), fmt.Sprintf("… %d more", more))
	}
	w := 10
	for _, o := range lines {
		w = max(w, cells.Width(o)+2)
	}
	w = min(w, p.u.w-x)
	bottom := p.u.h - 2
	for i, o := range lines {
		st := p.u.look.bar
		if first+i == p.chosen {
			st = p.u.look.cursor
		}
		cells.PutFit(s, x-1, bottom-i, w, text(" %s", o), st)
	}
}

// Key edits the line; Tab completes, arrows go through the completions shown, else through the history.
func (p *prompt) Key(ev *tcell.EventKey) bool {
	switch ev.Key() {
	case tcell.KeyEscape, tcell.KeyCtrlC:
		if len(p.offers) > 0 {
			p.drop()
		} else {
			p.slot.Stop()
			p.u.pop(p)
		}
	case tcell.KeyEnter:
		p.drop()
		p.failed = ""
		p.submit(p, p.input.GetText())
	case tcell.KeyTab:
		p.tab(1)
	case tcell.KeyBacktab:
		p.tab(-1)
	case tcell.KeyUp:
		if len(p.offers) > 0 {
			p.tab(1) // the first is the lowest
		} else {
			p.remember(-1)
		}
	case tcell.KeyDown:
		if len(p.offers) > 0 {
			p.tab(-1)
		} else {
			p.remember(1)
		}
	default:
		p.failed = ""
		p.drop()
		p.input.InputHandler()(ev, func(tview.Primitive) {})
	}
	return true
}

// Paste puts pasted text in, as one line.
func (p *prompt) Paste(s string) {
	p.drop()
	p.input.PasteHandler()(oneLine(s), func(tview.Primitive) {})
}

// oneLine makes a line of pasted lines.
func oneLine(s string) string { return text("%s", strings.TrimSpace(s)).String() }

func (p *prompt) drop() {
	p.slot.Stop()
	p.offers, p.chosen = nil, -1
}

// tab completes: one offer at once, several one after the other.
func (p *prompt) tab(step int) {
	if p.complete == nil {
		return
	}
	if n := len(p.offers); n > 0 {
		if p.chosen < 0 && step < 0 {
			p.chosen = n
		}
		p.chosen = (p.chosen + step + n) % n
		p.input.SetText(p.offers[p.chosen])
		return
	}
	typed, complete := p.input.GetText(), p.complete
	p.u.modal(&p.slot, func(ctx context.Context) func() {
		offers := complete(ctx, typed)
		return func() { p.offer(typed, offers) }
	})
}

func (p *prompt) offer(typed string, offers []string) {
	switch len(offers) {
	case 0:
		words := "no completion"
		if p.none != nil {
			words = p.none(typed)
		}
		p.fail(-1, words)
	case 1:
		p.input.SetText(offers[0])
		if offers[0] == typed {
			p.fail(-1, "nothing more to complete")
		}
	default:
		p.offers, p.chosen = offers, -1
		if c := commonPrefix(offers); len(c) > len(typed) {
			p.input.SetText(c)
		}
	}
}

func commonPrefix(list []string) string {
	c := list[0]
	for _, s := range list[1:] {
		for !strings.HasPrefix(s, c) {
			c = c[:len(c)-1]
		}
	}
	return strings.ToValidUTF8(c, "")
}

// remember shows an earlier or later answer.
func (p *prompt) remember(step int) {
	if p.history == nil {
		return
	}
	if p.at == len(p.history.list) {
		p.draft = p.input.GetText()
	}
	p.at = min(max(p.at+step, 0), len(p.history.list))
	if p.at == len(p.history.list) {
		p.input.SetText(p.draft)
		return
	}
	p.input.SetText(p.history.list[p.at])
}
