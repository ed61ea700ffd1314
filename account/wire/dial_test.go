package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mua/account"
)

// scripts of a STARTTLS server for each protocol, up to the answer that starts the handshake.
var startScripts = map[account.Protocol]func(p *peer, last string){
	account.IMAP: func(p *peer, last string) {
		p.say("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=EVIL] hello\r\n")
		tag, _ := cutWord(p.hear())
		p.say("* NO be warned\r\n" + tag + " OK go on\r\n" + last)
	},
	account.POP3: func(p *peer, last string) {
		p.say("+OK hello <1.2@pop>\r\n")
		p.hear()
		p.say("+OK go on\r\n" + last)
	},
	account.SMTP: func(p *peer, last string) {
		p.say("220-hello\r\n220 there\r\n")
		p.hear()
		p.say("250-me\r\n250-AUTH EVIL\r\n250 STARTTLS\r\n")
		p.hear()
		p.say("220 go on\r\n" + last)
	},
}

var firstLine = map[account.Protocol]string{account.IMAP: "* OK ready", account.POP3: "+OK ready", account.SMTP: "220 ready"}

func TestStartTLS(t *testing.T) {
	ca := newCA(t)
	cfg := ca.server(t, nil)
	for proto, script := range startScripts {
		t.Run(string(proto), func(t *testing.T) {
			e := serve(t, proto, account.StartTLS, nil, func(p *peer) {
				script(p, "")
				p = p.startTLS(cfg)
				p.say("safe " + p.hear() + "\r\n")
				p.wait()
			})
			c, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Write([]byte("ping\r\n")); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(c)
			for _, want := range []string{firstLine[proto], "safe ping"} {
				if l, err := r.ReadString('\n'); err != nil || l != want+"\r\n" {
					t.Errorf("%q, %v; want %q", l, err, want)
				}
			}
			if s := c.TLS(); s == nil || s.Version < tls.VersionTLS12 {
				t.Error("no TLS")
			}
			if !strings.Contains(c.Greeting(), "hello") {
				t.Errorf("greeting %q", c.Greeting())
			}
		})
	}
}

func TestInjectionAfterStartTLS(t *testing.T) {
	ca := newCA(t)
	cfg := ca.server(t, nil)
	for proto, script := range startScripts {
		e := serve(t, proto, account.StartTLS, nil, func(p *peer) {
			script(p, "* OK evil\r\n")
			p.startTLS(cfg).wait()
		})
		_, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, Options{})
		if err == nil {
			t.Fatal(proto, "connected")
		}
		// Depending on how the octets travel they are seen before the handshake or break it.
		if tr := err.(*account.Trouble); tr.Kind != account.KindOther {
			t.Errorf("%s: %v", proto, err)
		}
	}
}

func TestStripped(t *testing.T) {
	for _, c := range []struct {
		name   string
		proto  account.Protocol
		script func(*peer)
		kind   account.Kind
		words  string
	}{
		{"imap refuses", account.IMAP, func(p *peer) { p.say("* OK hi\r\n"); p.hear(); p.say("S0 BAD what\r\n"); p.wait() }, account.KindOther, "does not offer STARTTLS: what"},
		{"imap preauth", account.IMAP, func(p *peer) { p.say("* PREAUTH hi\r\n"); p.wait() }, account.KindOther, "before TLS"},
		{"imap bye", account.IMAP, func(p *peer) { p.say("* BYE too\x1b[2J many\r\n"); p.wait() }, account.KindTemporary, "refuses the connection: too [2J many"},
		{"pop3 refuses", account.POP3, func(p *peer) { p.say("+OK hi\r\n"); p.hear(); p.say("-ERR no\r\n"); p.wait() }, account.KindOther, "does not offer STARTTLS: no"},
		{"pop3 in use", account.POP3, func(p *peer) { p.say("-ERR [IN-USE] wait\r\n") }, account.KindTemporary, "try later"},
		{"pop3 greeting", account.POP3, func(p *peer) { p.say("-ERR overload\r\n") }, account.KindTemporary, "overload"},
		{"smtp without", account.SMTP, func(p *peer) { p.say("220 hi\r\n"); p.hear(); p.say("250-me\r\n250 AUTH PLAIN\r\n"); p.wait() }, account.KindOther, "No password was sent"},
		{"smtp 454", account.SMTP, func(p *peer) {
			p.say("220 hi\r\n")
			p.hear()
			p.say("250 STARTTLS\r\n")
			p.hear()
			p.say("454 not now\r\n")
		}, account.KindTemporary, "454 not now"},
		{"smtp 421", account.SMTP, func(p *peer) { p.say("421 4.3.2 later\r\n") }, account.KindTemporary, "421"},
		{"smtp 554", account.SMTP, func(p *peer) { p.say("554-never\r\n554 you\r\n") }, account.KindRefused, "never you"},
		{"smtp 421 at EHLO", account.SMTP, func(p *peer) { p.say("220 hi\r\n"); p.hear(); p.say("421 shutting down\r\n") }, account.KindTemporary, "shutting down"},
		{"foreign", account.SMTP, func(p *peer) { p.say("SSH-2.0-OpenSSH\r\n"); p.wait() }, account.KindTemporary, "does not greet as SMTP"},
		{"no TLS behind", account.POP3, func(p *peer) { startScripts[account.POP3](p, ""); p.say("gotcha, gotcha\r\n"); p.wait() }, account.KindOther, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := serve(t, c.proto, account.StartTLS, nil, c.script)
			_, err := Dial(t.Context(), &account.Account{Name: "work"}, e, Options{})
			trouble(t, err, c.kind, c.words)
		})
	}
}

