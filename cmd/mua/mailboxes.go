package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

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
}

func (a *app) mailboxes(ctx context.Context) error {
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
		_, err := fmt.Fprintf(a.out, "%-12s %6d unread %7d  %s%s\n", message.CleanLine(m.AccountName), m.Unread, m.Total, message.CleanLine(m.Name), role)
		return err
	}
	j := mailboxJSON{Account: m.AccountName, Name: m.Name, Total: m.Total, Unread: m.Unread}
	if m.Role != "" {
		j.Role = &m.Role
	}
	if m.Sync.UIDValidity != 0 {
		j.UIDValidity = &m.Sync.UIDValidity
	}
	return a.emit(j)
}
