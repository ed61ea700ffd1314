package ui

import (
	"context"
	"fmt"
	"slices"

	"mua/store"
	"mua/ui/keys"
)

// doWish does what changes messages: it shows at once and goes to the store as a wish.
func (m *mailView) doWish(a keys.Action) bool {
	u := m.u
	switch a {
	case keys.Archive:
		m.away("Archived", func(ctx context.Context, ids []store.MessageID) error {
			_, err := u.o.Store.Archive(ctx, ids)
			return err
		})
	case keys.Delete:
		m.delete()
	case keys.Junk:
		m.moveToRole(store.RoleJunk)
	case keys.MoveTo:
		m.chooseTarget()
	case keys.CopyTo:
		m.chooseCopy()
	case keys.Flag:
		m.toggleFlag(store.Flagged, "Flagged", "Unflagged")
	case keys.Unread:
		m.toggleFlag(store.Seen, "Marked read", "Marked unread")
	case keys.Fetch:
		m.wantBodies()
	default:
		return m.doWith(a)
	}
	return true
}

// away takes the targets off the list and lets the store do what they left for. Those of many that another client has taken
// elsewhere since they were marked are left where they are.
func (m *mailView) away(done string, f func(context.Context, []store.MessageID) error) {
	l, list := m.list(), m.targets()
	gone := ids(list)
	if len(gone) == 0 {
		return
	}
	l.hide(gone)
	left := 0
	m.u.wish(done+" "+m.undoable(len(gone)), func(ctx context.Context) error {
		if len(list) == 1 {
			return f(ctx, gone)
		}
		in := make([]store.MailboxID, len(list))
		for i, r := range list {
			in[i] = r.Mailbox
		}
		still, err := m.u.o.Store.StillIn(ctx, gone, in)
		if err != nil {
			return err
		}
		left = len(gone) - len(still)
		return f(ctx, still)
	}, func(err error) {
		if err != nil {
			l.release(gone)
		} else {
			l.settled = append(l.settled, gone...)
		}
		if left > 0 && err == nil {
			m.u.say("%s %s · %d more are gone meanwhile", done, m.undoable(len(gone)-left), left)
		}
		l.reload()
		if now := m.list(); now != l {
			now.Refresh()
		}
	})
}

// undoable is the number done and how to take it back.
func (m *mailView) undoable(n int) string {
	return fmt.Sprintf("%d · %s undo", n, m.u.keys.Key(keys.Undo, keys.Global))
}

// wish hands a wish to the store, in the order of the keys typed, and says when it is done.
func (u *App) wish(done string, f func(context.Context) error, after func(error)) {
	at := 0
	if done != "" { // also for the undo whose key comes before it is done
		at = u.wished()
	}
	u.pump.Serial(func(ctx context.Context) func() {
		err := f(ctx)
		return func() {
			switch {
			case err == nil && done != "":
				u.say("%s", done)
			case err != nil:
				u.unwished(at)
				u.oops("not done", err)
			}
			if after != nil {
				after(err)
			}
			u.refreshFrame()
		}
	})
}

// delete moves to Trash; from Trash, for good, it asks first.
func (m *mailView) delete() {
	st := m.u.o.Store
	trash := func(ctx context.Context, ids []store.MessageID) error {
		_, err := st.Trash(ctx, ids)
		return err
	}
	n := len(m.targets())
	if n == 0 {
		return
	}
	if m.list().box.Role != store.RoleTrash {
		m.away("Deleted", trash)
		return
	}
	m.u.ask(fmt.Sprintf("Delete %s for good? The server forgets %s; %s brings back what is wholly here, for 30 days.", count(n, "message"),
		map[bool]string{true: "it", false: "them"}[n == 1], m.u.keys.Key(keys.Undo, keys.Global)), []choice{
		{"y", "delete for good", func() { m.away("Deleted for good:", trash) }}, {"n", "keep", nil},
	})
}

// moveToRole moves the targets to the mailbox of a role, each in its account.
func (m *mailView) moveToRole(role store.Role) {
	if list := m.targets(); len(list) > 0 {
		m.moveTo(m.u.forRole(role, accountsOf(list)))
	}
}

// chooseTarget asks for a mailbox and moves there.
func (m *mailView) chooseTarget() {
	m.chooseFor("Move", m.targets(), m.moveTo)
}

func (m *mailView) moveTo(t target) {
	st := m.u.o.Store
	m.away("Moved to "+t.name+":", func(ctx context.Context, ids []store.MessageID) error {
		to, err := t.boxes(ctx, st)
		if err == nil {
			_, err = st.MoveEach(ctx, ids, to)
		}
		return err
	})
}

// chooseCopy asks for a mailbox and copies there.
func (m *mailView) chooseCopy() {
	list := m.targets()
	m.chooseFor("Copy", list, func(t target) { m.copyTo(list, t) })
}

func (m *mailView) copyTo(list []row, t target) {
	st, l := m.u.o.Store, m.list()
	m.u.wish("Copied to "+t.name+": "+m.undoable(len(list)), func(ctx context.Context) error {
		to, err := t.boxes(ctx, st)
		if err == nil {
			_, err = st.CopyEach(ctx, ids(list), to)
		}
		return err
	}, func(error) { l.reload() })
	clear(l.marked)
}

// toggleFlag sets a flag on all targets, or takes it off when all have it.
func (m *mailView) toggleFlag(f store.Flags, on, off string) {
	l, list := m.list(), m.targets()
	if len(list) == 0 {
		return
	}
	all := true
	for _, r := range list {
		all = all && m.flags(r).Has(f)
	}
	c, words := store.FlagChange{Add: f}, on
	if all {
		c, words = store.FlagChange{Remove: f}, off
	}
	which := ids(list)
	l.patch(which, func(r *row) { r.Flags = r.Flags&^c.Remove | c.Add })
	if slices.Contains(which, m.reader.row.ID) {
		m.reader.row.Flags = m.reader.row.Flags&^c.Remove | c.Add
	}
	st := m.u.o.Store
	m.u.wish(words+" "+m.undoable(len(which)), func(ctx context.Context) error {
		_, err := st.MarkFlags(ctx, which, c)
		return err
	}, func(error) { l.reload() })
	clear(l.marked)
}

// flags are a row's flags as they are now: the list's copy is newer than the reader's.
func (m *mailView) flags(r row) store.Flags {
	if i := m.list().win.find(r.ID); i >= 0 {
		return m.list().win.rows[i].Flags
	}
	return r.Flags
}

// markSeen marks a message that has been opened; it is no action of its own to undo.
func (u *App) markSeen(r row) {
	l := u.mail.list()
	if u.mail.flags(r).Has(store.Seen) {
		return
	}
	which := []store.MessageID{r.ID}
	l.patch(which, func(r *row) { r.Flags |= store.Seen })
	if u.mail.reader.row.ID == r.ID {
		u.mail.reader.row.Flags |= store.Seen
	}
	st := u.o.Store
	u.wish("", func(ctx context.Context) error {
		_, err := st.MarkFlags(ctx, which, store.FlagChange{Add: store.Seen, NoUndo: true})
		return err
	}, func(error) { l.reload() }) // a load that began before would show it unread again
}
