package imap_test

import (
	"slices"
	"strings"
	"testing"

	"mua/account/realservers"
	"mua/store"
)

// TestDovecotMailboxes: what is wished for mailboxes offline is there after one pass, in whatever order it was wished.
func TestDovecotMailboxes(t *testing.T) {
	for name, without := range kinds {
		t.Run(name, func(t *testing.T) {
			d := realservers.Dovecot(t, realservers.Without(without...))
			user := d.AddUser(t)
			spread(t, d, user, 70)
			e := dovecotEnv(t, d, user, "imaps")
			e.sync()
			ctx := t.Context()
			ids := e.ids("INBOX", 0, 1, 2)
			lists := len(e.rows("Lists.Go"))
			made := must(e.st.CreateMailbox(ctx, e.id, "Größe", true))(t).Mailbox
			under := must(e.st.CreateMailbox(ctx, e.id, "Größe.Unter", true))(t).Mailbox
			must(e.st.Move(ctx, ids[:1], made.ID))(t)
			must(e.st.Copy(ctx, ids[1:2], under.ID))(t)
			must(e.st.RenameMailbox(ctx, made.ID, "Maß"))(t)
			must(e.st.DeleteMailbox(ctx, e.mailbox("Lists.Go").ID, true))(t)
			again := must(e.st.CreateMailbox(ctx, e.id, "Lists.Go", true))(t).Mailbox // of the old one's name
			must(e.st.Move(ctx, ids[2:], again.ID))(t)
			must(e.st.SubscribeMailbox(ctx, e.mailbox("Lists.R&D").ID, true))(t)
			if _, conflicts := e.replay(); conflicts != 0 {
				t.Errorf("conflicts: %+v", must(e.st.Conflicts(ctx, 0))(t))
			}
			e.sync()
			e.sync()
			e.settled()
			other := d.Client(t, user)
			var got []string
			for _, l := range other.Exec(`LIST "" *`) {
				f := strings.Fields(l)
				got = append(got, strings.Trim(f[len(f)-1], `"`))
			}
			slices.Sort(got)
			if want := "Archive Drafts INBOX Junk Lists Lists.Go Lists.R&-D Ma&AN8- Ma&AN8-.Unter Sent Trash"; strings.Join(got, " ") != want &&
				strings.ReplaceAll(strings.Join(got, " "), " Lists ", " ") != strings.ReplaceAll(want, " Lists ", " ") {
				t.Errorf("mailboxes on the server: %q", got)
			}
			if subs := strings.Join(other.Exec(`LSUB "" *`), " "); !strings.Contains(subs, "Lists.R&-D") || strings.Contains(subs, "&APY") || !strings.Contains(subs, "Ma&AN8-.Unter") {
				t.Errorf("subscriptions: %s", subs)
			}
			for box, want := range map[string]int{"Maß": 1, "Maß.Unter": 1, "Lists.Go": 1, "Trash": lists} {
				if n := len(e.rows(box)); n != want {
					t.Errorf("%s has %d messages, not %d", box, n, want)
				}
			}
			if r := must(e.st.Row(ctx, ids[0]))(t); r.MailboxName != "Maß" {
				t.Errorf("%+v", r)
			}

			// New mail in a mailbox that was deleted here: the server keeps it, and it is back.
			must(e.st.DeleteMailbox(ctx, e.mailbox("Maß.Unter").ID, true))(t)
			other.Append("Ma&AN8-.Unter", mail(900))
			if _, conflicts := e.replay(); conflicts != 1 {
				t.Errorf("%d conflicts", conflicts)
			}
			e.sync()
			e.row("Maß.Unter", "message 900")
			c := must(e.st.Conflicts(ctx, 1))(t)
			if len(c) != 1 || c[0].Kind != "delete" || !strings.Contains(c[0].What, "1 messages in it") {
				t.Errorf("%+v", c)
			}

			// A rename that somebody else made impossible.
			must(e.st.RenameMailbox(ctx, e.mailbox("Maß").ID, "Weg"))(t)
			other.Exec(`RENAME "Ma&AN8-" Anders`)
			other.Exec("CREATE Weg")
			if _, conflicts := e.replay(); conflicts != 1 {
				t.Errorf("%d conflicts", conflicts)
			}
			e.sync()
			e.row("Anders.Unter", "message 900")
			for _, m := range must(e.st.Mailboxes(ctx, e.id))(t) {
				if strings.HasPrefix(m.Name, "Maß") || m.Name == "Weg" && m.Total > 0 {
					t.Errorf("%s is still here", m.Name)
				}
			}
			e.settled()
			if n := len(must(e.st.Conflicts(ctx, 0))(t)); n != 2 {
				t.Errorf("%d conflicts", n)
			}
		})
	}
}

