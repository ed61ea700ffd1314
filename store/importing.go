package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ImportMailbox finds the mailbox of an account below path, level by level, or makes it. onServer: the account has a server that keeps
// mailboxes, and the wish to make it is journaled, under what that server keeps all mailboxes under. ErrName for a name that cannot be.
func (s *Store) ImportMailbox(ctx context.Context, a AccountID, path []string, onServer bool) (Mailbox, error) {
	list, err := s.Mailboxes(ctx, a)
	if err != nil {
		return Mailbox{}, err
	}
	sep := separator(list)
	if sep == "" {
		sep = "/"
		if onServer && len(path) > 1 && len(list) == 0 {
			return Mailbox{}, fmt.Errorf("how the server separates the levels of %s is not known yet, sync first: %w", strings.Join(path, " / "), ErrState)
		}
	}
	name := path[0]
	for _, level := range path[1:] {
		name += sep + strings.ReplaceAll(level, sep, "_")
	}
	if onServer {
		name = within(prefix(list), name)
	}
	if m, ok := sameName(list, name); ok {
		return m, importable(m)
	}
	if len(path) == 1 {
		if m, ok := MailboxNamed(list, path[0]); ok { // by its role
			return m, importable(m)
		}
	}
	if onServer {
		made, err := s.createMailbox(ctx, a, name, true, false) // nothing of an import is what Undo takes back
		return made.Mailbox, err
	}
	if err := checkName(list, name, sep); err != nil {
		return Mailbox{}, err
	}
	m, err := s.LocalMailbox(ctx, a, name)
	if err == nil && m.Separator == "" {
		m.Separator = sep
		err = s.write(ctx, func(t *txn) error { return t.run(`UPDATE mailbox SET separator = ? WHERE id = ?`, sep, m.ID) })
	}
	return m, err
}

func importable(m Mailbox) error {
	if m.NoSelect {
		return fmt.Errorf("%s holds no messages: %w", m.Name, ErrState)
	}
	return nil
}

// Importer stores messages that come from files, each once in a mailbox.
type Importer struct {
	s     *Store
	known []uint64 // beginnings of the hashes that were here, sorted
}

// Import is one message on its way into a mailbox.
type Import struct {
	Box      Mailbox
	Incoming        // Flags, Keywords, Received and Raw
	Has      bool   // it is there already; set by Prepare and Store
	Done     bool   // it is there, durably; set by Store, also when that fails for others
	Octets   int64  // of the message; set by Prepare
	Path     string // where it is from, for whoever is told of it

	skip   bool   // it was there when it was prepared
	header []byte // for a mailbox on a server
}

// importCheckpoint is how many pages of the write-ahead log an import lets come together: what is written to the pages
// of every index in between is written to the file once. 48 MiB, within the size that the log keeps.
const importCheckpoint = 12000

// Importer reads which messages are here, so that those need not be prepared again.
func (s *Store) Importer(ctx context.Context) (*Importer, error) {
	im := &Importer{s: s}
	if _, err := s.writer.ExecContext(ctx, fmt.Sprint(`PRAGMA wal_autocheckpoint = `, importCheckpoint)); err != nil {
		return nil, storageFault(err)
	}
	err := s.read(ctx, func(q querier) error {
		im.known = im.known[:0]
		rows, err := q.QueryContext(ctx, `SELECT sha256 FROM content`)
		if err != nil {
			return err
		}
		defer rows.Close()
		var sum sql.RawBytes
		for rows.Next() {
			if err := rows.Scan(&sum); err != nil {
				return err
			}
			if len(sum) >= 8 {
				im.known = append(im.known, binary.BigEndian.Uint64(sum))
			}
		}
		return rows.Err()
	})
	slices.Sort(im.known)
	return im, err
}

