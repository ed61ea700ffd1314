//go:build unix && !linux && !darwin

package store

import (
	"fmt"
	"syscall"
)

// fileIdentity tells a file from copies of it beside it: its inode.
func fileIdentity(path string) (string, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return fmt.Sprintf("inode %d", st.Ino), nil
}
