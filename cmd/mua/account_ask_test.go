package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"mua/account"
)

// TestInterview: Return takes what is offered, what cannot be is asked again.
func TestInterview(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := account.Add(path, account.NewAccount{Name: "example", From: "old@example.org", Outgoing: "smtps://x.example"}); err != nil {
		t.Fatal(err)
	}
	none := func(context.Context, string, string, string) (string, []*net.SRV, error) {
		return "", nil, errors.New("offline")
	}
	dns := func(_ context.Context, service, _, _ string) (string, []*net.SRV, error) {
		return "", []*net.SRV{{Target: service + ".host.example.", Port: map[string]uint16{"imaps": 993, "submissions": 465}[service]}}, nil
	}
	const ada = "Ada Lovelace <ada@example.org>"
	for name, c := range map[string]struct {
		in, name string
		lookup   func(context.Context, string, string, string) (string, []*net.SRV, error)
		want     account.NewAccount
		told     []string
		err      error
	}{
		"offered": {in: ada + "\nwork\n\n\n\n", lookup: none, want: account.NewAccount{Name: "work", From: ada,
			Incoming: "imaps://imap.example.org", Outgoing: "smtps://smtp.example.org", PasswordKeyring: true}},
		"DNS": {in: ada + "\n\n\n\npass show x\n", name: "home", lookup: dns, want: account.NewAccount{Name: "home", From: ada,
			Incoming: "imaps://imaps.host.example", Outgoing: "smtps://submissions.host.example", PasswordCommand: "pass show x"},
			told: []string{"[home]", "DNS names servers for example.org"}},
		"mended": {in: "\nnobody\n" + ada + "\n\nw\nimap.example.org\nsmtps://x.example\n-\n-\nsmtps://x.example\n\n", lookup: none,
			want: account.NewAccount{Name: "w", From: ada, Outgoing: "smtps://x.example", PasswordKeyring: true},
			told: []string{"  that is no address", "  the account exists already", "is not a URL", "cannot be smtps://", "  an account needs one of the two"}},
		"ended": {in: ada + "\nw\n", lookup: none, err: io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			q := interview{ctx: t.Context(), in: strings.NewReader(c.in), out: &out, lookup: c.lookup,
				check: func(n account.NewAccount) error { return account.CheckNew(path, n) }}
			got, err := q.account(c.name)
			if !errors.Is(err, c.err) || err == nil && got != c.want {
				t.Errorf("%+v, %v, want %+v, %v\n%s", got, err, c.want, c.err, &out)
			}
			if err == nil {
				if err := account.CheckNew(path, got); err != nil {
					t.Errorf("what was answered cannot be added: %v", err)
				}
			}
			for _, w := range c.told {
				if !strings.Contains(out.String(), w) {
					t.Errorf("%q is missing in\n%s", w, &out)
				}
			}
		})
	}
}
