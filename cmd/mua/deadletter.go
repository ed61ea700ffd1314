package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
)

// openFor opens the store for a finished message, which is kept in a file when that fails.
func (a *app) openFor(ctx context.Context, acct *account.Account, fin *compose.Finished, key string) (*store.Store, error) {
	s, err := a.openToCarry(ctx, key)
	if err != nil {
		return nil, a.keepLetter(acct, fin, err)
	}
	return s, nil
}

// keepLetter says where the text of a message is that could not be spooled. What came from stdin
// is nowhere else, so it is written to a file of its own, complete and ready to be sent.
func (a *app) keepLetter(acct *account.Account, fin *compose.Finished, cause error) error {
	t := *asTrouble(cause)
	if t.Kind != account.KindIO {
		return cause
	}
	doubt := errors.Is(cause, store.ErrInDoubt)
	if doubt {
		t.What += "; it may be in the outbox all the same"
	}
	if !a.stdinRead {
		if !doubt {
			t.Kept = sentences(t.Kept, "Nothing was spooled")
		}
		return &t
	}
	path, err := deadLetter(fin.Wire, time.Now(), letterFolders())
	if path == "" {
		t.What += fmt.Sprintf("; nor could the text be kept in a file (%v)", err)
		return &t
	}
	kept := t.Kept
	t.Kept = sentences(kept, "Nothing was spooled; the message is in "+path)
	t.Hint = resend(acct.Name, fin.Sender, fin.Recipients, path) + " sends it"
	if doubt {
		t.Kept = sentences(kept, "The message is also in "+path)
		t.Hint = "look with mua outbox; if it is not there, " + t.Hint
	} else if fault := faultHint(cause); fault != "" {
		t.Hint = fault + "; then " + t.Hint
	}
	if err != nil {
		t.Kept += ", which no disk has called durable: copy it elsewhere"
	}
	return &t
}

// sentences puts a sentence after another, if there is one.
func sentences(first, second string) string {
	if first == "" {
		return second
	}
	return first + ". " + second
}

// keepDraft is keepLetter for a draft that could not be saved.
func (a *app) keepDraft(raw []byte, cause error) error {
	t := *asTrouble(cause)
	if t.Kind != account.KindIO || !a.stdinRead {
		return cause
	}
	path, err := deadLetter(raw, time.Now(), letterFolders())
	if path == "" {
		t.What += fmt.Sprintf("; nor could the text be kept in a file (%v)", err)
		return &t
	}
	t.Kept = sentences(t.Kept, "The text is in "+path)
	if err != nil {
		t.Kept += ", which no disk has called durable: copy it elsewhere"
	}
	return &t
}

// letterFolders are where a text may be kept when the data folder cannot take it, best first.
func letterFolders() []string {
	var dirs []string
	if state := stateFolder(); state != "" {
		dirs = append(dirs, state)
	}
	return append(dirs, os.TempDir(), "/var/tmp")
}

// deadLetter writes a message into a new file (0600) in the first folder that takes it whole. Where no
// disk says that it is durable, one that is written whole must do: its path comes with the error.
func deadLetter(wire []byte, now time.Time, dirs []string) (path string, err error) {
	for _, dir := range dirs {
		p, whole, failed := letterIn(dir, now, wire)
		switch {
		case failed == nil:
			if path != "" {
				_ = os.Remove(path)
			}
			return p, nil
		case whole && path == "":
			path = p
		case p != "":
			_ = os.Remove(p)
		}
		err = errors.Join(err, failed)
	}
	return path, err
}

// letterIn writes one letter. whole says that all of it was written, whatever the disk made of it.
func letterIn(dir string, now time.Time, wire []byte) (path string, whole bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", false, err
	}
	// CreateTemp opens with O_EXCL and 0600, under a name that nobody can guess.
	f, err := os.CreateTemp(dir, "mua-dead-letter-"+now.Format("20060102-150405")+"-*.eml")
	if err != nil {
		return "", false, err
	}
	if path, err = filepath.Abs(f.Name()); err != nil {
		path = f.Name()
	}
	_, err = f.Write(wire)
	return path, err == nil, errors.Join(err, f.Sync(), f.Close())
}

// faultHint is what to do about a fault of storage; "" when err is none.
func faultHint(err error) string {
	switch {
	case errors.Is(err, store.ErrFull):
		return "free some space on the disk that holds the mail (mua doctor says which and how much there is)"
	case errors.Is(err, store.ErrCorrupt), errors.Is(err, store.ErrDamaged):
		return "mua doctor says what is damaged and how to get the unsent mail out"
	case errors.Is(err, store.ErrForeign):
		return "--data DIR names another folder; if it is yours and damaged, mua doctor --rescue DIR gets the unsent mail out"
	case errors.Is(err, store.ErrDisk):
		return "look into the system's log for that disk, and run mua doctor"
	case errors.Is(err, store.ErrReadOnly):
		return "mua must be able to write there"
	}
	return ""
}
