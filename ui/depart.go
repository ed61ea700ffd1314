package ui

import (
	"context"
	"slices"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/store"
	"mua/ui/cells"
	"mua/ui/keys"
	"mua/ui/pump"
)

// departTime is how long leaving waits for what is being sent.
const departTime = 10 * time.Second

// departure lies over everything while what is on its way is sent before mua
// ends. It waits for departTime at most; what has not left by then stays in the spool.
type departure struct {
	base
	u     *App
	until time.Time
	items []store.Item
	load  pump.Slot
	again bool
}

// depart ends the UI. What the person has sent goes out first where the network
// allows: leaving ends the undo windows.
func (u *App) depart() {
	if u.leaving {
		u.quit()
		return
	}
	u.leaving = true
	st, windows := u.o.Store, u.sentIDs(true)
	d := &departure{u: u, until: u.now().Add(departTime)}
	u.pump.Serial(func(ctx context.Context) func() {
		for _, id := range windows {
			// One that is held, cancelled or sent meanwhile stays as it is.
			if it, err := st.Item(ctx, id); err == nil && it.State == store.Queued {
				st.Retry(ctx, id) //nolint:errcheck // it stays in the spool with its time, and what stays is said
			}
		}
		items, err := st.Items(ctx, false)
		return func() {
			d.items = u.leavingNow(items)
			if u.o.Leaving != nil {
				u.o.Leaving(d.going(windows))
			}
			if err != nil || len(d.items) == 0 {
				u.quit()
				return
			}
			u.o.Agent.Flush("")
			u.push(d)
			u.beat()
		}
	})
}

// going are the messages that are sent on leaving: those whose window it ended, and what else is due.
func (d *departure) going(ids []store.OutboxID) []store.OutboxID {
	ids = slices.Clone(ids)
	for _, it := range d.items {
		if !slices.Contains(ids, it.ID) {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

// leavingNow are the items that are being sent, or are about to be.
func (u *App) leavingNow(items []store.Item) []store.Item {
	if u.o.Agent == nil {
		return nil
	}
	now := u.now()
	return slices.DeleteFunc(items, func(it store.Item) bool {
		due := it.State == store.Queued && it.Waiting == "" && !it.NotBefore.After(now) && !it.NextAttempt.After(now)
		return it.State != store.Sending && (!due || u.stuck(it.AccountName))
	})
}

// stuck reports whether nothing of an account can be sent now, as far as is known.
func (u *App) stuck(name string) bool {
	a := u.accountOf(name)
	return a == nil || a.Outgoing == nil || u.stored.moved != "" || u.cutOff(name) || slices.ContainsFunc(u.status.accounts, func(s account.Status) bool {
		return s.Account == name && s.Trouble != nil && (s.Trouble.Kind == account.KindLogin || s.Trouble.Kind == account.KindConfig)
	})
}

// Refresh looks whether everything is sent.
func (d *departure) Refresh() {
	if d.load.Busy() {
		d.again = true
		return
	}
	u, st := d.u, d.u.o.Store
	u.pump.Start(&d.load, func(ctx context.Context) func() {
		items, err := st.Items(ctx, false)
		return func() {
			d.items = u.leavingNow(items)
			if err != nil || len(d.items) == 0 || !u.now().Before(d.until) {
				u.quit()
				return
			}
			if d.again {
				d.again = false
				d.Refresh()
			}
		}
	})
}

// Full is false: one sees where one was.
func (d *departure) Full() bool { return false }

// departShown is how many messages are named.
const departShown = 4

func (d *departure) Draw(s tcell.Screen, r cells.Rect) {
	look := d.u.look
	w := min(r.W-2, 72)
	shown := d.items[:min(len(d.items), departShown)]
	box := cells.Rect{W: w, H: min(len(shown)+5, r.H)}
	if len(d.items) > len(shown) {
		box.H++
	}
	box.X, box.Y = r.X+(r.W-w)/2, r.Y+max(0, (r.H-box.H)/2)
	cells.Box(s, box, text("Leaving mua"), look.frame, look.title)
	x, y := box.X+2, box.Y+1
	left := shortDuration(d.until.Sub(d.u.now()))
	cells.PutRight(s, x, y, w-4, text("%s", left), look.dim)
	cells.PutFit(s, x, y, w-6-len(left), text("Sending %s …", count(len(d.items), "message")), look.bold)
	for _, it := range shown {
		y++
		to := (w - 6) * 2 / 5
		cells.PutFit(s, x, y, to, text("→ %s", recipientsOf(it)), look.plain)
		cells.PutFit(s, x+to+1, y, w-5-to, text("%s", subjectOr(it.Subject)), look.plain)
	}
	if n := len(d.items) - len(shown); n > 0 {
		y++
		cells.Put(s, x, y, w-4, text("and %d more", n), look.dim)
	}
	x += cells.Put(s, x, y+2, w-4, text("Ctrl-C"), look.accent) + 1
	x += cells.Put(s, x, y+2, w-10, text("leave them in the outbox"), look.plain) + 3
	x += cells.Put(s, x, y+2, w-10, text("Esc"), look.accent) + 1
	cells.Put(s, x, y+2, 12, text("stay here"), look.plain)
}

// Key ends at once, or stays; other keys do nothing.
func (d *departure) Key(ev *tcell.EventKey) bool {
	a, _ := d.u.keys.Find([]keys.Context{keys.Global}, []string{keys.Stroke(ev)})
	switch {
	case ev.Key() == tcell.KeyCtrlC, a == keys.Quit:
		d.u.quit()
	case ev.Key() == tcell.KeyEscape:
		d.load.Stop()
		d.u.leaving = false
		d.u.pop(d)
		d.u.say("Still here: what is on its way goes on")
	}
	return true
}
