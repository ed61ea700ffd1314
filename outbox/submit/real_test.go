package submit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"strconv"
	"strings"
	"testing"

	"mua/account"
	"mua/account/realservers"
	"mua/account/wire"
	"mua/outbox"
	"mua/outbox/submit"
	"mua/store"
)

var real realservers.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	real.Close()
	os.Exit(code)
}

// realAccount is one of a user of the real Postfix.
func realAccount(t *testing.T, user string, s account.Security) *account.Account {
	t.Helper()
	p := real.Postfix(t)
	addr := p.SMTP
	if s == account.TLS {
		addr = p.SMTPS
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(port)
	return &account.Account{Name: "real", From: mail.Address{Address: user + "@" + realservers.Domain}, TLSCA: p.CAFile,
		Outgoing: &account.Endpoint{Protocol: account.SMTP, Security: s, Host: host, Port: n, User: user},
		Password: account.Secret{Plain: realservers.Password}}
}

// complete is a message to which Postfix has nothing to add.
func complete(from, subject, body string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: some@example.org\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%s@mua>\r\nSubject: %s\r\n\r\n%s",
		from, subject, subject, body)
}

// belowTrace is what remains of a delivered message without what the servers put on top.
func belowTrace(delivered []byte) []byte {
	_, rest, _ := bytes.Cut(delivered, []byte("\nFrom: "))
	return append([]byte("From: "), rest...)
}

// arrived waits for the message with that subject in u1's INBOX.
func arrived(t *testing.T, subject string) []byte {
	t.Helper()
	d := real.Dovecot(t)
	for n := 1; ; n++ {
		for _, m := range d.Wait(t, d.User, "INBOX", n) {
			if bytes.Contains(m, []byte("\nSubject: "+subject+"\n")) {
				return m
			}
		}
	}
}

func crlf(b []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

func TestPostfixTakesTheBytesAsTheyAre(t *testing.T) {
	for _, security := range []account.Security{account.TLS, account.StartTLS} {
		d := real.Dovecot(t)
		user := d.User
		a := realAccount(t, user, security)
		s, err := submit.Submitter{}.Connect(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		me := user + "@" + realservers.Domain
		bodies := []string{
			"hello\r\n", ".\r\n..\r\n.dot\r\n", strings.Repeat("x", 990) + "\r\n", "é 会議\r\n", strings.Repeat("many lines\r\n", 200_000),
		}
		for i, b := range bodies {
			subject := fmt.Sprint(security, i)
			raw := complete(me, subject, b)
			res, err := s.Send(t.Context(), outbox.Envelope{Sender: me, Recipients: []string{me}}, raw, func([]outbox.Result) error { return nil })
			if err != nil || states(res) != user+" accepted 250" {
				t.Fatalf("%d: %s, %v", i, states(res), err)
			}
			if got := arrived(t, subject); !bytes.Equal(crlf(belowTrace(got)), raw) {
				t.Errorf("%d: not what was sent: %.300q", i, got)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPostfixOutcomes(t *testing.T) {
	d := real.Dovecot(t)
	user := d.User
	a := realAccount(t, user, account.TLS)
	s, err := submit.Submitter{}.Connect(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	me := user + "@" + realservers.Domain
	send := func(body []byte, to ...string) string {
		res, err := s.Send(t.Context(), outbox.Envelope{Sender: me, Recipients: to}, body, func([]outbox.Result) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return states(res)
	}
	if got := send(complete(me, "a", "hi\r\n"), me, "nobody-here@example.org", realservers.Deferred, realservers.Refused); got !=
		user+" accepted 250, nobody-here refused 550, defer deferred 450, refuse refused 550" {
		t.Error(got)
	}
	if got := send(complete(me, "b", "hi\r\n"), "nobody-here@example.org"); got != "nobody-here refused 550" {
		t.Error(got)
	}
	big := complete(me, "c", strings.Repeat("0123456789\r\n", realservers.SizeLimit/12+1))
	if got := send(big, me); got != user+" refused 552" {
		t.Error(got)
	}
	if got := send(complete(me, "d", "hi\r\n"), me); got != user+" accepted 250" {
		t.Error(got)
	}
	arrived(t, "a")
	arrived(t, "d")
}

func TestPostfixLogin(t *testing.T) {
	d := real.Dovecot(t)
	user := d.User
	a := realAccount(t, user, account.TLS)
	r, err := submit.Check(t.Context(), a, wire.Options{})
	if err != nil || r.Protocol != "smtp" || !strings.HasPrefix(r.TLS, "TLS 1.") || r.Login != user+" (PLAIN)" || len(r.Capabilities) < 4 {
		t.Errorf("%+v, %v", r, err)
	}
	a.Password.Plain = "wrong"
	_, err = submit.Check(t.Context(), a, wire.Options{})
	if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindLogin || !strings.Contains(tr.What, "535") {
		t.Errorf("%v", err)
	}
	a.TLSCA = ""
	_, err = submit.Check(t.Context(), a, wire.Options{})
	if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind == account.KindLogin || !strings.Contains(tr.What, "certificate") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = submit.Check(ctx, a, wire.Options{}); err == nil {
		t.Error("a finished context connects")
	}
}

// TestFlushToPostfix goes the whole way: spooled in the store, accepted by Postfix, in Dovecot's Maildir.
func TestFlushToPostfix(t *testing.T) {
	d := real.Dovecot(t)
	a := realAccount(t, d.User, account.StartTLS)
	me := d.User + "@" + realservers.Domain
	p := openPost(t, nil)
	f := &outbox.Flusher{Store: p.st, Account: a, AccountID: p.acct, Submitter: submit.Submitter{}}
	raw := complete(me, "spooled", "line\r\n.dot\r\n")
	spool := func(raw []byte, to ...string) store.OutboxID {
		t.Helper()
		id, _, err := p.st.Spool(t.Context(), store.SpoolRequest{Account: p.acct, Sender: me, Recipients: to, Wire: raw,
			MessageID: "<spooled@mua>", Policy: store.PolicyAsk, SaveSent: true})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	partial := spool(raw, me, "nobody-here@example.org")
	deferred := spool(complete(me, "later", "x\r\n"), realservers.Deferred)
	refused := spool(complete(me, "never", "x\r\n"), realservers.Refused)
	s, err := f.Flush(t.Context())
	if err != nil || s.Partial != 1 || s.Queued != 1 || s.Failed != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	p.is(partial, "partial answer: "+d.User+" accepted 250, nobody-here refused 550")
	p.is(deferred, "queued retry: defer deferred 450")
	p.is(refused, "failed: refuse refused 550")
	if got := arrived(t, "spooled"); !bytes.Equal(crlf(belowTrace(got)), raw) {
		t.Errorf("%q", got)
	}
	real.Postfix(t).Stop()
	alone := spool(complete(me, "offline", "x\r\n"), me)
	_, err = f.Flush(t.Context())
	if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindNetwork {
		t.Errorf("%v", err)
	}
	p.is(alone, "queued network: "+d.User+" pending 0")
	if err := real.Postfix(t).Start(); err != nil {
		t.Fatal(err)
	}
	if it, err := f.One(t.Context(), alone); err != nil || it.State != store.Sent {
		t.Errorf("%+v, %v", it, err)
	}
	arrived(t, "offline")
}
