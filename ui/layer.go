package ui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"mua/ui/cells"
	"mua/ui/keys"
)

// layer is one thing on the screen that can have the keys. Layers lie on each
// other; the top one gets keys, pastes and the mouse.
type layer interface {
	// Draw draws into r, the body of the screen.
	Draw(s tcell.Screen, r cells.Rect)
	// Full reports whether it hides what lies below.
	Full() bool
	// Contexts says which bindings hold, the nearest first; none when all keys are text.
	Contexts() []keys.Context
	// Key takes a key that is text or movement inside; false hands it to the bindings.
	Key(ev *tcell.EventKey) bool
	// Do does an action; false when it means nothing here.
	Do(a keys.Action) bool
	// Paste takes pasted text.
	Paste(text string)
	// Mouse takes a click or a turn of the wheel inside the body.
	Mouse(action tview.MouseAction, ev *tcell.EventMouse) bool
	// Where tells for the top line where one is.
	Where() (left, right string)
}

// base answers for what a layer does not care about.
type base struct{}

func (base) Full() bool                                      { return true }
func (base) Key(*tcell.EventKey) bool                        { return false }
func (base) Paste(string)                                    {}
func (base) Mouse(tview.MouseAction, *tcell.EventMouse) bool { return false }
func (base) Where() (string, string)                         { return "", "" }
func (base) Contexts() []keys.Context                        { return nil }
func (base) Do(keys.Action) bool                             { return false }

func (u *App) top() layer { return u.layers[len(u.layers)-1] }

func (u *App) push(l layer) { u.layers = append(u.layers, l) }

// pop takes the layer off, wherever it lies.
func (u *App) pop(l layer) {
	for i, x := range u.layers {
		if x == l && i > 0 {
			u.layers = append(u.layers[:i], u.layers[i+1:]...)
			return
		}
	}
}

// below is the layer under the top one that is not a prompt or overlay: what commands act on.
func (u *App) below() layer {
	for i := len(u.layers) - 1; i >= 0; i-- {
		if u.layers[i].Full() {
			return u.layers[i]
		}
	}
	return u.layers[0]
}

// wheel turns a mouse action into lines; 0 when it is no wheel.
func wheel(a tview.MouseAction) int {
	switch a {
	case tview.MouseScrollUp:
		return -3
	case tview.MouseScrollDown:
		return 3
	}
	return 0
}

// rows is a list on the screen: n rows of so many lines each, of which top is the first to be seen.
type rows struct {
	place         cells.Rect
	top, n, lines int
}

// mouse moves the selection with the wheel, by about three lines, and picks the row that is clicked.
func (l rows) mouse(a tview.MouseAction, ev *tcell.EventMouse, move, pick func(int)) bool {
	x, y := ev.Position()
	switch n := wheel(a); {
	case n != 0:
		move(n / min(l.lines, 3))
	case (a == tview.MouseLeftClick || a == tview.MouseLeftDoubleClick) && l.place.Contains(x, y): // two quick clicks on two rows
		if i := l.top + (y-l.place.Y)/l.lines; i < l.n {
			pick(i)
		}
	default:
		return false
	}
	return true
}
