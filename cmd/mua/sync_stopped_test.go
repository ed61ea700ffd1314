package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSyncStopped: a sync that is interrupted tells of each account how far it came.
func TestSyncStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() { // a server that says nothing
		if c, err := ln.Accept(); err == nil {
			t.Cleanup(func() { c.Close() })
			stop()
		}
	}()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	config := filepath.Join(t.TempDir(), "config.toml")
	text := fmt.Sprintf("[account.work]\nfrom = \"ada@example.org\"\nincoming = \"imap+insecure://ada@%s\"\npassword = { plain = \"x\" }\n", ln.Addr())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, talk bytes.Buffer
	got := run(ctx, []string{"mua", "--config", config, "--data", filepath.Join(t.TempDir(), "data"), "sync", "--json"}, stdio{in: strings.NewReader(""), out: &out, err: &talk})
	if got != exitTemporary || !strings.Contains(out.String(), `"account":"work"`) {
		t.Errorf("ended with %d:\n%s%s", got, &out, &talk)
	}
}
