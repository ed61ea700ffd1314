package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mua/store/message"
)

// SalvagedItem is an unsent outbox item as far as it could be read.
type SalvagedItem struct {
	ID                OutboxID
	Account           string
	State             ItemState
	MaybeSent         bool // the final dot of an attempt was due: the server may have it
	From              message.Address
	Sender            string
	Recipients        []Recipient
	Subject, HeaderID string
	Created           time.Time
	NotBefore         time.Time
	Key               string
	Raw               []byte   // as it goes on the wire; nil when it could not be read
	Problems          []string // what could not be read, or not be trusted
}

// SalvagedDraft is a draft as far as it could be read.
type SalvagedDraft struct {
	ID       MessageID
	Account  string
	Subject  string
	Raw      []byte
	Problems []string
}

// Rescue takes what can still be read out of a damaged mail.db.
type Rescue struct {
	Item  func(SalvagedItem) error  // called for each unsent item
	Draft func(SalvagedDraft) error // called for each draft
}

// Salvage reads the unsent items and the drafts of a database row by row, going on where a row
// cannot be read. It works on a copy in scratch, which needs room for one and is left empty; the
// file itself and its write-ahead log are only read. Nobody should be writing to them. notes says
// in sentences what had to be done and what is missing, whole that nothing is; an error of a function of r ends it.
func Salvage(ctx context.Context, path, scratch string, r Rescue) (notes []string, whole bool, err error) {
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return nil, false, err
	}
	dir, err := os.MkdirTemp(scratch, "mail.db-copy-")
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	work := filepath.Join(dir, "mail.db")
	if err := duplicate(path, work); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	if err := duplicate(path+"-wal", work+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	best, err := bestReading(ctx, work, dir)
	if err != nil {
		return nil, false, err
	}
	w := walker{ctx: ctx, Rescue: r}
	if err := w.run(work, best); err != nil {
		return nil, false, err
	}
	if best.words != "" {
		w.note("%s", best.words)
	}
	return w.notes, !w.missed, nil
}

// reading is one way to make SQLite read the copy.
type reading struct {
	words string
	first func(page []byte, size int64) []byte // the copy's first page anew; nil: as it is
	rest  []byte                               // of what is missing at the end; whole pages
	over  []int64                              // pages, counted from 0, that are taken from rest also where they are not missing
	lax   bool                                 // tables go without those whose definition cannot be read
}

// bestReading tries the readings in turn: the first that misses nothing, else the one that finds most.
func bestReading(ctx context.Context, work, dir string) (best reading, err error) {
	most := -1
	try := func(r reading) (sound bool, err error) {
		found := 0
		count := func(raw []byte) error {
			if raw != nil {
				found++
			}
			return nil
		}
		w := walker{ctx: ctx, Rescue: Rescue{
			Item:  func(i SalvagedItem) error { return count(i.Raw) },
			Draft: func(d SalvagedDraft) error { return count(d.Raw) },
		}}
		err = w.run(work, r)
		if found > most {
			best, most = r, found
		}
		return !w.missed, err
	}
	if sound, err := try(reading{}); sound || err != nil {
		return best, err
	}
	fresh, err := emptyDatabase(ctx, filepath.Join(dir, "fresh"))
	if err != nil {
		return best, err
	}
	for _, r := range []reading{
		{words: "the header of mail.db was damaged and was rebuilt in the copy", first: rebuiltHeader},
		{words: "the first page of mail.db, or its end, was damaged and was taken from an empty database in the copy", first: func(_ []byte, size int64) []byte {
			return rebuiltHeader(fresh[:pageSize], max(size, int64(len(fresh))))
		}, rest: fresh},
		{words: "what mail.db says of its tables was damaged and was taken from an empty database in the copy", first: func(_ []byte, size int64) []byte {
			return rebuiltHeader(fresh[:pageSize], max(size, int64(len(fresh))))
		}, rest: fresh, over: schemaPages(fresh)},
		{words: "what mail.db says of some of its tables was damaged, so they are missing", lax: true},
	} {
		if sound, err := try(r); sound || err != nil {
			return best, err
		}
	}
	return best, nil
}

const pageSize = 4096 // of every mail.db: SQLite's default

// emptyDatabase is an empty database of this schema: where its tables begin is the same in all that
// began with this schema.
func emptyDatabase(ctx context.Context, dir string) ([]byte, error) {
	s, err := Open(ctx, dir, Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, "mail.db"))
	if err == nil && len(b) < pageSize {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return b, os.RemoveAll(dir)
}

