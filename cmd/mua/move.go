package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

func newMove(a *app) *cobra.Command {
	var to where
	cmd := &cobra.Command{
		Use: "move --to MAILBOX ID...|-", Short: "Move messages to a mailbox of their account, or of another one", Args: usageArgs(cobra.MinimumNArgs(1)),
		Long: `Move puts messages into another mailbox, here at once and on the server with the next
sync. Between accounts (--to-account) what was moved is uploaded to the one server, and
deleted on the other one after that; the message gets a new id, which --json prints.`,
		Example: "  mua move --to Projects 12 13\n  mua move --to Archive --to-account home 12",
		RunE: func(cmd *cobra.Command, args []string) error {
			if to.mailbox == "" {
				return usagef("say where to: --to MAILBOX")
			}
			return a.act(cmd.Context(), args, "moved", func(ctx context.Context, s *store.Store, ids []store.MessageID) error {
				return a.moveAll(ctx, s, ids, to)
			})
		},
	}
	to.flags(cmd)
	return cmd
}

// where names the mailbox that messages go to.
type where struct{ mailbox, account string }

func (w *where) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.mailbox, "to", "", "the `MAILBOX`: its name or role (archive, trash, junk, …)")
	cmd.Flags().StringVar(&w.account, "to-account", "", "it is one of this `ACCOUNT` (default: that of each message)")
}

// moveAll moves each message, as one action for undo; every target is looked up before anything moves.
func (a *app) moveAll(ctx context.Context, s *store.Store, ids []store.MessageID, to where) error {
	targets, err := a.targetsOf(ctx, s, ids, to, "Nothing was moved")
	if err != nil {
		return err
	}
	_, err = s.MoveEach(ctx, ids, targets)
	return err
}

// targetsOf finds the mailbox that to names in each of the messages' accounts, or in the one it names. What goes to another
// account is wholly here then.
func (a *app) targetsOf(ctx context.Context, s *store.Store, ids []store.MessageID, to where, kept string) (map[store.AccountID]store.MailboxID, error) {
	targets := map[store.AccountID]store.MailboxID{}
	var other store.AccountID // 0: each in its own
	if to.account != "" {
		all, err := s.Accounts(ctx)
		if err != nil {
			return nil, err
		}
		if other, err = a.accountCalled(ctx, s, all, to.account); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		row, err := s.Row(ctx, id)
		if err != nil {
			return nil, err
		}
		in, name := row.Account, row.AccountName
		if other != 0 && other != row.Account {
			in, name = other, to.account
			if !row.HasBody {
				if err := a.bring(ctx, s, row, false); err != nil {
					return nil, err
				}
			}
		}
		if targets[row.Account] != 0 {
			continue
		}
		m, err := target(ctx, s, in, to.mailbox)
		if errors.Is(err, store.ErrNotFound) {
			t := noMailbox(ctx, s, in, to.mailbox, err)
			t.Account, t.Kept = name, kept
			return nil, t
		}
		if err != nil {
			return nil, err
		}
		targets[row.Account] = m.ID
	}
	return targets, nil
}

// noMailbox says that there is no such mailbox, and which may be meant.
func noMailbox(ctx context.Context, s *store.Store, acct store.AccountID, name string, err error) *account.Trouble {
	hint := "mua mailboxes"
	if near := s.NearestMailbox(ctx, acct, name); near != "" {
		hint += fmt.Sprintf("; perhaps %s was meant", message.CleanLine(near))
	}
	return &account.Trouble{Kind: account.KindNotFound, What: fmt.Sprintf("there is no mailbox %q", message.CleanLine(name)), Hint: hint, Err: err}
}

// target finds a mailbox by name or role; one for a role that every account may
// have is made when there is none, as archive and delete do.
func target(ctx context.Context, s *store.Store, acct store.AccountID, to string) (store.Mailbox, error) {
	m, err := s.FindMailbox(ctx, acct, to)
	if !errors.Is(err, store.ErrNotFound) {
		return m, err
	}
	if role, ok := store.MadeRole(to); ok {
		return s.RoleMailbox(ctx, acct, role, true)
	}
	return m, err
}

func newArchive(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "archive ID...|-", Short: "Move messages to the archive", Args: usageArgs(cobra.MinimumNArgs(1)),
		Example: "  mua archive 12 13",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.act(cmd.Context(), args, "archived", func(ctx context.Context, s *store.Store, ids []store.MessageID) error {
				_, err := s.Archive(ctx, ids)
				return err
			})
		},
	}
}

func newDelete(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "delete ID...|-", Short: "Move messages to the trash; in the trash, delete them for good", Args: usageArgs(cobra.MinimumNArgs(1)),
		Example: "  mua delete 12",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.act(cmd.Context(), args, "deleted", func(ctx context.Context, s *store.Store, ids []store.MessageID) error {
				_, err := s.Trash(ctx, ids)
				return err
			})
		},
	}
}
