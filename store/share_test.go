package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTwoProcessesWrite: two Stores on one folder write and read at the same time, and
// nobody is told that the database is locked.
func TestTwoProcessesWrite(t *testing.T) {
	dir, c, ctx := t.TempDir(), newClock(), context.Background()
	const writers, rounds = 3, 15
	stores := []*Store{open(t, dir, c), open(t, dir, c)}
	acct := must(stores[0].EnsureAccount(ctx, "a"))(t)
	box := must(stores[0].RoleMailbox(ctx, acct, RoleInbox, true))(t)
	var wg sync.WaitGroup
	for n, s := range stores {
		for g := range writers {
			wg.Go(func() {
				for i := range rounds {
					_, _, err := s.AddRemote(ctx, box.ID, []Incoming{{UIDL: fmt.Sprint(n, g, i), Raw: mail(n*1000+g*100+i, "x", "y")}})
					if err != nil {
						t.Errorf("store %d: %v", n, err)
						return
					}
				}
			})
		}
		wg.Go(func() {
			for range rounds {
				if _, err := s.List(ctx, ListQuery{Mailbox: box.ID}); err != nil {
					t.Errorf("reader %d: %v", n, err)
				}
				if _, err := s.EnsureAccount(ctx, fmt.Sprint("acct", n)); err != nil {
					t.Errorf("store %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	for _, s := range stores {
		if m := must(s.Mailbox(ctx, box.ID))(t); m.Total != len(stores)*writers*rounds {
			t.Errorf("%d messages", m.Total)
		}
	}
}

// TestOpenAtTheSameTime: several processes make the same fresh folder.
func TestOpenAtTheSameTime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := Open(context.Background(), dir, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.EnsureAccount(context.Background(), "x"); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestALongWriteElsewhereIsWaitedFor(t *testing.T) {
	dir, c, ctx := t.TempDir(), newClock(), context.Background()
	a, b := open(t, dir, c), open(t, dir, c)
	began, finish, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- a.write(ctx, func(*txn) error {
			close(began)
			<-finish
			return nil
		})
	}()
	<-began
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := b.write(short, func(*txn) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an impatient writer: %v", err)
	}
	if _, err := b.Mailboxes(ctx, 0); err != nil { // readers do not wait
		t.Error(err)
	}
	got := make(chan error, 1)
	go func() { _, err := b.EnsureAccount(ctx, "new"); got <- err }()
	close(finish)
	ok(t, <-done)
	ok(t, <-got)
}

// TestABatchElsewhereLeavesGaps: while one process stores without pause, another gets its turn soon.
func TestABatchElsewhereLeavesGaps(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	a, b := open(t, dir, c), open(t, dir, c)
	ctx, stop := context.WithCancel(context.Background())
	began, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- a.writeEach(ctx, 1<<30, func(t *txn, i int) error {
			if i == 0 {
				close(began)
			}
			return t.run(`UPDATE counter SET change = change + 1`)
		})
	}()
	<-began
	for i := range 5 {
		begin := time.Now()
		must(b.EnsureAccount(ctx, fmt.Sprint(i)))(t)
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("waited %v for a turn", d)
		}
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// news waits for a value; there is one within the time a person would notice.
func news(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("no news")
	}
}

func TestWatch(t *testing.T) {
	dir, c, ctx := t.TempDir(), newClock(), context.Background()
	a, b := open(t, dir, c), open(t, dir, c)
	mine, cancelMine := a.Watch()
	other, cancelOther := b.Watch()
	defer cancelOther()
	must(a.EnsureAccount(ctx, "one"))(t)
	select {
	case <-mine: // at once: no polling is needed within a process
	default:
		t.Error("no news within the process")
	}
	news(t, other)
	cancelMine()
	cancelMine()
	must(b.EnsureAccount(ctx, "two"))(t)
	news(t, other)
	ok(t, b.Close())
	late, cancel := b.Watch()
	cancel()
	select {
	case <-late:
		t.Error("news after Close")
	default:
	}
}

func TestLock(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	a, b := open(t, dir, c), open(t, dir, c)
	unlock := must(a.Lock("w/../o rk", "sync"))(t)
	if _, err := b.Lock("w/../o rk", "sync"); !errors.Is(err, ErrLocked) {
		t.Errorf("locked twice: %v", err)
	}
	if _, err := a.Lock("w/../o rk", "sync"); !errors.Is(err, ErrLocked) {
		t.Errorf("locked twice in a process: %v", err)
	}
	must(b.Lock("w/../o rk", "flush"))(t)()
	unlock()
	unlock()
	must(b.Lock("w/../o rk", "sync"))(t)()
	for _, e := range must(os.ReadDir(dir))(t) {
		if strings.HasSuffix(e.Name(), ".lock") && must(e.Info())(t).Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), must(e.Info())(t).Mode())
		}
	}
}
