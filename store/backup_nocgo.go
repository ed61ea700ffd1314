//go:build !cgo

package store

import (
	"context"
	"errors"

	sqlite3 "github.com/mattn/go-sqlite3"
)

func holdSnapshot(context.Context, *sqlite3.SQLiteConn) error { return errors.ErrUnsupported }

func copyDatabase(context.Context, *sqlite3.SQLiteConn, *sqlite3.SQLiteConn, func(done, total int64)) error {
	return errors.ErrUnsupported
}
