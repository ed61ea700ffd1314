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
	inBubble(t, account.SMTP, false, Options{Progress: 150 * time.Millisecond}, func(p *peer) { p.say("220 hi\r\n"); p.wait() },
		func(t *testing.T, c *Conn, r *bufio.Reader) {
			began := time.Now()
			_, err := r.ReadByte()
			trouble(t, err, account.KindTemporary, "did not answer for 150ms")
			if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 150*time.Millisecond {
				t.Error(err, time.Since(began))
			}
			if _, err := c.Write([]byte("x")); err == nil {
				t.Error("still open")
			}
		})
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
	const lines = 8
	inBubble(t, account.IMAP, false, Options{Progress: 400 * time.Millisecond}, func(p *peer) {
		p.say("* OK hi\r\n")
		for range lines {
			<-time.After(300 * time.Millisecond)
			p.say("* OK still here\r\n")
		}
		p.wait()
	}, func(t *testing.T, _ *Conn, r *bufio.Reader) {
		for range lines {
			if _, err := r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestDripIsGivenUp(t *testing.T) {
	inBubble(t, account.IMAP, false, Options{Progress: 20 * time.Millisecond}, func(p *peer) {
		p.say("* OK hi\r\n")
		for {
			<-time.After(5 * time.Millisecond)
			if _, err := p.Write([]byte("x")); err != nil {
				return
			}
		}
	}, func(t *testing.T, _ *Conn, r *bufio.Reader) {
		_, err := io.Copy(io.Discard, r)
		trouble(t, err, account.KindTemporary, "")
	})
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
	inBubble(t, account.IMAP, true, Options{Progress: time.Hour}, func(p *peer) {
		p.say("* OK hi\r\n")
		<-time.After(time.Minute)
	}, func(t *testing.T, c *Conn, _ *bufio.Reader) {
		stuck := make(chan error, 1)
		go func() { _, err := c.Write(make([]byte, 1<<20)); stuck <- err }()
		if err := c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		<-stuck
		start := time.Now()
		c.Close()
		c.Close()
		if d := time.Since(start); d > closeGrace {
			t.Errorf("Close took %s", d)
		}
	})
}

// TestSlowUploadIsProgress writes what the peer reads a little at a time, for many times the patience.
func TestSlowUploadIsProgress(t *testing.T) {
	const size = 1 << 20
	got := 0
	inBubble(t, account.SMTP, true, Options{Progress: 300 * time.Millisecond}, func(p *peer) {
		p.say("220 hi\r\n")
		buf := make([]byte, 4<<10)
		for got < size {
			<-time.After(50 * time.Millisecond)
			k, err := p.Read(buf)
			got += k
			if err != nil {
				break
			}
		}
		p.wait()
	}, func(t *testing.T, c *Conn, _ *bufio.Reader) {
		if _, err := c.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	})
	if got != size {
		t.Error(got)
	}
}