// rebuiltHeader gives a page the 100 octets that a database of ours begins with
// (https://www.sqlite.org/fileformat.html, 1.3), for a file of size octets.
func rebuiltHeader(page []byte, size int64) []byte {
	out := make([]byte, pageSize)
	copy(out, page)
	h := out[:100]
	clear(h)
	copy(h, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(h[16:], pageSize)
	h[18], h[19] = 2, 2 // write-ahead log
	h[21], h[22], h[23] = 64, 32, 32
	binary.BigEndian.PutUint32(h[24:], 1)
	binary.BigEndian.PutUint32(h[28:], uint32(max(1, (size+pageSize-1)/pageSize)))
	binary.BigEndian.PutUint32(h[40:], 1)
	binary.BigEndian.PutUint32(h[44:], 4)
	binary.BigEndian.PutUint32(h[56:], 1) // UTF-8
	binary.BigEndian.PutUint32(h[68:], applicationID)
	binary.BigEndian.PutUint32(h[92:], 1)
	return out
}

// apply changes the copy as the reading wants and returns how to undo it.
func (r reading) apply(work string) (undo func() error, err error) {
	f, err := os.OpenFile(work, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	under, err := r.overlay(f, st.Size())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	before := make([]byte, pageSize)
	n, err := f.ReadAt(before, 0)
	if err != nil && err != io.EOF {
		return nil, errors.Join(err, f.Close())
	}
	page := before[:n]
	switch {
	case r.first != nil:
		page = r.first(before, st.Size())
	case n == 0:
		page = before // SQLite would delete the log beside an empty file
	}
	_, err = f.WriteAt(page, 0)
	if have := st.Size() / pageSize * pageSize; err == nil && have < int64(len(r.rest)) {
		_, err = f.WriteAt(r.rest[max(have, pageSize):], max(have, pageSize))
	}
	return func() error {
		f, err := os.OpenFile(work, os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		for at, page := range under {
			_, failed := f.WriteAt(page, at)
			err = errors.Join(err, failed)
		}
		_, failed := f.WriteAt(before[:n], 0)
		return errors.Join(err, failed, f.Truncate(st.Size()), f.Close())
	}, errors.Join(err, f.Close())
}

func duplicate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// walker reads what there is, row by row.
type walker struct {
	Rescue
	ctx    context.Context
	db     *sql.DB
	s      Store    // for its codec
	notes  []string // on the file as a whole
	missed bool     // something could not be read
}

func (w *walker) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// run reads the copy in one way and leaves it as it was.
func (w *walker) run(work string, r reading) (err error) {
	undo, err := r.apply(work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, undo()) }()
	defer w.s.codec.close()
	w.db = openReadOnly(work, false)
	defer w.db.Close()
	if r.lax {
		w.goLax()
	}
	for _, id := range w.ids("outbox", `state NOT IN ('sent', 'cancelled')`) {
		if err := w.Item(w.item(OutboxID(id))); err != nil {
			return err
		}
	}
	for _, id := range w.ids("message", fmt.Sprintf(`state = 0 AND flags & %d <> 0`, Draft)) {
		if err := w.Draft(w.draft(MessageID(id))); err != nil {
			return err
		}
	}
	return nil
}

// maxProbes bounds how many ids are tried one by one where a table cannot be read in order.
const maxProbes = 200_000

// ids lists the rows of a table that a condition selects: in order, and where that is cut off by
// damage, from the other end, and one by one in between.
func (w *walker) ids(table, where string) []int64 {
	up, err := w.scan(table, where, "")
	if err == nil {
		return up
	}
	w.missed = true
	w.note("the table %s cannot be read as a whole: %v", table, storageFault(err))
	down, err := w.scan(table, where, " DESC")
	seen := map[int64]bool{}
	for _, id := range append(up, down...) {
		seen[id] = true
	}
	if err != nil {
		for _, id := range w.probe(table, where, up, down) {
			seen[id] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// probe tries the ids between what could be read from either end.
func (w *walker) probe(table, where string, up, down []int64) (out []int64) {
	var low, high int64
	if len(up) > 0 {
		low = up[len(up)-1]
	}
	if len(down) > 0 {
		high = down[len(down)-1]
	} else if w.db.QueryRowContext(w.ctx, `SELECT seq + 1 FROM sqlite_sequence WHERE name = ?`, table).Scan(&high) != nil {
		high = low + 1000
	}
	for id := low + 1; id < high && id-low < maxProbes && w.ctx.Err() == nil; id++ {
		var there bool
		err := w.db.QueryRowContext(w.ctx, `SELECT `+where+` FROM `+table+` NOT INDEXED WHERE id = ?`, id).Scan(&there)
		if err == nil && there {
			out = append(out, id)
		}
	}
	return out
}

// scan reads ids in order as far as they can be read.
func (w *walker) scan(table, where, order string) ([]int64, error) {
	rows, err := w.db.QueryContext(w.ctx, `SELECT id FROM `+table+` NOT INDEXED WHERE `+where+` ORDER BY id`+order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return out, err
		}
		if id > 0 {
			out = append(out, id)
		}
	}
	return out, rows.Err()
}

// item reads one unsent item, with the columns that every schema has.
func (w *walker) item(id OutboxID) SalvagedItem {
	it := SalvagedItem{ID: id}
	var acct int64
	var content, full sql.NullInt64
	var created, notBefore sql.NullInt64
	err := w.db.QueryRowContext(w.ctx, `SELECT account, state, from_name, from_addr, sender, subject, header_id, content, copy_content,
		created, not_before, coalesce(key, '') FROM outbox NOT INDEXED WHERE id = ?`, id).
		Scan(&acct, &it.State, &it.From.Name, &it.From.Addr, &it.Sender, &it.Subject, &it.HeaderID, &content, &full, &created, &notBefore, &it.Key)
	if err != nil {
		it.miss(w, "its row", err)
		return it
	}
	it.Created, it.NotBefore = at(created), at(notBefore)
	if err := w.db.QueryRowContext(w.ctx, `SELECT name FROM account WHERE id = ?`, acct).Scan(&it.Account); err != nil {
		it.miss(w, "the name of its account", err)
	}
	if it.Recipients, err = w.recipients(id); err != nil {
		it.miss(w, "its recipients", err)
	}
	it.MaybeSent = it.State == Uncertain
	if it.State == Sending {
		var dots int
		err := w.db.QueryRowContext(w.ctx, `SELECT count(*) FROM attempt NOT INDEXED WHERE item = ? AND ended IS NULL AND dot IS NOT NULL`, id).Scan(&dots)
		if it.MaybeSent = dots > 0 || err != nil; err != nil {
			it.miss(w, "how far its last attempt came", err)
		}
	}
	if it.Raw, err = w.s.verified(w.ctx, w.db, ContentID(content.Int64)); err != nil {
		it.miss(w, "its bytes", err)
	}
	if it.Raw == nil && full.Valid {
		if raw, err := w.s.verified(w.ctx, w.db, ContentID(full.Int64)); err == nil {
			it.Raw = raw
			it.Problems = append(it.Problems, "these are the bytes of the copy for Sent, which may name blind recipients")
		}
	}
	return it
}

func (it *SalvagedItem) miss(w *walker, what string, err error) {
	words := what + " cannot be read: " + storageFault(err).Error()
	it.Problems = append(it.Problems, words)
	w.missed = true
}

func (w *walker) recipients(id OutboxID) (out []Recipient, err error) {
	rows, err := w.db.QueryContext(w.ctx, `SELECT addr, state, code, enhanced, text, attempts FROM recipient WHERE item = ? ORDER BY seq`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r Recipient
		if err := rows.Scan(&r.Addr, &r.State, &r.Code, &r.Enhanced, &r.Text, &r.Attempts); err != nil {
			return out, err
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return out, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: there are none", ErrCorrupt)
	}
	return out, nil
}

// draft reads one draft.
func (w *walker) draft(id MessageID) SalvagedDraft {
	d := SalvagedDraft{ID: id}
	miss := func(what string, err error) {
		words := what + " cannot be read: " + storageFault(err).Error()
		d.Problems = append(d.Problems, words)
		w.missed = true
	}
	var acct int64
	var content sql.NullInt64
	err := w.db.QueryRowContext(w.ctx, `SELECT account, subject, content FROM message NOT INDEXED WHERE id = ?`, id).Scan(&acct, &d.Subject, &content)
	if err != nil {
		miss("its row", err)
		return d
	}
	if err := w.db.QueryRowContext(w.ctx, `SELECT name FROM account WHERE id = ?`, acct).Scan(&d.Account); err != nil {
		miss("the name of its account", err)
	}
	if !content.Valid {
		d.Problems = append(d.Problems, "only its header is here: the server has it")
		return d
	}
	if d.Raw, err = w.s.verified(w.ctx, w.db, ContentID(content.Int64)); err != nil {
		miss("its text", err)
	}
	return d
}

// Unanswered lists the recipients that a message may still have to go to, and those that may have got it.
func (it *SalvagedItem) Unanswered() (open, maybe []string) {
	for _, r := range it.Recipients {
		switch {
		case r.State == Accepted || r.State == Refused:
		case r.State == MaybeAccepted, it.MaybeSent && r.State == Pending:
			maybe = append(maybe, r.Addr)
		default:
			open = append(open, r.Addr)
		}
	}
	return open, maybe
}

// Words are the problems in one line; "" when there are none.
func (it *SalvagedItem) Words() string { return strings.Join(it.Problems, "; ") }
