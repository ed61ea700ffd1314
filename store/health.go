package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// maxProblems is how many problems an examination lists.
const maxProblems = 20

// Health is what Examine finds. What could not be read is zero, and a problem says so.
type Health struct {
	Path           string
	Missing        bool  // there is no such file; nothing but Path, Free and what is about this program is known
	ReadOnly       bool  // it, or beside it, may not be written: it was read as it is
	Size, Log      int64 // of mail.db and of the write-ahead log beside it, in bytes
	Free           int64 // on that disk, for this user, in bytes; -1: not known
	Schema, Newest int   // of the file, and of this program
	Problems       []string
	Exposed        []string // files and folders that others may read or write, with their modes
	Messages       int      // copies that the person sees
	Drafts         int
	Outbox         map[ItemState]int
	Oldest         time.Time             // when the oldest item that still waits was spooled; zero: none waits
	Uncertain      []OutboxID            // a person must decide
	Open           map[string][]OutboxID // items that are queued, held or being sent, by the name of their account
	LastFlush      time.Time             // of a flush that comes again: the UI's, a watcher's, a timer's; zero: never
	LeftOut        []string              // messages that could not be had of a server, in words
	InUse          int                   // process id of another program that has the database open; 0: none seen

	SQLite          string     // its version
	Reusable        int64      // octets that are free inside of the file, for what comes
	Shrinks         bool       // the file gives room back; one made by an older mua only uses it again
	Mailboxes       []BoxSpace // largest first
	Recoverable     int        // messages that mua recover can bring back, and what they take, in octets
	RecoverableSize int64
	Wishes          int // changes that servers have not heard of
	OldestWish      time.Time
	Conflicts       int // changes that servers refused
	Held            []HeldDeletion
	Index           *IndexState // how far the search index is; nil: not known
}

// Examine looks at the mail.db in a data folder, or at the file path when that is given, and
// changes neither it nor its write-ahead log. The error is that of a file that is not there
// (fs.ErrNotExist), may not be read, or is a newer mua's (ErrNewerSchema); what is wrong inside is in Problems.
func Examine(ctx context.Context, dir, path string) (Health, error) {
	still := path != "" // a copy, unless somebody has it open
	if path == "" {
		path = filepath.Join(dir, "mail.db")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return Health{Path: path}, err
	}
	h := Health{Path: path, Free: freeSpace(filepath.Dir(path)), Outbox: map[ItemState]int{}, Open: map[string][]OutboxID{}, SQLite: sqliteVersion()}
	if unlock, err := lockFolder(ctx, filepath.Dir(path), false); err == nil { // it gets no other name meanwhile
		defer unlock()
	}
	h.sizes()
	steps, err := migrations(migrationFiles)
	if err != nil {
		return h, err
	}
	h.Newest = len(steps)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && h.Log > 0 {
		h.Problems = []string{"mail.db is gone, and mail.db-wal beside it is not"}
		return h, nil
	}
	h.Missing = errors.Is(err, fs.ErrNotExist)
	if err != nil {
		return h, err
	}
	h.InUse = lockHolder(f)
	if err := f.Close(); err != nil { // before SQLite opens it: closing drops the locks of this process
		return h, err
	}
	h.exposed()
	switch {
	case h.Size == 0 && h.Log > 0:
		h.Problems = []string{"mail.db is empty, and mail.db-wal beside it is not"}
	case h.Size == 0:
		h.Problems = []string{"mail.db is empty: opening it begins an empty mail store"}
	default:
		h.ReadOnly = !still && unwritable(path)
		if err := h.look(ctx, still && h.InUse == 0 && h.Log == 0); err != nil {
			return h, err
		}
		if !still && len(h.Problems) == 0 {
			h.lookAtIndex(ctx, dir)
		}
	}
	return h, nil
}

// lookAtIndex tells how far the search index is, where mail.db can be read without writing.
func (h *Health) lookAtIndex(ctx context.Context, dir string) {
	s, err := OpenReadOnly(ctx, dir, Options{})
	if err != nil {
		return
	}
	st, err := s.IndexState(ctx)
	if errors.Join(err, s.Close()) == nil {
		h.Index = &st
	}
}

// unwritable reports whether a file may not be written. Like any other look at it, that comes before SQLite opens it.
func unwritable(path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = f.Close()
	}
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

func (h *Health) sizes() {
	if st, err := os.Stat(h.Path); err == nil {
		h.Size = st.Size()
	}
	if st, err := os.Stat(h.Path + "-wal"); err == nil {
		h.Log = st.Size()
	}
}

// exposed lists what others than the owner may read or write.
func (h *Health) exposed() {
	for _, p := range []string{filepath.Dir(h.Path), h.Path, h.Path + "-wal", h.Path + "-shm"} {
		if st, err := os.Stat(p); err == nil && st.Mode().Perm()&0o077 != 0 {
			h.Exposed = append(h.Exposed, fmt.Sprintf("%s (%04o)", p, st.Mode().Perm()))
		}
	}
}

func (h *Health) problem(doing string, err error) {
	if err != nil && len(h.Problems) < maxProblems {
		h.Problems = append(h.Problems, doing+": "+err.Error())
	}
}

// look reads the database through one connection that cannot write. still: nobody writes to it either, so that
// no log is begun beside it. A folder in which SQLite may not write its files is no damage: the file is read as it is then, but
// where what was written last is in a log that cannot be read there, that is an error.
func (h *Health) look(ctx context.Context, still bool) error {
	err := h.lookThrough(ctx, still)
	if still || !errors.Is(err, ErrReadOnly) {
		return err
	}
	h.ReadOnly = true
	if h.Log > 0 {
		return unreadLog(h.Path)
	}
	return h.lookThrough(ctx, true)
}

