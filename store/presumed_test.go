package store

import (
	"errors"
	"testing"
	"time"
)

// TestMovedAndSeenBeforeItWasKnown: the answer to a MOVE was lost; the next pull has stored what came to the target, and was
// killed before it saw that the source has it no more. What was wished after the move is wished of that message.
func TestMovedAndSeenBeforeItWasKnown(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(w *world, ids []MessageID)
		want string
		twin bool // the person flags what came to the target
	}{
		{"nothing more", func(*world, []MessageID) {}, "", false},
		{"elsewhere", func(w *world, ids []MessageID) { must(w.Move(w.ctx, ids, w.archive))(w.TB) }, "move Trash:7 Archive", false},
		{"flagged", func(w *world, ids []MessageID) {
			must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(w.TB)
		}, "flags Trash:7 +[flagged] -[]", false},
		{"flagged as what came", func(*world, []MessageID) {}, "flags Trash:7 +[flagged] -[]", true},
		{"elsewhere, and flagged as what came", func(w *world, ids []MessageID) {
			must(w.Move(w.ctx, ids, w.archive))(w.TB)
		}, "flags Trash:7 +[flagged] -[]; move Trash:7 Archive", true},
		{"deleted", func(w *world, ids []MessageID) { must(w.Trash(w.ctx, ids))(w.TB) }, "delete Trash:7", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.pull(w.trash, 3, mail(1, "a", "x")) // the same bytes, there before: another message
			ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
			must(w.Trash(w.ctx, ids))(t)
			w.expect("move INBOX:1 Trash")
			c.then(w, ids)
			twin := w.pull(w.trash, 7, mail(1, "a", "x"))
			if c.twin {
				must(w.MarkFlags(w.ctx, twin, FlagChange{Add: Flagged}))(t)
			}
			must(w.PendingActions(w.ctx, w.acct))(t) // tried again
			if n := must(w.ExpungeMoved(w.ctx, w.inbox, []uint32{1}, must(w.LastMessage(w.ctx))(t)))(t); n != 0 {
				t.Errorf("%d removed", n)
			}
			w.expect(c.want)
			for range 5 {
				ok(t, w.SetSyncState(w.ctx, w.trash, SyncState{UIDValidity: 1, UIDNext: 8}))
			}
			if list := must(w.Conflicts(w.ctx, 0))(t); len(list) != 0 {
				t.Errorf("conflicts %+v", list)
			}
			w.expect(c.want)
			here := 2
			if c.want == "delete Trash:7" {
				here = 1
			} else {
				w.row(ids[0])
			}
			if n := len(must(w.List(w.ctx, ListQuery{Limit: 9}))(t)); n != here {
				t.Errorf("%d messages, not %d", n, here)
			}
		})
	}
}

// TestMovedIntoWhatWasDeleted: the answer to a MOVE was lost, and another client has deleted the mailbox moved to. What a
// person wants elsewhere since is uploaded there; the message does not wait for a mailbox that is no more.
func TestMovedIntoWhatWasDeleted(t *testing.T) {
	w := newWorld(t)
	box, deleted := w.oneMore()
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	must(w.Move(w.ctx, ids, box))(t)
	w.expect("move INBOX:1 Box; move INBOX:2 Box")
	must(w.Move(w.ctx, ids[:1], w.archive))(t)
	must(w.Move(w.ctx, ids[1:], w.inbox))(t)
	deleted()
	since := must(w.LastMessage(w.ctx))(t)
	must(w.ExpungeMoved(w.ctx, w.inbox, []uint32{1, 2}, since))(t)
	ok(t, w.RescueMoved(w.ctx, w.acct))
	w.expect("append Archive []; append INBOX []")
}

