package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mua/account"
	"mua/outbox"
	"mua/outbox/compose"
	"mua/store"
	"mua/store/message"
	"mua/ui/keys"
)

// send finishes the message and puts it into the spool. What may have been
// forgotten is shown first; from there (sure) it is sent all the same.
func (c *composer) send(sure bool) {
	if id, ok := c.sendable(sure); ok {
		c.spool(id, time.Time{})
	}
}

// sendable checks what can be checked before sending, and shows what is wrong.
func (c *composer) sendable(sure bool) (identity, bool) {
	for i := toField; i <= bccField; i++ {
		if !c.checkField(i) {
			c.unfit(i)
			return identity{}, false
		}
	}
	if d := c.snapshot(); len(d.To)+len(d.Cc)+len(d.Bcc) == 0 { // an empty group is nobody, too
		c.errs[toField] = fieldError{"to whom?", 0}
		c.unfit(toField)
		return identity{}, false
	}
	id := c.identity()
	if id.account == nil || id.account.Outgoing == nil {
		c.u.oops("send", &account.Trouble{Kind: account.KindConfig, What: "no account that can send is set up",
			Hint: c.u.keys.Key(keys.Postpone, keys.Write) + " keeps the message as a draft"})
		return identity{}, false
	}
	if !sure && len(c.doubts()) > 0 {
		c.toReview()
		return identity{}, false
	}
	return id, true
}

// unfit goes to the field for which the message cannot be sent, and says so: from the text, the field may be out of sight.
func (c *composer) unfit(field int) {
	words := c.errs[field]
	c.review = false
	c.setFocus(field)
	c.errs[field] = words
	c.u.remark("Not sent: look at %s", fieldName(field))
}

// spool hands the message over, not to be sent before a time if one is given; the
// composer stays until it is safely in the store.
func (c *composer) spool(id identity, later time.Time) {
	u, d := c.u, c.snapshot()
	p := posting{account: id.account, now: u.now(), later: later, draft: c.stored}
	c.keepSafe()
	u.pump.Serial(func(ctx context.Context) func() {
		f, err := d.Finish(p.now)
		var item store.OutboxID
		if err == nil {
			item, err = p.spool(ctx, u.o, f)
		}
		return func() {
			c.kept()
			if err != nil {
				u.gate.failed()
				c.refused(err)
				return
			}
			c.close()
			u.spooled(c, item, p, d.Subject)
		}
	})
}

// keepSafe holds what is typed until the message is in the store, or is not.
func (c *composer) keepSafe() {
	c.busy, c.u.gate.safe = "keeping it safe …", c
}

func (c *composer) kept() {
	if c.busy = ""; c.u.gate.safe == c {
		c.u.gate.safe = nil
	}
}

// posting is how a finished message goes into the spool.
type posting struct {
	account *account.Account
	now     time.Time
	later   time.Time       // when it is to go out; zero: as soon as its undo window is over
	draft   store.MessageID // that ends with it; 0: none
}

// due is when the undo window ends; zero: there is none.
func (p posting) due(o Options) time.Time {
	if !p.later.IsZero() || o.Config.SendDelay <= 0 {
		return time.Time{}
	}
	return p.now.Add(o.Config.SendDelay)
}

// spool puts a finished message into the store; beside the loop.
func (p posting) spool(ctx context.Context, o Options, f *compose.Finished) (store.OutboxID, error) {
	acct, err := o.Store.EnsureAccount(ctx, p.account.Name)
	if err != nil {
		return 0, err
	}
	r := f.Request(acct)
	outbox.Prepare(&r, p.account, store.PolicyAsk)
	r.SaveSent = r.SaveSent && !f.Resent
	r.NotBefore = p.due(o)
	if !p.later.IsZero() {
		r.NotBefore = p.later
	}
	r.Draft = p.draft
	id, _, err := o.Store.Spool(ctx, r)
	return id, err
}

// refused shows why a message could not be finished.
func (c *composer) refused(err error) {
	var t *account.Trouble
	if errors.As(err, &t) && t.Kind == account.KindData {
		err = &account.Trouble{Kind: t.Kind, What: strings.ReplaceAll(strings.SplitN(t.What, "\n", 2)[0], "\n", " "), Kept: "The message is kept here", Err: t}
	}
	c.u.oops("send", err)
}

func readDraft(ctx context.Context, st *store.Store, id store.MessageID) (*compose.Draft, error) {
	raw, err := st.Raw(ctx, id)
	if err != nil {
		return nil, err
	}
	return compose.Resume(raw), nil
}

