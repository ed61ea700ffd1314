package demo

import (
	"slices"
	"strings"
	"testing"
)

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
