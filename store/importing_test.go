package store

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// importAll imports messages into a mailbox and says which were there.
func (w *world) importAll(box Mailbox, raws ...string) (had []bool) {
	w.Helper()
	im := must(w.Importer(w.ctx))(w)
	var batch []Import
	for i, raw := range raws {
		m := Import{Box: box, Incoming: Incoming{Raw: []byte(raw), Flags: Seen, Received: w.t.Add(time.Duration(i) * time.Minute)}}
		ok(w, im.Prepare(w.ctx, &m))
		batch = append(batch, m)
	}
	ok(w, im.Store(w.ctx, batch))
	for _, m := range batch {
		had = append(had, m.Has)
	}
	return had
}

func TestImportOnceInAMailbox(t *testing.T) {
	w := newWorld(t)
	local := must(w.EnsureAccount(w.ctx, "local"))(t)
	a := must(w.ImportMailbox(w.ctx, local, []string{"Old"}, false))(t)
	b := must(w.ImportMailbox(w.ctx, local, []string{"Old", "2019", "a/b"}, false))(t)
	if b.Name != "Old/2019/a_b" || !b.Local || b.Separator != "/" {
		t.Errorf("%+v", b)
	}
	if again := must(w.ImportMailbox(w.ctx, local, []string{"Old"}, false))(t); again.ID != a.ID {
		t.Errorf("%+v", again)
	}
	one, two := "Subject: one\n\nLF stays LF\n", "no header at all\x00\xff"
	if had := w.importAll(a, one, two, one, ""); had[0] || had[1] || !had[2] || had[3] {
		t.Errorf("%v", had)
	}
	if had := w.importAll(a, one, two, "", "new\n"); !had[0] || !had[1] || !had[2] || had[3] {
		t.Errorf("again: %v", had)
	}
	if had := w.importAll(b, one); had[0] {
		t.Error("another mailbox")
	}
	rows := must(w.List(w.ctx, ListQuery{Mailbox: a.ID}))(t)
	if len(rows) != 4 || rows[len(rows)-1].Subject != "one" && rows[0].Subject != "one" {
		t.Fatalf("%+v", rows)
	}
	for _, r := range rows {
		if raw := must(w.Raw(w.ctx, r.ID))(t); r.Subject == "one" && string(raw) != one || r.Flags != Seen || len(r.Pending) > 0 {
			t.Errorf("%q %+v", raw, r)
		}
	}
	// What was deleted here comes again when it is wanted again.
	must(w.Trash(w.ctx, []MessageID{rows[0].ID}))(t)
	if had := w.importAll(a, string(must(w.Raw(w.ctx, rows[0].ID))(t))); had[0] {
		t.Error("one that was moved away counts as there")
	}
	if _, err := w.ImportMailbox(w.ctx, local, []string{"a*"}, false); !errors.Is(err, ErrName) {
		t.Error(err)
	}
}

