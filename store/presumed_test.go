package store

import "testing"

// TestMovedAndSeenBeforeItWasKnown: the answer to a MOVE was lost; the next pull has stored what came to the target, and was
// killed before it saw that the source has it no more. What was wished after the move is wished of that message.
func TestMovedAndSeenBeforeItWasKnown(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(w *world, ids []MessageID)
		want string
	}{
		{"nothing more", func(*world, []MessageID) {}, ""},
		{"elsewhere", func(w *world, ids []MessageID) { must(w.Move(w.ctx, ids, w.archive))(w.TB) }, "move Trash:7 Archive"},
		{"flagged", func(w *world, ids []MessageID) {
			must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged}))(w.TB)
		}, "flags Trash:7 +[flagged] -[]"},
		{"deleted", func(w *world, ids []MessageID) { must(w.Trash(w.ctx, ids))(w.TB) }, "delete Trash:7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.pull(w.trash, 3, mail(1, "a", "x")) // the same bytes, there before: another message
			ids := w.pull(w.inbox, 1, mail(1, "a", "x"))
			must(w.Trash(w.ctx, ids))(t)
			w.expect("move INBOX:1 Trash")
			c.then(w, ids)
			w.pull(w.trash, 7, mail(1, "a", "x"))
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
			here := map[string]int{"": 2, "move Trash:7 Archive": 2, "flags Trash:7 +[flagged] -[]": 2, "delete Trash:7": 1}[c.want]
			if n := len(must(w.List(w.ctx, ListQuery{Limit: 9}))(t)); n != here {
				t.Errorf("%d messages, not %d", n, here)
			}
			if c.want != "delete Trash:7" {
				w.row(ids[0])
			}
		})
	}
}