// TestDovecotWithoutArchive: what is archived stays on a server that had no mailbox for it.
func TestDovecotWithoutArchive(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Config("namespace inbox {\n  mailbox Archive {\n    auto = no\n  }\n}"))
	user := d.AddUser(t)
	other := d.Client(t, user)
	other.Append("INBOX", mail(0))
	if l := strings.Join(other.Exec(`LIST "" *`), " "); strings.Contains(l, "Archive") {
		t.Fatalf("mailboxes on the server: %s", l)
	}
	e := dovecotEnv(t, d, user, "imaps")
	e.sync()
	must(e.st.Archive(t.Context(), e.ids("INBOX", 0)))(t)
	e.sync()
	e.settled()
	if m := e.mailbox("Archive"); m.Local || m.Role != store.RoleArchive || m.Total != 1 {
		t.Errorf("%+v", m)
	}
	if l := strings.Join(other.Exec(`STATUS Archive (MESSAGES)`), " "); !strings.Contains(l, "MESSAGES 1") {
		t.Errorf("on the server: %s", l)
	}
}

// TestDovecotUndoAfterReplay: what the server has carried out already is wished back, also what was deleted for good.
func TestDovecotUndoAfterReplay(t *testing.T) {
	for name, without := range kinds {
		t.Run(name, func(t *testing.T) {
			d := realservers.Dovecot(t, realservers.Without(without...))
			user := d.AddUser(t)
			spread(t, d, user, 30)
			e := dovecotEnv(t, d, user, "imaps")
			e.sync()
			ctx := t.Context()
			ids := e.ids("INBOX", 0, 1)
			before := e.sums("INBOX")
			for _, do := range []func() (store.GroupID, error){
				func() (store.GroupID, error) {
					return e.st.MarkFlags(ctx, ids, store.FlagChange{Add: store.Flagged, AddKeywords: []string{"Work"}})
				},
				func() (store.GroupID, error) { return e.st.Archive(ctx, ids) },
				func() (store.GroupID, error) { return e.st.Trash(ctx, ids) },
				func() (store.GroupID, error) { return e.st.Trash(ctx, ids) },
			} {
				must(do())(t)
				e.sync()
			}
			e.sync()
			if n := len(d.Maildir(t, user, "Trash")); n != 0 {
				t.Fatalf("Trash has %d", n)
			}
			for range 4 {
				must(e.st.Undo(ctx))(t)
				e.sync()
			}
			e.sync()
			e.settled()
			wantSame(t, "INBOX", e.sums("INBOX"), before)
			for _, id := range ids {
				if r := must(e.st.Row(ctx, id))(t); r.MailboxName != "INBOX" || r.Flags.Has(store.Flagged) || len(r.Keywords) != 0 || len(r.Pending) != 0 {
					t.Errorf("%+v", r)
				}
			}
			for range 2 {
				must(e.st.Redo(ctx))(t)
			}
			e.sync()
			e.sync()
			e.settled()
			if n := len(d.Maildir(t, user, "INBOX")); n != len(before)-2 {
				t.Errorf("INBOX has %d", n)
			}
			other := d.Client(t, user)
			other.Exec("EXAMINE Archive")
			if got := other.Exec("UID SEARCH FLAGGED KEYWORD Work"); len(strings.Fields(got[0])) != 4 {
				t.Errorf("flagged in Archive: %q", got)
			}
		})
	}
}
