package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mua/store"
)

// TestAsideNewsOnce: the UI says once that a damaged mail.db was set aside, and again of another one.
func TestAsideNewsOnce(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing is written
	a := &app{}
	if err := a.asideNews(t.Context(), s); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"mail.db.broken-20261126-101112", "mail.db.broken-20261126-111213"} {
		if err := os.WriteFile(filepath.Join(s.Dir(), name), []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.asideNews(t.Context(), s); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "mua doctor") {
			t.Errorf("not told of %s: %v", name, err)
		}
		if err := a.asideNews(t.Context(), s); err != nil {
			t.Errorf("told twice: %v", err)
		}
	}
}