func TestImportToAServer(t *testing.T) {
	w := newWorld(t)
	box := must(w.ImportMailbox(w.ctx, w.acct, []string{"Import", "Deep"}, true))(t)
	if box.Local || box.Name != "Import/Deep" {
		t.Errorf("%+v", box)
	}
	w.importAll(box, "Subject: zero\n\n")
	if r := must(w.List(w.ctx, ListQuery{Mailbox: box.ID}))(t); len(r) != 1 || len(r[0].Pending) != 1 { // once its mailbox is there
		t.Errorf("%+v", r)
	}
	box = must(w.ImportMailbox(w.ctx, w.acct, []string{"archive"}, true))(t)
	w.importAll(box, "Subject: one\nMessage-ID: <one@x>\n\nbody\n", "Subject: two\r\n\r\nbody\r\n")
	ahead := must(w.PendingActions(w.ctx, w.acct))(t)
	if len(ahead) != 2 || ahead[0].Kind != ActionAppend || ahead[0].MailboxName != "Archive" || ahead[0].Add != Seen || ahead[0].Group != ahead[1].Group {
		t.Errorf("%+v", ahead)
	}
	if raw := must(w.Raw(w.ctx, ahead[0].Message))(t); !bytes.Equal(raw, []byte("Subject: one\r\nMessage-ID: <one@x>\r\n\r\nbody\r\n")) {
		t.Errorf("%q", raw)
	}
	if had := w.importAll(box, "Subject: one\nMessage-ID: <one@x>\n\nbody\n"); !had[0] {
		t.Error("not known again")
	}
	// Of what the server has, only the header is here: the body comes from the file.
	raw := mail(7, "seven", strings.Repeat("text ", 100))
	ids, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 9, Header: header(raw), Size: int64(len(raw))}})
	ok(t, err)
	inbox := must(w.Mailbox(w.ctx, w.inbox))(t)
	if had := w.importAll(inbox, string(raw)); !had[0] {
		t.Error("a second copy of what the server has")
	}
	if got := must(w.Raw(w.ctx, ids[0]))(t); !bytes.Equal(got, raw) {
		t.Errorf("%q", got)
	}
}

// TestImportUnderTheNamespace: folders go under what the server keeps all mailboxes under, whose name no folder has.
func TestImportUnderTheNamespace(t *testing.T) {
	w := newWorld(t)
	acct := must(w.EnsureAccount(w.ctx, "courier"))(t)
	got := must(w.SetMailboxes(w.ctx, acct, []RemoteMailbox{{Name: "INBOX", Separator: ".", Role: RoleInbox}, {Name: "INBOX.Archive", Separator: ".", Role: RoleArchive}}))(t)
	ok(t, w.SetPrefix(w.ctx, acct, "INBOX."))
	for _, c := range []struct {
		path []string
		want string
	}{{[]string{"Old", "2019"}, "INBOX.Old.2019"}, {[]string{"INBOX", "Deep"}, "INBOX.Deep"}, {[]string{"Work"}, "INBOX.Work"}, {[]string{"INBOX.Work"}, "INBOX.Work"}} {
		if box := must(w.ImportMailbox(w.ctx, acct, c.path, true))(t); box.Name != c.want {
			t.Errorf("%q: %s, not %s", c.path, box.Name, c.want)
		}
	}
	for i, path := range []string{"inbox", "archive"} {
		if box := must(w.ImportMailbox(w.ctx, acct, []string{path}, true))(t); box.ID != got[i].ID {
			t.Errorf("%s: %+v", path, box)
		}
	}
}

func TestBackup(t *testing.T) {
	w := newWorld(t)
	var raws []string
	for i := range 300 {
		raws = append(raws, string(mail(i, "before", strings.Repeat("x", 1000))))
	}
	inbox := must(w.Mailbox(w.ctx, w.inbox))(t)
	w.importAll(inbox, raws...)
	path := t.TempDir() + "/copy.db"
	wrote := false
	size, err := w.Backup(w.ctx, path, func(done, total int64) {
		if !wrote { // others go on while it copies
			wrote = true
			w.importAll(inbox, string(mail(999, "meanwhile", "x")))
		}
	})
	ok(t, err)
	if !wrote || size < 300_000 {
		t.Errorf("wrote %v, %d octets", wrote, size)
	}
	if _, err := w.Backup(w.ctx, path, nil); !errors.Is(err, ErrState) {
		t.Errorf("over another: %v", err)
	}
	h, err := Examine(w.ctx, "", path)
	ok(t, err)
	if len(h.Problems) > 0 || h.Messages != 300 || len(h.Exposed) > 0 && strings.Contains(h.Exposed[0], "copy.db") {
		t.Errorf("%+v", h)
	}
	if h.Mailboxes[0].Name != "INBOX" || h.Mailboxes[0].Messages != 300 || h.Wishes != 300 {
		t.Errorf("%+v", h)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := w.Backup(ctx, t.TempDir()+"/other.db", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
