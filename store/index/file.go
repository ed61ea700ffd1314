package index

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	sqlite3 "github.com/mattn/go-sqlite3"
)

const schema = `
CREATE TABLE segment (
  id    INTEGER PRIMARY KEY,
  level INTEGER NOT NULL,         -- by its size
  first INTEGER NOT NULL, last INTEGER NOT NULL, -- block: its leaves; 0: the root is the only one
  "end" INTEGER NOT NULL,         -- block: its last
  low   INTEGER NOT NULL, high INTEGER NOT NULL, -- the numbers of its documents lie between
  root  BLOB NOT NULL
) STRICT;
CREATE TABLE block (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE doc (
  number  INTEGER PRIMARY KEY,  -- in doclists
  message INTEGER UNIQUE,       -- NULL: superseded
  content INTEGER NOT NULL,     -- 0: only the header
  size    INTEGER NOT NULL,     -- terms
  partial INTEGER NOT NULL
) STRICT;
CREATE INDEX doc_partial ON doc(message) WHERE partial = 1;
CREATE TABLE state (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  home    TEXT NOT NULL,              -- the mail.db it is of
  bodies_change INTEGER NOT NULL, bodies_id INTEGER NOT NULL,   -- see State
  headers_change INTEGER NOT NULL, headers_id INTEGER NOT NULL,
  old_received INTEGER, old_id INTEGER NOT NULL DEFAULT 0,
  spread  INTEGER NOT NULL DEFAULT 0, -- the most that a number is above its second
  docs    INTEGER NOT NULL DEFAULT 0, -- that have a message
  terms   INTEGER NOT NULL DEFAULT 0, -- of all documents
  dead    INTEGER NOT NULL DEFAULT 0, -- of superseded ones
  packed  INTEGER NOT NULL DEFAULT 0  -- terms when the file was last packed
) STRICT;
`

// Mark is a place in the order of changes of mail.db.
type Mark struct{ Change, ID int64 }

// Before reports whether a change comes after the mark.
func (m Mark) Before(o Mark) bool {
	return m.Change < o.Change || m.Change == o.Change && m.ID < o.ID
}

// Place is a place in the order of receipt.
type Place struct{ Received, ID int64 }

// State tells what has been taken in.
type State struct {
	Bodies  Mark   // copies with text, up to this change
	Headers Mark   // copies without, up to this one
	Old     *Place // what was there when the index began is taken in newest first, down to here; nil: all of it
	Spread  int64  // the most that a document's number is above its second
	Docs    int    // documents that have a message
	Terms   int64  // of all documents
	Dead    int64  // of those that are superseded
	Packed  int64  // terms when the file was last packed
}

// Path is the file in a data folder.
func Path(dir string) string { return filepath.Join(dir, "index.db") }

// connector opens connections with our pragmas.
type connector struct {
	drv *sqlite3.SQLiteDriver
	dsn string
}

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.drv.Open(c.dsn) }
func (c *connector) Driver() driver.Driver                        { return c.drv }

// open opens a pool. A reader never writes to the file nor to what lies beside it.
func open(path string, writer bool) *sql.DB {
	v := url.Values{"_busy_timeout": {"5000"}, "_stmt_cache_size": {"50"}}
	pragmas := []string{"PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = OFF", "PRAGMA journal_size_limit = 67108864"}
	n := 2
	if writer {
		v.Set("_journal_mode", "WAL")
		v.Set("_synchronous", "NORMAL") // what a loss of power takes is read again
		v.Set("_txlock", "immediate")
		pragmas = append(pragmas, "PRAGMA wal_autocheckpoint = 4000", "PRAGMA cache_size = -8000")
		n = 1
	} else {
		v.Set("mode", "ro")
		v.Set("_query_only", "1")
		pragmas = append(pragmas, "PRAGMA cache_size = -16000")
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: v.Encode()}
	db := sql.OpenDB(&connector{drv: &sqlite3.SQLiteDriver{ConnectHook: hook(pragmas)}, dsn: u.String()})
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

// create makes an empty file with its schema, and takes away what was there.
func create(ctx context.Context, path, home string, st State) (err error) {
	if err := Remove(path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	db := open(path, true)
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, format)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO state(one, home, bodies_change, bodies_id, headers_change, headers_id, old_received, old_id)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?)`, append([]any{home}, st.columns()...)...); err != nil {
		return err
	}
	return tx.Commit()
}

func (st State) columns() []any {
	old := Place{}
	var received any
	if st.Old != nil {
		old, received = *st.Old, st.Old.Received
	}
	return []any{st.Bodies.Change, st.Bodies.ID, st.Headers.Change, st.Headers.ID, received, old.ID}
}

// Remove takes the file away, and what lies beside it.
func Remove(path string) error {
	var errs []error
	for _, suffix := range []string{"-wal", "-shm", "-journal", ".seal", ""} {
		if err := os.Remove(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Replace puts a finished index in the place of another. Nobody may be writing to either.
func Replace(path, fresh string) error {
	if err := Remove(path); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	err := os.Rename(sealPath(fresh), sealPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

type querier interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

// readState reads the state, and checks whose index it is.
func readState(ctx context.Context, q querier, home string) (st State, err error) {
	var id, version, oldID int64
	var was string
	var oldReceived sql.NullInt64
	err = q.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)`).Scan(&id, &version)
	if err != nil {
		return st, broken(err)
	}
	if id != applicationID || version != format {
		return st, fmt.Errorf("%w: it was made by another version of mua", ErrBroken)
	}
	err = q.QueryRowContext(ctx, `SELECT home, bodies_change, bodies_id, headers_change, headers_id, old_received, old_id, spread, docs, terms, dead, packed FROM state`).
		Scan(&was, &st.Bodies.Change, &st.Bodies.ID, &st.Headers.Change, &st.Headers.ID, &oldReceived, &oldID, &st.Spread, &st.Docs, &st.Terms, &st.Dead, &st.Packed)
	if err != nil {
		return st, broken(err)
	}
	if was != home {
		return st, fmt.Errorf("%w: it is of another mail.db", ErrBroken)
	}
	if oldReceived.Valid {
		st.Old = &Place{oldReceived.Int64, oldID}
	}
	return st, nil
}

// broken tells what an error of SQLite means: the file is to be built anew, or it is nothing of the file's.
func broken(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || passing(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}
