package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mua/account"
	"mua/store"
)

// The reasons an item waits, as the contract spells them.
const (
	WaitTime    = "time"    // its time has not come
	WaitNetwork = "network" // the account cannot be reached
	WaitLogin   = "login"   // the server refused the account's login
	WaitRetry   = "retry"   // deferred; tried again by the schedule
	WaitAnswer  = "answer"  // a person must decide
)

// judgement is what a transaction means for its item.
type judgement struct {
	result store.AttemptResult
	again  bool // another transaction at once, for those that did not fit into this one
}

// tally counts an item's recipients by what they are after a transaction.
type tally struct {
	accepted, refused, deferred, pending, uncertain int
	moved                                           bool // this transaction settled somebody
}

// judge decides what a transaction means: the heart of the contract.
func (p *pass) judge(it store.Item, at store.AttemptID, t transaction) judgement {
	n := count(it, t.results)
	now := p.now()
	r := store.AttemptResult{Attempt: at, Recipients: t.results}
	repeat := n.uncertain > 0 && it.Policy == store.PolicyRetry && !p.repeated(it) && !p.exhausted(it, now)
	if repeat && !p.canFind(it, t) {
		sendAgain(r.Recipients)
		n = count(it, r.Recipients)
	}
	if n.deferred > 0 && p.exhausted(it, now) {
		giveUp(it, &r)
		n = count(it, r.Recipients)
	}
	again := false
	switch {
	case n.pending > 0 && n.moved && t.err == nil:
		again, r.State, r.NextAttempt, r.NoAttempt = true, store.Queued, now, true
	case n.deferred+n.pending > 0:
		r.State, r.Waiting = store.Queued, WaitRetry
		r.NextAttempt = now.Add(p.schedule().Wait(it.Attempts + 1))
	case n.uncertain > 0:
		r.State, r.Waiting = store.Uncertain, WaitAnswer
		if repeat {
			r.Waiting = WaitRetry
		}
	case n.refused == 0:
		r.State = store.Sent
	case n.accepted == 0:
		r.State, r.KeepDraft = store.Failed, gaveUpAny(it, r.Recipients) && it.KeptDraft == 0
	default:
		r.State, r.Waiting = store.Partial, WaitAnswer
		r.KeepDraft = gaveUpAny(it, r.Recipients) && it.KeptDraft == 0 && p.Rewrite != nil // as it is it would go to all again
	}
	if r.KeepDraft && p.Rewrite != nil {
		r.Rewrite = p.Rewrite(context.WithoutCancel(p.ctx), it)
	}
	r.LastError = lastError(it, r, p.host(), t.err)
	r.Outcome = outcome(r, t.err)
	return judgement{result: r, again: again}
}

// count tallies the item's recipients with this transaction's outcomes laid over.
func count(it store.Item, results []store.RecipientResult) tally {
	var n tally
	over := make(map[string]store.RecipientState, len(results))
	for _, r := range results {
		over[r.Addr] = r.State
		n.moved = n.moved || r.State == store.Accepted || r.State == store.Refused
	}
	for _, r := range it.Recipients {
		s := r.State
		if o, ok := over[r.Addr]; ok {
			s = o
		}
		switch s {
		case store.Accepted:
			n.accepted++
		case store.Refused:
			n.refused++
		case store.Deferred:
			n.deferred++
		case store.MaybeAccepted:
			n.uncertain++
		default:
			n.pending++
		}
	}
	return n
}

// sendAgain turns uncertain outcomes into deferred ones: the policy is to send again.
func sendAgain(results []store.RecipientResult) {
	for i := range results {
		if results[i].State == store.MaybeAccepted {
			results[i].State = store.Deferred
			results[i].Text = sentAgain
		}
	}
}

// sentAgain is the Text of a recipient to whom the policy sends again without knowing.
const sentAgain = "the connection was lost after the final dot; the server may have it already; sent again as the policy says"

// repeated reports whether the policy has had an item sent again already: once is what it
// allows, for every repeat may be one more copy in somebody's mailbox.
func (p *pass) repeated(it store.Item) bool {
	ctx, cancel := durable(p.ctx)
	defer cancel()
	all, err := p.Store.Attempts(ctx, it.ID)
	if err != nil {
		return true // asked rather than sent again unknowing
	}
	for _, a := range all {
		if a.Outcome == notFoundAgain {
			return true
		}
		if !a.DotPending {
			continue
		}
		ledger, err := p.Store.AttemptLedger(ctx, a.ID)
		if err != nil || slices.ContainsFunc(ledger, func(r store.RecipientResult) bool { return r.Text == sentAgain }) {
			return true
		}
	}
	return false
}

// gaveUpAny reports whether a recipient was given up, in this attempt or in an earlier one that left others.
func gaveUpAny(it store.Item, results []store.RecipientResult) bool {
	return slices.ContainsFunc(results, func(r store.RecipientResult) bool { return strings.HasPrefix(r.Text, gaveUp) }) ||
		slices.ContainsFunc(it.Recipients, givenUp)
}

func givenUp(r store.Recipient) bool {
	return r.State == store.Refused && strings.HasPrefix(r.Text, gaveUp)
}

