package viewer

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mua/ui/owned"
)

// KeepLent is how long a file stays that a program was given to show in its own time. That the program has ended does not
// tell: it may have handed the file over to another one, and that one may read it late.
const KeepLent = 24 * time.Hour

// lent is the file beside a file that a program was given, as old as that is.
const lent = "lent"

// Folder holds the files that are open elsewhere. What this process alone reads goes with it; what was lent stays for its
// program. The zero Folder with a Root is ready. It may be used from several goroutines at once.
type Folder struct {
	Root string // the folder for all processes

	mu     sync.Mutex
	files  map[string]*opened // by path
	closed bool
}

// opened is a file in a folder of its own.
type opened struct {
	*owned.Folder
	lent bool
}

// Put makes a file that can only be read, in a folder of its own, and returns its path.
func (f *Folder) Put(name string, data []byte) (path string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return "", os.ErrClosed
	}
	own, err := owned.New(f.Root, "view-")
	if err != nil {
		return "", err
	}
	if path, err = put(own, name, data); err != nil {
		return "", errors.Join(err, own.Remove())
	}
	if f.files == nil {
		f.files = map[string]*opened{}
	}
	f.files[path] = &opened{Folder: own}
	return path, nil
}

func put(own *owned.Folder, name string, data []byte) (path string, err error) {
	dir, err := os.MkdirTemp(own.Path(""), "") // the name may be that of ours
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	return path, errors.Join(err, file.Close())
}

// Lend has a file outlive this process, as long as a program runs that has the lock returned open, and for KeepLent.
func (f *Folder) Lend(path string, now time.Time) (lock *os.File, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.files[path]
	if o == nil {
		return nil, os.ErrClosed
	}
	mark := o.Path(lent)
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Chtimes(mark, now, now); err != nil {
		return nil, err
	}
	o.lent = true
	return o.Lock(), nil
}

// Returned has a file go with this process after all.
func (f *Folder) Returned(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.files[path]; o != nil && os.Remove(o.Path(lent)) == nil {
		o.lent = false
	}
}

// Close removes all files but those that are lent.
func (f *Folder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	var err error
	for _, o := range f.files {
		if o.lent {
			o.Leave()
		} else {
			err = errors.Join(err, o.Remove())
		}
	}
	f.files = nil
	return err
}

// RemoveLeft removes what processes left in root that ended without closing their Folder, and what was lent for so long that
// nobody will read it any more.
func RemoveLeft(root string, now time.Time) error {
	return owned.Each(root, "view-", func(own *owned.Folder) error {
		if mark, err := os.Stat(own.Path(lent)); err == nil && now.Sub(mark.ModTime()) < KeepLent {
			own.Leave()
			return nil
		}
		return own.Remove()
	})
}
