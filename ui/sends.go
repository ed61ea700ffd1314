package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
	"mua/ui/keys"
)

// outgoing is a message sent from here whose outcome is not known yet.
type outgoing struct {
	id       store.OutboxID
	account  string
	subject  string
	due      time.Time // end of its undo window; zero: it has none
	over     bool      // its window is over, and that has been acted on
	composer *composer // as it was when the message was sent; nil after its window
	at       int       // how many wishes there were when it was sent: undo takes back later ones first
	gone     bool      // it can no longer be taken back from here
	told     string    // what was last said of it
}

// maxSent is how many messages are followed at once; what happens to older ones shows in the outbox.
const maxSent = 50

// inWindow reports whether the message can be taken back before anything is sent.
func (o outgoing) inWindow(now time.Time) bool { return !o.gone && o.due.After(now) }

// spooled says what happens next to a message that is safe in the spool.
func (u *App) spooled(c *composer, id store.OutboxID, p posting, subject string) {
	a := p.account
	o := outgoing{id: id, account: a.Name, subject: subjectOr(subject), due: p.due(u.o), at: u.wishes}
	if !o.due.IsZero() {
		o.composer = c
	}
	u.sent = append(u.sent, o)
	u.sent = u.sent[max(0, len(u.sent)-maxSent):]
	if u.o.Agent != nil {
		u.o.Agent.Flush(a.Name)
	}
	undo := u.keys.Key(keys.Undo, keys.Global)
	switch {
	case !p.later.IsZero():
		u.say("Goes out %s · %s undo", dayAndTime(p.later, u.now()), undo)
	case u.cutOff(a.Name):
		u.say("In the outbox until there is a connection · %s undo", undo)
	case !o.due.IsZero():
		u.status.silence() // the countdown speaks
	default:
		u.say("In the outbox, on its way · %s undo", undo)
	}
	u.beat()
	u.storeChanged()
}

// cutOff reports whether the last try to reach the account's servers failed for want of a network.
func (u *App) cutOff(name string) bool {
	return slices.ContainsFunc(u.status.accounts, func(s account.Status) bool {
		return s.Account == name && !s.Online && s.Trouble != nil && s.Trouble.Kind == account.KindNetwork
	})
}

// countdown says how long the messages just sent can be taken back; "" when none can.
func (u *App) countdown() string {
	now, n, last := u.now(), 0, time.Time{}
	for _, o := range u.sent {
		if o.inWindow(now) && !u.cutOff(o.account) {
			n++
			if o.due.After(last) {
				last = o.due
			}
		}
	}
	if n == 0 {
		return ""
	}
	words := "Goes out in " + shortDuration(last.Sub(now))
	if n > 1 {
		words = fmt.Sprintf("%d messages go out, the last in %s", n, shortDuration(last.Sub(now)))
	}
	if k := u.keys.Key(keys.Undo, u.top().Contexts()...); k != "" {
		words += " · " + k + " undo"
	}
	return words
}

// ended acts on undo windows that are over: the agent is told to look.
func (u *App) ended() {
	now := u.now()
	for i := range u.sent {
		if o := &u.sent[i]; !o.over && !o.due.IsZero() && !o.due.After(now) {
			o.over, o.composer = true, nil
			if u.o.Agent != nil && !o.gone {
				u.o.Agent.Flush(o.account)
			}
		}
	}
}

// beat draws once a second for as long as something on the screen counts seconds.
func (u *App) beat() {
	if u.beating || !u.counting() {
		return
	}
	u.beating = true
	time.AfterFunc(time.Second, func() {
		u.pump.Post("second", func() {
			u.beating = false
			u.second()
			u.beat()
		})
	})
}

// second does what is due as time passes.
func (u *App) second() {
	u.ended()
	if d, ok := u.top().(*departure); ok {
		d.Refresh()
	}
}

