package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mua/account"
)

// closeGrace is how long Close waits for TLS's goodbye to be written.
const closeGrace = 500 * time.Millisecond

// Conn is a connection to a mail server, made by Dial. Read and Write may be used from one
// goroutine each; everything else from any.
type Conn struct {
	pace     *pace
	tls      *tls.Conn // nil: plain text
	rw       net.Conn  // tls or pace
	proto    account.Protocol
	acct     string
	host     string
	greeting string
	counters *Counters
	trace    *tracer // nil: none

	replay  []byte // greeting and what came with it, not yet read by the library
	lineLen int    // octets since the last line end
	spoke   atomic.Bool
	maxLine atomic.Int64
	allow   atomic.Int64 // octets the peer may still send
	turnCap int64        // what each turn sets allow to; 0: it does not

	secrets atomic.Pointer[strings.Replacer] // takes credentials out of words; nil: none known

	stop func() bool // ends the watch on the context

	mu      sync.Mutex
	reason  *account.Trouble
	overrun bool // reason is a limit on what the peer may send
	closed  bool
}

// TLS is the state of TLS; nil when the connection is plain text.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	s := c.tls.ConnectionState()
	return &s
}

// TLSVersion is "TLS 1.3" or the like, "" for plain text.
func (c *Conn) TLSVersion() string {
	if s := c.TLS(); s != nil {
		return tls.VersionName(s.Version)
	}
	return ""
}

// Greeting is the server's greeting, cleaned. It may have been said before TLS.
func (c *Conn) Greeting() string { return c.greeting }

// Counters of this connection.
func (c *Conn) Counters() *Counters { return c.counters }

// SetProgress changes how long silence is borne, also for a Read under way; 0 or less: for ever.
// A Read that waits between commands (IMAP's reader, IDLE) counts as silence.
func (c *Conn) SetProgress(d time.Duration) { c.pace.setSpan(d) }

// SetMaxLine changes how many octets a line of an SMTP or POP3 server may have; 0: any number.
func (c *Conn) SetMaxLine(n int) { c.maxLine.Store(int64(n)) }

// Allow lets the peer send n octets from now on; a peer that sends more is cut off. What a buffered
// reader above reads ahead counts too. Negative: any number (the default but for SMTP, where each turn
// allows 1 MiB anew).
func (c *Conn) Allow(n int64) { c.allow.Store(max(n, -1)) }

// Err says why the connection was closed from this side: its context's end, a stall, a cap.
// nil when it was not, or by Close.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == nil {
		return nil
	}
	return c.reason
}

// Overrun tells whether the connection was closed because the peer sent a longer line or more octets
// than it was allowed: asking for less may help.
func (c *Conn) Overrun() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.overrun
}

// Explain turns what a library returned over this connection into a Trouble. Why this side closed
// the connection counts for more than what the library made of it.
func (c *Conn) Explain(err error) *account.Trouble {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	reason := c.reason
	c.mu.Unlock()
	if reason != nil {
		return reason
	}
	return c.hush(Explain(c.acct, c.host, err))
}

// ExplainLogin is Explain for what a login returned: a refusal that is not temporary is KindLogin.
func (c *Conn) ExplainLogin(err error) *account.Trouble {
	if c.Err() != nil {
		return c.Explain(err)
	}
	return c.hush(ExplainLogin(c.acct, c.host, err))
}

// Read reads what the server says; first of all its greeting.
func (c *Conn) Read(b []byte) (int, error) {
	if len(c.replay) > 0 {
		n := copy(b, c.replay)
		c.replay = c.replay[n:]
		return n, nil
	}
	return c.read(b)
}

func (c *Conn) read(b []byte) (int, error) {
	n, err := c.rw.Read(b)
	if n > 0 {
		c.spoke.Store(true)
		c.counters.in.Add(int64(n))
		c.trace.server(b[:n])
		if t := c.caps(b[:n]); t != nil {
			return 0, c.failOver(t)
		}
	}
	return n, c.wrap(err)
}

