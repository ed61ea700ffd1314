package ui

import (
	"context"
	"slices"
	"strings"

	"mua/account"
	"mua/store"
	"mua/ui/keys"
)

// Messages of which only the header is here: opening one asks for the rest, a key marks any. Asking is
// a row in the store; the agent sees it, fetches, and the text appears when it has come.

// wantBodies asks for the rest of the targets, which are fetched before anything else.
func (m *mailView) wantBodies() {
	u := m.u
	var which []store.MessageID
	for _, r := range m.targets() {
		if !r.HasBody && !(r.ID == m.reader.row.ID && m.reader.ready && !m.reader.c.missing) {
			which = append(which, r.ID)
		}
	}
	clear(m.list().marked)
	if len(which) == 0 {
		u.remark("All of it is here already")
		return
	}
	st, waits := u.o.Store, slices.ContainsFunc(m.targets(), func(r row) bool { return u.unreached(r.AccountName) })
	u.pump.Serial(func(ctx context.Context) func() {
		n, err := st.WantBodies(ctx, which)
		return func() {
			switch {
			case err != nil:
				u.oops("not done", err)
			case n == 0:
				u.remark("The rest cannot be fetched one by one from this account's server")
			case waits:
				u.say("Marked %d: fetched as soon as there is a connection", n)
			default:
				u.say("Fetching %s …", count(n, "message"))
			}
			m.reader.Refresh()
		}
	})
}

// unreached tells whether an account's servers could not be reached, or would not let us in, the last time.
func (u *App) unreached(name string) bool {
	return slices.ContainsFunc(u.status.accounts, func(s account.Status) bool { return s.Account == name && !s.Online && s.Trouble != nil })
}

// fetches tells whether single messages can be fetched for an account.
func (u *App) fetches(name string) bool {
	a := u.accountOf(name)
	return a != nil && a.Incoming != nil && a.Incoming.Protocol == account.IMAP
}

// tooLarge tells a message that is fetched only when it is asked for by its key.
func (u *App) tooLarge(size int64) bool {
	limit := u.o.Config.MaxMessage
	if limit <= 0 {
		limit = account.DefaultMaxMessage
	}
	return size > limit
}

// wantOpened asks for the rest of a message that was opened, once, where it can come at once.
func (v *reader) wantOpened() {
	u, id := v.u, v.row.ID
	if !v.opened || !v.ready || !v.c.missing || v.asked == id || !v.c.wish.Asked.IsZero() ||
		!u.fetches(v.row.AccountName) || u.tooLarge(v.row.Size) || u.unreached(v.row.AccountName) {
		return
	}
	v.asked = id
	st := u.o.Store
	u.pump.Serial(func(ctx context.Context) func() {
		_, err := st.WantBodies(ctx, []store.MessageID{id})
		return func() {
			if err != nil {
				u.oops("not done", err)
			}
			if v.row.ID == id {
				v.Refresh()
			}
		}
	})
}

// missingWords say what becomes of a message of which only the header is here; a line for what is, and
// one for what can be done.
func (v *reader) missingWords() string {
	u, w, n, key := v.u, v.c.wish, size(v.row.Size), v.u.keys.Key(keys.Fetch, keys.Mail)
	away, asked := u.unreached(v.row.AccountName), !w.Asked.IsZero() || v.asked == v.row.ID
	switch {
	case !u.fetches(v.row.AccountName):
		return "Only the header of this message (" + n + ") is here; the text comes with the next sync, unless it is larger than max_message allows."
	case w.Words != "":
		return "This message (" + n + ") cannot be fetched: " + w.Words + ".\n" + key + " tries again."
	case asked && away:
		return "This message (" + n + ") is on the server only.\nIt is marked, and fetched as soon as there is a connection."
	case asked && u.o.Agent == nil:
		return "This message (" + n + ") is on the server only.\nIt is marked, and fetched with the next sync."
	case asked:
		return "Fetching the message (" + n + ") …"
	case u.tooLarge(v.row.Size):
		return "Only the header of this message is here: its " + n + " are more than max_message allows.\n" + key + " fetches it all the same."
	case away:
		return "This message (" + n + ") is on the server only, and there is no connection.\n" + key + " marks it, to be fetched as soon as there is one."
	}
	return "Only the header of this message (" + n + ") is here.\nOpening it fetches the rest, as does " + key + "."
}

// setWords puts the words for what is missing under the header.
func (v *reader) setWords(head []readerLine) {
	v.head, v.lines, v.words = head, head, ""
	if v.c.missing {
		v.words = v.missingWords()
		v.lines = head[:len(head):len(head)]
		for l := range strings.SplitSeq(v.words, "\n") {
			v.lines = append(v.lines, talk(l, v.width)...)
		}
	}
}
