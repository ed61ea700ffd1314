package store

import "testing"

// TestRolesAreMadeOnTheServer: what is archived or thrown away where the server has no mailbox for it stays on the server, in one
// that is made there; only where the server refuses to make one is it here alone.
func TestRolesAreMadeOnTheServer(t *testing.T) {
	for _, prefix := range []string{"", "INBOX."} {
		w := newWorld(t)
		w.acct = must(w.EnsureAccount(w.ctx, "bare"+prefix))(t)
		list := []RemoteMailbox{{Name: "INBOX", Separator: "."}}
		ok(t, w.SetPrefix(w.ctx, w.acct, prefix))
		boxes := must(w.SetMailboxes(w.ctx, w.acct, list))(t)
		ids := w.pull(boxes[0].ID, 1, mail(1, "a", "x"), mail(2, "b", "x"), mail(3, "c", "x"))
		must(w.Archive(w.ctx, ids[:1]))(t)
		must(w.Trash(w.ctx, ids[1:2]))(t)
		wishes := must(w.PendingMailboxActions(w.ctx, w.acct))(t)
		if len(wishes) != 2 || wishes[0].Kind != MailboxCreate || wishes[0].Name != prefix+"Archive" || wishes[1].Name != prefix+"Trash" {
			t.Fatalf("wishes %+v", wishes)
		}
		ok(t, w.FinishMailboxAction(w.ctx, wishes[0].ID, ""))
		ok(t, w.FinishMailboxAction(w.ctx, wishes[1].ID, "NO never"))
		w.expect("move INBOX:1 " + prefix + "Archive")
		if r := w.row(ids[1]); r.MailboxName != "INBOX" {
			t.Errorf("where no Trash was made: %+v", r)
		}
		must(w.SetMailboxes(w.ctx, w.acct, append(list, RemoteMailbox{Name: prefix + "Archive", Separator: "."})))(t)
		if m := must(w.RoleMailbox(w.ctx, w.acct, RoleArchive, false))(t); m.Name != prefix+"Archive" || m.Local {
			t.Errorf("archive %+v", m)
		}
		must(w.Trash(w.ctx, ids[2:]))(t)
		w.expect("move INBOX:1 " + prefix + "Archive; delete INBOX:3")
	}
}

// TestLocalRolesGoToTheServer: a mailbox for a role that was made before the server was known is made there when it is used
// again, and what is in it is uploaded; where the server refuses, it and its mail stay.
func TestLocalRolesGoToTheServer(t *testing.T) {
	for _, prefix := range []string{"", "INBOX."} {
		w := newWorld(t)
		w.acct = must(w.EnsureAccount(w.ctx, "old"+prefix))(t)
		archive, trash := must(w.RoleMailbox(w.ctx, w.acct, RoleArchive, true))(t), must(w.RoleMailbox(w.ctx, w.acct, RoleTrash, true))(t)
		sent := must(w.RoleMailbox(w.ctx, w.acct, RoleSent, true))(t)
		var held []MessageID
		for i, m := range []Mailbox{archive, trash, sent} {
			one, _, err := w.AddRemote(w.ctx, m.ID, []Incoming{{Raw: mail(7+i, "held in "+m.Name, "x")}}) // no UID: an import
			ok(t, err)
			held = append(held, one...)
		}
		old, thrown := held[0], held[1]
		ok(t, w.SetPrefix(w.ctx, w.acct, prefix))
		list := []RemoteMailbox{{Name: "INBOX", Separator: "."}}
		boxes := must(w.SetMailboxes(w.ctx, w.acct, list))(t)
		w.expect("") // nobody has asked for one
		ids := w.pull(boxes[0].ID, 1, mail(1, "a", "x"), mail(2, "b", "x"))
		must(w.Archive(w.ctx, ids[:1]))(t)
		if m := must(w.RoleMailbox(w.ctx, w.acct, RoleTrash, true))(t); m.Local || m.ID != trash.ID || m.Name != prefix+"Trash" {
			t.Errorf("trash %+v", m)
		}
		if m := must(w.RoleMailbox(w.ctx, w.acct, RoleSent, true))(t); !m.Local {
			t.Errorf("sent %+v", m)
		}
		wishes := must(w.PendingMailboxActions(w.ctx, w.acct))(t)
		if len(wishes) != 2 || wishes[0].Name != prefix+"Archive" || wishes[1].Name != prefix+"Trash" {
			t.Fatalf("wishes %+v", wishes)
		}
		ok(t, w.FinishMailboxAction(w.ctx, wishes[0].ID, ""))
		ok(t, w.FinishMailboxAction(w.ctx, wishes[1].ID, "NO never"))
		w.expect("append " + prefix + "Archive []; move INBOX:1 " + prefix + "Archive")
		if r := w.row(old); r.Mailbox != archive.ID {
			t.Errorf("what was archived is in %s", r.MailboxName)
		}
		if m := must(w.RoleMailbox(w.ctx, w.acct, RoleTrash, true))(t); !m.Local || m.ID != trash.ID || w.row(thrown).Mailbox != trash.ID {
			t.Errorf("the trash that was refused: %+v", m)
		}
		must(w.Trash(w.ctx, ids[1:]))(t)
		w.expect("append " + prefix + "Archive []; move INBOX:1 " + prefix + "Archive; delete INBOX:2")
	}
}

// TestLocalRolesWithoutAServer: where no server keeps mailboxes they stay here, and asking for one writes nothing.
func TestLocalRolesWithoutAServer(t *testing.T) {
	w := newWorld(t)
	w.acct = must(w.EnsureAccount(w.ctx, "pop"))(t)
	first := must(w.RoleMailbox(w.ctx, w.acct, RoleArchive, true))(t)
	if m := must(w.RoleMailbox(w.ctx, w.acct, RoleArchive, true))(t); !m.Local || m.ID != first.ID {
		t.Errorf("archive %+v", m)
	}
	if wishes := must(w.PendingMailboxActions(w.ctx, w.acct))(t); len(wishes) != 0 {
		t.Errorf("wishes %+v", wishes)
	}
}
