//go:build unix

package store

import (
	"os"
	"syscall"
)

// freeSpace is how many bytes this user may still write to the disk of a folder; -1 when that is not known.
func freeSpace(dir string) int64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return -1
	}
	return int64(st.Bavail) * int64(st.Bsize)
}

// lockHolder is a process that holds a lock on a file, as every process that has read an open
// database does until it closes it; 0: none.
func lockHolder(f *os.File) int {
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil || lock.Type == syscall.F_UNLCK {
		return 0
	}
	return int(lock.Pid)
}
