package agent

import (
	"context"

	"mua/account"
	"mua/store"
	"mua/store/query"
)

// Search asks an account's IMAP server for what matches a query and gives the rows of what it found,
// newest first, one per message. Headers of what was not here are fetched and stored, at most limit of a
// mailbox (0: all); what the server cannot be asked is checked here. Warnings say what was not searched.
func Search(ctx context.Context, o Options, a *account.Account, tree query.Node, limit int) (rows []store.Row, warnings []string, err error) {
	id, err := o.Store.EnsureAccount(ctx, a.Name)
	if err != nil {
		return nil, nil, err
	}
	l := newLink(o, a, id)
	defer l.close()
	if err := l.connect(ctx); err != nil {
		return nil, nil, err
	}
	if l.imap == nil {
		return nil, nil, &account.Trouble{Kind: account.KindOther, Account: a.Name, What: "the account has no IMAP server that could search"}
	}
	hits, warnings, err := l.imap.Search(ctx, tree, limit)
	if err != nil {
		return nil, warnings, err
	}
	for _, h := range hits {
		found, err := o.Store.Among(ctx, h.Messages, h.Check)
		if err != nil {
			return nil, warnings, err
		}
		rows = append(rows, found...)
	}
	return store.MergeRows(rows, nil), warnings, nil
}
