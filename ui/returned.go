package ui

import (
	"cmp"
	"context"
	"slices"

	"mua/store"
	"mua/store/message"
)

// A message can come back long after the server has accepted it. What a delivery report claims
// changes no state, so the outbox lists such an item beside what is not done, until the
// report itself has been read (or deleted) in its mailbox.

// outboxItems lists what is not done and what came back; all: everything. Oldest first.
func outboxItems(ctx context.Context, st *store.Store, all bool) ([]store.Item, error) {
	items, err := st.Items(ctx, all)
	if err != nil || all {
		return items, err
	}
	back, err := st.Returned(ctx)
	for _, it := range back {
		if !slices.ContainsFunc(items, func(x store.Item) bool { return x.ID == it.ID }) {
			items = append(items, it)
		}
	}
	slices.SortFunc(items, func(a, b store.Item) int { return cmp.Compare(a.ID, b.ID) })
	return items, err
}

// cameBack reports whether a server accepted the item and a report of failure came later.
func cameBack(it store.Item) bool {
	return it.State == store.Sent && slices.ContainsFunc(it.Reports, func(r store.Report) bool { return r.Action == message.ActionFailed })
}

// stateWord is an item's state as a row shows it.
func stateWord(it store.Item) string {
	if cameBack(it) {
		return "returned"
	}
	return string(it.State)
}

// whyListed says why an item that is done stands among those that are not.
func whyListed(it store.Item, all bool) []string {
	if all || !cameBack(it) {
		return nil
	}
	return []string{"It is listed here until the report has been read, in the mailbox it came to."}
}
