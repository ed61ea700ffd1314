package store

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// pending describes what is to be replayed, one line an action.
func (w *world) pending() string {
	w.Helper()
	var out []string
	for _, a := range must(w.PendingActions(w.ctx, w.acct))(w) {
		out = append(out, describe(a))
	}
	return strings.Join(out, "; ")
}

func describe(a Action) string {
	switch a.Kind {
	case ActionFlags:
		return fmt.Sprintf("%s %s:%d +%v -%v", a.Kind, a.MailboxName, a.UID, append(a.Add.Names(), a.AddKeywords...), append(a.Remove.Names(), a.RemoveKeywords...))
	case ActionMove:
		return fmt.Sprintf("move %s:%d %s", a.MailboxName, a.UID, a.TargetName)
	case ActionAppend:
		return fmt.Sprintf("append %s %v", a.MailboxName, append(a.Add.Names(), a.AddKeywords...))
	}
	return fmt.Sprintf("%s %s:%d", a.Kind, a.MailboxName, a.UID)
}

func (w *world) expect(want string) {
	w.Helper()
	if got := w.pending(); got != want {
		w.Errorf("pending:\n got %q\nwant %q", got, want)
	}
}

// peek is what would be pending, without handing it out.
func (w *world) peek() int {
	w.Helper()
	var n int
	ok(w, w.pool.QueryRow(`SELECT count(*) FROM action WHERE state = 'pending' AND blocked_by IS NULL`).Scan(&n))
	return n
}

func TestMarkAndUnmarkIsNothing(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Seen | Flagged, AddKeywords: []string{"todo"}}))(t)
	if m := must(w.Mailbox(w.ctx, w.inbox))(t); m.Unread != 0 {
		t.Errorf("%d unread", m.Unread)
	}
	must(w.MarkFlags(w.ctx, ids, FlagChange{Remove: Seen | Flagged, RemoveKeywords: []string{"TODO"}}))(t)
	w.expect("")
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Seen}))(t)
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged, AddKeywords: []string{"b", "a"}}))(t)
	w.expect("flags INBOX:1 +[seen flagged a b] -[]")
}

func TestMovesAndDeletesCollapse(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"), mail(3, "c", "x"))
	must(w.Archive(w.ctx, ids))(t)
	must(w.Trash(w.ctx, ids[:2]))(t)
	must(w.Trash(w.ctx, ids[:1]))(t)
	must(w.Move(w.ctx, ids[2:], w.inbox))(t)
	w.expect("delete INBOX:1; move INBOX:2 Trash")
	if _, err := w.Row(w.ctx, ids[0]); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted for good, but %v", err)
	}
	if r := w.row(ids[1]); r.MailboxName != "Trash" || fmt.Sprint(r.Pending) != "[move]" {
		t.Errorf("row %+v", r)
	}
}

func TestReplayInOrder(t *testing.T) {
	w := newWorld(t)
	for _, m := range []MailboxID{w.inbox, w.archive, w.trash} {
		ok(t, w.SetSyncState(w.ctx, m, SyncState{UIDValidity: 9, UIDNext: 50}))
	}
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Seen}))(t)
	must(w.Archive(w.ctx, ids))(t)
	given := must(w.PendingActions(w.ctx, w.acct))(t)
	// While the server works on these the person changes their mind.
	must(w.MarkFlags(w.ctx, ids, FlagChange{Remove: Seen}))(t)
	must(w.Trash(w.ctx, ids))(t)
	w.expect("flags INBOX:1 +[seen] -[]; flags INBOX:1 +[] -[seen]; move INBOX:1 Archive")
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: given[0].ID}, {ID: given[1].ID, UID: 77, UIDValidity: 9}}))
	w.expect("flags Archive:77 +[] -[seen]; move Archive:77 Trash")
	rest := must(w.PendingActions(w.ctx, w.acct))(t)
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: rest[0].ID}, {ID: rest[1].ID, UID: 5, UIDValidity: 9}}))
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: rest[0].ID}, {ID: 12345}})) // told twice
	w.expect("")
	if l := must(w.RemoteCopies(w.ctx, w.trash))(t); len(l) != 1 || l[0].UID != 5 || l[0].Message != ids[0] || l[0].Flags != 0 {
		t.Errorf("trash %+v", l)
	}
	if r := w.row(ids[0]); len(r.Pending) != 0 || r.MailboxName != "Trash" {
		t.Errorf("row %+v", r)
	}
}

