package ui

import (
	"fmt"
	"slices"
	"strings"

	"mua/account"
	"mua/store"
)

// accountsOf are the accounts that messages belong to, that of the first one first.
func accountsOf(list []row) (out []store.AccountID) {
	for _, r := range list {
		if !slices.Contains(out, r.Account) {
			out = append(out, r.Account)
		}
	}
	return out
}

// boxOf is the mailbox of an account that is what b is in its own: of the same role, else of the same name.
func (u *App) boxOf(b store.Mailbox, acct store.AccountID) (store.Mailbox, bool) {
	if b.Account == acct {
		return b, true
	}
	for _, o := range u.stored.boxes {
		if o.Account == acct && !o.NoSelect && (b.Role != "" && o.Role == b.Role || b.Role == "" && strings.EqualFold(o.Name, b.Name)) {
			return o, true
		}
	}
	return store.Mailbox{}, false
}

// targetsFor are the mailboxes that messages of these accounts go to when b is chosen for them.
func (u *App) targetsFor(b store.Mailbox, list []row) (map[store.AccountID]store.MailboxID, error) {
	out := map[store.AccountID]store.MailboxID{}
	for _, r := range list {
		if out[r.Account] != 0 {
			continue
		}
		o, ok := u.boxOf(b, r.Account)
		if !ok {
			return nil, &account.Trouble{Kind: account.KindNotFound, Account: r.AccountName, What: fmt.Sprintf("there is no mailbox %q", b.Name), Kept: "Nothing was moved or copied"}
		}
		out[r.Account] = o.ID
	}
	return out, nil
}

// target is where messages go to: for those of each account a mailbox, and what that is called.
type target struct {
	name string
	to   map[store.AccountID]store.MailboxID
}

// oneFor is a mailbox of an account that messages of all these accounts go to.
func oneFor(b store.Mailbox, accts []store.AccountID) target {
	t := target{b.Name, map[store.AccountID]store.MailboxID{}}
	for _, a := range accts {
		t.to[a] = b.ID
		if a != b.Account {
			t.name = b.AccountName + " ▸ " + b.Name
		}
	}
	return t
}

// chooseFor asks where to: a mailbox of the account that messages belong to, where there are several accounts one that all
// of them have, or any one of another account.
func (m *mailView) chooseFor(verb string, list []row, do func(target)) {
	accts := accountsOf(list)
	if len(accts) == 0 {
		return
	}
	title := fmt.Sprintf("%s %s to", verb, count(len(list), "message"))
	if len(accts) == 1 {
		m.u.chooseMailbox(title, accts[0], func(b store.Mailbox) { do(oneFor(b, accts)) }, m.elsewhere(accts, do)...)
		return
	}
	var options []option
	for _, b := range m.u.stored.boxes {
		if b.Account != accts[0] || b.NoSelect {
			continue
		}
		if to, err := m.u.targetsFor(b, list); err == nil {
			options = append(options, option{text("%s", b.Name), text("each in its account"), strings.ToLower(b.Name + " " + string(b.Role)),
				func() { do(target{b.Name, to}) }})
		}
	}
	m.u.pick(title, append(options, m.elsewhere(accts, do)...))
}

// elsewhere offers the mailboxes of accounts, but for those of the only one that messages belong to.
func (m *mailView) elsewhere(accts []store.AccountID, do func(target)) (options []option) {
	for _, b := range m.u.stored.boxes {
		if !b.NoSelect && b.ID > 0 && (len(accts) > 1 || b.Account != accts[0]) {
			name := b.AccountName + " ▸ " + b.Name
			options = append(options, option{text("%s", name), text(""), strings.ToLower(name + " " + string(b.Role)), func() { do(oneFor(b, accts)) }})
		}
	}
	return options
}
