package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// SetAside renames mail.db and what belongs to it, so that the next Open begins afresh. Not one
// byte is changed, and the names fit each other: the result opens as a database as far as the
// original did. It returns the new name of mail.db. ErrLocked: another process has it open.
func SetAside(dir string, now time.Time) (string, error) {
	path := filepath.Join(dir, "mail.db")
	if f, err := os.Open(path); err == nil {
		pid := lockHolder(f)
		if err := f.Close(); err != nil {
			return "", err
		}
		if pid != 0 {
			return "", fmt.Errorf("process %d has %s open: %w", pid, path, ErrLocked)
		}
	}
	to := path + ".broken-" + now.Format("20060102-150405")
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(to + suffix); err == nil {
			return "", fmt.Errorf("%s%s: %w", to, suffix, fs.ErrExist)
		}
	}
	moved := 0
	// The database first: should the rest fail, a log without its database is refused, while
	// a database without its log would look like older mail in good order.
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		err := os.Rename(path+suffix, to+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", storageFault(err)
		}
		moved++
	}
	if moved == 0 {
		return "", fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return to, storageFault(syncFolder(dir))
}