func TestMoveWithoutUIDInTheAnswer(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	must(w.Archive(w.ctx, ids))(t)
	for _, a := range must(w.PendingActions(w.ctx, w.acct))(t) {
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID}}))
	}
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(t)
	w.expect("") // their UIDs are not known
	got, added, err := w.AddRemote(w.ctx, w.archive, []Incoming{{UID: 40, Raw: mail(1, "a", "x")}})
	ok(t, err)
	if added != 0 || got[0] != ids[0] {
		t.Errorf("not adopted: %v, %d new", got, added)
	}
	w.expect("flags Archive:40 +[flagged] -[]")
	// The other one never shows: somebody has deleted it. Two completed pulls later it is gone.
	for range 2 {
		w.row(ids[1])
		ok(t, w.SetSyncState(w.ctx, w.archive, SyncState{UIDValidity: 9, UIDNext: 50}))
	}
	if _, err := w.Row(w.ctx, ids[1]); !errors.Is(err, ErrNotFound) {
		t.Errorf("a ghost: %v", err)
	}
	if c := must(w.Conflicts(w.ctx, 0))(t); len(c) == 0 || c[0].Message != ids[1] {
		t.Errorf("conflicts %+v", c)
	}
}

func TestLostAnswerOfAMove(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
	must(w.Archive(w.ctx, ids))(t)
	w.expect("move INBOX:1 Archive") // given; the connection breaks after the server has moved it
	if n := must(w.ExpungeRemote(w.ctx, w.inbox, []uint32{1}))(t); n != 0 {
		t.Errorf("%d removed", n)
	}
	got, added, err := w.AddRemote(w.ctx, w.archive, []Incoming{{UID: 7, Raw: mail(1, "a", "x")}})
	ok(t, err)
	if added != 0 || got[0] != ids[0] {
		t.Errorf("a duplicate: %v", got)
	}
	w.expect("")
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"), mail(3, "c", "x"))
	w.pull(w.trash, 1, mail(4, "d", "x"))
	inTrash := must(w.ByHeaderID(w.ctx, "m4@example.org"))(t)
	must(w.MarkFlags(w.ctx, ids[:1], FlagChange{Add: Flagged, Remove: Answered}))(t)
	must(w.Archive(w.ctx, ids[1:2]))(t)
	must(w.Archive(w.ctx, ids[2:3]))(t)
	must(w.Trash(w.ctx, inTrash))(t)
	a := must(w.PendingActions(w.ctx, w.acct))(t)
	must(w.Trash(w.ctx, ids[2:3]))(t) // meanwhile
	for i := range a {
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a[i].ID, Refused: "NO [NOPERM] not yours"}}))
	}
	if r := w.row(ids[0]); r.Flags != 0 {
		t.Errorf("flags %v", r.Flags.Names())
	}
	if r := w.row(ids[1]); r.MailboxName != "INBOX" {
		t.Errorf("moved back to %s", r.MailboxName)
	}
	if r := w.row(inTrash[0]); r.MailboxName != "Trash" {
		t.Errorf("deleted one is in %s", r.MailboxName)
	}
	w.expect("move INBOX:3 Trash") // the later wish stands
	c := must(w.Conflicts(w.ctx, 0))(t)
	if len(c) != 4 || !strings.Contains(c[3].What, "NOPERM") || !strings.Contains(c[3].What, "flagged") || !c[0].At.Equal(w.t) {
		t.Errorf("conflicts %+v", c)
	}
}

