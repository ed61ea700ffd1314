package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/ui/cells"
	"mua/ui/keys"
)

// root is the one primitive tview knows: it draws the lines at the top and the
// bottom and the layers between, and hands on what comes from the keyboard and the mouse.
type root struct {
	*tview.Box
	u *App
}

func newRoot(u *App) *root {
	return &root{tview.NewBox().SetBackgroundColor(tcell.ColorDefault), u}
}

// Draw draws everything.
func (r *root) Draw(s tcell.Screen) {
	u := r.u
	x, y, w, h := r.GetRect()
	u.w, u.h = w, h
	s.HideCursor()
	if w < 20 || h < 6 {
		cells.Put(s, x, y, w, text("mua: too small"), u.look.plain)
		return
	}
	body := u.body()
	first := 0
	for i, l := range u.layers {
		if l.Full() {
			first = i
		}
	}
	u.drawTop(s, cells.Rect{X: x, Y: y, W: w, H: 1})
	below := 2 + len(u.failureLines())
	u.drawBottom(s, cells.Rect{X: x, Y: y + h - below, W: w, H: below})
	for _, l := range u.layers[first:] {
		l.Draw(s, body)
	}
}

// body is the screen without the top line and those at the bottom.
func (u *App) body() cells.Rect {
	return cells.Rect{X: 0, Y: 1, W: u.w, H: max(1, u.h-3-len(u.failureLines()))}
}

// HasFocus is always true: keys are handed out by layer, not by tview's focus.
func (r *root) HasFocus() bool { return true }

// InputHandler hands a key to the top layer, else to the bindings.
func (r *root) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, _ func(tview.Primitive)) { r.u.key(ev) }
}

func (u *App) key(ev *tcell.EventKey) {
	if u.hold(ev, func() { u.key(ev) }) {
		return
	}
	u.status.touched(u.now())
	l := u.top()
	if len(u.typed) == 0 && l.Key(ev) {
		return
	}
	u.lastStroke = keys.Stroke(ev)
	u.typed = append(u.typed, u.lastStroke)
	a, more := u.keys.Find(l.Contexts(), u.typed)
	// What begins a sequence elsewhere waits for the next key here, too: that key is meant as its end, not by itself.
	if more || a == "" && u.keys.Begins(u.typed) {
		return
	}
	typed := strings.Join(u.typed, " ")
	u.typed = nil
	if a == "" {
		u.remark("%s does nothing here · %s help", keys.Show(typed), u.keys.Key(keys.Help, append(l.Contexts(), keys.Global)...))
		return
	}
	u.do(a)
}

// do does an action where one is, or everywhere.
func (u *App) do(a keys.Action) {
	if u.top().Do(a) {
		return
	}
	u.global(a)
}

// PasteHandler hands pasted text to the top layer.
func (r *root) PasteHandler() func(string, func(tview.Primitive)) {
	return func(s string, _ func(tview.Primitive)) { r.u.paste(s) }
}

func (u *App) paste(s string) {
	if !u.hold(nil, func() { u.paste(s) }) {
		u.top().Paste(s)
	}
}

// MouseHandler hands clicks and the wheel to the top layer.
func (r *root) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(a tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		return r.u.top().Mouse(a, ev), nil
	}
}
