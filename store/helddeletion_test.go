package store

import (
	"strings"
	"testing"
	"time"
)

// TestHeldDeletions: a mailbox whose deletion waits for the server of another account is told of until that has what was moved
// there, or the move is taken back.
func TestHeldDeletions(t *testing.T) {
	w := newWorld(t)
	f, g := newFar(w, "home"), newFar(w, "club")
	must(w.SetMailboxes(w.ctx, w.acct, shared("Old", "Other")))(t)
	old, other := must(w.FindMailbox(w.ctx, w.acct, "Old"))(t).ID, must(w.FindMailbox(w.ctx, w.acct, "Other"))(t).ID
	ids := w.pull(old, 5, mail(1, "a", "x"), mail(2, "b", "x"), mail(3, "c", "x"), mail(4, "d", "x"))
	must(w.Move(w.ctx, ids[:2], f.inbox))(t)
	must(w.Move(w.ctx, ids[2:3], f.inbox))(t)
	must(w.Move(w.ctx, []MessageID{must(w.MovedOn(w.ctx, ids[2]))(t)}, g.inbox))(t) // home never has it
	if list := must(w.HeldDeletions(w.ctx))(t); len(list) != 0 {
		t.Errorf("nothing is deleted: %+v", list)
	}
	must(w.DeleteMailbox(w.ctx, old, true))(t)
	must(w.DeleteMailbox(w.ctx, other, true))(t) // waits for nobody
	list := must(w.HeldDeletions(w.ctx))(t)
	if len(list) != 2 || list[0] != (HeldDeletion{"work", "Old", "club", 1, list[0].Since}) || list[1] != (HeldDeletion{"work", "Old", "home", 2, list[0].Since}) ||
		list[0].Since.UnixMilli() != w.t.UnixMilli() {
		t.Fatalf("%+v", list)
	}
	const words = "Old is deleted here since 20"
	if got := list[0].What(); !strings.HasPrefix(got, words) || !strings.HasSuffix(got, "1 message that was moved from it to club has not reached the server there") {
		t.Error(got)
	}
	h := Health{Held: list}
	notClub := func(name string) bool { return name != "club" }
	if got := strings.Join(h.Advice(time.Now(), notClub), "\n"); !strings.Contains(got, "work: "+words) || !strings.Contains(got, "mua sync home") ||
		strings.Contains(got, "mua sync club") || !strings.Contains(got, "put the account club back, or mua move") {
		t.Error(got)
	}
	for i, a := range must(w.PendingActions(w.ctx, f.acct))(t) {
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID, UID: uint32(1 + i), UIDValidity: 7}}))
	}
	if list := must(w.HeldDeletions(w.ctx))(t); len(list) != 1 || list[0].To != "club" {
		t.Errorf("%+v", list)
	}
	must(w.Move(w.ctx, []MessageID{must(w.MovedOn(w.ctx, ids[2]))(t)}, w.inbox))(t)
	for _, a := range must(w.PendingActions(w.ctx, w.acct))(t) {
		if a.Kind == ActionAppend {
			ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID, UID: 90, UIDValidity: 1}}))
		}
	}
	if list := must(w.HeldDeletions(w.ctx))(t); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
