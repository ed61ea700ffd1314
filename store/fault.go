package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mua/store/index"
)

// What storage itself can do to a call; wrapped, test with errors.Is. Unless ErrInDoubt is said
// as well, a call that changes something and returns one of them has changed nothing.
var (
	ErrFull     = errors.New("the disk that holds the mail is full")
	ErrCorrupt  = errors.New("the mail database is damaged")
	ErrDisk     = errors.New("the disk that holds the mail reports an error")
	ErrReadOnly = errors.New("the mail database may not be written")
	// ErrForeign: it is a database, and its header says that another program made it.
	ErrForeign = errors.New("is not a database of mua")
	// ErrInDoubt: the disk failed during a commit in such a way that only the next
	// opening will show whether the change was made.
	ErrInDoubt = errors.New("whether the change was made can only be seen once the disk works again")
)

// faultError is an error of SQLite or the file system with its kind in words.
type faultError struct{ kind, err error }

func (e *faultError) Error() string   { return e.kind.Error() + " (" + e.err.Error() + ")" }
func (e *faultError) Unwrap() []error { return []error{e.kind, e.err} }

// storageFault gives an error of storage its kind; others stay as they are.
func storageFault(err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*faultError](err); done {
		return err
	}
	kind := sqliteFault(err)
	if kind == nil {
		kind = systemFault(err)
	}
	if kind == nil || errors.Is(err, kind) {
		return err
	}
	return &faultError{kind, err}
}

// systemFault is the kind of an error of the file system, or nil.
func systemFault(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ErrFull
	case errors.Is(err, syscall.EIO):
		return ErrDisk
	case errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	}
	return nil
}

// confirm makes certain that a commit which failed and cannot be seen will not come to light
// later: what it left in the write-ahead log is overwritten by another transaction. That must change
// something, for SQLite writes no page that stays as it was; a number left out is no loss to a counter.
// Without that, the log is read again when the last process has gone, and a commit of which only
// the fsync failed is found in it.
func (s *Store) confirm(ctx context.Context) error {
	return retryBusy(ctx, func() error {
		tx, err := s.writer.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE counter SET change = change + 1`); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	})
}

// intact refuses files of which opening them would destroy something. SQLite deletes the
// write-ahead log beside an empty file, and writes the log into a file that is no database
// when the last connection to it ends. An empty file beside an index of what was in it is no new store, either: something has cut it.
func intact(ctx context.Context, path string) error {
	st, err := os.Stat(path)
	if err == nil && st.Size() == 0 {
		if old, err := os.Stat(index.Path(filepath.Dir(path))); err == nil && old.Size() > 0 {
			return &faultError{ErrCorrupt, errors.New("mail.db is empty, and index.db beside it is not")}
		}
	}
	wal, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && wal.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	st, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return &faultError{ErrCorrupt, errors.New("mail.db is empty or gone, and mail.db-wal beside it is not")}
	}
	if err != nil {
		return err
	}
	db := openReadOnly(path, false)
	defer db.Close()
	var n int
	err = retryBusy(ctx, func() error { return db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&n) })
	if err = storageFault(err); errors.Is(err, ErrCorrupt) {
		return err
	}
	return nil // anything else opening will find and say
}
