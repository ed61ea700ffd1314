package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

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
	c, err := a.confForUI(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		t := *asTrouble(err)
		t.Hint = "mua account add sets up an account; mua demo shows mua with sample mail"
		err = &t
	}
	if err != nil {
		return err
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
	return a.runUI(ctx, c, s, ui.Options{Compose: draft, News: a.asideNews(ctx, s)})
}

// confForUI is the configuration. Without an account there is something to show only where mail was brought in from files,
// which needs no configuration.
func (a *app) confForUI(ctx context.Context) (*account.Config, error) {
	c, err := a.conf()
	if err == nil && len(c.Accounts) > 0 || err != nil && (a.configPath != "" || os.Getenv("MUA_CONFIG") != "" || !errors.Is(err, fs.ErrNotExist)) {
		return c, err
	}
	if err == nil {
		err = a.noAccount("")
	} else {
		c = &account.Config{}
	}
	dir, derr := a.dataFolder()
	if derr != nil {
		return nil, err
	}
	if _, serr := os.Stat(filepath.Join(dir, "mail.db")); serr != nil {
		return nil, err
	}
	s, serr := a.open(ctx)
	if serr != nil {
		return nil, serr
	}
	boxes, serr := s.Mailboxes(ctx, 0)
	if serr == nil && slices.ContainsFunc(boxes, func(b store.Mailbox) bool { return b.Total > 0 }) {
		return c, nil
	}
	return nil, err
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
	keeper := agent.New(agent.Options{Config: c, Store: s, Hook: agent.NewHook(c.OnNewMail)})
	var wg sync.WaitGroup
	wg.Go(func() { keeper.Run(agentCtx) })
	o.Config, o.Store, o.Agent, o.NoColor = c, s, keeper, a.noColor
	var last []store.OutboxID
	o.Leaving = func(ids []store.OutboxID) { last = ids }
	err := ui.Run(ctx, o)
	status := keeper.Status()
	stop()
	a.waitAnswer(&wg)
	a.sentLast(context.WithoutCancel(ctx), s, last)
	a.leaving(context.WithoutCancel(ctx), c, s, status)
	return err
}

// waitAnswer waits until the agent has stopped. A message that is handed over
// already is waited for: without the server's answer nobody would know whether it was sent.
func (a *app) waitAnswer(wg *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return
	case <-time.After(time.Second):
	}
	a.talk("waiting for the answer to what is handed over already …")
	<-ended
}
