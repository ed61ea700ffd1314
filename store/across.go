package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Between accounts a message is moved as two copies, in one transaction: one with the same bytes is made in the target, and
// the one that was moved ends. What that comes to on the servers is an APPEND and a deletion, and the deletion is not
// handed out before the APPEND was accepted. Undo is the same, the other way round.

// moveTo moves one copy to a mailbox of whichever account.
func (t *txn) moveTo(k *copyState, to MailboxID, grp GroupID) error {
	box, err := mailbox(t.ctx, t.tx, to)
	if err != nil {
		return err
	}
	if box.Account == k.account {
		return t.move(k, to, grp)
	}
	c, err := t.carry(k, &box)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO wish_step(grp, message, from_mailbox, to_mailbox, gone, other) VALUES (?,?,?,?,?,?)`
	if err := t.run(insert, grp, k.id, k.mailbox, to, stepAcross, c.id); err != nil {
		return err
	}
	if err := t.run(insert, grp, c.id, nil, to, stepCarried, nil); err != nil {
		return err
	}
	return t.handOver(k, c, grp)
}

// carry makes a copy of k in a mailbox of another account. For one on a server its line ends are those that servers want.
func (t *txn) carry(k *copyState, to *Mailbox) (*copyState, error) {
	if k.content == 0 {
		return nil, notWhole(k.id)
	}
	raw, err := t.s.content(t.ctx, t.tx, k.content)
	if err != nil {
		return nil, fmt.Errorf("message %d: %w", k.id, err)
	}
	content := k.content
	var said columns
	if sound := toCRLF(raw); to.Local || len(sound) == len(raw) {
		said, _ = t.s.described(raw, nil, 0)
	} else {
		if said, err = t.s.columnsOf(sound, nil, 0); err != nil {
			return nil, err
		}
		if content, err = t.putContent(*said.content); err != nil {
			return nil, err
		}
	}
	var received int64
	if err := t.row(`SELECT received FROM message WHERE id = ?`, k.id).Scan(&received); err != nil {
		return nil, err
	}
	c := copyState{account: to.Account, mailbox: to.ID, flags: k.flags, keywords: k.keywords}
	if err := t.insertMessage(&c, received, &said, content); err != nil {
		return nil, err
	}
	c, err = t.copy(c.id)
	return &c, err
}

func notWhole(id MessageID) error {
	return fmt.Errorf("message %d is not wholly here yet, open it first: %w (%w)", id, ErrState, ErrNoBody)
}

// handOver ends one copy of a message for another one, with all that is known of it or is to follow.
func (t *txn) handOver(from, to *copyState, grp GroupID) error {
	if err := t.settle(to, grp); err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE action SET message = ?2, account = ?3 WHERE message = ?1 AND state = 'pending' AND blocked_by IS NOT NULL`,
		`UPDATE uidl SET message = ?2 WHERE message = ?1`,
		`UPDATE outbox SET sent_copy = ?2 WHERE sent_copy = ?1`,
		`UPDATE outbox SET draft = ?2 WHERE draft = ?1`,
		`UPDATE report SET message = ?2 WHERE message = ?1`,
	} {
		if err := t.run(statement, from.id, to.id, to.account); err != nil {
			return err
		}
	}
	if err := t.end(from); err != nil {
		return err
	}
	if err := t.run(`UPDATE message SET moved_to = ? WHERE id = ?`, to.id, from.id); err != nil {
		return err
	}
	return t.settle(from, grp)
}

// copyNow is copy of what may have been moved to other accounts meanwhile.
func (t *txn) copyNow(id MessageID) (copyState, error) {
	id, err := movedOn(t.ctx, t.tx, id)
	if err != nil {
		return copyState{}, err
	}
	return t.copy(id)
}

// movedOn is the message that one is now which may have been moved to other accounts meanwhile.
func movedOn(ctx context.Context, q querier, id MessageID) (MessageID, error) {
	for range 1000 { // moved on and on
		var on MessageID
		err := q.QueryRowContext(ctx, `SELECT moved_to FROM message WHERE id = ? AND state = 2 AND moved_to IS NOT NULL`, id).Scan(&on)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return 0, err
		}
		id = on
	}
	return id, nil
}

// MovedOn is the message that one is now which may have been moved to other accounts meanwhile, again and again; the same id: it
// was not.
func (s *Store) MovedOn(ctx context.Context, id MessageID) (now MessageID, err error) {
	err = s.read(ctx, func(q querier) error {
		now, err = movedOn(ctx, q, id)
		return err
	})
	return now, err
}

// stored tells whether a copy that stands for one in another account is where it was to be, for certain: its server has
// accepted it, or its mailbox is on none. What a person has deleted since, or moved on and that has come there, is as good.
func (t *txn) stored(id MessageID) (bool, error) {
	for range 1000 { // moved on and on
		k, err := t.anyCopy(id)
		if errors.Is(err, ErrNotFound) {
			return true, nil // gone for so long that it was purged
		}
		if err != nil {
			return false, err
		}
		var on MessageID
		var local, waits bool
		err = t.row(`SELECT coalesce(m.moved_to, 0), b.local, EXISTS (SELECT 1 FROM action WHERE message = m.id AND state = 'pending'
			AND (kind = 'append' OR kind = 'delete' AND given > 0)) FROM message m JOIN mailbox b ON b.id = m.mailbox WHERE m.id = ?`, id).Scan(&on, &local, &waits)
		switch {
		case err != nil:
			return false, err
		case k.serverMailbox != 0 && !waits:
			return true, nil
		case k.state == gone && on != 0: // also where another client has deleted it since
			id = on
			continue
		case k.state == gone:
			return true, nil
		}
		return local, nil
	}
	return false, nil
}

