package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SetMailboxes brings the mailbox list in line with LIST: new ones are created,
// roles updated, a local mailbox of the same role or name is adopted (its copies get append wishes);
// ones gone from the server are kept as local when they hold anything not
// confirmed by the server, else tombstoned. Returns the account's mailboxes as the server has them (MailboxesOnServer).
// An empty list is not believed: ErrState.
func (s *Store) SetMailboxes(ctx context.Context, a AccountID, list []RemoteMailbox) (out []Mailbox, err error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("the server lists no mailbox, not even INBOX: %w", ErrState)
	}
	list = slices.Clone(list)
	for i := range list {
		if list[i].Role == "" {
			list[i].Role = roleOfName(list[i].Name)
		}
	}
	have, same, err := s.asListed(ctx, a, list)
	if err != nil || same {
		return have, err // the usual case: nothing is written
	}
	err = s.write(ctx, func(t *txn) error {
		wishes, err := mailboxWishes(t.ctx, t.tx, a)
		if err != nil {
			return err
		}
		have, err := accountMailboxes(t.ctx, t.tx, a)
		if err != nil {
			return err
		}
		if wishes, err = t.setLeaving(a, list, wishes); err != nil {
			return err
		}
		list := wished(slices.Clone(list), wishes)
		listed := map[MailboxID]bool{}
		for _, r := range list {
			id, err := t.setMailbox(a, have, r)
			if err != nil {
				return err
			}
			listed[id] = true
		}
		for i := range have {
			if !have[i].Local && !listed[have[i].ID] {
				if err := t.mailboxGone(&have[i]); err != nil {
					return err
				}
			}
		}
		out, err = mailboxesOnServer(t.ctx, t.tx, a)
		return err
	})
	return out, err
}

// asListed reads the account's mailboxes, as the server has them, and tells whether they are as LIST says, but for pending
// wishes.
func (s *Store) asListed(ctx context.Context, a AccountID, list []RemoteMailbox) (server []Mailbox, same bool, err error) {
	err = s.read(ctx, func(q querier) error {
		wishes, err := mailboxWishes(ctx, q, a)
		if err != nil {
			return err
		}
		have, err := accountMailboxes(ctx, q, a)
		if err != nil {
			return err
		}
		server, same = have, sameMailboxes(have, wished(slices.Clone(list), wishes))
		if len(wishes) == 0 {
			return nil
		}
		if server, err = mailboxesOnServer(ctx, q, a); err != nil {
			return err
		}
		leaving, err := leavingMailboxes(ctx, q, a)
		same = same && len(leftWith(server, leaving, list)) == 0
		return err
	})
	return server, same, err
}

// setLeaving ends the leaving mailboxes that LIST does not show any more, and returns the wishes that are left.
func (t *txn) setLeaving(a AccountID, list []RemoteMailbox, wishes []mailboxWish) ([]mailboxWish, error) {
	if len(wishes) == 0 {
		return nil, nil
	}
	server, err := mailboxesOnServer(t.ctx, t.tx, a)
	if err != nil {
		return nil, err
	}
	leaving, err := leavingMailboxes(t.ctx, t.tx, a)
	if err != nil {
		return nil, err
	}
	left := leftWith(server, leaving, list)
	if len(left) == 0 {
		return wishes, nil
	}
	for i := range left {
		if err := t.deleted(&left[i]); err != nil {
			return nil, err
		}
	}
	return mailboxWishes(t.ctx, t.tx, a)
}

func sameMailboxes(have []Mailbox, list []RemoteMailbox) bool {
	remote := 0
	for _, m := range have {
		if !m.Local {
			remote++
		}
	}
	if remote != len(list) {
		return false
	}
	for _, r := range list {
		m, ok := sameName(have, r.Name)
		if !ok || m.Local || m.changedBy(r) {
			return false
		}
		if l, ok := byLocalRole(have, r.Role); ok && l.ID != m.ID {
			return false
		}
	}
	return true
}

// changedBy reports whether LIST says something new. A role the server does not tell stays what we made it.
func (m *Mailbox) changedBy(r RemoteMailbox) bool {
	return m.Separator != r.Separator || m.NoSelect != r.NoSelect || m.Subscribed != r.Subscribed || r.Role != "" && m.Role != r.Role
}

func sameName(have []Mailbox, name string) (Mailbox, bool) {
	for _, m := range have {
		if m.Name == name || strings.EqualFold(m.Name, "INBOX") && strings.EqualFold(name, "INBOX") {
			return m, true
		}
	}
	return Mailbox{}, false
}

func byLocalRole(have []Mailbox, r Role) (Mailbox, bool) {
	for _, m := range have {
		if r != "" && m.Local && m.Role == r {
			return m, true
		}
	}
	return Mailbox{}, false
}

