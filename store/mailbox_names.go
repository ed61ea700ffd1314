package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

const maxMailboxName = 255 // octets

// separator is the account's, "" when no server has told.
func separator(list []Mailbox) string {
	for _, m := range list {
		if m.Separator != "" {
			return m.Separator
		}
	}
	return ""
}

// prefix is what the names on the account's server begin with, "" when they need not begin with anything.
func prefix(list []Mailbox) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Prefix
}

// within is a name with the prefix that it must have.
func within(prefix, name string) string {
	if strings.HasPrefix(name, prefix) || strings.EqualFold(name, "INBOX") {
		return name
	}
	return prefix + name
}

// CheckMailboxName refuses what cannot be the name of a further mailbox of an account that has these: also one with
// slashes where the server separates the levels by something else, or outside of what the server keeps all mailboxes under,
// for it would refuse that. ErrName, ErrTaken.
func CheckMailboxName(list []Mailbox, name string) error {
	sep, prefix := separator(list), prefix(list)
	slashed := func(m Mailbox) bool { return !m.Local && strings.Contains(m.Name, "/") }
	if sep != "" && sep != "/" && strings.Contains(name, "/") && !slices.ContainsFunc(list, slashed) {
		return fmt.Errorf("%q: the server separates the levels by %s, write %s: %w", name, sep, within(prefix, strings.ReplaceAll(name, "/", sep)), ErrName)
	}
	if ours := within(prefix, name); ours != name && strings.TrimSpace(name) != "" {
		return fmt.Errorf("%q: the server keeps all mailboxes under %s, write %s: %w", name, strings.TrimSuffix(prefix, sep), ours, ErrName)
	}
	return checkName(list, name, sep)
}

// checkName refuses what no server takes for a name, and names that are taken.
func checkName(list []Mailbox, name, sep string) error {
	switch {
	case strings.TrimSpace(name) == "" || name != strings.TrimSpace(name):
		return fmt.Errorf("%q: it is empty, or begins or ends with a space: %w", name, ErrName)
	case len(name) > maxMailboxName:
		return fmt.Errorf("it has more than %d octets: %w", maxMailboxName, ErrName)
	case strings.ContainsAny(name, "*%") || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%q: it holds * or %% or a control character: %w", name, ErrName)
	case sep != "" && (strings.HasPrefix(name, sep) || strings.HasSuffix(name, sep) || strings.Contains(name, sep+sep)):
		return fmt.Errorf("%q: %s separates the levels: %w", name, sep, ErrName)
	}
	if m, taken := sameName(list, name); taken {
		return fmt.Errorf("%s: %w", m.Name, ErrTaken)
	}
	return nil
}

// checkRename is checkName of a new name for m, and of those that it gives to the mailboxes under it.
func checkRename(list []Mailbox, m Mailbox, to, sep string) error {
	if err := checkName(list, to, sep); err != nil {
		return err
	}
	if m.Separator != "" && strings.HasPrefix(to, m.Name+m.Separator) {
		return fmt.Errorf("%s cannot go under itself: %w", m.Name, ErrName)
	}
	for _, x := range tree(list, m)[1:] {
		if err := checkName(list, to+x.Name[len(m.Name):], sep); err != nil {
			return err
		}
	}
	return nil
}

// tree is a mailbox and those under it.
func tree(list []Mailbox, m Mailbox) []Mailbox {
	out := []Mailbox{m}
	for _, x := range list {
		if m.Separator != "" && strings.HasPrefix(x.Name, m.Name+m.Separator) {
			out = append(out, x)
		}
	}
	return out
}

// renameTree gives a mailbox and those under it their new names.
func (t *txn) renameTree(m Mailbox, to string) error {
	if m.Separator != "" {
		err := t.run(`UPDATE mailbox SET name = ? || substr(name, length(?) + 1) WHERE account = ? AND gone IS NULL AND substr(name, 1, length(?4)) = ?4`,
			to, m.Name, m.Account, m.Name+m.Separator)
		if err != nil {
			return err
		}
	}
	return t.run(`UPDATE mailbox SET name = ? WHERE id = ?`, to, m.ID)
}

