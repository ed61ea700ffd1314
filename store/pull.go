package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Incoming is prepared (parsed, hashed, compressed) outside of the transaction.
type prepared struct {
	columns
	ready bool
}

// puller is one call of AddRemote.
type puller struct {
	store    *Store
	box      Mailbox
	leaving  bool // it is deleted here: what is new in it is passed over
	batch    []Incoming
	prepared []prepared
	waiting  bool            // copies in this mailbox wait for adoption
	there    map[uint32]bool // UIDs that are in the mailbox already
	removed  map[int64]bool  // sizes of messages that the server has removed and that may be seen again
	group    GroupID         // of the wishes of an import; 0: each new copy has its own
	ids      []MessageID
	isNew    []bool
}

// AddRemote stores a batch; it is durable when AddRemote returns (a large batch in
// several transactions, so that nobody waits). An Incoming whose UID (or UIDL) is known
// is updated, not doubled. A copy waiting in this mailbox without a UID (our own
// append, a local move, a mailbox whose UIDVALIDITY changed) with the same Message-ID and
// size (or the same content) is adopted: it gets the UID and keeps its id. With neither
// UID nor UIDL it is an import. Returns the ids in order (0 for a UIDL whose message is
// gone, and for what is new in a mailbox that is being deleted) and how many were new to the store (adopted ones are not new).
func (s *Store) AddRemote(ctx context.Context, m MailboxID, batch []Incoming) (ids []MessageID, added int, err error) {
	if len(batch) == 0 {
		return nil, 0, nil
	}
	p := &puller{store: s, batch: batch, prepared: make([]prepared, len(batch)), ids: make([]MessageID, len(batch)), isNew: make([]bool, len(batch))}
	if p.box, p.leaving, err = s.pulledMailbox(ctx, m); err != nil {
		return nil, 0, err
	}
	if err := p.prepare(ctx); err != nil {
		return nil, 0, err
	}
	err = s.writeEach(ctx, len(batch), p.store1)
	if err != nil {
		return nil, 0, err
	}
	for _, n := range p.isNew {
		if n {
			added++
		}
	}
	return p.ids, added, nil
}

// prepare parses and compresses what is not known yet.
func (p *puller) prepare(ctx context.Context) error {
	known, err := p.knownUIDs(ctx, p.store.pool, p.batch)
	if err != nil {
		return err
	}
	return parallel(len(p.batch), func(i int) error {
		if in := &p.batch[i]; in.UID != 0 && known[in.UID] && in.Raw == nil && in.ready == nil {
			return nil
		}
		return p.prepare1(i)
	})
}

func (p *puller) prepare1(i int) error {
	in := &p.batch[i]
	if in.ready != nil {
		p.prepared[i] = prepared{*in.ready, true}
		return nil
	}
	c, err := p.store.columnsOf(in.Raw, in.Header, in.Size)
	p.prepared[i] = prepared{c, true}
	return err
}

