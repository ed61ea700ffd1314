//go:build unix

package store

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestModes: the folder is 0700 and its files 0600 whatever the umask.
func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		old := syscall.Umask(umask)
		dir := filepath.Join(t.TempDir(), "a", "data")
		s := open(t, dir, newClock())
		must(s.EnsureAccount(context.Background(), "x"))(t)
		must(s.Lock("x", "sync"))(t)()
		syscall.Umask(old)
		for name, want := range map[string]os.FileMode{"": 0o700, "mail.db": 0o600, "mail.db-wal": 0o600, "mail.db-shm": 0o600, "x.sync.lock": 0o600} {
			if st := must(os.Stat(filepath.Join(dir, name)))(t); st.Mode().Perm() != want {
				t.Errorf("umask %o: %q has mode %v", umask, name, st.Mode().Perm())
			}
		}
	}
}
