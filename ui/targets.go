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

// chooseFor asks for a mailbox of the account that messages belong to; where there are several accounts, for one that all of them have.
func (m *mailView) chooseFor(verb string, list []row, do func(store.Mailbox)) {
	accts := accountsOf(list)
	if len(accts) == 0 {
		return
	}
	title := fmt.Sprintf("%s %s to", verb, count(len(list), "message"))
	if len(accts) == 1 {
		m.u.chooseMailbox(title, accts[0], do)
		return
	}
	title += ", each in its account"
	var options []option
	for _, b := range m.u.stored.boxes {
		lacks := func(a store.AccountID) bool { _, ok := m.u.boxOf(b, a); return !ok }
		if b.Account == accts[0] && !b.NoSelect && !slices.ContainsFunc(accts, lacks) {
			options = append(options, option{words: text("%s", b.Name), match: strings.ToLower(b.Name + " " + string(b.Role)), do: func() { do(b) }})
		}
	}
	if len(options) == 0 {
		m.u.say("The accounts of these messages have no mailbox in common")
		return
	}
	m.u.pick(title, options)
}