// TestMovedOnOutOfWhatWasDeleted: another client has moved a message on before it deleted the mailbox from which it was to be
// moved here. It is not uploaded, whenever the pull has come upon it, and also where its header alone does not tell that it
// is the same; the journal tells of the move.
func TestMovedOnOutOfWhatWasDeleted(t *testing.T) {
	plain := []byte("From: x@example.org\r\nSubject: plain\r\n\r\nno name\r\n")
	for _, before := range []bool{false, true} { // a pull that was cut has stored it before it was known that the mailbox is gone
		w := newWorld(t)
		box, deleted := w.oneMore()
		w.pull(w.inbox, 3, plain) // there before: another message
		ids := w.pull(box, 1, plain, mail(2, "b", "x"))
		must(w.Archive(w.ctx, ids))(t)
		there := func() {
			raw := plain
			id, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 5, Header: raw[:len(raw)-len("no name\r\n")], Size: int64(len(raw))}})
			ok(t, err)
			ok(t, w.SetBodies(w.ctx, []Body{{Message: id[0], Raw: raw}}))
		}
		if before {
			there()
		}
		deleted()
		if !before {
			there()
		}
		ok(t, w.RescueMoved(w.ctx, w.acct))
		w.expect("append Archive []") // the other one
		if n := len(must(w.List(w.ctx, ListQuery{Limit: 9}))(t)); n != 3 {
			t.Errorf("%d messages", n)
		}
		if list := must(w.Conflicts(w.ctx, 0))(t); len(list) != 1 || list[0].Message != ids[0] {
			t.Errorf("conflicts %+v", list)
		}
	}
}

// TestPresumedMoveWasNot: a MOVE was not answered because it was never done, and another client has moved the message
// elsewhere. The pull of the source takes the move for done; that of the target shows that it was not. It is one message
// still, and wished where the person has wished it.
func TestPresumedMoveWasNot(t *testing.T) {
	for _, c := range []struct {
		name   string
		then   func(w *world, ids []MessageID)
		before bool // the pull of where it is comes before that of the target
		want   string
	}{
		{"seen before the target", func(*world, []MessageID) {}, true, "move Archive:5 Trash"},
		{"seen after the target", func(*world, []MessageID) {}, false, "move Archive:5 Trash"},
		{"wished elsewhere since", func(w *world, ids []MessageID) { must(w.Move(w.ctx, ids, w.inbox))(w.TB) }, true, "move Archive:5 INBOX"},
		{"wished elsewhere since, seen after", func(w *world, ids []MessageID) { must(w.Move(w.ctx, ids, w.inbox))(w.TB) }, false, "move Archive:5 INBOX"},
		{"flagged since", func(w *world, ids []MessageID) {
			must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(w.TB)
		}, true, "flags Archive:5 +[flagged] -[]; move Archive:5 Trash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
			must(w.Trash(w.ctx, ids))(t)
			w.expect("move INBOX:1 Trash")
			must(w.ExpungeMoved(w.ctx, w.inbox, []uint32{1}, must(w.LastMessage(w.ctx))(t)))(t)
			if w.expect(""); w.row(ids[0]).MailboxName != "Trash" {
				t.Error("it is not where it was wished")
			}
			c.then(w, ids)
			sync := func() { ok(t, w.SetSyncState(w.ctx, w.trash, SyncState{UIDValidity: 1, UIDNext: 8})) }
			if !c.before {
				sync()
			}
			w.pull(w.archive, 5, mail(1, "a", "x"))
			if c.before {
				sync()
			}
			w.expect(c.want)
			if list := must(w.List(w.ctx, ListQuery{Limit: 9}))(t); len(list) != 1 || list[0].ID != ids[0] {
				t.Errorf("messages %+v", list)
			}
			if list := must(w.Conflicts(w.ctx, 0))(t); len(list) != 0 {
				t.Errorf("conflicts %+v", list)
			}
		})
	}
}

