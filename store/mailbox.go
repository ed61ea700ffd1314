package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const mailboxFields = `b.id, b.account, a.name, a.prefix, b.name, b.separator, b.role, b.noselect, b.local, b.subscribed, b.total, b.unread,
	b.uidvalidity, b.uidnext, b.highestmodseq, b.messages, b.flags_at`

const mailboxFrom = ` FROM mailbox b JOIN account a ON a.id = b.account `

// mailboxes lists those that a condition selects (b is the mailbox).
func mailboxes(ctx context.Context, q querier, where string, args ...any) ([]Mailbox, error) {
	rows, err := q.QueryContext(short(ctx), `SELECT `+mailboxFields+mailboxFrom+`WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Mailbox
	for rows.Next() {
		var m Mailbox
		var modseq int64
		var flagsAt sql.NullInt64
		err := rows.Scan(&m.ID, &m.Account, &m.AccountName, &m.Prefix, &m.Name, &m.Separator, &m.Role, &m.NoSelect, &m.Local, &m.Subscribed,
			&m.Total, &m.Unread, &m.Sync.UIDValidity, &m.Sync.UIDNext, &modseq, &m.Sync.Messages, &flagsAt)
		if err != nil {
			return nil, err
		}
		m.Sync.HighestModSeq, m.Sync.FlagsAt = uint64(modseq), at(flagsAt)
		out = append(out, m)
	}
	return out, rows.Err()
}

// roleOrder is the order of mailboxes in lists.
func roleOrder(r Role) int {
	i := slices.Index([]Role{RoleInbox, RoleDrafts, RoleSent, RoleArchive, RoleAll, RoleJunk, RoleTrash}, r)
	if i < 0 {
		return 100
	}
	return i
}

func sortMailboxes(list []Mailbox) {
	slices.SortFunc(list, func(a, b Mailbox) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(roleOrder(a.Role), roleOrder(b.Role)),
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
}

// Mailboxes lists the mailboxes of an account (0: all), by role then name, with counts.
func (s *Store) Mailboxes(ctx context.Context, a AccountID) (list []Mailbox, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err = accountMailboxes(ctx, q, a)
		return err
	})
	return list, err
}

func accountMailboxes(ctx context.Context, q querier, a AccountID) ([]Mailbox, error) {
	list, err := mailboxes(ctx, q, `b.gone IS NULL AND (?1 = 0 OR b.account = ?1)`, a)
	sortMailboxes(list)
	return list, err
}

// Mailbox reads one; ErrNotFound.
func (s *Store) Mailbox(ctx context.Context, id MailboxID) (m Mailbox, err error) {
	err = s.read(ctx, func(q querier) error {
		m, err = mailbox(ctx, q, id)
		return err
	})
	return m, err
}

func mailbox(ctx context.Context, q querier, id MailboxID) (Mailbox, error) {
	list, err := mailboxes(ctx, q, `b.gone IS NULL AND b.id = ?`, id)
	if err != nil {
		return Mailbox{}, err
	}
	if len(list) == 0 {
		return Mailbox{}, fmt.Errorf("mailbox %d: %w", id, ErrNotFound)
	}
	return list[0], nil
}

// FindMailbox is MailboxNamed of an account's mailboxes; ErrNotFound.
func (s *Store) FindMailbox(ctx context.Context, a AccountID, name string) (Mailbox, error) {
	list, err := s.Mailboxes(ctx, a)
	if err != nil {
		return Mailbox{}, err
	}
	if m, ok := MailboxNamed(list, name); ok {
		return m, nil
	}
	return Mailbox{}, fmt.Errorf("mailbox %q: %w", name, ErrNotFound)
}

// MailboxNamed finds one of an account's mailboxes by name (INBOX in any case), else by role name, else by name in any case
// when only one fits, else by name without what the names of all begin with on the server.
func MailboxNamed(list []Mailbox, name string) (Mailbox, bool) {
	if m, ok := exactly(list, name); ok {
		return m, true
	}
	if m, ok := byRole(list, Role(strings.ToLower(name))); ok {
		return m, true
	}
	if m, ok := onlyFolded(list, name); ok {
		return m, true
	}
	whole := within(prefix(list), name)
	if whole == name {
		return Mailbox{}, false
	}
	if m, ok := exactly(list, whole); ok {
		return m, true
	}
	return onlyFolded(list, whole)
}

func exactly(list []Mailbox, name string) (Mailbox, bool) {
	for _, m := range list {
		if m.Name == name || strings.EqualFold(name, "INBOX") && strings.EqualFold(m.Name, "INBOX") {
			return m, true
		}
	}
	return Mailbox{}, false
}

// onlyFolded is the only mailbox of that name in any case.
func onlyFolded(list []Mailbox, name string) (found Mailbox, ok bool) {
	for _, m := range list {
		if strings.EqualFold(m.Name, name) {
			if ok {
				return Mailbox{}, false
			}
			found, ok = m, true
		}
	}
	return found, ok
}

// byRole picks the mailbox with a role, one on a server before a local one.
func byRole(list []Mailbox, r Role) (found Mailbox, ok bool) {
	if r == "" {
		return found, false
	}
	for _, m := range list {
		if m.Role == r && (!ok || found.Local && !m.Local) {
			found, ok = m, true
		}
	}
	return found, ok
}

// MadeRole is the role that a person names who moves mail to one that is made where there is none, as archive and delete do.
func MadeRole(name string) (Role, bool) {
	switch r := Role(strings.ToLower(name)); r {
	case RoleArchive, RoleTrash, RoleJunk:
		return r, true
	}
	return "", false
}

// RoleName is the name of a mailbox that we make ourselves; "" for a role that only a server has.
func RoleName(r Role) string {
	switch r {
	case RoleInbox:
		return "INBOX"
	case RoleSent:
		return "Sent"
	case RoleDrafts:
		return "Drafts"
	case RoleTrash:
		return "Trash"
	case RoleJunk:
		return "Junk"
	case RoleArchive:
		return "Archive"
	}
	return ""
}

// RoleMailbox finds the account's mailbox with that role; when there is none and create is set, one is made: on the server
// too where it keeps mailboxes, else only here. One that is here alone is then made there too.
func (s *Store) RoleMailbox(ctx context.Context, a AccountID, r Role, create bool) (m Mailbox, err error) {
	list, err := s.Mailboxes(ctx, a)
	if err != nil {
		return Mailbox{}, err
	}
	if m, ok := byRole(list, r); ok && !(create && m.Local && anyOnServer(list)) {
		return m, nil
	}
	if !create {
		return Mailbox{}, fmt.Errorf("%s mailbox: %w", r, ErrNotFound)
	}
	err = s.write(ctx, func(t *txn) error {
		m, err = t.roleMailbox(a, r)
		return err
	})
	return m, err
}

// roleMailbox finds or makes the account's mailbox of a role.
func (t *txn) roleMailbox(a AccountID, r Role) (Mailbox, error) {
	list, err := accountMailboxes(t.ctx, t.tx, a)
	if err != nil {
		return Mailbox{}, err
	}
	if m, ok := byRole(list, r); ok {
		return t.ontoServer(list, m, r)
	}
	name := RoleName(r)
	if name == "" {
		return Mailbox{}, fmt.Errorf("no mailbox can be made for role %q: %w", r, ErrState)
	}
	for _, m := range list {
		if m.Name == name && m.Role == "" && !m.NoSelect {
			// The server's own, only without the role: better than a second one of that name.
			if err := t.run(`UPDATE mailbox SET role = ? WHERE id = ?`, r, m.ID); err != nil {
				return Mailbox{}, err
			}
			if m, err = mailbox(t.ctx, t.tx, m.ID); err != nil {
				return m, err
			}
			return t.ontoServer(list, m, r)
		}
	}
	if onServer, err := t.makesOnServer(list, a, r); err != nil {
		return Mailbox{}, err
	} else if own := within(prefix(list), name); onServer && CheckMailboxName(list, own) == nil {
		made, err := t.makeMailbox(list, a, own, r, true, false)
		return made.Mailbox, err
	}
	if _, taken := sameName(list, name); taken { // by one that holds no messages, or has another role
		name += " (local)"
	}
	return t.localMailbox(a, name, r)
}

func anyOnServer(list []Mailbox) bool {
	return slices.ContainsFunc(list, func(m Mailbox) bool { return !m.Local })
}

// ontoServer has a mailbox for a role that is here alone, from before the account had a server or the server was known, made on
// the server when it is used again: what is in it is uploaded, as where the server has one of the role. Not Sent: what is here
// alone there may be what the server files itself. Nor where the server has refused, or has another use for the name.
func (t *txn) ontoServer(list []Mailbox, m Mailbox, r Role) (Mailbox, error) {
	if !m.Local || r == RoleSent {
		return m, nil
	}
	name := within(prefix(list), RoleName(r))
	others := slices.DeleteFunc(slices.Clone(list), func(x Mailbox) bool { return x.ID == m.ID })
	if onServer, err := t.makesOnServer(list, m.Account, r); err != nil || !onServer || CheckMailboxName(others, name) != nil {
		return m, err
	}
	if leaving, err := t.leavingNamed(m.Account, name); err != nil || leaving != 0 {
		return m, err
	}
	grp, err := t.newGroup("mailbox", false)
	if err != nil {
		return m, err
	}
	err = t.run(`UPDATE mailbox SET name = ?, separator = ?, local = 0 WHERE id = ?`, name, separator(list), m.ID)
	if err != nil {
		return m, err
	}
	if m, err = mailbox(t.ctx, t.tx, m.ID); err != nil {
		return m, err
	}
	if err := t.wishMailbox(grp, m, MailboxCreate, "", true); err != nil {
		return m, err
	}
	return m, t.settleMailbox(m.ID)
}

// makesOnServer reports whether a mailbox for a role belongs on the account's server: what is archived there is not to leave
// it for this computer alone. Not where the server has refused to make one.
func (t *txn) makesOnServer(list []Mailbox, a AccountID, r Role) (bool, error) {
	if r == RoleInbox || !anyOnServer(list) {
		return false, nil
	}
	var refused int
	err := t.row(`SELECT count(*) FROM mailbox_wish WHERE account = ? AND kind = 'create' AND state = 'refused' AND name = ?`,
		a, within(prefix(list), RoleName(r))).Scan(&refused)
	return refused == 0, err
}

// localMailbox makes a mailbox that is on no server.
func (t *txn) localMailbox(a AccountID, name string, r Role) (Mailbox, error) {
	id, err := t.insert(`INSERT INTO mailbox(account, name, role, local) VALUES (?, ?, ?, 1)`, a, name, r)
	if err != nil {
		return Mailbox{}, err
	}
	return mailbox(t.ctx, t.tx, MailboxID(id))
}

// LocalMailbox finds an account's mailbox of that very name, or makes one that is on no server.
func (s *Store) LocalMailbox(ctx context.Context, a AccountID, name string) (m Mailbox, err error) {
	if name == "" {
		return m, errors.New("a mailbox needs a name")
	}
	err = s.write(ctx, func(t *txn) error {
		list, err := mailboxes(t.ctx, t.tx, `b.gone IS NULL AND b.account = ? AND b.name = ?`, a, name)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			m = list[0]
			return nil
		}
		m, err = t.localMailbox(a, name, roleOfName(name))
		return err
	})
	return m, err
}

func roleOfName(name string) Role {
	if strings.EqualFold(name, "INBOX") {
		return RoleInbox
	}
	return ""
}

// isLocal reports whether a mailbox is on no server.
func (t *txn) isLocal(id MailboxID) (local bool, err error) {
	err = t.row(`SELECT local FROM mailbox WHERE id = ?`, id).Scan(&local)
	return local, err
}

// SetSyncState records what a completed pull knew. A copy that we put on the server
// and that two completed pulls have not shown is not there any more: it is tombstoned.
func (s *Store) SetSyncState(ctx context.Context, id MailboxID, st SyncState) error {
	return s.write(ctx, func(t *txn) error {
		r, err := t.exec(`UPDATE mailbox SET uidvalidity = ?, uidnext = ?, highestmodseq = ?, messages = ?, flags_at = ? WHERE id = ?`,
			st.UIDValidity, st.UIDNext, int64(st.HighestModSeq), st.Messages, ms(st.FlagsAt), id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("mailbox %d: %w", id, ErrNotFound))
		}
		if st.UIDNext == 0 { // a pull has begun; only one that is complete has seen all
			return nil
		}
		return t.dropUnseen(id)
	})
}