// Write sends b. Pass a command whole: what is written at once travels at once.
func (c *Conn) Write(b []byte) (int, error) {
	if c.spoke.Swap(false) {
		c.counters.trips.Add(1)
		if c.turnCap > 0 {
			c.allow.Store(c.turnCap)
		}
	}
	c.trace.client(b)
	n, err := c.rw.Write(b)
	c.counters.out.Add(int64(n))
	return n, c.wrap(err)
}

// caps checks what was read against the line and turn limits.
func (c *Conn) caps(b []byte) *account.Trouble {
	if left := c.allow.Load(); left >= 0 {
		if left < int64(len(b)) {
			return c.temporary("%s sends more than it was asked for", c.host)
		}
		// Allow may have been called meanwhile: then its number stands.
		c.allow.CompareAndSwap(left, left-int64(len(b)))
	}
	limit := int(c.maxLine.Load())
	for limit > 0 && len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			c.lineLen += len(b)
			b = nil
		} else {
			c.lineLen += i
			b = b[i+1:]
		}
		if c.lineLen > limit {
			return c.temporary("%s sent a line of more than %d octets", c.host, limit)
		}
		if i >= 0 {
			c.lineLen = 0
		}
	}
	if limit <= 0 {
		c.lineLen = 0
	}
	return nil
}

// wrap turns an I/O error into the reason why this side closed, or a stall into one. io.EOF and
// the user's own deadlines pass.
func (c *Conn) wrap(err error) error {
	if err == nil {
		return nil
	}
	switch {
	case errors.Is(err, errStall):
		return c.fail(c.stall())
	case errors.Is(err, errDrip):
		return c.fail(c.temporary("%s answers too slowly to go on", c.host))
	}
	if r := c.Err(); r != nil {
		return r
	}
	return err
}

func (c *Conn) stall() *account.Trouble {
	c.pace.mu.Lock()
	span := c.pace.span
	c.pace.mu.Unlock()
	t := c.temporary("%s did not answer for %s", c.host, span.Round(time.Millisecond))
	t.Err = os.ErrDeadlineExceeded
	return t
}

func (c *Conn) temporary(format string, args ...any) *account.Trouble {
	return &account.Trouble{Kind: account.KindTemporary, Account: c.acct, Host: c.host, What: fmt.Sprintf(format, args...)}
}

// fail records why and closes at once. It returns the first reason given.
func (c *Conn) fail(t *account.Trouble) error {
	c.mu.Lock()
	if c.reason == nil && !c.closed {
		c.reason = t
	}
	if c.reason != nil {
		t = c.reason
	}
	c.mu.Unlock()
	c.pace.Conn.Close()
	return t
}

// failOver is fail for a peer that sends more than it may.
func (c *Conn) failOver(t *account.Trouble) error {
	c.mu.Lock()
	c.overrun = c.overrun || c.reason == nil && !c.closed
	c.mu.Unlock()
	return c.fail(t)
}

// CloseOn closes the connection when ctx ends too, until stop is called.
func (c *Conn) CloseOn(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = c.fail(Explain(c.acct, c.host, context.Cause(ctx))) })
}

// Close ends the connection, saying TLS's goodbye if that takes no time. A second call does nothing.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	dead := c.reason != nil
	c.mu.Unlock()
	c.stop()
	defer c.trace.stop()
	if c.tls != nil && !dead {
		c.pace.lastCall(closeGrace)
		_ = c.tls.Close() // a goodbye that does not get through harms no one
	}
	if err := c.pace.Conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// LocalAddr is this side's address.
func (c *Conn) LocalAddr() net.Addr { return c.pace.LocalAddr() }

// RemoteAddr is the server's address.
func (c *Conn) RemoteAddr() net.Addr { return c.pace.RemoteAddr() }

// SetDeadline adds a deadline to the one for progress; zero takes it away.
func (c *Conn) SetDeadline(t time.Time) error { return c.pace.SetDeadline(t) }

// SetReadDeadline is SetDeadline for Read.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.pace.SetReadDeadline(t) }

// SetWriteDeadline is SetDeadline for Write.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.pace.SetWriteDeadline(t) }

var (
	_ net.Conn  = (*Conn)(nil)
	_ io.Reader = (*Conn)(nil)
)
