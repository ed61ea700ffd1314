package archive

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncTree makes all that was written to a folder's file system durable: an fsync for each of many small files would take
// far longer.
func syncTree(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}
