package outbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/store"
	"mua/store/message"
)

// What the person has decided about an item in doubt, as its story and its recipients say it ([store.Store.Resolve]).
const (
	DecidedSent  = "taken as sent, as you decided"
	DecidedAgain = "to be sent again, as you decided"
)

// Describe says in one line what has become of an item, what happens next and, where
// it is the person's turn, what they can do.
func Describe(it store.Item, now time.Time) string {
	return message.CleanLine(describe(it, now)).String()
}

func describe(it store.Item, now time.Time) string {
	switch it.State {
	case store.Queued:
		return withDoubt(it, describeQueued(it, now))
	case store.Sending:
		return "being sent"
	case store.Sent:
		return acceptances(it) + describeReports(it)
	case store.Partial:
		back, _, _ := strings.Cut(describeReports(it), " → ")
		s := acceptances(it) + back + ", but " + refusals(it)
		switch {
		case it.KeptDraft != 0 && it.Waiting == WaitAnswer:
			return s + "; the text is kept in Drafts → " + command("retry", it) + ", or send the draft"
		case slices.ContainsFunc(it.Recipients, givenUp):
			return s + " → " + command("retry", it) + ", or " + command("edit", it) + " to have the text as a draft"
		}
		return s + " → " + command("retry", it)
	case store.Failed:
		if it.KeptDraft != 0 {
			return refusals(it) + "; the text is kept in Drafts → " + command("retry", it) + ", or send the draft"
		}
		return refusals(it) + " → " + command("retry", it) + ", or " + command("edit", it) + " to have the text as a draft"
	case store.Held:
		if it.NotBefore.After(now) {
			return withDoubt(it, "held; once released, to be sent at "+clock(it.NotBefore)+" → "+command("release", it))
		}
		return withDoubt(it, "held → "+command("release", it))
	case store.Uncertain:
		return describeUncertain(it)
	case store.Cancelled:
		if it.KeptDraft == 0 {
			return "cancelled"
		}
		return fmt.Sprintf("cancelled; the text is draft %d", it.KeptDraft)
	}
	return string(it.State)
}

func describeQueued(it store.Item, now time.Time) string {
	tail := ""
	if it.LastError != "" {
		tail = ": " + it.LastError
	}
	if n := count(it, nil); n.refused > 0 {
		return refusals(it) + "; for " + peopleOf(it.Recipients, waits) + ": " + describeWaiting(it, now, tail)
	}
	return describeWaiting(it, now, tail)
}

// waits reports whether an item is still to be sent to a recipient.
func waits(r store.Recipient) bool {
	return r.State == store.Deferred || r.State == store.Pending || r.State == ""
}

// describeWaiting says what a queued item waits for.
func describeWaiting(it store.Item, now time.Time, tail string) string {
	switch {
	case it.Waiting == WaitAnswer:
		return "waiting for your word" + tail + " → mua outbox confirm lets everything here be sent"
	case it.NotBefore.After(now):
		return "to be sent at " + clock(it.NotBefore) + " (" + until(it.NotBefore, now) + ")"
	case it.Waiting == WaitNetwork:
		return "waiting for the network" + tail + "; tried again by itself, and at once when it is back"
	case it.Waiting == WaitLogin:
		return "waiting for the login" + tail + " → mua outbox flush -A " + it.AccountName + ", once it is right"
	case it.NextAttempt.After(now) && it.LastError != "":
		return fmt.Sprintf("tried %s%s; next try %s", times(it.Attempts), tail, until(it.NextAttempt, now))
	case it.NextAttempt.After(now):
		return "next try " + until(it.NextAttempt, now)
	case it.LastError != "":
		return "to be tried again at the next flush" + tail
	}
	return "ready to be sent at the next flush"
}

