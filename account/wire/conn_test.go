package wire

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"mua/account"
)

// plain dials a script without TLS and reads the greeting.
func plain(t *testing.T, proto account.Protocol, o Options, script func(*peer)) (*Conn, *bufio.Reader) {
	t.Helper()
	e := serve(t, proto, account.Plain, nil, script)
	c, err := Dial(t.Context(), &account.Account{Name: "work"}, e, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r := bufio.NewReader(c)
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c, r
}

func TestStallEndsARead(t *testing.T) {
	c, r := plain(t, account.SMTP, quick, func(p *peer) { p.say("220 hi\r\n"); p.wait() })
	_, err := r.ReadByte()
	trouble(t, err, account.KindTemporary, "did not answer for 150ms")
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("still open")
	}
}

func TestSetProgressReachesAReadUnderWay(t *testing.T) {
	c, r := plain(t, account.IMAP, Options{Progress: time.Hour}, func(p *peer) { p.say("* OK hi\r\n"); p.wait() })
	done := make(chan error, 1)
	go func() { _, err := r.ReadByte(); done <- err }()
	c.SetProgress(50 * time.Millisecond)
	trouble(t, <-done, account.KindTemporary, "did not answer")
}

func TestUserDeadlineIsTheUsers(t *testing.T) {
	c, r := plain(t, account.SMTP, Options{}, func(p *peer) { p.say("220 hi\r\n"); p.wait() })
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err := r.ReadByte()
	if !errors.Is(err, os.ErrDeadlineExceeded) || c.Err() != nil {
		t.Error(err, c.Err())
	}
	trouble(t, c.Explain(err), account.KindNetwork, "does not answer")
}

func TestProgressRenews(t *testing.T) {
	step := make(chan struct{})
	_, r := plain(t, account.IMAP, Options{Progress: 400 * time.Millisecond}, func(p *peer) {
		p.say("* OK hi\r\n")
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for range 8 {
			<-tick.C
			p.say("* OK still here\r\n")
		}
		close(step)
		p.wait()
	})
	for range 8 {
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	<-step
}

func TestDripIsGivenUp(t *testing.T) {
	_, r := plain(t, account.IMAP, Options{Progress: 20 * time.Millisecond}, func(p *peer) {
		p.say("* OK hi\r\n")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := p.Write([]byte("x")); err != nil {
				return
			}
		}
	})
	_, err := io.Copy(io.Discard, r)
	trouble(t, err, account.KindTemporary, "")
}

func TestMaxLine(t *testing.T) {
	c, r := plain(t, account.POP3, Options{MaxLine: 5000}, func(p *peer) {
		p.say("+OK hi\r\n")
		p.hear()
		p.say(strings.Repeat(strings.Repeat("x", 4990)+"\r\n", 3))
		p.hear()
		p.say(strings.Repeat("x", 100_000) + "\r\n")
		p.hear()
		p.say(strings.Repeat("x", 6000))
		p.wait()
	})
	read := func(lines int) (err error) {
		if _, err := c.Write([]byte("go\r\n")); err != nil {
			t.Fatal(err)
		}
		for range lines {
			if _, err = r.ReadBytes('\n'); err != nil {
				return err
			}
		}
		return nil
	}
	if err := read(3); err != nil {
		t.Fatal(err)
	}
	c.SetMaxLine(1 << 20)
	if err := read(1); err != nil {
		t.Fatal(err)
	}
	c.SetMaxLine(5000)
	trouble(t, read(1), account.KindTemporary, "a line of more than 5000 octets")
}

func TestTurnIsBounded(t *testing.T) {
	babbler := func(p *peer) {
		p.say("220 hi\r\n")
		p.hear()
		line := strings.Repeat("250-x\r\n", 1000)
		for {
			if _, err := p.Write([]byte(line)); err != nil {
				return
			}
		}
	}
	c, r := plain(t, account.SMTP, Options{}, babbler)
	if _, err := c.Write([]byte("EHLO x\r\n")); err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	trouble(t, err, account.KindTemporary, "more than it was asked for")
	if n > smtpTurn {
		t.Error(n)
	}
}

func TestCountersCountTurns(t *testing.T) {
	var n Counters
	c, r := plain(t, account.SMTP, Options{Counters: &n}, func(p *peer) {
		p.say("220 hi\r\n")
		for p.hear() != "" {
			p.say("250 ok\r\n")
		}
	})
	for range 3 {
		for _, part := range []string{"NO", "OP\r\n"} {
			if _, err := c.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if n.RoundTrips() != 3 || n.BytesOut() != 18 || n.BytesIn() != 32 {
		t.Errorf("%d trips, %d out, %d in", n.RoundTrips(), n.BytesOut(), n.BytesIn())
	}
}

// TestCloseDoesNotHang has a peer that reads nothing, so that TLS's goodbye has no room.
func TestCloseDoesNotHang(t *testing.T) {
	ca := newCA(t)
	release := make(chan struct{})
	e := serve(t, account.IMAP, account.TLS, ca.server(t, nil), func(p *peer) {
		p.say("* OK hi\r\n")
		<-release
	})
	defer close(release)
	c, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, Options{Progress: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	stuck := make(chan error, 1)
	go func() {
		buf := make([]byte, 1<<20)
		for {
			if _, err := c.Write(buf); err != nil {
				stuck <- err
				return
			}
		}
	}()
	if err := c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	<-stuck
	start := time.Now()
	c.Close()
	c.Close()
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("Close took %s", d)
	}
}

// TestSlowUploadIsProgress writes more than fits while the peer reads a little at a time.
func TestSlowUploadIsProgress(t *testing.T) {
	ca := newCA(t)
	got := make(chan int, 1)
	e := serve(t, account.SMTP, account.TLS, ca.server(t, nil), func(p *peer) {
		p.say("220 hi\r\n")
		n, buf := 0, make([]byte, 64<<10)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for n < 8<<20 {
			<-tick.C
			k, err := p.Read(buf)
			n += k
			if err != nil {
				break
			}
		}
		got <- n
		p.wait()
	})
	c, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, Options{Progress: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != 8<<20 {
		t.Error(n)
	}
}