func TestDraftsAreAppendedOnce(t *testing.T) {
	w := newWorld(t)
	raw := func(n int) []byte {
		return fmt.Appendf(nil, "From: a@x\r\nSubject: draft\r\nMessage-ID: <d%d@x>\r\n\r\ntext\r\n", n)
	}
	d1 := must(w.SaveDraft(w.ctx, w.acct, raw(1), 0))(t)
	d2 := must(w.SaveDraft(w.ctx, w.acct, raw(2), d1))(t)
	if _, err := w.Row(w.ctx, d1); !errors.Is(err, ErrNotFound) {
		t.Errorf("the old draft: %v", err)
	}
	w.expect("append Drafts [seen draft]") // the first one was never there
	// The append's answer is lost; the next pull shows our message.
	got, added, err := w.AddRemote(w.ctx, w.drafts, []Incoming{{UID: 3, Flags: Draft | Seen, Raw: raw(2)}})
	ok(t, err)
	if added != 0 || got[0] != d2 {
		t.Errorf("a duplicate draft: %v", got)
	}
	w.expect("")
	d3 := must(w.SaveDraft(w.ctx, w.acct, raw(3), d2))(t)
	w.expect("append Drafts [seen draft]; delete Drafts:3") // first the new one
	ok(t, w.dropDraft(d3))                                  // while its append is on the way
	for _, a := range must(w.PendingActions(w.ctx, w.acct))(t) {
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID, UID: 4}}))
	}
	got, _, err = w.AddRemote(w.ctx, w.drafts, []Incoming{{UID: 4, Flags: Draft, Raw: raw(3)}})
	ok(t, err)
	if got[0] != d3 {
		t.Errorf("%v is not %d", got, d3)
	}
	w.expect("delete Drafts:4")
	in := w.pull(w.inbox, 1, mail(1, "a", "x"))
	if err := w.dropDraft(in[0]); !errors.Is(err, ErrState) {
		t.Errorf("dropped what is no draft: %v", err)
	}
}

func TestAppendFollowsItsCopy(t *testing.T) {
	w := newWorld(t)
	d := must(w.SaveDraft(w.ctx, w.acct, []byte("Subject: x\r\n\r\ny"), 0))(t)
	must(w.MarkFlags(w.ctx, []MessageID{d}, FlagChange{Add: Flagged}))(t)
	must(w.Archive(w.ctx, []MessageID{d}))(t)
	if w.peek() != 1 {
		t.Errorf("%d wishes", w.peek())
	}
	w.expect("append Archive [seen flagged draft]")
	ids, _, err := w.AddRemote(w.ctx, w.archive, []Incoming{{Raw: mail(1, "imported", "x"), Flags: Seen}}) // no UID: an import
	ok(t, err)
	must(w.Trash(w.ctx, ids))(t)
	must(w.Trash(w.ctx, ids))(t)
	w.expect("append Archive [seen flagged draft]")
}

func TestWishesOfUnknownOnes(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
	if _, err := w.MarkFlags(w.ctx, append(ids, 999), FlagChange{Add: Seen}); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "999") {
		t.Errorf("got %v", err)
	}
	if w.row(ids[0]).Flags != 0 {
		t.Error("half was done")
	}
	if _, err := w.Move(w.ctx, ids, 999); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestMoveToALocalMailbox(t *testing.T) {
	w := newWorld(t)
	raw := mail(1, "keep", "x")
	ids := w.pull(w.inbox, 1, raw)
	local := must(w.LocalMailbox(w.ctx, w.acct, "Attic"))(t)
	onlyHeader, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 2, Header: header(mail(2, "h", "x")), Size: 500}})
	ok(t, err)
	if _, err := w.Move(w.ctx, onlyHeader, local.ID); !errors.Is(err, ErrState) || !errors.Is(err, ErrNoBody) {
		t.Errorf("moved what is not here: %v", err)
	}
	must(w.Move(w.ctx, ids, local.ID))(t)
	w.expect("delete INBOX:1")
	a := must(w.PendingActions(w.ctx, w.acct))(t)
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a[0].ID}}))
	must(w.ExpungeRemote(w.ctx, w.inbox, []uint32{1}))(t)
	if r := w.row(ids[0]); r.MailboxName != "Attic" || !bytes.Equal(must(w.Raw(w.ctx, ids[0]))(t), raw) {
		t.Errorf("row %+v", r)
	}
	must(w.Undo(w.ctx))(t)
	w.expect("append INBOX []")
}

