package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// How long SQLite itself waits for a lock before the Go side looks at the context
// and tries again. A writer looks often: SQLite's own waiting, which sleeps ever
// longer, would miss the gaps that another process's batch leaves between its transactions.
const (
	writerTimeout = 5 * time.Millisecond
	readerTimeout = 5 * time.Second
)

// readers is the size of the pool of reading connections.
const readers = 4

// connector opens connections with our pragmas. Everything that matters is in
// the DSN or in the hook, so that every pooled connection has it: a pragma by
// Exec on the pool reaches only one of them.
type connector struct {
	drv *sqlite3.SQLiteDriver
	dsn string
}

func newConnector(path string, writer bool) *connector {
	timeout := readerTimeout
	if writer {
		timeout = writerTimeout
	}
	v := url.Values{
		"_busy_timeout":    {fmt.Sprint(timeout.Milliseconds())},
		"_journal_mode":    {"WAL"},
		"_synchronous":     {"FULL"},
		"_foreign_keys":    {"1"},
		"_stmt_cache_size": {"100"},
	}
	if writer {
		v.Set("_txlock", "immediate")
		v.Set("_cache_size", "-8000") // KiB: a batch spills what is less, and each page of every index is written and read again
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			v.Set("_auto_vacuum", "incremental") // only of a file that is made: it is a commit, with all its waiting for the disk
		}
	} else {
		v.Set("_txlock", "deferred")
		v.Set("_query_only", "1")
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: v.Encode()}
	return &connector{drv: &sqlite3.SQLiteDriver{ConnectHook: connectHook}, dsn: u.String()}
}

// Connect opens one connection. Switching a fresh file to WAL can fail as busy
// without SQLite having waited, so that is retried here.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	var conn driver.Conn
	err := retryBusy(ctx, func() (err error) {
		conn, err = c.drv.Open(c.dsn)
		return err
	})
	return conn, err
}

// Driver returns the driver.
func (c *connector) Driver() driver.Driver { return c.drv }

// openReadOnly opens one connection that never writes to the database nor to its write-ahead
// log, also not when it ends: it may look at a file that is damaged. still: nobody writes to it, so it needs no lock
// and no log.
func openReadOnly(path string, still bool) *sql.DB {
	v := url.Values{"mode": {"ro"}, "_busy_timeout": {fmt.Sprint(readerTimeout.Milliseconds())}, "_query_only": {"1"}}
	if still {
		v.Set("immutable", "1")
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: v.Encode()}
	db := sql.OpenDB(&connector{drv: &sqlite3.SQLiteDriver{ConnectHook: connectHook}, dsn: u.String()})
	db.SetMaxOpenConns(1)
	return db
}

func openPool(path string, writer bool) *sql.DB {
	db := sql.OpenDB(newConnector(path, writer))
	n := readers
	if writer {
		n = 1
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}
