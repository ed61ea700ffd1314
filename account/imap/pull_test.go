package imap_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/account/imap"
	"mua/store"
)

func TestPullBringsEverythingOnce(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{Samples: true})
	e.acct.Mailboxes = []string{"*"} // Junk like the rest
	for i := range 300 {
		srv.Deliver("INBOX", mail(i))
	}
	srv.Deliver("Projekte/Übersee", mail(1000))
	first := e.sync()
	total := 0
	for _, name := range srv.Mailboxes() {
		wantSame(t, name, e.sums(name), sumsOf(srv.Messages(name)))
		total += len(srv.Messages(name))
	}
	if first.New != total || first.Changed != 0 || first.Removed != 0 || len(first.Warnings) != 0 {
		t.Errorf("first pull: %+v, want %d new", first, total)
	}
	srv.ResetCounts()
	if second := e.sync(); second.New+second.Changed+second.Removed != 0 {
		t.Errorf("second pull: %+v", second)
	}
	if c := srv.Counts().IMAP; c.Commands["EXAMINE"]+c.Commands["SELECT"]+c.Commands["UID FETCH"]+c.Commands["FETCH"] != 0 {
		t.Errorf("a sync with nothing new gave %v", c.Commands)
	}
	if role := e.mailbox("INBOX").Role; role != store.RoleInbox {
		t.Errorf("INBOX has role %q", role)
	}
}

func TestPullIncremental(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	now := time.Now()
	e.o.Now = func() time.Time { return now }
	for i := range 60 {
		srv.Deliver("INBOX", mail(i))
	}
	e.sync()
	list := srv.List("INBOX")
	srv.Deliver("INBOX", mail(100))
	srv.Deliver("INBOX", mail(101), `\Seen`)
	if err := srv.Flag("INBOX", list[3].UID, `\Seen`, `\Flagged`, "$Forwarded", "Work"); err != nil {
		t.Fatal(err)
	}
	if err := srv.Expunge("INBOX", list[5].UID, list[50].UID); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute) // the demo has no CONDSTORE: flags are compared on a timer
	p := e.sync()
	if p.New != 2 || p.Changed != 1 || p.Removed != 2 {
		t.Errorf("got %+v", p)
	}
	r := e.row("INBOX", "message 3")
	if !r.Flags.Has(store.Seen|store.Flagged|store.Forwarded) || !slices.Equal(r.Keywords, []string{"Work"}) {
		t.Errorf("flags %v %v", r.Flags.Names(), r.Keywords)
	}
	if !e.row("INBOX", "message 101").Flags.Has(store.Seen) {
		t.Error("a new message lost its flag")
	}
	wantSame(t, "INBOX", e.sums("INBOX"), sumsOf(srv.Messages("INBOX")))
}

func TestPullWithoutExtensions(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{Without: []string{"LIST-STATUS", "LIST-EXTENDED", "SPECIAL-USE", "ESEARCH", "NAMESPACE", "MOVE", "UIDPLUS", "IDLE", "SASL-IR", "CHILDREN"}})
	for i := range 30 {
		srv.Deliver("INBOX", mail(i))
		srv.Deliver("Gesendet", mail(200+i))
	}
	e.sync()
	if err := srv.Expunge("INBOX", srv.List("INBOX")[4].UID); err != nil {
		t.Fatal(err)
	}
	if p := e.sync(); p.Removed != 1 {
		t.Errorf("got %+v", p)
	}
	for _, name := range []string{"INBOX", "Gesendet"} {
		wantSame(t, name, e.sums(name), sumsOf(srv.Messages(name)))
	}
}

func TestPullStartTLS(t *testing.T) {
	srv := startDemo(t, demo.Options{Samples: true})
	e := newEnv(t, srv.ConfigFor("demo", "imap", ""))
	if p := e.sync(); p.New == 0 {
		t.Errorf("got %+v", p)
	}
}

