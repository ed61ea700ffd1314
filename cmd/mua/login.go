package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

func newLogin(a *app) *cobra.Command {
	var outgoing bool
	cmd := &cobra.Command{
		Use: "login ACCOUNT", Short: "Give an account's password anew, and try it", Args: usageArgs(cobra.ExactArgs(1)),
		Long: `Login asks for the password of an account that keeps it in the keyring, or reads it
from stdin, puts it there, and logs in to both servers. Of an account whose password
comes from somewhere else it says where from, and logs in. What waits in the outbox
because a login was refused then goes out with the next pass: mua outbox flush is one.

--outgoing is about the outgoing server where that has a password of its own
(outgoing_password).`,
		Example: "  mua login work\n  pass show mail/work | mua login work",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.login(cmd.Context(), args[0], outgoing) },
	}
	cmd.Flags().BoolVar(&outgoing, "outgoing", false, "the password of the outgoing server")
	return cmd
}

func (a *app) login(ctx context.Context, name string, outgoing bool) error {
	accts, err := a.accountsNamed([]string{name})
	if err != nil {
		return err
	}
	acct := accts[0]
	secret, key, side := acct.Password, "password", ""
	if outgoing {
		secret, key, side = acct.OutgoingPassword, "outgoing_password", "outgoing"
	}
	switch {
	case !secret.Set():
		return &account.Trouble{Kind: account.KindConfig, Account: acct.Name, What: "the account has no " + key, Hint: a.configFile()}
	case !secret.Keyring:
		a.talk("%s: %s comes from %s, as %s says", acct.Name, key, message.CleanLine(sourceOf(secret)), a.configFile())
	default:
		if err := a.keepPassword(ctx, acct.Name, side); err != nil {
			return err
		}
	}
	if err := a.checkAccounts(ctx, []string{acct.Name}); err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	id, err := s.EnsureAccount(ctx, acct.Name)
	if err != nil {
		return err
	}
	if err := s.LoginWorks(ctx, id); err != nil {
		return err
	}
	items, err := s.Items(ctx, false)
	if err == nil && slices.ContainsFunc(items, func(it store.Item) bool { return it.AccountName == acct.Name && it.State == store.Queued }) {
		a.hintNobody(ctx, s, acct.Name)
	}
	return err
}

// sourceOf says where a password comes from, and not what it is.
func sourceOf(s account.Secret) string {
	switch {
	case s.Command != "":
		return "the command " + s.Command
	case s.Env != "":
		return "the environment variable " + s.Env
	case s.File != "":
		return "the file " + s.File
	}
	return "the configuration"
}

// keepPassword reads a password from stdin, from a terminal without showing it, into the keyring.
func (a *app) keepPassword(ctx context.Context, name, side string) error {
	password, err := a.askPassword(ctx, name, side)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return ioTrouble("cannot read the password from stdin", err)
	case password == "":
		a.talk("no password on stdin: the keyring is left as it is")
		return nil
	}
	return account.StoreKeyring(name, side, password)
}

func (a *app) askPassword(ctx context.Context, name, side string) (string, error) {
	if !isTerminal(a.in) {
		text, err := readLine(a.in)
		if err == io.EOF {
			err = nil
		}
		return text, err
	}
	fd := int(a.in.(*os.File).Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	if side != "" {
		side = " at its " + side + " server"
	}
	fmt.Fprintf(a.err, "Password for %s%s (it is stored in the keyring, and not shown here): ", message.CleanLine(name), side)
	defer fmt.Fprintln(a.err)
	text, err := typed(ctx, func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	})
	if ctx.Err() != nil {
		err = errors.Join(err, term.Restore(fd, before))
	}
	return text, err
}
