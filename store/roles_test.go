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