// knownUIDs tells which of the UIDs of a batch are in the mailbox.
func (p *puller) knownUIDs(ctx context.Context, q querier, batch []Incoming) (map[uint32]bool, error) {
	var uids []uint32
	for i := range batch {
		if batch[i].UID != 0 {
			uids = append(uids, batch[i].UID)
		}
	}
	if len(uids) == 0 {
		return map[uint32]bool{}, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT server_uid FROM message WHERE server_mailbox = ?
		AND server_uid IN (SELECT value FROM json_each(?))`, p.box.ID, toJSON(uids))
	if err != nil {
		return nil, err
	}
	return collectSet[uint32](rows)
}

// store1 stores one Incoming.
func (p *puller) store1(t *txn, i int) error {
	in := &p.batch[i]
	if i == 0 || t.seq == 0 { // the first of this transaction
		if err := p.begin(t, i); err != nil {
			return err
		}
	}
	id, isNew, err := p.place(t, i, in)
	if err != nil {
		return fmt.Errorf("%s %s: UID %d: %w", p.box.AccountName, p.box.Name, in.UID, err)
	}
	p.ids[i], p.isNew[i] = id, isNew
	return nil
}

// begin reads at once what placing each of the batch from i on needs to know.
func (p *puller) begin(t *txn, i int) error {
	if _, err := t.change(); err != nil {
		return err
	}
	err := t.row(`SELECT EXISTS (SELECT 1 FROM message WHERE server_mailbox = ?1 AND server_uid IS NULL)
		OR EXISTS (SELECT 1 FROM action WHERE target = ?1 AND kind IN ('append', 'copy') AND state = 'pending')`, p.box.ID).Scan(&p.waiting)
	if err != nil {
		return err
	}
	if p.there, err = p.knownUIDs(short(t.ctx), t.tx, p.batch[i:]); err != nil {
		return err
	}
	sizes := make([]int64, 0, len(p.batch)-i)
	for j := range p.prepared[i:] {
		if p.prepared[i+j].ready && p.batch[i+j].UID != 0 {
			sizes = append(sizes, p.prepared[i+j].size)
		}
	}
	if p.removed = nil; len(sizes) == 0 {
		return nil
	}
	rows, err := t.query(removedSizes, p.box.Account, toJSON(sizes))
	if err != nil {
		return err
	}
	p.removed, err = collectSet[int64](rows)
	return err
}

// place finds the copy an Incoming is, or makes a new one.
func (p *puller) place(t *txn, i int, in *Incoming) (id MessageID, isNew bool, err error) {
	if in.UID != 0 && p.there[in.UID] {
		k, err := t.copyAt(p.box.ID, in.UID)
		if err != nil {
			return 0, false, err
		}
		if k != nil {
			return k.id, false, p.update(t, k, i)
		}
	}
	if in.UIDL != "" {
		id, known, err := t.knownUIDL(p.box.Account, in.UIDL)
		if err != nil || known {
			return id, false, err
		}
	}
	removed := p.removed[p.prepared[i].size]
	if !p.prepared[i].ready { // it was there before, and has gone meanwhile
		if err := p.prepare1(i); err != nil {
			return 0, false, err
		}
		removed = true
	}
	p.there[in.UID] = true // should the batch have it twice
	if in.UID != 0 && p.waiting {
		k, err := t.adoptable(p.box, in, &p.prepared[i].columns)
		if err != nil {
			return 0, false, err
		}
		if k != nil {
			return k.id, false, p.adopt(t, k, i)
		}
	}
	if p.leaving {
		return 0, false, nil
	}
	if in.UID != 0 && removed {
		k, err := t.seenAgain(p.box, in, &p.prepared[i].columns)
		if err != nil {
			return 0, false, err
		}
		if k != nil && k.removed == byBoth {
			if err := t.overtaken(k, p.box); err != nil {
				return 0, false, err
			}
		} else if k != nil {
			return k.id, false, p.revive(t, k, i)
		}
	}
	id, err = p.insert(t, i)
	return id, true, err
}

// update brings a known copy in line with what came.
func (p *puller) update(t *txn, k *copyState, i int) error {
	in := &p.batch[i]
	if _, err := t.serverFlags(k, FlagUpdate{in.UID, in.Flags, in.Keywords, in.ModSeq}); err != nil {
		return err
	}
	c := &p.prepared[i].columns
	if k.content != 0 || c.content == nil {
		return nil
	}
	content, err := t.putContent(*c.content)
	if err != nil {
		return err
	}
	if err := t.setBody(k.id, c, content); err != nil {
		return err
	}
	return t.joinReport(k.id, content, c)
}

// received is the time that lists sort by. Servers tell it in whole seconds, and copies are
// numbered here as they come, newest first; so that messages of one second are listed in the server's
// order, its UID stands for the milliseconds.
func (in *Incoming) received(now time.Time) time.Time {
	at := sane(in.Received)
	if at.IsZero() {
		return now
	}
	if in.UID != 0 && at.Nanosecond() == 0 {
		return at.Add(time.Duration(in.UID%1000) * time.Millisecond)
	}
	return at
}

// insert makes a new copy.
func (p *puller) insert(t *txn, i int) (MessageID, error) {
	in, c := &p.batch[i], &p.prepared[i].columns
	received := in.received(time.UnixMilli(t.now))
	keywords := keywordSet(nil, in.Keywords, nil)
	k := copyState{account: p.box.Account, mailbox: p.box.ID, flags: in.Flags, keywords: keywords}
	if in.UID != 0 {
		k.serverMailbox, k.uid, k.serverFlags, k.serverKeywords, k.modSeq = p.box.ID, in.UID, in.Flags, keywords, int64(in.ModSeq)
	}
	role := p.box.Role
	if in.Flags.Has(Draft) {
		role = RoleDrafts
	}
	content, c, err := t.contentOf(p.store, c, role)
	if err != nil {
		return 0, err
	}
	if err := t.insertMessage(&k, received.UnixMilli(), c, content); err != nil {
		return 0, err
	}
	if in.UIDL != "" {
		if err := t.run(`INSERT INTO uidl(account, uidl, message, first) VALUES (?, ?, ?, ?)`, p.box.Account, in.UIDL, k.id, t.now); err != nil {
			return 0, err
		}
	}
	if in.UID == 0 && !p.box.Local {
		err := error(nil)
		if p.group != 0 {
			err = t.settle(&k, p.group)
		} else {
			err = t.settleNew(&k, "adopt")
		}
		if err != nil {
			return 0, err
		}
	}
	if err := t.joinReport(k.id, content, c); err != nil {
		return 0, err
	}
	return k.id, t.meet(role, c, received)
}

// contentOf stores what came with a message. When only the header came and the
// same message is here already in another mailbox (same header byte for byte, same size, and
// marked by a server on its way, or else on a server and never a draft), its content is shared: nothing is transferred twice.
func (t *txn) contentOf(s *Store, c *columns, role Role) (ContentID, *columns, error) {
	if c.content != nil {
		id, err := t.putContent(*c.content)
		return id, c, err
	}
	if c.headerID == "" || role == RoleDrafts {
		return 0, c, nil
	}
	rows, err := t.query(`SELECT DISTINCT m.content FROM message m JOIN mailbox b ON b.id = m.mailbox WHERE m.header_id = ? AND m.size = ?
		AND m.content IS NOT NULL AND (? OR b.role <> 'drafts' AND m.flags & ? = 0 AND m.server_flags & ? = 0 AND m.server_uid IS NOT NULL) LIMIT 4`,
		c.headerID, c.size, c.traced, Draft, Draft)
	if err != nil {
		return 0, c, err
	}
	ids, err := collect[ContentID](rows)
	if err != nil {
		return 0, c, err
	}
	for _, id := range ids {
		header, err := s.contentHeader(t.ctx, t.tx, id)
		if err != nil || !sameHeader(header, c.header) {
			continue
		}
		raw, err := s.content(t.ctx, t.tx, id)
		if err != nil {
			continue
		}
		full, err := s.columnsOf(raw, nil, 0)
		return id, &full, err
	}
	return 0, c, nil
}

// collect reads one column.
func collect[T any](rows *sql.Rows) (out []T, err error) {
	defer rows.Close()
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// collectSet reads one column into a set.
func collectSet[T comparable](rows *sql.Rows) (map[T]bool, error) {
	list, err := collect[T](rows)
	out := make(map[T]bool, len(list))
	for _, v := range list {
		out[v] = true
	}
	return out, err
}

// messages reads the ids of messages that a query selects.
func (s *Store) messages(ctx context.Context, text string, args ...any) (ids []MessageID, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, text, args...)
		if err == nil {
			ids, err = collect[MessageID](rows)
		}
		return err
	})
	return ids, err
}

// Body is the raw bytes of a copy whose header is here.
type Body struct {
	Message MessageID
	Raw     []byte
	Opened  bool // a person asked for it: PruneBodies leaves it alone for a while

	ready *columns // by PrepareBody
}

// SetBodies stores a batch of bodies, durable when it returns. Copies that have one
// keep it; messages that are gone meanwhile are left out.
func (s *Store) SetBodies(ctx context.Context, batch []Body) error {
	cols := make([]columns, len(batch))
	err := parallel(len(batch), func(i int) (err error) {
		if batch[i].ready != nil {
			cols[i] = *batch[i].ready
			return nil
		}
		cols[i], err = s.columnsOf(notNil(batch[i].Raw), nil, 0)
		return err
	})
	if err != nil {
		return err
	}
	return s.writeEach(ctx, len(batch), func(t *txn, i int) error {
		err := t.setBodies(s, batch[i].Message, &cols[i])
		if err == nil && batch[i].Opened {
			err = t.noteOpened(batch[i].Message)
		}
		return err
	})
}

// setBodies gives a body to a copy and to all that show the same header.
func (t *txn) setBodies(s *Store, id MessageID, c *columns) error {
	k, err := t.anyCopy(id)
	if errors.Is(err, ErrNotFound) || err == nil && k.content != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	var header []byte
	if err := t.row(`SELECT data FROM header WHERE message = ?`, id).Scan(&header); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	content, err := t.putContent(*c.content)
	if err != nil {
		return err
	}
	ids := []MessageID{id}
	if k.headerID != "" && c.traced {
		rows, err := t.query(`SELECT m.id FROM message m JOIN header h ON h.message = m.id
			WHERE m.header_id = ? AND m.size = ? AND m.content IS NULL AND m.id <> ? AND h.data = ?`, k.headerID, c.size, id, header)
		if err != nil {
			return err
		}
		more, err := collect[MessageID](rows)
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	for _, id := range ids {
		if err := t.setBody(id, c, content); err != nil {
			return err
		}
		if err := t.joinReport(id, content, c); err != nil {
			return err
		}
	}
	return nil
}

// RemoteCopies lists what the server is believed to hold in a mailbox, by ascending UID.
func (s *Store) RemoteCopies(ctx context.Context, m MailboxID) ([]RemoteCopy, error) {
	return s.remoteCopies(ctx, `server_mailbox = ? AND server_uid IS NOT NULL ORDER BY server_uid`, m)
}

// MissingBodies lists copies without body, newest first, smaller than max octets (0: any).
func (s *Store) MissingBodies(ctx context.Context, m MailboxID, max int64) ([]RemoteCopy, error) {
	return s.remoteCopies(ctx, `server_mailbox = ?1 AND server_uid IS NOT NULL AND content IS NULL AND state = 0
		AND (?2 = 0 OR size < ?2) ORDER BY received DESC, id DESC`, m, max)
}

func (s *Store) remoteCopies(ctx context.Context, where string, args ...any) (out []RemoteCopy, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		rows, err := q.QueryContext(ctx, `SELECT server_uid, id, server_flags, server_keywords, content IS NOT NULL, size FROM message WHERE `+where, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c RemoteCopy
			var keywords string
			if err := rows.Scan(&c.UID, &c.Message, &c.Flags, &keywords, &c.HasBody, &c.Size); err != nil {
				return err
			}
			c.Keywords = fromJSON[string](keywords)
			out = append(out, c)
		}
		return rows.Err()
	})
	return out, err
}

// RemoteCopiesAt is RemoteCopies of those UIDs.
func (s *Store) RemoteCopiesAt(ctx context.Context, m MailboxID, uids []uint32) ([]RemoteCopy, error) {
	return s.remoteCopies(ctx, `server_mailbox = ? AND server_uid IN (SELECT value FROM json_each(?)) ORDER BY server_uid`, m, toJSON(uids))
}

// CountRemote counts what RemoteCopies lists.
func (s *Store) CountRemote(ctx context.Context, m MailboxID) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) FROM message WHERE server_mailbox = ? AND server_uid IS NOT NULL`, m).Scan(&n)
	})
	return n, err
}

// RemoteUIDsIn lists those UIDs of RemoteCopies that lie in some spans, each from its first to its last UID.
func (s *Store) RemoteUIDsIn(ctx context.Context, m MailboxID, spans [][2]uint32) (out []uint32, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT m.server_uid FROM json_each(?) span CROSS JOIN message m
			ON m.server_mailbox = ? AND m.server_uid BETWEEN span.value->>0 AND span.value->>1 ORDER BY m.server_uid`, toJSON(spans), m)
		if err == nil {
			out, err = collect[uint32](rows)
		}
		return err
	})
	return out, err
}
