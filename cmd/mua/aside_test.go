package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mua/store"
)

// TestAsideNews: the UI says that a damaged mail.db was set aside until that is acknowledged, keeps it to be read, and says it
// again of another one.
func TestAsideNews(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	s, err := store.Open(t.Context(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing is written
	a := &app{}
	if n := a.asideNews(t.Context(), s); n.Err != nil {
		t.Error(n.Err)
	}
	for _, name := range []string{"mail.db.broken-20261126-101112", "mail.db.broken-20261126-111213"} {
		if err := os.WriteFile(filepath.Join(s.Dir(), name), []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // that it was shown does not mean that anybody has seen it
			n := a.asideNews(t.Context(), s)
			if n.Err == nil || n.Read || !strings.Contains(n.Err.Error(), name) || !strings.Contains(n.Err.Error(), "mua doctor") {
				t.Errorf("not told of %s: %+v", name, n)
			}
		}
		a.asideNews(t.Context(), s).Seen()
		if n := a.asideNews(t.Context(), s); n.Err == nil || !n.Read {
			t.Errorf("what was acknowledged is not kept to be read: %+v", n)
		}
	}
}
