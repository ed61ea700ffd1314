package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mua/store/index"
)

// Store is the database: one writer, a pool of readers. Safe for concurrent use.
type Store struct {
	dir      string
	now      func() time.Time
	writer   *sql.DB // one connection; BEGIN IMMEDIATE
	pool     *sql.DB // readers; query_only
	codec    codec
	watchers watchers
	mark     markFile
	group    group
	words    wordIndex
	fresh    freshTexts
	saved    atomic.Pointer[map[string]string]
	filler   filler
	idle     idleWishes
	closed   sync.Once
	closeErr error
}

// Options of Open.
type Options struct {
	Now   func() time.Time // nil: time.Now
	State string           // state folder, for the spool's mark; "": none is kept
	Brief bool             // for a few calls one after another: one connection does it all, and opens faster
}

// Open opens or creates the data folder (0700) and mail.db (0600) in it, and migrates.
// ErrCorrupt: the file cannot be read as a database; it was left as it is. See [Damaged] and [SetAsideDamaged].
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	unlock, err := lockFolder(ctx, dir, false)
	switch {
	case err == nil:
		defer unlock()
	case errors.Is(err, ErrBusy) || ctx.Err() != nil:
		return nil, err
	} // else there is no folder yet, it may not be read, or it knows no locks
	return openLocked(ctx, dir, o)
}

// openLocked is Open; the caller holds the folder's lock. Once it is open, SQLite's own lock tells that it is.
func openLocked(ctx context.Context, dir string, o Options) (*Store, error) {
	path := filepath.Join(dir, "mail.db")
	if err := intact(ctx, path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := createPrivate(dir, path); err != nil {
		return nil, storageFault(err)
	}
	s := &Store{dir: dir, now: o.Now, writer: openPool(path, true), mark: markFile{dir: o.State}}
	if s.pool = s.writer; !o.Brief {
		s.pool = openPool(path, false)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.words = wordIndex{path: index.Path(dir), mail: path, few: fewBoxed}
	s.watchers.init()
	err := s.prepare(ctx, path)
	if err == nil && !o.Brief {
		err = s.fillBehind(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare opens the first connection and migrates. Where nothing is to be migrated that connection only reads: who
// comes to look leaves the writer's unopened.
func (s *Store) prepare(ctx context.Context, path string) error {
	db := s.pool
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		db = s.writer
	}
	if err := db.PingContext(ctx); err != nil {
		if schemaFault(err) { // a header such as SQLite never wrote, or one yet to come: not Damaged for certain
			err = &faultError{ErrCorrupt, err}
		}
		return fmt.Errorf("%s: %w", path, storageFault(explainOpen(err)))
	}
	return storageFault(migrate(ctx, db, s.writer, path, migrationFiles))
}

// Close ends all work; a second call does nothing.
func (s *Store) Close() error {
	s.closed.Do(func() {
		s.filler.close()
		s.watchers.close()
		s.closeErr = errors.Join(s.words.close(), s.pool.Close(), s.writer.Close())
		s.codec.close()
		s.mark.mu.Lock()
		s.mark.close()
		s.mark.mu.Unlock()
	})
	return s.closeErr
}

// Checkpoint has the database file take in what its log holds, as far as nobody is reading what was there before, so that
// Close has less to do. It waits for no one, and what fails is left to the next checkpoint.
func (s *Store) Checkpoint(ctx context.Context) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
}

// path is the database file.
func (s *Store) path() string { return filepath.Join(s.dir, "mail.db") }

// Dir is the data folder.
func (s *Store) Dir() string { return s.dir }

// createPrivate makes the folder and an empty file with the right modes whatever
// the umask. SQLite gives -wal and -shm the mode of the database file. A folder
// that exists keeps its mode; the file does not.
func createPrivate(dir, path string) error {
	if err := makeFolder(dir); err != nil {
		return err
	}
	// Never open the file when it is there: closing any descriptor of it drops
	// the POSIX locks SQLite holds elsewhere in this process.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close(), syncFolder(dir))
}

// makeFolder makes a folder and those above it, durably.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return errors.Join(os.Chmod(dir, 0o700), syncFolder(parent))
}

// syncFolder makes the names in a folder durable. SQLite does it for its own files beside the
// database, not for the database: without it a loss of power may take the whole file.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if errors.Is(err, os.ErrPermission) {
		return nil // a folder one may pass through and not read
	}
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // a file system that has no such thing
	}
	return errors.Join(err, f.Close())
}
