package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/account/agent"
	"mua/outbox"
	"mua/store"
	"mua/store/message"
)

// leavingShown is how many messages that stay are named.
const leavingShown = 5

// leaving says what stays in the outbox when the UI ends: which messages, why,
// and who will send them. status is how the accounts stood at the end.
func (a *app) leaving(ctx context.Context, c *account.Config, s *store.Store, status []account.Status) {
	items, err := s.Items(ctx, false)
	if err != nil {
		a.talk("the outbox cannot be read, and what is in it stays there: %v → mua outbox", err)
		return
	}
	if len(items) == 0 {
		return
	}
	a.talk("%s in the outbox:", stays(len(items)))
	for i, it := range items {
		if i == leavingShown && len(items) > leavingShown+1 {
			a.talk("  … and %d more: mua outbox", len(items)-leavingShown)
			break
		}
		a.talk("  %s", message.CleanLine(fmt.Sprintf("%s “%s”: %s", addressees(it), subjectWords(it), whyItStays(c, it, status, time.Now()))))
	}
	a.whoSends(ctx, c, s, items)
}

// sentLast says what was sent after the person had left: it could have been taken back until then.
func (a *app) sentLast(ctx context.Context, s *store.Store, ids []store.OutboxID) {
	var sent []string
	for _, id := range ids {
		if it, err := s.Item(ctx, id); err == nil && it.State == store.Sent {
			sent = append(sent, fmt.Sprintf("%s “%s”", addressees(it), subjectWords(it)))
		}
	}
	if len(sent) == 0 {
		return
	}
	more := ""
	if len(sent) > leavingShown+1 {
		more = fmt.Sprintf("; and %d more", len(sent)-leavingShown)
		sent = sent[:leavingShown]
	}
	a.talk("sent before leaving: %s", message.CleanLine(strings.Join(sent, "; ")+more))
}

func stays(n int) string {
	if n == 1 {
		return "1 message stays"
	}
	return fmt.Sprintf("%d messages stay", n)
}

func subjectWords(it store.Item) string {
	if strings.TrimSpace(it.Subject) == "" {
		return "(no subject)"
	}
	return it.Subject
}

// addressees names the first recipient, and counts the others.
func addressees(it store.Item) string {
	switch n := len(it.Recipients); n {
	case 0:
		return "to nobody"
	case 1:
		return "to " + it.Recipients[0].Addr
	default:
		return fmt.Sprintf("to %s and %s,", it.Recipients[0].Addr, counted(n-1, "other", "others"))
	}
}

// whyItStays is why an item has not left, and what one can do.
func whyItStays(c *account.Config, it store.Item, status []account.Status, now time.Time) string {
	if why, _ := outbox.Nobody(c, it.AccountName); why != "" {
		return outbox.DescribeUnder(c, it, now)
	}
	if it.State == store.Sending {
		return "handed over, and the server has not answered yet; whoever flushes next settles it"
	}
	if it.State == store.Queued && it.Waiting == "" {
		for _, st := range status {
			if st.Account == it.AccountName && st.Trouble != nil && !st.Online {
				return "not sent yet: " + st.Trouble.What
			}
		}
		return "due, and not sent yet"
	}
	return outbox.Describe(it, now)
}

// whoSends says who sends what goes out by itself; what waits for a person does not.
func (a *app) whoSends(ctx context.Context, c *account.Config, s *store.Store, items []store.Item) {
	var cared, left []string
	for _, it := range items {
		goesAlone := it.State == store.Queued || it.State == store.Sending || it.State == store.Uncertain && it.Policy == store.PolicyRetry
		if why, _ := outbox.Nobody(c, it.AccountName); why != "" { // said of the item
			continue
		}
		if !goesAlone || slices.Contains(cared, it.AccountName) || slices.Contains(left, it.AccountName) {
			continue
		}
		acct, ok := c.Account(it.AccountName)
		if ok && agent.SomebodyFlushes(ctx, a.agentOptions(c, s), acct) {
			cared = append(cared, it.AccountName)
		} else {
			left = append(left, it.AccountName)
		}
	}
	of := func(list []string) string {
		if len(cared) == 0 || len(left) == 0 {
			return ""
		}
		return " of " + strings.Join(list, ", ")
	}
	if len(cared) > 0 {
		a.talk("what waits%s is sent by the mua sync that runs here, or by its timer", of(cared))
	}
	if len(left) > 0 {
		a.talk("nobody sends what waits%s until you run mua, mua sync or mua outbox flush; mua service install sets up something that does", of(left))
	}
}
