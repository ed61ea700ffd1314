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

func TestReadReplySend(t *testing.T) {
	r := start(t, setup{samples: true})
	r.sees("▸ work ▸ INBOX", "16 unread", "Mira Sund", "Invitation: Harbour meeting", "● online", "? help")
	r.keys("j", "j", "Enter")
	r.sees("From     River Castellano <river@river.example>", "> You wrote that the ending is sad", "15 unread")
	r.keys("r")
	r.sees("▸ reply", "River Castellano <river@river.example>", "Re: The book you lent me", "> Ada,")
	r.keys("=Bring it on Sunday! Grüße", "Ctrl-X")
	r.sees("on its way", "outbox 1")
	items := r.items()
	if len(items) != 1 || items[0].State != store.Queued || len(items[0].Recipients) != 1 || items[0].Recipients[0].Addr != "river@river.example" || items[0].Sender != "ada@mua.example" {
		t.Fatalf("the spool holds %+v", items)
	}
	raw, err := r.st.ItemRaw(t.Context(), items[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"From: Ada Linden <ada@mua.example>\r\n", "To: River Castellano <river@river.example>\r\n", "Subject: Re: The book you lent me\r\n",
		"In-Reply-To: <", "Bring it on Sunday! Gr=C3=BC=C3=9Fe\r\n", "\r\n> Ada,\r\n"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the message has no %q:\n%s", want, raw)
		}
	}
	if got := r.agent.called(); got != "flush:work" {
		t.Errorf("the agent was asked %q", got)
	}
	if items[0].Policy != store.PolicyAsk {
		t.Errorf("policy %q", items[0].Policy)
	}
}

func TestSeenIsNotUndone(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("Enter", "q", "u")
	r.sees("Nothing to undo", "15 unread")
}

func TestDeleteArchiveUndo(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("j", "d")
	r.sees("Deleted 1 · u undo", "31 messages")
	r.seesNot("Invitation: Harbour meeting")
	r.keys("t", "t", "a")
	r.sees("Archived 2 · u undo", "29 messages")
	r.keys("u")
	r.sees("Undone:", "31 messages", "The book you lent me")
	r.keys("u")
	r.sees("32 messages", "Invitation: Harbour meeting")
}

func TestManyDeletesInARow(t *testing.T) {
	r := start(t, setup{fill: func(r *rig) {
		var msgs []string
		for i := range 30 {
			msgs = append(msgs, mailText("Bob <bob@example.org>", fmt.Sprintf("number %02d", i), "text"))
		}
		r.add("INBOX", store.RoleInbox, msgs...)
	}})
	// All typed before any answer of the store: each takes the next one.
	for range 10 {
		r.inject(tcell.KeyRune, 'd', tcell.ModNone)
	}
	r.idle()
	r.sees("20 messages", "number 19")
	r.seesNot("number 20", "number 29")
}

func TestDeleteForGoodAsks(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("d", ":", "=mailbox Trash", "Enter")
	r.sees("▸ work ▸ Trash", "3 messages")
	r.keys("d")
	r.sees("Delete 1 message for good? The server forgets it; u brings back")
	r.keys("Enter", "n")
	r.sees("3 messages")
	r.keys("d", "y", "d", "y", "d", "y")
	r.sees("No messages in Trash")
	r.keys("u")
	r.sees("1 message deleted for good brought back", "1 message")
	r.keys("Ctrl-R")
	r.sees("1 message deleted for good again", "No messages in Trash")
}

func TestFlagsAndUnread(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("j", "F")
	r.sees("Flagged 1 · u undo", "● !@  10:30")
	r.keys("U")
	r.sees("Marked read 1", "15 unread")
	r.keys("U")
	r.sees("Marked unread 1", "16 unread")
	r.keys("G", "S-Tab")
	r.sees("unread")
}

func TestMoveWithPicker(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("s", "=sail", "Enter")
	r.sees("Moved to Projects/Sailing: 1 · u undo", "31 messages")
	r.keys("c", "=sail", "Enter")
	r.sees("▸ Projects/Sailing", "4 messages")
	r.keys("g i")
	r.sees("▸ INBOX")
}

