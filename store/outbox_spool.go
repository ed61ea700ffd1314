package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/store/message"
)

// spooling is a SpoolRequest made ready outside of the transaction.
type spooling struct {
	SpoolRequest
	store       *Store
	envid       string
	fingerprint string
	wire        packed
	copy        columns
	content     ContentID // of the bytes to send
	full        ContentID // of those to keep
	sentCopy    MessageID
	id          OutboxID
	existed     bool
}

// Spool freezes a message for sending: the item, its recipients, the local Sent copy (hidden until
// acceptance), the wishes that follow (blocked until acceptance) and the end of the draft, in one
// durable transaction. With a Key already in use for the same content it returns that item and existed;
// for other content ErrKeyConflict.
func (s *Store) Spool(ctx context.Context, r SpoolRequest) (id OutboxID, existed bool, err error) {
	if len(r.Recipients) == 0 || len(r.Wire) == 0 {
		return 0, false, fmt.Errorf("nothing to send or nobody to send to: %w", ErrState)
	}
	p := &spooling{SpoolRequest: r, store: s, envid: strings.ToLower(rand.Text()), fingerprint: fingerprint(r)}
	if r.Copy == nil {
		p.Copy = r.Wire
	}
	if p.copy, err = s.columnsOf(p.Copy, nil, 0); err != nil {
		return 0, false, err
	}
	if p.wire = *p.copy.content; r.Copy != nil {
		if p.wire, err = s.packContent(r.Wire); err != nil {
			return 0, false, err
		}
	}
	err = s.writeKnown(ctx, p.spool, func(ctx context.Context) (bool, error) { return s.spooled(ctx, p) })
	return p.id, p.existed, err
}

