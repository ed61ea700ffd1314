package store

import (
	"strings"
	"testing"
)

// shared are the mailboxes of newWorld and some more, as LIST tells them.
func shared(more ...string) []RemoteMailbox {
	list := []RemoteMailbox{{Name: "INBOX", Separator: "/", Role: RoleInbox}, {Name: "Trash", Separator: "/", Role: RoleTrash}}
	for _, name := range more {
		list = append(list, RemoteMailbox{Name: name, Separator: "/"})
	}
	return list
}

// TestWishesForWhatAnotherHasDeleted: the journal tells of them, and the server is not asked.
func TestWishesForWhatAnotherHasDeleted(t *testing.T) {
	w := newWorld(t)
	must(w.SetMailboxes(w.ctx, w.acct, shared("Old", "Other")))(t)
	must(w.RenameMailbox(w.ctx, must(w.FindMailbox(w.ctx, w.acct, "Old"))(t).ID, "New"))(t)
	must(w.DeleteMailbox(w.ctx, must(w.FindMailbox(w.ctx, w.acct, "Other"))(t).ID, false))(t)
	must(w.SetMailboxes(w.ctx, w.acct, shared()))(t)
	w.expectBoxes("")
	if c := must(w.Conflicts(w.ctx, 0))(t); len(c) != 1 || !strings.Contains(c[0].What, "another client has deleted it") {
		t.Errorf("journal %+v", c)
	}
	for _, name := range []string{"Old", "New", "Other"} {
		if m, err := w.FindMailbox(w.ctx, w.acct, name); err == nil {
			t.Errorf("%+v is still here", m)
		}
	}
}

// TestMadeHereAndRenamedToThere: it is one mailbox, and holds what was put into each.
func TestMadeHereAndRenamedToThere(t *testing.T) {
	w := newWorld(t)
	must(w.SetMailboxes(w.ctx, w.acct, shared("Old")))(t)
	old := must(w.FindMailbox(w.ctx, w.acct, "Old"))(t).ID
	ids := append(w.pull(old, 1, mail(1, "a", "x")), w.pull(w.inbox, 1, mail(2, "b", "x"))...)
	made := must(w.CreateMailbox(w.ctx, w.acct, "New", true))(t).Mailbox.ID
	must(w.Move(w.ctx, ids[1:], made))(t)
	ok(t, w.RenameMailboxes(w.ctx, w.acct, map[MailboxID]string{old: "New"}))
	must(w.SetMailboxes(w.ctx, w.acct, shared("New")))(t)
	w.expectBoxes("")
	if r := w.row(ids[0]); r.Mailbox != old || r.MailboxName != "New" {
		t.Errorf("%+v", r)
	}
	w.expect("move INBOX:1 New")
	if r := w.row(ids[1]); r.Mailbox != old {
		t.Errorf("%+v", r)
	}
	if c := must(w.Conflicts(w.ctx, 0))(t); len(c) != 0 {
		t.Errorf("journal %+v", c)
	}
}

// TestDeletedWithOthersUnderIt: a server that keeps the name lists it as \NoSelect. What was in it is gone; what is to be
// put there stays here, and what is to be made of that name is made.
func TestDeletedWithOthersUnderIt(t *testing.T) {
	w := newWorld(t)
	must(w.SetMailboxes(w.ctx, w.acct, shared("Old", "Old/In", "Kept", "Kept/In")))(t)
	ids := w.pull(must(w.FindMailbox(w.ctx, w.acct, "Old"))(t).ID, 1, mail(1, "a", "x"))
	kept, _, err := w.AddRemote(w.ctx, must(w.FindMailbox(w.ctx, w.acct, "Kept"))(t).ID, []Incoming{{Raw: mail(2, "b", "x")}})
	ok(t, err)
	list := shared("Old", "Old/In", "Kept", "Kept/In", "Made", "Made/In")
	for _, i := range []int{2, 4, 6} {
		list[i].NoSelect = true
	}
	made := must(w.CreateMailbox(w.ctx, w.acct, "Made", true))(t).Mailbox
	for range 2 {
		must(w.SetMailboxes(w.ctx, w.acct, list))(t)
	}
	if r, err := w.Row(w.ctx, ids[0]); err == nil {
		t.Errorf("%+v is still here", r)
	}
	if m := must(w.FindMailbox(w.ctx, w.acct, "Old"))(t); !m.NoSelect {
		t.Errorf("%+v", m)
	}
	if r := w.row(kept[0]); r.MailboxName != "Kept" {
		t.Errorf("%+v", r)
	}
	if m := must(w.FindMailbox(w.ctx, w.acct, "Made"))(t); m.NoSelect || m.ID != made.ID {
		t.Errorf("%+v", m)
	}
	w.expectBoxes("create Made")
}
