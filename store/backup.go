package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// backupPages is how many pages are copied between two looks at the context.
const backupPages = 2048

// Backup copies the database as it is now into an empty file of that name (0600), while others read and write it, makes that durable, and
// checks what it has written: ErrCorrupt when it is not sound, which says that the database is not. It returns
// the copy's size in octets. progress (nil: nobody listens) is told how much of how much is done. When it fails the
// file holds nothing of use.
func (s *Store) Backup(ctx context.Context, path string, progress func(done, total int64)) (size int64, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	st, err := f.Stat()
	if err == nil && st.Size() > 0 {
		err = fmt.Errorf("%s holds something already: %w", path, ErrState)
	}
	if err = errors.Join(err, f.Close()); err != nil { // before SQLite opens it: closing drops its locks
		return 0, err
	}
	if err := s.copyPages(ctx, path, progress); err != nil {
		return 0, storageFault(err)
	}
	if f, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return 0, err
	}
	if st, err = f.Stat(); err == nil {
		size = st.Size()
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, storageFault(err)
	}
	return size, checkCopy(ctx, path)
}

// copyPages copies one snapshot: the transaction that is held keeps the pages as they are, so that nothing begins anew when others
// write meanwhile.
func (s *Store) copyPages(ctx context.Context, path string, progress func(done, total int64)) error {
	from, err := newConnector(s.path(), false).Connect(ctx)
	if err != nil {
		return err
	}
	defer from.Close()
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_journal_mode": {"OFF"}, "_synchronous": {"OFF"}}.Encode()}
	to, err := (&sqlite3.SQLiteDriver{}).Open(u.String())
	if err != nil {
		return err
	}
	src, ok := any(from).(*sqlite3.SQLiteConn)
	dst, ok2 := any(to).(*sqlite3.SQLiteConn)
	if !ok || !ok2 {
		return errors.Join(errors.New("no connection of SQLite's"), to.Close())
	}
	err = holdSnapshot(ctx, src)
	if err == nil {
		err = copyDatabase(ctx, dst, src, progress)
	}
	return errors.Join(err, to.Close())
}

// checkCopy looks at a finished copy, of which nothing is changed and beside which nothing is made.
func checkCopy(ctx context.Context, path string) error {
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {"ro"}, "immutable": {"1"}, "_query_only": {"1"}}.Encode()}
	db, err := sql.Open("sqlite3", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found); err != nil {
		return storageFault(err)
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, found)
	}
	return nil
}
