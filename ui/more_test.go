package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/outbox/compose"
	"mua/store"
)

// hostile is text that would do something if it were not only text.
const hostile = `[red]boo[-] [:::https://evil.example]click[:::-] ["region"] ` + "\x1b[31m\x1b]8;;http://evil\x07 \u202egnp.exe \u0007"

func TestHostileText(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText(`"[blue]Eve[::b]" <eve@example.org>`, hostile, hostile+"\n[::u]under\n"+strings.Repeat("e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", 200)))
		r.add("[red]box", "", mailText("a@b.example", "x", "y"))
	}})
	r.sees("[blue]Eve[::b]", "[red]boo[-] [:::https://evil.example]click[:::-]", "[::u]under", `["region"]`, "[red]box")
	r.keys("Enter")
	r.keys("m", "=eve")
	r.sees("[blue]Eve[::b]")
	r.keys("Enter", "Esc", "q", "n")
	for _, c := range r.screen() {
		if c != '\n' && (unicode.IsControl(c) || c == 0x202e) {
			t.Fatalf("%U is on the screen", c)
		}
	}
}

func TestHelpFollowsBindings(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true, config: func(c *account.Config) {
		c.Keys = map[string]string{"archive": "y", "nonsense": "z", "delete": "Hyper-q"}
	}})
	r.sees(`there is no action "nonsense"`, "and 1 earlier error")
	r.keys("E")
	r.sees("no such key")
	r.keys("E", "?")
	r.sees("What the keys do", "y             archive", "d Del         delete")
	r.keys("x", "y")
	r.sees("Archived 1")
}

func TestMuttPreset(t *testing.T) {
	r := start(t, setup{samples: true, config: func(c *account.Config) { c.KeyPreset = "mutt" }})
	r.keys("g")
	r.sees("▸ reply")
	r.keys("Esc", "N")
	r.sees("Marked unread 1") // to answer is to have read
}

func TestPartsSaveNeverOverwrites(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.Mkdir(filepath.Join(home, "Downloads"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{samples: true})
	r.keys("j", "v")
	r.sees("▸ parts of Invitation", "invite.ics", "application/ics")
	r.keys("G", "s")
	r.sees("Save as: ~/Downloads/invite.ics")
	r.keys("Enter")
	r.sees("Saved ~/Downloads/invite.ics")
	saved, err := os.ReadFile(filepath.Join(home, "Downloads", "invite.ics"))
	if err != nil || !strings.HasPrefix(string(saved), "BEGIN:VCALENDAR") {
		t.Fatalf("%v %q", err, saved)
	}
	r.keys("s")
	r.sees("Save as: ~/Downloads/invite-1.ics")
	r.keys("Ctrl-U", "=~/Downloads/invite.ics", "Enter")
	r.sees("exists already")
	r.keys("Esc", "g g", "Enter")
	r.sees("Agenda: where the new moorings go")
	r.keys("q", "q")
	r.sees("INBOX")
}

func TestSaveMessageIsExact(t *testing.T) {
	r := start(t, setup{samples: true})
	path := filepath.Join(t.TempDir(), "m.eml")
	r.keys(":", "=save "+path, "Enter")
	r.sees("Saved")
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var id store.MessageID
	r.on(func() { row, _ := r.u.mail.shown(); id = row.ID })
	want, _ := r.st.Raw(t.Context(), id)
	if string(got) != string(want) {
		t.Error("other bytes were saved")
	}
}

func TestPipeWithoutShell(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("|", "=grep -c ^Subject: ; echo $HOME", "Enter")
	r.sees("grep")
	r.sees("✗ grep")
	r.keys("E", "q", "|", `=grep -i "^subject: "`, "Enter")
	r.sees("Subject: Re: Four days among the islands?", "Done: grep")
}

// TestPipeAPart: a program gets the part that is selected, decoded, and so does a file.
func TestPipeAPart(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("j", "v", "G")
	r.sees("▸ parts of Invitation", "| pipe")
	r.keys("|")
	r.sees("Pipe part to:")
	r.keys("=head -n 1", "Enter")
	r.sees("▸ head -n 1", " BEGIN:VCALENDAR")
	path := filepath.Join(t.TempDir(), "part")
	r.keys("q", ":", "=save "+path, "Enter")
	r.sees("Saved")
	if got, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(got), "BEGIN:VCALENDAR") {
		t.Errorf("%v %q", err, got)
	}
}

