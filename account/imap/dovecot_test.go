package imap_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account/imap"
	"mua/account/realservers"
	"mua/account/wire"
	"mua/store"
)

func dovecotEnv(t testing.TB, d *realservers.DovecotServer, user, scheme string) *env {
	addr := d.IMAPS
	if scheme == "imap" {
		addr = d.IMAP
	}
	return newEnv(t, fmt.Sprintf("[account.work]\nfrom = \"%s@example.org\"\nincoming = \"%s://%s@%s\"\npassword = { plain = %q }\ntls_ca = %q\n",
		user, scheme, user, addr, realservers.Password, d.CAFile))
}

// spread puts n messages into several mailboxes and returns the mailboxes' messages.
func spread(t testing.TB, d *realservers.DovecotServer, user string, n int) map[string][][]byte {
	boxes := []string{"INBOX", "INBOX", "INBOX", "Archive", "Lists.Go", "Lists.R&-D", "Sent"}
	files := map[string][]realservers.Mail{}
	raws := map[string][][]byte{}
	for i := range n {
		b := boxes[i%len(boxes)]
		flags := ""
		if i%3 == 0 {
			flags = "S"
		}
		files[b] = append(files[b], realservers.Mail{Raw: mail(i), Flags: flags, Received: time.Unix(1_700_000_000+int64(i)*60, 0)})
		raws[strings.ReplaceAll(b, "&-", "&")] = append(raws[strings.ReplaceAll(b, "&-", "&")], mail(i))
	}
	for b, list := range files {
		d.AddMaildir(t, user, b, list...)
	}
	return raws
}

func TestDovecot(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	raws := spread(t, d, user, 2000)
	e := dovecotEnv(t, d, user, "imaps")
	begun := time.Now()
	p := e.sync()
	t.Logf("first pull of 2,000: %v", time.Since(begun))
	if p.New != 2000 || len(p.Warnings) != 0 {
		t.Fatalf("got %+v", p)
	}
	for name, list := range raws {
		wantSame(t, name, e.sums(name), sumsOf(list))
	}
	if r := e.row("INBOX", "message 0"); !r.Flags.Has(store.Seen) || r.Received.Unix() != 1_700_000_000 {
		t.Errorf("got %+v", r)
	}

	count := e.far()
	if p = e.sync(); p.New+p.Changed+p.Removed != 0 {
		t.Errorf("second pull: %+v", p)
	}
	if in, turns := count.BytesIn(), count.RoundTrips(); in > 4096 || turns > 6 {
		t.Errorf("nothing new cost %d octets and %d round trips", in, turns)
	}

	other := d.Client(t, user)
	other.Exec("SELECT INBOX")
	other.Exec(`UID STORE 1:2 +FLAGS.SILENT (\Flagged)`)
	other.Exec(`UID STORE 1 -FLAGS.SILENT (\Seen)`)
	other.Exec(`UID STORE 10:14 +FLAGS.SILENT (\Deleted)`)
	other.Exec("EXPUNGE")
	other.Append("INBOX", mail(5000), `\Answered`)
	if p = e.sync(); p.New != 1 || p.Changed != 2 || p.Removed != 5 {
		t.Errorf("changes by another client: %+v", p)
	}
	if r := e.row("INBOX", "message 0"); r.Flags.Has(store.Seen) || !r.Flags.Has(store.Flagged) {
		t.Errorf("flags: %v", r.Flags.Names())
	}
	if r := e.row("INBOX", "message 5000"); r.Flags != store.Answered {
		t.Errorf("flags: %v", r.Flags.Names())
	}
	other.Exec("LOGOUT")

	if err := os.Remove(filepath.Join(d.MailDir(user), "dovecot-uidlist")); err != nil {
		t.Fatal(err)
	}
	matches, _ := filepath.Glob(filepath.Join(d.MailDir(user), "dovecot.index*"))
	for _, m := range matches {
		_ = os.RemoveAll(m)
	}
	ids := map[store.MessageID]bool{}
	for _, r := range e.rows("INBOX") {
		ids[r.ID] = true
	}
	before := e.mailbox("INBOX").Sync.UIDValidity
	e.o.Wire.Counters = new(wire.Counters)
	if p = e.sync(); p.New != 0 || p.Removed != 0 {
		t.Errorf("UIDVALIDITY: %+v", p)
	}
	if e.mailbox("INBOX").Sync.UIDValidity == before {
		t.Error("UIDVALIDITY is the same")
	}
	for _, r := range e.rows("INBOX") {
		if !ids[r.ID] {
			t.Errorf("%s is a new copy", r.Subject)
		}
	}
	if in := e.o.Wire.Counters.BytesIn(); in > 1_000_000 {
		t.Errorf("matching the messages took %d octets", in)
	}
}

