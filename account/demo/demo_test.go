package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
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
	b = make([]byte, 3)
	if _, err := io.ReadFull(c.r, b); string(b) != "* O" {
		t.Fatalf("%q %v", b, err)
	}
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.r.Read(b); n != 0 || !os.IsTimeout(err) {
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
	s.SetFaults(Faults{IMAP: LineFaults{Cut: &Cut{How: Stall}}, POP3: LineFaults{Cut: &Cut{How: Babble}}, SMTP: SMTPFaults{Greeting: &Answer{When: StallBefore}}})
	for _, addr := range []string{s.IMAP, s.POP3, s.SMTP} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	for s.Counts().SMTP.Sessions < 5 || s.Counts().POP3.Sessions < 5 || s.Counts().IMAP.Sessions < 6 {
		runtime.Gosched()
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
