package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/store"
)

// withWindow gives messages an undo window.
func withWindow(c *account.Config) { c.SendDelay = 10 * time.Second }

// write writes and sends a message.
func (r *rig) write(to, subject, body string) {
	r.t.Helper()
	r.keys("m", "="+to, "Tab", "Tab", "Tab", "="+subject, "Tab", "="+body, "Ctrl-X")
}

// attempt tries an item as a flusher would, with this outcome for its recipients.
func (r *rig) attempt(id store.OutboxID, result store.AttemptResult) {
	r.t.Helper()
	ctx := r.t.Context()
	c, err := r.st.Claim(ctx, r.acct, id, "smtp.example.org")
	if err != nil || c == nil {
		r.t.Fatalf("item %d cannot be claimed: %v", id, err)
	}
	if result.State == store.Uncertain {
		if err := r.st.DotPending(ctx, c.Attempt); err != nil {
			r.t.Fatal(err)
		}
	}
	result.Attempt = c.Attempt
	for i := range result.Recipients {
		result.Recipients[i].Addr = c.Item.Recipients[i].Addr
	}
	if err := r.st.EndAttempt(ctx, result); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) accept(id store.OutboxID) {
	r.t.Helper()
	r.attempt(id, store.AttemptResult{State: store.Sent, Recipients: []store.RecipientResult{{State: store.Accepted, Code: 250}}})
}

// ends waits for the UI to end.
func (r *rig) ends() {
	r.t.Helper()
	select {
	case err := <-r.ended:
		r.ended <- err
		if err != nil {
			r.t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		r.t.Fatal("the UI did not end")
	}
}

func (r *rig) item(i int) store.Item {
	r.t.Helper()
	return r.items()[i]
}

func TestUndoWindow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.txt")
	if err := os.WriteFile(path, []byte("a plan"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{samples: true, config: withWindow})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "=hidden@example.org", "Tab", "=Plan", "Tab", "=Dear Bob, now", "Left", "Left", "Left", "Ctrl-T", "="+path, "Enter", "Ctrl-X")
	r.sees("Goes out in 10 s · u undo", "outbox 1")
	r.pass(2 * time.Second)
	r.sees("Goes out in 8 s · u undo")
	r.keys("m")
	r.sees("Goes out in 8 s", "▸ new message")
	r.seesNot("u undo") // here u is a letter
	r.keys("Esc", "u")
	r.sees("▸ draft ▸ Plan", "Not sent: here it is again", "Dear Bob, now", "hidden@example.org", "plan.txt (6 B)")
	r.keys("=not ") // the cursor is where it was
	r.sees("Dear Bob, not now")
	if it := r.item(0); it.State != store.Cancelled {
		t.Errorf("the item is %s", it.State)
	}
	r.keys("Ctrl-X")
	if it := r.item(1); it.State != store.Queued || !it.NotBefore.Equal(r.now().Add(10*time.Second)) {
		t.Errorf("%s, not before %v", it.State, it.NotBefore)
	}
	if left, _ := filepath.Glob(filepath.Join(r.st.Dir(), "writing", "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAfterTheWindow(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "Plan", "text")
	calls := r.agent.called()
	r.pass(10 * time.Second)
	r.seesNot("Goes out")
	if now := r.agent.called(); now != calls+" flush:work" {
		t.Errorf("the agent was asked %q, before the end of the window %q", now, calls)
	}
	r.accept(r.item(0).ID)
	r.until("Sent: Plan · accepted by smtp.example.org")
	r.keys("u")
	r.sees("Nothing to undo")
}

func TestWhyItWaits(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "Plan", "text")
	r.pass(10 * time.Second)
	if err := r.st.SetWaiting(t.Context(), r.acct, "network", "no route to smtp.example.org"); err != nil {
		t.Fatal(err)
	}
	r.until("No connection: “Plan” waits in the outbox")
	r.attempt(r.item(0).ID, store.AttemptResult{State: store.Queued, NextAttempt: r.now().Add(time.Minute), LastError: "451 4.7.1 greylisted",
		Recipients: []store.RecipientResult{{State: store.Deferred, Code: 451, Text: "greylisted"}}})
	r.until("Deferred: “Plan” · 451 4.7.1 greylisted; next try in 1 min")
	r.keys("u")
	r.sees("▸ draft ▸ Plan")
}

func TestUndoLastFirst(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "First", "one")
	r.pass(3 * time.Second)
	r.write("bob@example.org", "Second", "two")
	r.sees("2 messages go out, the last in 10 s · u undo")
	r.keys("a")
	r.sees("Archived 1 · u undo")
	r.keys("u")
	r.sees("Undone")
	r.keys("u")
	r.sees("▸ draft ▸ Second", "1 more message can be taken back")
	r.keys("Ctrl-O", "u")
	r.sees("▸ draft ▸ First")
	for i := range 2 {
		if it := r.item(i); it.State != store.Cancelled {
			t.Errorf("%s is %s", it.Subject, it.State)
		}
	}
}

