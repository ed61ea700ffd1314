package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/store"
)

func TestOutboxEdit(t *testing.T) {
	r := start(t, setup{samples: true})
	r.write("bob@example.org, carol@example.org", "Plan", "text of it")
	r.attempt(r.item(0).ID, store.AttemptResult{State: store.Queued, NextAttempt: r.now().Add(time.Minute), LastError: "450 4.2.1 mailbox busy",
		Recipients: []store.RecipientResult{{State: store.Accepted, Code: 250, Text: "taken"}, {State: store.Deferred, Code: 450, Enhanced: "4.2.1", Text: "mailbox busy"}}})
	r.keys("g o")
	r.sees("○ queued", "tried once: 450 4.2.1 mailbox busy; next try in 60 s", "t try now · h hold back · e edit it · c cancel",
		"bob@example.org: accepted: 250", "carol@example.org: deferred: 450")
	r.keys("e")
	r.sees("▸ draft ▸ Plan", "text of it", "To       carol@example.org", "Without bob@example.org, who has it")
	if it := r.item(0); it.State != store.Cancelled {
		t.Errorf("the item is %s", it.State)
	}
	r.keys("=New: ", "Ctrl-X")
	it := r.item(1)
	raw, _ := r.st.ItemRaw(t.Context(), it.ID)
	if len(it.Recipients) != 1 || it.Recipients[0].Addr != "carol@example.org" || !strings.Contains(string(raw), "New: text of it") {
		t.Errorf("%+v\n%s", it.Recipients, raw)
	}
}

func TestOutboxCancel(t *testing.T) {
	r := start(t, setup{samples: true})
	r.write("bob@example.org, carol@example.org", "Plan", "text of it")
	r.attempt(r.item(0).ID, store.AttemptResult{State: store.Queued, NextAttempt: r.now().Add(time.Minute), LastError: "450 busy",
		Recipients: []store.RecipientResult{{State: store.Accepted, Code: 250}, {State: store.Deferred, Code: 450}}})
	r.keys("g o", "c")
	r.sees("Cancelled for those without it; the text is in Drafts: Plan", "The outbox is empty")
	r.keys("A")
	r.sees("– cancelled", "e edit it")
	r.keys("q", "g d", "g g", "Enter")
	r.sees("▸ draft ▸ Plan", "To       carol@example.org")
	r.seesNot("bob@example.org")
}

// TestOutboxCancelUndone: u brings back what was cancelled as it was, before it takes back earlier things.
func TestOutboxCancelUndone(t *testing.T) {
	r := start(t, setup{fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText("Eve <eve@x>", "one", "x"), mailText("Eve <eve@x>", "two", "x"))
	}})
	r.keys("d")
	r.write("bob@example.org", "Plan", "text of it")
	r.keys("g o", "c")
	r.sees("Cancelled; the text is in Drafts: Plan · u undo", "The outbox is empty")
	r.keys("u")
	r.sees("is back in the outbox, as it was: Plan", "○", "→ bob@example.org")
	if it := r.item(0); it.State != store.Queued || it.KeptDraft != 0 {
		t.Errorf("%+v", it)
	}
	r.keys("h", "c", "u")
	if it := r.item(0); it.State != store.Held {
		t.Errorf("%+v", it)
	}
	r.keys("c", "q", "g d", "g g")
	r.sees("Plan")
	r.keys("Enter", "=More. ", "Ctrl-O", "u")
	r.sees("Cannot undo: the text of item 1 was written on")
	r.keys("u")
	r.sees("Undone: ")
	if it := r.item(0); it.State != store.Cancelled {
		t.Errorf("%+v", it)
	}
}

