package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mua/outbox"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
	"mua/ui/keys"
)

// decide hands the person's decision on the selected item to the store.
func (v *outboxView) decide(a keys.Action) bool {
	it, ok := v.current()
	st := v.u.o.Store
	var do func()
	switch a {
	case keys.Open:
		do = func() { v.showMessage(it) }
	case keys.Hold:
		do = func() { v.wish(it, "Held", false, st.Hold) }
	case keys.Release:
		do = func() { v.wish(it, "Released", true, st.Release) }
	case keys.Retry:
		do = func() { v.retry(it) }
	case keys.ItWasSent:
		do = func() { v.settle(it) }
	case keys.Cancel:
		do = func() { v.cancel(it) }
	case keys.Edit:
		do = func() { v.edit(it) }
	default:
		return false
	}
	if !ok {
		v.u.remark("There is no message here")
		return true
	}
	do()
	return true
}

// retry tries an item now. One that may have arrived is sent again only when the person says so.
func (v *outboxView) retry(it store.Item) {
	if it.State == store.Uncertain {
		v.settle(it)
		return
	}
	done := "To be tried now"
	if doubt := namesIn(it, store.MaybeAccepted); doubt != "" {
		done += ", but not for " + doubt + ": " + v.u.keys.Key(keys.ItWasSent, keys.Outbox) + " decides that"
	}
	v.wish(it, done, true, v.u.o.Store.Retry)
}

// settle asks what has become of an item that is uncertain, if only for some, and says what the answers mean.
func (v *outboxView) settle(it store.Item) {
	if len(it.InDoubt()) == 0 || it.State == store.Cancelled {
		v.u.say("It is %s: only what is uncertain is settled by hand", it.State)
		return
	}
	st := v.u.o.Store
	v.u.ask(fmt.Sprintf("The connection broke after “%s” had been handed over and before the server said what it did with it: %s may have it or not. "+
		"They would know, and so may the server's Sent folder. Sent again, it is the same message with the same Message-ID; who has it gets it a second time.",
		subjectOr(it.Subject), namesIn(it, store.MaybeAccepted)), []choice{
		{"y", "it was sent", func() {
			v.wish(it, "Settled as sent", false, func(ctx context.Context, id store.OutboxID) error {
				return outbox.TakeAsSent(ctx, st, id, outbox.DecidedSent, compose.ForTheRestOf(st))
			})
		}},
		{"a", "send it again", func() {
			v.wish(it, "To be sent again", true, func(ctx context.Context, id store.OutboxID) error {
				return st.Resolve(ctx, id, false, outbox.DecidedAgain)
			})
		}},
		{"n", "decide later", nil},
	})
}

// cancel takes an item out of the outbox; its draft is for those who have not
// got it. Who may have it is said first.
func (v *outboxView) cancel(it store.Item) {
	done := "Cancelled; the text is in Drafts"
	if namesIn(it, store.Accepted) != "" {
		done = "Cancelled for those without it; the text is in Drafts"
	}
	v.warned(it, "cancel it", func() { v.withdraw(it, done) })
}

// warned does what makes a draft of an item; where that may come a second time, once the person has heard it.
func (v *outboxView) warned(it store.Item, what string, do func()) {
	who := namesOf(it, func(r store.Recipient) bool { return r.MayHave })
	if who == "" {
		do()
		return
	}
	words := fmt.Sprintf("“%s” may have arrived already, at %s. As a draft it is a new message: sent, it may come a second time.", subjectOr(it.Subject), who)
	v.u.ask(words, []choice{{"y", what, do}, {"n", "leave it", nil}})
}

// withdraw takes an item out of the outbox; undo brings it back, also when its key comes before that is done.
func (v *outboxView) withdraw(it store.Item, done string) {
	u, st := v.u, v.u.o.Store
	at := u.wished()
	u.pump.Serial(func(ctx context.Context) func() {
		if _, _, err := compose.Cancel(ctx, st, it.ID, 0); err != nil {
			tell := v.refused(ctx, it, err, false)
			return func() { u.unwished(at); tell() }
		}
		return func() {
			u.forget(it.ID)
			u.say("%s: %s · %s undo", done, subjectOr(it.Subject), u.keys.Key(keys.Undo, keys.Global))
			u.storeChanged()
		}
	})
}

// edit takes an item out of the outbox and opens it in the composer, without
// the recipients who have it.
func (v *outboxView) edit(it store.Item) {
	switch u := v.u; {
	case it.State == store.Cancelled: // the draft there is
		v.takeOut(it)
	case len(it.InDoubt()) > 0:
		u.say("It may have been sent: %s decides that first", u.keys.Key(keys.ItWasSent, keys.Outbox))
	default:
		v.warned(it, "edit it", func() { v.takeOut(it) })
	}
}

