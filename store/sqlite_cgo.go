//go:build cgo

package store

import (
	"errors"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// connectHook sets what mattn/go-sqlite3 has no DSN key for. temp_store: what is
// sorted never reaches a temporary file outside the data folder. fullfsync:
// on macOS plain fsync does not reach the disk.
func connectHook(c *sqlite3.SQLiteConn) error {
	for _, p := range []string{
		"PRAGMA temp_store = MEMORY",
		"PRAGMA fullfsync = ON",
		"PRAGMA checkpoint_fullfsync = ON",
		"PRAGMA journal_size_limit = 67108864",
	} {
		if _, err := c.Exec(p, nil); err != nil {
			return err
		}
	}
	return nil
}

// isBusy reports that another connection holds the lock: nothing was done, the
// whole transaction may be tried again.
func isBusy(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// explainOpen makes an error of opening readable.
func explainOpen(err error) error { return err }