// counting reports whether something on the screen changes with every second.
func (u *App) counting() bool {
	switch v := u.top().(type) {
	case *departure:
		return true
	case *outboxView:
		if v.counting(u.now()) {
			return true
		}
	}
	return slices.ContainsFunc(u.sent, func(o outgoing) bool { return !o.over && !o.due.IsZero() }) ||
		slices.ContainsFunc(u.status.accounts, func(a account.Status) bool { return passing(a) && a.NextTry.After(u.now()) })
}

// wished is told of every wish as it is made, and numbers it: undo takes it back before a message sent earlier.
func (u *App) wished() int {
	u.wishes++
	return u.wishes
}

// unwished is told of a wish that came to nothing; 0: of none.
func (u *App) unwished(at int) {
	if at == 0 {
		return
	}
	u.wishes--
	for i := range u.sent {
		if o := &u.sent[i]; o.at >= at {
			o.at--
		}
	}
}

// lastSent is what was sent last and may still be taken back, or -1.
func (u *App) lastSent() int {
	for i := len(u.sent) - 1; i >= 0; i-- {
		if !u.sent[i].gone {
			return i
		}
	}
	return -1
}

// undo takes back the last thing done: a message not yet sent, else the store's last wish.
func (u *App) undo() {
	if i := u.lastSent(); i >= 0 && u.sent[i].at == u.wishes {
		u.unsend(i)
		return
	}
	u.wishes--
	writing := u.drafts()
	u.revise("undo", 0, func(ctx context.Context) (string, error) { return u.o.Store.Undo(ctx, writing...) }, "Undone: %s · "+u.keys.Key(keys.Redo, keys.Global)+" redo")
}

// redo does again what undo took back of the store's wishes.
func (u *App) redo() {
	u.revise("redo", u.wished(), u.o.Store.Redo, "Done again: %s · "+u.keys.Key(keys.Undo, keys.Global)+" undo")
}

// revise takes a wish back or does it again, as wish number at, and says what that did.
func (u *App) revise(what string, at int, do func(context.Context) (string, error), done string) {
	u.pump.Serial(func(ctx context.Context) func() {
		words, err := do(ctx)
		return func() {
			if err != nil {
				u.unwished(at)
			}
			switch {
			case errors.Is(err, store.ErrNothing), errors.Is(err, store.ErrNoRedo):
				u.remark("Nothing to %s", what)
			case isState(err):
				u.say("Cannot %s: %s", what, strings.TrimSuffix(err.Error(), ": "+store.ErrState.Error()))
			case err != nil:
				u.oops(what, err)
			default:
				u.say(done, words)
			}
			for _, l := range u.mail.lists {
				clear(l.hidden)
			}
			u.storeChanged()
		}
	})
}

// takeBack takes the message sent last back, over another one being written.
func (u *App) takeBack() {
	if i := u.lastSent(); i >= 0 {
		u.unsend(i)
		return
	}
	u.remark("There is no message to take back")
}

// unsend takes a message sent from here back into the composer, if it has not left yet.
func (u *App) unsend(i int) {
	st, o := u.o.Store, u.sent[i]
	u.sent[i].gone = true
	u.pump.Serial(func(ctx context.Context) func() {
		draft, err := unsend(ctx, st, o.id)
		var d *compose.Draft
		if err == nil && o.composer == nil && draft != 0 {
			d, err = readDraft(ctx, st, draft)
		}
		return func() {
			switch {
			case errors.Is(err, store.ErrState):
				u.say("It cannot be taken back: it is being sent, or is sent")
				return
			case err != nil:
				u.oops("undo", err)
				return
			}
			u.forget(o.id)
			u.storeChanged()
			switch {
			case o.composer != nil:
				o.composer.reopen(draft)
			case d != nil:
				u.openDraft(d, draft, o.account)
			default: // passed on as it is: nothing of it was written here
				u.say("Not sent: %s%s", o.subject, u.moreToUndo())
				return
			}
			u.say("Not sent: here it is again%s", u.moreToUndo())
		}
	})
}

