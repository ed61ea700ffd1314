//go:build cgo

package index

import (
	"errors"
	"io/fs"

	sqlite3 "github.com/mattn/go-sqlite3"
)

func hook(pragmas []string) func(*sqlite3.SQLiteConn) error {
	return func(c *sqlite3.SQLiteConn) error {
		for _, p := range pragmas {
			if _, err := c.Exec(p, nil); err != nil {
				return err
			}
		}
		return c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1) // as that of mail.db does
	}
}

// passing reports an error that is not the file's fault: others are at work, or the disk is full or fails.
func passing(err error) bool {
	if _, is := errors.AsType[*fs.PathError](err); is {
		return true
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrInterrupt, sqlite3.ErrNomem, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrPerm,
		sqlite3.ErrCantOpen, sqlite3.ErrProtocol:
		return true
	}
	return false
}