// fingerprint tells whether two requests under one key are the same.
func fingerprint(r SpoolRequest) string {
	if r.Fingerprint != "" {
		return r.Fingerprint
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q\n", r.Sender, slices.Sorted(slices.Values(r.Recipients)))
	h.Write(r.Wire)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// spooled looks for the item after a commit in doubt.
func (s *Store) spooled(ctx context.Context, p *spooling) (bool, error) {
	if p.existed { // found before the commit, not made by it
		return true, nil
	}
	err := s.pool.QueryRowContext(ctx, `SELECT id FROM outbox WHERE envid = ?`, p.envid).Scan(&p.id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (p *spooling) spool(t *txn) error {
	p.id, p.existed, p.sentCopy = 0, false, 0
	if done, err := p.sameKey(t); done || err != nil {
		return err
	}
	if err := t.notBroughtBack(p.Draft); err != nil {
		return err
	}
	if err := p.store.settleIn(t); err != nil {
		return err
	}
	for _, step := range []func(*txn) error{p.putContents, p.insertSentCopy, p.insertItem, p.insertRecipients} {
		if err := step(t); err != nil {
			return err
		}
	}
	if p.Answers == 0 && p.Forwards == 0 && p.Draft == 0 {
		return nil
	}
	grp, err := t.newGroup("spool", false)
	if err != nil {
		return err
	}
	if err := p.insertBlocked(t, grp); err != nil {
		return err
	}
	return p.endDraft(t, grp)
}

// putContents stores the bytes to send and, where they differ, those to keep.
func (p *spooling) putContents(t *txn) (err error) {
	if p.content, err = t.putContent(p.wire); err != nil || p.wire.sum == p.copy.content.sum {
		p.full = p.content
		return err
	}
	p.full, err = t.putContent(*p.copy.content)
	return err
}

// sameKey answers a request whose key is in use.
func (p *spooling) sameKey(t *txn) (done bool, err error) {
	if p.Key == "" {
		return false, nil
	}
	var had string
	err = t.row(`SELECT id, fingerprint FROM outbox WHERE key = ?`, p.Key).Scan(&p.id, &had)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case had != p.fingerprint:
		return false, fmt.Errorf("key %q, item %d: %w", p.Key, p.id, ErrKeyConflict)
	}
	p.existed = true
	return true, nil
}

func (p *spooling) insertItem(t *txn) error {
	full := p.full
	if full == p.content {
		full = 0
	}
	state := Queued
	if p.Held {
		state = Held
	}
	notBefore := ms(p.NotBefore)
	id, err := t.insert(`INSERT INTO outbox(account, state, envid, from_name, from_addr, sender, subject, header_id, date, content, copy_content,
		size, utf8, dsn, requiretls, policy, key, fingerprint, created, not_before, due, sent_copy) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		p.Account, state, p.envid, p.From.Name, p.From.Addr, p.Sender, p.Subject, p.MessageID, ms(p.Date), p.content, null(full),
		len(p.Wire), p.UTF8, p.DSN, p.RequireTLS, p.Policy, sql.NullString{String: p.Key, Valid: p.Key != ""}, p.fingerprint, t.now, notBefore, max(t.now, notBefore.Int64), null(p.sentCopy))
	p.id = OutboxID(id)
	return err
}

func (p *spooling) insertRecipients(t *txn) error {
	names := map[string]string{}
	for _, list := range [][]message.Address{p.copy.to, p.copy.cc} {
		for _, a := range list {
			names[strings.ToLower(a.Addr)] = a.Name
		}
	}
	var people []message.Address
	for i, addr := range p.Recipients {
		if err := t.run(`INSERT INTO recipient(item, seq, addr, state) VALUES (?,?,?,?)`, p.id, i, addr, Pending); err != nil {
			return err
		}
		people = append(people, message.Address{Name: names[strings.ToLower(addr)], Addr: addr})
	}
	return t.writtenTo(people, &p.copy, time.UnixMilli(t.now))
}

// insertSentCopy files the copy in Sent, not to be seen before the server has accepted the message.
func (p *spooling) insertSentCopy(t *txn) error {
	if !p.SaveSent {
		return nil
	}
	box, err := t.sentMailbox(p.Account, p.SentLocal)
	if err != nil {
		return err
	}
	k := copyState{account: p.Account, mailbox: box, state: hidden, flags: Seen}
	if err := t.insertMessage(&k, t.now, &p.copy, p.full); err != nil {
		return err
	}
	p.sentCopy = k.id
	return nil
}

// sentMailbox is where sent mail is filed: the account's Sent, or one on no server when asked for.
func (t *txn) sentMailbox(a AccountID, local bool) (MailboxID, error) {
	const aside = "Sent (local)"
	box, err := t.roleMailbox(a, RoleSent)
	if err != nil || !local || box.Local {
		return box.ID, err
	}
	list, err := mailboxes(t.ctx, t.tx, `b.gone IS NULL AND b.account = ? AND b.name = ?`, a, aside)
	if err != nil {
		return 0, err
	}
	if len(list) > 0 {
		return list[0].ID, nil
	}
	box, err = t.localMailbox(a, aside, "")
	return box.ID, err
}

// insertBlocked notes the flags that the message this one answers or forwards gets once it is accepted.
func (p *spooling) insertBlocked(t *txn, grp GroupID) error {
	for _, w := range []struct {
		id   MessageID
		flag Flags
	}{{p.Answers, Answered}, {p.Forwards, Forwarded}} {
		if w.id == 0 {
			continue
		}
		if err := t.block(p.id, w.id, w.flag, grp); err != nil {
			return err
		}
	}
	return nil
}

// block notes a flag that a message gets once an item is accepted.
func (t *txn) block(item OutboxID, id MessageID, flag Flags, grp GroupID) error {
	k, err := t.copyNow(id)
	if err != nil {
		return ignoreNotFound(err) // gone meanwhile; the mail is sent all the same
	}
	return t.run(`INSERT INTO action(grp, account, message, kind, add_flags, base, blocked_by, created) VALUES (?,?,?,'flags',?,?,?,?)`,
		grp, k.account, k.id, flag, k.serverJSON(), item, t.now)
}

func (p *spooling) endDraft(t *txn, grp GroupID) error {
	if p.Draft == 0 {
		return nil
	}
	draft, err := movedOn(t.ctx, t.tx, p.Draft)
	if err != nil {
		return err
	}
	if err := t.supersede(draft, p.id); err != nil {
		return err
	}
	return ignoreNotFound(t.endDraft(draft, grp))
}

// endFor ends a copy under a group that undo passes over.
func (t *txn) endFor(k *copyState, grp GroupID) error {
	if err := t.end(k); err != nil {
		return err
	}
	return t.settle(k, grp)
}

// accepted makes true what waited for the server to accept an item: the Sent copy is seen, the blocked wishes go.
func (t *txn) accepted(id OutboxID) error {
	k, err := t.hiddenCopy(id)
	if err != nil {
		return err
	}
	if k != nil {
		if err := t.showSentCopy(id, k); err != nil {
			return err
		}
	}
	rows, err := t.query(`SELECT message FROM action WHERE blocked_by = ? AND state = 'pending' ORDER BY id`, id)
	if err != nil {
		return err
	}
	ids, err := collect[MessageID](rows)
	if err != nil || len(ids) == 0 {
		return err
	}
	grp, err := t.newGroup("spool", false)
	if err != nil {
		return err
	}
	for _, m := range ids {
		if err := t.unblock(id, m, grp); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) unblock(id OutboxID, m MessageID, grp GroupID) error {
	var add Flags
	err := t.row(`DELETE FROM action WHERE id = (SELECT id FROM action WHERE blocked_by = ? AND message = ? AND state = 'pending' ORDER BY id LIMIT 1) RETURNING add_flags`,
		id, m).Scan(&add)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	k, err := t.copy(m)
	if err != nil {
		return ignoreNotFound(err)
	}
	return t.mark(&k, FlagChange{Add: add, NoUndo: true}, grp)
}

// showSentCopy shows the hidden copy, unless the server has filed one of its own meanwhile.
func (t *txn) showSentCopy(id OutboxID, k *copyState) error {
	if k.headerID != "" {
		own, err := t.first(`header_id = ? AND mailbox = ? AND state = 0 AND server_uid IS NOT NULL`, k.headerID, k.mailbox)
		if err != nil {
			return err
		}
		if own != nil {
			if err := t.run(`UPDATE outbox SET sent_copy = ? WHERE id = ?`, own.id, id); err != nil {
				return err
			}
			return t.end(k)
		}
	}
	n, err := t.change()
	if err != nil {
		return err
	}
	k.state = here
	if err := t.run(`UPDATE message SET state = ?, changed = ? WHERE id = ?`, k.state, n, k.id); err != nil {
		return err
	}
	local, err := t.isLocal(k.mailbox)
	if err != nil || local {
		return err
	}
	return t.settleNew(k, "spool")
}

// hiddenCopy is an item's Sent copy as long as nobody sees it, else nil.
func (t *txn) hiddenCopy(id OutboxID) (*copyState, error) {
	return t.first(`state = 1 AND id = (SELECT sent_copy FROM outbox WHERE id = ?)`, id)
}
