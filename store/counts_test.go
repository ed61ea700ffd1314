package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestCountsAfterAnything: whatever is done, the counts of mailboxes are those of counting the messages.
func TestCountsAfterAnything(t *testing.T) {
	w := newWorld(t)
	other := w.newClub("other")
	r := rand.New(rand.NewPCG(5, 6))
	boxes := []MailboxID{w.inbox, w.archive, w.trash, w.sent}
	var ids []MessageID
	pick := func() []MessageID {
		out := make([]MessageID, 0, 3)
		for range min(len(ids), 1+r.IntN(3)) {
			out = append(out, ids[r.IntN(len(ids))])
		}
		return out
	}
	agree := func(step int, what string) {
		t.Helper()
		w.check()
		total, unread := 0, 0
		for _, b := range must(w.Mailboxes(w.ctx, 0))(t) {
			if b.Role == RoleInbox {
				total, unread = total+b.Total, unread+b.Unread
			}
		}
		for q, want := range map[string]int{"in:inbox": total, "(in:inbox) is:unread": unread} {
			rows := must(w.List(w.ctx, ListQuery{Query: q, Limit: 10_000}))(t)
			if n := must(w.Count(w.ctx, ListQuery{Query: q}))(t); n != want || len(rows) != want {
				t.Fatalf("step %d (%s): %s counts %d, lists %d, the mailboxes say %d", step, what, q, n, len(rows), want)
			}
		}
	}
	uid := uint32(0)
	for step := range 250 {
		what := ""
		switch n := r.IntN(10); {
		case n < 3 || len(ids) == 0:
			what, uid = "arrival", uid+1
			box := append(boxes, other.boxes[0])[r.IntN(5)]
			got, _, err := w.AddRemote(w.ctx, box, []Incoming{{UID: uid, Raw: mail(int(uid), "x", fmt.Sprint(uid)), Flags: Flags(r.IntN(2)), Received: w.t}})
			ok(t, err)
			if box != other.boxes[0] {
				ids = append(ids, got...)
			}
		case n == 3:
			what = "seen"
			w.MarkFlags(w.ctx, pick(), FlagChange{Add: Seen}) //nolint:errcheck // some are gone
		case n == 4:
			what = "unseen"
			w.MarkFlags(w.ctx, pick(), FlagChange{Remove: Seen}) //nolint:errcheck // some are gone
		case n == 5:
			what = "move"
			w.Move(w.ctx, pick(), boxes[r.IntN(4)]) //nolint:errcheck // some are gone
		case n == 6:
			what = "copy"
			if c, err := w.Copy(w.ctx, pick(), boxes[r.IntN(4)]); err == nil {
				ids = append(ids, c.Made...)
			}
		case n == 7:
			what = "delete"
			w.Trash(w.ctx, pick()) //nolint:errcheck // some are gone
		case n == 8:
			what = "undo"
			w.Undo(w.ctx) //nolint:errcheck // there may be nothing
		default:
			what = "another client"
			box := boxes[r.IntN(4)]
			if list := must(w.RemoteCopies(w.ctx, box))(t); len(list) > 0 {
				c := list[r.IntN(len(list))]
				if r.IntN(2) == 0 {
					must(w.ExpungeRemote(w.ctx, box, []uint32{c.UID}))(t)
				} else {
					_, err := w.UpdateRemoteFlags(w.ctx, box, []FlagUpdate{{UID: c.UID, Flags: c.Flags ^ Seen}})
					ok(t, err)
				}
			}
		}
		if step%25 == 24 {
			agree(step, what)
		}
	}
}
