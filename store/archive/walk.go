package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mua/store"
)

// Options of Walk.
type Options struct {
	Dialect Dialect // of every mbox; Auto: found for each
	// Tree gives every folder and every mbox a mailbox of its own; else only Maildirs below the first have one.
	Tree bool
	// Account is at the top of the mailboxes, where the path is a tree that was exported with its accounts.
	Account string
	// Skipped is told what was left out, and why: ErrNotMail, ErrExpunged, ErrTooLarge, or what the system says.
	Skipped func(path string, why error)
}

// Item is one message that a walk finds.
type Item struct {
	Message
	Levels []string // of its mailbox, below the one that the walk is for
	Path   string   // of its file
	Size   int64    // octets, about
	Aged   bool     // Received is when its file was last written

	within time.Duration // Aged: how much older the message may be than its file
	file   string        // to be read by Load; "": Raw is here
}

// Load reads the message's bytes where they are not here yet. Different items may be loaded at the same time.
func (it *Item) Load() error {
	if it.file == "" {
		return nil
	}
	raw, err := os.ReadFile(it.file)
	if err != nil {
		return err
	}
	it.Raw, it.file = raw, ""
	return nil
}

// walker is one Walk.
type walker struct {
	ctx   context.Context
	o     Options
	yield func(Item) error
}

// Walk finds the messages in a file (an mbox, or one message), or below a folder, and yields each. The error is yield's, the context's,
// or that the path itself cannot be read, or is no mail (ErrNotMail).
func Walk(ctx context.Context, path string, o Options, yield func(Item) error) error {
	w := &walker{ctx, o, yield}
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case st.IsDir():
		if o.Tree && HasAccounts(path) {
			w.yield = func(it Item) error {
				if len(it.Levels) > 1 && it.Levels[0] == o.Account {
					it.Levels = it.Levels[1:]
				}
				return yield(it)
			}
		}
		return w.folder(path, nil)
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s is neither a file nor a folder", path)
	}
	return w.file(path, nil, st, true)
}

func (w *walker) skip(path string, err error) {
	if w.o.Skipped == nil {
		return
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	w.o.Skipped(path, err)
}

// folder walks a folder: a Maildir's messages, files that are mail, and the folders in it.
func (w *walker) folder(dir string, levels []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if len(levels) == 0 {
			return err
		}
		w.skip(dir, err)
		return nil
	}
	maildir := isMaildir(dir)
	if maildir {
		for _, sub := range []string{"cur", "new"} {
			if err := w.maildir(filepath.Join(dir, sub), levels, sub == "cur"); err != nil {
				return err
			}
		}
	}
	for _, e := range entries {
		if err := w.entry(dir, e, levels, maildir); err != nil {
			return err
		}
	}
	return nil
}

// entry walks one name in a folder.
func (w *walker) entry(dir string, e fs.DirEntry, levels []string, maildir bool) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	name, path := e.Name(), filepath.Join(dir, e.Name())
	hidden := strings.HasPrefix(name, ".")
	if e.IsDir() {
		switch {
		case maildir && (name == "cur" || name == "new" || name == "tmp"):
			return nil
		case isMaildir(path) && hidden:
			return w.folder(path, with(levels, dotLevels(name[1:])...))
		case isMaildir(path):
			return w.folder(path, with(levels, fromUTF7(name)))
		case hidden:
			return nil
		case w.o.Tree:
			return w.folder(path, with(levels, clean(trimExt(name, ".sbd", ".mbox"))))
		case maildirsBelow(path):
			return w.folder(path, with(levels, fromUTF7(name)))
		}
		return w.folder(path, levels)
	}
	if hidden || maildir || isBeside(name) { // beside cur, new and tmp are only indexes and the like
		return nil
	}
	st, err := os.Stat(path) // of what a link points to
	switch {
	case err != nil:
		w.skip(path, err)
		return nil
	case !st.Mode().IsRegular():
		w.skip(path, errors.New("it is a link to a folder, or no file"))
		return nil
	}
	return w.file(path, levels, st, false)
}

// isBeside tells whether a file is one that Thunderbird keeps beside its mail, of which nobody need be told.
func isBeside(name string) bool {
	return strings.EqualFold(filepath.Ext(name), ".msf") || slices.Contains([]string{"msgFilterRules.dat", "popstate.dat", "feeds.json", "feeditems.json", "filterlog.html"}, name)
}

// maildirsBelow tells whether a folder holds Maildirs, so that its name is part of theirs.
func maildirsBelow(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if e.IsDir() && isMaildir(filepath.Join(dir, e.Name())) {
			return true
		}
	}
	return false
}