func TestNewestFirstAndReadableMeanwhile(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	for i := range 200 {
		srv.Deliver("INBOX", mail(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e.o.Progress = func(s account.Status) {
		if s.Phase == account.Pulling && s.Done >= 1 {
			cancel()
		}
	}
	p, err := e.trySync(ctx)
	wantTrouble(t, err, account.KindTemporary)
	rows := e.rows("INBOX")
	if len(rows) < 50 || len(rows) == 200 {
		t.Fatalf("%d messages are here when the first body is", len(rows))
	}
	if want := fmt.Sprintf("%d new messages are here", len(rows)); p.New != len(rows) || !strings.Contains(err.Error(), want) {
		t.Errorf("an interrupted pull says %q and counts %d, want %q", err, p.New, want)
	}
	e.row("INBOX", "message 199")
	e.o.Progress = nil
	if p := e.sync(); p.New != 200-len(rows) {
		t.Errorf("going on brought %d new ones to %d", p.New, len(rows))
	}
	wantSame(t, "INBOX", e.sums("INBOX"), sumsOf(srv.Messages("INBOX")))
}

// TestOneSecond: what arrived within one second is listed newest first, in one pull or in two.
func TestOneSecond(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	srv, e := demoEnv(t, demo.Options{Now: func() time.Time { return at }})
	for i := range 5 {
		srv.Deliver("INBOX", mail(i))
	}
	e.sync()
	for i := range 5 {
		srv.Deliver("INBOX", mail(5+i))
	}
	e.sync()
	for i, r := range e.rows("INBOX") {
		if want := fmt.Sprintf("message %d", 9-i); r.Subject != want {
			t.Errorf("row %d is %q, not %q", i, r.Subject, want)
		}
	}
}

func TestUIDValidityChange(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	for i := range 80 {
		srv.Deliver("INBOX", mail(i))
	}
	e.sync()
	ids := map[string]store.MessageID{}
	for _, r := range e.rows("INBOX") {
		ids[r.Subject] = r.ID
	}
	if err := srv.Renumber("INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := srv.Expunge("INBOX", srv.List("INBOX")[0].UID); err != nil {
		t.Fatal(err)
	}
	srv.Deliver("INBOX", mail(500))
	srv.ResetCounts()
	p := e.sync()
	if p.New != 1 || p.Removed != 1 {
		t.Errorf("got %+v", p)
	}
	for _, r := range e.rows("INBOX") {
		if id, ok := ids[r.Subject]; ok && id != r.ID {
			t.Errorf("%s changed its id", r.Subject)
		}
	}
	wantSame(t, "INBOX", e.sums("INBOX"), sumsOf(srv.Messages("INBOX")))
}

func TestMostOfAMailboxGoneIsNotMirrored(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	for i := range 30 {
		srv.Deliver("INBOX", mail(i))
		srv.Deliver("Archive", mail(100+i))
	}
	e.sync()
	if err := srv.Expunge("INBOX"); err != nil {
		t.Fatal(err)
	}
	srv.Deliver("INBOX", mail(77))
	srv.Deliver("Archive", mail(200))
	_, err := e.trySync(t.Context())
	wantTrouble(t, err, account.KindOther, "30 of 30", "INBOX", "--confirm-removal")
	if n := len(e.rows("INBOX")); n != 31 {
		t.Errorf("INBOX has %d messages", n)
	}
	e.row("Archive", "message 200") // the others go on
	e.o.ConfirmRemoval = true
	if p := e.sync(); p.Removed != 30 {
		t.Errorf("got %+v", p)
	}
}

func TestTooLargeStaysAHeader(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	e.o.MaxMessage = 10_000
	big := append(mail(1), []byte(strings.Repeat("0123456789\r\n", 2000))...)
	srv.Deliver("INBOX", big)
	srv.Deliver("INBOX", mail(4))
	for i := range 60 {
		srv.Deliver("INBOX", mail(1000+10*i))
	}
	e.sync()
	if r := e.row("INBOX", "message 1"); r.HasBody || r.Size != int64(len(big)) {
		t.Errorf("got %+v", r)
	}
	if r := e.row("INBOX", "message 4"); !r.HasBody {
		t.Error("the small one has no body")
	}
	srv.ResetCounts()
	e.sync()
	if c := srv.Counts().IMAP; c.Commands["EXAMINE"] != 0 {
		t.Errorf("selected again: %v", c.Commands)
	}
}

func TestPullOfOneMailbox(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	srv.Deliver("Other", mail(2))
	s := e.open()
	p, err := s.Pull(t.Context(), []string{"Other"})
	if err != nil || p.New != 1 {
		t.Fatalf("got %+v, %v", p, err)
	}
	_, err = s.Pull(t.Context(), []string{"nowhere"})
	wantTrouble(t, err, account.KindNotFound, "nowhere")
}

func TestWrongPassword(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	e.acct.Password = account.Secret{Plain: "wrong"}
	_, err := imap.Open(t.Context(), e.acct, e.st, e.o)
	wantTrouble(t, err, account.KindLogin, "127.0.0.1")
	if c := srv.Counts().IMAP; c.Refused != 1 {
		t.Errorf("%d tries", c.Refused)
	}
	srv.SetFaults(demo.Faults{IMAP: demo.LineFaults{Login: "[UNAVAILABLE] database is down"}})
	_, err = imap.Open(t.Context(), e.acct, e.st, e.o)
	wantTrouble(t, err, account.KindTemporary, "database is down")
}

func TestCheck(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	r, err := imap.Check(t.Context(), e.acct, e.o)
	if err != nil || r.Host != srv.IMAPS || !strings.HasPrefix(r.TLS, "TLS 1.") || r.Login != "ada (PLAIN)" || !slices.Contains(r.Capabilities, "IDLE") {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestIdle(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	e.sync()
	s := e.open()
	if news, err := s.Idle(t.Context(), "INBOX", 50*time.Millisecond, nil); news || err != nil {
		t.Errorf("quiet: %v, %v", news, err)
	}
	done := make(chan error, 1)
	go func() {
		news, err := s.Idle(t.Context(), "INBOX", time.Minute, nil)
		if err == nil && !news {
			err = fmt.Errorf("no news")
		}
		done <- err
	}()
	until(t, func() bool { return srv.Counts().IMAP.Commands["IDLE"] >= 2 })
	srv.Deliver("INBOX", mail(2))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if p, err := s.Pull(t.Context(), []string{"INBOX"}); err != nil || p.New != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	wake, sessions := make(chan struct{}), srv.Counts().IMAP.Sessions
	go func() { _, err := s.Idle(t.Context(), "INBOX", time.Minute, wake); done <- err }()
	until(t, func() bool { return srv.Counts().IMAP.Commands["IDLE"] >= 3 })
	close(wake)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pull(t.Context(), nil); err != nil || srv.Counts().IMAP.Sessions != sessions {
		t.Errorf("after a wake-up the session is not the same: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _, err := s.Idle(ctx, "INBOX", time.Minute, nil); done <- err }()
	until(t, func() bool { return srv.Counts().IMAP.Commands["IDLE"] >= 4 })
	cancel()
	wantTrouble(t, <-done, account.KindTemporary)
}

// TestFirstPullBesideUnsentCopies: what waits to be put on the server has not vanished from it.
func TestFirstPullBesideUnsentCopies(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("Drafts", mail(1))
	const n = 30
	for i := range n {
		must(e.st.SaveDraft(t.Context(), e.id, mail(100+i), 0))(t)
	}
	s := e.open()
	defer s.Close()
	if _, err := s.Pull(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := len(e.rows("Drafts")); got != n+1 {
		t.Errorf("%d drafts, not %d", got, n+1)
	}
	e.replay()
	if got := len(srv.Messages("Drafts")); got != n+1 {
		t.Errorf("%d drafts on the server, not %d", got, n+1)
	}
}
