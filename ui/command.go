package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/ui/keys"
)

// argument is what a command of the command line takes after its name.
type argument struct {
	name     string
	words    string // what the argument is
	do       func(u *App, arg string) error
	complete func(u *App, ctx context.Context, arg string) []string
}

// commands are the actions that take an argument. Any other action can be
// typed by its name alone.
func commands() []argument {
	return []argument{
		{"mailbox", "MAILBOX", (*App).commandMailbox, func(u *App, ctx context.Context, s string) []string { return u.completeOpen(ctx, s) }},
		{"move", "MAILBOX", (*App).commandMove, (*App).completeMailbox},
		{"copy", "MAILBOX", (*App).commandCopy, (*App).completeMailbox},
		{"create-mailbox", "NAME", (*App).commandCreate, nil},
		{"rename-mailbox", "NAME", (*App).commandRename, (*App).completeMailbox},
		{"delete-mailbox", "MAILBOX", (*App).commandDelete, (*App).completeMailbox},
		{"search", "QUERY", (*App).commandSearch, func(u *App, ctx context.Context, s string) []string { return u.completeQuery(ctx, s) }},
		{"limit", "QUERY", (*App).commandLimit, func(u *App, ctx context.Context, s string) []string { return u.completeQuery(ctx, s) }},
		{"sort", "date|from|subject|size", (*App).commandSort, nil},
		{"compose", "ADDRESS", (*App).commandCompose, nil},
		{"pipe", "COMMAND", (*App).commandPipe, nil},
		{"save", "FILE", (*App).commandSave, func(_ *App, ctx context.Context, s string) []string { return completeFiles(ctx, s) }},
		{"sync", "ACCOUNT", (*App).commandSync, nil},
	}
}

// askCommand opens the command line.
func (u *App) askCommand() {
	contexts := u.below().Contexts()
	u.prompt(":", "", &u.commandHistory, func(ctx context.Context, s string) []string { return u.completeCommand(ctx, s, contexts) },
		func(p *prompt, line string) {
			name, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
			if name == "" {
				p.close()
				return
			}
			known := slices.Contains(keys.Actions(contexts), name)
			takes := slices.IndexFunc(commands(), func(c argument) bool { return c.name == name })
			arg = strings.TrimSpace(arg)
			switch {
			case arg != "" && takes >= 0:
				p.close()
				if err := commands()[takes].do(u, arg); err != nil {
					u.oops(name, err)
				}
			case arg != "" && known:
				p.fail(strings.Index(line, arg), name+" takes nothing more")
			case known:
				p.close()
				u.lastStroke = ":"
				u.do(keys.Action(name))
			case takes >= 0:
				p.fail(len(line), name+" needs "+commands()[takes].words)
			default:
				p.fail(0, "there is no command "+name+" here (Tab lists them)")
			}
		})
}

// completeCommand completes the command's name, then its argument.
func (u *App) completeCommand(ctx context.Context, s string, contexts []keys.Context) []string {
	name, arg, hasArg := strings.Cut(s, " ")
	if hasArg {
		for _, c := range commands() {
			if c.name == name && c.complete != nil {
				return prefixed(name+" ", c.complete(u, ctx, arg))
			}
		}
		return nil
	}
	names := keys.Actions(contexts)
	for _, c := range commands() {
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, name) })
}

func prefixed(p string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = p + s
	}
	return out
}

// completeMailbox completes a mailbox's name, ACCOUNT/NAME where several accounts have one of that name.
func (u *App) completeMailbox(ctx context.Context, s string) []string {
	boxes, err := u.o.Store.Mailboxes(ctx, 0)
	if err != nil {
		return nil
	}
	var out []string
	for _, b := range boxes {
		if strings.HasPrefix(strings.ToLower(b.Name), strings.ToLower(s)) && !slices.Contains(out, b.Name) && !b.NoSelect {
			out = append(out, b.Name)
		}
	}
	return out
}

// findBox finds a mailbox by name, of this account first.
func (u *App) findBox(name string, acct store.AccountID) (store.Mailbox, bool) {
	var best store.Mailbox
	for _, b := range u.stored.boxes {
		if strings.EqualFold(b.Name, name) && (best.ID == 0 || b.Account == acct) && !b.NoSelect {
			best = b
		}
	}
	return best, best.ID != 0
}

func noMailbox(name string) error {
	return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("there is no mailbox %q", name)}
}

func (u *App) commandMailbox(name string) error {
	b, ok := u.findBox(name, u.mail.list().box.Account)
	if s, saved := u.findSaved(name); !ok && saved {
		u.openSaved(s)
		return nil
	}
	if !ok {
		return noMailbox(name)
	}
	u.show(b)
	return nil
}

func (u *App) commandMove(name string) error {
	list := u.mail.targets()
	if len(list) == 0 {
		return nil
	}
	t, err := u.targetNamed(name, list)
	if err == nil {
		u.mail.moveTo(t)
	}
	return err
}

// targetNamed finds the mailbox of a name, in the account of each message.
func (u *App) targetNamed(name string, list []row) (target, error) {
	b, ok := u.findBox(name, list[0].Account)
	if !ok || b.Account != list[0].Account {
		return target{}, noMailbox(name)
	}
	to, err := u.targetsFor(b, list)
	return target{b.Name, to}, err
}

func (u *App) commandCopy(name string) error {
	list := u.mail.targets()
	if len(list) == 0 {
		return nil
	}
	t, err := u.targetNamed(name, list)
	if err == nil {
		u.mail.copyTo(list, t)
	}
	return err
}

func (u *App) commandSearch(q string) error {
	u.lastQuery = q
	u.home()
	u.mail.search(q)
	return nil
}

func (u *App) commandLimit(q string) error {
	u.mail.limit(q)
	return nil
}

func (u *App) commandSort(by string) error {
	s := store.Sort(by)
	if !slices.Contains([]store.Sort{store.SortDate, store.SortFrom, store.SortSubject, store.SortSize}, s) {
		return &account.Trouble{Kind: account.KindUsage, What: fmt.Sprintf("sort by date, from, subject or size, not by %q", by)}
	}
	u.mail.sortBy(s)
	return nil
}

func (u *App) commandCompose(to string) error {
	if strings.HasPrefix(strings.ToLower(to), "mailto:") {
		d, err := compose.Mailto(to)
		if err != nil {
			return err
		}
		u.compose(d, 0)
		return nil
	}
	list, err := compose.ParseAddresses(to)
	if err != nil {
		return err
	}
	u.compose(&compose.Draft{To: list}, 0)
	return nil
}

func (u *App) commandPipe(cmd string) error {
	if from, ok := u.pointedAt(); ok {
		u.pipe(from, cmd)
	}
	return nil
}

func (u *App) commandSave(path string) error {
	if from, ok := u.pointedAt(); ok {
		u.save(from, path)
	}
	return nil
}

// pointedAt is the part selected where parts are shown, else the message.
func (u *App) pointedAt() (source, bool) {
	if p, ok := u.below().(*parts); ok {
		if p.sel >= len(p.list) {
			return nil, false
		}
		return contentOf(p.list[p.sel]), true
	}
	r, ok := u.mail.shown()
	return u.wholeMessage(r), ok
}

func (u *App) commandSync(name string) error {
	if u.accountOf(name) == nil {
		return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("there is no account %q", name)}
	}
	if u.o.Agent != nil {
		u.o.Agent.Sync(name)
		u.say("%s: sending and receiving …", name)
	}
	return nil
}
