package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/store"
	"mua/store/message"
	"mua/store/query"
)

// tellNoHits says on a terminal, where nothing was found, what a word finds and what it does not.
func (a *app) tellNoHits(tree query.Node) {
	if a.json || !isTerminal(a.err) {
		return
	}
	if words := noHits(tree); words != "" {
		a.talk("%s", words)
	}
}

// tellNoInbox says on a terminal that a list is of the inbox, where no mailbox is one, as after an import. It reports
// whether that is why nothing was listed.
func (a *app) tellNoInbox(ctx context.Context, s *store.Store, q store.ListQuery, args []string) bool {
	if a.json || !isTerminal(a.err) {
		return false
	}
	boxes, err := s.Mailboxes(ctx, q.Account)
	if err != nil || !noInbox(strings.Join(args, " "), boxes) {
		return false
	}
	a.talk("no mailbox here is an inbox: mua list in:any lists all of them, mua mailboxes names them")
	return true
}

// noInbox reports whether a query is of the inbox because it names no mailbox, and there is none.
func noInbox(text string, boxes []store.Mailbox) bool {
	tree, err := query.Parse(text, time.Now())
	return err == nil && !query.NamesMailbox(tree) && !slices.ContainsFunc(boxes, func(m store.Mailbox) bool {
		return m.Role == store.RoleInbox || strings.EqualFold(m.Name, "INBOX")
	})
}

// noHits is what there is to say of a query that finds nothing; "" when no word of it could find more.
func noHits(tree query.Node) string {
	word := query.PlainWord(tree)
	if word == "" {
		return ""
	}
	return fmt.Sprintf("nothing found; a word finds whole words only: %s* finds what begins so", message.CleanLine(word))
}
