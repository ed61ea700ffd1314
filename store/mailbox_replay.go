package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MailboxAction is one wish for a mailbox, to be carried out on the server.
type MailboxAction struct {
	ID      ActionID // of its own sequence, not that of Action
	Kind    MailboxKind
	Mailbox MailboxID
	Name    string // as the server has it now
	Target  string // rename: the new name
	Tries   int    // how often it was handed out before
}

type mailboxWish struct {
	MailboxAction
	given bool
}

// mailboxWishes lists an account's pending wishes for mailboxes, oldest first.
func mailboxWishes(ctx context.Context, q querier, a AccountID) ([]mailboxWish, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, kind, mailbox, name, target, given, tries FROM mailbox_wish WHERE account = ? AND state = 'pending' ORDER BY id`, a)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []mailboxWish
	for rows.Next() {
		var w mailboxWish
		if err := rows.Scan(&w.ID, &w.Kind, &w.Mailbox, &w.Name, &w.Target, &w.given, &w.Tries); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// PendingMailboxActions lists what is to be done to an account's mailboxes now, in the order wished, and notes it as
// handed out. A mailbox is deleted only once nothing is wished any more for what the server has in it: that wish waits,
// and with it what follows and needs its name.
func (s *Store) PendingMailboxActions(ctx context.Context, a AccountID) (out []MailboxAction, err error) {
	var wishes []mailboxWish
	err = s.read(ctx, func(q querier) error {
		wishes, err = mailboxWishes(ctx, q, a)
		return err
	})
	if err != nil || len(wishes) == 0 {
		return nil, err
	}
	err = s.write(ctx, func(t *txn) error {
		if out, err = t.dueForMailboxes(a); err != nil {
			return err
		}
		for _, w := range out {
			if err := t.run(`UPDATE mailbox_wish SET given = 1, tries = tries + 1 WHERE id = ?`, w.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// ReplayableMailboxes tells what PendingMailboxActions would list, without handing it out: like Replayable.
func (s *Store) ReplayableMailboxes(ctx context.Context, a AccountID) (ids []ActionID, err error) {
	err = s.reading(ctx, func(conn *sql.Conn) error {
		list, err := (&txn{s: s, tx: conn, ctx: short(ctx)}).dueForMailboxes(a)
		ids = nil
		for i := range list {
			ids = append(ids, list[i].ID)
		}
		return err
	})
	return ids, err
}

// dueForMailboxes picks the wishes for mailboxes that can be carried out now, in order.
func (t *txn) dueForMailboxes(a AccountID) (out []MailboxAction, err error) {
	var held []string // names that are not free yet
	wishes, err := mailboxWishes(t.ctx, t.tx, a)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		busy := w.needs(held)
		if w.Kind == MailboxDelete && !busy {
			if busy, err = t.inUse(w.Mailbox); err != nil {
				return nil, err
			}
		}
		if busy {
			held = append(held, w.names()...)
			continue
		}
		out = append(out, w.MailboxAction)
	}
	return out, nil
}

func (w *mailboxWish) names() []string {
	if w.Target == "" {
		return []string{w.Name}
	}
	return []string{w.Name, w.Target}
}

// needs reports whether a wish needs one of the names, or one above or under it.
func (w *mailboxWish) needs(held []string) bool {
	for _, n := range w.names() {
		for _, h := range held {
			if strings.HasPrefix(n, h) || strings.HasPrefix(h, n) {
				return true
			}
		}
	}
	return false
}

// MailboxesOnServer are an account's mailboxes as the server has them now, before the pending wishes for mailboxes:
// under their old names, with those that are deleted here, without those that are still to be made.
func (s *Store) MailboxesOnServer(ctx context.Context, a AccountID) (out []Mailbox, err error) {
	err = s.read(ctx, func(q querier) error {
		out, err = mailboxesOnServer(ctx, q, a)
		return err
	})
	return out, err
}

func mailboxesOnServer(ctx context.Context, q querier, a AccountID) ([]Mailbox, error) {
	wishes, err := mailboxWishes(ctx, q, a)
	if err != nil {
		return nil, err
	}
	all, err := accountMailboxes(ctx, q, a)
	if err != nil || len(wishes) == 0 {
		return all, err
	}
	leaving, err := leavingMailboxes(ctx, q, a)
	if err != nil {
		return nil, err
	}
	all = append(all, leaving...)
	for i := len(wishes) - 1; i >= 0; i-- {
		w := &wishes[i]
		switch w.Kind {
		case MailboxCreate:
			all = slices.DeleteFunc(all, func(m Mailbox) bool { return m.ID == w.Mailbox })
		case MailboxRename:
			for j := range all {
				m := &all[j]
				if rest, under := strings.CutPrefix(m.Name, w.Target); m.ID == w.Mailbox || under && m.Separator != "" && strings.HasPrefix(rest, m.Separator) {
					m.Name = w.Name + rest
				}
			}
		}
	}
	return all, nil
}

// FinishMailboxAction records that a wish is done or (refused: the server's words) is not; then it is taken back here
// and kept in the journal of conflicts. One that is settled already is passed over.
func (s *Store) FinishMailboxAction(ctx context.Context, id ActionID, refused string) error {
	return s.write(ctx, func(t *txn) error {
		var w mailboxWish
		err := t.row(`SELECT id, kind, mailbox, name, target FROM mailbox_wish WHERE id = ? AND state = 'pending'`, id).
			Scan(&w.ID, &w.Kind, &w.Mailbox, &w.Name, &w.Target)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if refused == "" {
			if err := t.run(`DELETE FROM mailbox_wish WHERE id = ?`, id); err != nil || w.Kind != MailboxDelete {
				return err
			}
			return t.deleted(&Mailbox{ID: w.Mailbox, Name: w.Name})
		}
		if err := t.closeMailboxWish(&w, refused); err != nil {
			return err
		}
		return t.revertMailbox(&w)
	})
}

func (w *mailboxWish) gerund() string {
	switch w.Kind {
	case MailboxCreate:
		return "creating"
	case MailboxRename:
		return "renaming"
	case MailboxDelete:
		return "deleting"
	case MailboxSubscribe:
		return "subscribing to"
	}
	return "unsubscribing from"
}

// revertMailbox takes back a refused wish for a mailbox.
func (t *txn) revertMailbox(w *mailboxWish) error {
	list, err := mailboxes(t.ctx, t.tx, `b.id = ?`, w.Mailbox)
	if err != nil || len(list) == 0 {
		return err
	}
	m := list[0]
	switch w.Kind {
	case MailboxCreate:
		return t.notCreated(m)
	case MailboxRename:
		return t.notRenamed(w)
	case MailboxDelete:
		return t.stays(m)
	}
	return t.run(`UPDATE mailbox SET subscribed = ? WHERE id = ?`, w.Kind == MailboxUnsubscribe, m.ID)
}

// wishedInVain ends what is wished for a mailbox that another client has deleted.
func (t *txn) wishedInVain(m *Mailbox) error {
	wishes, err := t.wishesFor(m.ID)
	if err != nil {
		return err
	}
	for _, w := range wishes {
		if err := t.closeMailboxWish(&w, "another client has deleted it"); err != nil {
			return err
		}
	}
	return nil
}

// notCreated ends a mailbox that the server refused to make. What was moved into it goes back to where the server has
// it; what no server has stays in it, here.
func (t *txn) notCreated(m Mailbox) error {
	list, err := t.copies(`mailbox = ? AND state = 0`, m.ID)
	if err != nil {
		return err
	}
	left := 0
	for i := range list {
		k := &list[i]
		if k.serverMailbox == 0 {
			left++
			continue
		}
		err := t.run(`DELETE FROM action WHERE message = ? AND state = 'pending' AND blocked_by IS NULL AND kind <> 'flags'`, k.id)
		if err != nil {
			return err
		}
		k.mailbox = k.serverMailbox
		if err := t.savePlace(k); err != nil {
			return err
		}
		if err := t.touch(k.id); err != nil {
			return err
		}
		if err := t.journalLoss(k, fmt.Sprintf("the move to %s was taken back: the server refused to make that mailbox", m.Name)); err != nil {
			return err
		}
	}
	if left == 0 {
		return t.run(`UPDATE mailbox SET gone = ? WHERE id = ?`, t.now, m.ID)
	}
	if err := t.run(`UPDATE mailbox SET local = 1 WHERE id = ?`, m.ID); err != nil {
		return err
	}
	return t.settleMailbox(m.ID)
}

// wished is what LIST will say once the pending wishes for mailboxes are carried out.
func wished(list []RemoteMailbox, wishes []mailboxWish) []RemoteMailbox {
	for _, w := range wishes {
		at := -1
		for i := range list {
			if list[i].Name == w.Name {
				at = i
			}
		}
		switch w.Kind {
		case MailboxCreate:
			if at < 0 {
				list = append(list, RemoteMailbox{Name: w.Name, Separator: separatorOf(list), Subscribed: true})
			} else {
				list[at].NoSelect = false
			}
		case MailboxRename:
			if at >= 0 { // what only had others under it
				list = slices.DeleteFunc(list, func(r RemoteMailbox) bool { return r.Name == w.Target && r.NoSelect })
			}
			for i := range list {
				r := &list[i]
				if rest, under := strings.CutPrefix(r.Name, w.Name); under && (rest == "" || r.Separator != "" && strings.HasPrefix(rest, r.Separator)) {
					r.Name = w.Target + rest
				}
			}
		case MailboxDelete:
			if at >= 0 {
				list = append(list[:at], list[at+1:]...)
			}
		default:
			if at >= 0 {
				list[at].Subscribed = w.Kind == MailboxSubscribe
			}
		}
	}
	return list
}

func separatorOf(list []RemoteMailbox) string {
	for _, r := range list {
		if r.Separator != "" {
			return r.Separator
		}
	}
	return ""
}
