package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-maildir"

	"mua/store"
	"mua/store/message"
)

// Format of an export.
type Format string

// The formats.
const (
	Mbox    Format = "mbox"
	Maildir Format = "maildir"
	EML     Format = "eml"
)

// Out is where an export goes.
type Out struct {
	Path    string
	Format  Format
	Dialect Dialect // of an mbox; Auto: mboxrd
	Flags   bool    // Status and the like in an mbox
	Force   bool    // an mbox that is there is replaced; in a folder that is not empty, files are added

	Accounts bool // the first of a mailbox's levels is its account, which a file in the folder tells who imports it
}

// Exporter writes messages into files that were not there before. One of Close and Abort must be called.
type Exporter struct {
	o     Out
	names map[string]bool // of files, in lower case: some file systems know no other

	levels string // of the mailbox that is open
	box    sink
}

// sink is one mailbox in files.
type sink interface {
	write(name string, m *Message) error
	close() error // whole, and durable but for Maildir and EML: see Exporter.Close
	abort()
}

// NewExporter looks whether the place is free: fs.ErrExist (wrapped) when it is not.
func NewExporter(o Out) (*Exporter, error) {
	return &Exporter{o: o, names: map[string]bool{}}, o.free()
}

// free tells whether nothing is there that would be lost.
func (o *Out) free() error {
	st, err := os.Lstat(o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case o.Format == Mbox && !st.IsDir():
		if o.Force {
			return nil
		}
		return &fs.PathError{Op: "create", Path: o.Path, Err: fs.ErrExist}
	case !isDir(o.Path):
		return &fs.PathError{Op: "mkdir", Path: o.Path, Err: errors.New("it is no folder")}
	}
	names, err := os.ReadDir(o.Path)
	if err == nil && len(names) > 0 && !o.Force {
		err = &fs.PathError{Op: "create", Path: o.Path, Err: fs.ErrExist}
	}
	return err
}

// Write writes a message. levels is its mailbox below the place, the messages of a mailbox one after the other; nil: the place itself. name
// tells it from all others.
func (e *Exporter) Write(levels []string, name string, m *Message) error {
	key := strings.Join(levels, "\x00")
	if e.box == nil || key != e.levels {
		if err := e.endBox(); err != nil {
			return err
		}
		box, err := e.open(levels)
		if err != nil {
			return err
		}
		e.box, e.levels = box, key
	}
	return e.box.write(name, m)
}

func (e *Exporter) endBox() error {
	if e.box == nil {
		return nil
	}
	err := e.box.close()
	e.box = nil
	return err
}

// Close ends the export; when it returns nil all of it is on the disk. An export of nothing leaves an empty mbox or folder.
func (e *Exporter) Close() error {
	if e.box == nil && len(e.names) == 0 {
		box, err := e.open(nil)
		if err != nil {
			return err
		}
		e.box = box
	}
	if err := e.endBox(); err != nil {
		return err
	}
	if e.o.Format == Mbox {
		return nil
	}
	return syncTree(e.o.Path)
}

// Abort ends an export that failed: what is whole stays, but for an mbox that is not.
func (e *Exporter) Abort() {
	if e.box != nil {
		e.box.abort()
		e.box = nil
	}
}

