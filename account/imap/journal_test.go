package imap_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account/demo"
	"mua/account/realservers"
	"mua/store"
)

// commands counts what is said to a server, from the trace of the connection.
type commands struct {
	mu sync.Mutex
	n  map[string]int
}

func (e *env) count() *commands {
	c := &commands{n: map[string]int{}}
	e.o.Wire.Trace = c
	return c
}

func (c *commands) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if said, ours := strings.CutPrefix(strings.TrimSpace(line), "C: "); ours {
			c.line(said)
		}
	}
	return len(b), nil
}

func (c *commands) line(line string) {
	words := strings.Fields(line)
	if len(words) < 2 || !strings.HasPrefix(words[0], "T") {
		return
	}
	name := words[1]
	if name == "UID" && len(words) > 2 {
		name += " " + words[2]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[name]++
}

// total is the number of commands, but for those of the login.
func (c *commands) total() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, k := range c.n {
		if name != "AUTHENTICATE" && name != "LOGIN" && name != "CAPABILITY" && name != "LOGOUT" {
			n += k
		}
	}
	return n
}

func (c *commands) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, k := range slices.Sorted(maps.Keys(c.n)) {
		out = append(out, fmt.Sprintf("%s %d", k, c.n[k]))
	}
	return strings.Join(out, ", ")
}

// TestDovecotThousands: 5,000 flag changes made offline, for every second of 10,000 messages, are few commands; so are
// 1,000 copies, moves and deletes (with MUA_LONG=1 5,000 of each).
func TestDovecotThousands(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	var list []realservers.Mail
	for i := range 10_000 {
		raw := fmt.Appendf(nil, "From: a@example.org\r\nSubject: m%d\r\nMessage-ID: <m%d@x>\r\nReceived: from a by b\r\n\r\n%d\r\n", i, i, i)
		list = append(list, realservers.Mail{Raw: raw, Flags: map[bool]string{true: "S"}[i%4 == 0], Received: time.Unix(1_700_000_000+int64(i)*60, 0)})
	}
	d.AddMaildir(t, user, "INBOX", list...)
	e := dovecotEnv(t, d, user, "imaps")
	e.sync()
	var ids []store.MessageID
	for i, r := range e.rows("INBOX") {
		if i%2 == 1 {
			ids = append(ids, r.ID)
		}
	}
	ctx, some := t.Context(), ids[:1000]
	if os.Getenv("MUA_LONG") != "" {
		some = ids
	}
	for _, step := range []struct {
		name string
		do   func() error
		n    int
	}{
		{"flags", func() error {
			_, err := e.st.MarkFlags(ctx, ids, store.FlagChange{Add: store.Seen | store.Flagged})
			return err
		}, len(ids)},
		{"copies", func() error { _, err := e.st.Copy(ctx, some, e.mailbox("Archive").ID); return err }, len(some)},
		{"moves", func() error { _, err := e.st.Trash(ctx, some); return err }, len(some)},
		{"deletes", func() error { _, err := e.st.Trash(ctx, some); return err }, len(some)},
	} {
		if err := step.do(); err != nil {
			t.Fatal(step.name, err)
		}
		c := e.count()
		begun := time.Now()
		replayed, conflicts := e.replay()
		t.Logf("%s: %d replayed in %v: %s", step.name, replayed, time.Since(begun), c)
		if replayed != step.n || conflicts != 0 || c.total() > 10 {
			t.Errorf("%s: %d replayed, %d conflicts, %d commands", step.name, replayed, conflicts, c.total())
		}
	}
	other := d.Client(t, user)
	if got, want := other.Exec("STATUS INBOX (MESSAGES)"), fmt.Sprintf("* STATUS INBOX (MESSAGES %d)", 10_000-len(some)); !slices.Contains(got, want) {
		t.Errorf("%q", got)
	}
	other.Exec("EXAMINE Archive")
	if got := strings.Join(other.Exec("UID SEARCH RETURN (COUNT) SEEN FLAGGED"), ""); !strings.Contains(got, fmt.Sprintf("COUNT %d", len(some))) {
		t.Errorf("copies with their flags: %q", got)
	}
	if got := other.Exec("STATUS Trash (MESSAGES)"); !slices.Contains(got, "* STATUS Trash (MESSAGES 0)") {
		t.Errorf("%q", got)
	}
	other.Exec("LOGOUT")
	e.settled()
}

// kinds of Dovecot: what a server may lack.
var kinds = map[string][]string{"all": nil, "no MOVE": {"MOVE"}, "no UIDPLUS": {"UIDPLUS"}, "neither": {"MOVE", "UIDPLUS"}}