func TestSearchAndLimit(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("/", "=frm:mira", "Enter")
	r.sees("Search all mail: frm:mira", "from:")
	r.keys("Ctrl-U", "=from:mira", "Enter")
	r.sees("▸ search: from:mira", "3 messages", "Projects…")
	r.keys("Enter", "n")
	r.sees("Here is the plan")
	r.keys("q", "q")
	r.sees("▸ work ▸ INBOX", "messages")
	r.keys("l", "=has:attachment", "Enter")
	r.sees("only has:attachment", "Invitation")
	r.seesNot("The book you lent me")
	r.keys("q")
	r.sees("The book you lent me")
	r.keys("l", "=older:", "Enter")
	r.sees("↓")
	r.keys("Esc", "/", "=nothinglikethis", "Enter")
	r.sees("Nothing matches “nothinglikethis”.", "Whole words are looked for: “nothinglikethis*” finds all that begin with it.", "q goes back.")
	for _, c := range []struct{ q, hint string }{
		{"harbo is:unread nothinglik", "“nothinglik*”"}, {"nothinglik older:1d", "“nothinglik*”"}, {"nothinglik*", ""}, {"from:nothinglik", ""}, {`"nothing like"`, ""}, {"is:flagged older:9y", ""}, {"灯台灯", ""},
	} {
		r.keys("/", "="+c.q, "Enter")
		if r.sees("Nothing matches", "q goes back.", c.hint); c.hint == "" {
			r.seesNot("Whole words")
		}
	}
}

// TestLimitWhileReading: the key asks as it does in the list, and what is typed after it is no command.
func TestLimitWhileReading(t *testing.T) {
	for _, w := range []int{80, 200} {
		r := start(t, setup{w: w, h: 60, samples: true})
		r.keys("Enter", "l")
		r.sees("Show only:")
		r.keys("=has:attachment", "Enter")
		r.sees("▸ work ▸ INBOX ▸ only has:attachment", "Invoice 2026-1107")
		r.seesNot("The Slow Boat № 31")
		r.keys("Esc")
		r.sees("32 messages", "The Slow Boat № 31")
	}
}

func TestSelectionStaysOnItsMessage(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	r.keys("j", "j")
	r.sees("│ The book you lent me")
	box, err := r.st.RoleMailbox(t.Context(), r.acct, store.RoleInbox, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		raw := []byte(strings.ReplaceAll(mailText("New <new@example.org>", fmt.Sprintf("Fresh %d", i), "x"), "\n", "\r\n"))
		if _, _, err := r.st.AddRemote(t.Context(), box.ID, []store.Incoming{{UID: uint32(9000 + i), Raw: raw, Received: testNow.Add(-time.Minute)}}); err != nil {
			t.Fatal(err)
		}
	}
	r.until("Fresh 2")
	r.sees("│ The book you lent me")
	r.keys("d")
	r.sees("Deleted 1")
	r.keys(":", "=mailbox Trash", "Enter")
	r.sees("The book you lent me")
}

func TestLongMailbox(t *testing.T) {
	const n = 1500
	r := start(t, setup{fill: func(r *rig) {
		var msgs []string
		for i := range n {
			msgs = append(msgs, mailText("Bob <bob@example.org>", fmt.Sprintf("number %04d", i), "text"))
		}
		r.add("INBOX", store.RoleInbox, msgs...)
	}})
	r.sees("number 1499", "1500 messages")
	for range 65 {
		r.keys("PgDn")
	}
	var kept int
	r.on(func() { kept = len(r.u.mail.list().win.rows) })
	if kept > windowRows {
		t.Errorf("%d rows are kept in memory", kept)
	}
	r.sees("number 01")
	r.keys("G")
	r.sees("number 0000")
	r.keys("PgUp", "PgUp", "Down")
	r.sees("number 0040")
	for range 56 {
		r.keys("PgUp")
	}
	r.sees("number 11")
	r.keys("g g")
	r.sees("number 1499")
}

func TestOfflineStillReads(t *testing.T) {
	r := start(t, setup{samples: true, offline: true})
	r.sees("○ offline")
	r.keys("Enter")
	r.sees("Only before coffee.")
	r.keys("r", "=ok", "Ctrl-X")
	r.sees("In the outbox until there is a connection", "outbox 1")
	if n := len(r.items()); n != 1 {
		t.Errorf("%d items", n)
	}
}

