package ui

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"mua/store"
	"mua/store/message"
)

// copied is a store whose folder is a copy of one from which mail was sent.
func copied(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: new(atomic.Int64)}
	from, to := t.TempDir(), t.TempDir()
	open := func(dir string) {
		t.Helper()
		var err error
		if r.st, err = store.Open(t.Context(), dir, store.Options{Now: r.now}); err != nil {
			t.Fatal(err)
		}
	}
	open(from)
	ctx := t.Context()
	var err error
	if r.acct, err = r.st.EnsureAccount(ctx, "work"); err != nil {
		t.Fatal(err)
	}
	_, _, err = r.st.Spool(ctx, store.SpoolRequest{Account: r.acct, From: message.Address{Addr: "ada@mua.example"}, Sender: "ada@mua.example", Recipients: []string{"bob@example.org"},
		Wire: []byte("Subject: Old news\r\n\r\nx\r\n"), MessageID: "<old@mua.example>", Subject: "Old news", Date: testNow})
	if err != nil {
		t.Fatal(err)
	}
	if why, err := r.st.Moved(ctx); err != nil || why != "" {
		t.Fatal(why, err)
	}
	if err := r.st.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(from, "mail.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "mail.db"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	open(to)
	t.Cleanup(func() { r.st.Close() })
	return r
}

func TestCopiedOutboxWaitsForTheWord(t *testing.T) {
	r := startOn(t, copied(t), setup{})
	r.sees("sending waits for you")
	r.keys("g o")
	r.sees("Nothing is sent: this data folder is a copy of another one", "Y lets it be sent", "Old news")
	r.keys("Y")
	r.sees("go out a second time")
	r.keys("n")
	r.seesNot("Confirmed")
	r.keys("Y", "y")
	r.sees("Confirmed: what waits is sent from here")
	r.until("outbox 1 · ● online")
	r.seesNot("Nothing is sent")
	if calls := r.agent.called(); !strings.HasSuffix(calls, "sync:") {
		t.Errorf("the agent was asked %q", calls)
	}
}

func TestLeavingACopyIsImmediate(t *testing.T) {
	r := startOn(t, copied(t), setup{})
	r.sees("sending waits for you")
	r.keys("F10")
	r.ends()
}
