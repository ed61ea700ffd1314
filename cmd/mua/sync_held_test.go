package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/store"
)

// heard is a stderr that one can wait on.
type heard struct {
	mu    sync.Mutex
	text  strings.Builder
	wrote chan struct{}
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case h.wrote <- struct{}{}:
	default:
	}
	return h.text.Write(b)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// wait returns when something has been said.
func (h *heard) wait(t *testing.T, want string) {
	t.Helper()
	for end := time.After(time.Minute); !strings.Contains(h.String(), want); {
		select {
		case <-h.wrote:
		case <-end:
			t.Fatalf("not said: %s\n%s", want, h)
		}
	}
}

// TestWatchTellsOfHeldDeletions: a deletion that begins to wait for an account that is not configured is told by a sync that runs
// already, once; one that waits for a configured one is not told at once.
func TestWatchTellsOfHeldDeletions(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr()
	ln.Close() // nobody is there
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	config, data := filepath.Join(dir, "config.toml"), filepath.Join(dir, "data")
	text := ""
	for _, name := range []string{"work", "home"} {
		text += fmt.Sprintf("[account.%s]\nfrom = \"ada@example.org\"\nincoming = \"imap+insecure://ada@%s\"\npassword = { plain = \"x\" }\n", name, addr)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), data, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	talk := &heard{wrote: make(chan struct{}, 1)}
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"mua", "--config", config, "--data", data, "sync", "--watch"}, stdio{in: strings.NewReader(""), out: talk, err: talk})
	}()

	talk.wait(t, "mua: work: ") // that nobody is there: what it tells when it begins is told
	work, err := st.EnsureAccount(ctx, "work")
	if err != nil {
		t.Fatal(err)
	}
	boxes, err := st.SetMailboxes(ctx, work, []store.RemoteMailbox{{Name: "INBOX", Separator: "/"}, {Name: "Old", Separator: "/"}, {Name: "Older", Separator: "/"}})
	if err != nil {
		t.Fatal(err)
	}
	hold := func(box, to string) {
		t.Helper()
		id, err := st.EnsureAccount(ctx, to)
		if err != nil {
			t.Fatal(err)
		}
		far, err := st.SetMailboxes(ctx, id, []store.RemoteMailbox{{Name: "INBOX", Separator: "/"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range boxes {
			if m.Name != box {
				continue
			}
			ids, _, err := st.AddRemote(ctx, m.ID, []store.Incoming{{UID: 1, Raw: []byte("Subject: " + box + "\r\n\r\nx\r\n")}})
			if err == nil {
				_, err = st.Move(ctx, ids, far[0].ID)
			}
			if err == nil {
				_, err = st.DeleteMailbox(ctx, m.ID, true)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	hold("Older", "home")
	hold("Old", "far")
	list, err := st.HeldDeletions(ctx)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	if err := st.Ask(ctx, work); err != nil {
		t.Fatal(err)
	}
	talk.wait(t, "1 message that was moved from it to far has not reached the server there → put the account far back")
	stop()
	<-ended
	if said := talk.String(); strings.Count(said, "Old is deleted here") != 1 || strings.Contains(said, "Older is deleted here") {
		t.Error(said)
	}
}
