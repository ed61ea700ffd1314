package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
)

func newAccountRemove(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Remove an account from the configuration; its mail stays here", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `Remove takes an account out of the configuration file. Its mail stays in the store.
While messages of it are in the outbox, which nobody could send then, it refuses,
unless --force is given.`,
		Example: "  mua account remove work",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.removeAccount(cmd.Context(), args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "also while messages of it are in the outbox")
	return cmd
}

func (a *app) removeAccount(ctx context.Context, name string, force bool) error {
	open, err := a.openItems(ctx, name)
	if !force && err != nil {
		t := *asTrouble(err)
		t.What, t.Kept, t.Hint = "its outbox cannot be looked at: "+t.What, "The account was not removed", "mua account remove "+name+" --force removes it all the same"
		return &t
	}
	if !force && len(open) > 0 {
		return &account.Trouble{
			Kind: account.KindOther, Account: name,
			What: fmt.Sprintf("the outbox holds %s of it (%s), which nobody could send without the account", counted(len(open), "message", "messages"), numbers(open)),
			Kept: "The account was not removed", Hint: "mua outbox flush -A " + name + ", or mua outbox cancel; with --force it is removed all the same",
		}
	}
	if err := account.Remove(a.configFile(), name); err != nil {
		return err
	}
	a.talk("account %s removed from %s; its mail stays in the store", name, a.configFile())
	if len(open) > 0 {
		a.talk("the outbox holds %s of it (%s), which nobody can send → put the account back, or mua outbox edit %d", counted(len(open), "message", "messages"), numbers(open), open[0])
	}
	return a.tellNotCarried(ctx, name)
}

// tellNotCarried says what was moved to an account that is no more and has not reached its server: nobody carries it there, nor
// takes it off the server it came from.
func (a *app) tellNotCarried(ctx context.Context, name string) error {
	if a.store == nil { // there is none, or it cannot be read
		return nil
	}
	n, err := a.store.NotCarried(ctx, name)
	if err == nil && n > 0 {
		a.talk("%s → put the account back, or mua move to another one", counted(n, "message that was moved to it has not reached its server, and is still on the one it came from",
			"messages that were moved to it have not reached its server, and are still on those they came from"))
	}
	return err
}

// openItems are an account's items whose fate is open. Without a mail store there are none, and none is made.
func (a *app) openItems(ctx context.Context, name string) ([]store.OutboxID, error) {
	dir, err := a.dataFolder()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "mail.db")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	items, err := s.Items(ctx, false)
	var ids []store.OutboxID
	for _, it := range items {
		if it.AccountName == name && it.State != store.Failed && it.State != store.Partial {
			ids = append(ids, it.ID)
		}
	}
	return ids, err
}
