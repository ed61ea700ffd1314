package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/account/agent"
	"mua/store"
	"mua/store/message"
)

// syncFlags are the flags of mua sync.
type syncFlags struct {
	mailboxes             []string
	watch, noSend, vanish bool
}

func newSync(a *app) *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use: "sync [ACCOUNT...]", Short: "Bring accounts in step: replay, send, fetch",
		Long: `Sync replays what you did while offline, sends what is due in the outbox, and
fetches what is new, for each account. One summary line per account on stdout.

With --watch it stays: INBOX, and the mailboxes that idle = ["Work", …] names for an
account, are watched by IDLE, the rest is looked at every five minutes. One process
syncs an account; another one watches the store and takes over when that ends.

New mail runs the program of the configuration's on_new_mail, here and in the UI:

  on_new_mail = ["notify-send", "--", "{from}", "{subject}"]

{account} {mailbox} {from} {subject} {count} are filled in, {{ is a brace; no shell is
involved. The environment has MUA_ACCOUNT, MUA_MAILBOX, MUA_FROM, MUA_SUBJECT,
MUA_COUNT and MUA_ID (the newest message). It runs once for what came together, one at a
time, for at most ten seconds; not for a first fetch, nor for what is read already,
junk, sent or only moved. bell = true rings the terminal in the UI.`,
		Example: `  mua sync
  mua sync work --mailbox INBOX --json
  mua sync --watch`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.sync(cmd.Context(), f, args) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.mailboxes, "mailbox", nil, "only mailbox `NAME` (repeatable)")
	fl.BoolVar(&f.watch, "watch", false, "stay and keep the accounts in step until a signal")
	fl.BoolVar(&f.noSend, "no-send", false, "leave the outbox alone")
	fl.BoolVar(&f.vanish, "confirm-removal", false, "mirror a server that shows most of a mailbox gone")
	return cmd
}

