//go:build unix

package store

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
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
