package trial

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"mua/account/realservers"
)

// TestWatch: sync --watch keeps a Dovecot mailbox in step by IDLE, sends what
// another process spools, and gives way to nobody: a second sync wakes it.
func TestWatch(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Users(2))
	p := realservers.Postfix(t, d)
	b := newBox(t, imapConfig(d, "u1")+"outgoing = \"smtps://u1@"+p.SMTPS+"\"\n")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		var talk bytes.Buffer
		ended <- run(ctx, []string{"mua", "--config", b.config, "--data", b.data, "sync", "--watch"}, stdio{in: strings.NewReader(""), out: io.Discard, err: &talk})
	}()
	defer func() {
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("watch ended with %d", status)
		}
	}()
	b.until("the watcher holds the account", func() bool { return strings.Contains(b.mua(0, "sync", "--json"), `"by":"other"`) })
	other := d.Client(t, "u1")
	b.until("the inbox is known", func() bool { return strings.Contains(b.mua(0, "mailboxes"), "INBOX") })
	other.Append("INBOX", generate(1, 1)[0])
	b.until("the new message is here", func() bool { return b.mua(0, "list") != "" })
	b.mua(0, "send", "--queue", "-t", address("u2"), "-s", "by the watcher", "--body", "x")
	d.Wait(t, "u2", "INBOX", 1)
	b.until("the copy is in Sent", func() bool { return b.mua(0, "list", "in:sent") != "" })
	b.mua(0, "mark", b.id("subject:m0000001"), "--flagged")
	b.until("the flag is on the server", func() bool {
		other.Exec("SELECT INBOX")
		return strings.Contains(strings.Join(other.Exec("SEARCH FLAGGED"), "\n"), "SEARCH 1")
	})
}

// until looks again and again until ok, for at most half a minute.
func (b *box) until(what string, ok func() bool) {
	b.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatalf("never: %s", what)
		}
	}
}
