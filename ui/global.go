package ui

import (
	"context"
	"errors"

	"mua/outbox/compose"
	"mua/store"
	"mua/store/query"
	"mua/ui/keys"
)

// global does what works everywhere.
func (u *App) global(a keys.Action) {
	switch a {
	case keys.Compose:
		u.compose(nil, 0)
	case keys.Undo:
		u.undo()
	case keys.Redo:
		u.redo()
	case keys.Search:
		u.askSearch()
	case keys.Sync:
		u.sync()
	case keys.ChooseMailbox:
		u.chooseMailbox("Mailboxes", 0, u.show, u.savedOptions()...)
	case keys.GoInbox:
		u.goRole(store.RoleInbox)
	case keys.GoAllInboxes:
		u.goAllInboxes()
	case keys.GoDrafts:
		u.goRole(store.RoleDrafts)
	case keys.GoSent:
		u.goRole(store.RoleSent)
	case keys.GoOutbox:
		u.openOutbox()
	case keys.GoConflicts:
		u.openConflicts()
	case keys.Acknowledge:
		u.acknowledge()
	case keys.Command:
		u.askCommand()
	case keys.Help:
		u.help()
	case keys.Redraw:
		u.redraw()
	case keys.Suspend:
		u.suspend()
	case keys.Quit:
		u.leave()
	case keys.Back:
		if u.typedQ() {
			u.leave()
		}
	}
}

// typedQ reports whether back came from a letter: Esc and ← do not leave the program.
func (u *App) typedQ() bool { return u.lastStroke != "Esc" && u.lastStroke != "Left" }

// leave ends the program; unsaved text is asked about first, and what is to be sent is sent.
func (u *App) leave() {
	for i := len(u.layers) - 1; i > 0; i-- {
		if c, ok := u.layers[i].(*composer); ok && c.unsaved() {
			c.leave(u.leave)
			return
		}
	}
	u.depart()
}

// show shows a mailbox, whatever is open above the mail.
func (u *App) show(b store.Mailbox) {
	u.home()
	u.mail.openBox(b)
}

// home takes away the views over the mail, but for texts being written.
func (u *App) home() {
	kept := u.layers[:1:1]
	for _, l := range u.layers[1:] {
		if c, ok := l.(*composer); ok {
			kept = append(kept, c)
		}
	}
	u.layers = kept
}

// roleWord is what a mailbox of a role is for, in words.
func roleWord(r store.Role) string {
	switch r {
	case store.RoleInbox:
		return "new mail"
	case store.RoleSent:
		return "sent mail"
	}
	return string(r)
}

func (u *App) goRole(r store.Role) {
	b, ok := u.mail.roleBox(r, u.mail.account())
	if !ok {
		b, ok = u.mail.roleBox(r, "")
	}
	if !ok {
		u.say("There is no mailbox for %s yet", roleWord(r))
		return
	}
	u.show(b)
}

// sync asks the agent to send and receive now.
func (u *App) sync() {
	if u.o.Agent == nil || len(u.o.Config.Accounts) == 0 {
		u.say("No account is set up: mua account add, in the shell, does that")
		return
	}
	u.o.Agent.Sync("")
	u.sayAsked("Sending and receiving …")
}

// askSearch asks for a query over all mail.
func (u *App) askSearch() {
	u.prompt("Search all mail:", "", &u.searches, u.completeQuery, func(p *prompt, q string) {
		u.checked(p, q, func() {
			u.lastQuery = q
			u.home()
			u.mail.search(q)
		})
	})
}

// askLimit asks for a query over the present list.
func (u *App) askLimit() {
	u.prompt("Show only:", u.mail.list().limited, &u.searches, u.completeQuery, func(p *prompt, q string) {
		u.checked(p, q, func() { u.mail.limit(q) })
	})
}

// checked lets the store read a query; what is wrong with it is shown at its place.
func (u *App) checked(p *prompt, q string, then func()) {
	if q == "" {
		p.close()
		if p.label != "Search all mail:" {
			then()
		}
		return
	}
	st := u.o.Store
	u.modal(&p.slot, func(ctx context.Context) func() {
		_, err := st.List(ctx, store.ListQuery{Query: q, Limit: 1})
		return func() {
			var qe *query.Error
			switch {
			case errors.As(err, &qe):
				p.fail(qe.Pos, qe.Msg)
			case err != nil:
				p.close()
				u.oops("search", err)
			default:
				p.close()
				then()
			}
		}
	})
}

// draftFor makes a draft from the shown message, beside the loop, and opens it.
func (u *App) draftFor(r row, makeDraft func(c content, raw []byte) *compose.Draft) {
	st := u.o.Store
	u.modal(&u.drafting, func(ctx context.Context) func() {
		raw, err := st.Raw(ctx, r.ID)
		if err != nil {
			return func() {
				if errors.Is(err, store.ErrNoBody) {
					u.say("The text of this message is not here yet; %s fetches it", u.keys.Key(keys.Sync, keys.Global))
					return
				}
				u.oops("message", err)
			}
		}
		d := makeDraft(content{msg: parse(raw)}, raw)
		return func() {
			if d == nil {
				u.remark("This message comes from no mailing list; %s replies to all", u.keys.Key(keys.ReplyAll, keys.Mail))
				return
			}
			u.markSeen(r)
			u.composeFor(d, r)
		}
	})
}

// doWith does what takes the shown message somewhere: an answer, a file, a program.
func (m *mailView) doWith(a keys.Action) bool {
	r, ok := m.shown()
	if !ok {
		return a == keys.Reply || a == keys.ReplyAll || a == keys.Forward || a == keys.Bounce || a == keys.ViewParts
	}
	self := m.u.self()
	reply := func(all, list bool) {
		m.u.draftFor(r, func(c content, _ []byte) *compose.Draft {
			if list && !compose.FromList(c.msg) {
				return nil
			}
			d := compose.Reply(c.msg, self, all, list)
			d.Answers = r.ID
			return d
		})
	}
	forward := func(whole bool) {
		m.u.draftFor(r, func(c content, raw []byte) *compose.Draft {
			d := compose.Forward(c.msg, raw, whole)
			d.Forwards = r.ID
			return d
		})
	}
	switch a {
	case keys.Reply:
		reply(false, false)
	case keys.ReplyAll:
		reply(true, false)
	case keys.ReplyList:
		reply(false, true)
	case keys.Forward:
		forward(false)
	case keys.ForwardWhole:
		forward(true)
	case keys.Bounce:
		m.u.askBounce(r)
	case keys.ViewParts:
		m.u.openParts(r)
	case keys.OpenLink:
		m.u.chooseLink(r)
	case keys.Pipe:
		m.u.askPipe("Pipe message to:", m.u.wholeMessage(r))
	case keys.Save:
		m.u.askSaveMessage(r)
	default:
		return false
	}
	return true
}