func TestDovecotStartTLSAndReport(t *testing.T) {
	d := realservers.Dovecot(t)
	e := dovecotEnv(t, d, "u1", "imap")
	r, err := imap.Check(t.Context(), e.acct, e.o)
	if err != nil || !strings.HasPrefix(r.TLS, "TLS 1.") || !slices.Contains(r.Capabilities, "CONDSTORE") || !slices.Contains(r.Capabilities, "QRESYNC") {
		t.Errorf("got %+v, %v", r, err)
	}
	e.sync()
}

// BenchmarkDovecotInitialPull is the first pull of 2,000 messages in six mailboxes.
func BenchmarkDovecotInitialPull(b *testing.B) {
	d := realservers.Dovecot(b)
	user := d.AddUser(b)
	spread(b, d, user, 2000)
	e := dovecotEnv(b, d, user, "imaps")
	e.sync() // Dovecot's indexes
	b.ResetTimer()
	var octets, turns int64
	for b.Loop() {
		b.StopTimer()
		e.fresh()
		e.o.Wire.Counters = new(wire.Counters)
		b.StartTimer()
		if p := e.sync(); p.New != 2000 {
			b.Fatalf("got %+v", p)
		}
		octets, turns = e.o.Wire.Counters.BytesIn(), e.o.Wire.Counters.RoundTrips()
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(octets), "octets-in")
	b.ReportMetric(float64(turns), "turns")
}

func TestDovecotReplay(t *testing.T) {
	for name, without := range map[string][]string{"all": nil, "bare": {"MOVE", "UIDPLUS", "CONDSTORE", "QRESYNC", "ESEARCH", "LIST-STATUS", "LIST-EXTENDED", "SPECIAL-USE", "NAMESPACE", "SASL-IR", "LITERAL+"}} {
		t.Run(name, func(t *testing.T) {
			d := realservers.Dovecot(t, realservers.Without(without...))
			user := d.AddUser(t)
			spread(t, d, user, 60)
			e := dovecotEnv(t, d, user, "imaps")
			e.sync()
			ctx := t.Context()
			must(e.st.MarkFlags(ctx, e.ids("INBOX", 0, 1, 2, 7), store.FlagChange{Add: store.Flagged | store.Answered | store.Forwarded, Remove: store.Seen, AddKeywords: []string{"Work"}}))(t)
			must(e.st.Move(ctx, e.ids("INBOX", 7, 8, 9), e.mailbox("Archive").ID))(t)
			draft := []byte("From: u@example.org\r\nSubject: entwurf\r\nMessage-ID: <d1@x>\r\n\r\n" + strings.Repeat("hallo Welt\r\n", 1000))
			id := must(e.st.SaveDraft(ctx, e.id, draft, 0))(t)
			if replayed, conflicts := e.replay(); replayed < 8 || conflicts != 0 {
				t.Errorf("%d replayed, %d conflicts", replayed, conflicts)
			}
			other := d.Client(t, user)
			other.Exec("SELECT INBOX")
			if got := other.Exec("UID SEARCH FLAGGED ANSWERED KEYWORD $Forwarded KEYWORD Work UNSEEN"); !slices.Contains(got, "* SEARCH 1 2 3") {
				t.Errorf("flagged on the server: %q", got)
			}
			other.Exec("EXAMINE Drafts")
			if got := other.Exec(`UID SEARCH DRAFT SEEN HEADER Message-ID "<d1@x>"`); !slices.Contains(got, "* SEARCH 1") {
				t.Errorf("drafts on the server: %q", got)
			}
			other.Exec("LOGOUT")
			e.sync()
			if got := e.row("Drafts", "entwurf"); got.ID != id {
				t.Errorf("the draft became %d, was %d", got.ID, id)
			}
			if got := e.row("Archive", "message 7"); !got.Flags.Has(store.Flagged) {
				t.Errorf("moved without its flags: %v", got.Flags.Names())
			}
			var files [][]byte
			for _, raw := range d.Maildir(t, user, "Drafts") { // Dovecot writes LF
				files = append(files, bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")))
			}
			wantSame(t, "Drafts", e.sums("Drafts"), sumsOf(files))
			e.settled()
		})
	}
}

func TestDovecotIdle(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	spread(t, d, user, 10)
	e := dovecotEnv(t, d, user, "imaps")
	e.sync()
	s := e.open()
	if news, err := s.Idle(t.Context(), "", 50*time.Millisecond, nil); news || err != nil {
		t.Errorf("quiet: %v, %v", news, err)
	}
	other := d.Client(t, user)
	news := make(chan error, 1)
	go func() {
		ok, err := s.Idle(t.Context(), "INBOX", time.Minute, nil)
		if err == nil && !ok {
			err = fmt.Errorf("no news")
		}
		news <- err
	}()
	other.Append("INBOX", mail(77))
	if err := <-news; err != nil {
		t.Fatal(err)
	}
	if p, err := s.Pull(t.Context(), []string{"INBOX"}); err != nil || p.New != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}