func TestDovecotCopies(t *testing.T) {
	for name, without := range kinds {
		t.Run(name, func(t *testing.T) {
			d := realservers.Dovecot(t, realservers.Without(without...))
			user := d.AddUser(t)
			spread(t, d, user, 40)
			e := dovecotEnv(t, d, user, "imaps")
			e.sync()
			ctx := t.Context()
			// One copy of a message that is then moved, one that differs in flags from its original, one within the mailbox.
			src := e.ids("INBOX", 0, 1, 2)
			out := must(e.st.Copy(ctx, src, e.mailbox("Archive").ID))(t)
			same := must(e.st.Copy(ctx, src[:1], e.mailbox("INBOX").ID))(t)
			must(e.st.MarkFlags(ctx, out.Made[1:2], store.FlagChange{Add: store.Flagged}))(t)
			must(e.st.Move(ctx, src[2:], e.mailbox("Sent").ID))(t)
			c := e.count()
			if replayed, conflicts := e.replay(); replayed != 6 || conflicts != 0 {
				// Without UIDPLUS the flags of a copy wait for the pull that tells its UID.
				if replayed != 5 || conflicts != 0 || !slices.Contains(without, "UIDPLUS") {
					t.Errorf("%d replayed, %d conflicts", replayed, conflicts)
				}
			}
			if c.n["APPEND"] != 0 {
				t.Errorf("uploaded: %s", c)
			}
			e.sync()
			e.sync()
			e.settled()
			for i, id := range append(out.Made, same.Made...) {
				r := must(e.st.Row(ctx, id))(t)
				if len(r.Pending) != 0 || r.Flags.Has(store.Flagged) != (i == 1) {
					t.Errorf("copy %d: %+v", i, r)
				}
			}
			other := d.Client(t, user)
			other.Exec("EXAMINE Archive")
			if got := other.Exec("UID SEARCH FLAGGED"); len(strings.Fields(got[0])) != 3 {
				t.Errorf("flagged in Archive: %q", got)
			}
			if n := len(d.Maildir(t, user, "Archive")); n != len(e.rows("Archive")) {
				t.Errorf("Archive has %d and %d", n, len(e.rows("Archive")))
			}
			must(e.st.Undo(ctx))(t) // the move
			must(e.st.Undo(ctx))(t) // the flag
			if said := must(e.st.Undo(ctx))(t); said != "1 message copied taken away" {
				t.Errorf("said %q", said)
			}
			must(e.st.Redo(ctx))(t)
			e.sync()
			e.sync()
			e.settled()
			if n := len(d.Maildir(t, user, "INBOX")); n != len(e.rows("INBOX")) || n != 19 {
				t.Errorf("INBOX has %d and %d", n, len(e.rows("INBOX")))
			}
		})
	}
}

// TestCopyWhoseAnswerWasLost is not made twice.
func TestCopyWhoseAnswerWasLost(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	srv.Deliver("Archive", mail(90))
	e.sync()
	must(e.st.Copy(t.Context(), e.ids("INBOX", 1), e.mailbox("Archive").ID))(t)
	if a := must(e.st.PendingActions(t.Context(), e.id))(t); len(a) != 1 || a[0].Kind != store.ActionCopy || a[0].UID == 0 {
		t.Fatalf("%+v", a)
	}
	srv.Deliver("Archive", mail(1)) // it was done, and the connection lost
	e.o.Settle = time.Millisecond
	if replayed, conflicts := e.replay(); replayed != 1 || conflicts != 0 {
		t.Errorf("%d replayed, %d conflicts", replayed, conflicts)
	}
	if n := len(srv.List("Archive")); n != 2 {
		t.Errorf("Archive has %d messages", n)
	}
	e.settled()
}

