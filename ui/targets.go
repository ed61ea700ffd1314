package ui

import (
	"context"
	"fmt"
	"maps"
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
			return nil, lacks(r, b)
		}
		out[r.Account] = o.ID
	}
	return out, nil
}

// target is where messages go to: for those of each account a mailbox, and what that is called.
type target struct {
	name string
	to   map[store.AccountID]store.MailboxID
	made map[store.AccountID]store.Role // accounts whose mailbox of a role is made when there is none
}

// boxes are the mailboxes of a target; those to be made are made.
func (t target) boxes(ctx context.Context, st *store.Store) (map[store.AccountID]store.MailboxID, error) {
	to := map[store.AccountID]store.MailboxID{}
	maps.Copy(to, t.to)
	for a, role := range t.made {
		b, err := st.RoleMailbox(ctx, a, role, true)
		if err != nil {
			return nil, err
		}
		to[a] = b.ID
	}
	return to, nil
}

// forRole is the mailbox of a role in each of these accounts, called as it is or will be in the first.
func (u *App) forRole(role store.Role, accts []store.AccountID) target {
	t := target{name: store.RoleName(role), made: map[store.AccountID]store.Role{}}
	if b, ok := u.boxNamed(string(role), accts[0]); ok && b.Role == role {
		t.name = b.Name
	}
	for _, a := range accts {
		t.made[a] = role
	}
	return t
}

// boxNamed finds a mailbox of an account by name or role.
func (u *App) boxNamed(name string, acct store.AccountID) (store.Mailbox, bool) {
	return store.MailboxNamed(u.boxesWhere(func(b store.Mailbox) bool { return b.Account == acct }), name)
}

// targetNamed finds the mailbox of a name or role in the account of each message, or the one that ACCOUNT/NAME names for all.
func (u *App) targetNamed(name string, list []row) (target, error) {
	accts := accountsOf(list)
	role, made := store.MadeRole(name)
	first, ok := u.boxNamed(name, accts[0])
	if made && (!ok || first.Role == role) {
		return u.forRole(role, accts), nil
	}
	if ok {
		return u.eachNamed(name, first, list)
	}
	if b, ok := u.boxElsewhere(name); ok {
		return oneFor(b, accts), nil
	}
	err := noMailbox(name)
	if b, ok := u.findBox(name, accts[0]); ok {
		err.Account, err.Hint = list[0].AccountName, "another account has it: "+b.AccountName+"/"+b.Name
	}
	return target{}, err
}

// eachNamed is the mailbox of that name in each account, looked for there as in the first, where it is b; else what is b there.
func (u *App) eachNamed(name string, b store.Mailbox, list []row) (target, error) {
	t := target{name: b.Name, to: map[store.AccountID]store.MailboxID{}}
	for _, r := range list {
		if t.to[r.Account] != 0 {
			continue
		}
		o, ok := u.boxNamed(name, r.Account)
		if !ok {
			o, ok = u.boxOf(b, r.Account)
		}
		if !ok {
			return target{}, lacks(r, b)
		}
		t.to[r.Account] = o.ID
	}
	return t, nil
}

// lacks says that a message's account has no such mailbox.
func lacks(r row, b store.Mailbox) *account.Trouble {
	return &account.Trouble{Kind: account.KindNotFound, Account: r.AccountName, What: fmt.Sprintf("there is no mailbox %q", b.Name), Kept: "Nothing was moved or copied"}
}

// oneFor is a mailbox of an account that messages of all these accounts go to.
func oneFor(b store.Mailbox, accts []store.AccountID) target {
	t := target{name: b.Name, to: map[store.AccountID]store.MailboxID{}}
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
				func() { do(target{name: b.Name, to: to}) }})
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
