// Package wire opens connections to mail servers, in one way for IMAP, POP3 and SMTP.
//
// What it guarantees to the packages above it:
//
//   - TLS is verified, at least 1.2, and in place before anything but a greeting, a capability
//     question and STARTTLS/STLS is said. A server that does not offer a required STARTTLS, greets with
//     PREAUTH before it, or sends bytes between its answer and the handshake is refused. Plain text
//     is spoken to loopback addresses, or where the account says allow_insecure.
//   - The greeting has been read and judged. It is replayed to whoever reads the Conn first; after
//     STARTTLS what is replayed is made here and tells no capabilities, for what was said before TLS must
//     not be believed.
//   - Time is bounded: connecting, the handshake, each exchange before the library takes over, and
//     every Read or Write that makes no progress. A peer that drips a few octets a minute is given up too.
//   - Memory is bounded: lines (SMTP, POP3), and what a peer may send in one turn (SMTP, and
//     others by Allow). IMAP has its own guard above.
//   - The end of the context closes the connection at once; Close never hangs.
//   - What it traces has no secrets and no message text, and is clean of control characters.
//   - Its errors are *account.Trouble. Explain makes one of what a library returns.
package wire

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultConnect  = 20 * time.Second
	DefaultProgress = 30 * time.Second
	DefaultMaxLine  = 64 << 10
)

// keepAlive has the system notice within half a minute that nobody is at the other end of a
// connection on which nothing is said, and keeps those on the way from forgetting it.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}
}

// maxPrelude bounds what a server may say before TLS and login, and smtpTurn what an SMTP
// server may answer to one turn, in octets.
const (
	maxPrelude = 64 << 10
	smtpTurn   = 1 << 20
)

// Options of Dial. Zero values mean the defaults.
type Options struct {
	Trace    io.Writer     // gets "S: …" and "C: …" lines with secrets hidden, none after Close; nil: none
	Connect  time.Duration // for TCP, and again for the TLS handshake; 20 s
	Progress time.Duration // longest silence borne; 30 s
	MaxLine  int           // octets of one line from an SMTP or POP3 server; 64 KiB
	Counters *Counters     // added to; nil: the connection's own
	// Dial opens the connection under everything else; nil: net.Dialer's DialContext.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	if o.Connect <= 0 {
		o.Connect = DefaultConnect
	}
	if o.Progress <= 0 {
		o.Progress = DefaultProgress
	}
	if o.MaxLine <= 0 {
		o.MaxLine = DefaultMaxLine
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: o.Connect, KeepAliveConfig: keepAlive()}).DialContext
	}
	if o.Counters == nil {
		o.Counters = new(Counters)
	}
	return o
}

// Counters of one or more connections. Safe for concurrent use.
type Counters struct {
	in, out, trips atomic.Int64
}

// BytesIn is how many octets the servers sent, not counting TLS.
func (c *Counters) BytesIn() int64 { return c.in.Load() }

// BytesOut is how many octets were sent to the servers, not counting TLS.
func (c *Counters) BytesOut() int64 { return c.out.Load() }

// RoundTrips counts turns: each first write after a read. TCP and TLS handshakes are not counted.
func (c *Counters) RoundTrips() int64 { return c.trips.Load() }
