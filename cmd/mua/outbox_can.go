package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mua/outbox"
	"mua/store"
	"mua/store/message"
)

// can is something one can do with an item: a subcommand of mua outbox, what follows the id, and what it does.
type can struct{ verb, rest, does string }

// cans are what one can do with an item as it stands, the likeliest first. written: its text was written here
// and can be written on, which is not so of a message passed on as it is.
func (a *app) cans(it store.Item, written bool) []can {
	edit, cancel := can{"edit", "", "write on it"}, can{"cancel", "", "take it back"}
	if written {
		cancel.does = "take it back (the text goes to Drafts)"
	}
	sent, again := can{"resolve", " --sent", "it arrived"}, can{"resolve", " --retry", "send it again"}
	var out []can
	switch it.State {
	case store.Queued:
		out = append(out, a.cansQueued(it)...)
		out = append(out, edit, cancel)
	case store.Held:
		out = []can{{"release", "", "let it go"}, edit, cancel}
	case store.Sending:
		return []can{{"wait", "", "wait for the answer"}}
	case store.Uncertain:
		return []can{sent, again, cancel}
	case store.Failed:
		out = []can{{"retry", "", "try again"}, edit, cancel}
	case store.Partial:
		out = []can{{"retry", "", "try again for those refused"}, {"edit", "", "write to them anew"}}
	case store.Cancelled:
		out = []can{{"edit", "", "write on it"}}
	}
	doubt := len(it.InDoubt()) > 0
	if doubt && (it.State == store.Queued || it.State == store.Held) { // settled before it is written on
		out = append([]can{sent, again}, out...)
	}
	return slices.DeleteFunc(out, func(c can) bool { return c.verb == "edit" && (!written || doubt) })
}

// cansQueued are what one can do about when a queued item is sent.
func (a *app) cansQueued(it store.Item) []can {
	hold := can{"hold", "", "keep it back"}
	switch {
	case a.stranded(it): // no command sends it
		return nil
	case it.Waiting == outbox.WaitAnswer: // of a copied spool nothing is sent
		return []can{hold}
	case it.Waiting == outbox.WaitTime:
		return []can{{"retry", "", "have it sent now"}, hold}
	}
	return []can{{"retry", "", "have it tried now"}, hold}
}

// canDo is the last line of an item's story: what one can do with it; "" when there is nothing.
func (a *app) canDo(ctx context.Context, s *store.Store, it store.Item) string {
	raw, err := s.ItemRaw(ctx, it.ID)
	written := err != nil || it.MessageID == "" || message.Parse(raw).Get("Resent-Message-ID") != it.MessageID
	var out []string
	for _, c := range a.cans(it, written) {
		out = append(out, fmt.Sprintf("%s %d%s: %s", c.verb, it.ID, c.rest, c.does))
	}
	if len(out) == 0 {
		return ""
	}
	return "→ mua outbox " + strings.Join(out, " · ")
}