// TestUndoAtOnce: undo takes back what was done last, also when its key comes before that is done: a wish after a message
// that waits to go out, and the message after a wish. What could not be done is not what undo is for.
func TestUndoAtOnce(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "First", "one")
	r.keys("=du")
	r.sees("Undone: 1 message moved back to INBOX")
	if it := r.item(0); it.State != store.Queued {
		t.Errorf("the message is %s", it.State)
	}
	r.keys("=du")
	r.sees("Undone: 1 message moved back to INBOX")
	r.keys("u")
	r.sees("▸ draft ▸ First")
	r.keys("Esc", "y")

	r.keys("F")
	r.sees("Flagged 1")
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Second", "Tab", "=two")
	r.inject(tcell.KeyCtrlX, 0, tcell.ModCtrl)
	r.inject(tcell.KeyRune, 'u', tcell.ModNone)
	r.idle()
	r.sees("▸ draft ▸ Second", "Not sent: here it is again")
	r.seesNot("twou", "Undone")
	r.keys("Ctrl-X", "u")
	r.sees("▸ draft ▸ Second")
	r.keys("Ctrl-O", "u")
	r.sees("Undone: flags of 1 message restored")
}

// TestEditorGivenUp: Esc while the editor is being opened leaves a text that can be written on and sent, also where it was
// taken back before.
func TestEditorGivenUp(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "First", "one")
	r.keys("u")
	r.sees("▸ draft ▸ First")
	r.on(func() {
		r.u.top().(*composer).externalEditor()
		if !r.u.hold(tcell.NewEventKey(tcell.KeyEscape, 0, tcell.ModNone), nil) {
			t.Error("nothing is waited for")
		}
	})
	r.idle()
	r.seesNot("opening the editor")
	r.keys("Ctrl-X")
	r.sees("Goes out in")
}

func TestNoWindow(t *testing.T) {
	r := start(t, setup{samples: true})
	r.write("bob@example.org", "Plan", "text")
	r.sees("In the outbox, on its way · u undo")
	if it := r.item(0); !it.NotBefore.IsZero() || it.Waiting != "" {
		t.Errorf("%+v", it)
	}
}

func TestQuittingSendsFirst(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "First", "one")
	r.write("carol@example.org", "Second", "two")
	r.keys("F10")
	r.sees("Leaving mua", "Sending 2 messages …", "10 s", "→ bob@example.org", "Second", "Ctrl-C leave them in the outbox")
	for i := range 2 {
		if it := r.item(i); !it.NotBefore.IsZero() || it.Waiting != "" {
			t.Errorf("%s is kept back: %s until %v", it.Subject, it.Waiting, it.NotBefore)
		}
	}
	if !strings.HasSuffix(r.agent.called(), " flush:") {
		t.Errorf("the agent was asked %q", r.agent.called())
	}
	r.accept(r.item(0).ID)
	r.until("Sending 1 message …")
	r.keys("Esc")
	r.sees("outbox 1") // beside “Still here”, or what has become of the first one
	r.seesNot("Leaving mua")
	r.keys("F10")
	r.sees("Leaving mua")
	r.accept(r.item(1).ID)
	r.ends()
}

