package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/outbox/compose"
)

func newSendmail(a *app) *cobra.Command {
	return &cobra.Command{
		Use:                "sendmail [-t] [-i] [-f ADDR] [-F NAME] [-bp] [-q] [TO...]",
		Short:              "Take a complete message from stdin, as sendmail does",
		DisableFlagParsing: true,
		Long: `Sendmail reads a complete message (header and body) from stdin, spools it and
exits 0 once that is durable. It is a drop-in for cron, git send-email and
mailx, also under the names sendmail and mailq.

  -t         recipients from To, Cc and Bcc       -i, -oi  a lone dot does not end the message
  -f ADDR    envelope sender                      -F NAME  full name of the sender
  -bp        list the queue                       -q       flush the queue
  --config FILE, --data DIR, --account NAME, --json, --quiet, --verbose as everywhere

-B -N -R -V -O -o... -bm -r ADDR are accepted.`,
		Example: `  printf 'To: bob@example.org\nSubject: hi\n\nHello\n' | mua sendmail -t
  git send-email --sendmail-cmd='mua sendmail' 0001-fix.patch`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.sendmailArgs(args)
			if err != nil {
				return err
			}
			switch {
			case o.help:
				return cmd.Help()
			case o.list:
				return a.outboxList(cmd.Context(), false)
			case o.flush:
				return a.flush(cmd.Context(), false)
			}
			return a.sendmail(cmd.Context(), o)
		},
	}
}

// sendmailOptions are what the traditional flags ask for.
type sendmailOptions struct {
	fromHeader, ignoreDots, list, flush, help bool
	sender, name                              string
	to                                        []string
}

// sendmailArgs reads the traditional command line: values stick to their letter or follow it.
func (a *app) sendmailArgs(args []string) (sendmailOptions, error) {
	var o sendmailOptions
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			o.to = append(o.to, args...)
			return o, nil
		case strings.HasPrefix(arg, "--"):
			rest, err := a.globalArg(&o, arg, args)
			if err != nil {
				return o, err
			}
			args = rest
		case len(arg) < 2 || arg[0] != '-':
			o.to = append(o.to, arg)
		default:
			rest, err := o.short(a, arg, args)
			if err != nil {
				return o, err
			}
			args = rest
		}
	}
	return o, nil
}

// short reads one traditional option and returns what is left.
func (o *sendmailOptions) short(a *app, arg string, args []string) ([]string, error) {
	value := func() (string, error) {
		if len(arg) > 2 {
			return arg[2:], nil
		}
		if len(args) == 0 {
			return "", usagef("sendmail: %s wants a value", arg)
		}
		v := args[0]
		args = args[1:]
		return v, nil
	}
	var err error
	switch arg[1] {
	case 't':
		o.fromHeader = true
		if strings.Contains(arg, "i") { // -ti
			o.ignoreDots = true
		}
	case 'i':
		o.ignoreDots = true
		if strings.Contains(arg, "t") { // -it
			o.fromHeader = true
		}
	case 'o': // -oi, -oem, -odb, or "-o i"
		var v string
		if v, err = value(); v == "i" {
			o.ignoreDots = true
		}
	case 'b':
		err = o.mode(arg)
	case 'q':
		o.flush = true
	case 'v':
		a.verbose = true
	case 'f', 'r':
		o.sender, err = value()
	case 'F':
		o.name, err = value()
	case 'A':
		a.accountArg, err = value()
	case 'B', 'N', 'R', 'V', 'O', 'h', 'p', 'X', 'L', 'C', 'd':
		_, err = value()
	case 'm', 'n', 'e', 'G', 'U', 's':
		if arg == "-e" {
			_, err = value()
		}
	default:
		err = usagef("sendmail: option %s is not known (see: mua sendmail --help)", arg)
	}
	return args, err
}

func (o *sendmailOptions) mode(arg string) error {
	switch arg {
	case "-bm":
	case "-bp":
		o.list = true
	default:
		return usagef("sendmail: mode %s is not offered, only -bm and -bp", arg)
	}
	return nil
}

// globalArg reads mua's own long flags, which keep their meaning here.
func (a *app) globalArg(o *sendmailOptions, arg string, args []string) ([]string, error) {
	name, value, has := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
	switch name {
	case "help":
		o.help = true
	case "json":
		a.json = true
	case "quiet":
		a.quiet = true
	case "verbose":
		a.verbose = true
	case "no-color":
		a.noColor = true
	case "config", "data", "account":
		if !has {
			if len(args) == 0 {
				return nil, usagef("sendmail: %s wants a value", arg)
			}
			value, args = args[0], args[1:]
		}
		*map[string]*string{"config": &a.configPath, "data": &a.dataDir, "account": &a.accountArg}[name] = value
	default:
		return nil, usagef("sendmail: option %s is not known (see: mua sendmail --help)", arg)
	}
	return args, nil
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
	acct, err := a.theAccount()
	if err != nil {
		return err
	}
	fin, err := compose.Sendmail(a.in, compose.SendmailOptions{
		Recipients: o.to, ReadRecipients: o.fromHeader, IgnoreDots: o.ignoreDots, From: o.sender, FullName: o.name,
		Aliases: c.Aliases, Identity: acct.From, Mine: mine(c), Now: time.Now(), MaxBytes: c.MaxMessage,
	})
	if err != nil {
		return err
	}
	if a.accountArg == "" {
		acct = accountFor(c, fin.From.Addr, acct)
	}
	if acct.Outgoing == nil {
		return noOutgoing(acct)
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	return a.spool(ctx, s, acct, fin, spoolOptions{quietID: !a.json, soft: true})
}

// mine reports whether an address belongs to any configured account.
func mine(c *account.Config) func(string) bool {
	return func(addr string) bool {
		for _, acct := range c.Accounts {
			if _, ok := acct.Identity(addr); ok {
				return true
			}
		}
		return false
	}
}
