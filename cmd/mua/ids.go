package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"mua/store"
)

// messageIDs opens the store and reads message ids: numbers, mid:<message-id>,
// or - for a line each on stdin.
func (a *app) messageIDs(ctx context.Context, args []string) (*store.Store, []store.MessageID, error) {
	s, words, err := a.openNamed(ctx, args)
	if err != nil {
		return nil, nil, err
	}
	var ids []store.MessageID
	had := map[store.MessageID]bool{}
	for _, w := range words {
		id, err := a.messageID(ctx, s, w)
		if err != nil {
			return nil, nil, err
		}
		if !had[id] { // named twice, it is one all the same
			ids, had[id] = append(ids, id), true
		}
	}
	return s, ids, nil
}

// openNamed opens the store for the ids that words name.
func (a *app) openNamed(ctx context.Context, args []string) (*store.Store, []string, error) {
	words, err := a.idWords(args)
	if err != nil {
		return nil, nil, err
	}
	s, err := a.open(ctx)
	return s, words, err
}

// messageID reads one id. mid: names the best copy, of the account of -A when given.
func (a *app) messageID(ctx context.Context, s *store.Store, word string) (store.MessageID, error) {
	if mid, ok := strings.CutPrefix(word, "mid:"); ok {
		acct, err := a.storeAccount(ctx, s)
		if err != nil {
			return 0, err
		}
		copies, err := s.ByHeaderID(ctx, mid)
		if err != nil {
			return 0, err
		}
		for _, id := range copies {
			if row, err := s.Row(ctx, id); err == nil && (acct == 0 || row.Account == acct) {
				return id, nil
			}
		}
		return 0, noMessage(word, store.ErrNotFound)
	}
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n <= 0 {
		return 0, usagef("%q is not a message id (a number from mua list, or mid:<message-id>)", word)
	}
	if _, err := s.Row(ctx, store.MessageID(n)); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return 0, noMessage(word, err)
		}
		return 0, err
	}
	return store.MessageID(n), nil
}
