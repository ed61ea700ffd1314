package main

import (
	"context"
	"slices"
	"time"

	"mua/account"
	"mua/store"
)

// heldLong is how long the deletion of a mailbox waits for another account before a sync that stays tells of it: most have what
// was moved to them within a pass.
const heldLong = 24 * time.Hour

// heldTeller says which mailboxes of accounts are deleted here only, because another account's server is waited for: each once.
type heldTeller struct {
	app    *app
	accts  []*account.Account
	before func() // makes room on the terminal
	told   []store.HeldDeletion
}

// tell says what was not told before and waits for so long, or for an account that is not configured.
func (h *heldTeller) tell(ctx context.Context, s *store.Store, waits time.Duration) error {
	list, err := s.HeldDeletions(ctx)
	if err != nil {
		return err
	}
	same := func(a, b store.HeldDeletion) bool {
		return a.Account == b.Account && a.Mailbox == b.Mailbox && a.To == b.To && a.Since.Equal(b.Since)
	}
	var told []store.HeldDeletion
	for _, d := range list {
		if !slices.ContainsFunc(h.accts, func(acct *account.Account) bool { return acct.Name == d.Account }) {
			continue
		}
		configured := h.app.configured(d.To)
		known := slices.ContainsFunc(h.told, func(x store.HeldDeletion) bool { return same(x, d) })
		if !known && configured && time.Since(d.Since) < waits {
			continue
		}
		told = append(told, d)
		if known {
			continue
		}
		h.before()
		h.app.talk("%s: %s → %s", d.Account, d.What(), d.Repair(configured))
	}
	h.told = told
	return nil
}