func (v *outboxView) takeOut(it store.Item) {
	u, st := v.u, v.u.o.Store
	u.modal(&v.read, func(ctx context.Context) func() {
		ctx = context.WithoutCancel(ctx) // what has begun to leave the outbox arrives in Drafts
		draft, _, err := compose.Edit(ctx, st, it.ID)
		if err != nil {
			return v.refused(ctx, it, err, true)
		}
		d, err := readDraft(ctx, st, draft)
		return func() {
			u.forget(it.ID)
			u.storeChanged()
			if err != nil {
				u.oops("draft", err)
				return
			}
			u.openDraft(d, draft, it.AccountName)
			u.say("%s", takenOut(it)) // after the opening, which takes older notices away
		}
	})
}

// takenOut tells what it means that an item is written on.
func takenOut(it store.Item) string {
	if got := namesIn(it, store.Accepted); got != "" {
		return "Without " + got + ", who has it; sent only when you send it again"
	}
	return "Out of the outbox: sent only when you send it again"
}

// namesIn names the recipients in a state; "" when there are none.
func namesIn(it store.Item, s store.RecipientState) string {
	return namesOf(it, func(r store.Recipient) bool { return r.State == s })
}

func namesOf(it store.Item, of func(store.Recipient) bool) string {
	return recipientsOf(store.Item{Recipients: slices.DeleteFunc(slices.Clone(it.Recipients), func(r store.Recipient) bool { return !of(r) })})
}

// wish does something to an item in the store; flush also wakes the agent.
func (v *outboxView) wish(it store.Item, done string, flush bool, f func(context.Context, store.OutboxID) error) {
	u := v.u
	u.pump.Serial(func(ctx context.Context) func() {
		if err := f(ctx, it.ID); err != nil {
			return v.refused(ctx, it, err, false)
		}
		return func() {
			u.say("%s: %s", done, subjectOr(it.Subject))
			if flush && u.o.Agent != nil {
				u.o.Agent.Flush(it.AccountName)
			}
			u.storeChanged()
		}
	})
}

// refused tells, on the loop, that an item is not in a state for what was asked.
func (v *outboxView) refused(ctx context.Context, it store.Item, err error, passedOn bool) func() {
	now, rerr := v.u.o.Store.Item(ctx, it.ID)
	return func() {
		switch {
		case !isState(err) || rerr != nil:
			v.u.oops("outbox", err)
		case now.State == it.State && passedOn: // the state is not the reason: somebody else's message
			v.u.say("Not possible with a message that is passed on as it is")
		default:
			v.u.say("Not possible: it is %s", stateWords(now.State))
		}
		v.u.storeChanged()
	}
}

// stateWords is a state within a sentence.
func stateWords(s store.ItemState) string {
	switch s {
	case store.Sending:
		return "being sent"
	case store.Queued:
		return "waiting to be sent"
	case store.Partial:
		return "sent to some and refused for others"
	}
	return string(s)
}

// showMessage shows the frozen message, with those of its recipients that its header does not name.
func (v *outboxView) showMessage(it store.Item) {
	u, st := v.u, v.u.o.Store
	u.modal(&v.read, func(ctx context.Context) func() {
		raw, err := st.ItemRaw(ctx, it.ID)
		if err != nil {
			return func() { u.oops("outbox", err) }
		}
		m := message.Parse(raw)
		head, body := frozenHead(m, it), message.Clean(m.Text())
		return func() { u.push(&pager{u: u, title: "outbox ▸ " + subjectOr(it.Subject), head: head, text: body}) }
	})
}

// frozenHead is the header of an item's message.
func frozenHead(m *message.Message, it store.Item) (out []headerLine) {
	for _, l := range []headerLine{
		{"From", addressList(m.From)}, {"To", addressList(m.To)}, {"Cc", addressList(m.Cc)}, {"Bcc", addressList(unnamed(m, it))},
		{"Date", m.Date.Format("Monday, 2 January 2006 15:04 -0700")}, {"Subject", m.Subject}, {"Id", m.MessageID},
	} {
		if l.value != "" {
			out = append(out, l)
		}
	}
	for _, a := range m.Attachments() {
		out = append(out, headerLine{"Attached", a.Name + " (" + size(a.Size) + ")"})
	}
	return out
}

// unnamed are the recipients that the header does not name.
func unnamed(m *message.Message, it store.Item) []message.Address {
	named := map[string]bool{}
	for _, list := range [][]message.Address{m.To, m.Cc} {
		for _, a := range list {
			named[strings.ToLower(a.Addr)] = true
		}
	}
	var out []message.Address
	for _, r := range it.Recipients {
		if !named[strings.ToLower(r.Addr)] {
			out = append(out, message.Address{Addr: r.Addr})
		}
	}
	return out
}