// TestMoveWhoseCopyWasAnsweredToNobody: on a server without MOVE the copy that is there already is taken, also of a
// message without Message-ID, and what was wished of it since goes there.
func TestMoveWhoseCopyWasAnsweredToNobody(t *testing.T) {
	for name, raw := range map[string][]byte{
		"with Message-ID": mail(1),
		"without":         []byte("From: x@example.org\r\nSubject: plain\r\n\r\nno name\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			srv, e := demoEnv(t, demo.Options{Without: []string{"MOVE", "UIDPLUS"}})
			like := bytes.Replace(raw, []byte("\r\nSubject: "), []byte("\r\nSubject:\t"), 1) // as long, another
			srv.Deliver("INBOX", raw)
			srv.Deliver("Archive", mail(90))
			e.sync()
			id := []store.MessageID{e.rows("INBOX")[0].ID}
			must(e.st.Move(t.Context(), id, e.mailbox("Archive").ID))(t)
			if a := must(e.st.PendingActions(t.Context(), e.id))(t); len(a) != 1 {
				t.Fatalf("%+v", a)
			}
			must(e.st.MarkFlags(t.Context(), id, store.FlagChange{Add: store.Flagged}))(t)
			srv.Deliver("Archive", raw) // it was done, and the connection lost
			srv.Deliver("Archive", like)
			e.o.Settle = time.Millisecond
			if replayed, conflicts := e.replay(); replayed != 2 || conflicts != 0 {
				t.Errorf("%d replayed, %d conflicts", replayed, conflicts)
			}
			wantSame(t, "Archive", sumsOf(srv.Messages("Archive")), sumsOf([][]byte{mail(90), raw, like}))
			if n := len(srv.List("INBOX")); n != 0 {
				t.Errorf("INBOX has %d", n)
			}
			e.sync()
			e.settled()
			if r := must(e.st.Row(t.Context(), id[0]))(t); !r.Flags.Has(store.Flagged) || len(r.Pending) != 0 || r.MailboxName != "Archive" {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestCopyOfWhatOthersDeleted(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	srv.Deliver("INBOX", mail(2))
	srv.Deliver("Archive", mail(90))
	e.sync()
	out := must(e.st.Copy(t.Context(), e.ids("INBOX", 1, 2), e.mailbox("Archive").ID))(t)
	if err := srv.Expunge("INBOX", srv.List("INBOX")[0].UID); err != nil {
		t.Fatal(err)
	}
	e.sync()
	e.sync()
	e.settled()
	wantSame(t, "Archive", sumsOf(srv.Messages("Archive")), sumsOf([][]byte{mail(90), mail(1), mail(2)}))
	if r := must(e.st.Row(t.Context(), out.Made[0]))(t); len(r.Pending) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestDovecotDrafts: however often a draft is saved, the server has one, and one by another client is taken over.
func TestDovecotDrafts(t *testing.T) {
	for name, without := range kinds {
		t.Run(name, func(t *testing.T) {
			d := realservers.Dovecot(t, realservers.Without(without...))
			user := d.AddUser(t)
			e := dovecotEnv(t, d, user, "imaps")
			e.sync()
			ctx := t.Context()
			text := func(i int) []byte {
				return fmt.Appendf(nil, "From: u@example.org\r\nSubject: entwurf\r\nMessage-ID: <d1@x>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\n%s%d\r\n", strings.Repeat("x", i), i)
			}
			onServer := func(want ...[]byte) {
				t.Helper()
				var got [][]byte
				for _, raw := range d.Maildir(t, user, "Drafts") { // Dovecot writes LF
					got = append(got, bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")))
				}
				wantSame(t, "Drafts on the server", sumsOf(got), sumsOf(want))
			}
			var id store.MessageID
			for i := range 10 { // each reaches the server
				id = must(e.st.SaveDraft(ctx, e.id, text(i), id))(t)
				e.sync()
				onServer(text(i))
			}
			for i := range 10 { // none does before the last
				id = must(e.st.SaveDraft(ctx, e.id, text(20+i), id))(t)
			}
			// A save while the one before is on its way, and its answer is lost with the program.
			must(e.st.PendingActions(ctx, e.id))(t)
			id = must(e.st.SaveDraft(ctx, e.id, text(40), id))(t)
			e.o.Settle = time.Millisecond
			e.sync()
			e.sync()
			onServer(text(40))
			if rows := e.rows("Drafts"); len(rows) != 1 || rows[0].ID != id {
				t.Errorf("here: %+v", rows)
			}

			// The same, but the server has taken it: the answer was lost.
			id = must(e.st.SaveDraft(ctx, e.id, text(50), id))(t)
			if given := must(e.st.PendingActions(ctx, e.id))(t); len(given) == 0 {
				t.Fatal("no append is pending")
			}
			d.Client(t, user).Append("Drafts", text(50), `\Draft`, `\Seen`)
			id = must(e.st.SaveDraft(ctx, e.id, text(60), id))(t)
			e.sync()
			e.sync()
			onServer(text(60))
			if c := must(e.st.Conflicts(ctx, 0))(t); len(c) != 0 {
				t.Errorf("conflicts: %+v", c)
			}
			if rows := e.rows("Drafts"); len(rows) != 1 || rows[0].ID != id {
				t.Errorf("here: %+v", rows)
			}

			// Saved again while a replay is under way.
			saved := make(chan error, 1)
			go func() {
				var err error
				for i := range 5 {
					if id, err = e.st.SaveDraft(ctx, e.id, text(61+i), id); err != nil {
						break
					}
				}
				saved <- err
			}()
			for range 3 {
				e.sync()
			}
			if err := <-saved; err != nil {
				t.Fatal(err)
			}
			e.sync()
			e.sync()
			onServer(text(65))

			foreign := []byte("From: u@example.org\r\nTo: bob@example.org\r\nSubject: begun elsewhere\r\nMessage-ID: <other@x>\r\n\r\nDear Bob,\r\n")
			other := d.Client(t, user)
			other.Append("Drafts", foreign, `\Draft`)
			e.sync()
			r := e.row("Drafts", "begun elsewhere")
			if !r.Flags.Has(store.Draft) {
				t.Errorf("flags %v", r.Flags.Names())
			}
			more := append(slices.Clone(foreign), "and more\r\n"...)
			must(e.st.SaveDraft(ctx, e.id, more, r.ID))(t)
			e.sync()
			onServer(text(65), more)
			e.sync()
			e.settled()
		})
	}
}
