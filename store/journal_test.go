package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCopyIsJournaledAndCollapses(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	out := must(w.Copy(w.ctx, ids, w.archive))(t)
	if len(out.Made) != 2 || w.row(out.Made[0]).Subject != "a" || w.row(out.Made[0]).MailboxName != "Archive" || fmt.Sprint(w.row(out.Made[1]).Pending) != "[copy]" {
		t.Errorf("made %+v", out)
	}
	must(w.Move(w.ctx, out.Made[:1], w.trash))(t)           // copied elsewhere, then
	must(w.Trash(w.ctx, out.Made))(t)                       // one deleted for good: nothing is left of it
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Seen}))(t) // flags go first
	must(w.Archive(w.ctx, ids[1:]))(t)                      // and the original's move last
	w.expect("flags INBOX:1 +[seen] -[]; flags INBOX:2 +[seen] -[]; copy INBOX:2; move INBOX:2 Archive")
	if n := must(w.pool.Query(`SELECT count(*) FROM content`))(t); n.Next() {
		var c int
		ok(t, n.Scan(&c))
		n.Close()
		if c != 2 {
			t.Errorf("%d contents", c)
		}
	}
}

func TestCopyTakesTheFlagsOfTheOriginal(t *testing.T) {
	w := newWorld(t)
	ok(t, w.SetSyncState(w.ctx, w.archive, SyncState{UIDValidity: 9, UIDNext: 50}))
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
	out := must(w.Copy(w.ctx, ids, w.archive))(t)
	must(w.MarkFlags(w.ctx, out.Made, FlagChange{Add: Flagged}))(t)
	a := must(w.PendingActions(w.ctx, w.acct))(t)
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a[0].ID, UID: 50, UIDValidity: 9}}))
	w.expect("flags Archive:50 +[flagged] -[]")
	if r := w.row(ids[0]); r.Flags != 0 {
		t.Errorf("the original has %v", r.Flags.Names())
	}
}

func TestCopyOfWhatIsNotOnTheServer(t *testing.T) {
	w := newWorld(t)
	d := must(w.SaveDraft(w.ctx, w.acct, mail(1, "draft", "x"), 0))(t)
	must(w.Copy(w.ctx, []MessageID{d}, w.archive))(t)
	w.expect("append Drafts [seen draft]; append Archive [seen draft]")
	ids := w.pull(w.inbox, 1, mail(2, "b", "x"))
	attic := must(w.LocalMailbox(w.ctx, w.acct, "Attic"))(t)
	out := must(w.Copy(w.ctx, ids, attic.ID))(t)
	if n := w.peek(); n != 2 || len(w.row(out.Made[0]).Pending) != 0 {
		t.Errorf("%d pending", n)
	}
}

func TestRefusedCopyIsTakenBack(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
	out := must(w.Copy(w.ctx, ids, w.archive))(t)
	a := must(w.PendingActions(w.ctx, w.acct))(t)
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a[0].ID, Refused: "NO full"}}))
	if _, err := w.Row(w.ctx, out.Made[0]); !errors.Is(err, ErrNotFound) {
		t.Errorf("the copy is still here: %v", err)
	}
	c := must(w.Conflicts(w.ctx, 0))(t)
	if len(c) != 1 || c[0].Kind != "copy" || !c[0].Refused || c[0].What != "the copy was refused: NO full" || c[0].MailboxName != "" || c[0].Local.Mailbox != "Archive" {
		t.Errorf("conflicts %+v", c)
	}
	if n := must(w.CountConflicts(w.ctx, w.t.Add(-1)))(t); n != 1 {
		t.Errorf("%d conflicts", n)
	}
	w.expect("")
}

func TestRedo(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	if _, err := w.Redo(w.ctx); !errors.Is(err, ErrNoRedo) {
		t.Errorf("nothing undone yet: %v", err)
	}
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Seen, AddKeywords: []string{"k"}}))(t)
	must(w.Archive(w.ctx, ids))(t)
	must(w.Trash(w.ctx, ids[:1]))(t)
	must(w.Trash(w.ctx, ids[:1]))(t)
	w.expect("flags INBOX:2 +[seen k] -[]; delete INBOX:1; move INBOX:2 Archive")
	for range 4 {
		must(w.Undo(w.ctx))(t)
	}
	// What was handed out stays in the journal and is followed by what takes it back; after a restart too.
	for _, want := range []string{"flags of 2 messages changed again", "2 messages moved to Archive", "1 message moved to Trash", "1 message deleted for good again"} {
		if said := must(w.Redo(w.ctx))(t); said != want {
			t.Errorf("said %q, want %q", said, want)
		}
	}
	if _, err := w.Redo(w.ctx); !errors.Is(err, ErrNoRedo) {
		t.Errorf("again: %v", err)
	}
	if r := w.row(ids[1]); r.MailboxName != "Archive" || !r.Flags.Has(Seen) {
		t.Errorf("row %+v", r)
	}
	must(w.Undo(w.ctx))(t)
	must(w.MarkFlags(w.ctx, ids[1:], FlagChange{Add: Flagged}))(t)
	must(w.Undo(w.ctx))(t)
	if said := must(w.Redo(w.ctx))(t); said != "flags of 1 message changed again" {
		t.Errorf("said %q", said)
	}
	if _, err := w.Redo(w.ctx); !errors.Is(err, ErrNoRedo) {
		t.Errorf("a new wish ends what could be done again: %v", err)
	}
}

