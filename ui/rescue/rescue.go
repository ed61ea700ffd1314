// Package rescue keeps texts under way where they survive a crash.
//
// Each message being written has a place: a folder (0700) in the data folder
// with the draft in it, and a lock that the kernel frees when the process dies.
// A place whose lock is free belongs to nobody any more: Each hands it out for
// recovery, and removes it only after that has succeeded. Files are written
// beside and renamed, so that a crash leaves the last whole version.
package rescue

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files of a place.
const (
	Text  = "draft.eml" // the draft without attachments
	Files = "files.eml" // a draft that holds only the attachments
	body  = "body.txt"  // the text while an editor has it
	lock  = "lock"
)

// maxBody is how much an editor may leave, in bytes.
const maxBody = 64 << 20

// Folder is where the places are, in a data folder.
func Folder(data string) string { return filepath.Join(data, "writing") }

// Place is where one message is kept while it is written. Its methods are not
// called at the same time.
type Place struct {
	dir  string
	lock *os.File
}

// New makes a place in a folder, which is made too.
func New(root string) (*Place, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(root, "draft-")
	if err != nil {
		return nil, err
	}
	p := &Place{dir: dir}
	if p.lock, err = take(filepath.Join(dir, lock)); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return p, nil
}

// Write replaces a file of the place durably.
func (p *Place) Write(name string, data []byte) error {
	f, err := os.OpenFile(filepath.Join(p.dir, name+".new"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(p.dir, name))
}

// BeginEdit writes the text for an editor into a new file and returns its path.
func (p *Place) BeginEdit(text []byte) (path string, err error) {
	path = filepath.Join(p.dir, body)
	os.Remove(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	return path, errors.Join(err, f.Close())
}

// EndEdit returns what the editor left, with LF line ends, and removes its file.
func (p *Place) EndEdit() ([]byte, error) {
	path := filepath.Join(p.dir, body)
	text, err := readUpTo(path, maxBody)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return []byte(strings.ReplaceAll(strings.ToValidUTF8(string(text), "\ufffd"), "\r\n", "\n")), nil
}

func readUpTo(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, n+1))
	if err == nil && int64(len(b)) > n {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, n)
	}
	return b, err
}

// Remove removes the place: its message is safe elsewhere, or not wanted.
func (p *Place) Remove() {
	os.RemoveAll(p.dir)
	p.lock.Close()
}

// Leave lets go of the place; the next Each finds it.
func (p *Place) Leave() { p.lock.Close() }

// Left is what was found in a place without an owner; what is not there is nil.
type Left struct{ Text, Files, Body []byte }

// Each hands out what places without an owner hold and removes those it returns nil for.
func Each(root string, recover func(Left) error) error {
	list, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.IsDir() && strings.HasPrefix(e.Name(), "draft-") {
			err = errors.Join(err, one(filepath.Join(root, e.Name()), recover))
		}
	}
	return err
}

func one(dir string, recover func(Left) error) error {
	l, err := take(filepath.Join(dir, lock))
	if err != nil {
		return nil // somebody writes there
	}
	p := &Place{dir: dir, lock: l}
	var left Left
	left.Text, _ = os.ReadFile(filepath.Join(dir, Text))
	left.Files, _ = os.ReadFile(filepath.Join(dir, Files))
	left.Body, _ = readUpTo(filepath.Join(dir, body), maxBody)
	if left.Text == nil && len(left.Body) == 0 {
		p.Remove()
		return nil
	}
	if err := recover(left); err != nil {
		p.Leave()
		return err
	}
	p.Remove()
	return nil
}
