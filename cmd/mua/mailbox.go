package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

func newMailbox(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "mailbox", Short: "Create, rename, delete mailboxes and subscribe to them", Args: usageArgs(cobra.NoArgs),
		Long: `What is done to a mailbox is done here at once and on the server with the next
sync; mua undo takes it back. Names are as mua mailboxes lists them, with the
server's own separator between the levels.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	create := &cobra.Command{
		Use: "create NAME", Short: "Make a mailbox", Args: usageArgs(cobra.ExactArgs(1)),
		Example: "  mua mailbox create Projects\n  mua mailbox create Projects/Sailing     # Projects.Sailing where the server separates by dots",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.createMailbox(cmd.Context(), args[0])
		},
	}
	rename := &cobra.Command{
		Use: "rename NAME NEW", Short: "Rename a mailbox and those under it", Args: usageArgs(cobra.ExactArgs(2)),
		Example: "  mua mailbox rename Projects Archive/Projects",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onMailbox(cmd.Context(), args[0], "renamed to "+args[1], func(ctx context.Context, s *store.Store, m store.Mailbox) error {
				_, err := s.RenameMailbox(ctx, m.ID, args[1])
				return err
			})
		},
	}
	var withMessages bool
	del := &cobra.Command{
		Use: "delete NAME", Short: "Delete a mailbox", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `Delete takes a mailbox away. One that holds messages is deleted only with
--with-messages, which moves them to the Trash first. The server's mailbox is
deleted only when nothing has come into it meanwhile; else it stays, here too.`,
		Example: "  mua mailbox delete Old --with-messages",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onMailbox(cmd.Context(), args[0], "deleted", func(ctx context.Context, s *store.Store, m store.Mailbox) error {
				_, err := s.DeleteMailbox(ctx, m.ID, withMessages)
				return err
			})
		},
	}
	del.Flags().BoolVar(&withMessages, "with-messages", false, "move what is in it to the Trash")
	var off bool
	subscribe := &cobra.Command{
		Use: "subscribe NAME", Short: "Subscribe to a mailbox, for other mail programs", Args: usageArgs(cobra.ExactArgs(1)),
		Example: "  mua mailbox subscribe Lists\n  mua mailbox subscribe Lists --off",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onMailbox(cmd.Context(), args[0], map[bool]string{false: "subscribed", true: "unsubscribed"}[off], func(ctx context.Context, s *store.Store, m store.Mailbox) error {
				_, err := s.SubscribeMailbox(ctx, m.ID, !off)
				return err
			})
		},
	}
	subscribe.Flags().BoolVar(&off, "off", false, "end the subscription")
	cmd.AddCommand(create, rename, del, subscribe)
	return cmd
}

// mailboxAccount is the account of -A or the default one, and whether it has a server that keeps mailboxes.
func (a *app) mailboxAccount(ctx context.Context, s *store.Store) (id store.AccountID, onServer bool, err error) {
	if a.accountArg == "local" || a.accountArg == "" && a.unconfigured() {
		id, err = s.EnsureAccount(ctx, "local")
		return id, false, err
	}
	acct, err := a.theAccount()
	if err != nil {
		return 0, false, err
	}
	id, err = s.EnsureAccount(ctx, acct.Name)
	return id, acct.Incoming != nil && acct.Incoming.Protocol == account.IMAP, err
}

func (a *app) createMailbox(ctx context.Context, name string) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	id, onServer, err := a.mailboxAccount(ctx, s)
	if err != nil {
		return err
	}
	made, err := s.CreateMailbox(ctx, id, name, onServer)
	if err != nil {
		return err
	}
	if a.json {
		return a.printMailbox(made.Mailbox)
	}
	a.talk("created %s", message.CleanLine(name))
	return nil
}

// onMailbox does one thing to a mailbox and says so.
func (a *app) onMailbox(ctx context.Context, name, done string, do func(context.Context, *store.Store, store.Mailbox) error) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	id, _, err := a.mailboxAccount(ctx, s)
	if err != nil {
		return err
	}
	m, err := s.FindMailbox(ctx, id, name)
	if errors.Is(err, store.ErrNotFound) {
		t := noMailbox(ctx, s, id, name, err)
		t.Account = a.accountArg
		return t
	}
	if err != nil {
		return err
	}
	if err := do(ctx, s, m); err != nil {
		return err
	}
	if !a.json {
		a.talk("%s %s", message.CleanLine(m.Name), message.CleanLine(done))
		return nil
	}
	now, err := s.Mailbox(ctx, m.ID)
	if errors.Is(err, store.ErrNotFound) {
		return a.emit(map[string]any{"account": m.AccountName, "name": m.Name, "done": done})
	}
	if err != nil {
		return err
	}
	return a.printMailbox(now)
}

// mailboxTrouble words what cannot be done to a mailbox.
func mailboxTrouble(err error) *account.Trouble {
	t := &account.Trouble{Kind: account.KindData, Err: err}
	for _, known := range []error{store.ErrName, store.ErrTaken, store.ErrNotEmpty} {
		if rest, ok := strings.CutSuffix(err.Error(), ": "+known.Error()); ok {
			t.What = known.Error() + ": " + rest
		}
	}
	if errors.Is(err, store.ErrNotEmpty) {
		t.Kept, t.Hint = "Nothing was changed", "--with-messages moves what is in it to the Trash"
	}
	return t
}