func describeUncertain(it store.Item) string {
	s := "uncertain: " + it.LastError
	if it.LastError == "" {
		s = "uncertain: the connection was lost after the final dot"
	}
	if n := count(it, nil); n.accepted > 0 {
		s += "; " + acceptances(it)
	}
	s += "; the server may have it for " + people(it.Recipients, store.MaybeAccepted)
	if it.Policy == store.PolicyRetry && it.Waiting != WaitAnswer {
		return s + "; settled at the next flush"
	}
	return s + toResolve(it)
}

// toResolve is what one can do about a doubt.
func toResolve(it store.Item) string {
	return fmt.Sprintf(" → mua outbox resolve %d --sent, or --retry to send it again", it.ID)
}

// withDoubt adds to how an item that waits stands for whom nobody knows whether they have it. What it
// waits for is to be done first, if it is the person's.
func withDoubt(it store.Item, s string) string {
	if len(it.InDoubt()) == 0 {
		return s
	}
	todo := toResolve(it)
	if i := strings.LastIndex(s, " → mua "); i >= 0 {
		s, todo = s[:i], s[i:]
	}
	return s + "; it may have arrived at " + people(it.Recipients, store.MaybeAccepted) + ", who are not sent it again before you decide" + todo
}

// Story tells an item's whole story, a line each, oldest first, the delivery reports that
// came back among the attempts, and ends with what Describe says. ledger has each attempt's
// outcomes per recipient.
func Story(it store.Item, attempts []store.Attempt, ledger map[store.AttemptID][]store.RecipientResult, now time.Time) []string {
	lines := []string{fmt.Sprintf("%s  spooled for %s, %d octets, %s", stamp(it.Created), counted(len(it.Recipients), "recipient"), it.Size, it.MessageID)}
	reports := it.Reports
	for len(attempts) > 0 {
		at := attempts[0]
		for len(reports) > 0 && reports[0].Arrived.Before(at.Started) {
			lines, reports = append(lines, stamp(reports[0].Arrived)+"  "+tellReport(reports[0])), reports[1:]
		}
		n := 1 // how many came to the same, with nothing in between
		for n < len(attempts) && repeats(at, attempts[n], ledger) && (len(reports) == 0 || !reports[0].Arrived.Before(attempts[n].Started)) {
			n++
		}
		told := tellAttempt(at, ledger[at.ID])
		if n > 1 {
			told[0] += fmt.Sprintf(" (%d times, last %s)", n, stamp(attempts[n-1].Started))
		}
		lines, attempts = append(lines, told...), attempts[n:]
	}
	for _, r := range reports {
		lines = append(lines, stamp(r.Arrived)+"  "+tellReport(r))
	}
	if n := count(it, nil); n.accepted > 0 && n.accepted < len(it.Recipients) {
		for _, r := range it.Recipients {
			lines = append(lines, "    now  "+r.Addr+": "+tellRecipient(store.RecipientResult{Addr: r.Addr, State: r.State, Code: r.Code, Enhanced: r.Enhanced, Text: r.Text}))
		}
	}
	// How it stands is no event: a time beside it would read as one.
	lines = append(lines, fmt.Sprintf("%-*s  %s", len(stamp(now)), "now", describe(it, now)))
	for i, l := range lines {
		indent := l[:len(l)-len(strings.TrimLeft(l, " "))]
		lines[i] = indent + message.CleanLine(strings.TrimLeft(l, " ")).String()
	}
	return lines
}

// repeats tells that a try has ended as the one before: without a connection, so that nobody was asked about a recipient. Of these an
// item has one every few minutes while the machine is offline.
func repeats(first, next store.Attempt, ledger map[store.AttemptID][]store.RecipientResult) bool {
	offline := func(at store.Attempt) bool {
		return at.Host != "" && !at.Ended.IsZero() && !at.DotPending && len(ledger[at.ID]) == 0 && strings.HasPrefix(at.Outcome, notConnected)
	}
	return offline(first) && offline(next) && first.Host == next.Host && first.Outcome == next.Outcome
}

