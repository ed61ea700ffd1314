package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

func dialIMAP(t *testing.T, s *Servers) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialTLS(s.IMAPS, &imapclient.Options{TLSConfig: s.clientTLS(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(s.User, s.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// odd is a message that a parser would mend: bare LF, NUL-free 8-bit, a line that
// is no field, dots at line starts, no line end at the end.
const odd = "Subject:  odd \r\nno field\r\nX-Eight: \xe4\r\n\r\n.dot\r\n..dots\r\nbare\nend\x00"

func fetchAll(t *testing.T, c *imapclient.Client, mailbox string) (raws []string, flags [][]imap.Flag) {
	t.Helper()
	if _, err := c.Select(mailbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	set := imap.UIDSet{}
	set.AddRange(1, 0)
	msgs, err := c.Fetch(set, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range msgs {
		raws = append(raws, string(m.FindBodySection(whole)))
		flags = append(flags, m.Flags)
	}
	return raws, flags
}

func TestIMAPKeepsOctets(t *testing.T) {
	s := start(t, Options{})
	s.Deliver("INBOX", []byte(odd), `\Seen`)
	c := dialIMAP(t, s)
	raws, flags := fetchAll(t, c, "INBOX")
	if len(raws) != 1 || raws[0] != odd || !slices.Equal(flags[0], []imap.Flag{imap.FlagSeen}) {
		t.Fatalf("%q %v", raws, flags)
	}
	a := c.Append("Sent", int64(len(odd)), nil)
	io.WriteString(a, odd)
	a.Close()
	if data, err := a.Wait(); err != nil || data.UID != 1 {
		t.Fatal(data, err)
	}
	if got := s.Messages("Sent"); len(got) != 1 || string(got[0]) != odd {
		t.Fatalf("%q", got)
	}
	if n := s.Counts().IMAP; n.Sessions != 1 || n.Logins != 1 || n.Commands["UID FETCH"] != 1 || n.Commands["APPEND"] != 1 {
		t.Fatalf("%+v", n)
	}
}

// TestIMAPHalfALiteral: a connection that ends within an APPEND leaves nothing (RFC 9051 6.3.12: not a part of it).
func TestIMAPHalfALiteral(t *testing.T) {
	s := start(t, Options{})
	c := dialRaw(t, s.IMAPS, s.clientTLS(t))
	c.line()
	c.say("a LOGIN " + s.User + " " + s.Password)
	c.line()
	c.say("b APPEND Sent {100}")
	if l := c.line(); !strings.HasPrefix(l, "+") {
		t.Fatal(l)
	}
	c.say("Subject: half")
	c.Close()
	s.Close() // waits for what is under way
	if got := s.Messages("Sent"); len(got) != 0 {
		t.Fatalf("%q", got)
	}
}

func TestIMAPRolesAndStatus(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s)
	l, err := c.List("", "*", &imap.ListOptions{ReturnSpecialUse: true, ReturnStatus: &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]imap.MailboxAttr{}
	for _, m := range l {
		if m.Status == nil || *m.Status.NumMessages != 0 || m.Status.UIDNext != 1 {
			t.Fatalf("%+v", m)
		}
		for _, a := range m.Attrs {
			if a != imap.MailboxAttrHasNoChildren {
				roles[m.Mailbox] = a
			}
		}
	}
	if len(l) != 6 || roles["Sent"] != imap.MailboxAttrSent || roles["Junk"] != imap.MailboxAttrJunk {
		t.Fatal(roles)
	}
}

func TestIMAPMoveStoreExpunge(t *testing.T) {
	s := start(t, Options{})
	for i := range 3 {
		s.Deliver("INBOX", fmt.Appendf(nil, "Subject: %d\r\n\r\n", i))
	}
	c := dialIMAP(t, s)
	if _, err := c.Select("inbox", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	data, err := c.Move(imap.UIDSetNum(2), "Archive").Wait()
	if err != nil || data.DestUIDs.String() != "1" {
		t.Fatal(data, err)
	}
	store := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted, "$Label"}}
	if err := c.Store(imap.UIDSetNum(3), store, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.List("INBOX"); len(got) != 2 || !slices.Equal(got[1].Flags, []string{"$Label", `\Deleted`}) {
		t.Fatalf("%+v", got)
	}
	seqs, err := c.UIDExpunge(imap.UIDSetNum(3)).Collect()
	if err != nil || !slices.Equal(seqs, []uint32{2}) {
		t.Fatal(seqs, err)
	}
	if c.Mailbox().NumMessages != 1 || len(s.Messages("Archive")) != 1 || len(s.Messages("INBOX")) != 1 {
		t.Fatal(c.Mailbox().NumMessages)
	}
	s.Deliver("Archive", []byte("Message-ID: <a@b>\r\nSubject: =?utf-8?q?J=C3=B6?=\r\n\r\nx"))
	if _, err := c.Select("Archive", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	hits, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<a@b>"}}}, nil).Wait()
	if err != nil || fmt.Sprint(hits.AllUIDs()) != "[2]" {
		t.Fatal(hits, err)
	}
}

func TestIMAPIdleTells(t *testing.T) {
	s := start(t, Options{})
	news := make(chan uint32, 8)
	c, err := imapclient.DialTLS(s.IMAPS, &imapclient.Options{TLSConfig: s.clientTLS(t), UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				news <- *d.NumMessages
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(s.User, s.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	s.Deliver("INBOX", []byte("before IDLE"))
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	for want := range uint32(3) {
		select {
		case n := <-news:
			if n != want+1 {
				t.Fatalf("EXISTS %d, want %d", n, want+1)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no news")
		}
		s.Deliver("INBOX", []byte("while IDLE"))
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestIMAPStartTLS(t *testing.T) {
	s := start(t, Options{})
	raw := dialRaw(t, s.IMAP, nil)
	greeting := raw.line()
	if !strings.Contains(greeting, "STARTTLS LOGINDISABLED") || strings.Contains(greeting, "AUTH=") {
		t.Fatal(greeting)
	}
	raw.say("a LOGIN ada x")
	if l := raw.line(); !strings.Contains(l, "a NO [PRIVACYREQUIRED]") {
		t.Fatal(l)
	}
	c, err := imapclient.DialStartTLS(s.IMAP, &imapclient.Options{TLSConfig: s.clientTLS(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Authenticate(sasl.NewPlainClient("", s.User, s.Password)); err != nil {
		t.Fatal(err)
	}
}

func TestWithout(t *testing.T) {
	s := start(t, Options{Without: []string{"MOVE", "IDLE", "8BITMIME", "LIMITS", "TOP"}})
	c := dialIMAP(t, s)
	caps, err := c.Capability().Wait()
	if err != nil || caps.Has(imap.CapMove) || caps.Has(imap.CapIdle) || !caps.Has(imap.CapUIDPlus) {
		t.Fatal(caps, err)
	}
	m := dialSMTP(t, s)
	if ok, _ := m.Extension("8BITMIME"); ok {
		t.Fatal("8BITMIME")
	}
	if ok, _ := m.Extension("SIZE"); !ok {
		t.Fatal("no SIZE")
	}
}
