package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gdamore/tcell/v2"

	"mua/store"
	"mua/ui/cells"
)

// boxLine is a line of the mailbox list: an account's name, a mailbox, the outbox, or a saved search.
type boxLine struct {
	account string
	box     store.Mailbox // zero for an account's name and the outbox
	depth   int
	label   string
	outbox  bool
	saved   bool // label is the search's name
}

// heading reports whether the line is only a name.
func (l boxLine) heading() bool { return l.box.ID == 0 && !l.outbox && !l.saved }

// boxes is the list of mailboxes beside the messages.
type boxes struct {
	u      *App
	lines  []boxLine
	sel    int
	top    int
	wanted store.MailboxID // to be selected once it is listed
}

// boxLines orders mailboxes for display: by account in the configuration's
// order, "local" last, the ones with a role first.
func boxLines(all []store.Mailbox, accounts []string) []boxLine {
	rank := func(name string) int {
		if i := slices.Index(accounts, name); i >= 0 {
			return i
		}
		return len(accounts)
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b store.Mailbox) int {
		if d := rank(a.AccountName) - rank(b.AccountName); d != 0 {
			return d
		}
		return strings.Compare(a.AccountName, b.AccountName)
	})
	var out []boxLine
	for i, m := range sorted {
		if i == 0 || m.AccountName != sorted[i-1].AccountName {
			out = append(out, boxLine{account: m.AccountName, label: m.AccountName})
		}
		depth, label := 0, m.Name
		if m.Separator != "" && m.Role == "" {
			parts := strings.Split(m.Name, m.Separator)
			if parent := strings.Join(parts[:len(parts)-1], m.Separator); parent != "" && hasBox(sorted, m.Account, parent) {
				depth, label = len(parts)-1, parts[len(parts)-1]
			}
		}
		out = append(out, boxLine{account: m.AccountName, box: m, depth: depth, label: label})
	}
	return out
}

func hasBox(all []store.Mailbox, a store.AccountID, name string) bool {
	return slices.ContainsFunc(all, func(m store.Mailbox) bool { return m.Account == a && m.Name == name })
}

// update takes over the mailboxes as they are now; the selection stays on its mailbox.
func (b *boxes) update(all []store.Mailbox) {
	was := b.current()
	defer b.takeWanted()
	names := make([]string, 0, len(b.u.o.Config.Accounts))
	for _, a := range b.u.o.Config.Accounts {
		names = append(names, a.Name)
	}
	b.lines = append([]boxLine{{label: "Outbox", outbox: true}}, boxLines(all, names)...)
	if saved := b.u.o.Config.Searches; len(saved) > 0 {
		b.lines = append(b.lines, boxLine{label: "Searches"})
		for _, s := range saved {
			b.lines = append(b.lines, boxLine{label: s.Name, saved: true})
		}
	}
	if inboxes, several := allInboxesOf(all); several {
		b.lines = append([]boxLine{{box: inboxes, label: inboxes.Name}}, b.lines...)
	}
	if was.outbox {
		b.sel = slices.IndexFunc(b.lines, func(l boxLine) bool { return l.outbox })
		return
	}
	if was.saved {
		b.sel = max(0, slices.Index(b.lines, was))
		return
	}
	b.selectBox(was.box.ID)
}

func (b *boxes) current() boxLine {
	if b.sel < 0 || b.sel >= len(b.lines) {
		return boxLine{}
	}
	return b.lines[b.sel]
}

func (b *boxes) selectBox(id store.MailboxID) {
	i := slices.IndexFunc(b.lines, func(l boxLine) bool { return l.box.ID == id && id != 0 })
	if i < 0 {
		i = slices.IndexFunc(b.lines, func(l boxLine) bool { return l.box.ID > 0 })
	}
	b.sel = max(i, 0)
}

// want selects a mailbox that has just been made, as soon as it is listed.
func (b *boxes) want(id store.MailboxID) {
	b.wanted = id
	b.takeWanted()
}

func (b *boxes) takeWanted() {
	i := slices.IndexFunc(b.lines, func(l boxLine) bool { return l.box.ID == b.wanted && b.wanted != 0 })
	if i >= 0 {
		b.sel, b.wanted = i, 0
	}
}

// step moves over n mailboxes; names of accounts are passed over.
func (b *boxes) step(n int) {
	b.wanted = 0 // the person has chosen
	dir := 1
	if n < 0 {
		dir, n = -1, -n
	}
	for i := b.sel + dir; i >= 0 && i < len(b.lines) && n > 0; i += dir {
		if !b.lines[i].heading() {
			b.sel = i
			n--
		}
	}
}

// Draw draws the lines; shown is the mailbox whose messages are shown.
func (b *boxes) Draw(s tcell.Screen, r cells.Rect, focused bool, shown store.MailboxID) {
	if b.sel < b.top {
		b.top = max(0, b.sel-1)
		if b.sel <= 2 { // what stands above the first mailbox
			b.top = 0
		}
	}
	if b.sel >= b.top+r.H {
		b.top = b.sel - r.H + 1
	}
	for i := 0; i < r.H && b.top+i < len(b.lines); i++ {
		b.drawLine(s, r.Row(i), b.lines[b.top+i], focused && b.top+i == b.sel, shown)
	}
}

func (b *boxes) drawLine(s tcell.Screen, r cells.Rect, l boxLine, selected bool, shown store.MailboxID) {
	look := b.u.look
	if l.heading() {
		cells.PutFit(s, r.X+1, r.Y, r.W-1, text("%s", l.label), look.title)
		return
	}
	st, num := look.plain, look.dim
	if l.box.Unread > 0 {
		st, num = look.unread, look.accent
	}
	if l.box.NoSelect {
		st = look.dim
	}
	switch {
	case selected:
		st = withBold(look.cursor, st)
		num = st
	case l.box.ID == shown && !l.outbox && !l.saved:
		st = withBold(look.cursorBlur, st)
		num = st
	}
	cells.Fill(s, r, st)
	if l.box.ID != shown && !selected {
		cells.Fill(s, r, look.plain)
	}
	n := boxNumber(l.box)
	indent := 2 + 2*l.depth
	if l.box.ID == allInboxes {
		indent = 1
	}
	if l.outbox {
		indent = 1
		if n = b.u.outboxNumber(); n != "" && !selected {
			st, num = look.bold, look.accent
			if strings.HasPrefix(n, "✗") {
				num = look.warn
			}
		}
	}
	w := r.W - indent - len(n) - 2
	cells.PutFit(s, r.X+indent, r.Y, w, text("%s", l.label), st)
	cells.PutRight(s, r.X, r.Y, r.W-1, text("%s", n), num)
}

// boxNumber is the count that matters: unread ones, in Drafts all.
func boxNumber(m store.Mailbox) string {
	switch {
	case m.Role == store.RoleDrafts && m.Total > 0:
		return strconv.Itoa(m.Total)
	case m.Unread > 0 && m.Role != store.RoleTrash && m.Role != store.RoleSent:
		return strconv.Itoa(m.Unread)
	}
	return ""
}

// outboxNumber is how many messages are still to be sent, or have failed; "" when none.
func (u *App) outboxNumber() string {
	c := u.stored.outbox
	n := c[store.Queued] + c[store.Sending] + c[store.Held] + c[store.Uncertain]
	switch failed := c[store.Failed]; {
	case failed > 0 && n > 0:
		return fmt.Sprintf("✗ %d · %d", failed, n)
	case failed > 0:
		return fmt.Sprintf("✗ %d", failed)
	case n > 0:
		return strconv.Itoa(n)
	}
	return ""
}
