package store

import (
	"context"
	"fmt"
)

// Copies made by one Copy, in the order of what was copied.
type Copies struct {
	Group GroupID
	Made  []MessageID // 0 where the original vanished meanwhile
}

// Copy puts a copy of each message into a mailbox, here at once, and journals the wish. The copies share the content of
// their originals; what only the header is here of can be copied within its account where a server has it.
func (s *Store) Copy(ctx context.Context, ids []MessageID, to MailboxID) (Copies, error) {
	each, err := s.allTo(ctx, to)
	if err != nil {
		return Copies{}, err
	}
	return s.CopyEach(ctx, ids, each)
}

// CopyEach copies messages of several accounts, each to the mailbox given for those of its account, as one group that one
// Undo takes back. A message of an account without one: ErrState, and nothing is copied.
func (s *Store) CopyEach(ctx context.Context, ids []MessageID, to map[AccountID]MailboxID) (Copies, error) {
	if err := s.holdMessages(ctx, ids, to); err != nil {
		return Copies{}, err
	}
	made := map[MessageID]MessageID{}
	grp, err := s.wishFor(ctx, "copy", true, ids, func(t *txn, k *copyState, grp GroupID) error {
		target, ok := to[k.account]
		if !ok {
			return fmt.Errorf("message %d belongs to an account without a target: %w", k.id, ErrState)
		}
		id, err := t.duplicate(k, target, grp)
		made[k.id] = id
		return err
	})
	out := Copies{Group: grp}
	for _, id := range unique(ids) {
		out.Made = append(out.Made, made[id])
	}
	return out, err
}

// duplicate makes a copy of k in a mailbox.
func (t *txn) duplicate(k *copyState, to MailboxID, grp GroupID) (MessageID, error) {
	box, err := mailbox(t.ctx, t.tx, to)
	if err != nil {
		return 0, err
	}
	if box.Account != k.account {
		c, err := t.carry(k, &box)
		if err != nil {
			return 0, err
		}
		return c.id, t.made(c, grp)
	}
	if k.content == 0 && (box.Local || k.serverMailbox == 0) {
		return 0, fmt.Errorf("message %d is not wholly here yet, sync first: %w (%w)", k.id, ErrState, ErrNoBody)
	}
	change, err := t.change()
	if err != nil {
		return 0, err
	}
	n, err := t.insert(`INSERT INTO message(account, mailbox, received, flags, keywords, changed, size, content, date, date_offset, header_id,
		refs, thread, list_id, subject, from_addrs, to_addrs, cc_addrs, attachments, snippet, topic, answers, copy_of)
		SELECT account, ?, received, flags, keywords, ?, size, content, date, date_offset, header_id,
		refs, thread, list_id, subject, from_addrs, to_addrs, cc_addrs, attachments, snippet, topic, answers, id FROM message WHERE id = ?`, to, change, k.id)
	if err != nil {
		return 0, err
	}
	if err := t.run(`INSERT INTO header(message, data) SELECT ?, data FROM header WHERE message = ?`, n, k.id); err != nil {
		return 0, err
	}
	joins, err := t.joiners(`id = ?`, n) // the original may not have its thread yet
	if err != nil {
		return 0, err
	}
	t.joins = append(t.joins, joins...)
	c, err := t.copy(MessageID(n))
	if err != nil {
		return 0, err
	}
	return c.id, t.made(&c, grp)
}

// made journals that a copy was made.
func (t *txn) made(c *copyState, grp GroupID) error {
	if err := t.run(`INSERT INTO wish_step(grp, message, to_mailbox, gone) VALUES (?,?,?,?)`, grp, c.id, c.mailbox, stepMade); err != nil {
		return err
	}
	return t.settle(c, grp)
}