func TestQuittingDoesNotWaitForEver(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "First", "one")
	r.keys("F10")
	r.pass(9 * time.Second)
	r.sees("Leaving mua", "1 s")
	r.clock.Add(int64(time.Second))
	r.on(func() { r.u.second() })
	r.ends()
	if it := r.item(0); it.State != store.Queued {
		t.Errorf("the item is %s", it.State)
	}
}

func TestQuittingCanBeCutShort(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.write("bob@example.org", "First", "one")
	r.keys("F10")
	r.sees("Leaving mua")
	r.keys("Ctrl-C")
	r.ends()
}

// Without a connection, and with what waits for its time or for the person, there is nothing to wait for.
func TestQuittingOffline(t *testing.T) {
	r := start(t, setup{samples: true, offline: true, config: withWindow})
	r.write("bob@example.org", "First", "one")
	r.sees("In the outbox until there is a connection · u undo")
	r.write("bob@example.org", "Held", "two")
	if err := r.st.Hold(t.Context(), r.item(1).ID); err != nil {
		t.Fatal(err)
	}
	r.keys("F10")
	r.ends()
	if it := r.item(0); it.State != store.Queued || !it.NotBefore.IsZero() {
		t.Errorf("%s until %v", it.State, it.NotBefore)
	}
	if it := r.item(1); it.State != store.Held {
		t.Errorf("the held one is %s", it.State)
	}
}

func TestQuittingWaitsForWhatIsDueOnly(t *testing.T) {
	r := start(t, setup{samples: true})
	r.write("bob@example.org", "Deferred", "one")
	r.attempt(r.item(0).ID, store.AttemptResult{State: store.Queued, NextAttempt: r.now().Add(time.Minute), LastError: "451 later",
		Recipients: []store.RecipientResult{{State: store.Deferred, Code: 451}}})
	r.keys("F10")
	r.ends()
}

func TestSendLater(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Report", "Tab", "=text", "Esc")
	r.sees("l later")
	r.keys("l", "=at noon", "Enter")
	r.sees(`"at noon" is not a time`)
	r.keys("Ctrl-U", "=tom", "Tab", "Enter")
	r.sees("Goes out tomorrow at 08:00 · u undo", "1 to send at 08:00")
	r.seesNot("outbox 1")
	want := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	if it := r.item(0); !it.NotBefore.Equal(want) {
		t.Errorf("not before %v", it.NotBefore)
	}
	r.keys("g o")
	r.sees("to be sent at", "t send now · h hold back")
	r.keys("F10")
	r.ends()
	if it := r.item(0); !it.NotBefore.Equal(want) {
		t.Errorf("leaving sent it before its time: %v", it.NotBefore)
	}
}

// TestSeveralToSendLater: one time is told only where it is that of all.
func TestSeveralToSendLater(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	for _, c := range []struct{ when, sees string }{
		{"tomorrow 8:00", "1 to send at 08:00"},
		{"tomorrow 8:00", "2 to send at 08:00"},
		{"tomorrow 9:00", "3 later, first at 08:00"},
	} {
		r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Report", "Tab", "=text", "Esc", "l", "="+c.when, "Enter")
		r.sees(c.sees)
	}
	r = start(t, setup{w: 120, h: 40, samples: true, config: withWindow})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Report", "Tab", "=text", "Esc", "l", "=2026-12-01 8:00", "Enter")
	r.sees("1 to send on 1 Dec")
}

func TestBounce(t *testing.T) {
	r := start(t, setup{samples: true, config: withWindow})
	r.keys("b", "=bob@@", "Enter")
	r.sees("Pass on to:", "↓ a domain must follow the @")
	r.keys("Ctrl-U", "=bob@example.org, mira", "Tab", "Enter")
	r.sees("Goes out in 10 s · u undo")
	it := r.item(0)
	raw, err := r.st.ItemRaw(t.Context(), it.ID)
	if err != nil || len(it.Recipients) != 2 || it.Recipients[1].Addr != "mira@harbour.example" || !strings.Contains(string(raw), "Resent-To: bob@example.org, Mira Sund") {
		t.Errorf("%v %+v\n%.400s", err, it.Recipients, raw)
	}
	r.keys("u")
	r.sees("Not sent: Re: Four days among the islands?")
	if it := r.item(0); it.State != store.Cancelled {
		t.Errorf("the item is %s", it.State)
	}
}
