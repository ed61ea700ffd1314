package outbox

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/store"
)

func TestDescribe(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	item := func(change func(*store.Item)) store.Item {
		it := mailTo("bob", "carol")
		it.ID, it.AccountName, it.State = 7, "work", store.Queued
		change(&it)
		return it
	}
	refused := func(i int, it *store.Item) {
		it.Recipients[i] = store.Recipient{Addr: it.Recipients[i].Addr, State: store.Refused, Code: 550, Enhanced: "5.1.1", Text: "no such user"}
	}
	for _, c := range []struct {
		it   store.Item
		want string
	}{
		{item(func(*store.Item) {}), "ready to be sent at the next flush"},
		{item(func(it *store.Item) { it.Waiting, it.LastError = WaitNetwork, "no route to smtp.example.org" }),
			"waiting for the network: no route to smtp.example.org; tried again by itself, and at once when it is back"},
		{item(func(it *store.Item) {
			it.Waiting, it.LastError = WaitLogin, "password rejected by smtp.example.org (535 no)"
		}),
			"waiting for the login: password rejected by smtp.example.org (535 no) → mua outbox flush -A work, once it is right"},
		{item(func(it *store.Item) {
			it.Waiting, it.LastError, it.Attempts, it.NextAttempt = WaitRetry, "deferred for bob@example.org: 450 greylisted", 2, now.Add(4*time.Minute)
		}), "tried twice: deferred for bob@example.org: 450 greylisted; next try in 4 min"},
		{item(func(it *store.Item) { it.State = store.Sending }), "being sent"},
		{item(func(it *store.Item) {
			it.State = store.Sent
			it.Recipients[0].State, it.Recipients[1].State = store.Accepted, store.Accepted
		}), "accepted for bob@example.org and carol@example.org"},
		{item(func(it *store.Item) {
			it.State = store.Partial
			it.Recipients[0].State = store.Accepted
			refused(1, it)
		}), "accepted for bob@example.org, but refused for carol@example.org: 550 5.1.1 no such user → mua outbox retry 7"},
		{item(func(it *store.Item) {
			it.State = store.Sent
			it.Recipients[0] = store.Recipient{Addr: it.Recipients[0].Addr, State: store.Accepted, Code: 250, Text: "ok"}
			it.Recipients[1] = store.Recipient{Addr: it.Recipients[1].Addr, State: store.Accepted, Text: DecidedSent}
		}), "accepted for bob@example.org, taken as sent for carol@example.org, as you decided"},
		{item(func(it *store.Item) { it.State = store.Failed; refused(0, it); refused(1, it) }),
			"refused for bob@example.org and carol@example.org: 550 5.1.1 no such user → mua outbox retry 7, or mua outbox edit 7 to have the text as a draft"},
		{item(func(it *store.Item) { it.State = store.Held }), "held → mua outbox release 7"},
		{item(func(it *store.Item) {
			it.State, it.LastError = store.Uncertain, "the connection was lost after the final dot (closed)"
			it.Recipients[0].State, it.Recipients[1].State = store.MaybeAccepted, store.MaybeAccepted
		}), "uncertain: the connection was lost after the final dot (closed); the server may have it for bob@example.org and carol@example.org → mua outbox resolve 7 --sent, or --retry to send it again"},
		{item(func(it *store.Item) { it.State = store.Cancelled }), "cancelled"},
		{item(func(it *store.Item) { it.State, it.KeptDraft = store.Cancelled, 12 }), "cancelled; the text is draft 12"},
	} {
		if got := Describe(c.it, now); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.it.State, got, c.want)
		}
	}
}