func TestLinks(t *testing.T) {
	out := filepath.Join(t.TempDir(), "opened")
	opener := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(opener, []byte("#!/bin/sh\nprintf %s \"$1\" > "+out+".t && mv "+out+".t "+out+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText("a@b.example", "links", "see https://example.org/a?b=c&d (or http://xn--mnchen-3ya.example/x), javascript:alert(1) and mailto:carol@example.org?subject=hi%20there."))
	}})
	r.on(func() { r.u.programs.Own = []string{opener} })
	r.keys("o")
	r.sees("example.org  ·  https://example.org/a?b=c&d", "mail to  ·  mailto:carol@example.org")
	r.seesNot("javascript:alert(1)  ·")
	r.keys("Enter")
	r.sees("Opened example.org")
	r.keys("o", "=carol", "Enter")
	r.sees("▸ new message ▸ hi there", "carol@example.org")
	var got []byte
	for range 2000 {
		if got, _ = os.ReadFile(out); got != nil {
			break
		}
		r.idle()
	}
	if string(got) != "https://example.org/a?b=c&d" {
		t.Errorf("opened %q", got)
	}
}

func TestCommandLine(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys(":", "=nonsense", "Enter")
	r.sees("there is no command nonsense here")
	r.keys("Ctrl-U", "=arch", "Tab")
	r.sees(": archive")
	r.keys("Enter")
	r.sees("Archived 1")
	r.keys(":", "=mailbox proj", "Tab", "Enter")
	r.sees("▸ Projects/Sailing")
	r.keys(":", "=sort from", "Enter")
	r.sees("▸ by sender")
	r.keys(":", "=move nowhere", "Enter")
	r.sees(`there is no mailbox "nowhere"`)
	r.keys("E", ":", "=compose bob@example.org", "Enter")
	r.sees("bob@example.org", "▸ new message")
}

func TestOutbox(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("g o")
	r.sees("The outbox is empty: nothing waits to be sent.")
	r.keys("q")
	for _, s := range []string{"first", "second"} {
		r.keys("m", "="+s+"@example.org", "Tab", "Tab", "Tab", "="+s, "Tab", "=text of "+s, "Ctrl-X")
	}
	r.keys("g o")
	r.sees("▸ outbox", "2 messages", "→ first@example.org", "queued", "What happened to it", "spooled for 1 recipient")
	r.keys("h")
	r.sees("held", "Held: first", "1 held")
	r.keys("R")
	r.sees("Released: first")
	r.keys("j", "Enter")
	r.sees("text of second")
	r.keys("q", "c")
	r.sees("Cancelled; the text is in Drafts: second", "1 message")
	r.keys("A")
	r.sees("▸ all", "cancelled")
	r.keys("q", "g d")
	r.sees("second")
}

func TestOutboxStates(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=x@example.org", "Tab", "Tab", "Tab", "=maybe", "Tab", "=t", "Ctrl-X")
	ctx := t.Context()
	c, err := r.st.Claim(ctx, r.acct, 0, "smtp.example")
	if err != nil || c == nil {
		t.Fatal(err, c)
	}
	it, at := c.Item, c.Attempt
	if err := r.st.DotPending(ctx, at); err != nil {
		t.Fatal(err)
	}
	if err := r.st.EndAttempt(ctx, store.AttemptResult{Attempt: at, State: store.Uncertain, Waiting: "answer", Outcome: "the connection was lost after the final dot",
		Recipients: []store.RecipientResult{{Addr: it.Recipients[0].Addr, State: store.MaybeAccepted}}}); err != nil {
		t.Fatal(err)
	}
	r.until("1 uncertain")
	r.sees("✗ work: “maybe”: uncertain", "g o shows the outbox")
	r.keys("E")
	r.keys("g o")
	r.sees("? uncertain", "the server may have it", "smtp.example", "y it was sent · t send it again")
	r.seesNot("mua outbox")
	r.keys("t")
	r.sees("x@example.org may have it or not", "a send it again")
	r.keys("n", "e")
	r.sees("It may have been sent: y decides that first")
	r.keys("c")
	r.sees("may come a second time")
	r.keys("n", "y", "y")
	r.sees("Settled as sent: maybe")
	if it, _ := r.st.Item(ctx, it.ID); it.State != store.Sent {
		t.Errorf("state %s", it.State)
	}
}