// Prepare does what one message costs before it can be stored. For different messages it may run at the same time. For a mailbox on a
// server its line ends become CRLF, as the server will have them.
func (im *Importer) Prepare(ctx context.Context, m *Import) error {
	if !m.Box.Local {
		m.Raw = toCRLF(m.Raw)
	}
	m.Octets = int64(len(m.Raw))
	m.Raw = notNil(m.Raw)
	sum := sha256.Sum256(m.Raw)
	if _, maybe := slices.BinarySearch(im.known, binary.BigEndian.Uint64(sum[:])); maybe {
		err := im.s.read(ctx, func(q querier) error {
			return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM content c JOIN message m ON m.content = c.id
				WHERE c.sha256 = ? AND m.mailbox = ? AND m.state = 0)`, sum[:], m.Box.ID).Scan(&m.Has)
		})
		if err != nil || m.Has {
			m.Raw, m.skip = nil, true
			return err
		}
	}
	if !m.Box.Local {
		m.header = bytes.Clone(headerOf(m.Raw))
	}
	c, text := im.s.described(m.Raw, nil, 0)
	chunks, err := im.s.codec.pack(m.Raw)
	c.content = &packed{sum, m.Octets, chunks, text}
	m.Raw, m.ready = nil, &c
	return err
}

// Store stores what was prepared, durably when it returns, in the order given. In a mailbox on a server each gets the wish that puts
// it there.
func (im *Importer) Store(ctx context.Context, batch []Import) error {
	p := &puller{store: im.s}
	var boxes map[MailboxID]Mailbox
	var grp GroupID
	defer im.s.fresh.slacken(ctx)
	done, err := im.s.writeMost(ctx, len(batch), func(t *txn, i int) error {
		m := &batch[i]
		if m.skip {
			return nil
		}
		if t.seq == 0 { // the first of this transaction
			boxes, grp = map[MailboxID]Mailbox{}, 0
			if _, err := t.change(); err != nil {
				return err
			}
		}
		var err error
		if p.box = boxes[m.Box.ID]; p.box.ID == 0 { // as it is now: a sync may have found it on the server
			if p.box, err = mailbox(t.ctx, t.tx, m.Box.ID); err != nil {
				return err
			}
			boxes[m.Box.ID] = p.box
		}
		if !p.box.Local && grp == 0 {
			if grp, err = t.newGroup("import", false); err != nil {
				return err
			}
		}
		p.group = grp
		m.Has, err = im.store1(t, p, m)
		return err
	})
	for i := range batch[:done] {
		batch[i].Done = true
	}
	return err
}

// store1 stores one, unless it is there.
func (im *Importer) store1(t *txn, p *puller, m *Import) (has bool, err error) {
	c := m.ready
	id, err := t.findContent(*c.content)
	if err != nil {
		return false, err
	}
	if id != 0 {
		err := t.row(`SELECT EXISTS (SELECT 1 FROM message WHERE content = ? AND mailbox = ? AND state = 0)`, id, p.box.ID).Scan(&has)
		if err != nil || has {
			return has, err
		}
	}
	if !p.box.Local && c.headerID != "" {
		if has, err = im.headerHere(t, p.box, c, m.header); err != nil || has {
			return has, err
		}
	}
	p.batch, p.prepared = []Incoming{m.Incoming}, []prepared{{*c, true}}
	_, err = p.insert(t, 0)
	return false, err
}

// headerHere finds the copy whose header alone is here of what the server has: it gets its body.
func (im *Importer) headerHere(t *txn, box Mailbox, c *columns, header []byte) (bool, error) {
	rows, err := t.query(`SELECT m.id, h.data FROM message m JOIN header h ON h.message = m.id
		WHERE m.header_id = ? AND m.size = ? AND m.mailbox = ? AND m.content IS NULL AND m.state = 0`, c.headerID, c.size, box.ID)
	if err != nil {
		return false, err
	}
	found := MessageID(0)
	for rows.Next() {
		var id MessageID
		var have []byte
		if err := rows.Scan(&id, &have); err != nil {
			return false, errors.Join(err, rows.Close())
		}
		if found == 0 && sameHeader(have, header) {
			found = id
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || found == 0 {
		return false, err
	}
	return true, t.setBodies(im.s, found, c)
}

// toCRLF gives bare LF and CR the line end that servers want; what is sound is returned as it is.
func toCRLF(raw []byte) []byte {
	bare := func(i int) bool {
		return raw[i] == '\n' && (i == 0 || raw[i-1] != '\r') || raw[i] == '\r' && (i+1 == len(raw) || raw[i+1] != '\n')
	}
	at := 0
	for at < len(raw) {
		i := bytes.IndexAny(raw[at:], "\r\n")
		if i < 0 {
			return raw
		}
		if at += i; bare(at) {
			break
		}
		at++
	}
	if at == len(raw) {
		return raw
	}
	out := append(make([]byte, 0, len(raw)+len(raw)/32+2), raw[:at]...)
	for i := at; i < len(raw); i++ {
		if bare(i) {
			out = append(out, '\r', '\n')
		} else {
			out = append(out, raw[i])
		}
	}
	return out
}