func TestBodyNotHereYet(t *testing.T) {
	var id store.MessageID
	r := start(t, setup{fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText("a@b.example", "whole", "x"))
		box, _ := r.st.RoleMailbox(t.Context(), r.acct, store.RoleInbox, false)
		ids, _, err := r.st.AddRemote(t.Context(), box.ID, []store.Incoming{{UID: 77, Size: 12345, Received: testNow,
			Header: []byte("From: Bob <bob@example.org>\r\nSubject: later\r\nMessage-ID: <later@x>\r\n\r\n")}})
		if err != nil {
			t.Fatal(err)
		}
		id = ids[0]
	}})
	r.keys("Enter")
	r.sees("Bob <bob@example.org>", "Fetching the message (12 kB) …")
	if err := r.st.SetBodies(t.Context(), []store.Body{{Message: id, Raw: []byte("From: Bob <bob@example.org>\r\nSubject: later\r\nMessage-ID: <later@x>\r\n\r\nHere it is.\r\n")}}); err != nil {
		t.Fatal(err)
	}
	r.until("Here it is.")
}

func TestStatusLine(t *testing.T) {
	r := start(t, setup{samples: true})
	r.agent.set(account.Status{Account: "work", Online: true, Phase: account.Pulling, Mailbox: "INBOX", Done: 340, Total: 2000})
	r.until("↻ receiving INBOX 340/2000")
	r.agent.set(account.Status{Account: "work", Trouble: &account.Trouble{Kind: account.KindNetwork, What: "offline: no route to imap.mua.example"}, NextTry: testNow.Add(40 * time.Second)})
	r.until("no route to imap.mua.example; next try in 40 s")
	r.agent.set(account.Status{Account: "work", Trouble: &account.Trouble{Kind: account.KindLogin, Account: "work", What: "password rejected (535)", Hint: "mua login work"}})
	r.until("✗ work: password rejected (535) → mua login work · E acknowledges")
	r.keys("j", "j")
	r.sees("password rejected")
	r.keys("E")
	r.seesNot("password rejected")
	r.keys("$")
	r.sees("Sending and receiving")
	if got := r.agent.called(); got != "sync:" {
		t.Errorf("the agent was asked %q", got)
	}
}

func TestSizes(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("j", "j")
	for _, s := range []struct {
		w, h       int
		sees, hide string
	}{
		{80, 24, "The book you lent me", "counts ships"},
		{120, 40, "│ The book you lent me", ""},
		{200, 60, "│ From     River Castellano", ""},
		{40, 10, "River", "Projects"},
		{10, 3, "", "River"},
		{80, 24, "The book you lent me", "counts ships"},
	} {
		r.resize(s.w, s.h)
		screen := r.screen()
		if !strings.Contains(screen, s.sees) || s.hide != "" && strings.Contains(screen, s.hide) {
			t.Errorf("at %dx%d:\n%s", s.w, s.h, screen)
		}
	}
	r.resize(120, 40)
	r.sees("Projects/Sailing", "│ The book you lent me", "16 unread")
	r.keys("w")
	r.keys("w")
	r.keys("j", "Enter")
	r.sees("▸ work ▸ Drafts")
}

func TestQuit(t *testing.T) {
	for _, key := range []string{"q", "F10", "Ctrl-C"} {
		r := start(t, setup{samples: true})
		r.keys("Esc")
		r.sees("INBOX")
		r.keys(key)
		select {
		case err := <-r.ended:
			r.ended <- err
		case <-time.After(10 * time.Second):
			t.Fatalf("%s does not leave", key)
		}
	}
}

func TestEmptyStart(t *testing.T) {
	r := start(t, setup{})
	r.sees("There is no mail here yet.", "$ fetches it.", "$ sync  m compose  / search  c mailboxes  q leave  ")
	r.seesNot("reply", "archive")
	r.keys("Enter", "r", "d", "a", "t", "n", "Tab", "G", "g g", "v", "o", "s")
	r.add("INBOX", store.RoleInbox, mailText("Bob <bob@example.org>", "first", "x"))
	r.until("first")
	r.sees("r reply  a archive")
	r.seesNot("q leave")
}
