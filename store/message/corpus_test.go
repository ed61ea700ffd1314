package message

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCorpus reads the public mail that lies beside the project, when it does:
// something to show for each, in a bounded time, clean.
func TestCorpus(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "corpus")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpus") // a clone one folder deeper
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		checkMessage(t, path, raw)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no corpus beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files", n)
}

// checkMessage holds what is true of every message.
func checkMessage(t *testing.T, name string, raw []byte) {
	t.Helper()
	start := time.Now()
	m := Parse(raw)
	text := m.Text()
	if took := time.Since(start); took > patience {
		t.Errorf("%s: took %v", name, took)
	}
	if len(raw) > 0 && text == "" && len(m.Fields) == 0 && len(m.Attachments()) == 0 && hasInk(raw) && !bytes.Contains(raw, []byte("<")) {
		t.Errorf("%s: nothing to show", name)
	}
	checkClean(t, Clean(text).String(), true)
	checkClean(t, CleanLine(m.Subject).String(), false)
	checkClean(t, m.Snippet(80), false)
	seen := make(map[string]bool)
	for _, p := range m.Parts() {
		if p.Data() == nil || p.Size != len(p.Data()) {
			t.Errorf("%s: part %s has %d octets, size %d", name, p.ID, len(p.Data()), p.Size)
		}
		if seen[p.ID] {
			t.Errorf("%s: two parts %s", name, p.ID)
		}
		seen[p.ID] = true
		if p.Name != "" {
			checkClean(t, p.Name, false)
		}
		checkClean(t, p.FileName(), false)
		_ = p.Text()
	}
	h := ParseHeader(raw)
	if h.Subject != m.Subject || h.MessageID != m.MessageID || !h.Date.Equal(m.Date) || len(h.To) != len(m.To) {
		t.Errorf("%s: ParseHeader and Parse differ", name)
	}
	if y := m.Date.Year(); !m.Date.IsZero() && (y < 1900 || y > 9999) {
		t.Errorf("%s: year %d", name, y)
	}
}

// hasInk reports whether there are letters or digits.
func hasInk(raw []byte) bool {
	for _, b := range raw {
		if isLetter(rune(b)) || b >= '0' && b <= '9' {
			return true
		}
	}
	return false
}