func TestUndo(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Undo(w.ctx); !errors.Is(err, ErrNothing) {
		t.Errorf("nothing done yet: %v", err)
	}
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"), mail(3, "c", "x"))
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(t)
	must(w.Archive(w.ctx, ids))(t)
	must(w.MarkFlags(w.ctx, ids[:1], FlagChange{Add: Seen, NoUndo: true}))(t)
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(t) // changes nothing: not what undo takes back
	if said := must(w.Undo(w.ctx))(t); said != "3 messages moved back to INBOX" {
		t.Errorf("said %q", said)
	}
	if said := must(w.Undo(w.ctx))(t); said != "flags of 3 messages restored" {
		t.Errorf("said %q", said)
	}
	w.expect("flags INBOX:1 +[seen] -[]")
	if _, err := w.Undo(w.ctx); !errors.Is(err, ErrNothing) {
		t.Errorf("undone again: %v", err)
	}
}

func TestUndoAfterReplayWishesBack(t *testing.T) {
	w := newWorld(t)
	ok(t, w.SetSyncState(w.ctx, w.trash, SyncState{UIDValidity: 9, UIDNext: 1}))
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	must(w.Trash(w.ctx, ids))(t)
	for i, a := range must(w.PendingActions(w.ctx, w.acct))(t) {
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID, UID: uint32(10 + i), UIDValidity: 9}}))
	}
	must(w.ExpungeRemote(w.ctx, w.trash, []uint32{11}))(t)
	if said := must(w.Undo(w.ctx))(t); said != "1 message moved back to INBOX, 1 message has changed since and stay as they are" {
		t.Errorf("said %q", said)
	}
	w.expect("move Trash:10 INBOX")
	must(w.Trash(w.ctx, ids[:1]))(t)
	must(w.Trash(w.ctx, ids[:1]))(t)
	if said := must(w.Undo(w.ctx))(t); said != "1 message deleted for good brought back" {
		t.Errorf("said %q", said)
	}
}

func TestSetMailboxes(t *testing.T) {
	w := newWorld(t)
	acct := must(w.EnsureAccount(w.ctx, "new"))(t)
	w.acct = acct
	// Before the first connection: a draft and a local folder.
	d := must(w.SaveDraft(w.ctx, acct, []byte("Subject: early\r\n\r\nx"), 0))(t)
	attic := must(w.LocalMailbox(w.ctx, acct, "Attic"))(t)
	w.expect("")
	list := []RemoteMailbox{{Name: "INBOX", Separator: "."}, {Name: "INBOX.Entwürfe", Separator: ".", Role: RoleDrafts}, {Name: "Lists", Separator: "."}}
	got := must(w.SetMailboxes(w.ctx, acct, list))(t)
	if len(got) != 4 || w.row(d).MailboxName != "INBOX.Entwürfe" {
		t.Errorf("mailboxes %+v", got)
	}
	w.expect("append INBOX.Entwürfe [seen draft]")
	lists := must(w.FindMailbox(w.ctx, acct, "lists"))(t)
	ids := w.pull(lists.ID, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	inbox := must(w.FindMailbox(w.ctx, acct, "inbox"))(t)
	must(w.Move(w.ctx, ids[1:], inbox.ID))(t)
	// Lists is deleted elsewhere. What was moved away here stays and is brought to the server.
	got = must(w.SetMailboxes(w.ctx, acct, list[:2]))(t)
	ok(t, w.RescueMoved(w.ctx, acct)) // at the end of the pass, which has not found it elsewhere
	if len(got) != 3 {
		t.Errorf("mailboxes %+v", got)
	}
	if _, err := w.Row(w.ctx, ids[0]); !errors.Is(err, ErrNotFound) {
		t.Errorf("message of a deleted mailbox: %v", err)
	}
	w.expect("append INBOX.Entwürfe [seen draft]; append INBOX []")
	// A mailbox of our own with mail in it becomes the server's when one of that name appears.
	local, _, err := w.AddRemote(w.ctx, attic.ID, []Incoming{{Raw: mail(9, "old", "x")}})
	ok(t, err)
	must(w.SetMailboxes(w.ctx, acct, append(list[:2:2], RemoteMailbox{Name: "Attic", Separator: "."})))(t)
	if m := must(w.Mailbox(w.ctx, attic.ID))(t); m.Local || m.Total != 1 || w.row(local[0]).Mailbox != attic.ID {
		t.Errorf("attic %+v", m)
	}
	w.expect("append INBOX.Entwürfe [seen draft]; append INBOX []; append Attic []")
	// And back: it holds what the server has not confirmed, so it stays here.
	must(w.SetMailboxes(w.ctx, acct, list[:2]))(t)
	if m := must(w.Mailbox(w.ctx, attic.ID))(t); !m.Local || m.Total != 1 {
		t.Errorf("attic %+v", m)
	}
}

func TestAnEmptyListIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	w.pull(w.inbox, 1, mail(1, "a", "x"))
	if _, err := w.SetMailboxes(w.ctx, w.acct, nil); !errors.Is(err, ErrState) {
		t.Errorf("got %v", err)
	}
	if w.subjects(w.inbox) != 1 {
		t.Error("the mail is gone")
	}
}

