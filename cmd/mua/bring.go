package main

import (
	"context"
	"errors"
	"fmt"

	"mua/account"
	"mua/account/agent"
	"mua/store"
)

// body is a message's exact bytes, fetched from the server where only the header is here. force also
// fetches what is larger than max_message, and marks what cannot be fetched now for the next sync.
// When there is none, the error says why (store.ErrNoBody is in it).
func (a *app) body(ctx context.Context, s *store.Store, id store.MessageID, force bool) ([]byte, error) {
	raw, err := s.Raw(ctx, id)
	if !errors.Is(err, store.ErrNoBody) {
		return raw, err
	}
	row, err := s.Row(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := a.bring(ctx, s, row, force); err != nil {
		return nil, err
	}
	return s.Raw(ctx, id)
}

// bring fetches a message whose header is here.
func (a *app) bring(ctx context.Context, s *store.Store, row store.Row, force bool) error {
	c, err := a.conf()
	if err != nil {
		return noBody(row)
	}
	acct, ok := c.Account(row.AccountName)
	if !ok || acct.Incoming == nil || acct.Incoming.Protocol != account.IMAP {
		t := noBody(row)
		if row.Size > c.MaxMessage {
			t.What = fmt.Sprintf("only the header of message %d is here: its %s are more than max_message allows", row.ID, humanSize(row.Size))
			t.Hint = "raise max_message in the configuration, then mua sync"
		}
		return t
	}
	if row.Size > c.MaxMessage && !force {
		t := noBody(row)
		t.What = fmt.Sprintf("only the header of message %d is here: its %s are more than max_message allows", row.ID, humanSize(row.Size))
		t.Hint = fmt.Sprintf("mua show %d --fetch fetches it all the same", row.ID)
		return t
	}
	if row.Size > 1<<20 && isTerminal(a.err) {
		a.talk("fetching %s …", humanSize(row.Size))
	}
	left, err := agent.Fetch(ctx, a.agentOptions(c, s), acct, []store.MessageID{row.ID})
	if err != nil {
		return a.notNow(ctx, s, row, force, err)
	}
	if why, ok := left[row.ID]; ok {
		t := &account.Trouble{Kind: account.KindRefused, Account: row.AccountName, Err: store.ErrNoBody,
			What: fmt.Sprintf("message %d cannot be fetched: %s", row.ID, why.Words), Kept: "Its header is here", Hint: "mua sync"}
		if why.Later {
			t.Kind = account.KindTemporary
		}
		return t
	}
	return nil
}

// noBody says that only the header of a message is here.
func noBody(row store.Row) *account.Trouble {
	return &account.Trouble{Kind: account.KindTemporary, Account: row.AccountName, Err: store.ErrNoBody,
		What: fmt.Sprintf("only the header of message %d is here yet", row.ID), Hint: "mua sync"}
}

// notNow says why a message could not be fetched now, and with force leaves the wish for whoever syncs next.
func (a *app) notNow(ctx context.Context, s *store.Store, row store.Row, force bool, err error) error {
	var why *account.Trouble
	if !errors.As(err, &why) {
		return err
	}
	t := *why
	t.What = fmt.Sprintf("message %d is on the server only: %s", row.ID, why.What)
	t.Err = errors.Join(store.ErrNoBody, err)
	t.Kept = "Its header is here"
	if !force {
		if t.Retryable() {
			t.Hint = fmt.Sprintf("mua show %d --fetch marks it to be fetched as soon as there is a connection", row.ID)
		}
		return &t
	}
	if _, err := s.WantBodies(context.WithoutCancel(ctx), []store.MessageID{row.ID}); err != nil {
		return err
	}
	t.Kept = "It is marked, and fetched with the next sync"
	return &t
}
