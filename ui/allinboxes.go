package ui

import "mua/store"

// The inboxes of all accounts as one mailbox: it is a query, and has no row in the store.
const (
	allInboxes     store.MailboxID = -1
	allInboxesName                 = "All inboxes"
	inboxQuery                     = "in:inbox"
)

// allInboxesOf is the mailbox that all inboxes make together; several: there is more than one.
func allInboxesOf(all []store.Mailbox) (b store.Mailbox, several bool) {
	b = store.Mailbox{ID: allInboxes, Name: allInboxesName, Role: store.RoleInbox}
	n := 0
	for _, m := range all {
		if m.Role == store.RoleInbox {
			b.Total, b.Unread = b.Total+m.Total, b.Unread+m.Unread
			n++
		}
	}
	return b, n > 1
}

// shownBox is the mailbox that a list shows, as the mailboxes beside it know it.
func (l *list) shownBox() store.MailboxID {
	if l.all {
		return allInboxes
	}
	return l.q.Mailbox
}

func (u *App) goAllInboxes() {
	for _, l := range u.mail.boxes.lines {
		if l.box.ID == allInboxes {
			u.show(l.box)
			return
		}
	}
	if _, ok := u.mail.roleBox(store.RoleInbox, ""); !ok {
		u.remark("There is no inbox yet")
		return
	}
	u.remark("There is one inbox only")
}
