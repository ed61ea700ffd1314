package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// removal tells who took a tombstone off its server.
type removal int

const (
	byUs     removal = iota // a wish of ours
	byServer                // another client, or the server itself: recoverable
	toRescue                // with its mailbox, while it was to be moved elsewhere: uploaded there unless it is found
	byBoth                  // another client, while our deletion was pending

	overtakenByMove removal = -1 // not at all: another client moved it before our deletion, and it is another message now
)

// What a pull asks for of all that is here. Each names what its index leaves out, for a parameter does not show SQLite
// that it may use the index: without, it reads the whole table at each pull.
const (
	removedSizes = `SELECT DISTINCT size FROM message WHERE account = ? AND removed > 0 AND size IN (SELECT value FROM json_each(?))`
	mailboxSizes = `SELECT DISTINCT size FROM message WHERE server_mailbox = ? AND server_uid IS NOT NULL AND size IN (SELECT value FROM json_each(?))`
	awaitedSizes = `SELECT DISTINCT size FROM message WHERE server_mailbox = ? AND server_uid IS NULL AND size IN (SELECT value FROM json_each(?))`
	rescuable    = `SELECT id FROM message WHERE account = ? AND removed = 2 AND state = 2` // toRescue
)

// KnownSizes tells which of these sizes (octets) a message has that was removed by the server, or that is in one of
// the mailboxes given, from which something seems to have been taken. One of that size that is new elsewhere may be the
// same: its header will tell.
func (s *Store) KnownSizes(ctx context.Context, a AccountID, sizes []int64, in []MailboxID) (known map[int64]bool, err error) {
	list := toJSON(sizes)
	err = s.read(ctx, func(q querier) error {
		known = map[int64]bool{}
		add := func(query string, in int64) error {
			rows, err := q.QueryContext(ctx, query, in, list)
			if err != nil {
				return err
			}
			found, err := collectSet[int64](rows)
			maps.Copy(known, found)
			return err
		}
		if err := add(removedSizes, int64(a)); err != nil {
			return err
		}
		for _, id := range in {
			if err := errors.Join(add(mailboxSizes, int64(id)), add(awaitedSizes, int64(id))); err != nil {
				return err
			}
		}
		return nil
	})
	return known, err
}

// AwaitsUIDs tells whether copies in a mailbox on a server wait for their UID.
func (s *Store) AwaitsUIDs(ctx context.Context, m MailboxID) (waits bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM message WHERE server_mailbox = ? AND server_uid IS NULL)`, m).Scan(&waits)
	})
	return waits, err
}

// LastMessage is the highest id given to a message so far.
func (s *Store) LastMessage(ctx context.Context) (id MessageID, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM message`).Scan(&id)
	})
	return id, err
}

