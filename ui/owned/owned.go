// Package owned makes folders for files under way that belong to one running process.
//
// Each holds a lock that the kernel frees when the process dies: a folder whose
// lock is free belongs to nobody any more, and Each hands it out.
package owned

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// lock is the file that is locked in a folder.
const lock = "lock"

// Folder is a folder (0700) that is ours.
type Folder struct {
	dir  string
	lock *os.File
}

// New makes a folder, its name beginning with prefix, in the folder root, which is made too.
func New(root, prefix string) (*Folder, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(root, prefix)
	if err != nil {
		return nil, err
	}
	l, err := take(filepath.Join(dir, lock))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return &Folder{dir, l}, nil
}

// Path is where a file of the folder is.
func (f *Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// Lock is the lock that is held: a program that inherits it holds it, too.
func (f *Folder) Lock() *os.File { return f.lock }

// Remove removes the folder with all in it.
func (f *Folder) Remove() error { return errors.Join(os.RemoveAll(f.dir), f.lock.Close()) }

// Leave lets go of the folder; the next Each finds it.
func (f *Folder) Leave() { f.lock.Close() }

// Each hands out the folders in root that belong to nobody; do removes them or leaves them.
func Each(root, prefix string, do func(*Folder) error) error {
	list, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		dir := filepath.Join(root, e.Name())
		l, lockErr := take(filepath.Join(dir, lock))
		if lockErr != nil {
			continue // it is somebody's
		}
		err = errors.Join(err, do(&Folder{dir, l}))
	}
	return err
}