// nameBack gives a mailbox and those under it names again that the server has not given up.
func (t *txn) nameBack(m Mailbox, to string) error {
	list, err := accountMailboxes(t.ctx, t.tx, m.Account)
	if err != nil {
		return err
	}
	for _, x := range tree(list, m) {
		if err := t.reclaim(x, to+x.Name[len(m.Name):]); err != nil {
			return err
		}
	}
	return t.renameTree(m, to)
}

// reclaim frees a name that m has on the server. Another mailbox here that was to have it, by a wish that the server has not
// carried out, does not get it: one that was to be made is m then, and the renaming of one is given up. What is in one that
// had it, and that we alone have, goes into m.
func (t *txn) reclaim(m Mailbox, name string) error {
	list, err := accountMailboxes(t.ctx, t.tx, m.Account)
	if err != nil {
		return err
	}
	holder, taken := sameName(list, name)
	if !taken || holder.ID == m.ID {
		return nil
	}
	if holder.Local {
		return t.merge(holder.ID, m.ID)
	}
	wishes, err := mailboxWishes(t.ctx, t.tx, m.Account)
	if err != nil {
		return err
	}
	for i := len(wishes) - 1; i >= 0; i-- {
		w := &wishes[i]
		switch {
		case w.Mailbox == holder.ID && w.Kind == MailboxCreate:
			if err := t.run(`DELETE FROM mailbox_wish WHERE mailbox = ? AND state = 'pending'`, holder.ID); err != nil {
				return err
			}
			return t.merge(holder.ID, m.ID)
		case w.Kind == MailboxRename && (w.Target == name || holder.Separator != "" && strings.HasPrefix(name, w.Target+holder.Separator)):
			if err := t.closeMailboxWish(w, "another mailbox has the name "+name); err != nil {
				return err
			}
			return t.notRenamed(w)
		}
	}
	if err := t.mailboxGone(&holder); err != nil {
		return err
	}
	if list, err = accountMailboxes(t.ctx, t.tx, m.Account); err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(x Mailbox) bool { return x.ID == holder.ID }) { // it holds what only we have
		return t.merge(holder.ID, m.ID)
	}
	return nil
}

// notRenamed takes back a renaming that will not be. What was wished after it, of that mailbox and of those under it, is
// wished under the old name.
func (t *txn) notRenamed(w *mailboxWish) error {
	list, err := mailboxes(t.ctx, t.tx, `b.id = ?`, w.Mailbox)
	if err != nil || len(list) == 0 {
		return err
	}
	m := list[0]
	for _, column := range []string{"name", "target"} {
		err := t.run(`UPDATE mailbox_wish SET `+column+` = ?1 || substr(`+column+`, length(?2) + 1) WHERE account = ?3 AND id > ?4 AND state = 'pending'
			AND (`+column+` = ?2 OR ?5 <> '' AND substr(`+column+`, 1, length(?2 || ?5)) = ?2 || ?5)`, w.Name, w.Target, m.Account, w.ID, m.Separator)
		if err != nil {
			return err
		}
	}
	if m.Name != w.Target { // renamed again since
		return nil
	}
	if _, err := mailbox(t.ctx, t.tx, m.ID); errors.Is(err, ErrNotFound) { // deleted since
		return t.run(`UPDATE mailbox SET name = ? WHERE id = ?`, w.Name, m.ID)
	}
	return t.nameBack(m, w.Name)
}

// closeMailboxWish ends a wish for a mailbox that was not carried out; the journal tells why.
func (t *txn) closeMailboxWish(w *mailboxWish, why string) error {
	words := fmt.Sprintf("%s mailbox %s was refused: %s", w.gerund(), w.Name, cmp.Or(why, "no reason given"))
	return t.run(`UPDATE mailbox_wish SET state = 'refused', ended = ?, words = ? WHERE id = ?`, t.now, words, w.ID)
}
