package main

import (
	"context"
	"sync"

	"mua/account"
	"mua/account/agent"
	"mua/outbox/compose"
	"mua/store"
	"mua/ui"
)

// openUI opens the terminal UI on the configured accounts; mailto fills the composer in.
func (a *app) openUI(ctx context.Context, mailto string) error {
	if !isTerminal(a.in) || !isTerminal(a.out) {
		return usagef("the UI needs a terminal; for scripts: mua --help")
	}
	c, err := a.conf()
	if err != nil {
		return err
	}
	if len(c.Accounts) == 0 {
		return a.noAccount("")
	}
	var draft *compose.Draft
	if mailto != "" {
		if draft, err = compose.Mailto(mailto); err != nil {
			return err
		}
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	return a.runUI(ctx, c, s, ui.Options{Compose: draft})
}

// runUI shows the UI with an agent beside it, which comes to a safe stop afterwards.
func (a *app) runUI(ctx context.Context, c *account.Config, s *store.Store, o ui.Options) error {
	longLived()
	for _, acct := range c.Accounts {
		if _, err := s.EnsureAccount(ctx, acct.Name); err != nil {
			return err
		}
	}
	agentCtx, stop := context.WithCancel(ctx)
	defer stop()
	keeper := agent.New(agent.Options{Config: c, Store: s})
	var wg sync.WaitGroup
	wg.Go(func() { keeper.Run(agentCtx) })
	o.Config, o.Store, o.Agent, o.NoColor = c, s, keeper, a.noColor
	err := ui.Run(ctx, o)
	stop()
	wg.Wait()
	a.leaving(s)
	return err
}

// leaving says what stays in the outbox when the UI ends.
func (a *app) leaving(s *store.Store) {
	n, err := s.OutboxCounts(context.Background())
	if err != nil {
		return
	}
	if waiting := n[store.Queued] + n[store.Sending]; waiting > 0 {
		a.talk("in the outbox still: %s; mua outbox flush sends now, else the next mua or mua sync", counted(waiting, "message", "messages"))
	}
	if n[store.Uncertain] > 0 {
		a.talk("%s may or may not have been sent: mua outbox", counted(n[store.Uncertain], "message", "messages"))
	}
}
