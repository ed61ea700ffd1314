package ui

import (
	"context"

	"github.com/gdamore/tcell/v2"

	"mua/ui/cells"
	"mua/ui/keys"
)

// A copied or restored data folder sends nothing before the person has said that
// it may: what waits in it may have been sent from the other one.

// movedWords is what the outbox says above its list then; "" when all is well.
func (u *App) movedWords() string {
	if u.stored.moved == "" {
		return ""
	}
	return "Nothing is sent: " + u.stored.moved + ", and what waits here may have been sent already. " +
		u.keys.Key(keys.Confirm, keys.Outbox) + " lets it be sent; cancel first what was."
}

// drawMoved draws these words and returns what is left for the list.
func (v *outboxView) drawMoved(s tcell.Screen, r cells.Rect) cells.Rect {
	words := v.u.movedWords()
	if words == "" {
		return r
	}
	lines := cells.Wrap(text("%s", words), r.W-2)
	for i, l := range lines {
		cells.PutFit(s, r.X+1, r.Y+i, r.W-2, l.Text, v.u.look.warn)
	}
	n := min(len(lines), r.H-3)
	return cells.Rect{X: r.X, Y: r.Y + n, W: r.W, H: r.H - n}
}

// confirm asks whether a copied or restored outbox may send.
func (v *outboxView) confirm() {
	u := v.u
	if u.stored.moved == "" {
		u.say("There is nothing to confirm: this outbox sends as it is")
		return
	}
	u.ask("Send what waits here from now on? Messages that the other copy of this data folder has sent already go out a second time.", []choice{
		{"y", "let it be sent", func() {
			u.pump.Serial(func(ctx context.Context) func() {
				err := u.o.Store.Confirm(ctx)
				return func() {
					if err != nil {
						u.oops("outbox", err)
						return
					}
					u.say("Confirmed: what waits is sent from here")
					if u.o.Agent != nil {
						u.o.Agent.Sync("")
					}
					u.storeChanged()
				}
			})
		}},
		{"n", "not yet", nil},
	})
}