func TestCertificates(t *testing.T) {
	ca := newCA(t)
	greet := func(p *peer) { p.say("* OK hi\r\n"); p.wait() }
	for _, c := range []struct {
		name   string
		trust  bool
		change func(*x509.Certificate)
		words  string
	}{
		{"unknown authority", false, nil, "tls_ca"},
		{"another name", true, func(c *x509.Certificate) { c.IPAddresses = nil; c.DNSNames = []string{"mail.example.org"} }, "is for mail.example.org"},
		{"expired", true, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "clock"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := serve(t, account.IMAP, account.TLS, ca.server(t, c.change), greet)
			a := &account.Account{Name: "work"}
			if c.trust {
				a.TLSCA = ca.file
			}
			_, err := Dial(t.Context(), a, e, Options{})
			trouble(t, err, account.KindOther, c.words)
		})
	}
	t.Run("another authority of one's own", func(t *testing.T) {
		e := serve(t, account.IMAP, account.TLS, newCA(t).server(t, nil), greet)
		_, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, Options{})
		trouble(t, err, account.KindOther, "tls_ca")
	})
	t.Run("old TLS", func(t *testing.T) {
		cfg := ca.server(t, nil)
		cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
		e := serve(t, account.IMAP, account.TLS, cfg, greet)
		_, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, Options{})
		trouble(t, err, account.KindOther, "no TLS with")
	})
	t.Run("plain behind", func(t *testing.T) {
		e := serve(t, account.IMAP, account.Plain, nil, greet)
		e.Security = account.TLS
		_, err := Dial(t.Context(), &account.Account{Name: "work"}, e, Options{})
		trouble(t, err, account.KindOther, "does not speak TLS on this port")
	})
	t.Run("no such file", func(t *testing.T) {
		e := serve(t, account.IMAP, account.TLS, ca.server(t, nil), greet)
		_, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: "/nonexistent"}, e, Options{})
		if tr := err.(*account.Trouble); tr.Kind != account.KindConfig {
			t.Error(err)
		}
	})
}

func TestPlainOnlyToLoopback(t *testing.T) {
	e := &account.Endpoint{Protocol: account.IMAP, Security: account.Plain, Host: "192.0.2.1", Port: 143}
	_, err := Dial(t.Context(), &account.Account{Name: "work"}, e, Options{})
	if tr := err.(*account.Trouble); tr.Kind != account.KindConfig || !strings.Contains(tr.Hint, "allow_insecure") {
		t.Error(err)
	}
}

// TestTimeIsBounded has a server stop at each stage in each way.
func TestTimeIsBounded(t *testing.T) {
	ca := newCA(t)
	cfg := ca.server(t, nil)
	babble := func(p *peer) {
		for {
			if _, err := p.Write([]byte(strings.Repeat("x", 1000))); err != nil {
				return
			}
		}
	}
	chatter := func(p *peer) {
		for {
			if _, err := p.Write([]byte("220-more\r\n")); err != nil {
				return
			}
		}
	}
	ways := map[string]func(*peer){
		"stall": (*peer).wait, "babble": babble, "chatter": chatter, "close": func(p *peer) {}}
	stages := map[string]struct {
		sec    account.Security
		script func(p *peer, end func(*peer))
	}{
		"greeting": {account.StartTLS, func(p *peer, end func(*peer)) { end(p) }},
		"EHLO":     {account.StartTLS, func(p *peer, end func(*peer)) { p.say("220 hi\r\n"); p.hear(); end(p) }},
		"STARTTLS": {account.StartTLS, func(p *peer, end func(*peer)) {
			p.say("220 hi\r\n")
			p.hear()
			p.say("250 STARTTLS\r\n")
			p.hear()
			end(p)
		}},
		"handshake": {account.StartTLS, func(p *peer, end func(*peer)) { startScripts[account.SMTP](p, ""); end(p) }},
		"implicit":  {account.TLS, func(p *peer, end func(*peer)) { end(p) }},
	}
	for sname, s := range stages {
		for wname, w := range ways {
			t.Run(sname+" "+wname, func(t *testing.T) {
				t.Parallel()
				e := serve(t, account.SMTP, s.sec, cfg, func(p *peer) { s.script(p, w) })
				_, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, quick)
				tr := &account.Trouble{}
				if !errors.As(err, &tr) || tr.Host == "" || tr.Account == "" {
					t.Fatal(err)
				}
				if sname != "handshake" && tr.Kind != account.KindTemporary {
					t.Error(tr.Kind, err)
				}
			})
		}
	}
}

func TestContextClosesForLife(t *testing.T) {
	e := serve(t, account.IMAP, account.Plain, nil, func(p *peer) { p.say("* OK hi\r\n"); p.wait() })
	ctx, cancel := context.WithCancel(t.Context())
	c, err := Dial(ctx, &account.Account{Name: "work"}, e, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 1)); done <- err }()
	cancel()
	err = <-done
	trouble(t, err, account.KindTemporary, "interrupted")
	if !errors.Is(err, context.Canceled) || c.Err() == nil {
		t.Error(err, c.Err())
	}
	trouble(t, c.Explain(io.ErrUnexpectedEOF), account.KindTemporary, "interrupted")
}

func TestCancelWhileDialing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := serve(t, account.IMAP, account.Plain, nil, func(p *peer) { cancel(); p.wait() })
	_, err := Dial(ctx, &account.Account{Name: "work"}, e, Options{})
	trouble(t, err, account.KindTemporary, "interrupted")
}

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &account.Endpoint{Protocol: account.SMTP, Security: account.Plain, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
	l.Close()
	_, err = Dial(t.Context(), &account.Account{Name: "work"}, e, Options{})
	trouble(t, err, account.KindNetwork, "refuses connections")
}