func (a *app) sync(ctx context.Context, f syncFlags, names []string) error {
	longLived()
	if f.watch && len(f.mailboxes) > 0 {
		return usagef("--watch keeps whole accounts in step: --mailbox goes without it")
	}
	accts, err := a.accountsNamed(names)
	if err != nil {
		return err
	}
	if len(accts) == 0 {
		return a.noAccount("")
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	c := *a.config
	c.Accounts = accts
	o := a.agentOptions(&c, s)
	o.ConfirmRemoval = f.vanish
	o.NoSend = f.noSend
	p := &progress{app: a, live: isTerminal(a.err) && !a.quiet, lines: map[string]string{}}
	o.Progress = p.say
	if f.watch {
		err := a.tellHeld(ctx, s, accts)
		a.watch(ctx, o, p)
		return err
	}
	pullOnce()
	index := a.indexBeside(ctx, s)
	results := make([]agent.Result, len(accts))
	var wg sync.WaitGroup
	for i, acct := range accts {
		wg.Go(func() {
			results[i] = agent.Pass(ctx, o, acct, agent.PassOptions{Mailboxes: f.mailboxes, NoSend: f.noSend})
		})
	}
	wg.Wait()
	left := finishMoves(ctx, o, accts, results)
	var tidying sync.WaitGroup // what closing would do, while the index is finished
	tidying.Go(func() { s.Checkpoint(context.WithoutCancel(ctx)) })
	defer tidying.Wait()
	p.clear()
	err = errors.Join(a.printResults(ctx, s, results), left)
	if len(names) == 0 && a.accountArg == "" && !f.noSend {
		err = errors.Join(err, a.tellStranded(context.WithoutCancel(ctx), s))
	}
	err = errors.Join(err, a.tellHeld(context.WithoutCancel(ctx), s, accts))
	index()
	return err
}

// tellHeld says which mailboxes of accounts are deleted here only, because another account's server is waited for.
func (a *app) tellHeld(ctx context.Context, s *store.Store, accts []*account.Account) error {
	list, err := s.HeldDeletions(ctx)
	for _, d := range list {
		if !slices.ContainsFunc(accts, func(acct *account.Account) bool { return acct.Name == d.Account }) {
			continue
		}
		a.talk("%s: %s → %s", d.Account, d.What(), d.Repair(a.configured(d.To)))
	}
	return err
}

// finishMoves makes a second pass over the accounts from which messages were moved to others that have them now.
func finishMoves(ctx context.Context, o agent.Options, accts []*account.Account, results []agent.Result) error {
	if ctx.Err() != nil {
		return nil
	}
	left, err := o.Store.MovesLeft(ctx)
	if err != nil || len(left) == 0 {
		return err
	}
	for i, acct := range accts {
		id, err := o.Store.EnsureAccount(ctx, acct.Name)
		if err != nil {
			return err
		}
		if r := &results[i]; slices.Contains(left, id) && r.Err == nil && r.By == "" {
			r.Add(agent.Pass(ctx, o, acct, agent.PassOptions{NoSend: true}))
		}
	}
	return nil
}

// watch keeps accounts in step until ctx ends, and says each trouble once.
func (a *app) watch(ctx context.Context, o agent.Options, p *progress) {
	keeper := agent.New(o)
	changed, done := keeper.Watch()
	defer done()
	ended := make(chan struct{})
	go func() { defer close(ended); keeper.Run(ctx) }()
	told, elsewhere := map[string]string{}, map[string]bool{}
	for {
		select {
		case <-ended:
			p.clear()
			return
		case <-changed:
		}
		for _, s := range keeper.Status() {
			if s.Elsewhere != elsewhere[s.Account] {
				p.clear()
				elsewhere[s.Account] = s.Elsewhere
				a.talk("%s", whoSyncs(s))
			}
			for about, t := range map[string]*account.Trouble{s.Account: s.Trouble, s.Account + "\x00": s.HookTrouble} {
				words := ""
				if t != nil {
					words = t.Error()
				}
				if words != told[about] && words != "" {
					p.clear()
					a.report(t)
				}
				told[about] = words
			}
		}
	}
}

// whoSyncs says which process keeps an account in step.
func whoSyncs(s account.Status) string {
	if s.Elsewhere {
		return s.Account + ": another mua process keeps it in step; this one takes over when that ends"
	}
	return s.Account + ": the other mua process has ended; this one keeps it in step now"
}

// syncJSON is the contract's row of mua sync.
type syncJSON struct {
	Account    string   `json:"account"`
	By         *string  `json:"by"`
	New        int      `json:"new"`
	Changed    int      `json:"changed"`
	Removed    int      `json:"removed"`
	Replayed   int      `json:"replayed"`
	Conflicts  int      `json:"conflicts"`
	Sent       int      `json:"sent"`
	Queued     int      `json:"queued"`
	Bytes      int64    `json:"bytes"`
	RoundTrips int64    `json:"round_trips"`
	DurationMS int64    `json:"duration_ms"`
	Warnings   []string `json:"warnings"`
	Error      *string  `json:"error"`
}

func (a *app) printResults(ctx context.Context, s *store.Store, results []agent.Result) error {
	queued, err := queuedByAccount(context.WithoutCancel(ctx), s)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range results {
		for _, w := range r.Warnings {
			a.talk("%s: %s", r.Account, message.CleanLine(w))
		}
		if r.Err != nil {
			a.report(r.Err)
			errs = append(errs, r.Err)
		}
		r.Queued = queued[r.Account]
		if err := a.printResult(r); err != nil {
			return err
		}
	}
	if err := worst(errs...); err != nil {
		return statusError{exitStatus(err)}
	}
	return nil
}

// queuedByAccount counts what still waits in the outbox, whoever tried to send it.
func queuedByAccount(ctx context.Context, s *store.Store) (map[string]int, error) {
	items, err := s.Items(ctx, false)
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, it := range items {
		if it.State == store.Queued || it.State == store.Sending || it.State == store.Uncertain {
			n[it.AccountName]++
		}
	}
	return n, nil
}

func (a *app) printResult(r agent.Result) error {
	if a.json {
		j := syncJSON{
			Account: r.Account, By: orNull(r.By), New: r.New, Changed: r.Changed, Removed: r.Removed, Replayed: r.Replayed,
			Conflicts: r.Conflicts, Sent: r.Sent, Queued: r.Queued, Bytes: r.Bytes, RoundTrips: r.RoundTrips, DurationMS: r.Duration.Milliseconds(), Warnings: []string{},
		}
		for _, w := range r.Warnings {
			j.Warnings = append(j.Warnings, message.CleanLine(w).String())
		}
		if r.Err != nil {
			j.Error = orNull(asTrouble(r.Err).Error())
		}
		return a.emit(j)
	}
	if r.By != "" {
		_, err := fmt.Fprintf(a.out, "%s: another mua process keeps it in step and was woken\n", r.Account)
		return err
	}
	line := fmt.Sprintf("%s: %d new, %d changed, %d removed; %d replayed; %d sent, %d waiting; %s in %s", r.Account, r.New, r.Changed, r.Removed,
		r.Replayed, r.Sent, r.Queued, humanSize(r.Bytes), r.Duration.Round(time.Millisecond))
	if r.Conflicts > 0 {
		line += "; " + counted(r.Conflicts, "conflict", "conflicts") + " (mua conflicts)"
	}
	_, err := fmt.Fprintln(a.out, line)
	return err
}

// progress draws one line per account on a terminal's stderr.
type progress struct {
	app  *app
	live bool

	mu    sync.Mutex
	began map[string]leg
	lines map[string]string
	order []string
	drawn int
	at    time.Time
}

// leg is what one account does in one mailbox, and what was done of it when it was first heard of.
type leg struct {
	phase   account.Phase
	mailbox string
	done    int
	at      time.Time
}

// pace is how fast it goes and how long the rest takes at that rate; "" before either is known.
func (p *progress) pace(s account.Status, now time.Time) string {
	l, known := p.began[s.Account]
	if !known || l.phase != s.Phase || l.mailbox != s.Mailbox || s.Done < l.done {
		if p.began == nil {
			p.began = map[string]leg{}
		}
		p.began[s.Account] = leg{s.Phase, s.Mailbox, s.Done, now}
		return ""
	}
	took, did := now.Sub(l.at), s.Done-l.done
	if took < time.Second || did == 0 {
		return ""
	}
	left := time.Duration(float64(took) / float64(did) * float64(s.Total-s.Done))
	return fmt.Sprintf(", %.0f/s, %s left", float64(did)/took.Seconds(), left.Round(time.Second))
}

const progressEvery = 100 * time.Millisecond

func (p *progress) say(s account.Status) {
	if !p.live {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.lines[s.Account]; !known {
		p.order = append(p.order, s.Account)
	}
	line := fmt.Sprintf("%s: %s", s.Account, s.Phase)
	if s.Mailbox != "" {
		line += " " + message.CleanLine(s.Mailbox).String()
	}
	if s.Total > 0 {
		line += fmt.Sprintf(" %d/%d", s.Done, s.Total) + p.pace(s, time.Now())
	}
	p.lines[s.Account] = line
	if time.Since(p.at) < progressEvery {
		return
	}
	p.at = time.Now()
	p.draw()
}

func (p *progress) draw() {
	p.erase()
	for _, name := range p.order {
		fmt.Fprintln(p.app.err, cut(p.lines[name], 79))
	}
	p.drawn = len(p.order)
}

func (p *progress) erase() {
	for range p.drawn {
		fmt.Fprint(p.app.err, "\x1b[1A\x1b[2K")
	}
	p.drawn = 0
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}
