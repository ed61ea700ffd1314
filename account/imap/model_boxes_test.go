package imap_test

import (
	"fmt"
	"slices"
	"strings"

	"mua/store"
)

// boxWish is what we wished for a mailbox last, and the server has not told of yet.
type boxWish struct {
	name    string // as it is to be called
	gone    bool
	journal int // what the journal told of mailboxes then
}

// boxName draws the name of a mailbox that the other client and we make, rename and delete.
func (w *world) boxName() string {
	name := fmt.Sprintf("Box%d", w.r.IntN(5))
	switch w.r.IntN(5) {
	case 0:
		return "Work"
	case 1:
		return name + w.separator + "In"
	}
	return name
}

// ourBoxes are the mailboxes here that we may rename and delete.
func (w *world) ourBoxes() []store.Mailbox {
	boxes, err := w.st.Mailboxes(w.t.Context(), w.id)
	w.must(err)
	return slices.DeleteFunc(boxes, func(m store.Mailbox) bool { return !movableBox(m.Name) })
}

func movableBox(name string) bool { return strings.HasPrefix(name, "Box") || name == "Work" }

func (w *world) ourBox() (store.Mailbox, bool) {
	list := w.ourBoxes()
	if len(list) == 0 {
		return store.Mailbox{}, false
	}
	return list[w.r.IntN(len(list))], true
}

// boxConflicts counts what the journal tells of mailboxes.
func (w *world) boxConflicts() (n int) {
	list, err := w.st.Conflicts(w.t.Context(), 1_000_000)
	w.must(err)
	for _, c := range list {
		if c.Message == 0 {
			n++
		}
	}
	return n
}

// wishBox notes a wish, unless it has taken back what was wished before, so that nothing is wished.
func (w *world) wishBox(id store.MailboxID, wish boxWish) {
	wish.journal = w.boxConflicts()
	w.boxWishes[id] = wish
	here := w.boxesBy()
	if !w.pendingBoxes()[id] || here[id].NoSelect { // what only has others under it goes with them
		delete(w.boxWishes, id)
	}
	for id, x := range w.boxWishes { // those under it have other names now
		if m, ok := here[id]; ok && !x.gone {
			x.name = m.Name
			w.boxWishes[id] = x
		}
	}
}

func (w *world) create() {
	if len(w.ourBoxes()) >= 5 {
		return
	}
	name := w.boxName()
	made, err := w.st.CreateMailbox(w.t.Context(), w.id, name, true)
	w.say("create %s: %d %v", name, made.Mailbox.ID, err)
	if w.tolerate(err) {
		w.wishBox(made.Mailbox.ID, boxWish{name: name})
	}
}

func (w *world) rename() {
	m, ok := w.ourBox()
	to := w.boxName()
	if !ok || w.deeper(m.Name, to) {
		return
	}
	_, err := w.st.RenameMailbox(w.t.Context(), m.ID, to)
	w.say("rename %d %s to %s: %v", m.ID, m.Name, to, err)
	if w.tolerate(err) {
		w.sameTree(m.Name, to)
		w.wishBox(m.ID, boxWish{name: to})
	}
}

// deeper tells of a renaming that brings mailboxes under mailboxes under others: two levels are enough.
func (w *world) deeper(from, to string) bool {
	under := func(name string) bool { return strings.HasPrefix(name, from+w.separator) }
	return strings.Contains(to, w.separator) && (slices.ContainsFunc(w.serverBoxes(), under) ||
		slices.ContainsFunc(w.ourBoxes(), func(m store.Mailbox) bool { return under(m.Name) }))
}

// sameTree is sameBox of what was renamed and of what is under it.
func (w *world) sameTree(a, b string) {
	w.sameBox(a, b)
	w.sameBox(a+w.separator+"In", b+w.separator+"In")
}

// sameBox notes that what was put into one of two mailboxes may be in the other.
func (w *world) sameBox(a, b string) {
	w.wasCalled[a] = append(w.wasCalled[a], b)
	w.wasCalled[b] = append(w.wasCalled[b], a)
}

func (w *world) deleteBox() {
	m, ok := w.ourBox()
	if !ok {
		return
	}
	in := w.allRows()
	_, err := w.st.DeleteMailbox(w.t.Context(), m.ID, w.r.IntN(4) > 0)
	w.say("delete mailbox %d %s, %d messages: %v", m.ID, m.Name, m.Total, err)
	if !w.tolerate(err) {
		return
	}
	for _, r := range in {
		if r.Mailbox == m.ID {
			w.placesOf[identityOf(r.Subject)]["Trash"] = true
		}
	}
	w.wishBox(m.ID, boxWish{name: m.Name, gone: true})
}

func (w *world) subscribe() {
	m, ok := w.ourBox()
	if !ok {
		return
	}
	_, err := w.st.SubscribeMailbox(w.t.Context(), m.ID, !m.Subscribed)
	w.say("subscribe %d %s: %v %v", m.ID, m.Name, !m.Subscribed, err)
	w.tolerate(err)
}

// boxesBy are the account's mailboxes here, by id.
func (w *world) boxesBy() map[store.MailboxID]store.Mailbox {
	list, err := w.st.Mailboxes(w.t.Context(), w.id)
	w.must(err)
	out := make(map[store.MailboxID]store.Mailbox, len(list))
	for _, m := range list {
		out[m.ID] = m
	}
	return out
}

