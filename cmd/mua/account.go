package main

import (
	"context"
	"fmt"
	"net/mail"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mua/account"
	"mua/account/imap"
	"mua/account/pop3"
	"mua/outbox/submit"
	"mua/store/message"
)

func newAccount(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "account", Short: "Add, list, check and remove accounts", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newAccountAdd(a), newAccountList(a), newAccountCheck(a), newAccountRemove(a))
	return cmd
}

func newAccountAdd(a *app) *cobra.Command {
	var n account.NewAccount
	given := false
	cmd := &cobra.Command{
		Use: "add [NAME --from ADDR [--incoming URL] [--outgoing URL] --password-...]", Short: "Add an account to the configuration",
		Args: usageArgs(cobra.MaximumNArgs(1)),
		Long: `Add writes an account into the configuration file, which it makes when there is
none. URLs: imaps:// imap:// pop3s:// pop3:// smtps:// smtp:// (without s: STARTTLS
required). With --password-keyring the password is read from stdin and stored in
the keyring of the desktop.

Without flags it asks for all that on a terminal, with the servers that DNS names for
the address, and tries the account.`,
		Example: `  mua account add work --from 'Ada Lovelace <ada@example.org>' \
      --incoming imaps://ada@imap.example.org --outgoing smtps://ada@smtp.example.org \
      --password-command 'pass show mail/ada'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				n.Name = args[0]
			}
			cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { given = given || f.Changed })
			if !given && isTerminal(a.in) {
				return a.askAccount(cmd.Context(), n.Name)
			}
			if err := a.addAccount(cmd.Context(), n); err != nil {
				return err
			}
			a.talk("account %s added to %s; try it: mua account check %s", n.Name, a.configFile(), n.Name)
			return nil
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&n.From, "from", "", "your address, `'Name <addr>'`")
	fl.StringVar(&n.Incoming, "incoming", "", "`URL` of the server that holds your mail")
	fl.StringVar(&n.Outgoing, "outgoing", "", "`URL` of the submission server")
	fl.StringVar(&n.TLSCA, "tls-ca", "", "trust the certificate authority in `FILE` too")
	fl.StringVar(&n.PasswordCommand, "password-command", "", "`COMMAND` whose first line of output is the password")
	fl.StringVar(&n.PasswordEnv, "password-env", "", "environment `VAR` that holds the password")
	fl.StringVar(&n.PasswordFile, "password-file", "", "`FILE` whose first line is the password")
	fl.BoolVar(&n.PasswordKeyring, "password-keyring", false, "keep the password in the keyring")
	return cmd
}

func (a *app) addAccount(ctx context.Context, n account.NewAccount) error {
	if n.Name == "" || n.From == "" || n.Incoming == "" && n.Outgoing == "" {
		return usagef("give a name for the account, --from, and --incoming or --outgoing (or both)")
	}
	ways := count(n.PasswordCommand != "", n.PasswordEnv != "", n.PasswordFile != "", n.PasswordKeyring)
	if ways != 1 {
		return usagef("give one of --password-command, --password-env, --password-file, --password-keyring")
	}
	if err := account.Add(a.configFile(), n); err != nil {
		return err
	}
	if n.PasswordKeyring {
		if err := a.keepPassword(ctx, n.Name, ""); err != nil {
			t := *asTrouble(err)
			t.Kept, t.Hint = "The account is in "+a.configFile(), "mua login "+n.Name+" asks again; where there is no keyring, password = { command = \"…\" } there names a command that prints it"
			return &t
		}
	}
	return nil
}

func newAccountList(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the accounts of the configuration", Args: usageArgs(cobra.NoArgs),
		Example: "  mua account list --json",
		RunE: func(*cobra.Command, []string) error {
			c, err := a.conf()
			if err != nil {
				return err
			}
			for i, acct := range c.Accounts {
				if err := a.printAccount(acct, i == 0); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (a *app) printAccount(acct *account.Account, isDefault bool) error {
	in, out := endpointURL(acct.Incoming), endpointURL(acct.Outgoing)
	if a.json {
		return a.emit(map[string]any{
			"name": acct.Name, "from": addressJSON{acct.From.Name, acct.From.Address}, "default": isDefault,
			"incoming": orNull(in), "outgoing": orNull(out),
		})
	}
	mark := " "
	if isDefault {
		mark = "*"
	}
	_, err := fmt.Fprintf(a.out, "%s %-12s %s\n  in  %s\n  out %s\n", mark, acct.Name, message.CleanLine(nameAndAddr(acct.From)), orDash(in), orDash(out))
	return err
}

func endpointURL(e *account.Endpoint) string {
	if e == nil {
		return ""
	}
	scheme := string(e.Protocol)
	switch e.Security {
	case account.TLS:
		scheme += "s"
	case account.Plain:
		scheme += "+insecure"
	}
	u := url.URL{Scheme: scheme, Host: e.Addr()}
	if e.User != "" {
		u.User = url.User(e.User)
	}
	return u.String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func newAccountCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "check [NAME...]", Short: "Log in to both sides of each account and say what is found",
		Example: "  mua account check work",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.checkAccounts(cmd.Context(), args) },
	}
}

func (a *app) checkAccounts(ctx context.Context, names []string) error {
	accts, err := a.accountsNamed(names)
	if err != nil {
		return err
	}
	var errs []error
	for _, acct := range accts {
		for _, side := range []struct {
			name string
			e    *account.Endpoint
		}{{"incoming", acct.Incoming}, {"outgoing", acct.Outgoing}} {
			if side.e == nil {
				continue
			}
			r, err := a.checkSide(ctx, acct, side.e)
			if err != nil {
				a.report(onSide(err, side.name))
				errs = append(errs, err)
				continue
			}
			if err := a.printReport(acct, side.name, r); err != nil {
				return err
			}
		}
	}
	if err := worst(errs...); err != nil {
		return statusError{exitStatus(err)}
	}
	return nil
}

// onSide says which of an account's two servers a trouble is about.
func onSide(err error, side string) error {
	t := *asTrouble(err)
	t.What = side + ": " + t.What
	return &t
}

// accountsNamed are the accounts of the arguments, of -A, or all.
func (a *app) accountsNamed(names []string) ([]*account.Account, error) {
	c, err := a.conf()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 && a.accountArg != "" {
		names = []string{a.accountArg}
	}
	if len(names) == 0 {
		return c.Accounts, nil
	}
	var out []*account.Account
	for _, n := range names {
		acct, ok := c.Account(n)
		if !ok || n == "" {
			return nil, a.noAccount(n)
		}
		out = append(out, acct)
	}
	return out, nil
}

func (a *app) checkSide(ctx context.Context, acct *account.Account, e *account.Endpoint) (account.Report, error) {
	switch e.Protocol {
	case account.IMAP:
		return imap.Check(ctx, acct, imap.Options{Wire: a.wireOptions()})
	case account.POP3:
		return pop3.Check(ctx, acct, pop3.Options{Wire: a.wireOptions()})
	}
	return submit.Check(ctx, acct, a.wireOptions())
}

func (a *app) printReport(acct *account.Account, side string, r account.Report) error {
	if a.json {
		return a.emit(map[string]any{
			"account": acct.Name, "side": side, "protocol": r.Protocol, "host": r.Host, "tls": orNull(r.TLS),
			"login": orNull(r.Login), "capabilities": list(r.Capabilities),
		})
	}
	tls := r.TLS
	if tls == "" {
		tls = "no TLS"
	}
	login := r.Login
	if login == "" {
		login = "no login"
	}
	_, err := fmt.Fprintf(a.out, "%s %s: %s at %s, %s, login %s\n    %s\n", acct.Name, side, strings.ToUpper(r.Protocol), r.Host, tls, login,
		message.CleanLine(strings.Join(r.Capabilities, " ")))
	return err
}

// nameAndAddr is an identity as a person reads it.
func nameAndAddr(a mail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name + " <" + a.Address + ">"
}
