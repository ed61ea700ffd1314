package store

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// clock is the time tests inject.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func open(t testing.TB, dir string, c *clock) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir, Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mail is a small message.
func mail(n int, subject, body string) []byte {
	return fmt.Appendf(nil, "Received: from x by y; Sun, 22 Nov 2026 10:00:00 +0000\r\nFrom: Ada Lovelace <ada%d@example.org>\r\nTo: Bob <bob@example.net>\r\n"+
		"Subject: %s\r\nDate: Sun, 22 Nov 2026 11:00:00 +0100\r\nMessage-ID: <m%d@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		n, subject, n, body)
}

// world is a store with one IMAP-like account.
type world struct {
	*Store
	testing.TB
	*clock
	ctx                                 context.Context
	acct                                AccountID
	inbox, sent, drafts, trash, archive MailboxID
}

func newWorld(t testing.TB) *world {
	t.Helper()
	c := newClock()
	w := &world{Store: open(t, t.TempDir(), c), TB: t, clock: c, ctx: context.Background()}
	w.acct = must(w.EnsureAccount(w.ctx, "work"))(t)
	list := must(w.SetMailboxes(w.ctx, w.acct, []RemoteMailbox{
		{Name: "INBOX", Separator: "/", Role: RoleInbox}, {Name: "Sent", Separator: "/", Role: RoleSent},
		{Name: "Drafts", Separator: "/", Role: RoleDrafts}, {Name: "Trash", Separator: "/", Role: RoleTrash},
		{Name: "Archive", Separator: "/", Role: RoleArchive},
	}))(t)
	for _, m := range list {
		switch m.Role {
		case RoleInbox:
			w.inbox = m.ID
		case RoleSent:
			w.sent = m.ID
		case RoleDrafts:
			w.drafts = m.ID
		case RoleTrash:
			w.trash = m.ID
		case RoleArchive:
			w.archive = m.ID
		}
	}
	return w
}

// pull stores messages as if they came from the server under ascending UIDs.
func (w *world) pull(box MailboxID, uid uint32, raws ...[]byte) []MessageID {
	w.Helper()
	var batch []Incoming
	for i, raw := range raws {
		batch = append(batch, Incoming{UID: uid + uint32(i), Raw: raw, Received: w.t.Add(time.Duration(i) * time.Minute)})
	}
	ids, added, err := w.AddRemote(w.ctx, box, batch)
	if err != nil {
		w.Fatal(err)
	}
	_ = added
	return ids
}

func (w *world) row(id MessageID) Row {
	w.Helper()
	return must(w.Row(w.ctx, id))(w)
}

func TestRoundTrip(t *testing.T) {
	w := newWorld(t)
	big := append(mail(2, "big", ""), bytes.Repeat([]byte("0123456789abcdef"), 200_000)...)
	ids := w.pull(w.inbox, 1, mail(1, "one", "hello"), big, []byte{}, []byte("\x00\xff\r\n\r\n\x00"))
	for i, want := range [][]byte{mail(1, "one", "hello"), big, {}, []byte("\x00\xff\r\n\r\n\x00")} {
		if got := must(w.Raw(w.ctx, ids[i]))(t); !bytes.Equal(got, want) {
			t.Errorf("message %d: %d octets came back of %d", i, len(got), len(want))
		}
	}
	if h := must(w.Header(w.ctx, ids[1]))(t); !bytes.HasSuffix(h, []byte("\r\n\r\n")) || len(h) > 500 {
		t.Errorf("header %q", h)
	}
	rows := must(w.List(w.ctx, ListQuery{Mailbox: w.inbox}))(t)
	if len(rows) != 4 || rows[0].ID != ids[3] || rows[3].ID != ids[0] {
		t.Errorf("list %+v", rows)
	}
	if m := must(w.Mailbox(w.ctx, w.inbox))(t); m.Total != 4 || m.Unread != 4 {
		t.Errorf("counts %d %d", m.Total, m.Unread)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	s := open(t, dir, newClock())
	must(s.EnsureAccount(context.Background(), "x"))(t)
	for name, want := range map[string]os.FileMode{"": 0o700, "mail.db": 0o600, "mail.db-wal": 0o600, "mail.db-shm": 0o600} {
		if st := must(os.Stat(filepath.Join(dir, name)))(t); st.Mode().Perm() != want {
			t.Errorf("%s has mode %v", name, st.Mode().Perm())
		}
	}
}
