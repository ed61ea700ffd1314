// Package rescue keeps texts under way where they survive a crash.
//
// Each message being written has a place: a folder (ui/owned) in the data folder
// with the draft in it. A place that belongs to nobody any more is handed out by
// Each for recovery, and removed only after that has succeeded. Files are written
// beside and renamed, so that a crash leaves the last whole version.
package rescue

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mua/ui/owned"
)

// The files of a place.
const (
	Text  = "draft.eml" // the draft without attachments
	Files = "files.eml" // a draft that holds only the attachments
	body  = "body.txt"  // the text while an editor has it
)

// prefix begins the names of places.
const prefix = "draft-"

// maxBody is how much an editor may leave, in bytes.
const maxBody = 64 << 20

// Folder is where the places are, in a data folder.
func Folder(data string) string { return filepath.Join(data, "writing") }

// Place is where one message is kept while it is written. Its methods are not
// called at the same time.
type Place struct{ *owned.Folder }

// New makes a place in a folder, which is made too.
func New(root string) (*Place, error) {
	f, err := owned.New(root, prefix)
	if err != nil {
		return nil, err
	}
	return &Place{f}, nil
}

// Write replaces a file of the place durably.
func (p *Place) Write(name string, data []byte) error {
	f, err := os.OpenFile(p.Path(name+".new"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), p.Path(name))
}

// BeginEdit writes the text for an editor into a new file and returns its path.
func (p *Place) BeginEdit(text []byte) (path string, err error) {
	path = p.Path(body)
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
	path := p.Path(body)
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

// Left is what was found in a place without an owner; what is not there is nil.
type Left struct{ Text, Files, Body []byte }

// Each hands out what places without an owner hold and removes those it returns nil for.
func Each(root string, recover func(Left) error) error {
	return owned.Each(root, prefix, func(f *owned.Folder) error {
		var left Left
		left.Text, _ = os.ReadFile(f.Path(Text))
		left.Files, _ = os.ReadFile(f.Path(Files))
		left.Body, _ = readUpTo(f.Path(body), maxBody)
		if left.Text != nil || len(left.Body) > 0 {
			if err := recover(left); err != nil {
				f.Leave()
				return err
			}
		}
		f.Remove()
		return nil
	})
}
