package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

const (
	// keepOpened is how long a body stays that a person has asked for, whatever is otherwise kept.
	keepOpened = 14 * 24 * time.Hour
	// pruneBatch bounds one run of PruneBodies.
	pruneBatch = 5000
)

// noteOpened records that a body came because a person asked for it: it stays for keepOpened.
func (t *txn) noteOpened(id MessageID) error {
	return t.run(`INSERT INTO body_wish(message, asked) SELECT id, ? FROM message WHERE id = ? AND content IS NOT NULL
		ON CONFLICT DO UPDATE SET asked = excluded.asked, words = ''`, t.now, id)
}

// PruneBodies drops the bodies of messages that were received before the time given for their mailbox and that the server has too: header,
// list row and all that is known of them stay, and opening one fetches it again. It keeps what waits for the server in any way, drafts,
// what a person opened lately, what the outbox or a mailbox without such a time holds too, and whatever is on no server. A
// bounded number a run, the transactions short; it returns how many messages lost their body.
func (s *Store) PruneBodies(ctx context.Context, before map[MailboxID]time.Time) (n int, err error) {
	for box, at := range before {
		ids, err := s.bodiesBefore(ctx, box, at)
		if err != nil {
			return n, err
		}
		for part := range slices.Chunk(ids, 500) {
			dropped := make([]int, len(part)) // by each; a transaction may run twice
			err := s.writeEach(ctx, len(part), func(t *txn, i int) (err error) {
				dropped[i], err = t.prune(s, part[i], before)
				return err
			})
			for _, d := range dropped {
				n += d
			}
			if err != nil || n >= pruneBatch {
				return n, err
			}
		}
	}
	return n, nil
}

// bodiesBefore lists the copies in a mailbox that were received before a time and have a body. Two indexes answer that
// without a look at the rows, most of which have none.
func (s *Store) bodiesBefore(ctx context.Context, box MailboxID, at time.Time) ([]MessageID, error) {
	return s.messages(ctx, `SELECT id FROM message INDEXED BY message_list WHERE mailbox = ?1 AND received < ?2 AND state = 0
		EXCEPT SELECT id FROM message INDEXED BY message_no_body WHERE server_mailbox = ?1 AND received < ?2 AND content IS NULL AND state = 0`, box, at.UnixMilli())
}

// prune drops the content of a copy, and with it that of all copies that share it, when it may go from each.
func (t *txn) prune(s *Store, id MessageID, before map[MailboxID]time.Time) (n int, err error) {
	k, err := t.anyCopy(id)
	if err != nil || k.content == 0 {
		return 0, ignoreNotFound(err)
	}
	var needed bool
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM outbox WHERE content = ?1) OR EXISTS (SELECT 1 FROM outbox WHERE copy_content = ?1)`, k.content).Scan(&needed); err != nil || needed {
		return 0, err
	}
	all, err := t.copies(`content = ?`, k.content)
	if err != nil {
		return 0, err
	}
	for i := range all {
		if may, err := t.mayGo(&all[i], before); err != nil || !may {
			return 0, err
		}
	}
	header, err := s.contentHeader(t.ctx, t.tx, k.content)
	if errors.Is(err, ErrDamaged) { // the server's copy is the better one
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for i := range all {
		id := all[i].id
		if err := t.run(`UPDATE message SET content = NULL WHERE id = ?`, id); err != nil {
			return 0, err
		}
		if err := t.touch(id); err != nil { // it is found by its header from now on
			return 0, err
		}
		if err := t.run(`INSERT OR REPLACE INTO header(message, data) VALUES (?, ?)`, id, notNil(header)); err != nil {
			return 0, err
		}
		if err := t.run(`DELETE FROM body_wish WHERE message = ?`, id); err != nil { // or it would be fetched again
			return 0, err
		}
	}
	return len(all), t.freeContent(k.content)
}

// mayGo tells whether the body of a copy may be dropped.
func (t *txn) mayGo(k *copyState, before map[MailboxID]time.Time) (bool, error) {
	limit, ruled := before[k.mailbox]
	onServer := k.serverMailbox == k.mailbox && k.uid != 0 && !k.detached && k.awaiting == 0
	if k.state != here || !ruled || !onServer || (k.flags | k.serverFlags).Has(Draft) {
		return false, nil
	}
	var received int64
	var waits bool
	var asked sql.NullInt64
	err := t.row(`SELECT received, EXISTS (SELECT 1 FROM action WHERE message = m.id AND state = 'pending')
		OR (SELECT local FROM mailbox WHERE id = m.mailbox), (SELECT asked FROM body_wish WHERE message = m.id) FROM message m WHERE id = ?`, k.id).Scan(&received, &waits, &asked)
	if err != nil || waits || received >= limit.UnixMilli() {
		return false, err
	}
	return !asked.Valid || asked.Int64 < t.now-keepOpened.Milliseconds(), nil
}

// Bounds of giving back, in pages.
const (
	backStep = 512   // in one transaction
	backMost = 16384 // in one call
	backKeep = 1024  // stay free, for mail that comes
)

// GiveBack makes mail.db smaller by what is free in it, but for a twentieth, step by step and a bounded number of steps a call. A file that
// an older mua made does not shrink: what is free in it is used again.
func (s *Store) GiveBack(ctx context.Context) error {
	var free, pages, mode int64
	err := s.read(ctx, func(q querier) error {
		for pragma, into := range map[string]*int64{"freelist_count": &free, "page_count": &pages, "auto_vacuum": &mode} {
			if err := q.QueryRowContext(ctx, `PRAGMA `+pragma).Scan(into); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || mode != 2 { // incremental
		return err
	}
	steps := min(free-max(backKeep, pages/20), backMost) / backStep
	return s.writeSteps(ctx, int(max(0, steps)), func(t *txn) error {
		rows, err := t.query(`PRAGMA incremental_vacuum(512)`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() { // a page each
		}
		return rows.Err()
	})
}

// writeSteps runs f n times, each in a transaction of its own, with room for others between them.
func (s *Store) writeSteps(ctx context.Context, n int, f func(*txn) error) error {
	for range n {
		if err := s.write(ctx, f); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(txGap):
		}
	}
	return nil
}
