package demo

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func start(t *testing.T, o Options) *Servers {
	t.Helper()
	o.Dir = t.TempDir()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (s *Servers) clientTLS(t *testing.T) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool, ServerName: "localhost"}
}

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

func dialSMTP(t *testing.T, s *Servers) *smtp.Client {
	t.Helper()
	c, err := smtp.DialTLS(s.SMTPS, s.clientTLS(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Auth(sasl.NewPlainClient("", s.User, s.Password)); err != nil {
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

func TestSMTPDelivers(t *testing.T) {
	s := start(t, Options{})
	c := dialSMTP(t, s)
	body := "Subject: hi\r\n\r\n.dot\r\n\xff\r\n"
	if err := send(c, "bob@x.example", []string{"ADA+me@mua.example", "eve@x.example"}, body); err != nil {
		t.Fatal(err)
	}
	got := s.Accepted()
	if len(got) != 1 || string(got[0].Data) != body || len(got[0].To) != 2 || got[0].From != "bob@x.example" {
		t.Fatalf("%+v", got)
	}
	in := s.Messages("INBOX")
	if len(in) != 1 || !strings.HasPrefix(string(in[0]), "Return-Path: <bob@x.example>\r\nReceived: from ") || !strings.HasSuffix(string(in[0]), body) {
		t.Fatalf("%q", in)
	}
}

func send(c *smtp.Client, from string, to []string, body string) error {
	if err := c.Mail(from, nil); err != nil {
		return err
	}
	for _, r := range to {
		if err := c.Rcpt(r, nil); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	io.WriteString(w, body)
	return w.Close()
}

func TestSMTPFaults(t *testing.T) {
	s := start(t, Options{})
	code := func(err error) int {
		var e *smtp.SMTPError
		errors.As(err, &e)
		if e == nil {
			return 0
		}
		return e.Code
	}
	busy := &Answer{Code: 451, Text: "4.3.0 later\nmuch later", Times: 1}
	for name, tc := range map[string]struct {
		f        SMTPFaults
		code     int
		accepted int
	}{
		"mail":         {SMTPFaults{Mail: busy}, 451, 0},
		"rcpt":         {SMTPFaults{Rcpt: map[string]*Answer{"x@x.example": busy}}, 451, 0},
		"data":         {SMTPFaults{Data: busy}, 451, 0},
		"dot":          {SMTPFaults{Dot: busy}, 451, 0},
		"close, taken": {SMTPFaults{Dot: &Answer{When: CloseBefore, Recorded: true, Times: 1}}, 0, 1},
		"close":        {SMTPFaults{Dot: &Answer{When: CloseBefore, Times: 1}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(s.Accepted())
			s.SetFaults(Faults{SMTP: tc.f})
			err := send(dialSMTP(t, s), "a@x.example", []string{"X@x.example"}, "x")
			if err == nil || code(err) != tc.code || len(s.Accepted())-before != tc.accepted {
				t.Fatalf("%v, %d accepted", err, len(s.Accepted())-before)
			}
			if err := send(dialSMTP(t, s), "a@x.example", []string{"x@x.example"}, "x"); err != nil {
				t.Fatalf("not healed: %v", err)
			}
		})
	}
	s.SetFaults(Faults{SMTP: SMTPFaults{Dot: &Answer{When: CloseAfter}}})
	c := dialSMTP(t, s)
	if err := send(c, "a@x.example", []string{"x@x.example"}, "x"); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(); err == nil {
		t.Fatal("still open")
	}
}

// TestSMTPPipelined: a fault's answer is in its place among the library's.
func TestSMTPPipelined(t *testing.T) {
	s := start(t, Options{Without: []string{"AUTH"}})
	s.SetFaults(Faults{SMTP: SMTPFaults{Rcpt: map[string]*Answer{"b@x.example": {Code: 550, Text: "5.1.1 no b"}}}})
	raw := dialRaw(t, s.SMTPS, s.clientTLS(t))
	raw.say("EHLO me\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nRCPT TO:<c@x.example>\r\nDATA")
	var got []string
	for {
		l := raw.line()
		if l[3] == ' ' {
			got = append(got, l[:3])
		}
		if l[:3] == "354" {
			break
		}
	}
	if fmt.Sprint(got) != "[220 250 250 250 550 250 354]" {
		t.Fatal(got)
	}
	raw.say("..x\r\n.\r\nMAIL FROM:<d@x.example>\r\nQUIT")
	for _, want := range []string{"250 2.0.0 OK", "250 2.0.0 Roger", "221"} {
		if l := raw.line(); !strings.HasPrefix(l, want) {
			t.Fatal(l)
		}
	}
	if got := s.Accepted(); len(got) != 1 || string(got[0].Data) != ".x\r\n" {
		t.Fatalf("%+v", got)
	}
}

func TestStartTLSInjection(t *testing.T) {
	s := start(t, Options{})
	s.SetFaults(Faults{Injected: "EVIL\r\n"})
	for addr, talk := range map[string][2]string{s.SMTP: {"STARTTLS", "220"}, s.POP3: {"STLS", "+OK"}, s.IMAP: {"a STARTTLS", "a OK"}} {
		raw := dialRaw(t, addr, nil)
		raw.line()
		raw.say(talk[0])
		if l := raw.line(); !strings.HasPrefix(l, talk[1]) {
			t.Fatal(l)
		}
		if l := raw.line(); l != "EVIL" {
			t.Fatal(l)
		}
	}
}

func TestPOP3(t *testing.T) {
	s := start(t, Options{})
	s.Deliver("INBOX", []byte(odd))
	s.Deliver("INBOX", []byte("Subject: 2\r\n\r\nl1\r\nl2\r\n"))
	plain := dialRaw(t, s.POP3, nil)
	plain.line()
	plain.say("USER ada")
	if l := plain.line(); l != "-ERR TLS first" {
		t.Fatal(l)
	}
	plain.say("CAPA")
	if caps := plain.body(); !slices.Contains(caps, "STLS") || slices.Contains(caps, "USER") {
		t.Fatal(caps)
	}
	c := dialRaw(t, s.POP3S, s.clientTLS(t))
	c.line()
	c.say("USER ada\r\nPASS " + s.Password + "\r\nSTAT\r\nRETR 1\r\nTOP 2 1\r\nUIDL\r\nDELE 1\r\nQUIT")
	for _, want := range []string{"+OK", "+OK 2 messages", "+OK 2 87"} {
		if l := c.line(); l != want {
			t.Fatalf("%q, want %q", l, want)
		}
	}
	want := strings.Split("Subject:  odd |no field|X-Eight: \xe4||..dot|...dots|bare|end", "|")
	if got := c.body(); !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	if got := c.body(); !slices.Equal(got, []string{"Subject: 2", "", "l1"}) {
		t.Fatalf("%q", got)
	}
	if got := c.body(); len(got) != 2 || got[0] == got[1] {
		t.Fatalf("%q", got)
	}
	c.line()
	if c.line(); len(s.Messages("INBOX")) != 1 {
		t.Fatal("not deleted")
	}
}

func TestPOP3STLSAndSASL(t *testing.T) {
	s := start(t, Options{OAuth2: true})
	c := dialRaw(t, s.POP3, nil)
	c.line()
	c.say("STLS")
	c.line()
	c.upgrade(s.clientTLS(t))
	c.say("AUTH XOAUTH2")
	if l := c.line(); l != "+ " {
		t.Fatalf("%q", l)
	}
	c.say("dXNlcj1hZGEBYXV0aD1CZWFyZXIgeAEB") // a wrong token
	if l := c.line(); !strings.HasPrefix(l, "+ ey") {
		t.Fatalf("%q", l)
	}
	c.say("")
	if l := c.line(); !strings.HasPrefix(l, "-ERR [AUTH]") {
		t.Fatalf("%q", l)
	}
	if n := s.Counts().POP3; n.Refused != 1 || n.Logins != 0 {
		t.Fatalf("%+v", n)
	}
}

func TestCuts(t *testing.T) {
	s := start(t, Options{})
	s.SetFaults(Faults{POP3: LineFaults{Cut: &Cut{How: Close, After: 5, Times: 1}}})
	c := dialRaw(t, s.POP3S, s.clientTLS(t))
	b, err := io.ReadAll(c.r)
	if string(b) != "+OK m" {
		t.Fatalf("%q %v", b, err)
	}
	dialRaw(t, s.POP3S, s.clientTLS(t)).line() // healed
	s.SetFaults(Faults{POP3: LineFaults{Cut: &Cut{How: Babble, After: 0}}})
	c = dialRaw(t, s.POP3S, s.clientTLS(t))
	if n, err := io.CopyN(io.Discard, c.r, 1<<20); err != nil {
		t.Fatal(n, err)
	}
	s.SetFaults(Faults{IMAP: LineFaults{Cut: &Cut{How: Chatter, After: 0}}})
	c = dialRaw(t, s.IMAPS, s.clientTLS(t))
	if l := c.line(); l != "* OK still thinking" {
		t.Fatal(l)
	}
	s.SetFaults(Faults{IMAP: LineFaults{Cut: &Cut{How: Stall, After: 3}}})
	c = dialRaw(t, s.IMAPS, s.clientTLS(t))
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if b, err := io.ReadAll(c.r); string(b) != "* O" || !os.IsTimeout(err) {
		t.Fatalf("%q %v", b, err)
	}
}

func TestRefusals(t *testing.T) {
	s := start(t, Options{})
	s.SetFaults(Faults{IMAP: LineFaults{Login: "[UNAVAILABLE] later"}})
	c, err := imapclient.DialTLS(s.IMAPS, &imapclient.Options{TLSConfig: s.clientTLS(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var e *imap.Error
	if err := c.Login(s.User, s.Password).Wait(); !errors.As(err, &e) || e.Code != imap.ResponseCodeUnavailable || e.Text != "later" {
		t.Fatal(err)
	}
	s.SetFaults(Faults{IMAP: LineFaults{Refuse: map[string]string{"SELECT": "not today"}}})
	if err := c.Login(s.User, s.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); !errors.As(err, &e) || e.Text != "not today" {
		t.Fatal(err)
	}
	s.SetFaults(Faults{Latency: 30 * time.Millisecond})
	begin := time.Now()
	if err := c.Noop().Wait(); err != nil || time.Since(begin) < 30*time.Millisecond {
		t.Fatal(err, time.Since(begin))
	}
}

// TestCloseEndsEverything counts goroutines, with clients in every state.
func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	for _, addr := range []string{s.IMAPS, s.IMAP, s.POP3S, s.POP3, s.SMTPS, s.SMTP} {
		for range 2 {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, c)
		}
	}
	idle, err := imapclient.DialTLS(s.IMAPS, &imapclient.Options{TLSConfig: s.clientTLS(t)})
	if err != nil {
		t.Fatal(err)
	}
	idle.Login(s.User, s.Password).Wait()
	idle.Select("INBOX", nil).Wait()
	if _, err := idle.Idle(); err != nil {
		t.Fatal(err)
	}
	dir := s.tempDir
	cancel()
	s.Close()
	idle.Close()
	for _, c := range open {
		c.Close()
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatal("the temporary folder is still there")
	}
}

// raw is a client that says lines.
type raw struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dialRaw(t *testing.T, addr string, config *tls.Config) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	r := &raw{c, t, bufio.NewReader(c)}
	if config != nil {
		r.upgrade(config)
	}
	return r
}

func (r *raw) upgrade(config *tls.Config) {
	r.Conn = tls.Client(r.Conn, config)
	r.r = bufio.NewReader(r.Conn)
}

func (r *raw) say(text string) {
	r.t.Helper()
	if _, err := io.WriteString(r, text+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) line() string {
	r.t.Helper()
	l, err := r.r.ReadString('\n')
	if err != nil {
		r.t.Fatalf("%q %v", l, err)
	}
	return strings.TrimSuffix(l, "\r\n")
}

// body reads a first line and a multi-line answer, still dot-stuffed.
func (r *raw) body() (lines []string) {
	r.t.Helper()
	if l := r.line(); !strings.HasPrefix(l, "+OK") {
		r.t.Fatal(l)
	}
	for {
		l := r.line()
		if l == "." {
			return lines
		}
		lines = append(lines, l)
	}
}