func with(levels []string, more ...string) []string {
	out := levels[:len(levels):len(levels)]
	for _, l := range more {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}

func trimExt(name string, exts ...string) string {
	for _, x := range exts {
		if len(name) > len(x) && strings.EqualFold(name[len(name)-len(x):], x) {
			return name[:len(name)-len(x)]
		}
	}
	return name
}

// dirChunk is how many names of a Maildir are read at once.
const dirChunk = 4096

// maildir yields the messages in cur or new.
func (w *walker) maildir(dir string, levels []string, flags bool) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		w.skip(dir, err)
		return nil
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(dirChunk)
		for _, e := range entries {
			if err := w.ctx.Err(); err != nil {
				return err
			}
			if strings.HasPrefix(e.Name(), ".") || e.IsDir() {
				continue
			}
			path := filepath.Join(dir, e.Name())
			st, err := os.Stat(path)
			if err == nil && !st.Mode().IsRegular() {
				err = errors.New("it is no file")
			}
			if err != nil {
				w.skip(path, err)
				continue
			}
			var f store.Flags
			if flags {
				f = maildirFlags(e.Name())
			}
			if err := w.message(path, levels, st, f); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			w.skip(dir, err)
			return nil
		}
	}
}

// message yields a file that is one message.
func (w *walker) message(path string, levels []string, st fs.FileInfo, f store.Flags) error {
	if st.Size() > MaxMessage {
		w.skip(path, ErrTooLarge)
		return nil
	}
	return w.yield(Item{Message: Message{Received: st.ModTime(), Flags: f}, Aged: true, within: copied, Levels: levels, Path: path, Size: st.Size(), file: path})
}

// file yields what a file holds: an mbox, or one message. named: the person named this very file, so it is
// taken for mail unless it cannot be.
func (w *walker) file(path string, levels []string, st fs.FileInfo, named bool) error {
	if strings.EqualFold(filepath.Ext(path), ".eml") {
		return w.message(path, levels, st, 0)
	}
	kind, err := sniff(path)
	switch {
	case err != nil && named:
		return err
	case err != nil:
		w.skip(path, err)
		return nil
	case kind == isMbox || named && w.o.Dialect != Auto:
		return w.mbox(path, levels, st, named)
	case kind == isEmpty:
		return nil
	case kind == isMessage || named && kind == isText:
		return w.message(path, levels, st, 0)
	case named:
		return fmt.Errorf("%s: %w", path, ErrNotMail)
	}
	w.skip(path, ErrNotMail)
	return nil
}

// fileKind is what a file looks like.
type fileKind int

const (
	isOther fileKind = iota
	isEmpty
	isText
	isMessage
	isMbox
)

// sniff looks at the beginning of a file.
func sniff(path string) (fileKind, error) {
	f, err := os.Open(path)
	if err != nil {
		return isOther, err
	}
	defer f.Close()
	b := make([]byte, 4096)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return isOther, err
	}
	b = b[:n]
	text := bytes.TrimLeft(b, "\r\n")
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	_, dated := fromLine(line)
	switch {
	case n == 0:
		return isEmpty, nil
	case dated, bytes.HasPrefix(line, []byte(fromPrefix)) && beginsHeader(rest):
		return isMbox, nil
	case beginsHeader(line):
		return isMessage, nil
	case bytes.IndexByte(b, 0) >= 0:
		return isOther, nil
	}
	return isText, nil
}

// mbox yields the messages of an mbox.
func (w *walker) mbox(path string, levels []string, st fs.FileInfo, named bool) error {
	f, err := os.Open(path)
	if err != nil {
		w.skip(path, err)
		return nil
	}
	defer f.Close()
	size, dialect := st.Size(), w.o.Dialect
	if dialect == Auto {
		if dialect, err = detect(f, size); err != nil {
			return w.broken(path, err, named)
		}
	}
	if base := filepath.Base(path); w.o.Tree && base != "mbox" { // Apple Mail has NAME.mbox/mbox
		levels = with(levels, clean(trimExt(base, ".mbox", ".mbx", ".mboxrd")))
	}
	m := newMbox(f, size, dialect, MaxMessage)
	for n := 1; ; n++ {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		at := m.at
		msg, state, err := m.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrTooLarge):
			w.skip(fmt.Sprintf("%s, message %d", path, n), err)
			continue
		case err != nil:
			return w.broken(path, err, named)
		case state.expunged:
			w.skip(fmt.Sprintf("%s, message %d", path, n), ErrExpunged)
			continue
		}
		undated := msg.Received.IsZero() // as Thunderbird writes it now
		if undated {
			msg.Received = st.ModTime()
		}
		if err := w.yield(Item{Message: msg, Aged: undated, Levels: levels, Path: fmt.Sprintf("%s, message %d (at octet %d)", path, n, at), Size: int64(len(msg.Raw))}); err != nil {
			return err
		}
	}
}

// broken ends the reading of an mbox that cannot be read on.
func (w *walker) broken(path string, err error, named bool) error {
	if named && errors.Is(err, ErrNotMail) {
		return fmt.Errorf("%s: %w", path, err)
	}
	w.skip(path, fmt.Errorf("it could not be read to its end: %w", err))
	return nil
}