// afterUndo notes what an undo did to mailboxes.
func (w *world) afterUndo(before map[store.MailboxID]store.Mailbox) {
	now := w.boxesBy()
	for id, was := range before {
		is, here := now[id]
		switch {
		case !here:
			w.wishBox(id, boxWish{name: was.Name, gone: true})
		case is.Name != was.Name:
			w.sameBox(is.Name, was.Name)
			if !w.wentAlong(was, is, before, now) {
				w.wishBox(id, boxWish{name: is.Name})
			}
		}
	}
	for id, is := range now {
		if _, had := before[id]; !had {
			w.wishBox(id, boxWish{name: is.Name})
		}
	}
}

// wentAlong tells a mailbox that has another name only because one above it has: nothing is wished of it by itself.
func (w *world) wentAlong(was, is store.Mailbox, before, now map[store.MailboxID]store.Mailbox) bool {
	for id, up := range before {
		if rest, under := strings.CutPrefix(was.Name, up.Name+w.separator); under && now[id].Name+w.separator+rest == is.Name {
			return true
		}
	}
	return false
}

// pendingBoxes are the mailboxes of which the server has, or will have, another name than here, or none.
func (w *world) pendingBoxes() map[store.MailboxID]bool {
	there, err := w.st.MailboxesOnServer(w.t.Context(), w.id)
	w.must(err)
	here, out := w.boxesBy(), map[store.MailboxID]bool{}
	for _, m := range there {
		if is, ok := here[m.ID]; !ok || is.Name != m.Name {
			out[m.ID] = true
		}
		delete(here, m.ID)
	}
	for id := range here {
		out[id] = true
	}
	return out
}

// checkBoxWishes: each wish for a mailbox is still pending, or is so, or the journal tells of it.
func (w *world) checkBoxWishes() {
	pending, here, journal := w.pendingBoxes(), w.boxesBy(), w.boxConflicts()
	for id, wish := range w.boxWishes {
		if pending[id] {
			continue
		}
		delete(w.boxWishes, id)
		is, ok := here[id]
		if !ok && !wish.gone { // another of that name has taken its place
			_, err := w.st.FindMailbox(w.t.Context(), w.id, wish.name)
			ok = err == nil
			is.Name = wish.name
		}
		if ok == wish.gone || !wish.gone && is.Name != wish.name {
			if journal > wish.journal {
				continue
			}
			w.fail("mailbox %d: wished %+v, is %v %q, and no journal says why", id, wish, ok, is.Name)
		}
	}
}

// checkBoxes: in the end the mailboxes here are those of the server.
func (w *world) checkBoxes() {
	if p := w.pendingBoxes(); len(p) > 0 {
		w.fail("mailboxes %v are still to be made, renamed or deleted", p)
	}
	more, err := w.st.PendingMailboxActions(w.t.Context(), w.id)
	w.must(err)
	if len(more) > 0 {
		w.fail("still pending: %+v", more)
	}
	here := []string{}
	subscribed := []string{}
	for _, m := range w.boxesBy() {
		if m.Local {
			continue
		}
		if !m.NoSelect {
			here = append(here, m.Name)
		}
		if m.Subscribed && !m.NoSelect {
			subscribed = append(subscribed, m.Name)
		}
	}
	slices.Sort(here)
	if there := w.serverBoxes(); !slices.Equal(here, there) {
		w.fail("mailboxes on the server %v, here %v", there, here)
	}
	if len(subscribed) == 0 {
		return // a server that does not tell in LIST
	}
	slices.Sort(subscribed)
	if there := slices.DeleteFunc(listedBoxes(w.exec(`LSUB "" "*"`)), func(b string) bool { return !slices.Contains(here, b) }); !slices.Equal(there, subscribed) {
		w.fail("subscribed to on the server %v, here %v", there, subscribed)
	}
}

// movable are the mailboxes that the other client may rename and delete.
func (w *world) movable() []string {
	return slices.DeleteFunc(w.serverBoxes(), func(b string) bool { return !movableBox(b) })
}

func (w *world) otherCreate() {
	if len(w.movable()) >= 4 {
		return
	}
	name := w.boxName()
	_, err := w.other.Try(fmt.Sprintf("CREATE %q", name))
	w.say("other: CREATE %s: %v", name, err)
}

func (w *world) otherRename() {
	list := w.movable()
	if len(list) == 0 {
		return
	}
	from, to := list[w.r.IntN(len(list))], w.boxName()
	if w.deeper(from, to) {
		return
	}
	w.halfMoved(from, -1)
	w.exec("EXAMINE INBOX") // whoever renames what he has selected is thrown out by Dovecot
	_, err := w.other.Try(fmt.Sprintf("RENAME %q %q", from, to))
	w.say("other: RENAME %s %s: %v", from, to, err)
	if err != nil {
		return
	}
	w.sameTree(from, to)
}

func (w *world) otherDelete() {
	list := w.movable()
	if len(list) == 0 {
		return
	}
	name := list[w.r.IntN(len(list))]
	for _, c := range w.serverCopies(name) {
		w.mayVanish[c.identity] = true
	}
	w.exec("EXAMINE INBOX")
	_, err := w.other.Try(fmt.Sprintf("DELETE %q", name))
	w.say("other: DELETE %s: %v", name, err)
}
