package submit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mua/account"
	"mua/outbox"
	"mua/outbox/submit"
)

const letter = "From: ada@example.org\r\nSubject: hi\r\n\r\nhello\r\n"

// try connects and sends one message to the recipients; dots counts dotPending.
func try(t *testing.T, s *server, body string, to ...string) (res []outbox.Result, dots int, err error) {
	t.Helper()
	session, err := s.submitter().Connect(t.Context(), s.account())
	if err != nil {
		return nil, 0, err
	}
	defer session.Close()
	e := outbox.Envelope{ID: 1, Sender: "ada@example.org", Recipients: to, Size: int64(len(body))}
	res, err = session.Send(t.Context(), e, []byte(body), func([]outbox.Result) error { dots++; return nil })
	return res, dots, err
}

// states words results: "bob@example.org accepted 250".
func states(res []outbox.Result) string {
	var out []string
	for _, r := range res {
		name, _, _ := strings.Cut(r.Addr, "@")
		out = append(out, fmt.Sprintf("%s %s %d", name, r.State, r.Code))
	}
	return strings.Join(out, ", ")
}

const bob, carol, dave = "bob@example.org", "carol@example.org", "dave@example.org"

// TestOutcomes is the matrix of replies and stages, with and without PIPELINING.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, verb, answer string
		want               string
		lost, over         bool // the dot's answer is lost; the session is over
		plain              string
	}{
		{name: "all well", want: "bob accepted 250, carol accepted 250"},
		{name: "MAIL 4xx", verb: "MAIL", answer: "451 4.3.0 later", want: "bob deferred 451, carol deferred 451"},
		{name: "MAIL 5xx", verb: "MAIL", answer: "550 5.7.1 not you", want: "bob refused 550, carol refused 550"},
		{name: "MAIL 421", verb: "MAIL", answer: "421 4.3.2 closing", want: "bob deferred 421, carol deferred 421", over: true},
		{name: "MAIL garbage", verb: "MAIL", answer: "what?", over: true},
		{name: "MAIL 354", verb: "MAIL", answer: "354 go on", over: true},
		{name: "MAIL closes", verb: "MAIL", answer: hangUp, over: true},
		{name: "MAIL stalls", verb: "MAIL", answer: stall, over: true},
		{name: "RCPT 5xx", verb: "RCPT TO:<bob", answer: "550 5.1.1 who?", want: "bob refused 550, carol accepted 250"},
		{name: "RCPT 4xx", verb: "RCPT TO:<bob", answer: "450 4.2.1 greylisted", want: "bob deferred 450, carol accepted 250"},
		{name: "RCPT 5xx for all", verb: "RCPT", answer: "550 5.1.1 who?", want: "bob refused 550, carol refused 550"},
		{name: "RCPT 421", verb: "RCPT TO:<carol", answer: "421 4.3.2 closing", want: "bob deferred 421, carol deferred 421", over: true},
		{name: "RCPT closes", verb: "RCPT TO:<carol", answer: hangUp, over: true},
		{name: "RCPT garbage", verb: "RCPT TO:<carol", answer: "999 eh", over: true},
		{name: "RCPT 452 first", verb: "RCPT TO:<bob", answer: "452 4.5.3 too many", want: "bob deferred 452, carol accepted 250"},
		{name: "RCPT 452 later", verb: "RCPT TO:<carol", answer: "452 4.5.3 too many", want: "bob accepted 250, carol pending 452"},
		{name: "RCPT 552 later", verb: "RCPT TO:<carol", answer: "552 too many", want: "bob accepted 250, carol pending 552"},
		{name: "RCPT 552 mailbox full", verb: "RCPT TO:<carol", answer: "552 5.2.2 full", want: "bob accepted 250, carol refused 552"},
		{name: "DATA 4xx", verb: "DATA", answer: "451 4.3.0 later", want: "bob deferred 451, carol deferred 451"},
		{name: "DATA 5xx", verb: "DATA", answer: "554 5.7.0 spam", want: "bob refused 554, carol refused 554"},
		{name: "DATA 421", verb: "DATA", answer: "421 closing", want: "bob deferred 421, carol deferred 421", over: true},
		{name: "DATA 250", verb: "DATA", answer: "250 sure", over: true},
		{name: "DATA closes", verb: "DATA", answer: hangUp, over: true},
		{name: "DATA stalls", verb: "DATA", answer: stall, over: true},
		{name: "dot 4xx", verb: ".", answer: "451 4.3.0 disk", want: "bob deferred 451, carol deferred 451"},
		{name: "dot 5xx", verb: ".", answer: "554 5.7.1 spam", want: "bob refused 554, carol refused 554"},
		{name: "dot 421", verb: ".", answer: "421 4.3.2 closing", want: "bob deferred 421, carol deferred 421", over: true},
		{name: "dot 354", verb: ".", answer: "354 more", want: "bob uncertain 0, carol uncertain 0", lost: true},
		{name: "dot garbage", verb: ".", answer: "ok", want: "bob uncertain 0, carol uncertain 0", lost: true},
		{name: "dot closes", verb: ".", answer: hangUp, want: "bob uncertain 0, carol uncertain 0", lost: true},
		{name: "dot stalls", verb: ".", answer: stall, want: "bob uncertain 0, carol uncertain 0", lost: true},
		{name: "dot mixed lines", verb: ".", answer: "250-2.0.0 queued\n451 4.3.0 not", want: "bob uncertain 0, carol uncertain 0", lost: true},
		{name: "dot many lines", verb: ".", answer: "250-2.0.0 queued\n250-2.0.0 as\n250 2.0.0 7", want: "bob accepted 250, carol accepted 250"},
	} {
		for _, pipelining := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/pipelining=%t", c.name, pipelining), func(t *testing.T) {
				t.Parallel()
				s := serve(t, func(conn int, line string) string {
					if c.verb == "" {
						return ""
					}
					return on(c.verb, c.answer)(conn, line)
				})
				if !pipelining {
					s.offers(offered[1:]...)
				}
				res, dots, err := try(t, s, letter, bob, carol)
				if got := states(res); got != c.want {
					t.Errorf("outcomes %q, want %q", got, c.want)
				}
				lost, isLost := errors.AsType[*outbox.LostAfterDot](err)
				if isLost != c.lost {
					t.Errorf("lost %v, want %t (%v)", lost, c.lost, err)
				}
				if (err != nil) != (c.lost || c.over) {
					t.Errorf("error %v", err)
				}
				if err != nil && !isLost {
					if _, ok := errors.AsType[*account.Trouble](err); !ok {
						t.Errorf("not for a reader: %v", err)
					}
				}
				reached := strings.Contains(c.want, "accepted") || c.verb == "."
				if (dots == 1) != reached || dots > 1 {
					t.Errorf("dot pending %d times", dots)
				}
				if len(s.taken()) != 0 && dots == 0 {
					t.Error("a message without a pending dot")
				}
			})
		}
	}
}