// setMailbox stores one line of LIST and returns the mailbox it is.
func (t *txn) setMailbox(a AccountID, have []Mailbox, r RemoteMailbox) (MailboxID, error) {
	m, known := sameName(have, r.Name)
	if known && r.NoSelect && !m.NoSelect {
		if !m.Local { // deleted by another client, and there are some under it (RFC 3501 6.3.4)
			if err := t.mailboxGone(&m); err != nil {
				return 0, err
			}
		}
		if _, err := mailbox(t.ctx, t.tx, m.ID); !errors.Is(err, ErrNotFound) {
			return m.ID, err // it stays for what only we have
		}
		known = false
	}
	local, other := byLocalRole(have, r.Role)
	if !known && other {
		m, known, other = local, true, false
	}
	if !known {
		id, err := t.insert(`INSERT INTO mailbox(account, name, separator, role, noselect, subscribed) VALUES (?,?,?,?,?,?)`,
			a, r.Name, r.Separator, r.Role, r.NoSelect, r.Subscribed)
		return MailboxID(id), err
	}
	if m.Local || m.changedBy(r) {
		err := t.run(`UPDATE mailbox SET name = ?, separator = ?, role = CASE WHEN ?3 = '' THEN role ELSE ?3 END, noselect = ?, subscribed = ?, local = 0 WHERE id = ?`,
			r.Name, r.Separator, r.Role, r.NoSelect, r.Subscribed, m.ID)
		if err != nil {
			return 0, err
		}
	}
	if m.Local {
		if err := t.settleMailbox(m.ID); err != nil {
			return 0, err
		}
	}
	if other && local.ID != m.ID {
		return m.ID, t.merge(local.ID, m.ID)
	}
	return m.ID, nil
}

// settleMailbox journals what a mailbox that was local and is on the server now lacks there.
func (t *txn) settleMailbox(id MailboxID) error {
	list, err := t.copies(`mailbox = ? AND state = 0 AND (content IS NOT NULL OR server_mailbox IS NOT NULL)`, id)
	if err != nil || len(list) == 0 {
		return err
	}
	grp, err := t.newGroup("adopt", false)
	if err != nil {
		return err
	}
	for i := range list {
		if err := t.settle(&list[i], grp); err != nil {
			return err
		}
	}
	return nil
}

// merge moves all copies of a mailbox that is on no server into the server's of the same role or name and ends it.
func (t *txn) merge(from, into MailboxID) error {
	if err := t.run(`UPDATE message SET mailbox = ? WHERE mailbox = ?`, into, from); err != nil {
		return err
	}
	if err := t.run(`UPDATE mailbox SET gone = ? WHERE id = ?`, t.now, from); err != nil {
		return err
	}
	return t.settleMailbox(into)
}

// mailboxGone handles a mailbox that LIST does not show any more.
func (t *txn) mailboxGone(m *Mailbox) error {
	list, err := t.copies(`server_mailbox = ?1 OR mailbox = ?1 AND state <> 2`, m.ID)
	if err != nil {
		return err
	}
	for i := range list {
		k, err := &list[i], error(nil)
		switch {
		case k.serverMailbox == m.ID:
			err = t.withMailbox(k, m)
		case k.serverMailbox != 0 && k.state == here:
			err = t.noTarget(k, m)
		}
		if err != nil {
			return err
		}
	}
	if err := t.run(`UPDATE mailbox SET local = 1 WHERE id = ?`, m.ID); err != nil {
		return err
	}
	if err := t.wishedInVain(m); err != nil {
		return err
	}
	if err := t.nothingPut(m.ID); err != nil {
		return err
	}
	left := false
	for i := range list {
		if k := &list[i]; k.mailbox == m.ID && k.state != gone { // not confirmed by the server: it stays, here
			left = true
			if err := t.settleNew(k, "adopt"); err != nil {
				return err
			}
		}
	}
	if left {
		return nil
	}
	return t.run(`UPDATE mailbox SET gone = ? WHERE id = ?`, t.now, m.ID)
}

// nothingPut takes back what was handed out to be put into a mailbox that the server has no more: done or not, it is not
// there, and where a person wants it now it is put anew.
func (t *txn) nothingPut(m MailboxID) error {
	const put = `target = ? AND state = 'pending' AND kind IN ('append', 'copy') AND given > 0`
	list, err := t.copies(`server_mailbox IS NULL AND id IN (SELECT message FROM action WHERE `+put+`)`, m)
	if err != nil {
		return err
	}
	if err := t.run(`UPDATE action SET given = 0, tries = 0 WHERE `+put, m); err != nil {
		return err
	}
	for i := range list {
		if err := t.settleNew(&list[i], "adopt"); err != nil {
			return err
		}
	}
	return nil
}

// withMailbox ends the server's side of a copy whose mailbox is gone. What was moved away here and is wholly here is kept.
func (t *txn) withMailbox(k *copyState, m *Mailbox) error {
	rescue := k.state == here && k.mailbox != m.ID && k.content != 0
	removed, err := t.expunge(k, "deleted with its mailbox "+m.Name)
	if err == nil && removed && rescue { // unless this pass finds it elsewhere (RescueMoved)
		err = t.run(`UPDATE message SET removed = ? WHERE id = ?`, toRescue, k.id)
	}
	return err
}

// noTarget takes back the move of a copy into a mailbox that another client has deleted meanwhile.
func (t *txn) noTarget(k *copyState, m *Mailbox) error {
	wishes, err := t.wishes(k.id)
	if err != nil {
		return err
	}
	for i := range wishes {
		if a := &wishes[i]; a.location() {
			words := fmt.Sprintf("%s was deleted by another client before the move there reached the server", m.Name)
			if err := t.closeAction(a.id, contradicted, words, k); err != nil {
				return err
			}
		}
	}
	k.mailbox = k.serverMailbox
	if err := t.savePlace(k); err != nil {
		return err
	}
	return t.touch(k.id)
}
