package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mua/store/message"
)

func TestContacts(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.pull(w.inbox, uint32(10*i+1), []byte(fmt.Sprintf("From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <jm@Example.org>\r\nMessage-ID: <%d@x>\r\n\r\nx", i)))
	}
	junk := must(w.LocalMailbox(w.ctx, w.acct, "Spam"))(t)
	_, err := w.writer.Exec(`UPDATE mailbox SET role = 'junk' WHERE id = ?`, junk.ID)
	ok(t, err)
	_, _, err = w.AddRemote(w.ctx, junk.ID, []Incoming{{Raw: []byte("From: Cheap Pills <pills@example.org>\r\n\r\nx")}})
	ok(t, err)
	w.spool(w.request(1, bobAndEve))
	find := func(q string) string {
		var out []string
		for _, c := range must(w.Contacts(w.ctx, q, 10))(t) {
			out = append(out, fmt.Sprintf("%s<%s>%d", c.Name, c.Addr, c.Count))
		}
		return strings.Join(out, " ")
	}
	for q, want := range map[string]string{
		"mull":        "Jürgen Müller<jm@Example.org>3",
		"jurgen mü":   "Jürgen Müller<jm@Example.org>3",
		"example.org": "Jürgen Müller<jm@Example.org>3",
		"jm@ex":       "Jürgen Müller<jm@Example.org>3",
		"ller":        "",
		"pills":       "",
		"":            "Bob<bob@example.net>1 <eve@example.net>1 Jürgen Müller<jm@Example.org>3",
		"%_'":         "Bob<bob@example.net>1 <eve@example.net>1 Jürgen Müller<jm@Example.org>3",
	} {
		if got := find(q); got != want {
			t.Errorf("%q: %q, want %q", q, got, want)
		}
	}
	ok(t, w.write(w.ctx, func(tx *txn) error {
		return tx.contact(message.Address{Name: "not an address", Addr: "undisclosed"}, 1, w.t)
	}))
	if got := find("undisclosed"); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestContactsByDomainAreLast: who is met every day at f.example does not stand before those whose name, or what stands
// before the @, begins as typed; also where only so many are asked for.
func TestContactsByDomainAreLast(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.pull(w.inbox, uint32(i+1), []byte(fmt.Sprintf("From: Ada <ada@f.example>\r\nMessage-ID: <%d@x>\r\n\r\nx", i)))
	}
	w.pull(w.inbox, 11, []byte("From: Ärzte ohne Flüsse <info@a.example>\r\n\r\nx"), []byte("From: fred@b.example\r\n\r\nx"))
	find := func(q string, limit int) (out []string) {
		for _, c := range must(w.Contacts(w.ctx, q, limit))(t) {
			out = append(out, c.Addr)
			if late := c.Addr == "ada@f.example" && strings.HasPrefix(q, "f"); ByDomain(q, c) != late {
				t.Errorf("%q finds %s by its domain: %v", q, c.Addr, !late)
			}
		}
		return out
	}
	for _, c := range []struct {
		q     string
		limit int
		want  string
	}{
		{"f", 10, "fred@b.example info@a.example ada@f.example"},
		{"f", 2, "fred@b.example info@a.example"},
		{"fl", 10, "info@a.example"},
		{"@f", 1, "ada@f.example"},
		{"ada f", 10, "ada@f.example"},
	} {
		if got := find(c.q, c.limit); strings.Join(got, " ") != c.want {
			t.Errorf("%q: %v, want %s", c.q, got, c.want)
		}
	}
}

// known lists who is known, with what they are worth.
func (w *world) known() string {
	w.Helper()
	var out []string
	for _, c := range must(w.Contacts(w.ctx, "", 0))(w) {
		out = append(out, fmt.Sprintf("%s=%.4g", c.Addr, c.Worth))
	}
	return strings.Join(out, " ")
}

// letter is mail from someone, with further header lines.
func letter(from string, lines ...string) []byte {
	return []byte("From: " + from + "\r\nMessage-ID: <" + from + ">\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\nx")
}