func TestRolesTheServerLacks(t *testing.T) {
	w := newWorld(t)
	w.acct = must(w.EnsureAccount(w.ctx, "plain"))(t)
	list := []RemoteMailbox{{Name: "INBOX"}, {Name: "Archive"}, {Name: "Trash", NoSelect: true}}
	boxes := must(w.SetMailboxes(w.ctx, w.acct, list))(t)
	if boxes[0].Role != RoleInbox {
		t.Errorf("mailboxes %+v", boxes)
	}
	ids := w.pull(boxes[0].ID, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	must(w.Archive(w.ctx, ids[:1]))(t) // the server's, by its name
	must(w.Trash(w.ctx, ids[1:]))(t)   // ours: what the server has of that name holds no messages
	if a, b := w.row(ids[0]), w.row(ids[1]); a.MailboxName != "Archive" || b.MailboxName != "Trash (local)" {
		t.Errorf("in %s and %s", a.MailboxName, b.MailboxName)
	}
	w.expect("move INBOX:1 Archive; delete INBOX:2")
	must(w.SetMailboxes(w.ctx, w.acct, list))(t)
	if m := must(w.RoleMailbox(w.ctx, w.acct, RoleArchive, false))(t); m.Name != "Archive" || m.Local {
		t.Errorf("archive %+v", m)
	}
	if _, err := w.RoleMailbox(w.ctx, w.acct, RoleAll, true); !errors.Is(err, ErrState) {
		t.Errorf("made a mailbox for all mail: %v", err)
	}
}

func TestFindMailbox(t *testing.T) {
	w := newWorld(t)
	must(w.LocalMailbox(w.ctx, w.acct, "trash can"))(t)
	for name, want := range map[string]string{"INBOX": "INBOX", "inbox": "INBOX", "drafts": "Drafts", "TRASH": "Trash", "Trash Can": "trash can", "nope": ""} {
		m, err := w.FindMailbox(w.ctx, w.acct, name)
		if m.Name != want || (want == "") != errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %q, %v", name, m.Name, err)
		}
	}
	var names []string
	for _, m := range must(w.Mailboxes(w.ctx, w.acct))(t) {
		names = append(names, m.Name)
	}
	if fmt.Sprint(names) != "[INBOX Drafts Sent Archive Trash trash can]" {
		t.Errorf("order %v", names)
	}
}

// TestFindMailboxUnderPrefix: where the server keeps all mailboxes under INBOX a name is found without that, too.
func TestFindMailboxUnderPrefix(t *testing.T) {
	w := newWorld(t)
	acct := must(w.EnsureAccount(w.ctx, "dots"))(t)
	ok(t, w.SetPrefix(w.ctx, acct, "INBOX."))
	list := []RemoteMailbox{{Name: "INBOX", Separator: "."}, {Name: "INBOX.Archive", Separator: ".", Role: RoleArchive}}
	for _, name := range []string{"Work", "Work.Go", "archive", "Two", "TWO"} {
		list = append(list, RemoteMailbox{Name: "INBOX." + name, Separator: "."})
	}
	must(w.SetMailboxes(w.ctx, acct, list))(t)
	must(w.LocalMailbox(w.ctx, acct, "Here"))(t)
	for name, want := range map[string]string{"Work": "INBOX.Work", "work.go": "INBOX.Work.Go", "INBOX.Work": "INBOX.Work", "archive": "INBOX.Archive",
		"Two": "INBOX.Two", "two": "", "Here": "Here", "inbox": "INBOX", "": "", "nope": ""} {
		if m, err := w.FindMailbox(w.ctx, acct, name); m.Name != want || (want == "") != errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %q, %v", name, m.Name, err)
		}
	}
	must(w.LocalMailbox(w.ctx, acct, "Work"))(t)
	if m := must(w.FindMailbox(w.ctx, acct, "Work"))(t); !m.Local {
		t.Errorf("of two the one that has just that name: %+v", m)
	}
}