// wishedBoxes describes the pending wishes for mailboxes.
func (w *world) wishedBoxes() string {
	w.Helper()
	var out []string
	for _, x := range must(mailboxWishes(w.ctx, w.pool, w.acct))(w) {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", x.Kind, x.Name, x.Target)))
	}
	return strings.Join(out, "; ")
}

func (w *world) expectBoxes(want string) {
	w.Helper()
	if got := w.wishedBoxes(); got != want {
		w.Errorf("wished for mailboxes:\n got %q\nwant %q", got, want)
	}
}

func TestMailboxWishesCollapse(t *testing.T) {
	w := newWorld(t)
	create := func(name string) MailboxID { return must(w.CreateMailbox(w.ctx, w.acct, name, true))(t).Mailbox.ID }
	a := create("A")
	w.expectBoxes("create A")
	must(w.RenameMailbox(w.ctx, a, "B"))(t)
	w.expectBoxes("create B")
	must(w.DeleteMailbox(w.ctx, a, false))(t)
	w.expectBoxes("")
	b := create("B")
	create("B/Under")
	must(w.RenameMailbox(w.ctx, b, "C"))(t)
	must(w.RenameMailbox(w.ctx, b, "D"))(t)
	w.expectBoxes("create B; create B/Under; rename B D")
	if _, err := w.FindMailbox(w.ctx, w.acct, "D/Under"); err != nil {
		t.Error(err)
	}
	must(w.RenameMailbox(w.ctx, b, "B"))(t)
	w.expectBoxes("create B; create B/Under")
	if _, err := w.DeleteMailbox(w.ctx, b, false); !errors.Is(err, ErrState) {
		t.Errorf("with another under it: %v", err)
	}
	must(w.SubscribeMailbox(w.ctx, w.archive, true))(t)
	must(w.SubscribeMailbox(w.ctx, w.archive, false))(t)
	w.expectBoxes("create B; create B/Under")
}

// TestListDoesNotUndoWishesForMailboxes: what LIST says from before they were carried out changes nothing.
func TestListDoesNotUndoWishesForMailboxes(t *testing.T) {
	w := newWorld(t)
	list := []RemoteMailbox{{Name: "INBOX", Separator: "/", Role: RoleInbox}, {Name: "Old", Separator: "/"}, {Name: "Old/Under", Separator: "/"}, {Name: "Gone", Separator: "/"}}
	must(w.SetMailboxes(w.ctx, w.acct, list))(t)
	old := must(w.FindMailbox(w.ctx, w.acct, "Old"))(t)
	under := must(w.FindMailbox(w.ctx, w.acct, "Old/Under"))(t)
	ids := w.pull(under.ID, 1, mail(1, "a", "x"))
	must(w.RenameMailbox(w.ctx, old.ID, "New"))(t)
	must(w.DeleteMailbox(w.ctx, must(w.FindMailbox(w.ctx, w.acct, "Gone"))(t).ID, false))(t)
	made := must(w.CreateMailbox(w.ctx, w.acct, "New/More", true))(t)
	must(w.Move(w.ctx, ids, made.Mailbox.ID))(t)
	names := func() string {
		var out []string
		for _, m := range must(w.Mailboxes(w.ctx, w.acct))(t) {
			out = append(out, m.Name)
		}
		return strings.Join(out, " ")
	}
	want := names()
	must(w.SetMailboxes(w.ctx, w.acct, list))(t)
	if got := names(); got != want || got != "INBOX New New/More New/Under" {
		t.Errorf("mailboxes %s", got)
	}
	if r := w.row(ids[0]); r.MailboxName != "New/More" {
		t.Errorf("row %+v", r)
	}
	for _, a := range must(w.PendingMailboxActions(w.ctx, w.acct))(t) {
		words := ""
		if a.Kind == MailboxCreate {
			words = "NO never"
		}
		ok(t, w.FinishMailboxAction(w.ctx, a.ID, words))
	}
	if r := w.row(ids[0]); r.MailboxName != "New/Under" || len(r.Pending) != 0 {
		t.Errorf("not moved back: %+v", r)
	}
	c := must(w.Conflicts(w.ctx, 0))(t)
	if len(c) != 2 || c[0].Kind != "move" && c[1].Kind != "move" || c[0].Kind != "create" && c[1].Kind != "create" {
		t.Errorf("conflicts %+v", c)
	}
}

