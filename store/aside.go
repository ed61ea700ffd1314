package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// asideMark is between mail.db and the date in the name of a database that was set aside.
const asideMark = ".broken-"

// parts are the suffixes of the files that a database consists of.
var parts = [...]string{"", "-wal", "-shm", "-journal"}

// SetAside renames mail.db and what belongs to it, so that the next Open begins afresh. Not one
// byte is changed, and the names fit each other: the result opens as a database as far as the
// original did. It returns the new name of mail.db. ErrLocked: another process has it open.
func SetAside(dir string, now time.Time) (string, error) {
	unlock, err := lockFolder(context.Background(), dir, true)
	if errors.Is(err, ErrBusy) {
		return "", err
	}
	if err == nil { // else the file system knows no such locks, and a person has asked for it
		defer unlock()
	}
	return setAside(dir, now)
}

// Damaged reports whether an error of Open says for certain that mail.db itself is damaged: neither its disk, nor want
// of room or of permission, nor a schema that does not fit this program.
func Damaged(err error) bool {
	if !errors.Is(err, ErrCorrupt) || schemaFault(err) {
		return false
	}
	return !slices.ContainsFunc([]error{ErrDisk, ErrFull, ErrReadOnly, ErrNewerSchema, context.Canceled, context.DeadlineExceeded}, func(other error) bool {
		return errors.Is(err, other)
	})
}

// SetAsideDamaged is SetAside after an Open with these options that found mail.db Damaged. Nobody can open it meanwhile, and it
// is looked at once more: to is "" when another process has set it aside since, so that it can be opened now. With an error it is
// left as it is; ErrLocked: another process has it open.
func SetAsideDamaged(ctx context.Context, dir string, o Options) (to string, err error) {
	unlock, err := lockFolder(ctx, dir, true)
	if err != nil {
		return "", err
	}
	defer unlock()
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	s, err := openLocked(ctx, dir, o)
	switch {
	case err == nil:
		return "", s.Close()
	case !Damaged(err):
		return "", err
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	return setAside(dir, now())
}

// setAside renames; the caller holds the folder's lock.
func setAside(dir string, now time.Time) (string, error) {
	path := filepath.Join(dir, "mail.db")
	if f, err := os.Open(path); err == nil {
		pid := lockHolder(f)
		if err := f.Close(); err != nil {
			return "", err
		}
		if pid != 0 {
			return "", fmt.Errorf("process %d has %s open: %w", pid, path, ErrLocked)
		}
	}
	to := path + asideMark + now.Format("20060102-150405")
	for _, suffix := range parts {
		if _, err := os.Lstat(to + suffix); err == nil {
			return "", fmt.Errorf("%s%s: %w", to, suffix, fs.ErrExist)
		}
	}
	moved := 0
	// The database first: should the rest fail, a log without its database is refused, while
	// a database without its log would look like older mail in good order.
	for _, suffix := range parts {
		err := os.Rename(path+suffix, to+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", storageFault(err)
		}
		moved++
	}
	if moved == 0 {
		return "", fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return to, storageFault(syncFolder(dir))
}

// Aside is a database that was set aside.
type Aside struct {
	Path           string
	Size           int64 // with its log, in octets
	Unsent, Drafts int   // items that are neither sent nor cancelled, and drafts; -1: it cannot be read as it is
}

// Asides lists the databases that lie set aside in a data folder, the oldest first. Nothing in them is changed.
func Asides(ctx context.Context, dir string) ([]Aside, error) {
	names, err := asideNames(dir)
	if err != nil {
		return nil, err
	}
	var out []Aside
	for _, name := range names {
		a := Aside{Path: filepath.Join(dir, name), Unsent: -1, Drafts: -1}
		log := false
		for _, suffix := range parts[:2] {
			if st, err := os.Stat(a.Path + suffix); err == nil {
				a.Size += st.Size()
				log = suffix != ""
			}
		}
		a.count(ctx, !log)
		out = append(out, a)
	}
	return out, nil
}

// asideNames are their names, of which the database itself may be missing.
func asideNames(dir string) ([]string, error) {
	all, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range all {
		name := e.Name()
		for _, suffix := range parts[1:] {
			name = strings.TrimSuffix(name, suffix)
		}
		if strings.HasPrefix(name, "mail.db"+asideMark) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// count reads how much is unsent, as far as that can be done without a copy.
func (a *Aside) count(ctx context.Context, still bool) {
	if st, err := os.Stat(a.Path); err != nil || st.Size() == 0 {
		return
	}
	db := openReadOnly(a.Path, still)
	defer db.Close()
	var unsent, drafts int
	if db.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'cancelled')`).Scan(&unsent) != nil ||
		db.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM message WHERE state = 0 AND flags & %d <> 0`, Draft)).Scan(&drafts) != nil {
		return
	}
	a.Unsent, a.Drafts = unsent, drafts
}
