package ui

import (
	"github.com/gdamore/tcell/v2"

	"mua/ui/pump"
)

// maxHeld is how many keys are held; a cat on the keyboard needs no more.
const maxHeld = 4096

// gate holds what is typed while something is loaded that the next keys are
// meant for, such as the composer of a reply or the rows of a mailbox: they are
// not to be taken for commands of what is still on the screen. Esc gives up waiting.
type gate struct {
	slot *pump.Slot
	load uint64    // the load of the slot that is waited for
	safe *composer // whose message is being kept safe: what is typed next is for what comes after it
	held []func()
}

// modal is Start for something the next keys are meant for.
func (u *App) modal(s *pump.Slot, work pump.Work) {
	u.pump.Start(s, work)
	u.gate.waitFor(s)
}

// waitFor holds keys until the slot's present load has ended.
func (g *gate) waitFor(s *pump.Slot) { g.slot, g.load = s, s.Load() }

func (g *gate) loading() bool { return g.slot != nil && g.slot.Busy() && g.slot.Load() == g.load }

func (g *gate) closed() bool { return g.loading() || g.safe != nil && g.safe.busy != "" }

// failed drops what was typed for what does not come.
func (g *gate) failed() { g.held = nil }

// hold keeps something typed for later; false when there is nothing to wait for.
func (u *App) hold(ev *tcell.EventKey, later func()) bool {
	g := &u.gate
	if !g.closed() {
		return false
	}
	switch {
	case g.loading() && ev != nil && (ev.Key() == tcell.KeyEscape || ev.Key() == tcell.KeyCtrlC):
		g.slot.Stop()
		g.held = nil
		u.say("Stopped waiting")
	case len(g.held) < maxHeld:
		g.held = append(g.held, later)
	}
	return true
}

// replay does what was held, until something is waited for again.
func (u *App) replay() {
	g := &u.gate
	for len(g.held) > 0 && !g.closed() {
		next := g.held[0]
		g.held = g.held[1:]
		next()
	}
}