func TestContactsFade(t *testing.T) {
	w := newWorld(t)
	meet := func(addr string, weight, days int) {
		ok(t, w.write(w.ctx, func(tx *txn) error {
			return tx.contact(message.Address{Addr: addr}, weight, w.t.AddDate(0, 0, -days))
		}))
	}
	for range 4 {
		meet("once.a.friend@x", weightTo, 360)
	}
	meet("new@x", weightTo, 0)
	meet("wrote@x", weightFrom, 0)
	meet("quarter@x", weightTo, 45) // half way in a straight line
	meet("forgotten@x", weightTo, 90*70)
	meet("tomorrow@x", weightFrom, -900) // no clock of others makes an address worth more
	want := "new@x=10 quarter@x=7.5 once.a.friend@x=2.5 tomorrow@x=1 wrote@x=1 forgotten@x=0"
	if got := w.known(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Read newest first, as a first pull does, mail is worth the same.
	for _, days := range []int{90, 0, 180} {
		meet("a@x", weightTo, days)
	}
	for _, days := range []int{180, 90, 0} {
		meet("b@x", weightTo, days)
	}
	for _, c := range must(w.ContactsOf(w.ctx, []string{"A@x", "b@X", "nobody@x"}))(t) {
		if c.Worth != 17.5 || c.Count != 3 || !c.Last.Equal(w.t) {
			t.Errorf("%+v", c)
		}
	}
	w.t = w.t.AddDate(0, 0, 90)
	if got := w.known(); !strings.HasPrefix(got, "a@x=8.75 b@x=8.75 new@x=5 ") {
		t.Errorf("after 90 days: %s", got)
	}
}

// TestWhoIsNoContact: what lists and programs send makes nobody known; having written there does.
func TestWhoIsNoContact(t *testing.T) {
	w := newWorld(t)
	for i, raw := range [][]byte{
		letter("ada@x"), letter("Auto-Submitted no <bea@x>", "Auto-Submitted: no"),
		letter("list@x", "List-Id: <l.x>"), letter("news@x", "List-Unsubscribe: <mailto:u@x>"), letter("bulk@x", "Precedence: bulk"),
		letter("away@x", "Auto-Submitted: auto-replied (vacation)"), letter("bounce@x"), letter("gone@x", "Return-Path: <>"),
		letter("no-reply@x"), letter("Do_Not.Reply@x"), letter("accounts.noreply@x"), letter("MAILER-DAEMON@x"), letter("postmaster@x"),
		letter("l-bounces@x"), letter("notifications@x"),
		letter("<a b@x>"), letter("\"a;b\"@x"), letter("nowhere"), letter(strings.Repeat("a", 400) + "@x"),
	} {
		w.pull(w.inbox, uint32(i+1), raw)
	}
	w.pull(w.drafts, 1, letter("me@x", "To: draft@x"))
	if got := w.known(); got != "ada@x=1 bea@x=1" {
		t.Errorf("got %s", got)
	}
	w.pull(w.sent, 1, letter("me@x", "To: no-reply@x", "Cc: list@x"))
	w.pull(w.sent, 2, letter("root@me", "To: night@x", "Auto-Submitted: auto-generated"))
	if got := w.known(); got != "list@x=10 no-reply@x=10 ada@x=1 bea@x=1" {
		t.Errorf("got %s", got)
	}
}

func TestOldMailOfToday(t *testing.T) {
	w := newWorld(t)
	w.pull(w.inbox, 1, letter("old@x", "Date: Tue, 26 May 2026 12:00:00 +0000"))
	if c := must(w.ContactsOf(w.ctx, []string{"old@x"}))(t); len(c) != 1 || c[0].Worth != 0.25 || c[0].Last.Month() != time.May {
		t.Errorf("%+v", c)
	}
}

func TestPersonName(t *testing.T) {
	for _, c := range []struct{ name, addr, want string }{
		{" Ada \t Lovelace ", "ada@x", "Ada Lovelace"},
		{`"Ada"`, "ada@x", "Ada"}, {`'"Ada"'`, "ada@x", "Ada"}, {`"`, "ada@x", `"`}, {"O'Hara", "o@x", "O'Hara"},
		{"ADA@X", "ada@x", ""}, {"'ada@x'", "ada@x", ""}, {"Ada (ADA@x)", "ada@x", "Ada"}, {"Ada <ada@x>", "ada@x", "Ada"}, {"Ada - ada@x", "ada@x", "Ada"},
		{"other@y", "ada@x", ""}, {"Ada \u202egnp.exe\x1b[31m", "ada@x", message.CleanLine("Ada \u202egnp.exe\x1b[31m").String()},
		{strings.Repeat("a", 101), "ada@x", ""}, {"", "", ""}, {"İ ada@x", "ada@x", "İ"},
	} {
		if got := PersonName(message.Address{Name: c.name, Addr: c.addr}); got != c.want {
			t.Errorf("%q of %s: %q, want %q", c.name, c.addr, got, c.want)
		}
	}
}

// TestContactsOfAnOlderStore: people stay known, in their order; programs do not.
func TestContactsOfAnOlderStore(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	db, older := openPool(filepath.Join(dir, "mail.db"), true), fstest.MapFS{}
	for _, m := range must(migrations(migrationFiles))(t) {
		if strings.HasSuffix(m.name, "_contacts.sql") {
			break
		}
		older["migrations/"+m.name] = &fstest.MapFile{Data: []byte(must(m.script(migrationFiles))(t))}
	}
	ok(t, migrate(t.Context(), db, db, "mail.db", older))
	for i, addr := range []string{"wrote@x", "written.to@x", "no-reply@x", "no-reply-written-to@x", "l-bounces@x"} {
		weight := []int{1, 30, 9, 20, 2}[i]
		_, err := db.Exec(`INSERT INTO contact(addr, shown, name, words, weight, last) VALUES (?1, ?1, '', ' ' || ?1, ?2, ?3)`, addr, weight, c.t.UnixMilli())
		ok(t, err)
	}
	ok(t, db.Close())
	w := &world{Store: open(t, dir, c), TB: t, clock: c, ctx: t.Context()}
	if got := w.known(); got != "written.to@x=30 no-reply-written-to@x=20 wrote@x=1" {
		t.Errorf("got %s", got)
	}
}

func BenchmarkContacts(b *testing.B) {
	c := newClock()
	w := &world{Store: open(b, b.TempDir(), c), TB: b, clock: c, ctx: b.Context()}
	ok(b, w.write(w.ctx, func(tx *txn) error {
		for i := range 50_000 {
			err := tx.contact(message.Address{Name: fmt.Sprintf("Person %d of Somewhere", i), Addr: fmt.Sprintf("p%d@example.org", i)}, weightFrom, c.t)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	for b.Loop() {
		if list := must(w.Contacts(w.ctx, "pers 4999", 6))(b); len(list) != 6 {
			b.Fatal(len(list))
		}
	}
}