// TestMailboxNameWithOtherSeparator: a slash where the server separates by something else is refused at once, not by the
// server after the next replay; unless the server is seen to have such names.
func TestMailboxNameWithOtherSeparator(t *testing.T) {
	w := newWorld(t)
	acct := must(w.EnsureAccount(w.ctx, "dots"))(t)
	list := []RemoteMailbox{{Name: "INBOX", Separator: "."}, {Name: "Lists", Separator: "."}}
	got := must(w.SetMailboxes(w.ctx, acct, list))(t)
	const want = `"Lists/Go": the server separates the levels by ., write Lists.Go: `
	if _, err := w.CreateMailbox(w.ctx, acct, "Lists/Go", true); !errors.Is(err, ErrName) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("create: %v", err)
	}
	if _, err := w.RenameMailbox(w.ctx, got[1].ID, "Lists/Go"); !errors.Is(err, ErrName) {
		t.Errorf("rename: %v", err)
	}
	must(w.CreateMailbox(w.ctx, acct, "Lists.Go", true))(t)
	must(w.SetMailboxes(w.ctx, acct, append(list, RemoteMailbox{Name: "odd/name", Separator: "."})))(t)
	must(w.CreateMailbox(w.ctx, acct, "Lists/Go", true))(t)
	slashes := must(w.EnsureAccount(w.ctx, "slashes"))(t)
	must(w.CreateMailbox(w.ctx, slashes, "a/b", true))(t) // nothing is known of the server yet
	must(w.SetMailboxes(w.ctx, slashes, []RemoteMailbox{{Name: "INBOX", Separator: "/"}}))(t)
	must(w.CreateMailbox(w.ctx, slashes, "c/d", true))(t)
}

// TestMailboxNameOutsideTheNamespace: where the server keeps all mailboxes under a prefix, another name is refused at once, and
// the words say which one to write.
func TestMailboxNameOutsideTheNamespace(t *testing.T) {
	w := newWorld(t)
	acct := must(w.EnsureAccount(w.ctx, "courier"))(t)
	got := must(w.SetMailboxes(w.ctx, acct, []RemoteMailbox{{Name: "INBOX", Separator: "."}, {Name: "INBOX.Lists", Separator: "."}}))(t)
	ok(t, w.SetPrefix(w.ctx, acct, "INBOX."))
	for name, want := range map[string]string{
		"Work":      `"Work": the server keeps all mailboxes under INBOX, write INBOX.Work: `,
		"Work/2026": `"Work/2026": the server separates the levels by ., write INBOX.Work.2026: `,
	} {
		if _, err := w.CreateMailbox(w.ctx, acct, name, true); !errors.Is(err, ErrName) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("create: %v", err)
		}
		if _, err := w.RenameMailbox(w.ctx, got[1].ID, name); !errors.Is(err, ErrName) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("rename: %v", err)
		}
	}
	must(w.CreateMailbox(w.ctx, acct, "INBOX.Work.2026", true))(t)
	must(w.RenameMailbox(w.ctx, got[1].ID, "INBOX.Letters"))(t)
	if _, err := w.CreateMailbox(w.ctx, acct, "inbox", true); !errors.Is(err, ErrTaken) {
		t.Errorf("a second inbox: %v", err)
	}
	ok(t, w.SetPrefix(w.ctx, acct, "")) // the server was set up otherwise
	must(w.CreateMailbox(w.ctx, acct, "Work", true))(t)
}
