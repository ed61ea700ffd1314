package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/store"
)

// part is a message of a thread: who wrote what in answer to what, so many hours before now.
func (r *rig) part(mailbox string, role store.Role, uid uint32, id, from, subject, answers string, hours int, seen bool) {
	r.t.Helper()
	raw := fmt.Sprintf("From: %s\r\nTo: Ada Linden <ada@mua.example>\r\nSubject: %s\r\nMessage-ID: <%s>\r\nReferences: %s\r\nDate: %s\r\n\r\nText of %s.\r\n",
		from, subject, id, answers, testNow.Add(-time.Duration(hours)*time.Hour).Format(time.RFC1123Z), id)
	var flags store.Flags
	if seen {
		flags = store.Seen
	}
	b, err := r.st.FindMailbox(r.t.Context(), r.acct, mailbox)
	if err != nil {
		r.t.Fatal(err)
	}
	_, _, err = r.st.AddRemote(r.t.Context(), b.ID, []store.Incoming{{UID: uid, Raw: []byte(raw), Flags: flags, Received: testNow.Add(-time.Duration(hours) * time.Hour)}})
	if err != nil {
		r.t.Fatal(err)
	}
}

func harbour(r *rig) {
	r.t.Helper()
	if _, err := r.st.SetMailboxes(r.t.Context(), r.acct, []store.RemoteMailbox{{Name: "INBOX", Role: store.RoleInbox}, {Name: "Sent", Role: store.RoleSent},
		{Name: "Archive", Role: store.RoleArchive}, {Name: "Trash", Role: store.RoleTrash}}); err != nil {
		r.t.Fatal(err)
	}
	const bob, cy, ada = "Bob Stone <bob@example.org>", "Cy Young <cy@example.org>", "Ada Linden <ada@mua.example>"
	r.part("INBOX", store.RoleInbox, 1, "h1", bob, "Harbour plans", "", 90, true)
	r.part("Sent", store.RoleSent, 1, "h2", ada, "Re: Harbour plans", "<h1>", 80, true)
	r.part("INBOX", store.RoleInbox, 2, "h3", cy, "Re: Harbour plans", "<h1>", 70, false)
	r.part("INBOX", store.RoleInbox, 3, "h4", bob, "Re: Harbour plans", "<h1> <h2>", 60, false)
	r.part("INBOX", store.RoleInbox, 4, "h5", bob, "Re: Harbour plans", "<h1> <h2> <h4>", 3, true)
	r.part("INBOX", store.RoleInbox, 5, "x1", cy, "Something else", "", 2, true)
	r.part("INBOX", store.RoleInbox, 6, "y1", bob, "Old news", "", 200, false)
}

// line is the line of the screen with a text.
func (r *rig) line(text string) string {
	for l := range strings.SplitSeq(r.screen(), "\n") {
		if strings.Contains(l, text) {
			return strings.Join(strings.Fields(l), " ")
		}
	}
	return ""
}

func TestThreadsInTheList(t *testing.T) {
	r := start(t, setup{fill: harbour})
	r.sees("Text of h3", "Text of h4")
	r.keys("j", "T")
	r.sees("threads", "Something else", "▸5")
	r.seesNot("Text of h4")
	if got := r.line("▸5"); !strings.HasPrefix(got, "● 12:30 Bob, me, Cy ▸5 Re: Harbour plans") {
		t.Errorf("folded: %q", got)
	}
	r.keys("z", "a")
	for text, want := range map[string]string{
		"▾5":         "19 Nov Bob Stone ▾5 Harbour plans",
		"Text of h2": "20 Nov me ├─ Text of h2.",
		"Text of h4": "● 21 Nov Bob Stone │ └─ Text of h4.",
		"Text of h5": "12:30 Bob Stone │ └─ Text of h5.",
		"Text of h3": "● 20 Nov Cy Young └─ Text of h3.",
	} {
		if got := r.line(text); !strings.HasPrefix(got, want) {
			t.Errorf("unfolded: %q, want %q\n%s", got, want, r.screen())
		}
	}
	r.keys("z", "a")
	r.sees("▸5")
	r.seesNot("▾5")
	r.keys("Enter") // reads the newest unread first
	r.sees("Text of h4.", "From     Bob Stone")
	r.keys("q")
	if got := r.line("Text of h4"); strings.HasPrefix(got, "●") {
		t.Errorf("it is read now: %q", got)
	}
	r.keys("z", "a", "T")
	r.sees("Single messages", "Text of h3", "Something else")
	r.seesNot("▸5", "▾5")
}

