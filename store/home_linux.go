package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileIdentity tells a file from every copy of it: inode and, where the file system knows it, time of
// birth. Not the device, for it may have another number after the next boot.
func fileIdentity(path string) (string, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &st); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		return fmt.Sprintf("inode %d, born %d.%09d", st.Ino, st.Btime.Sec, st.Btime.Nsec), nil
	}
	return fmt.Sprintf("inode %d", st.Ino), nil
}