// notCarried brings back what was moved to another account whose server has refused k, and ends k; false: it is none such,
// or cannot come back.
func (t *txn) notCarried(k *copyState, a *actionRow) (back bool, err error) {
	list, err := t.copies(`moved_to = ? AND state = 2 AND content IS NOT NULL`, k.id)
	if err != nil || len(list) == 0 || k.state != here {
		return false, err
	}
	from := &list[0]
	box, err := mailbox(t.ctx, t.tx, from.mailbox)
	if err != nil {
		return false, ignoreNotFound(err)
	}
	if err := t.run(`UPDATE action SET words = words || ? WHERE id = ?`, fmt.Sprintf("; it is in %s of %s again", box.Name, box.AccountName), a.id); err != nil {
		return false, err
	}
	if err := t.run(`DELETE FROM action WHERE message = ? AND state = 'pending' AND blocked_by IS NULL`, k.id); err != nil {
		return false, err
	}
	return true, t.bringBack(k, from, box.ID, a.grp)
}

// bringBack has a tombstone in another account stand for a copy again, in a mailbox there, with the flags of now.
func (t *txn) bringBack(k, back *copyState, box MailboxID, grp GroupID) error {
	back.state, back.mailbox, back.flags, back.keywords = here, box, k.flags, k.keywords
	if err := t.savePlace(back); err != nil {
		return err
	}
	if err := t.saveFlags(back); err != nil {
		return err
	}
	if err := t.touch(back.id); err != nil {
		return err
	}
	return t.handOver(k, back, grp)
}

// across takes a move between accounts back, or does it again.
func (u *undoing) across(t *txn, x step, grp GroupID) error {
	now, back, in, to := x.other, x.message, x.to, x.from
	if u.again {
		now, back, in, to = back, now, to, in
	}
	k, err := t.copy(now)
	if err == nil && k.mailbox != in {
		err = ErrNotFound
	}
	var box Mailbox
	if err == nil {
		box, err = mailbox(t.ctx, t.tx, to)
	}
	var b copyState
	if err == nil {
		b, err = t.anyCopy(back)
	}
	switch {
	case errors.Is(err, ErrNotFound), err == nil && (b.state != gone || b.removed == overtakenByMove):
		u.left++
		return nil
	case err != nil:
		return err
	case b.content == 0:
		u.gone++
		return nil
	}
	u.moved[box.Name+" of "+box.AccountName]++
	return t.bringBack(&k, &b, box.ID, grp)
}

// carried passes over the other half of a move between accounts, unless that of it which would come back was purged.
func (u *undoing) carried(t *txn, x step) error {
	var whole bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM wish_step a JOIN wish_step c ON c.grp = a.grp WHERE c.message = ?1 AND c.gone = ?2 AND a.other = ?1 AND a.gone = ?3)`,
		x.message, stepCarried, stepAcross).Scan(&whole)
	if err == nil && !whole {
		u.left++
	}
	return err
}

// NotCarried counts what was moved to an account from others and has not reached its server: they have it still.
func (s *Store) NotCarried(ctx context.Context, account string) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) FROM action a JOIN message m ON m.id = a.message
			WHERE a.account = (SELECT id FROM account WHERE name = ?) AND a.state = 'pending' AND a.kind = 'append' AND m.state = 0
			AND EXISTS (SELECT 1 FROM message f WHERE f.moved_to = m.id AND f.state = 2 AND f.server_mailbox IS NOT NULL)`, account).Scan(&n)
	})
	return n, err
}

// MovedTo is the message that one is now which was moved to another account; 0: it was not.
func (s *Store) MovedTo(ctx context.Context, id MessageID) (to MessageID, err error) {
	err = s.read(ctx, func(q querier) error {
		err := q.QueryRowContext(ctx, `SELECT moved_to FROM message WHERE id = ? AND moved_to IS NOT NULL`, id).Scan(&to)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return err
	})
	return to, err
}

// MovesLeft lists the accounts whose servers may hear now of what was moved from them to another account.
func (s *Store) MovesLeft(ctx context.Context) (out []AccountID, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT DISTINCT a.account FROM action a JOIN message m ON m.id = a.message JOIN message c ON c.id = m.moved_to
			WHERE a.state = 'pending' AND a.kind = 'delete' AND a.given = 0 AND m.server_uid IS NOT NULL AND c.server_mailbox IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM action WHERE message = c.id AND state = 'pending' AND kind IN ('append', 'delete'))`)
		if err != nil {
			return err
		}
		out, err = collect[AccountID](rows)
		return err
	})
	return out, err
}