func TestTabGoesThroughThreads(t *testing.T) {
	r := start(t, setup{fill: harbour})
	r.keys("T", "Tab", "Enter")
	r.sees("Text of h4.")
	r.keys("Tab")
	r.sees("Text of h3.")
	r.keys("Tab")
	r.sees("Text of y1.")
	r.keys("Tab")
	r.sees("No older unread message here")
	r.keys("S-Tab")
	r.sees("No newer unread message here")
}

func TestWishesForFoldedThreads(t *testing.T) {
	r := start(t, setup{fill: harbour})
	r.keys("T", "j", "U")
	r.sees("Marked read 4")
	if got := r.line("▸5"); strings.HasPrefix(got, "●") {
		t.Errorf("it is read: %q", got)
	}
	r.keys("a")
	r.sees("Archived 4", "Something else")
	r.seesNot("Harbour plans")
	r.keys("u")
	r.sees("Harbour plans", "▸5")
	r.keys("g", "g", "t", "t", "d") // the thread, and one more
	r.sees("Deleted 5", "Old news")
	r.seesNot("Harbour plans", "Something else")
	r.keys("u")
	r.sees("▸5")
	r.keys("g", "g", "j", "z", "a", "d") // only the first message
	r.keys("z", "a")
	r.sees("Deleted 1", "▸4")
}

// TestManyThreads: the ends of the window are threads, whole.
func TestManyThreads(t *testing.T) {
	r := start(t, setup{h: 24, w: 80, fill: func(r *rig) {
		harbour(r)
		b, err := r.st.FindMailbox(r.t.Context(), r.acct, "INBOX")
		if err != nil {
			r.t.Fatal(err)
		}
		var batch []store.Incoming
		for i := range 2000 {
			n := i / 2
			raw := fmt.Sprintf("From: bob@example.org\r\nSubject: talk number %d\r\nMessage-ID: <t%d.%d>\r\nReferences: <t%d.0>\r\n\r\nx\r\n", n, n, i%2, n)
			batch = append(batch, store.Incoming{UID: uint32(1000 + i), Raw: []byte(raw), Flags: store.Seen, Received: testNow.Add(-time.Duration(300+i) * time.Hour)})
		}
		if _, _, err := r.st.AddRemote(r.t.Context(), b.ID, batch); err != nil {
			r.t.Fatal(err)
		}
	}})
	r.keys("T", "G")
	r.sees("talk number 999", "▸2")
	r.keys("z", "a")
	r.sees("▾2")
	for range 12 {
		r.keys("PgUp", "PgUp", "PgUp", "PgUp", "PgUp")
	}
	r.keys("g", "g")
	r.sees("Something else")
	r.keys("T")
	r.sees("Something else", "Single messages")
}

func TestAllInboxes(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, config: func(c *account.Config) {
		home := *c.Accounts[0]
		home.Name = "home"
		c.Accounts = append(c.Accounts, &home)
	}, fill: func(r *rig) {
		harbour(r)
		work := r.acct
		acct, err := r.st.EnsureAccount(r.t.Context(), "home")
		if err != nil {
			r.t.Fatal(err)
		}
		r.acct = acct
		if _, err := r.st.SetMailboxes(r.t.Context(), acct, []store.RemoteMailbox{{Name: "INBOX", Role: store.RoleInbox}, {Name: "Archive", Role: store.RoleArchive}}); err != nil {
			r.t.Fatal(err)
		}
		r.part("INBOX", store.RoleInbox, 1, "z1", "Zoe <zoe@example.org>", "From home", "", 1, false)
		r.acct = work
	}})
	r.sees("All inboxes", "work ▸ INBOX")
	r.keys("g", "a")
	r.sees("▸ All inboxes", "4 unread · 7 messages", "From home", "Something else")
	if got := r.line("From home"); !strings.Contains(got, "Zoe home From home") {
		t.Errorf("the account is not told: %q", got)
	}
	r.keys("l", "=from:zoe", "Enter")
	r.sees("▸ only from:zoe", "1 unread · 1 message")
	r.keys("a")
	r.sees("Archived 1", "Nothing matches")
	r.keys("q")
	r.sees("3 unread · 6 messages")
	r.keys("u")
	r.sees("4 unread · 7 messages", "From home")
	r.keys("T")
	r.sees("All inboxes ▸ threads", "▸5")
	r.keys("c", "=all inb", "Enter")
	r.sees("▸ All inboxes")
}

func TestMatchesInThreads(t *testing.T) {
	r := start(t, setup{fill: harbour})
	r.keys("/", "=body:h3", "Enter", "q", "T", "n", "z", "a")
	r.sees("▾5", "Text of h3")
	r.keys("z", "a", "n")
	r.sees("No further match here")
}
