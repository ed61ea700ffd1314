package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// lifeState of a copy.
type lifeState int

const (
	here   lifeState = iota
	hidden           // the Sent copy of an item no server has accepted yet
	gone             // tombstone
)

// copyState is the part of a message row that changes: what the person sees of a
// copy, and what the server has confirmed of it.
type copyState struct {
	id       MessageID
	account  AccountID
	mailbox  MailboxID
	state    lifeState
	flags    Flags
	keywords []string

	serverMailbox  MailboxID // 0: on no server
	uid            uint32    // 0: not known
	serverFlags    Flags
	serverKeywords []string
	modSeq         int64
	detached       bool
	awaiting       int

	content  ContentID
	size     int64
	headerID string
	copyOf   MessageID // the copy it was made of; 0: none
	removed  removal   // of a tombstone; savePlace ends it with the tombstone
}

const copyFields = `id, account, mailbox, state, flags, keywords, server_mailbox, server_uid, server_flags, server_keywords,
	modseq, detached, awaiting, content, size, header_id, coalesce(copy_of, 0), removed`

func scanCopy(scan func(...any) error) (copyState, error) {
	var k copyState
	var keywords, serverKeywords string
	var serverMailbox, uid, content sql.NullInt64
	err := scan(&k.id, &k.account, &k.mailbox, &k.state, &k.flags, &keywords, &serverMailbox, &uid, &k.serverFlags, &serverKeywords,
		&k.modSeq, &k.detached, &k.awaiting, &content, &k.size, &k.headerID, &k.copyOf, &k.removed)
	k.keywords, k.serverKeywords = fromJSON[string](keywords), fromJSON[string](serverKeywords)
	k.serverMailbox, k.uid, k.content = MailboxID(serverMailbox.Int64), uint32(uid.Int64), ContentID(content.Int64)
	return k, err
}

// copies lists those that a condition on message selects.
func (t *txn) copies(where string, args ...any) ([]copyState, error) {
	rows, err := t.query(`SELECT `+copyFields+` FROM message WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []copyState
	for rows.Next() {
		k, err := scanCopy(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// copy loads one; ErrNotFound also for tombstones.
func (t *txn) copy(id MessageID) (copyState, error) {
	k, err := t.anyCopy(id)
	if err == nil && k.state != here {
		err = fmt.Errorf("message %d: %w", id, ErrNotFound)
	}
	return k, err
}

// anyCopy loads one, whatever its state.
func (t *txn) anyCopy(id MessageID) (copyState, error) {
	k, err := scanCopy(t.row(`SELECT `+copyFields+` FROM message WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("message %d: %w", id, ErrNotFound)
	}
	return k, err
}

// copyAt finds the copy the server holds under a UID; nil when there is none.
func (t *txn) copyAt(m MailboxID, uid uint32) (*copyState, error) {
	k, err := scanCopy(t.row(`SELECT `+copyFields+` FROM message WHERE server_mailbox = ? AND server_uid = ?`, m, uid).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &k, err
}

// savePlace writes where a copy is, here and on the server, and its life state.
func (t *txn) savePlace(k *copyState) error {
	goneAt := sql.NullInt64{Int64: t.now, Valid: k.state == gone}
	return t.run(`UPDATE message SET mailbox = ?, state = ?, gone_at = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(gone_at, ?3) END,
		removed = CASE WHEN ?2 = 2 THEN removed ELSE 0 END, moved_to = CASE WHEN ?2 = 2 THEN moved_to END,
		server_mailbox = ?, server_uid = ?, detached = ?, awaiting = ? WHERE id = ?`,
		k.mailbox, k.state, goneAt, null(k.serverMailbox), null(k.uid), k.detached, k.awaiting, k.id)
}

// saveFlags writes the flags of a copy, here and on the server.
func (t *txn) saveFlags(k *copyState) error {
	return t.run(`UPDATE message SET flags = ?, keywords = ?, server_flags = ?, server_keywords = ?, modseq = ? WHERE id = ?`,
		k.flags, toJSON(k.keywords), k.serverFlags, toJSON(k.serverKeywords), k.modSeq, k.id)
}

// end makes a tombstone of a copy.
func (t *txn) end(k *copyState) error { return t.endBy(k, k.removed) }

// endBy is end of a copy that somebody took off its server.
func (t *txn) endBy(k *copyState, how removal) error {
	n, err := t.change()
	if err != nil {
		return err
	}
	k.state, k.removed = gone, how
	return t.run(`UPDATE message SET mailbox = ?, state = ?, gone_at = coalesce(gone_at, ?), removed = ?, server_mailbox = ?, server_uid = ?,
		detached = ?, awaiting = ?, changed = ? WHERE id = ?`,
		k.mailbox, k.state, t.now, k.removed, null(k.serverMailbox), null(k.uid), k.detached, k.awaiting, n, k.id)
}

// touch gives a copy the transaction's change number.
func (t *txn) touch(id MessageID) error {
	n, err := t.change()
	if err != nil {
		return err
	}
	return t.run(`UPDATE message SET changed = ? WHERE id = ?`, n, id)
}

// leaveServer forgets the server's side of a copy.
func (k *copyState) leaveServer() {
	k.serverMailbox, k.uid, k.detached, k.awaiting = 0, 0, false, 0
}

// keywordSet adds and removes keywords, case-insensitively (RFC 9051 2.3.2), sorted.
func keywordSet(have, add, remove []string) []string {
	out := slices.Clone(have)
	out = slices.DeleteFunc(out, func(k string) bool { return hasKeyword(remove, k) })
	for _, k := range add {
		if !hasKeyword(out, k) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// keywordDiff is what of a is not in b.
func keywordDiff(a, b []string) []string {
	var out []string
	for _, k := range a {
		if !hasKeyword(b, k) {
			out = append(out, k)
		}
	}
	return out
}