// seenAgain finds the tombstone of a message that the server had removed and that box shows now: moved by another
// client, or restored. nil: there is none. Of two that may be it, one whose wishes its removal contradicted has more to lose.
func (t *txn) seenAgain(box Mailbox, in *Incoming, c *columns) (*copyState, error) {
	list, err := t.copies(`account = ? AND size = ? AND removed > 0 AND header_id = ? AND state = 2 AND server_mailbox IS NULL
		ORDER BY server_flags = ? AND server_keywords = ? DESC, mailbox = ? DESC,
		EXISTS (SELECT 1 FROM action WHERE message = message.id AND state = 'contradicted' AND ended = gone_at) DESC, gone_at DESC, id LIMIT 8`,
		box.Account, c.size, c.headerID, in.Flags, toJSON(keywordSet(nil, in.Keywords, nil)), box.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var content ContentID
	header := in.Header
	if c.content != nil {
		header = headerOf(in.Raw)
		if content, err = t.findContent(*c.content); err != nil {
			return nil, err
		}
	}
	for i := range list {
		k := &list[i]
		if c.content != nil && k.content != 0 {
			if k.content == content {
				return k, nil
			}
			continue
		}
		if !c.traced && (c.headerID == "" || box.Role == RoleDrafts || in.Flags.Has(Draft) || k.serverFlags.Has(Draft)) {
			continue // it may have been written anew under the same header
		}
		if same, err := t.hasHeader(k, header); err != nil || same {
			return k, err
		}
	}
	return nil, nil
}

// hasHeader compares a copy's raw header.
func (t *txn) hasHeader(k *copyState, header []byte) (bool, error) {
	own, err := t.headerOf(k)
	return err == nil && len(own) > 0 && sameHeader(own, header), err
}

func (t *txn) headerOf(k *copyState) (header []byte, err error) {
	if k.content != 0 {
		return t.s.contentHeader(t.ctx, t.tx, k.content)
	}
	err = t.row(`SELECT data FROM header WHERE message = ?`, k.id).Scan(&header)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return header, err
}

// revive gives a tombstone its place on the server, with the wishes that its removal contradicted.
func (p *puller) revive(t *txn, k *copyState, i int) error {
	in := &p.batch[i]
	_, err := mailbox(t.ctx, t.tx, k.mailbox)
	target := err == nil // else a move to there stays contradicted
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	err = t.run(`UPDATE action SET state = 'pending', ended = NULL, words = '', remote = '', given = 0
		WHERE message = ?1 AND state = 'contradicted' AND ended = (SELECT gone_at FROM message WHERE id = ?1) AND (?2 OR kind = 'flags')`, k.id, target)
	if err != nil {
		return err
	}
	wishes, err := t.wishes(k.id)
	if err != nil {
		return err
	}
	moving := false
	for j := range wishes {
		moving = moving || wishes[j].location()
	}
	if !moving {
		k.mailbox = p.box.ID
	}
	k.state, k.serverMailbox, k.uid = here, p.box.ID, in.UID
	k.serverFlags, k.serverKeywords, k.modSeq = in.Flags, keywordSet(nil, in.Keywords, nil), int64(in.ModSeq)
	return p.settleAgain(t, k, i)
}

func (p *puller) settleAgain(t *txn, k *copyState, i int) error {
	if err := t.savePlace(k); err != nil {
		return err
	}
	if err := t.touch(k.id); err != nil {
		return err
	}
	if _, err := t.overlay(k); err != nil {
		return err
	}
	if err := p.update(t, k, i); err != nil {
		return err
	}
	return t.settleNew(k, "adopt")
}

// leftAlone selects the messages that nobody has moved or deleted here.
const leftAlone = `NOT EXISTS (SELECT 1 FROM action WHERE message = message.id AND kind <> 'flags')
	AND NOT EXISTS (SELECT 1 FROM wish_step WHERE message = message.id AND (to_mailbox IS NOT NULL OR gone <> 0))`

// movedTo finds the copy, new since the id given, that shows where k has been moved to, into mailbox m or (0) into any;
// nil: nowhere. One that a person has moved or deleted since is not it, but one may have been flagged.
func (t *txn) movedTo(k *copyState, m MailboxID, since MessageID) (*copyState, error) {
	if since < 0 {
		return nil, nil
	}
	list, err := t.copies(`header_id = ? AND id > ? AND account = ? AND size = ? AND state = 0 AND server_uid IS NOT NULL
		AND mailbox = server_mailbox AND mailbox <> ? AND ? IN (0, mailbox) AND `+leftAlone+`
		ORDER BY server_flags = ? AND server_keywords = ? DESC, id LIMIT 8`,
		k.headerID, since, k.account, k.size, k.serverMailbox, m, k.serverFlags, toJSON(k.serverKeywords))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	header, err := t.headerOf(k)
	if err != nil || len(header) == 0 {
		return nil, err
	}
	for i := range list {
		n := &list[i]
		if k.content != 0 && n.content != 0 {
			if k.content == n.content {
				return n, nil
			}
			continue
		}
		if same, err := t.hasHeader(n, header); err != nil || same {
			return n, err
		}
	}
	return nil, nil
}

// follow has k take the place of n, which is where it has been moved to. Its wishes follow, and what a person did to the
// flags of n is done to k.
func (t *txn) follow(k, n *copyState, wishes []actionRow) error {
	n2 := *n
	n2.leaveServer()
	if err := t.end(&n2); err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM action WHERE message = ?2 AND state = 'pending' AND kind <> 'flags'`,
		`UPDATE action SET message = ?1 WHERE message = ?2`, `UPDATE wish_step SET message = ?1 WHERE message = ?2`} {
		if err := t.run(statement, k.id, n.id); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(wishes, func(a actionRow) bool { return a.location() }) {
		k.mailbox = n.mailbox // else it is where it was wished to be
	}
	k.serverMailbox, k.uid, k.detached, k.awaiting = n.serverMailbox, n.uid, false, 0
	k.serverFlags, k.serverKeywords, k.modSeq = n.serverFlags, n.serverKeywords, n.modSeq
	for i := range wishes { // what was given for replay met a UID that is no more
		if err := t.run(`UPDATE action SET given = 0 WHERE id = ?`, wishes[i].id); err != nil {
			return err
		}
	}
	if err := t.savePlace(k); err != nil {
		return err
	}
	if err := t.touch(k.id); err != nil {
		return err
	}
	if _, err := t.overlay(k); err != nil {
		return err
	}
	return t.settleNew(k, "adopt")
}

// RescueMoved ends a pass that has seen all mailboxes of an account: what was to be moved elsewhere when another client
// deleted its mailbox, and has not been found again, is uploaded to where it was to be. A move that was handed out and whose
// target is no more has not been done where its message is still where it was: what a person wishes since is wished from there.
func (s *Store) RescueMoved(ctx context.Context, a AccountID) error {
	if err := s.notMovedAway(ctx, a); err != nil {
		return err
	}
	ids, err := s.messages(ctx, rescuable, a)
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.writeEach(ctx, len(ids), func(t *txn, i int) error {
		k, err := t.anyCopy(ids[i])
		if err != nil || k.state != gone || k.serverMailbox != 0 {
			return ignoreNotFound(err)
		}
		_, err = mailbox(t.ctx, t.tx, k.mailbox)
		noBox := errors.Is(err, ErrNotFound)
		if err != nil && !noBox {
			return err
		}
		there, err := t.isElsewhere(&k)
		if err != nil {
			return err
		}
		if noBox || k.content == 0 || there { // the journal tells what was wished
			return t.run(`UPDATE message SET removed = ? WHERE id = ?`, byServer, k.id)
		}
		err = t.run(`DELETE FROM action WHERE message = ?1 AND state = 'contradicted' AND ended = (SELECT gone_at FROM message WHERE id = ?1)`, k.id)
		if err != nil {
			return err
		}
		return t.comeBack(&k, "adopt")
	})
}

// isElsewhere tells whether the server has the bytes of a tombstone in a mailbox to which another client has brought them
// since the message came: moved there, most likely, before it deleted the other. The header alone may not have told
// (seenAgain), or a pull that was cut stored it before the deletion was seen.
func (t *txn) isElsewhere(k *copyState) (there bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM message WHERE content = ? AND account = ? AND id > ? AND state = 0 AND server_uid IS NOT NULL
		AND mailbox = server_mailbox AND `+leftAlone+`)`, null(k.content), k.account, k.id).Scan(&there)
	return there, err
}