// exhausted reports whether an item has been tried for as long as the schedule
// allows. It is asked after an attempt, so that one was made after the time was up.
func (p *pass) exhausted(it store.Item, now time.Time) bool {
	s := p.schedule()
	if s.GiveUp == 0 || it.FirstDeferral.IsZero() || now.Sub(it.FirstDeferral) < s.GiveUp {
		return false
	}
	ctx, cancel := durable(p.ctx)
	defer cancel()
	all, err := p.Store.Attempts(ctx, it.ID)
	if err != nil {
		return false // tried once more rather than given up unknowing
	}
	reached := []time.Time{it.FirstDeferral}
	for _, a := range all {
		if a.Ended.IsZero() || !a.Ended.After(it.FirstDeferral) {
			continue
		}
		if ledger, err := p.Store.AttemptLedger(ctx, a.ID); err == nil && len(ledger) > 0 {
			reached = append(reached, a.Ended)
		}
	}
	return s.tried(append(reached, now)) >= s.GiveUp
}

// giveUp refuses what is still deferred: this attempt was the last.
func giveUp(it store.Item, r *store.AttemptResult) {
	said := make(map[string]bool, len(r.Recipients))
	for i, o := range r.Recipients {
		said[o.Addr] = true
		if o.State == store.Deferred {
			r.Recipients[i].State = store.Refused
			r.Recipients[i].Text = gaveUp + o.Text
		}
	}
	for _, old := range it.Recipients {
		if old.State == store.Deferred && !said[old.Addr] {
			r.Recipients = append(r.Recipients, store.RecipientResult{Addr: old.Addr, State: store.Refused,
				Code: old.Code, Enhanced: old.Enhanced, Text: gaveUp + old.Text})
		}
	}
}

// gaveUp begins the Text of a recipient that was given up here.
const gaveUp = "given up: "

// lastError is what LastError says after a transaction: of an item that waits, why it does, else the first
// thing that went wrong.
func lastError(it store.Item, r store.AttemptResult, host string, err error) string {
	if r.State == store.Queued {
		if o, ok := firstDeferred(it, r.Recipients); ok {
			return "deferred for " + o.Addr + by(host) + ": " + said(o)
		}
		if err != nil {
			return words(err)
		}
	}
	if lost, ok := errors.AsType[*LostAfterDot](err); ok {
		return lost.words()
	}
	for _, o := range r.Recipients {
		switch {
		case strings.HasPrefix(o.Text, NotOffered):
			return "not sent to " + o.Addr + ": " + strings.TrimPrefix(o.Text, NotOffered)
		case o.State == store.Refused:
			return "refused for " + o.Addr + by(host) + ": " + said(o)
		case o.State == store.Deferred:
			return "deferred for " + o.Addr + by(host) + ": " + said(o)
		}
	}
	if err != nil {
		return words(err)
	}
	return ""
}

// firstDeferred is the first outcome by which a server deferred somebody, in this transaction, else before it.
func firstDeferred(it store.Item, results []store.RecipientResult) (store.RecipientResult, bool) {
	over := make(map[string]bool, len(results))
	for _, o := range results {
		if over[o.Addr] = true; o.State == store.Deferred && o.Text != sentAgain {
			return o, true
		}
	}
	for _, r := range it.Recipients {
		if r.State == store.Deferred && r.Text != sentAgain && !over[r.Addr] {
			return store.RecipientResult{Addr: r.Addr, State: r.State, Code: r.Code, Enhanced: r.Enhanced, Text: r.Text}, true
		}
	}
	return store.RecipientResult{}, false
}

// outcome is the sentence an attempt leaves in the item's story.
func outcome(r store.AttemptResult, err error) string {
	var parts []string
	add := func(s store.RecipientState, what string) {
		var who []string
		for _, o := range r.Recipients {
			if o.State == s {
				who = append(who, o.Addr)
			}
		}
		switch {
		case len(who) == 1:
			parts = append(parts, what+" "+who[0])
		case len(who) > 1:
			parts = append(parts, fmt.Sprintf("%s %d recipients", what, len(who)))
		}
	}
	add(store.Accepted, "accepted for")
	add(store.Refused, "refused for")
	add(store.Deferred, "deferred for")
	add(store.MaybeAccepted, "uncertain for")
	if r.NoAttempt {
		add(store.Pending, "next transaction for")
	}
	if err != nil {
		parts = append(parts, words(err))
	}
	if len(parts) == 0 {
		return "nothing was answered"
	}
	return strings.Join(parts, "; ")
}

// said is the server's words for a recipient: "550 5.1.1 no such user".
func said(r store.RecipientResult) string {
	if rest, ok := strings.CutPrefix(r.Text, NotOffered); ok {
		return "not sent: " + rest
	}
	var parts []string
	if r.Code != 0 {
		parts = append(parts, strconv.Itoa(r.Code))
	}
	if r.Enhanced != "" {
		parts = append(parts, r.Enhanced)
	}
	if r.Text != "" {
		parts = append(parts, r.Text)
	}
	if len(parts) == 0 {
		return "no words"
	}
	return strings.Join(parts, " ")
}

// words is an error in one line, without the account's name.
func words(err error) string {
	if lost, ok := errors.AsType[*LostAfterDot](err); ok {
		return lost.words()
	}
	if t, ok := errors.AsType[*account.Trouble](err); ok {
		return t.What
	}
	return account.CleanWords(err.Error())
}

func (e *LostAfterDot) words() string {
	if errors.Is(e.Err, ErrStopped) {
		return "mua stopped waiting for the answer to the final dot"
	}
	return "the connection was lost after the final dot (" + words(e.Err) + ")"
}

// by names the server in a sentence.
func by(host string) string {
	if host == "" {
		return ""
	}
	return " by " + host
}

func itoa(id store.OutboxID) string { return strconv.FormatInt(int64(id), 10) }
