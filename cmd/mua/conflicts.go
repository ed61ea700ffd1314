package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mua/store"
	"mua/store/message"
)

func newConflicts(a *app) *cobra.Command {
	limit := 50
	cmd := &cobra.Command{
		Use: "conflicts", Short: "List what a server refused, or somebody else did otherwise meanwhile", Args: usageArgs(cobra.NoArgs),
		Long: `Everything done here reaches the server with the next sync. What the server
refuses is taken back here; what another client did otherwise meanwhile stands.
Both are kept in a journal for 30 days, newest first.`,
		Example: "  mua conflicts\n  mua conflicts --json -n 5",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit <= 0 {
				return usagef("-n takes a number above 0")
			}
			return a.conflicts(cmd.Context(), limit)
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", limit, "at most `N`")
	return cmd
}

type placedJSON struct {
	Mailbox *string  `json:"mailbox"`
	Deleted bool     `json:"deleted"`
	Flags   []string `json:"flags"`
}

type conflictJSON struct {
	Account string           `json:"account"`
	At      string           `json:"at"`
	Kind    string           `json:"kind"`
	Outcome string           `json:"outcome"` // refused, contradicted
	Message *store.MessageID `json:"message"`
	Subject *string          `json:"subject"`
	Mailbox *string          `json:"mailbox"`
	What    string           `json:"what"`
	Base    *placedJSON      `json:"base"`
	Local   *placedJSON      `json:"local"`
	Remote  *placedJSON      `json:"remote"`
}

func newPlaced(p *store.Placed) *placedJSON {
	if p == nil {
		return nil
	}
	return &placedJSON{orNull(p.Mailbox), p.Gone, append(list(p.Flags), p.Keywords...)}
}

func newConflictJSON(c store.Conflict) conflictJSON {
	j := conflictJSON{
		Account: c.AccountName, At: c.At.Format(time.RFC3339), Kind: c.Kind, Outcome: "contradicted", Mailbox: orNull(c.MailboxName), What: c.What,
		Base: newPlaced(c.Base), Local: newPlaced(c.Local), Remote: newPlaced(c.Remote),
	}
	if c.Refused {
		j.Outcome = "refused"
	}
	if c.Message != 0 {
		j.Message, j.Subject = &c.Message, &c.Subject
	}
	return j
}

func (a *app) conflicts(ctx context.Context, limit int) error {
	a.reads = true
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	if _, err := a.storeAccount(ctx, s); err != nil { // a wrong name is said
		return err
	}
	all, err := s.Conflicts(ctx, math.MaxInt32)
	if err != nil {
		return err
	}
	if a.accountArg != "" {
		all = slices.DeleteFunc(all, func(c store.Conflict) bool { return c.AccountName != a.accountArg })
	}
	all = all[:min(limit, len(all))]
	for _, c := range all {
		if a.json {
			err = a.emit(newConflictJSON(c))
		} else {
			about := "mailbox " + c.MailboxName
			if c.Message != 0 {
				about = fmt.Sprintf("message %d %q", c.Message, c.Subject)
				if c.MailboxName == "" {
					about += ", no longer here"
				}
			}
			_, err = fmt.Fprintf(a.out, "%s  %s: %s: %s\n", c.At.Format("2006-01-02 15:04"), message.CleanLine(c.AccountName), message.CleanLine(about), message.CleanLine(c.What))
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 && !a.json {
		a.talk("no conflicts: everything done here is as the servers have it, or waits for the next sync")
	}
	return nil
}