// Told apart at a glance, and each with what one can do.
func TestOutboxAtAGlance(t *testing.T) {
	one := func(s store.RecipientState, code int, words string) []store.RecipientResult {
		return []store.RecipientResult{{State: s, Code: code, Text: words}}
	}
	r := start(t, setup{w: 120, h: 40, samples: true})
	for _, s := range []string{"held", "uncertain", "failed", "queued"} {
		r.write("bob@example.org", "This is "+s, "text")
		switch id := r.items()[len(r.items())-1].ID; s {
		case "held":
			if err := r.st.Hold(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		case "uncertain":
			r.attempt(id, store.AttemptResult{State: store.Uncertain, Waiting: "answer", Recipients: one(store.MaybeAccepted, 0, "")})
		case "failed":
			r.attempt(id, store.AttemptResult{State: store.Failed, Recipients: one(store.Refused, 550, "no such user")})
		}
	}
	r.until("✗ 1 failed")
	r.sees("Outbox         ✗ 1 · 3", "outbox 1", "1 held", "1 uncertain")
	r.keys("E", "E", "g o")
	r.sees("■ held", "? uncertain", "✗ failed", "○ queued", "R release · e edit it")
	r.keys("j")
	r.sees("y it was sent · t send it again")
	r.keys("j")
	r.sees("refused for bob@example.org: 550 no such user", "t try again · e edit it")
	r.keys("q", "c", "=outb")
	r.sees("Outbox", "✗ 1 · 3")
	r.keys("Enter")
	r.sees("▸ outbox", "4 messages")
	r.keys("A", "g g", "y")
	r.sees("▸ all", "only what is uncertain is settled by hand")
}

func TestLongStoryScrolls(t *testing.T) {
	r := start(t, setup{samples: true})
	r.write("bob@example.org", "Stubborn", "text")
	for i := range 12 {
		r.attempt(r.item(0).ID, store.AttemptResult{State: store.Queued, NextAttempt: r.now(), LastError: "451 later", Outcome: fmt.Sprintf("put off for the %d. time", i+1),
			Recipients: []store.RecipientResult{{State: store.Deferred, Code: 451, Text: "later"}}})
	}
	r.keys("g o")
	r.sees("spooled for 1 recipient", "put off for the 1. time", "↓ Space reads on")
	r.seesNot("put off for the 12. time")
	r.keys("Space", "Space")
	r.sees("put off for the 12. time")
	r.seesNot("reads on", "spooled for")
	r.keys("Backspace", "Backspace")
	r.sees("spooled for 1 recipient")
}

func TestOutboxInTheColumn(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	r.sees("Outbox")
	r.keys("w", "w", "g g", "Enter")
	r.sees("The outbox is empty: nothing waits to be sent.", "A shows what was sent")
	r.keys("q")
	r.sees("INBOX")
}

func TestFrozenMessage(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "=hidden@example.org", "Tab", "=Plan", "Tab", "=text of it", "Ctrl-X", "g o", "Enter")
	r.sees("To       bob@example.org", "Bcc      hidden@example.org", "Subject  Plan", "Id       ", "text of it")
}

// TestFrozenMessageToMany: what does not fit in a line of the header goes on below its value.
func TestFrozenMessageToMany(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org, carol@example.org, dave@example.org, erin@example.org", "Tab", "Tab", "Tab", "=Plan", "Tab", "=text of it", "Ctrl-X", "g o", "Enter")
	r.sees("To       bob@example.org", "         erin@example.org")
}

// TestOutboxDeedsAreWhole: what one can do with an item is never broken between the key and what it does.
func TestOutboxDeedsAreWhole(t *testing.T) {
	r := start(t, setup{samples: true, config: func(c *account.Config) { c.SendDelay = 10 * time.Second }})
	r.write("bob@example.org", "Plan", "x")
	r.keys("g o")
	r.sees("Enter read it")
	for _, l := range strings.Split(r.screen(), "\n") {
		if strings.HasSuffix(strings.TrimSpace(l), "·") {
			t.Errorf("%q", l)
		}
	}
}

// TestOutboxMouse: a click picks an item of two lines, one below the last picks none, the wheel goes an item further.
func TestOutboxMouse(t *testing.T) {
	r := start(t, setup{})
	r.write("bob@example.org", "First", "x")
	r.write("carol@example.org", "Second", "x")
	r.keys("g o")
	selected := func(y int, b tcell.ButtonMask) (subject string) {
		r.scr.InjectMouse(20, y, b, tcell.ModNone)
		r.scr.InjectMouse(20, y, tcell.ButtonNone, tcell.ModNone)
		r.idle()
		r.on(func() {
			it, _ := r.u.top().(*outboxView).current()
			subject = it.Subject
		})
		return subject
	}
	first := selected(1, tcell.ButtonPrimary)
	second := selected(4, tcell.ButtonPrimary)
	if first == second || first == "" || second == "" {
		t.Errorf("%q, then %q", first, second)
	}
	if got := selected(2, tcell.ButtonPrimary); got != first {
		t.Errorf("the second line of %q picks %q", first, got)
	}
	if got := selected(2, tcell.WheelDown); got != second {
		t.Errorf("the wheel goes to %q", got)
	}
}

