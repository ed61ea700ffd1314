package store

import (
	"bytes"
	"context"
	"database/sql"
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
	t.Cleanup(func() { ok(t, s.Close()) })
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
	uid                                 uint32 // the last that arrive gave
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
	t.Cleanup(w.check)
	return w
}

// check holds what must always be true.
func (w *world) check() {
	w.Helper()
	bad := must(collectRows(w.pool.Query(`SELECT name || ': ' || total || '/' || unread FROM mailbox b WHERE
		total <> (SELECT count(*) FROM message WHERE mailbox = b.id AND state = 0) OR
		unread <> (SELECT count(*) FROM message WHERE mailbox = b.id AND state = 0 AND flags & 1 = 0)`)))(w)
	bad = append(bad, must(collectRows(w.pool.Query(`SELECT 'dangling ' || "table" FROM pragma_foreign_key_check`)))(w)...)
	bad = append(bad, must(collectRows(w.pool.Query(`SELECT 'integrity: ' || integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`)))(w)...)
	bad = append(bad, must(collectRows(w.pool.Query(`SELECT 'without thread: ' || id FROM message WHERE thread IS NULL AND (SELECT below FROM thread_todo) = 0`)))(w)...)
	if len(bad) > 0 {
		w.Errorf("the database is inconsistent: %v", bad)
	}
}

func collectRows(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return collect[string](rows)
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

func TestPragmasOnEveryConnection(t *testing.T) {
	s := open(t, t.TempDir(), newClock())
	ctx := context.Background()
	for _, pool := range []struct {
		db        *sql.DB
		n         int
		queryOnly int
		timeout   string
	}{{s.writer, 1, 0, "5"}, {s.pool, readers, 1, "5000"}} {
		for i := range pool.n { // all held at once, so that each is another one
			conn := must(pool.db.Conn(ctx))(t)
			defer conn.Close()
			for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
				"busy_timeout": pool.timeout, "query_only": fmt.Sprint(pool.queryOnly), "temp_store": "2"} {
				var got string
				ok(t, conn.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got))
				if got != want {
					t.Errorf("connection %d (query_only %d): %s is %s", i, pool.queryOnly, name, got)
				}
			}
		}
		if got := pool.db.Stats().OpenConnections; got != pool.n {
			t.Errorf("%d connections open, not %d", got, pool.n)
		}
	}
}

func TestReopenKeepsAll(t *testing.T) {
	dir, c, ctx := filepath.Join(t.TempDir(), "odd #name?%41"), newClock(), context.Background()
	s := open(t, dir, c)
	acct := must(s.EnsureAccount(ctx, "pop"))(t)
	inbox := must(s.RoleMailbox(ctx, acct, RoleInbox, true))(t)
	ids, added, err := s.AddRemote(ctx, inbox.ID, []Incoming{{UIDL: "a", Raw: mail(1, "x", "y")}})
	ok(t, err)
	if added != 1 {
		t.Errorf("%d added", added)
	}
	ok(t, s.Close())
	ok(t, s.Close())
	s = open(t, dir, c)
	if got := must(s.Raw(ctx, ids[0]))(t); !bytes.Equal(got, mail(1, "x", "y")) {
		t.Errorf("got %q", got)
	}
	if names := must(s.Accounts(ctx))(t); len(names) != 2 || names[0].Name != "local" || names[1].Name != "pop" {
		t.Errorf("accounts %v", names)
	}
	if _, err := os.Stat(filepath.Join(dir, "mail.db")); err != nil {
		t.Error(err)
	}
}
