package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/store"
	"mua/ui/keys"
)

// ownerOf is the name of the account that a new mailbox would belong to: of acct, or (0) of what is shown.
func (u *App) ownerOf(acct store.AccountID) string {
	for _, b := range u.stored.boxes {
		if b.Account == acct && acct != 0 {
			return b.AccountName
		}
	}
	if name := u.mail.account(); name != "" {
		return name
	}
	for _, a := range u.o.Config.Accounts {
		return a.Name
	}
	return "local"
}

// createBox makes a mailbox, and goes on with it.
func (u *App) createBox(owner, name string, then func(store.Mailbox)) {
	st := u.o.Store
	acct := u.accountOf(owner)
	onServer := acct != nil && acct.Incoming != nil && acct.Incoming.Protocol == account.IMAP
	var made store.MailboxMade
	u.wish("Mailbox "+name+" made · "+u.keys.Key(keys.Undo, keys.Global)+" undo", func(ctx context.Context) error {
		id, err := st.EnsureAccount(ctx, owner)
		if err == nil {
			made, err = st.CreateMailbox(ctx, id, name, onServer)
		}
		return err
	}, func(err error) {
		if err == nil && then != nil {
			then(made.Mailbox)
		}
	})
}

func (u *App) askCreate(owner string) {
	if owner == "" {
		owner = u.ownerOf(0)
	}
	u.prompt("New mailbox in "+owner+":", "", nil, nil, func(p *prompt, name string) {
		if name = strings.TrimSpace(name); name == "" {
			p.close()
		} else if p.fits(owner, name) {
			p.close()
			u.createBox(owner, name, func(b store.Mailbox) { u.mail.boxes.want(b.ID) })
		}
	})
}

func (u *App) askRename(b store.Mailbox) {
	switch {
	case b.ID == 0:
		return
	case b.Role == store.RoleInbox:
		u.say("%s keeps its name: it is the account's inbox", b.Name)
		return
	}
	u.prompt("Rename "+b.Name+" to:", b.Name, nil, nil, func(p *prompt, name string) {
		if name = strings.TrimSpace(name); name == "" || name == b.Name {
			p.close()
		} else if p.fits(b.AccountName, name) {
			p.close()
			u.renameBox(b, name)
		}
	})
}

// fits reports whether an account can have a further mailbox of that name; what is wrong with it is shown, to be mended.
func (p *prompt) fits(owner, name string) bool {
	err := store.CheckMailboxName(p.u.boxesOf(owner), name)
	if err != nil {
		p.fail(-1, strings.TrimSuffix(err.Error(), ": "+store.ErrName.Error()))
	}
	return err == nil
}

// boxesOf are the mailboxes of an account.
func (u *App) boxesOf(owner string) []store.Mailbox {
	return slices.DeleteFunc(slices.Clone(u.stored.boxes), func(b store.Mailbox) bool { return b.AccountName != owner })
}

// boxName is a new mailbox's name as the account's server wants it, where that is plain: with its separator for slashes, and
// under what it keeps all mailboxes under. It is shown before it is taken.
func (u *App) boxName(owner, name string) string {
	list := u.boxesOf(owner)
	i := slices.IndexFunc(list, func(b store.Mailbox) bool { return b.Separator != "" })
	if i < 0 || store.CheckMailboxName(list, name) == nil {
		return name
	}
	levels := strings.ReplaceAll(name, "/", list[i].Separator)
	for _, s := range []string{levels, list[i].Prefix + levels} {
		if store.CheckMailboxName(list, s) == nil {
			return s
		}
	}
	return name
}

func (u *App) renameBox(b store.Mailbox, name string) {
	st := u.o.Store
	u.wish("Renamed to "+name+" · "+u.keys.Key(keys.Undo, keys.Global)+" undo", func(ctx context.Context) error {
		_, err := st.RenameMailbox(ctx, b.ID, name)
		return err
	}, func(err error) {
		if l := u.mail.list(); err == nil && l.box.ID == b.ID {
			l.box.Name = name
		}
	})
}

// askDelete deletes a mailbox; before messages go with it, it asks.
func (u *App) askDelete(b store.Mailbox) {
	switch {
	case b.ID == 0:
	case b.Role != "": // before it is asked whether all that mail is to go
		u.say("%s stays: the account has it as its %s", b.Name, b.Role)
	case b.Total == 0:
		u.deleteBox(b)
	default:
		u.ask(fmt.Sprintf("%s holds %s. Delete it, and move them to the Trash?", b.Name, count(b.Total, "message")), []choice{
			{"y", "delete", func() { u.deleteBox(b) }}, {"n", "keep", nil},
		})
	}
}

func (u *App) deleteBox(b store.Mailbox) {
	st := u.o.Store
	u.wish("Mailbox "+b.Name+" deleted · "+u.keys.Key(keys.Undo, keys.Global)+" undo", func(ctx context.Context) error {
		_, err := st.DeleteMailbox(ctx, b.ID, true)
		return err
	}, func(err error) {
		if err == nil && u.mail.list().box.ID == b.ID {
			u.goRole(store.RoleInbox)
		}
	})
}

func (u *App) toggleSubscribed(b store.Mailbox) {
	if b.ID == 0 {
		return
	}
	st, words := u.o.Store, "Subscribed to "
	if b.Subscribed {
		words = "No longer subscribed to "
	}
	u.wish(words+b.Name+" · "+u.keys.Key(keys.Undo, keys.Global)+" undo", func(ctx context.Context) error {
		_, err := st.SubscribeMailbox(ctx, b.ID, !b.Subscribed)
		return err
	}, nil)
}

func (u *App) commandCreate(name string) error {
	u.createBox(u.ownerOf(u.mail.list().box.Account), name, nil)
	return nil
}

// commandRename renames the mailbox shown.
func (u *App) commandRename(name string) error {
	b := u.mail.list().box
	if b.ID == 0 {
		return &account.Trouble{Kind: account.KindUsage, What: "no mailbox is shown: the one shown is renamed"}
	}
	u.renameBox(b, name)
	return nil
}

func (u *App) commandDelete(name string) error {
	b, ok := u.findBox(name, u.mail.list().box.Account)
	if !ok {
		return noMailbox(name)
	}
	u.askDelete(b)
	return nil
}

// heldLong is how long the deletion of a mailbox waits for another account before it is told.
const heldLong = 24 * time.Hour

// tellHeld tells once of each mailbox that is deleted here only, because messages wait for another account's server that is not
// configured, or does not come for long; what has ended since is told no more.
func (u *App) tellHeld(was, now []store.HeldDeletion) {
	source := func(d store.HeldDeletion) string {
		return "deletion\x00" + d.Account + "\x00" + d.Mailbox + "\x00" + d.To
	}
	for _, d := range was {
		if !slices.ContainsFunc(now, func(x store.HeldDeletion) bool { return source(x) == source(d) }) {
			delete(u.stored.told, source(d))
			u.status.settled(source(d))
		}
	}
	for _, d := range now {
		lost := u.accountOf(d.To) == nil
		if u.stored.told[source(d)] || !lost && u.now().Sub(d.Since) < heldLong {
			continue
		}
		if u.stored.told == nil {
			u.stored.told = map[string]bool{}
		}
		u.stored.told[source(d)] = true
		hint := u.keys.Key(keys.Sync, keys.Global) + " tries again"
		if lost {
			hint = "put that account back"
		}
		u.status.fail(source(d), &account.Trouble{Kind: account.KindOther, Account: d.Account, What: d.What(),
			Hint: hint + ", or move what waits to another account with " + u.keys.Key(keys.MoveTo, keys.Mail)})
	}
}
