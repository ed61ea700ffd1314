package agent_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
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

// TestAMailboxThatOpensOnlyForReading: a server that lets a mailbox be read and refuses to open it for changes is asked again
// with every pass, and what waits there makes none by itself; it is told once, and what is wished elsewhere goes on.
func TestAMailboxThatOpensOnlyForReading(t *testing.T) {
	h := newHouse(t, "imaps")
	h.servers.Deliver("INBOX", message("elsewhere"))
	h.servers.Deliver("Work", message("there"))
	h.good()
	h.servers.SetFaults(demo.Faults{IMAP: demo.LineFaults{Refuse: map[string]string{"SELECT Work": "[NOPERM] only\x1b[2J for reading"}}})
	flag := func(subject string) {
		t.Helper()
		rows, err := h.store.List(t.Context(), store.ListQuery{Query: "subject:" + subject})
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		if _, err := h.store.MarkFlags(t.Context(), []store.MessageID{rows[0].ID}, store.FlagChange{Add: store.Flagged}); err != nil {
			t.Fatal(err)
		}
	}
	flag("there")
	r := h.good()
	const words = `does not open Work for changes (only`
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], words) || strings.Contains(r.Warnings[0], "\x1b") || strings.HasPrefix(r.Warnings[0], "demo") {
		t.Errorf("warnings %q", r.Warnings)
	}

	var told, passes atomic.Int32
	var mu sync.Mutex
	var last account.Status
	o := h.options()
	o.Progress = func(s account.Status) {
		mu.Lock()
		defer mu.Unlock()
		if s.LastSync.IsZero() {
			return
		}
		if s.LastSync != last.LastSync {
			passes.Add(1)
		}
		if s.Trouble != last.Trouble && s.Trouble != nil && (last.Trouble == nil || s.Trouble.Error() != last.Trouble.Error()) {
			told.Add(1)
		}
		last = s
	}
	g := h.run(o)
	h.eventually("it is told", func() bool { s := g.Status()[0].Trouble; return s != nil && strings.Contains(s.What, words) })
	for range 3 { // changes, over more than a look at the file's version takes
		if _, err := h.store.EnsureAccount(t.Context(), "other"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-time.After(400 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	if n := passes.Load(); n > 2 {
		t.Errorf("%d passes within a second", n)
	}
	flag("elsewhere")
	h.eventually("the flag on the server", func() bool {
		return strings.Contains(strings.Join(h.servers.List("INBOX")[0].Flags, " "), "Flagged")
	})
	before := g.Status()[0].LastSync
	g.Sync("")
	h.eventually("a pass after that", func() bool { return g.Status()[0].LastSync.After(before) })
	if told.Load() != 1 {
		t.Errorf("told %d times", told.Load())
	}
	h.servers.SetFaults(demo.Faults{})
	g.Sync("")
	h.eventually("the flag there", func() bool { return strings.Contains(strings.Join(h.servers.List("Work")[0].Flags, " "), "Flagged") })
	h.eventually("nothing is told any more", func() bool { return g.Status()[0].Trouble == nil })
}
