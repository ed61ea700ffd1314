package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/account/agent"
	"mua/store"
	"mua/store/message"
	"mua/store/query"
)

// searchFlags are the flags of mua search.
type searchFlags struct {
	limit         int
	limited       bool // the limit was given
	count, server bool
	threads       bool
}

func newSearch(a *app) *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use: "search QUERY...", Short: "Search all mailboxes, newest first", Args: usageArgs(cobra.MinimumNArgs(1)),
		Long: `Search is mua list over all mailboxes: one row per message, the best mailbox
first. The query language is that of mua list.

--server also asks the IMAP servers, which know the texts of messages whose headers
alone are here, and mailboxes that are left out here. What they find is joined with what
is found here; the headers of messages that were not here yet are fetched and kept. A server
looks for letters anywhere in a word, and has its own idea of accents. What it
cannot be asked (in: account: id: thread: filename: has:attachment is:pending, the hours of a date)
is checked here. Without a connection the rows are those found here, and the exit status is 75.

--threads gives one line per thread, as mua list --threads does.`,
		Example: `  mua search from:ada subject:report newer:1y
  mua search 'invoice OR "credit note"' --count
  mua search compiler in:Lists/go --server -n 20 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.limited = cmd.Flags().Changed("limit")
			return a.search(cmd.Context(), f, strings.Join(args, " "))
		},
	}
	fl := cmd.Flags()
	fl.IntVarP(&f.limit, "limit", "n", 50, "at most `LIMIT` messages (0: all)")
	fl.BoolVar(&f.count, "count", false, "print the number of matches only")
	fl.BoolVar(&f.threads, "threads", false, "one line per thread")
	fl.BoolVar(&f.server, "server", false, "ask the servers, too, for what is not here")
	return cmd
}

func (a *app) search(ctx context.Context, f searchFlags, text string) error {
	a.reads = true
	if f.limit < 0 {
		return usagef("-n takes a number of messages, 0 for all")
	}
	if f.threads && (f.count || f.server) {
		return usagef("--threads goes with neither --count, which counts messages, nor --server")
	}
	tree, err := query.Parse(text, time.Now())
	if err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	q := store.ListQuery{Query: text, Distinct: true, Sort: store.SortDate, Threads: f.threads}
	if q.Account, err = a.storeAccount(ctx, s); err != nil {
		return err
	}
	a.saved(s, tree)
	if err := a.catchUp(ctx, s, tree); err != nil {
		return err
	}
	if f.server {
		if tree, err = s.Expand(ctx, text, tree); err != nil {
			return err
		}
		return a.searchServers(ctx, s, q, tree, f)
	}
	if f.count {
		n, err := s.Count(ctx, q)
		if err != nil {
			return err
		}
		return a.printCount(n)
	}
	names, err := a.severalAccounts(ctx, s, q)
	if err != nil {
		return err
	}
	print := a.printRow
	if f.threads {
		print = a.printThread
		if err := a.fillThreads(ctx, s); err != nil {
			return err
		}
	}
	shown := 0
	err = a.eachRow(ctx, s, q, f.limit, func(r store.Row) error {
		shown++
		return print(r, names)
	})
	if err == nil && !f.limited && shown == f.limit && isTerminal(a.out) {
		a.talk("the newest %d; -n 0 lists all", shown)
	}
	if err == nil && shown == 0 {
		a.tellNoHits(tree)
	}
	return err
}

func (a *app) printCount(n int) error {
	if a.json {
		return a.emit(map[string]int{"count": n})
	}
	_, err := fmt.Fprintln(a.out, n)
	return err
}

// severalAccounts tells whether rows must say whose they are.
func (a *app) severalAccounts(ctx context.Context, s *store.Store, q store.ListQuery) (bool, error) {
	all, err := s.Accounts(ctx)
	return q.Account == 0 && len(all) > 2, err
}

// searchServers joins what the servers find with what is found here.
func (a *app) searchServers(ctx context.Context, s *store.Store, q store.ListQuery, tree query.Node, f searchFlags) error {
	longLived()
	limit := f.limit
	if f.count {
		limit = 0
	}
	found, asking := a.askServers(ctx, s, tree, limit)
	if err := ctx.Err(); err != nil {
		return err
	}
	var here []store.Row
	err := a.eachRow(ctx, s, q, limit, func(r store.Row) error { here = append(here, r); return nil })
	if err != nil {
		return err
	}
	rows := store.MergeRows(here, found)
	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	if f.count {
		err = a.printCount(len(rows))
	} else {
		err = a.printRows(ctx, s, q, rows)
	}
	if err != nil || asking == nil {
		return err
	}
	return statusError{exitStatus(asking)}
}

func (a *app) printRows(ctx context.Context, s *store.Store, q store.ListQuery, rows []store.Row) error {
	names, err := a.severalAccounts(ctx, s, q)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := a.printRow(r, names); err != nil {
			return err
		}
	}
	return nil
}

// askServers asks each account's server in turn. Trouble of one is reported and does not stop the
// others; the worst is returned.
func (a *app) askServers(ctx context.Context, s *store.Store, tree query.Node, limit int) ([]store.Row, error) {
	c, err := a.conf()
	if err != nil {
		a.report(err)
		return nil, err
	}
	var rows []store.Row
	var errs []error
	for _, acct := range c.Accounts {
		if a.accountArg != "" && acct.Name != a.accountArg || acct.Incoming == nil {
			continue
		}
		if acct.Incoming.Protocol == account.POP3 {
			a.talk("%s: its server cannot search (POP3); what is shown of it is what is here", acct.Name)
			continue
		}
		found, warnings, err := agent.Search(ctx, a.agentOptions(c, s), acct, tree, limit)
		for _, w := range warnings {
			a.talk("%s: %s", acct.Name, message.CleanLine(w))
		}
		if err != nil {
			a.report(err)
			if errs = append(errs, err); asTrouble(err).Kind != account.KindUsage {
				a.talk("%s: its server was not searched; what is shown of it is what is here", acct.Name)
			}
			continue
		}
		rows = append(rows, found...)
	}
	return rows, worst(errs...)
}
