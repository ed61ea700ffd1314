package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"time"

	"mua/account"
	"mua/store/message"
)

// interview asks for an account, one line at a time. What cannot be is told and asked again.
type interview struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	lookup func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	check  func(account.NewAccount) error
}

// askAccount adds an account by asking, and tries it.
func (a *app) askAccount(ctx context.Context, name string) error {
	path := a.configFile()
	fmt.Fprintf(a.err, "An account for %s\nReturn takes what is in [brackets].\nCtrl-C before the password ends without a change.\n\n", message.CleanLine(path))
	q := interview{ctx: ctx, in: a.in, out: a.err, lookup: net.DefaultResolver.LookupSRV,
		check: func(n account.NewAccount) error { return account.CheckNew(path, n) }}
	n, err := q.account(name)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(a.err)
		return &account.Trouble{Kind: account.KindTemporary, What: "interrupted", Kept: "Nothing was added", Err: ctx.Err()}
	case errors.Is(err, io.EOF):
		fmt.Fprintln(a.err)
		return usagef("it was not answered to its end: nothing was added")
	case err != nil:
		return ioTrouble("cannot read the answer", err)
	}
	if err := a.addAccount(ctx, n); err != nil {
		return err
	}
	a.talk("account %s is in %s", n.Name, path)
	return a.checkAccounts(ctx, []string{n.Name})
}

// account asks for everything. name is the account's, or "".
func (q *interview) account(name string) (n account.NewAccount, err error) {
	if n.From, err = q.ask("Your name and address, as Ada Lovelace <ada@example.org>", "", func(s string) error {
		_, err := mail.ParseAddress(s)
		if err != nil {
			err = errors.New("that is no address")
		}
		return err
	}); err != nil {
		return n, err
	}
	addr, err := mail.ParseAddress(n.From)
	if err != nil {
		return n, err
	}
	domain := addr.Address[strings.LastIndexByte(addr.Address, '@')+1:]
	label, _, _ := strings.Cut(domain, ".")
	const anyServer = "smtps://mail.invalid"
	if name == "" {
		name = label
	}
	if n.Name, err = q.ask("What the account is called", name, func(s string) error {
		return q.check(account.NewAccount{Name: s, From: n.From, Outgoing: anyServer})
	}); err != nil {
		return n, err
	}
	in, out := q.servers(domain)
	if n.Incoming, err = q.server("The server that holds your mail", in, func(url string) error {
		if url == "" {
			return nil
		}
		return q.check(account.NewAccount{Name: n.Name, From: n.From, Incoming: url})
	}); err != nil {
		return n, err
	}
	if n.Outgoing, err = q.server("The server that takes your mail", out, func(url string) error {
		if url == "" && n.Incoming == "" {
			return errors.New("an account needs one of the two")
		}
		return q.check(account.NewAccount{Name: n.Name, From: n.From, Incoming: n.Incoming, Outgoing: url})
	}); err != nil {
		return n, err
	}
	n.PasswordCommand, err = q.ask("A command that prints the password, or Return for the keyring", "",
		func(string) error { return nil })
	n.PasswordKeyring = n.PasswordCommand == ""
	return n, err
}

// servers are what DNS names for a domain, else the usual names.
func (q *interview) servers(domain string) (in, out string) {
	ctx, stop := context.WithTimeout(q.ctx, 3*time.Second)
	defer stop()
	in, out = account.Offered(ctx, q.lookup, domain)
	if in != "" || out != "" {
		fmt.Fprintf(q.out, "(DNS names servers for %s: see that they are your provider's.)\n", message.CleanLine(domain))
	}
	if in == "" {
		in = "imaps://imap." + domain
	}
	if out == "" {
		out = "smtps://smtp." + domain
	}
	return in, out
}

// server asks for a URL; - is none.
func (q *interview) server(words, usual string, fits func(url string) error) (string, error) {
	url, err := q.ask(words+", - for none", usual, func(s string) error {
		if s == "-" {
			s = ""
		}
		return fits(s)
	})
	if url == "-" {
		url = ""
	}
	return url, err
}

// ask asks until the answer fits. usual is taken for an empty one.
func (q *interview) ask(words, usual string, fits func(string) error) (string, error) {
	for {
		fmt.Fprint(q.out, words)
		if usual != "" {
			fmt.Fprintf(q.out, " [%s]", message.CleanLine(usual))
		}
		fmt.Fprint(q.out, ": ")
		s, err := typed(q.ctx, func() (string, error) { return readLine(q.in) })
		if err != nil {
			return "", err
		}
		if s = strings.TrimSpace(s); s == "" {
			s = usual
		}
		if err = fits(s); err == nil {
			return s, nil
		}
		fmt.Fprintf(q.out, "  %s\n", message.CleanLine(plainWords(err)))
	}
}

// plainWords are an error's words without where it is and what to do.
func plainWords(err error) string {
	var t *account.Trouble
	if errors.As(err, &t) {
		return t.What
	}
	return err.Error()
}