func TestSentIsSaid(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=x@example.org", "Tab", "Tab", "Tab", "=news", "Tab", "=t", "Ctrl-X")
	ctx := t.Context()
	c, err := r.st.Claim(ctx, r.acct, 0, "smtp.example")
	if err != nil || c == nil {
		t.Fatal(err, c)
	}
	it, at := c.Item, c.Attempt
	if err := r.st.EndAttempt(ctx, store.AttemptResult{Attempt: at, State: store.Sent, Recipients: []store.RecipientResult{{Addr: it.Recipients[0].Addr, State: store.Accepted, Code: 250}}}); err != nil {
		t.Fatal(err)
	}
	r.until("Sent: news")
	r.keys("u")
	r.sees("Nothing to undo")
}

func TestMouse(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	click := func(x, y int) {
		r.scr.InjectMouse(x, y, tcell.ButtonPrimary, tcell.ModNone)
		r.scr.InjectMouse(x, y, tcell.ButtonNone, tcell.ModNone)
		r.idle()
	}
	click(60, 3)
	r.sees("│ The book you lent me")
	click(5, 4)
	r.sees("▸ Drafts")
	r.scr.InjectMouse(60, 3, tcell.WheelDown, tcell.ModNone)
	r.idle()
	r.sees("▸ Drafts")
}

func TestComposeOption(t *testing.T) {
	d, err := compose.Mailto("mailto:bob@example.org?subject=hi")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{samples: true, options: func(o *Options) { o.Compose, o.Demo = d, true }})
	r.sees("mua demo", "bob@example.org", "hi", "^X send")
}

func TestNoColor(t *testing.T) {
	r := start(t, setup{samples: true, options: func(o *Options) { o.NoColor = true }})
	r.sees("INBOX")
	r.on(func() {
		cells, _, _ := r.scr.GetContents()
		for _, c := range cells {
			if fg, bg, _ := c.Style.Decompose(); fg != tcell.ColorDefault || bg != tcell.ColorDefault {
				t.Errorf("a colour: %v %v %q", fg, bg, c.Runes)
				return
			}
		}
	})
}

// Anything typed anywhere must do no harm.
func TestAllKeysEverywhere(t *testing.T) {
	all := []string{"a", "b", "e", "f", "h", "i", "j", "k", "l", "n", "o", "p", "r", "s", "t", "u", "v", "w", "x", "y", "z", "A", "E", "F", "G", "J", "K", "L", "N", "R", "S", "U",
		"!", "$", "/", ":", "?", "|", "]", "[", "=", "Enter", "Tab", "S-Tab", "Space", "Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End", "Backspace", "g g", "g o", "g d", "m", "c", "d"}
	r := start(t, setup{samples: true, config: func(c *account.Config) { c.Editor = "true" }})
	r.on(func() { r.u.programs.Own = []string{"true"} })
	seed := uint32(1)
	for i := range 100 {
		if i%8 == 7 {
			r.keys("Esc", "Esc")
		}
		if i%20 == 10 {
			r.resize(30+int(seed>>16)%180, 7+int(seed>>20)%60)
		}
		for range 5 {
			seed = seed*1664525 + 1013904223
			for one := range strings.FieldsSeq(all[int(seed>>8)%len(all)]) {
				key, c, mod := eventFor(t, one)
				r.inject(key, c, mod)
			}
		}
		r.idle()
		select {
		case err := <-r.ended:
			r.ended <- err
			r = start(t, setup{samples: true})
		default:
		}
	}
}