func tellAttempt(at store.Attempt, results []store.RecipientResult) []string {
	what := at.Outcome
	switch {
	case at.Ended.IsZero() && at.DotPending:
		what = "under way: the message is handed over, the answer not there yet"
	case at.Ended.IsZero():
		what = "under way"
	case what == "":
		what = "ended"
	}
	lines := []string{stamp(at.Started) + "  tried " + at.Host + ": " + what}
	if at.Host == "" { // no try: what was decided
		lines[0] = stamp(at.Started) + "  " + what
	}
	for _, r := range results {
		lines = append(lines, "    "+r.Addr+": "+tellRecipient(r))
	}
	return lines
}

// tellRecipient words one recipient's outcome.
func tellRecipient(r store.RecipientResult) string {
	switch r.State {
	case store.Accepted:
		if r.Text == DecidedSent { // no server has said so
			return DecidedSent
		}
		return "accepted: " + said(r)
	case store.Deferred:
		return "deferred: " + said(r)
	case store.Refused:
		return "refused: " + said(r)
	case store.MaybeAccepted:
		return "uncertain: " + said(r)
	}
	if r.Code != 0 {
		return "goes in the next transaction: " + said(r)
	}
	return "not answered"
}

// acceptances says who was accepted, and apart from them for whom that is only the person's word.
func acceptances(it store.Item) string {
	decided := func(r store.Recipient) bool { return r.State == store.Accepted && r.Text == DecidedSent }
	byServer := func(r store.Recipient) bool { return r.State == store.Accepted && !decided(r) }
	if !slices.ContainsFunc(it.Recipients, decided) {
		return "accepted for " + people(it.Recipients, store.Accepted)
	}
	s := "taken as sent for " + peopleOf(it.Recipients, decided) + ", as you decided"
	if slices.ContainsFunc(it.Recipients, byServer) {
		s = "accepted for " + peopleOf(it.Recipients, byServer) + ", " + s
	}
	return s
}

// people names the recipients in a state, or counts them.
func people(all []store.Recipient, s store.RecipientState) string {
	return peopleOf(all, func(r store.Recipient) bool { return r.State == s })
}

func peopleOf(all []store.Recipient, of func(store.Recipient) bool) string {
	var who []string
	for _, r := range all {
		if of(r) {
			who = append(who, r.Addr)
		}
	}
	switch {
	case len(who) == 0:
		return "nobody"
	case len(who) <= 2:
		return strings.Join(who, " and ")
	case len(who) == len(all):
		return fmt.Sprintf("all %d recipients", len(who))
	}
	return counted(len(who), "recipient")
}

// refusals says who was refused, and the first one's reason.
func refusals(it store.Item) string {
	who := people(it.Recipients, store.Refused)
	for _, r := range it.Recipients {
		if r.State != store.Refused {
			continue
		}
		why := said(store.RecipientResult{Code: r.Code, Enhanced: r.Enhanced, Text: r.Text})
		if given, ok := strings.CutPrefix(r.Text, gaveUp); ok {
			return "given up for " + who + ": " + given
		}
		if rest, ok := strings.CutPrefix(r.Text, NotOffered); ok {
			return "not sent to " + who + ": " + rest
		}
		return "refused for " + who + ": " + why
	}
	return it.LastError
}

func command(verb string, it store.Item) string { return fmt.Sprintf("mua outbox %s %d", verb, it.ID) }

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// until is "in 4 min", in the unit that says enough.
func until(t, now time.Time) string {
	d := t.Sub(now)
	switch {
	case d <= 0:
		return "now"
	case d < 90*time.Second:
		return fmt.Sprintf("in %d s", int(d.Round(time.Second)/time.Second))
	case d < 90*time.Minute:
		return fmt.Sprintf("in %d min", int(d.Round(time.Minute)/time.Minute))
	case d < 36*time.Hour:
		return fmt.Sprintf("in %d h", int(d.Round(time.Hour)/time.Hour))
	}
	return fmt.Sprintf("in %d days", int(d.Round(24*time.Hour)/(24*time.Hour)))
}