// TestOutboxDoubt: who may have a message that waits for others is told, and is not sent it again by the way.
func TestOutboxDoubt(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	lost := store.AttemptResult{State: store.Queued, Waiting: "retry", NextAttempt: r.now().Add(time.Hour), LastError: "451 later",
		Recipients: []store.RecipientResult{{State: store.MaybeAccepted, Text: "no answer"}, {State: store.Deferred, Code: 451, Text: "later"}}}
	r.write("bob@example.org, carol@example.org", "Plan", "text of it")
	r.attempt(r.item(0).ID, lost)
	r.until("Not sent to all: “Plan”") // or it comes over what is said later
	r.keys("E", "g o")
	r.sees("it may have arrived at bob@example.org", "y has it arrived? · t try now for the others")
	r.keys("e")
	r.sees("It may have been sent: y decides that first")
	r.keys("c")
	r.sees("may have arrived already, at bob@example.org")
	r.keys("n", "t")
	r.sees("To be tried now, but not for bob@example.org: y decides that")
	if it := r.item(0); it.State != store.Queued || it.Recipients[0].State != store.MaybeAccepted || it.Recipients[1].State != store.Pending {
		t.Errorf("%+v", it)
	}
	r.keys("y")
	r.sees("bob@example.org may have it or not")
	r.keys("y")
	r.sees("Settled as sent: Plan", "taken as sent, as you decided")
	if it := r.item(0); it.State != store.Queued || it.Recipients[0].State != store.Accepted {
		t.Errorf("%+v", it)
	}
}

// TestOutboxEditMayRepeat: where the policy sends again by itself, a draft is a second message all the same.
func TestOutboxEditMayRepeat(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	r.write("bob@example.org", "Plan", "text of it")
	r.attempt(r.item(0).ID, store.AttemptResult{State: store.Uncertain, Recipients: []store.RecipientResult{{State: store.MaybeAccepted}}})
	if err := r.st.Resolve(t.Context(), r.item(0).ID, false, "sent again as the policy says"); err != nil {
		t.Fatal(err)
	}
	r.keys("E", "g o", "e")
	r.sees("“Plan” may have arrived already, at bob@example.org")
	if it := r.item(0); it.State != store.Queued {
		t.Errorf("the item is %s", it.State)
	}
	r.keys("y")
	r.sees("▸ draft ▸ Plan")
	if it := r.item(0); it.State != store.Cancelled {
		t.Errorf("the item is %s", it.State)
	}
}

// TestOutboxNobody: what waits of an account that is no longer configured is not said to be tried again.
func TestOutboxNobody(t *testing.T) {
	r := start(t, setup{fill: func(r *rig) {
		old, err := r.st.EnsureAccount(t.Context(), "old")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = r.st.Spool(t.Context(), store.SpoolRequest{Account: old, Sender: "ada@example.org", Recipients: []string{"bob@example.org"},
			Wire: []byte("Subject: Plan\r\n\r\nx\r\n"), MessageID: "<plan@x>", Subject: "Plan", Date: r.now()})
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.st.Claim(t.Context(), old, 1, "smtp.example.org")
		if err != nil || c == nil {
			t.Fatal(c, err)
		}
		err = r.st.EndAttempt(t.Context(), store.AttemptResult{Attempt: c.Attempt, State: store.Queued, NextAttempt: r.now().Add(time.Hour), LastError: "450 busy",
			Recipients: []store.RecipientResult{{Addr: "bob@example.org", State: store.Deferred, Code: 450}}})
		if err != nil {
			t.Fatal(err)
		}
	}})
	r.keys("g o")
	r.sees("○ queued", "nobody can send it: no account \"old\" is configured → put it back")
	r.seesNot("next try", "mua outbox")
	r.keys("h")
	r.sees("held, and once released nobody can send it: no account \"old\" is configured")
}
