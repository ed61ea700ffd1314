package compose

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mua/account"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(in(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("good", []byte("12345"))
	write("empty", nil)
	if err := syscall.Mkfifo(in("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"good": "12345", "empty": ""} {
		if got, err := ReadFile("attach", in(name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, words := range map[string]string{"gone": "no such file", "": "folder", "pipe": "nothing came out", "new\nline": `new line"`} {
		_, err := ReadFile("attach", in(name))
		if kindOf(err) != account.KindNotFound || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestReadPipe: what a program writes can be attached, however late it comes, as with -a <(program).
func TestReadPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		defer w.Close()
		if _, err := w.WriteString("late"); err != nil {
			t.Error(err)
		}
	}()
	if got, err := ReadFile("attach", fmt.Sprintf("/dev/fd/%d", r.Fd())); err != nil || string(got) != "late" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReadWholeOfAFileThatShrinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readWhole(bytes.NewReader([]byte("1234")), info); err == nil || !strings.Contains(err.Error(), "4 octets of 9") {
		t.Errorf("%v", err)
	}
	if got, err := readWhole(bytes.NewReader([]byte("123456789ab")), info); err != nil || len(got) != 11 {
		t.Errorf("%q %v", got, err)
	}
}
