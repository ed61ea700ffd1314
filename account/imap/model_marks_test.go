package imap_test

import (
	"slices"

	"mua/store"
)

// followed: what a pull made of where a message had been moved to, the answer lost, becomes that message, flags wished of it and all.
func (w *world) followed(was store.Row, now map[store.MessageID]store.Row) bool {
	for _, p := range was.Pending {
		if p != "flags" {
			return false
		}
	}
	who := identityOf(was.Subject)
	for _, r := range now {
		if identityOf(r.Subject) == who && (was.Flags^r.Flags)&store.Flagged == 0 &&
			slices.Contains(was.Keywords, keyword(who)) == slices.Contains(r.Keywords, keyword(who)) {
			return true
		}
	}
	return false
}

// mayStayMarked: what we marked and has another UID since; and beside what is marked and yet a message here, because it was
// wished back, or because another client copied it with our mark.
func (w *world) mayStayMarked(c copyThere) bool {
	if !slices.Contains(shownFlags(c.flags), "deleted") || w.newUIDs[c.identity] {
		return true
	}
	for _, r := range w.allRows() {
		if r.MailboxName == c.mailbox && r.Flags.Has(store.Deleted) {
			return true
		}
	}
	return false
}

// leftBehind tells what waits, marked \Deleted, for whoever expunges next: without UIDPLUS we expunge only where nobody
// else has marked anything.
func (w *world) leftBehind(flags []string) bool {
	return w.server.byCopy && slices.Contains(shownFlags(flags), "deleted")
}