func (h *Health) lookThrough(ctx context.Context, still bool) error {
	db := openReadOnly(h.Path, still)
	defer db.Close()
	var tables int
	err := retryBusy(ctx, func() error { return db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables) })
	if cannotOpen(err) { // but the file can be read: it is those beside it
		return &faultError{ErrReadOnly, err}
	}
	if err = storageFault(err); errors.Is(err, ErrReadOnly) {
		return err
	}
	if err != nil {
		h.problem("opening", err)
		return nil
	}
	if h.Schema, err = checkFile(ctx, db, h.Path, h.Newest); errors.Is(err, ErrNewerSchema) {
		return err // nothing is wrong with it: it must not be set aside
	} else if err != nil {
		h.problem("its first page", err)
		return nil
	}
	h.check(ctx, db, `PRAGMA integrity_check(20)`, func(rows *sql.Rows) (what string, err error) {
		err = rows.Scan(&what)
		if what == "ok" {
			what = ""
		}
		return what, err
	})
	h.check(ctx, db, `PRAGMA foreign_key_check`, func(rows *sql.Rows) (string, error) {
		var table, parent string
		var row sql.NullInt64
		var key int
		err := rows.Scan(&table, &row, &parent, &key)
		return fmt.Sprintf("%s %d points to a row of %s that there is not", table, row.Int64, parent), err
	})
	h.count(ctx, db)
	if len(h.Problems) == 0 {
		h.space(ctx, db)
	}
	return nil
}

// check adds what a checking pragma finds; read gives "" for nothing.
func (h *Health) check(ctx context.Context, db *sql.DB, pragma string, read func(*sql.Rows) (string, error)) {
	rows, err := db.QueryContext(ctx, pragma)
	if err != nil {
		h.problem("checking", storageFault(err))
		return
	}
	defer rows.Close()
	for rows.Next() {
		what, err := read(rows)
		if err != nil {
			h.problem("checking", storageFault(err))
			return
		}
		if what != "" && len(h.Problems) < maxProblems {
			h.Problems = append(h.Problems, what)
		}
	}
	h.problem("checking", storageFault(rows.Err()))
}

// count reads the state of the mail and of the queue.
func (h *Health) count(ctx context.Context, db *sql.DB) {
	one := func(doing, q string, into any) {
		h.problem(doing, storageFault(db.QueryRowContext(ctx, q).Scan(into)))
	}
	one("counting messages", `SELECT count(*) FROM message WHERE state = 0`, &h.Messages)
	one("counting drafts", fmt.Sprintf(`SELECT count(*) FROM message WHERE state = 0 AND flags & %d <> 0`, Draft), &h.Drafts)
	if h.Schema >= quarantineSchema {
		var err error
		h.LeftOut, err = leftOut(ctx, db)
		h.problem("reading what was left out", storageFault(err))
	}
	var oldest, flushed sql.NullInt64
	one("reading the queue", `SELECT min(created) FROM outbox WHERE state IN ('queued', 'sending', 'held')`, &oldest)
	one("reading the last flush", `SELECT max(at) FROM signal WHERE kind = 'flush'`, &flushed)
	h.Oldest, h.LastFlush = at(oldest), at(flushed)
	rows, err := db.QueryContext(ctx, `SELECT o.id, o.state, o.content, coalesce(a.name, '') FROM outbox o
		LEFT JOIN account a ON a.id = o.account ORDER BY o.id`)
	if err != nil {
		h.problem("reading the queue", storageFault(err))
		return
	}
	defer rows.Close()
	unsent := map[OutboxID]ContentID{}
	for rows.Next() {
		var id OutboxID
		var state ItemState
		var c ContentID
		var acct string
		if err := rows.Scan(&id, &state, &c, &acct); err != nil {
			h.problem("reading the queue", storageFault(err))
			return
		}
		h.Outbox[state]++
		if state == Uncertain {
			h.Uncertain = append(h.Uncertain, id)
		}
		if state == Queued || state == Held || state == Sending {
			h.Open[acct] = append(h.Open[acct], id)
		}
		if state != Sent && state != Cancelled {
			unsent[id] = c
		}
	}
	h.problem("reading the queue", storageFault(rows.Err()))
	_ = rows.Close()
	h.checkBytes(ctx, db, unsent)
}

// checkBytes compares the bytes of unsent items with the hash they were stored under: no check of
// SQLite's sees damage inside a message.
func (h *Health) checkBytes(ctx context.Context, db *sql.DB, unsent map[OutboxID]ContentID) {
	s := &Store{}
	defer s.codec.close()
	for id, c := range unsent {
		if _, err := s.verified(ctx, db, c); err != nil {
			h.problem(fmt.Sprintf("the bytes of outbox item %d", id), storageFault(err))
		}
	}
}

// verified reads raw bytes and compares them with their hash. Bytes that do not fit it come with the error.
func (s *Store) verified(ctx context.Context, q querier, id ContentID) ([]byte, error) {
	raw, err := s.content(ctx, q, id)
	if err != nil {
		return nil, err
	}
	var sum []byte
	if err := q.QueryRowContext(ctx, `SELECT sha256 FROM content WHERE id = ?`, id).Scan(&sum); err != nil {
		return raw, err
	}
	if got := sha256.Sum256(raw); string(got[:]) != string(sum) {
		return raw, fmt.Errorf("content %d: %w: the bytes are not those that were stored", id, ErrDamaged)
	}
	return raw, nil
}
