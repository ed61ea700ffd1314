package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

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

// TestSMTPFiles: a server that files what it accepts has it in Sent when it answers.
func TestSMTPFiles(t *testing.T) {
	s := start(t, Options{FilesSent: true})
	if err := send(dialSMTP(t, s), "ada@mua.example", []string{"eve@x.example"}, "Subject: hi\r\n\r\nx\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := s.Messages("Sent"); len(got) != 1 || !bytes.Equal(got[0], s.Accepted()[0].Data) {
		t.Fatalf("%q", got)
	}
}
