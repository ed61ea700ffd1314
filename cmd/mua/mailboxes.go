package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mua/account"
	"mua/store"
	"mua/store/message"
)

func newMailboxes(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "mailboxes", Short: "List the mailboxes with their counts", Args: usageArgs(cobra.NoArgs),
		Example: "  mua mailboxes\n  mua mailboxes -A work --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.mailboxes(cmd.Context()) },
	}
}

// mailboxJSON is the contract's mailbox object.
type mailboxJSON struct {
	Account     string      `json:"account"`
	Name        string      `json:"name"`
	Role        *store.Role `json:"role"`
	Total       int         `json:"total"`
	Unread      int         `json:"unread"`
	UIDValidity *uint32     `json:"uidvalidity"`
	Offline     *string     `json:"offline"` // what the configuration keeps here: all, headers, a duration, no; null: it says nothing of it
}

func (a *app) mailboxes(ctx context.Context) error {
	a.reads = true
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	id, err := a.storeAccount(ctx, s)
	if err != nil {
		return err
	}
	all, err := s.Mailboxes(ctx, id)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.NoSelect {
			continue
		}
		if err := a.printMailbox(m); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printMailbox(m store.Mailbox) error {
	if !a.json {
		role := ""
		if m.Role != "" && !strings.EqualFold(string(m.Role), m.Name) {
			role = "  (" + string(m.Role) + ")"
		}
		switch keep := a.keeps(m); {
		case keep == nil || *keep == "all":
		case *keep == "no":
			role += "  left out"
		case *keep == "headers":
			role += "  headers only"
		default:
			role += "  " + *keep + " offline"
		}
		_, err := fmt.Fprintf(a.out, "%-12s %6d unread %7d  %s%s\n", message.CleanLine(m.AccountName), m.Unread, m.Total, message.CleanLine(m.Name), role)
		return err
	}
	j := mailboxJSON{Account: m.AccountName, Name: m.Name, Total: m.Total, Unread: m.Unread, Offline: a.keeps(m)}
	if m.Role != "" {
		j.Role = &m.Role
	}
	if m.Sync.UIDValidity != 0 {
		j.UIDValidity = &m.Sync.UIDValidity
	}
	return a.emit(j)
}

// keeps is what the configuration keeps here of a mailbox; nil: it says nothing of it.
func (a *app) keeps(m store.Mailbox) *string {
	c, err := a.conf()
	if err != nil || m.Local {
		return nil
	}
	acct, ok := c.Account(m.AccountName)
	if !ok || acct.Incoming == nil || acct.Incoming.Protocol != account.IMAP {
		return nil
	}
	words := acct.Keeps(m.Name, m.Separator, string(m.Role)).String()
	return &words
}
