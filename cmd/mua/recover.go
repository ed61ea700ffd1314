package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

type recoverFlags struct {
	all, deleted bool
	days         string
	in, to       string
}

func newRecover(a *app) *cobra.Command {
	var f recoverFlags
	cmd := &cobra.Command{
		Use: "recover [ID...|-]", Short: "List and bring back what the server has removed",
		Long: `What vanishes from the server stays here for 30 days: another client deleted it,
its mailbox was deleted, the server lost it or was restored from a backup.

Without ids, recover lists it, the latest first: id, when it went, the mailbox where
it was, sender, subject. With ids, or with --all for everything so listed, it brings
messages back to the mailbox where they were (to the inbox when that is gone, or
wherever --to says); the next sync uploads them. --deleted also lists what was
deleted for good here.`,
		Example: `  mua recover
  mua recover --since 1d --in Projects
  mua recover 12 13
  mua recover --all --since 1d --to Rescued`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.recover(cmd.Context(), f, args)
		},
	}
	cmd.Flags().BoolVar(&f.all, "all", false, "bring back everything that would be listed")
	cmd.Flags().BoolVar(&f.deleted, "deleted", false, "also what was deleted for good here")
	cmd.Flags().StringVar(&f.days, "since", "", "only what went in the last `TIME`: 2h, 1d, 3w")
	cmd.Flags().StringVar(&f.in, "in", "", "only what was in this `MAILBOX`")
	cmd.Flags().StringVar(&f.to, "to", "", "bring it back to this `MAILBOX` of its account")
	return cmd
}

func (a *app) recover(ctx context.Context, f recoverFlags, args []string) error {
	if f.all && len(args) > 0 {
		return usagef("give ids or --all, not both")
	}
	q := store.RemovedQuery{Mailbox: f.in, Here: f.deleted}
	if f.days != "" {
		d, err := ago(f.days)
		if err != nil {
			return err
		}
		q.Since = time.Now().Add(-d)
	}
	words, err := a.idWords(args)
	if err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	if q.Account, err = a.storeAccount(ctx, s); err != nil {
		return err
	}
	if len(args) > 0 {
		ids := make([]store.MessageID, len(words))
		for i, w := range words {
			n, err := strconv.ParseInt(w, 10, 64)
			if err != nil || n <= 0 {
				return usagef("%q is not a message id (a number from mua recover)", w)
			}
			ids[i] = store.MessageID(n)
		}
		return a.bringBack(ctx, s, ids, f.to)
	}
	list, err := s.Removed(ctx, q)
	if err != nil {
		return err
	}
	if !f.all {
		return a.printRemoved(list)
	}
	ids := make([]store.MessageID, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	return a.bringBack(ctx, s, ids, f.to)
}

// ago reads 2h, 1d, 3w.
func ago(s string) (time.Duration, error) {
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 16)
	if err != nil || unit == 0 {
		return 0, usagef("--since takes a number with m, h, d or w, such as 1d")
	}
	return time.Duration(n) * unit, nil
}

func (a *app) printRemoved(list []store.RemovedRow) error {
	for _, r := range list {
		if a.json {
			row := struct {
				messageJSON
				Removed string `json:"removed"`
				By      string `json:"by"`
			}{newMessageJSON(r.Row), r.At.Format(time.RFC3339), "server"}
			if r.Here {
				row.By = "here"
			}
			if err := a.emit(row); err != nil {
				return err
			}
			continue
		}
		from := ""
		if len(r.From) > 0 {
			from = r.From[0].Name
			if from == "" {
				from = r.From[0].Addr
			}
		}
		if _, err := fmt.Fprintf(a.out, "%d\t%s\t%s\t%s\t%s\n", r.ID, r.At.Local().Format("2006-01-02 15:04"),
			message.CleanLine(r.MailboxName), message.CleanLine(from), message.CleanLine(r.Subject)); err != nil {
			return err
		}
	}
	return nil
}

// bringBack recovers messages and says what it did.
func (a *app) bringBack(ctx context.Context, s *store.Store, ids []store.MessageID, to string) error {
	targets, err := recoverTargets(ctx, s, to)
	if err != nil {
		return err
	}
	n, err := s.Recover(ctx, ids, targets)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &account.Trouble{Kind: account.KindNotFound, Err: err, What: err.Error(), Kept: fmt.Sprintf("%d brought back", n), Hint: "mua recover lists what can be"}
	case errors.Is(err, store.ErrNoBody):
		return &account.Trouble{Kind: account.KindNotFound, Err: err, What: err.Error() + ": the rest of it is gone with the server's", Kept: fmt.Sprintf("%d brought back", n)}
	case err != nil:
		return err
	}
	if !a.json {
		what := "messages"
		if n == 1 {
			what = "message"
		}
		a.talk("brought %d %s back; the next sync uploads what the server lacks", n, what)
		return nil
	}
	for _, id := range ids {
		row, err := s.Row(ctx, id)
		if err != nil {
			return err
		}
		if err := a.emit(newMessageJSON(row)); err != nil {
			return err
		}
	}
	return nil
}

// recoverTargets finds the mailbox of that name in each account that has one.
func recoverTargets(ctx context.Context, s *store.Store, to string) (map[store.AccountID]store.MailboxID, error) {
	if to == "" {
		return nil, nil
	}
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	targets := map[store.AccountID]store.MailboxID{}
	for _, acct := range accounts {
		m, err := s.FindMailbox(ctx, acct.ID, to)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		targets[acct.ID] = m.ID
	}
	if len(targets) == 0 {
		return nil, &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("there is no mailbox %q", message.CleanLine(to)),
			Kept: "Nothing was brought back", Hint: "mua mailboxes"}
	}
	return targets, nil
}