// open begins a mailbox.
func (e *Exporter) open(levels []string) (sink, error) {
	if e.o.Accounts && len(levels) > 0 {
		if err := mark(e.o.Path); err != nil {
			return nil, err
		}
	}
	switch e.o.Format {
	case Maildir:
		dir := maildir.Dir(e.o.Path)
		if err := makeMaildir(dir); err != nil {
			return nil, err
		}
		if len(levels) > 0 {
			name := ""
			for _, l := range levels {
				name += "." + toUTF7(l)
			}
			dir = maildir.Dir(filepath.Join(e.o.Path, e.unique(name, "")))
		}
		return &maildirSink{dir}, makeMaildir(dir)
	case EML:
		dir := e.o.Path
		for _, l := range levels {
			dir = filepath.Join(dir, message.SafeName(l))
		}
		e.names[dir] = true
		return &emlSink{dir}, os.MkdirAll(dir, 0o700)
	}
	path := e.o.Path
	if len(levels) > 0 {
		dir := path
		for _, l := range levels[:len(levels)-1] {
			dir = filepath.Join(dir, message.SafeName(l))
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		path = filepath.Join(dir, e.unique(filepath.Join(dir, message.SafeName(levels[len(levels)-1])), ".mbox"))
		path = filepath.Join(dir, filepath.Base(path))
	}
	e.names[path] = true
	return newMboxSink(path, e.o)
}

// unique gives a name that this export has not used yet.
func (e *Exporter) unique(name, ext string) string {
	for n, try := 2, name+ext; ; n++ {
		if key := strings.ToLower(try); !e.names[key] {
			e.names[key] = true
			return try
		}
		try = fmt.Sprintf("%s-%d%s", name, n, ext)
	}
}

// makeMaildir makes a Maildir that need not be there.
func makeMaildir(dir maildir.Dir) error {
	if err := os.MkdirAll(filepath.Dir(string(dir)), 0o700); err != nil {
		return err
	}
	return dir.Init()
}

// maildirSink writes a Maildir.
type maildirSink struct{ dir maildir.Dir }

func (s *maildirSink) write(_ string, m *Message) error {
	var flags []maildir.Flag
	for _, f := range []struct {
		is store.Flags
		as maildir.Flag
	}{{store.Draft, maildir.FlagDraft}, {store.Flagged, maildir.FlagFlagged}, {store.Forwarded, maildir.FlagPassed}, {store.Answered, maildir.FlagReplied}, {store.Seen, maildir.FlagSeen}, {store.Deleted, maildir.FlagTrashed}} {
		if m.Flags.Has(f.is) {
			flags = append(flags, f.as)
		}
	}
	msg, w, err := s.dir.Create(flags)
	if err != nil {
		return err
	}
	if _, err = w.Write(m.Raw); err != nil {
		_ = os.Remove(filepath.Join(string(s.dir), "tmp", msg.Key()))
		return err
	}
	if err := w.Close(); err != nil { // it gets its name in cur
		return err
	}
	return touch(msg.Filename(), m.Received)
}

func (s *maildirSink) close() error { return nil }
func (s *maildirSink) abort()       {}

// touch gives a file the time when its message came.
func touch(path string, received time.Time) error {
	if err := os.Chmod(path, 0o600); err != nil || received.IsZero() {
		return err
	}
	return os.Chtimes(path, received, received)
}

// emlSink writes a file for each message.
type emlSink struct{ dir string }

func (s *emlSink) write(name string, m *Message) error {
	path := filepath.Join(s.dir, message.SafeName(name+".eml"))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(m.Raw)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(path)
		return err
	}
	return touch(path, m.Received)
}

func (s *emlSink) close() error { return nil }
func (s *emlSink) abort()       {}

// mboxSink writes an mbox beside its place and puts it there when it is whole.
type mboxSink struct {
	path  string
	force bool
	f     *os.File
	w     *MboxWriter
}

func newMboxSink(path string, o Out) (*mboxSink, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".mua-*")
	if err != nil {
		return nil, err
	}
	return &mboxSink{path, o.Force, f, NewMboxWriter(f, o.Dialect, o.Flags)}, nil
}

func (s *mboxSink) write(_ string, m *Message) error { return s.w.Write(m) }

func (s *mboxSink) close() error {
	err := s.w.Flush()
	if err == nil {
		err = s.f.Sync()
	}
	if closing := s.f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = PutInPlace(s.f.Name(), s.path, s.force)
	}
	if err != nil {
		_ = os.Remove(s.f.Name())
	}
	return err
}

func (s *mboxSink) abort() {
	_ = s.f.Close()
	_ = os.Remove(s.f.Name())
}

// PutInPlace gives a finished file its name, durably. Unless force is set nothing of that name is replaced: fs.ErrExist (wrapped).
func PutInPlace(tmp, path string, force bool) error {
	if force {
		if err := os.Rename(tmp, path); err != nil {
			return err
		}
		return syncFolder(filepath.Dir(path))
	}
	err := os.Link(tmp, path)
	if err != nil && !errors.Is(err, fs.ErrExist) { // a file system without links
		if _, there := os.Lstat(path); there == nil {
			return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
		}
		err = os.Rename(tmp, path)
	} else if err == nil {
		err = os.Remove(tmp)
	}
	if err != nil {
		if e, ok := errors.AsType[*os.LinkError](err); ok {
			err = &fs.PathError{Op: "create", Path: path, Err: e.Err}
		}
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable, where a file system has that.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil // one may pass through a folder and not read it
	}
	_ = f.Sync()
	return f.Close()
}

// Stream writes an mbox to a stream.
func Stream(w io.Writer, d Dialect, flags bool) *Exporter {
	return &Exporter{o: Out{Format: Mbox}, names: map[string]bool{"": true}, box: &streamSink{NewMboxWriter(w, d, flags)}}
}

type streamSink struct{ w *MboxWriter }

func (s *streamSink) write(_ string, m *Message) error { return s.w.Write(m) }
func (s *streamSink) close() error                     { return s.w.Flush() }
func (s *streamSink) abort()                           {}
