package ui

import (
	"fmt"
	"testing"

	"mua/store"
)

// TestMarkAllOfALongList: all of a list are marked, not only what is in memory.
func TestMarkAllOfALongList(t *testing.T) {
	const n = 500
	r := start(t, setup{fill: func(r *rig) {
		list := make([]string, n)
		for i := range list {
			list[i] = mailText("a@b.example", fmt.Sprintf("number %d", i), "text")
		}
		r.add("INBOX", store.RoleInbox, list...)
		r.add("Archive", store.RoleArchive)
	}})
	r.keys("Ctrl-A")
	r.sees("500 marked")
	r.keys("F")
	r.sees("Flagged 500")
	r.keys("S", "Ctrl-A", "a")
	r.sees("Archived 500", "No messages in INBOX")
	r.keys("u")
	r.sees("Undone: 500 messages moved back to INBOX")
	if c, err := r.st.Count(t.Context(), store.ListQuery{Query: "in:inbox is:flagged"}); err != nil || c != n {
		t.Errorf("%d flagged, %v", c, err)
	}
}

// TestMarkedAndGoneMeanwhile: what another client deleted after it was marked does not keep the rest from being moved.
func TestMarkedAndGoneMeanwhile(t *testing.T) {
	const n = 500
	var all []store.MessageID
	r := start(t, setup{fill: func(r *rig) {
		list := make([]string, n)
		for i := range list {
			list[i] = mailText("a@b.example", fmt.Sprintf("number %d", i), "text")
		}
		all = r.add("INBOX", store.RoleInbox, list...)
		r.add("Archive", store.RoleArchive)
	}})
	r.keys("Ctrl-A")
	r.sees("500 marked")
	oldest, err := r.st.Row(t.Context(), all[0])
	if err != nil {
		t.Fatal(err)
	}
	copies, err := r.st.RemoteCopies(t.Context(), oldest.Mailbox)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range copies {
		if c.Message != oldest.ID {
			continue
		}
		if removed, err := r.st.ExpungeRemote(t.Context(), oldest.Mailbox, []uint32{c.UID}); err != nil || removed != 1 {
			t.Fatal(removed, err)
		}
	}
	r.keys("a")
	r.sees("Archived 499 · u undo · 1 more are gone meanwhile")
}

// TestMarkedThreads: the messages are counted that the next key is for, and the threads.
func TestMarkedThreads(t *testing.T) {
	r := start(t, setup{w: 80, h: 24, fill: harbour})
	r.keys("T", "Ctrl-A")
	r.sees("▸ threads", "6 marked in 3 threads · 6 messages")
	r.keys("F")
	r.sees("Flagged 6")
	r.keys("t")
	r.sees("1 marked in 1 thread")
	r.keys("t")
	r.sees("5 marked in 2 threads")
	r.keys("a")
	r.sees("Archived 5", "Old news")
}