// TestPresumedMoveOfWhatWasDeleted: it is in no mailbox. The journal tells of the move.
func TestPresumedMoveOfWhatWasDeleted(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
	must(w.Trash(w.ctx, ids))(t)
	w.expect("move INBOX:1 Trash")
	must(w.ExpungeMoved(w.ctx, w.inbox, []uint32{1}, must(w.LastMessage(w.ctx))(t)))(t)
	ok(t, w.SetSyncState(w.ctx, w.trash, SyncState{UIDValidity: 1, UIDNext: 8}))
	if list := must(w.Conflicts(w.ctx, 0))(t); len(list) != 1 || list[0].Message != ids[0] {
		t.Errorf("conflicts %+v", list)
	}
	if list := must(w.List(w.ctx, ListQuery{Limit: 9}))(t); len(list) != 0 {
		t.Errorf("messages %+v", list)
	}
}

// TestPutIntoWhatWasDeleted: what was handed out to be put into a mailbox that another client has deleted meanwhile, or to be
// moved there, goes where the person wishes it since; nothing waits for a mailbox that is no more.
func TestPutIntoWhatWasDeleted(t *testing.T) {
	w := newWorld(t)
	box, deleted := w.oneMore()
	put, _, err := w.AddRemote(w.ctx, box, []Incoming{{Raw: mail(1, "a", "x")}, {Raw: mail(2, "b", "x")}, {Raw: mail(3, "c", "x")}})
	ok(t, err)
	ids := w.pull(w.inbox, 1, mail(4, "d", "x"), mail(5, "e", "x"))
	must(w.Move(w.ctx, ids, box))(t)
	w.expect("append Box []; append Box []; append Box []; move INBOX:1 Box; move INBOX:2 Box")
	must(w.Move(w.ctx, put[:1], w.archive))(t)
	must(w.Move(w.ctx, ids[:1], w.archive))(t)
	for range 2 { // for good
		must(w.Trash(w.ctx, []MessageID{put[1], ids[1]}))(t)
	}
	deleted()
	ok(t, w.RescueMoved(w.ctx, w.acct))
	w.expect("append Archive []; move INBOX:1 Archive; delete INBOX:2")
	w.oneMore() // of the same name
	w.expect("append Archive []; move INBOX:1 Archive; delete INBOX:2; append Box []")
}

// TestTakenOffTheServerByBoth: a message that was moved into a mailbox on no server stays there, whoever takes it off the
// server, and also when it was presumed moved elsewhere on it.
func TestTakenOffTheServerByBoth(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	box := must(w.LocalMailbox(w.ctx, w.acct, "Kept"))(t)
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(t)
	must(w.Trash(w.ctx, ids[1:]))(t)
	w.expect("flags INBOX:1 +[flagged] -[]; flags INBOX:2 +[flagged] -[]; move INBOX:2 Trash")
	must(w.Move(w.ctx, ids, box.ID))(t)
	must(w.ExpungeRemote(w.ctx, w.inbox, []uint32{1, 2}))(t)
	ok(t, w.SetSyncState(w.ctx, w.trash, SyncState{UIDValidity: 1, UIDNext: 8}))
	w.expect("")
	for _, id := range ids {
		if r := w.row(id); r.Mailbox != box.ID || len(r.Pending) != 0 {
			t.Errorf("%+v", r)
		}
	}
}

// TestUndoOfADeletionThatWasOvertaken: another client has moved the message before its deletion reached the server, so that it
// is there still. Undo does not put it there once more.
func TestUndoOfADeletionThatWasOvertaken(t *testing.T) {
	for _, before := range []bool{false, true} { // whether the pull of where it is comes first
		w := newWorld(t)
		ids := w.pull(w.trash, 1, mail(1, "a", "x"))
		must(w.Trash(w.ctx, ids))(t)
		w.expect("delete Trash:1")
		since := must(w.LastMessage(w.ctx))(t)
		if before {
			w.pull(w.archive, 5, mail(1, "a", "x"))
		}
		must(w.ExpungeMoved(w.ctx, w.trash, []uint32{1}, since))(t)
		if !before {
			w.pull(w.archive, 5, mail(1, "a", "x"))
		}
		if said, err := w.Undo(w.ctx); !errors.Is(err, ErrState) {
			t.Errorf("undo: %q, %v", said, err)
		}
		w.expect("")
		if list := must(w.List(w.ctx, ListQuery{Limit: 9}))(t); len(list) != 1 || list[0].MailboxName != "Archive" {
			t.Errorf("messages %+v", list)
		}
	}
}

