//go:build cgo

package store

import (
	"context"
	"database/sql/driver"
	"errors"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// holdSnapshot begins a read transaction that lasts until the connection is closed.
func holdSnapshot(ctx context.Context, c *sqlite3.SQLiteConn) error {
	return retryBusy(ctx, func() error {
		if _, err := c.ExecContext(ctx, `BEGIN`, nil); err != nil {
			return err
		}
		rows, err := c.QueryContext(ctx, `SELECT count(*) FROM sqlite_schema`, nil)
		if err == nil {
			err = errors.Join(rows.Next(make([]driver.Value, 1)), rows.Close())
		}
		if err != nil {
			_, _ = c.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`, nil)
		}
		return err
	})
}

// copyDatabase copies all pages.
func copyDatabase(ctx context.Context, dst, src *sqlite3.SQLiteConn, progress func(done, total int64)) error {
	b, err := dst.Backup("main", src, "main")
	if err != nil {
		return err
	}
	for {
		done, err := b.Step(backupPages)
		if progress != nil {
			progress(int64(b.PageCount()-b.Remaining())*pageSize, int64(b.PageCount())*pageSize)
		}
		if done || err != nil {
			return errors.Join(err, b.Finish())
		}
		if err := ctx.Err(); err != nil {
			_ = b.Finish()
			return err
		}
	}
}
