//go:build unix

package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Lock takes the lock for purpose ("sync" or "flush") of an account without
// waiting: a flock that the kernel frees on death. ErrLocked when another process
// has it, or another caller in this one.
func (s *Store) Lock(account string, purpose string) (unlock func(), err error) {
	name := url.PathEscape(account) + "." + url.PathEscape(purpose) + ".lock"
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return sync.OnceFunc(func() { _ = f.Close() }), nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%s of %s: %w", purpose, account, ErrLocked)
	}
	return nil, fmt.Errorf("lock %s: %w", name, err)
}

// lockFolder takes the lock of a data folder, a flock on the folder itself: shared while mail.db is being opened in it, alone while
// mail.db gets another name, which SQLite would not notice that has found the file and not yet its log. ErrBusy after some waiting.
func lockFolder(ctx context.Context, dir string, alone bool) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	for begin := time.Now(); ; {
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return sync.OnceFunc(func() { _ = f.Close() }), nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), f.Close())
		case time.Since(begin) > busyLimit:
			return nil, errors.Join(fmt.Errorf("another program is opening, or setting aside, the mail database for more than %v: %w", busyLimit, ErrBusy), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(busyPause):
		}
	}
}
