package imap_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/account/realservers"
	"mua/store"
)

// whole counts the messages of a mailbox, and those whose body is here.
func (e *env) whole(mailbox string) (bodies, all int) {
	for _, r := range e.rows(mailbox) {
		if all++; r.HasBody {
			bodies++
		}
	}
	return bodies, all
}

func (e *env) wantWhole(mailbox string, bodies, all int) {
	e.t.Helper()
	if b, n := e.whole(mailbox); b != bodies || n != all {
		e.t.Errorf("%s: %d bodies of %d messages are here, not %d of %d", mailbox, b, n, bodies, all)
	}
}

func TestWhatIsKeptIsAChoice(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	for i := range 120 {
		srv.Deliver("INBOX", mail(i))
		srv.Deliver("Lists/go", mail(1000+i))
	}
	srv.Deliver("Junk", mail(5000))
	srv.Deliver("Sent", mail(6000))
	set := func(list ...account.OfflineRule) { e.acct.Offline = list }
	set(account.OfflineRule{Pattern: "Lists/*"}, account.OfflineRule{Pattern: "Sent", Keep: account.Keep{For: 24 * time.Hour}})
	e.sync()
	e.wantWhole("INBOX", 120, 120)
	e.wantWhole("Lists/go", 0, 120)
	e.wantWhole("Sent", 1, 1)
	e.wantWhole("Junk", 0, 1) // by default its headers only
	srv.ResetCounts()
	if p := e.sync(); p.New+p.Changed != 0 {
		t.Errorf("%+v", p)
	}
	if c := srv.Counts().IMAP.Commands; c["EXAMINE"] != 0 {
		t.Errorf("what is not kept makes every sync look again: %v", c)
	}

	srv.Deliver("Lists/go", mail(2000)) // new ones too
	e.sync()
	e.wantWhole("Lists/go", 0, 121)
	set() // the choice changes: the next sync fetches
	e.sync()
	e.wantWhole("Lists/go", 121, 121)
	wantSame(t, "Lists/go", e.sums("Lists/go"), sumsOf(srv.Messages("Lists/go")))
	set(account.OfflineRule{Pattern: "*"})
	srv.Deliver("Lists/go", mail(2001))
	e.sync()
	e.wantWhole("Lists/go", 121, 122) // what is here stays
}

func TestKeepByAge(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	for i := range 70 {
		srv.Deliver("INBOX", mail(i))
	}
	e.acct.Offline = []account.OfflineRule{{Pattern: "*", Keep: account.Keep{For: 90 * 24 * time.Hour}}}
	e.o.Now = func() time.Time { return time.Now().Add(100 * 24 * time.Hour) }
	e.sync()
	e.wantWhole("INBOX", 0, 70)
	e.o.Now = nil
	srv.Deliver("INBOX", mail(100))
	e.sync()
	e.wantWhole("INBOX", 71, 71)
}

func TestMailboxesCanBeLeftOut(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	srv.Deliver("Lists/go", mail(2))
	e.sync()
	e.acct.Mailboxes = []string{"*", "!Lists/*"}
	srv.Deliver("Lists/go", mail(3))
	srv.Deliver("INBOX", mail(4))
	srv.ResetCounts()
	p := e.sync()
	if c := srv.Counts().IMAP.Commands; c["EXAMINE"] != 1 || p.New != 1 {
		t.Errorf("%+v, %v", p, c)
	}
	if e.wantWhole("Lists/go", 1, 1); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "Lists/go is left out") {
		t.Errorf("what is here of it stays, and that is said: %q", p.Warnings)
	}
	s := e.open()
	if _, err := s.Pull(t.Context(), []string{"Lists/go"}); err != nil { // asked for by name
		t.Fatal(err)
	}
	e.wantWhole("Lists/go", 2, 2)

	if err := srv.Renumber("Lists/go"); err != nil { // no stale UID is used, and what is found again is no second copy
		t.Fatal(err)
	}
	e.sync()
	if got, warnings := e.search("subject:message in:Lists/go", 50); len(got) != 2 || len(warnings) != 0 {
		t.Errorf("%v, %q", got, warnings)
	}
	e.wantWhole("Lists/go", 2, 2)
}

// large is a message of about n octets.
func large(n int) []byte {
	line := strings.Repeat("x", 74) + "\r\n"
	return []byte("From: a@example.org\r\nSubject: large\r\nMessage-ID: <large@gen.example>\r\n\r\n" + strings.Repeat(line, n/len(line)))
}

func TestFetchBodies(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	e.o.MaxMessage = 1 << 20
	raws := [][]byte{mail(1), large(9 << 20), large(4<<20 - 71), mail(2)}
	for i, raw := range raws[:3] {
		raw = append([]byte(fmt.Sprintf("X-N: %d\r\n", i)), raw...)
		raws[i] = raw
		srv.Deliver("INBOX", raw)
	}
	exact := append([]byte("X-N: exact\r\n"), large(8<<20)...)
	exact = append(exact, bytes.Repeat([]byte("y"), 8<<20)...)[:8<<20] // ends where a piece ends
	srv.Deliver("INBOX", exact)
	raws[3] = exact
	e.acct.Offline = []account.OfflineRule{{Pattern: "*"}}
	e.sync()
	e.wantWhole("INBOX", 0, 4)
	var ids []store.MessageID
	for _, r := range e.rows("INBOX") {
		ids = append(ids, r.ID)
	}
	list, err := e.st.RemoteBodies(t.Context(), ids)
	if err != nil || len(list) != 4 {
		t.Fatalf("%v, %v", list, err)
	}
	s := e.open()
	n, refused, err := s.FetchBodies(t.Context(), list)
	if n != 4 || len(refused) != 0 || err != nil {
		t.Fatalf("%d, %v, %v", n, refused, err)
	}
	wantSame(t, "INBOX", e.sums("INBOX"), sumsOf(raws))
}

