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
		{"mailbox", "[ACCOUNT/]MAILBOX", (*App).commandMailbox, func(u *App, ctx context.Context, s string) []string {
			return append(u.completeOpen(ctx, s), u.completeElsewhere(ctx, s)...)
		}},
		{"move", "[ACCOUNT/]MAILBOX", (*App).commandMove, (*App).completeTarget},
		{"copy", "[ACCOUNT/]MAILBOX", (*App).commandCopy, (*App).completeTarget},
		{"create-mailbox", "NAME", (*App).commandCreate, nil},
		{"rename-mailbox", "NAME", (*App).commandRename, (*App).completeMailbox},
		{"delete-mailbox", "[ACCOUNT/]MAILBOX", (*App).commandDelete, (*App).completeTarget},
		{"search", "QUERY", (*App).commandSearch, func(u *App, ctx context.Context, s string) []string { return u.completeQuery(ctx, s) }},
		{"limit", "QUERY", (*App).commandLimit, func(u *App, ctx context.Context, s string) []string { return u.completeQuery(ctx, s) }},
		{"sort", "date|from|subject|size", (*App).commandSort, func(_ *App, _ context.Context, s string) []string { return startingWith(sortOrders(), s) }},
		{"compose", "ADDRESS", (*App).commandCompose, nil},
		{"pipe", "COMMAND", (*App).commandPipe, nil},
		{"save", "FILE", (*App).commandSave, func(_ *App, ctx context.Context, s string) []string { return completeFiles(ctx, s) }},
		{"sync", "ACCOUNT", (*App).commandSync, func(u *App, _ context.Context, s string) []string { return u.completeAccount(s) }},
	}
}

// askCommand opens the command line.
func (u *App) askCommand() {
	contexts := u.below().Contexts()
	p := u.prompt(":", "", &u.commandHistory, func(ctx context.Context, s string) []string { return u.completeCommand(ctx, s, contexts) },
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
	p.none = func(s string) string { return whyNone(s, contexts) }
}

// whyNone says why nothing completes a command line.
func whyNone(s string, contexts []keys.Context) string {
	name, _, hasArg := strings.Cut(s, " ")
	known := slices.Contains(keys.Actions(contexts), name)
	takes := slices.ContainsFunc(commands(), func(c argument) bool { return c.name == name })
	switch {
	case takes:
		return "no completion"
	case known && hasArg:
		return name + " takes nothing more"
	case slices.ContainsFunc(keys.Table(), func(b keys.Binding) bool { return string(b.Action) == name }):
		return "there is no command " + name + " here: it belongs to another view"
	}
	return "there is no command that begins with " + name
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
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, name) })
	if len(names) == 1 && slices.ContainsFunc(commands(), func(c argument) bool { return c.name == names[0] && c.complete != nil }) {
		names[0] += " " // the next Tab is for what comes after it
	}
	return names
}

func prefixed(p string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = p + s
	}
	return out
}

// completeMailbox completes a mailbox's name.
func (u *App) completeMailbox(ctx context.Context, s string) []string {
	boxes, err := u.o.Store.Mailboxes(ctx, 0)
	if err != nil {
		return nil
	}
	var out []string
	for _, b := range boxes {
		if !b.NoSelect && !slices.Contains(out, b.Name) && len(startingWith([]string{b.Name}, s)) > 0 {
			out = append(out, b.Name)
		}
	}
	return out
}

// completeElsewhere completes ACCOUNT/NAME, where there are several accounts and something of it is typed.
func (u *App) completeElsewhere(ctx context.Context, s string) []string {
	boxes, err := u.o.Store.Mailboxes(ctx, 0)
	if err != nil || s == "" || !slices.ContainsFunc(boxes, func(b store.Mailbox) bool { return b.Account != boxes[0].Account }) {
		return nil
	}
	var out []string
	for _, b := range boxes {
		if !b.NoSelect {
			out = append(out, b.AccountName+"/"+b.Name)
		}
	}
	return startingWith(out, s)
}

// completeTarget completes NAME or ACCOUNT/NAME.
func (u *App) completeTarget(ctx context.Context, s string) []string {
	return append(u.completeMailbox(ctx, s), u.completeElsewhere(ctx, s)...)
}

// findBox finds a mailbox by name or role, of this account first; else by name in any account, or as ACCOUNT/NAME.
func (u *App) findBox(name string, acct store.AccountID) (store.Mailbox, bool) {
	if b, ok := u.boxNamed(name, acct); ok {
		return b, true
	}
	if list := u.boxesWhere(func(b store.Mailbox) bool { return strings.EqualFold(b.Name, name) }); len(list) > 0 {
		return list[0], true
	}
	return u.boxElsewhere(name)
}

// boxElsewhere is the mailbox that ACCOUNT/NAME names.
func (u *App) boxElsewhere(name string) (store.Mailbox, bool) {
	for _, b := range u.stored.boxes {
		if rest, ok := strings.CutPrefix(name, b.AccountName+"/"); ok {
			return store.MailboxNamed(u.boxesWhere(func(x store.Mailbox) bool { return x.Account == b.Account }), rest)
		}
	}
	return store.Mailbox{}, false
}

// boxesWhere are the mailboxes that hold messages and fit.
func (u *App) boxesWhere(fits func(store.Mailbox) bool) (out []store.Mailbox) {
	for _, b := range u.stored.boxes {
		if !b.NoSelect && fits(b) {
			out = append(out, b)
		}
	}
	return out
}

func noMailbox(name string) *account.Trouble {
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

// sortOrders are what a list may be sorted by.
func sortOrders() []string {
	return []string{string(store.SortDate), string(store.SortFrom), string(store.SortSubject), string(store.SortSize)}
}

// completeAccount completes the name of an account.
func (u *App) completeAccount(s string) []string {
	var names []string
	for _, a := range u.o.Config.Accounts {
		names = append(names, a.Name)
	}
	return startingWith(names, s)
}

func (u *App) commandSort(by string) error {
	s := store.Sort(by)
	if !slices.Contains(sortOrders(), by) {
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
