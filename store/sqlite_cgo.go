//go:build cgo

package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// connectHook sets what mattn/go-sqlite3 has no DSN key for. temp_store: what is
// sorted never reaches a temporary file outside the data folder. fullfsync:
// on macOS plain fsync does not reach the disk. The log stays beside the file, empty, when the last connection is closed: to
// make and remove it took a fifth of a search. wal_autocheckpoint: each checkpoint waits for the disk
// twice and writes the pages of every index again, so a first pull has one in 16 MiB, not in 4.
func connectHook(c *sqlite3.SQLiteConn) error {
	for _, p := range []string{
		"PRAGMA temp_store = MEMORY",
		"PRAGMA fullfsync = ON",
		"PRAGMA checkpoint_fullfsync = ON",
		"PRAGMA journal_size_limit = 67108864",
		"PRAGMA wal_autocheckpoint = 4000",
	} {
		if _, err := c.Exec(p, nil); err != nil {
			return err
		}
	}
	return c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1)
}

// sqliteVersion is that of the library.
func sqliteVersion() string {
	v, _, _ := sqlite3.Version()
	return v
}

// inTransaction reports whether a connection has a transaction open; such a one is given up.
func inTransaction(c *sql.Conn) bool {
	return c.Raw(func(c any) error {
		if !c.(*sqlite3.SQLiteConn).AutoCommit() {
			return driver.ErrBadConn // so that database/sql closes it
		}
		return nil
	}) != nil
}

// isBusy reports that another connection holds the lock: nothing was done, the
// whole transaction may be tried again.
func isBusy(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// sqliteFault is the kind of a fault of storage that SQLite reports, or nil.
func sqliteFault(err error) error {
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		return nil
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return ErrFull
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return ErrCorrupt
	case sqlite3.ErrError: // the schema's version was looked at: it does not say any more what it said when it was made
		if strings.HasPrefix(e.Error(), "no such column") || strings.HasPrefix(e.Error(), "no such table") {
			return ErrCorrupt
		}
	case sqlite3.ErrReadonly, sqlite3.ErrPerm:
		return ErrReadOnly
	case sqlite3.ErrIoErr, sqlite3.ErrCantOpen:
		if e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT {
			return ErrFull
		}
		if e.Code == sqlite3.ErrIoErr {
			return ErrDisk
		}
	}
	return nil
}

// cannotOpen reports that a file, or what belongs beside it, could not be opened.
func cannotOpen(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.Code == sqlite3.ErrCantOpen
}

// commitInDoubt reports whether a commit may have taken effect although it failed. An error of a
// write comes before the commit record is whole; one of fsync, or of growing the shared index,
// comes after it.
func commitInDoubt(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.Code == sqlite3.ErrIoErr
}

// schemaFault reports that SQL which fits every sound database did not fit this one.
func schemaFault(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.Code == sqlite3.ErrError
}

// explainOpen makes an error of opening readable.
func explainOpen(err error) error { return err }