// TestConnectRefusals: who is to blame for each answer before the first MAIL.
func TestConnectRefusals(t *testing.T) {
	for _, c := range []struct {
		name, verb, answer string
		kind               account.Kind
		says               string
	}{
		{"greeting 421", "", "421 4.3.2 busy", account.KindTemporary, "busy"},
		{"greeting 554", "", "554 no", account.KindRefused, "no"},
		{"greeting closes", "", hangUp, account.KindTemporary, "closed"},
		{"greeting stalls", "", stall, account.KindTemporary, "answer"},
		{"EHLO 421", "EHLO", "421 busy", account.KindTemporary, "busy"},
		{"EHLO closes", "EHLO", hangUp, account.KindTemporary, "closed"},
		{"EHLO stalls", "EHLO", stall, account.KindTemporary, "answer"},
		{"AUTH 535", "AUTH", "535 5.7.8 wrong password", account.KindLogin, "535 5.7.8 wrong password"},
		{"AUTH 454", "AUTH", "454 4.7.0 backend down", account.KindTemporary, "backend down"},
		{"AUTH 421", "AUTH", "421 4.7.0 not now", account.KindTemporary, "not now"},
		{"AUTH closes", "AUTH", hangUp, account.KindTemporary, "closed"},
		{"AUTH stalls", "AUTH", stall, account.KindTemporary, "answer"},
		{"AUTH garbage", "AUTH", "hm", account.KindTemporary, "SMTP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, on(c.verb, c.answer))
			_, _, err := try(t, s, letter, bob)
			tr, ok := errors.AsType[*account.Trouble](err)
			if !ok || tr.Kind != c.kind || !strings.Contains(tr.What, c.says) || tr.Account != "work" {
				t.Errorf("got %+v (%v)", tr, err)
			}
			if n := len(s.said("AUTH")); n > 1 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

func TestLoginMechanisms(t *testing.T) {
	s := serve(t, func(_ int, line string) string {
		switch line {
		case "AUTH LOGIN":
			return "334 VXNlcm5hbWU6"
		case "YWRh":
			return "334 UGFzc3dvcmQ6"
		case "c2VjcmV0":
			return "235 2.7.0 in"
		}
		return ""
	})
	s.offers("AUTH LOGIN")
	if res, _, err := try(t, s, letter, bob); err != nil || states(res) != "bob accepted 250" {
		t.Errorf("%s, %v", states(res), err)
	}
	s = serve(t, nil)
	s.offers("SIZE")
	_, _, err := try(t, s, letter, bob)
	if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindConfig {
		t.Errorf("no login offered: %v", err)
	}
	a := s.account()
	a.NoAuth = true
	session, err := s.submitter().Connect(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	session.Close()
	if n := len(s.said("AUTH")); n != 0 {
		t.Errorf("%d logins without one configured", n)
	}
}

// TestNoPassword: a secret that cannot be had is no refusal of the server's.
func TestNoPassword(t *testing.T) {
	s := serve(t, nil)
	a := s.account()
	a.Password = account.Secret{Command: "echo locked >&2; exit 1"}
	_, err := s.submitter().Connect(t.Context(), a)
	if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindLogin || tr.Host != "" || len(s.said("")) != 0 {
		t.Errorf("%+v, %v", tr, err)
	}
}

func TestAuthenticationRequiredIsTheAccounts(t *testing.T) {
	for _, verb := range []string{"MAIL", "RCPT"} {
		s := serve(t, on(verb, "530 5.7.0 Authentication required"))
		_, dots, err := try(t, s, letter, bob)
		if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindLogin || dots != 0 {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

// TestNotOffered: what the server said it cannot take costs no transaction.
func TestNotOffered(t *testing.T) {
	for _, c := range []struct {
		name string
		ehlo []string
		body string
		to   []string
		want string
		says string
	}{
		{"too large", []string{"AUTH PLAIN", "SIZE 20"}, letter, []string{bob}, "bob refused 552", "has 45 octets, 127.0.0.1 takes at most 20"},
		{"no size limit", []string{"AUTH PLAIN", "SIZE 0"}, letter, []string{bob}, "bob accepted 250", ""},
		{"8-bit", []string{"AUTH PLAIN"}, "Subject: x\r\n\r\n\xc3\xa9\r\n", []string{bob}, "bob refused 554", "7-bit"},
		{"UTF-8 address", []string{"AUTH PLAIN"}, letter, []string{bob, "é@example.org"}, "bob accepted 250, é refused 553", "SMTPUTF8"},
		{"UTF-8 address taken", []string{"AUTH PLAIN", "SMTPUTF8"}, letter, []string{"é@example.org"}, "é accepted 250", ""},
		{"UTF-8 domain", []string{"AUTH PLAIN"}, letter, []string{"bob@bücher.example"}, "bob accepted 250", ""},
		{"injection", []string{"AUTH PLAIN"}, letter, []string{bob, "x@y> SIZE=1", "a@b\r\nDATA"}, "bob accepted 250, x refused 553, a refused 553", "no valid address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, nil)
			s.offers(c.ehlo...)
			res, _, err := try(t, s, c.body, c.to...)
			if err != nil || states(res) != c.want {
				t.Errorf("%q, %v; want %q", states(res), err, c.want)
			}
			if last := res[len(res)-1]; c.says != "" && (!strings.HasPrefix(last.Text, outbox.NotOffered) || !strings.Contains(last.Text, c.says)) {
				t.Errorf("says %q", last.Text)
			}
			if !strings.Contains(c.want, "accepted") && len(s.said("MAIL")) > 0 {
				t.Error("the server was asked")
			}
			for _, l := range s.said("RCPT") {
				if strings.Contains(l, "SIZE") {
					t.Errorf("injected: %q", l)
				}
			}
		})
	}
}

func TestParametersOfMail(t *testing.T) {
	s := serve(t, nil)
	s.offers("AUTH PLAIN", "SIZE 1000", "8BITMIME", "SMTPUTF8")
	for _, c := range []struct{ body, to, want string }{
		{letter, bob, "MAIL FROM:<ada@example.org> SIZE=45"},
		{"\r\né\r\n", bob, "MAIL FROM:<ada@example.org> SIZE=6 BODY=8BITMIME"},
		{letter, "é@example.org", "MAIL FROM:<ada@example.org> SIZE=45 SMTPUTF8"},
		{letter, "bob@bücher.example", "MAIL FROM:<ada@example.org> SIZE=45"},
	} {
		if _, _, err := try(t, s, c.body, c.to); err != nil {
			t.Fatal(err)
		}
		if said := s.said("MAIL"); said[len(said)-1] != c.want {
			t.Errorf("%q, want %q", said[len(said)-1], c.want)
		}
	}
	if !slices.Contains(s.said("RCPT"), "RCPT TO:<bob@xn--bcher-kva.example>") {
		t.Errorf("IDN: %q", s.said("RCPT"))
	}
}

// TestCanonicalBody greps the wire.
func TestCanonicalBody(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"a\r\nb\r\n", "a\r\nb\r\n"},
		{"a\nb", "a\r\nb\r\n"},
		{"a\rb\r", "a\r\nb\r\n"},
		{"a\r\r\nb", "a\r\n\r\nb\r\n"},
		{"a\n\rb", "a\r\n\r\nb\r\n"},
		{".\r\n..x\r\n", "..\r\n...x\r\n"},
		{"a\n.\nRCPT TO:<x@y>\n", "a\r\n..\r\nRCPT TO:<x@y>\r\n"},
		{"a\r.\rb", "a\r\n..\r\nb\r\n"},
		{"", ""},
	} {
		s := serve(t, nil)
		if _, _, err := try(t, s, c.body, bob); err != nil {
			t.Fatal(err)
		}
		if got := s.taken(); len(got) != 1 || got[0].data != c.want {
			t.Errorf("%q went out as %q, want %q", c.body, got, c.want)
		}
	}
}

// TestReuse: RSET between messages unless the dot was answered 2xx, and no EHLO again.
func TestReuse(t *testing.T) {
	s := serve(t, on("RCPT TO:<carol", "550 5.1.1 who?"))
	session, err := s.submitter().Connect(t.Context(), s.account())
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{bob, carol, bob, dave} {
		e := outbox.Envelope{Sender: "ada@example.org", Recipients: []string{to}}
		if _, err := session.Send(t.Context(), e, []byte(letter), func([]outbox.Result) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	session.Close()
	if len(s.said("RSET")) != 1 || len(s.said("EHLO")) != 1 || len(s.said("QUIT")) != 1 || len(s.taken()) != 3 {
		t.Errorf("%q", s.said(""))
	}
}

// TestDotRefusedHere: when dot pending cannot be recorded, the message is not completed.
func TestDotRefusedHere(t *testing.T) {
	s := serve(t, nil)
	session, err := s.submitter().Connect(t.Context(), s.account())
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	e := outbox.Envelope{Sender: "ada@example.org", Recipients: []string{bob, carol}}
	res, err := session.Send(t.Context(), e, []byte(letter), func(soFar []outbox.Result) error {
		if states(soFar) != "bob accepted 250, carol accepted 250" {
			t.Errorf("so far %q", states(soFar))
		}
		return full
	})
	if !errors.Is(err, full) || len(res) != 0 {
		t.Errorf("%v, %v", res, err)
	}
	session.Close()
	s.ln.Close()
	s.done.Wait()
	if len(s.taken()) != 0 || len(s.said(".")) != 0 || len(s.said("QUIT")) != 0 {
		t.Errorf("the server got %q", s.said(""))
	}
}

// TestContextEnds: before the dot as after it, the end of the context ends the session.
func TestContextEnds(t *testing.T) {
	for _, verb := range []string{"DATA", "."} {
		asked := make(chan struct{}, 1)
		s := serve(t, func(_ int, line string) string {
			if line == verb {
				asked <- struct{}{}
				return stall
			}
			return ""
		})
		ctx, cancel := context.WithCancel(t.Context())
		session, err := submit.Submitter{}.Connect(ctx, s.account()) // has patience: it is not what ends it
		if err != nil {
			t.Fatal(err)
		}
		go func() { <-asked; cancel() }()
		e := outbox.Envelope{Sender: "ada@example.org", Recipients: []string{bob}}
		_, err = session.Send(ctx, e, []byte(letter), func([]outbox.Result) error { return nil })
		_, lost := errors.AsType[*outbox.LostAfterDot](err)
		if err == nil || lost != (verb == ".") || errors.Is(err, outbox.ErrStopped) != lost {
			t.Errorf("%s: %v", verb, err)
		}
	}
}

// TestCutEverywhere breaks the connection after every octet in both directions: what
// the session says must agree with what the server took.
func TestCutEverywhere(t *testing.T) {
	for _, pipelining := range []bool{true, false} {
		for _, up := range []bool{true, false} {
			uncertain := 0
			for n := 0; ; n++ {
				s := serve(t, nil)
				if !pipelining {
					s.offers(offered[1:]...)
				}
				if up {
					s.cuts(n, -1)
				} else {
					s.cuts(-1, n)
				}
				res, dots, err := try(t, s, letter, bob, carol)
				s.ln.Close()
				s.done.Wait()
				_, lost := errors.AsType[*outbox.LostAfterDot](err)
				took, accepted := len(s.taken()), strings.Contains(states(res), "accepted")
				switch {
				case took > 1, accepted && took != 1, took == 1 && !accepted && !lost, lost && dots != 1:
					t.Fatalf("cut at %d (up %t): %q, %v; the server took %d", n, up, states(res), err, took)
				case lost:
					uncertain++
				}
				if accepted && err == nil && len(s.said("QUIT")) == 1 {
					break
				}
				if n > 2000 {
					t.Fatal("no end")
				}
			}
			t.Logf("pipelining %t, up %t: %d cuts leave it uncertain", pipelining, up, uncertain)
		}
	}
}

// TestBabble: a reply without end costs bounded memory and time.
func TestBabble(t *testing.T) {
	for _, answer := range []string{strings.Repeat("250-on and on\n", 50_000) + "250 done", "250 " + strings.Repeat("x", 1<<20)} {
		s := serve(t, on("MAIL", answer))
		_, dots, err := try(t, s, letter, bob)
		if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindTemporary || dots != 0 {
			t.Errorf("%v", err)
		}
	}
}

// TestWordsAreClean: a server's words reach nobody raw.
func TestWordsAreClean(t *testing.T) {
	s := serve(t, on("RCPT", "550 5.1.1 \x1b[31mred\x07 \u202egone"))
	res, _, err := try(t, s, letter, bob)
	if err != nil || res[0].Text != "[31mred gone" || res[0].Enhanced != "5.1.1" {
		t.Errorf("%+v, %v", res, err)
	}
}
