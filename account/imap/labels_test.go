package imap_test

import (
	"strings"
	"sync/atomic"
	"testing"
)

// TestLabelsTransferOnce: a message that the server shows in two mailboxes, as Gmail does its labels, is
// fetched and stored once.
func TestLabelsTransferOnce(t *testing.T) {
	f := &fake{list: `* LIST (\All) "/" "All Mail"`}
	for i := range 200 {
		f.messages = append(f.messages, append([]byte("Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0000\r\n"), mail(i)...))
	}
	var bodies atomic.Int64
	f.on = func(c *fakeConn, tag, command string) bool {
		args, isFetch := strings.CutPrefix(command, "UID FETCH ")
		set, items, _ := strings.Cut(args, " ")
		if isFetch && strings.Contains(items, "[]") {
			for i := range f.messages {
				if inSet(set, i+1, len(f.messages)) {
					bodies.Add(1)
				}
			}
		}
		return false
	}
	_, e := newFake(t, f)
	if p := e.sync(); p.New != 400 || len(p.Warnings) != 0 {
		t.Fatalf("first pull: %+v", p)
	}
	if n := bodies.Load(); n != 200 {
		t.Errorf("%d bodies were fetched of 200 messages", n)
	}
	wantSame(t, "All Mail", e.sums("All Mail"), sumsOf(f.messages))
	wantSame(t, "INBOX", e.sums("INBOX"), sumsOf(f.messages))

	f.change(func() {
		f.messages = append(f.messages, append([]byte("Received: from a by b; Mon, 2 Nov 2026 11:00:00 +0000\r\n"), mail(200)...))
	})
	if p := e.sync(); p.New != 2 {
		t.Errorf("new mail: %+v", p)
	}
	if n := bodies.Load(); n != 201 {
		t.Errorf("%d bodies were fetched of 201 messages", n)
	}
}
