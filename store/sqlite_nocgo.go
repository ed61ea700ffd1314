//go:build !cgo

package store

import (
	"database/sql"
	"errors"

	sqlite3 "github.com/mattn/go-sqlite3"
)

func connectHook(*sqlite3.SQLiteConn) error { return nil }

func isBusy(error) bool { return false }

func sqliteFault(error) error { return nil }

func cannotOpen(error) bool { return false }

func commitInDoubt(error) bool { return false }

func schemaFault(error) bool { return false }

// explainOpen says what to do: without cgo there is no SQLite in this binary.
func explainOpen(error) error {
	return errors.New("this mua was built without cgo and has no database; build it with CGO_ENABLED=1 and a C compiler")
}

func inTransaction(*sql.Conn) bool { return false }

func sqliteVersion() string { return "" }