func (s *Store) notMovedAway(ctx context.Context, a AccountID) error {
	ids, err := s.messages(ctx, `SELECT m.id FROM action x JOIN message m ON m.id = x.message JOIN mailbox b ON b.id = x.target
		WHERE x.account = ? AND x.state = 'pending' AND x.blocked_by IS NULL AND x.kind = 'move' AND x.given > 0 AND m.server_uid IS NOT NULL
		AND (b.id <> m.mailbox OR m.state = 2) AND (b.local = 1 OR b.gone IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM mailbox_wish WHERE mailbox = b.id AND kind = 'delete' AND state = 'pending'))`, a)
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.writeEach(ctx, len(ids), func(t *txn, i int) error {
		k, err := t.anyCopy(ids[i])
		if err != nil || k.uid == 0 {
			return ignoreNotFound(err)
		}
		if err := t.run(`UPDATE action SET given = 0, tries = 0 WHERE message = ? AND state = 'pending' AND kind = 'move'`, k.id); err != nil {
			return err
		}
		return t.settleNew(&k, "adopt")
	})
}

// comeBack makes a message of a tombstone again, in the mailbox it names, to be uploaded where that is on a server.
func (t *txn) comeBack(k *copyState, group string) error {
	k.state = here
	if err := t.savePlace(k); err != nil {
		return err
	}
	if err := t.touch(k.id); err != nil {
		return err
	}
	return t.settleNew(k, group)
}

// overtaken journals that another client moved a message before our deletion of it reached the server.
func (t *txn) overtaken(k *copyState, box Mailbox) error {
	if err := t.run(`UPDATE message SET removed = ? WHERE id = ?`, overtakenByMove, k.id); err != nil {
		return err
	}
	return t.journalLoss(k, fmt.Sprintf("moved to %s by another client before its deletion here reached the server", box.Name))
}