func TestFetchBodiesThatAreGone(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	srv.Deliver("INBOX", mail(2))
	e.acct.Offline = []account.OfflineRule{{Pattern: "*"}}
	e.sync()
	a, b := e.row("INBOX", "message 1").ID, e.row("INBOX", "message 2").ID
	if _, err := e.st.WantBodies(t.Context(), []store.MessageID{a, b}); err != nil {
		t.Fatal(err)
	}
	list, _ := e.st.WantedBodies(t.Context(), e.id)
	if err := srv.Expunge("INBOX", srv.List("INBOX")[0].UID); err != nil {
		t.Fatal(err)
	}
	s := e.open()
	n, refused, err := s.FetchBodies(t.Context(), list)
	if n != 1 || err != nil || !strings.Contains(refused[a].Words, "no longer has it") || refused[a].Later {
		t.Errorf("%d, %v, %v", n, refused, err)
	}
	if w, _ := e.st.BodyWish(t.Context(), a); !strings.Contains(w.Words, "no longer has it") {
		t.Errorf("%+v", w)
	}
	if left, _ := e.st.WantedBodies(t.Context(), e.id); len(left) != 0 {
		t.Errorf("asked for without end: %+v", left)
	}

	// UIDs that may mean other messages by now are not used.
	e.fresh()
	e.sync()
	list, _ = e.st.RemoteBodies(t.Context(), []store.MessageID{e.row("INBOX", "message 2").ID})
	if err := srv.Renumber("INBOX"); err != nil {
		t.Fatal(err)
	}
	gone := list[0]
	gone.Message, gone.MailboxName = 0, "No such mailbox"
	_, refused, err = e.open().FetchBodies(t.Context(), append(list, gone))
	if err != nil || !refused[list[0].Message].Later || !strings.Contains(refused[list[0].Message].Words, "anew") || !refused[0].Later {
		t.Errorf("%+v, %v", refused, err)
	}
	if _, err := e.st.Raw(t.Context(), list[0].Message); !errors.Is(err, store.ErrNoBody) {
		t.Errorf("got %v", err)
	}
}

func TestDovecotKeepByAge(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	now := time.Now()
	var list []realservers.Mail
	for i := range 300 {
		list = append(list, realservers.Mail{Raw: mail(i), Received: now.Add(-time.Duration(300-i) * 24 * time.Hour)})
	}
	d.AddMaildir(t, user, "INBOX", list...)
	d.AddMaildir(t, user, "Archive", realservers.Mail{Raw: large(6 << 20), Received: now.Add(-time.Hour)})
	e := dovecotEnv(t, d, user, "imaps")
	e.o.MaxMessage = 1 << 20
	e.acct.Offline = []account.OfflineRule{{Pattern: "*", Keep: account.Keep{For: 90*24*time.Hour + time.Hour}}}
	e.sync()
	e.wantWhole("INBOX", 90, 300)
	for i, r := range e.rows("INBOX") {
		if r.HasBody != (i < 90) {
			t.Fatalf("the body of the message %d from the newest, of %v: %v", i, r.Received, r.HasBody)
		}
	}
	e.acct.Offline[0].Keep = account.Keep{For: 150*24*time.Hour + time.Hour} // the window grows
	e.sync()
	e.wantWhole("INBOX", 150, 300)

	e.wantWhole("Archive", 0, 1) // too large: on request, in pieces
	ids := []store.MessageID{e.row("Archive", "large").ID, e.row("INBOX", "message 3").ID}
	bodies, err := e.st.RemoteBodies(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	n, refused, err := e.open().FetchBodies(t.Context(), bodies)
	if n != 2 || len(refused) != 0 || err != nil {
		t.Fatalf("%d, %v, %v", n, refused, err)
	}
	wantSame(t, "Archive", e.sums("Archive"), sumsOf([][]byte{large(6 << 20)}))
}

// TestReportsComeWhole: what a delivery report says is in its body, and is wanted where only headers are kept as well.
func TestReportsComeWhole(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	report := func(i, size int) []byte {
		return fmt.Appendf(nil, "From: MAILER-DAEMON@example.org\r\nTo: ada@example.org\r\nSubject: returned %d\r\nMessage-ID: <r%d@example.org>\r\nContent-Type: multipart/report;\r\n report-type=Delivery-Status; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n",
			i, i, strings.Repeat("x\r\n", size/3))
	}
	srv.Deliver("Junk", mail(5000))
	srv.Deliver("Junk", report(1, 100))
	srv.Deliver("Junk", report(2, 1<<20)) // no report is as long
	e.sync()
	e.wantWhole("Junk", 1, 3)
	srv.Deliver("Junk", report(3, 100))
	srv.Deliver("Junk", mail(5001))
	e.sync()
	e.wantWhole("Junk", 2, 5)
	e.settled()
}