// unsend takes an item back of which nobody can have anything; beside the loop.
func unsend(ctx context.Context, st *store.Store, id store.OutboxID) (store.MessageID, error) {
	it, err := st.Item(ctx, id)
	if err != nil {
		return 0, err
	}
	if it.State == store.Uncertain || len(it.MayHave()) > 0 || namesIn(it, store.Accepted) != "" {
		return 0, store.ErrState
	}
	draft, _, err := compose.Withdraw(ctx, st, id)
	return draft, err
}

// moreToUndo tells that earlier messages can be taken back as well.
func (u *App) moreToUndo() string {
	now, n := u.now(), 0
	for _, o := range u.sent {
		if o.inWindow(now) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return " · " + count(n, "more message") + " can be taken back"
}

// forget follows a message no longer.
func (u *App) forget(id store.OutboxID) {
	u.sent = slices.DeleteFunc(u.sent, func(o outgoing) bool { return o.id == id })
}

// sentIDs are the messages that are followed; in their undo window only, those that can be taken back still.
func (u *App) sentIDs(windows bool) []store.OutboxID {
	ids, now := []store.OutboxID{}, u.now()
	for _, o := range u.sent {
		if !windows || o.inWindow(now) {
			ids = append(ids, o.id)
		}
	}
	return ids
}

// fate is how a message sent from here stands.
type fate struct {
	item store.Item
	host string // that was tried last
}

// fates reads how messages stand; beside the loop.
func fates(ctx context.Context, st *store.Store, ids []store.OutboxID) []fate {
	var out []fate
	for _, id := range ids {
		it, err := st.Item(ctx, id)
		if err != nil {
			continue
		}
		f := fate{item: it}
		attempts, err := st.Attempts(ctx, id)
		if err == nil && len(attempts) > 0 {
			f.host = attempts[len(attempts)-1].Host
		}
		out = append(out, f)
	}
	return out
}

// follow tells how it went with a message sent from here, once that is known.
func (u *App) follow(f fate) {
	i := slices.IndexFunc(u.sent, func(o outgoing) bool { return o.id == f.item.ID })
	if i < 0 {
		return
	}
	it, o := f.item, &u.sent[i]
	switch it.State {
	case store.Sent:
		words := "Sent: " + o.subject
		if f.host != "" {
			words += " · accepted by " + f.host
		}
		u.say("%s", words)
	case store.Failed, store.Partial, store.Uncertain:
		u.oops(fmt.Sprintf("outbox item %d", it.ID), &account.Trouble{Kind: account.KindRefused, Account: it.AccountName,
			What: "“" + o.subject + "”: " + u.describe(it), Hint: u.keys.Key(keys.GoOutbox, keys.Global) + " shows the outbox"})
	case store.Cancelled:
	case store.Queued:
		u.followWaiting(it, o)
		return
	default:
		return
	}
	u.forget(it.ID)
}

// followWaiting tells why a message still waits when its time has come, each reason once.
func (u *App) followWaiting(it store.Item, o *outgoing) {
	why := fmt.Sprint(it.Waiting, it.Attempts, it.LastError)
	if it.NotBefore.After(u.now()) || it.Waiting == "" || why == o.told {
		return
	}
	o.told = why
	switch {
	case len(it.InDoubt()) > 0:
		u.say("Not sent to all: “%s” · %s", o.subject, u.describe(it))
	case it.Waiting == "network":
		u.say("No connection: “%s” waits in the outbox for one", o.subject)
	case it.Waiting == "retry":
		u.say("Deferred: “%s” · %s; next try in %s", o.subject, it.LastError, shortDuration(it.NextAttempt.Sub(u.now())))
	default:
		u.say("Not sent yet: “%s” · %s", o.subject, u.describe(it))
	}
}
