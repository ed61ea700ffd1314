package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// A copied or restored data folder must not send old mail again. The spool knows the file it lives
// in, and counts claims and pending dots in a mark that is also written, after each commit, to the state folder:
// in another file, or with a mark behind the one in the state folder, it is not the one that sent last.

// Moved says why this spool may be a copy, or older than what was sent from it already; "" when it is
// the one that sent last. A spool that has never been looked at belongs to the file it is in.
func (s *Store) Moved(ctx context.Context) (why string, err error) {
	var id, file string
	var mark int64
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT id, file, mark FROM spool`).Scan(&id, &file, &mark)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", s.write(ctx, func(t *txn) error { return s.settleIn(t) })
	}
	if err != nil {
		return "", err
	}
	here, err := fileIdentity(s.path())
	if err != nil {
		return "", err
	}
	if !sameFile(here, file) {
		return "this data folder is a copy of another one, or was moved here", nil
	}
	noted := s.mark.read(id)
	if noted <= mark {
		return "", nil
	}
	// Somebody may have claimed, and noted it, since the row was read.
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT id, mark FROM spool`).Scan(&file, &mark)
	})
	if err != nil || file != id || noted <= mark {
		return "", err
	}
	return "this data folder was restored from an earlier state of it", nil
}

// sameFile compares identities. Where one of them lacks the time of birth, as when a file system or
// kernel begins or ceases to tell it, the rest decides.
func sameFile(a, b string) bool {
	a, aBorn, aHas := strings.Cut(a, ", born ")
	b, bBorn, bHas := strings.Cut(b, ", born ")
	return a == b && (!aHas || !bHas || aBorn == bBorn)
}

// Confirm lets a copied or restored spool send: it lives here from now on.
func (s *Store) Confirm(ctx context.Context) error {
	return s.write(ctx, func(t *txn) error {
		if err := t.run(`UPDATE outbox SET waiting = '', last_error = '' WHERE state = 'queued' AND waiting = 'answer'`); err != nil {
			return err
		}
		if err := t.run(`DELETE FROM spool`); err != nil {
			return err
		}
		return s.settleIn(t)
	})
}

// settleIn notes where the spool lives, unless that is known.
func (s *Store) settleIn(t *txn) error {
	var known bool
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM spool)`).Scan(&known); err != nil || known {
		return err
	}
	file, err := fileIdentity(s.path())
	if err != nil {
		return err
	}
	return t.run(`INSERT INTO spool(one, id, file, mark) VALUES (1, ?, ?, 0) ON CONFLICT DO NOTHING`, strings.ToLower(rand.Text()), file)
}

// markFile is the mark in the state folder: a number in a file that the spool's id names. It is best
// effort: a folder that cannot be written takes away a safeguard, not mail. It needs no fsync, for a
// mark that is lost is only one that is behind.
type markFile struct {
	dir string // "": no mark is kept

	mu   sync.Mutex
	id   string
	file *os.File
}

func (m *markFile) path(id string) string { return filepath.Join(m.dir, "spool-"+id) }

// write notes a mark after its commit.
func (m *markFile) write(id string, mark int64) {
	if m.dir == "" || id == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id != id {
		m.close()
		if os.MkdirAll(m.dir, 0o700) != nil {
			return
		}
		f, err := os.OpenFile(m.path(id), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return
		}
		m.id, m.file = id, f
	}
	_, _ = m.file.WriteAt(fmt.Appendf(nil, "%20d\n", mark), 0)
}

// read is the mark last noted; 0 when there is none.
func (m *markFile) read(id string) int64 {
	if m.dir == "" {
		return 0
	}
	b, err := os.ReadFile(m.path(id))
	if err != nil || len(b) > 64 {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// close lets the file go; the caller holds the lock or is alone.
func (m *markFile) close() {
	if m.file != nil {
		_ = m.file.Close()
	}
	m.id, m.file = "", nil
}