// TestStory: a partly refused message, told from the spool to the end.
func TestStory(t *testing.T) {
	r := newRig(t, mailTo("bob", "carol"))
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
		all, err := wellDone(e, dot)
		if len(e.Recipients) == 2 {
			all[1] = Result{Addr: all[1].Addr, State: Deferred, Code: 450, Enhanced: "4.2.1", Text: "greylisted"}
		} else {
			all[0] = Result{Addr: all[0].Addr, State: Refused, Code: 552, Enhanced: "5.3.4", Text: NotOffered + "too large"}
		}
		return all, err
	}
	r.flush()
	r.now = r.now.Add(time.Minute)
	r.flush()
	it, _ := r.spool.Item(t.Context(), 1)
	attempts, _ := r.spool.Attempts(t.Context(), 1)
	var got []string
	for _, l := range Story(it, attempts, r.spool.ledger, r.now) {
		if !strings.HasPrefix(l, " ") {
			l = strings.TrimPrefix(l, "now") // how it stands; the recipients' own lines are indented
		}
		if len(l) > 19 && l[4] == '-' && l[13] == ':' {
			l = l[19:]
		}
		got = append(got, strings.TrimSpace(l))
	}
	want := []string{
		"spooled for 2 recipients, 0 octets, <1@example.org>",
		"tried smtp.example.org: accepted for bob@example.org; deferred for carol@example.org",
		"bob@example.org: accepted: 250 ok",
		"carol@example.org: deferred: 450 4.2.1 greylisted",
		"tried smtp.example.org: refused for carol@example.org",
		"carol@example.org: refused: not sent: too large",
		"accepted for bob@example.org, but not sent to carol@example.org: too large → mua outbox retry 1",
	}
	got = slices.DeleteFunc(got, func(l string) bool { return strings.HasPrefix(l, "now ") })
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestUncertainStoryTellsOfTheRepeat: the policy's resend is never silent.
func TestUncertainStoryTellsOfTheRepeat(t *testing.T) {
	it := mailTo("bob")
	it.Policy = store.PolicyRetry
	r := newRig(t, it)
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) { return lose(e, dot, true) }
	r.flush()
	now, _ := r.spool.Item(t.Context(), 1)
	attempts, _ := r.spool.Attempts(t.Context(), 1)
	story := strings.Join(Story(now, attempts, r.spool.ledger, r.now), "\n")
	if !strings.Contains(story, "sent again as the policy says") {
		t.Error(story)
	}
}

// TestWhyTheRestWaits: what is said of those an item waits for is theirs, not somebody else's.
func TestWhyTheRestWaits(t *testing.T) {
	r := newRig(t, mailTo("bob", "carol", "dave"), mailTo("bob", "carol", "dave"), mailTo("bob", "carol"))
	parted := false
	r.script.send = func(_ int, e Envelope, dot func([]Result) error) ([]Result, error) {
		if e.ID == 3 { // refused, and then the connection breaks before the other is answered for
			return []Result{{Addr: e.Recipients[0], State: Refused, Code: 550, Text: "no"}}, errors.New("smtp.example.org closed the connection")
		}
		switch all, err := wellDone(e, dot); {
		case e.ID == 1:
			all[1] = Result{Addr: all[1].Addr, State: Refused, Code: 550, Enhanced: "5.1.1", Text: "no such user"}
			all[2] = Result{Addr: all[2].Addr, State: Deferred, Code: 451, Text: "later"}
			return all, err
		case e.ID == 2 && !parted: // in two transactions, of which the first defers
			parted = true
			all[1] = Result{Addr: all[1].Addr, State: Pending, Code: 452, Text: "too many"}
			all[2] = Result{Addr: all[2].Addr, State: Deferred, Code: 451, Text: "later"}
			return all, err
		default:
			return all, err
		}
	}
	r.flush()
	for id, want := range map[store.OutboxID]string{
		1: "refused for carol@example.org: 550 5.1.1 no such user; for dave@example.org: tried once: deferred for dave@example.org by smtp.example.org: 451 later; next try in 60 s",
		2: "tried once: deferred for dave@example.org by smtp.example.org: 451 later; next try in 60 s",
		3: "refused for bob@example.org: 550 no; for carol@example.org: tried once: smtp.example.org closed the connection; next try in 60 s",
	} {
		it, _ := r.spool.Item(t.Context(), id)
		if got := Describe(it, r.now); got != want {
			t.Errorf("item %d\n got %q\nwant %q", id, got, want)
		}
	}
}
