package main

import (
	"context"
	"errors"
	"fmt"
	"net/mail"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
)

// fromDraft is mua send --from-draft: the draft as it stands, with what the flags say instead or besides. It
// ends with the spooling, in one transaction.
func (a *app) fromDraft(ctx context.Context, f sendFlags, o spoolOptions) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	id, err := a.messageID(ctx, s, f.fromDraft)
	if err != nil {
		return err
	}
	orig, err := a.original(ctx, s, id)
	if err != nil {
		return err
	}
	if !orig.row.Flags.Has(store.Draft) {
		drafts, err := s.RoleMailbox(ctx, orig.row.Account, store.RoleDrafts, false)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err != nil || drafts.ID != orig.row.Mailbox {
			return usagef("message %d is no draft (mua list in:drafts)", id)
		}
	}
	d := compose.Resume(orig.raw)
	acct, err := a.draftSender(d, orig, f)
	if err != nil {
		return err
	}
	if f.given("subject") {
		d.Subject = f.subject
	}
	if err := f.fill(d); err != nil {
		return err
	}
	if len(d.To)+len(d.Cc)+len(d.Bcc) == 0 {
		return &account.Trouble{Kind: account.KindData, Account: orig.row.AccountName,
			What: fmt.Sprintf("draft %d is addressed to nobody", id), Kept: "It stays in Drafts", Hint: "give -t ADDR"}
	}
	if f.given("body") || f.given("body-file") {
		d.HTML = "" // of the text that is replaced
	}
	if err := a.readBody(d, f); err != nil {
		return err
	}
	if a.nothingToSay(d, f) {
		return nil
	}
	o.draft = id
	o.key = fmt.Sprintf("draft:%d", id) // who sends it beside this process sends the same message
	return a.post(ctx, acct, d, f, o)
}

// draftSender gives a draft its author, where it has none or -r says another, and finds the account to send it: that of
// -A or -r, else the one its author belongs to, else the one it lies in.
func (a *app) draftSender(d *compose.Draft, orig original, f sendFlags) (*account.Account, error) {
	c, err := a.conf()
	if err != nil {
		return nil, err
	}
	acct, err := a.accountOf(c, orig)
	if err != nil {
		return nil, err
	}
	switch {
	case f.from != "":
		var from mail.Address
		if from, acct, err = a.sender(f.from, acct); err != nil {
			return nil, err
		}
		d.From, d.Sender = from, from.Address
	case d.From.Address == "":
		d.From, d.Sender = acct.From, acct.From.Address
	case a.accountArg == "":
		acct = accountFor(c, d.From.Address, acct)
	}
	if acct.Outgoing == nil {
		return nil, noOutgoing(acct)
	}
	return acct, nil
}
