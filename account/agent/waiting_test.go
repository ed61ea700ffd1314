package agent_test

import (
	"testing"
	"time"

	"mua/store"
)

// TestAWishThatWaitsKeepsNobodyBusy: while what was moved to another account has not come to its server, the deletion here
// waits, and whoever watches looks at that when something changes, not without end.
func TestAWishThatWaitsKeepsNobodyBusy(t *testing.T) {
	h := newHouse(t, "imaps")
	h.servers.Deliver("INBOX", message("moved"))
	h.good()
	far, err := h.store.EnsureAccount(t.Context(), "far") // nobody keeps it in step
	if err != nil {
		t.Fatal(err)
	}
	boxes, err := h.store.SetMailboxes(t.Context(), far, []store.RemoteMailbox{{Name: "INBOX", Separator: "/", Role: store.RoleInbox}})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := h.store.List(t.Context(), store.ListQuery{Query: "subject:moved"})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if _, err := h.store.Move(t.Context(), []store.MessageID{rows[0].ID}, boxes[0].ID); err != nil {
		t.Fatal(err)
	}
	h.run(h.options())
	h.eventually("the inbox is watched", func() bool { return h.servers.Counts().IMAP.Commands["IDLE"] > 0 })
	changed, done := h.store.Watch()
	defer done()
	if _, err := h.store.EnsureAccount(t.Context(), "another"); err != nil { // something changes
		t.Fatal(err)
	}
	n := 0
	for over := time.After(time.Second); n < 100; n++ {
		select {
		case <-changed:
			continue
		case <-over:
		}
		break
	}
	if n == 100 {
		t.Error("the store changes all the time")
	}
	if n := len(h.servers.Messages("INBOX")); n == 0 {
		t.Error("it was deleted before it was anywhere else")
	}
}

// TestAMailboxIsMadeAtOnce: what is wished for a mailbox alone ends the watching as well, and is not left for the next poll.
func TestAMailboxIsMadeAtOnce(t *testing.T) {
	h := newHouse(t, "imaps")
	h.good()
	h.run(h.options())
	h.eventually("the inbox is watched", func() bool { return h.servers.Counts().IMAP.Commands["IDLE"] > 0 })
	if _, err := h.store.CreateMailbox(t.Context(), h.id, "Projects/Trains", true); err != nil {
		t.Fatal(err)
	}
	h.eventually("the server has it", func() bool { return h.servers.Counts().IMAP.Commands["CREATE"] > 0 })
}
