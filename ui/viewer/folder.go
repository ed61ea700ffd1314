package viewer

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"mua/ui/owned"
)

// Folder holds the files that are open elsewhere, as long as this process runs. The zero Folder with a Root is ready.
// It may be used from several goroutines at once.
type Folder struct {
	Root string // the folder for all processes

	mu     sync.Mutex
	own    *owned.Folder // made with the first file
	closed bool
}

// Put makes a file that can only be read, in a folder of its own, and returns its path.
func (f *Folder) Put(name string, data []byte) (path string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return "", os.ErrClosed
	}
	if f.own == nil {
		if f.own, err = owned.New(f.Root, "view-"); err != nil {
			return "", err
		}
	}
	dir, err := os.MkdirTemp(f.own.Path(""), "")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(path)
	}
	return path, err
}

// Close removes all files.
func (f *Folder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.own == nil {
		return nil
	}
	own := f.own
	f.own = nil
	return own.Remove()
}

// RemoveLeft removes what processes left in root that ended without closing their Folder.
func RemoveLeft(root string) error {
	return owned.Each(root, "view-", (*owned.Folder).Remove)
}