// oneMore adds a mailbox that another client deletes.
func (w *world) oneMore() (box MailboxID, deleted func()) {
	list := []RemoteMailbox{{Name: "INBOX", Separator: "/", Role: RoleInbox}, {Name: "Archive", Separator: "/", Role: RoleArchive}}
	for _, m := range must(w.SetMailboxes(w.ctx, w.acct, append(list[:2:2], RemoteMailbox{Name: "Box", Separator: "/"})))(w.TB) {
		if m.Name == "Box" {
			box = m.ID
		}
	}
	return box, func() { must(w.SetMailboxes(w.ctx, w.acct, list))(w.TB) }
}

// TestKnownSizesOfWhatWasPresumedMoved: what waits for its UID where it is presumed moved to may have been taken from there
// already; one of its size that is new elsewhere may be it, and is not fetched a second time before its header was seen.
func TestKnownSizesOfWhatWasPresumedMoved(t *testing.T) {
	w := newWorld(t)
	raw := mail(1, "a", "x")
	ids := w.pull(w.inbox, 1, raw)
	must(w.Move(w.ctx, ids, w.archive))(t)
	w.expect("move INBOX:1 Archive") // given; the answer is lost
	must(w.ExpungeMoved(w.ctx, w.inbox, []uint32{1}, must(w.LastMessage(w.ctx))(t)))(t)
	size := int64(len(raw))
	if got := must(w.KnownSizes(w.ctx, w.acct, []int64{size, size + 1}, []MailboxID{w.archive}))(t); !got[size] || got[size+1] {
		t.Errorf("known of %d: %v", size, got)
	}
}

// TestMovedTwiceAndFlaggedOnTheWay: another client moves a message twice while pulls are cut, and a person flags it where it is
// seen in between. Of the two that are gone then, that one comes back to which the wish belongs.
func TestMovedTwiceAndFlaggedOnTheWay(t *testing.T) {
	w := newWorld(t)
	raw := mail(1, "a", "x")
	w.pull(w.inbox, 1, raw)
	since := must(w.LastMessage(w.ctx))(t)
	seen := w.pull(w.trash, 7, raw)
	must(w.MarkFlags(w.ctx, seen, FlagChange{Add: Flagged}))(t)
	must(w.ExpungeMoved(w.ctx, w.trash, []uint32{7}, since))(t)
	w.clock.t = w.clock.t.Add(time.Second)
	must(w.ExpungeMoved(w.ctx, w.inbox, []uint32{1}, since))(t)
	w.pull(w.archive, 3, raw)
	w.expect("flags Archive:3 +[flagged] -[]")
	if list := must(w.Conflicts(w.ctx, 0))(t); len(list) != 0 {
		t.Errorf("conflicts %+v", list)
	}
}

// TestMovedAndNumberedAnew: what another client moves out of a mailbox that the server numbers anew keeps its id and its wishes.
func TestMovedAndNumberedAnew(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.archive, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(t)
	ok(t, w.DetachUIDs(w.ctx, w.archive))
	since := must(w.LastMessage(w.ctx))(t)
	w.pull(w.inbox, 9, mail(1, "a", "x"))
	if n := must(w.DropDetached(w.ctx, w.archive, since))(t); n != 1 {
		t.Errorf("%d removed", n)
	}
	w.expect("flags INBOX:9 +[flagged] -[]")
	if r := w.row(ids[0]); r.MailboxName != "INBOX" {
		t.Errorf("it is in %s", r.MailboxName)
	}
}