// resumeDraft goes on writing a stored draft.
func (u *App) resumeDraft(r row) {
	if u.writing(r.ID) != nil {
		return
	}
	st := u.o.Store
	u.modal(&u.drafting, func(ctx context.Context) func() {
		d, err := readDraft(ctx, st, r.ID)
		return func() {
			if err != nil {
				u.oops("draft", err)
				return
			}
			u.openComposer(d, r.ID, r.AccountName, false)
		}
	})
}

// writing is the composer that is open on a stored draft, or nil.
func (u *App) writing(draft store.MessageID) *composer {
	for _, l := range u.layers {
		if c, ok := l.(*composer); ok && draft != 0 && c.stored == draft {
			return c
		}
	}
	return nil
}

// drafts are the stored drafts that are open in a composer.
func (u *App) drafts() (ids []store.MessageID) {
	for _, l := range u.layers {
		if c, ok := l.(*composer); ok && c.stored != 0 {
			ids = append(ids, c.stored)
		}
	}
	return ids
}

// movedDrafts are those of ids that were moved to another account, and what they are now; beside the loop.
func movedDrafts(ctx context.Context, st *store.Store, ids []store.MessageID) map[store.MessageID]store.MessageID {
	moved := map[store.MessageID]store.MessageID{}
	for _, id := range ids {
		if now, err := st.MovedOn(ctx, id); err == nil && now != id { // a failing store is told of by what is read beside this
			moved[id] = now
		}
	}
	return moved
}

// followDrafts has the composers go on with drafts that were moved under their new ids.
func (u *App) followDrafts(moved map[store.MessageID]store.MessageID) {
	for _, l := range u.layers {
		if c, ok := l.(*composer); ok && moved[c.stored] != 0 {
			c.stored = moved[c.stored]
		}
	}
}

// openDraft opens a stored draft in the composer, or shows the one it is open in.
func (u *App) openDraft(d *compose.Draft, id store.MessageID, acct string) {
	if c := u.writing(id); c != nil {
		u.pop(c)
		u.push(c)
		return
	}
	u.openComposer(d, id, acct, false)
}

// postpone keeps the message as a draft. then is done afterwards.
func (c *composer) postpone(then func()) {
	u, d := c.u, c.snapshot()
	owner := "local"
	if id := c.identity(); id.account != nil {
		owner = id.account.Name
	}
	replaces := c.stored
	c.keepSafe()
	u.pump.Serial(func(ctx context.Context) func() {
		err := keepDraft(ctx, u.o.Store, d, owner, replaces)
		return func() {
			c.kept()
			if err != nil {
				u.gate.failed()
				u.oops("draft", err)
				return
			}
			c.close()
			u.say("Kept in Drafts%s", u.whereDrafts())
			u.storeChanged()
			if then != nil {
				then()
			}
		}
	})
}

func (u *App) whereDrafts() string {
	if k := u.keys.Key(keys.GoDrafts, keys.Global); k != "" {
		return " · " + k + " goes there"
	}
	return ""
}

// keepDraft stores a draft in an account's Drafts, in place of an earlier one, in whichever account that is; beside the loop.
func keepDraft(ctx context.Context, st *store.Store, d compose.Draft, owner string, replaces store.MessageID) error {
	acct, err := st.EnsureAccount(ctx, owner)
	if err != nil {
		return err
	}
	_, err = st.SaveDraft(ctx, acct, d.Save(), replaces)
	return err
}

// reopen shows the composer again as it was when its message was sent; the
// message is a draft now.
func (c *composer) reopen(draft store.MessageID) {
	c.stored = draft
	c.clean = c.fingerprint()
	c.keep = &keeper{}
	c.keep.init(c)
	c.u.push(c)
}

// describe is an outbox item's state in words for the screen.
func (u *App) describe(it store.Item) string {
	return withoutCommand(outbox.DescribeUnder(u.o.Config, it, u.now()))
}

// withoutCommand takes off what one can do in a shell: here there are keys.
func withoutCommand(words string) string {
	for _, before := range []string{" → mua ", ", or mua "} {
		if i := strings.LastIndex(words, before); i >= 0 {
			words = words[:i]
		}
	}
	return words
}

// recipientsOf names an item's recipients, the first ones.
func recipientsOf(it store.Item) string {
	var names []string
	for i, r := range it.Recipients {
		if i == 3 && len(it.Recipients) > 4 {
			names = append(names, fmt.Sprintf("%d more", len(it.Recipients)-3))
			break
		}
		names = append(names, message.CleanLine(r.Addr).String())
	}
	return strings.Join(names, ", ")
}
