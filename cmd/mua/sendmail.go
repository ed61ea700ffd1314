package main

import (
	"context"
	"net/mail"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/outbox/compose"
)

func newSendmail(a *app) *cobra.Command {
	return &cobra.Command{
		Use:                "sendmail [-t] [-i] [-f ADDR] [-F NAME] [-bp|-bi] [-q] [TO...]",
		Short:              "Take a complete message from stdin, as sendmail does",
		DisableFlagParsing: true,
		Long: `Sendmail reads a complete message (header and body) from stdin, spools it and
exits 0 once that is durable. It is a drop-in for cron, git send-email and
mailx, also under the names sendmail, mailq and newaliases.

  -t         recipients from To, Cc and Bcc (of a resent message: Resent-To and so
             on), beside any on the command line
  -i, -oi    a lone dot does not end the message
  -f ADDR    envelope sender, -r ADDR the same; '' or '<>' is the null sender
  -F NAME    full name of the sender, where the message has no From
  -N WHEN    delivery reports: never, or failure, delay, success with commas between
  -odq       only spool (also -O DeliveryMode=q)
  -bp        list the queue          -q    flush the queue
  -bi        rebuild the aliases: nothing to do, they are in the configuration
  --config FILE, --data DIR, --account NAME, --json, --quiet, --verbose as everywhere

The account is the one that the envelope sender belongs to, else that of the From
field, else the default. A local name such as root goes by [aliases] of the
configuration; nobody asks for a domain to add.

Options that mean nothing here are accepted: -B -G -L -R -U -V -X -e -h -m -n -O -o...
SMTP on stdin (-bs) and daemons (-bd, -q15m) are not offered.`,
		Example: `  printf 'To: bob@example.org\nSubject: hi\n\nHello\n' | mua sendmail -t
  git send-email --sendmail-cmd='mua sendmail' 0001-fix.patch
  ln -s "$(command -v mua)" /usr/local/sbin/sendmail`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.sendmailArgs(args)
			if err != nil {
				return err
			}
			switch {
			case o.help:
				return cmd.Help()
			case o.aliases:
				return nil
			case o.list:
				return a.outboxList(cmd.Context(), false)
			case o.flush:
				return a.flush(cmd.Context(), a.unattended())
			}
			return a.sendmail(cmd.Context(), o)
		},
	}
}

// sendmail spools what is on stdin and tries one delivery.
func (a *app) sendmail(ctx context.Context, o sendmailOptions) error {
	if isTerminal(a.in) && !a.quiet {
		a.talk("reading a message from the terminal; end it with Ctrl-D")
	}
	c, err := a.conf()
	if err != nil {
		return err
	}
	acct, err := a.sendingAccount(c)
	if err != nil {
		return err
	}
	fin, err := compose.Sendmail(a.in, compose.SendmailOptions{
		Recipients: o.to, ReadRecipients: o.fromHeader, IgnoreDots: o.ignoreDots, From: o.sender, FullName: o.name,
		Aliases: c.Aliases, Identity: acct.From, Own: own(c), Now: time.Now(), MaxBytes: c.MaxMessage,
	})
	if err != nil {
		return err
	}
	if a.accountArg == "" {
		acct = accountFor(c, fin.Sender, accountFor(c, fin.From.Addr, acct))
	}
	if acct.Outgoing == nil {
		return noOutgoing(acct)
	}
	a.stdinRead, a.brief = true, o.queue
	s, err := a.openFor(ctx, acct, fin, "")
	if err != nil {
		return err
	}
	return a.spool(ctx, s, acct, fin, spoolOptions{quietID: !a.json, soft: true, queue: o.queue, dsn: o.dsn})
}

// sendingAccount is the account of -A, else the first one that can send, else the first.
func (a *app) sendingAccount(c *account.Config) (*account.Account, error) {
	acct, err := a.theAccount()
	if err != nil || a.accountArg != "" || acct.Outgoing != nil {
		return acct, err
	}
	for _, other := range c.Accounts {
		if other.Outgoing != nil {
			return other, nil
		}
	}
	return acct, nil
}

// own finds the identity that an address is, in any configured account.
func own(c *account.Config) func(string) (mail.Address, bool) {
	return func(addr string) (mail.Address, bool) {
		for _, acct := range c.Accounts {
			if id, ok := acct.Identity(addr); ok {
				return id, true
			}
		}
		return mail.Address{}, false
	}
}

// mine reports whether an address belongs to any configured account.
func mine(c *account.Config) func(string) bool {
	return func(addr string) bool { _, ok := own(c)(addr); return ok }
}
