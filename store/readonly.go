package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mua/store/index"
)

// Unwritable reports whether an error of Open may be of a data folder that can be read and not written: see OpenReadOnly.
func Unwritable(err error) bool {
	return errors.Is(err, ErrReadOnly) || errors.Is(err, fs.ErrPermission) || cannotOpen(err)
}

// OpenReadOnly opens a mail.db that may not be written, or not have files beside it, to be read as it is. What would write
// fails with ErrReadOnly. So does the opening where what was written last is in a log that cannot be read without
// writing, or the schema is older than this program's.
func OpenReadOnly(ctx context.Context, dir string, o Options) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if unlock, err := lockFolder(ctx, dir, false); err == nil {
		defer unlock()
	} else if errors.Is(err, ErrBusy) || ctx.Err() != nil {
		return nil, err
	}
	path := filepath.Join(dir, "mail.db")
	if err := readable(path); err != nil {
		return nil, err
	}
	log, err := os.Stat(path + "-wal")
	still := errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 // nobody has it open
	s := &Store{dir: dir, now: o.Now, writer: openReadOnly(path, still), pool: openReadOnly(path, still), mark: markFile{dir: o.State}}
	s.pool.SetMaxOpenConns(readers)
	if s.now == nil {
		s.now = time.Now
	}
	s.words = wordIndex{path: index.Path(dir), mail: path, few: fewBoxed}
	s.watchers.init()
	steps, err := migrations(migrationFiles)
	if err == nil {
		err = s.readsAs(ctx, path, len(steps))
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// readable fails unless a file can be opened and has something in it.
func readable(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if st.Size() == 0 {
		return fmt.Errorf("%s is empty: %w", path, fs.ErrNotExist)
	}
	f, err := os.Open(path) // before SQLite opens it: closing drops the locks of this process
	if err != nil {
		return err
	}
	return f.Close()
}

// readsAs looks whether the file can be read, and has the schema of this program.
func (s *Store) readsAs(ctx context.Context, path string, newest int) error {
	var version int
	err := retryBusy(ctx, func() (err error) {
		version, err = checkFile(ctx, s.pool, path, newest)
		return err
	})
	switch {
	case cannotOpen(err):
		return unreadLog(path)
	case err == nil && version < newest:
		return &faultError{ErrReadOnly, fmt.Errorf("%s has schema %d, and this mua would bring it to %d before it reads it", path, version, newest)}
	}
	return storageFault(err)
}

// unreadLog is the error of a log that cannot be read without writing.
func unreadLog(path string) error {
	return &faultError{ErrReadOnly, fmt.Errorf("what was written last is in %s-wal, and SQLite reads that only where it may write beside it", path)}
}