func TestDeletedMailboxWaitsForWhatWasInIt(t *testing.T) {
	w := newWorld(t)
	list := []RemoteMailbox{{Name: "INBOX", Separator: "/", Role: RoleInbox}, {Name: "Trash", Separator: "/", Role: RoleTrash}, {Name: "Old", Separator: "/"}}
	must(w.SetMailboxes(w.ctx, w.acct, list))(t)
	old := must(w.FindMailbox(w.ctx, w.acct, "Old"))(t)
	ids := w.pull(old.ID, 1, mail(1, "a", "x"))
	if _, err := w.DeleteMailbox(w.ctx, old.ID, false); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("not empty: %v", err)
	}
	must(w.DeleteMailbox(w.ctx, old.ID, true))(t)
	if l := must(w.PendingMailboxActions(w.ctx, w.acct))(t); len(l) != 0 {
		t.Errorf("deleted with what is in it: %+v", l)
	}
	a := must(w.PendingActions(w.ctx, w.acct))(t)
	if len(a) != 1 || describe(a[0]) != "move Old:1 Trash" {
		t.Fatalf("pending %+v", a)
	}
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a[0].ID}}))
	l := must(w.PendingMailboxActions(w.ctx, w.acct))(t)
	if len(l) != 1 || l[0].Kind != MailboxDelete {
		t.Fatalf("wishes %+v", l)
	}
	ok(t, w.FinishMailboxAction(w.ctx, l[0].ID, "the server has 3 messages in it"))
	if m := must(w.Mailbox(w.ctx, old.ID))(t); m.Name != "Old" {
		t.Errorf("%+v", m)
	}
	must(w.Undo(w.ctx))(t)
	if r := w.row(ids[0]); r.MailboxName != "Old" {
		t.Errorf("row %+v", r)
	}
}

// TestNamesThatAreNotFreeYet: what needs the name of a mailbox that still waits to be deleted waits with it, and what is
// wished for messages goes on under the names that the server has.
func TestNamesThatAreNotFreeYet(t *testing.T) {
	w := newWorld(t)
	must(w.SetMailboxes(w.ctx, w.acct, []RemoteMailbox{{Name: "INBOX", Separator: "/", Role: RoleInbox}, {Name: "Trash", Separator: "/", Role: RoleTrash},
		{Name: "Old", Separator: "/"}, {Name: "Next", Separator: "/"}}))(t)
	old, next := must(w.FindMailbox(w.ctx, w.acct, "Old"))(t), must(w.FindMailbox(w.ctx, w.acct, "Next"))(t)
	ids := w.pull(old.ID, 1, mail(1, "a", "x"))
	in := w.pull(w.inbox, 1, mail(2, "b", "x"))
	must(w.DeleteMailbox(w.ctx, old.ID, true))(t)
	must(w.RenameMailbox(w.ctx, next.ID, "Old"))(t)
	free := must(w.CreateMailbox(w.ctx, w.acct, "Free", true))(t).Mailbox
	must(w.Move(w.ctx, ids, next.ID))(t)
	must(w.Move(w.ctx, in, free.ID))(t)
	var now []string
	for _, a := range must(w.PendingMailboxActions(w.ctx, w.acct))(t) {
		now = append(now, string(a.Kind)+" "+a.Name)
	}
	if fmt.Sprint(now) != "[create Free]" {
		t.Errorf("possible now: %v", now)
	}
	w.expect("move Old:1 Next") // the server's names; Free is not there yet
	for _, a := range must(w.PendingActions(w.ctx, w.acct))(t) {
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID}}))
	}
	for _, a := range must(w.PendingMailboxActions(w.ctx, w.acct))(t) {
		ok(t, w.FinishMailboxAction(w.ctx, a.ID, ""))
	}
	w.expectBoxes("")
	w.expect("move INBOX:1 Free")
	if r := w.row(ids[0]); r.MailboxName != "Old" {
		t.Errorf("row %+v", r)
	}
}
