package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"mua/account"
)

// Dial connects to e for account a, with TLS as e demands, and reads the greeting. The
// connection is closed when ctx ends, now or later. Errors are *account.Trouble: KindNetwork,
// KindTemporary, KindRefused (the greeting says so), KindConfig (tls_ca, plain text not allowed),
// KindOther (TLS that cannot be trusted or is not offered).
func Dial(ctx context.Context, a *account.Account, e *account.Endpoint, o Options) (*Conn, error) {
	o = o.withDefaults()
	if err := mayConnect(a, e); err != nil {
		return nil, err
	}
	cfg, err := tlsConfig(a, e)
	if err != nil {
		return nil, err
	}
	raw, err := o.Dial(ctx, "tcp", e.Addr())
	if err != nil {
		return nil, Explain(a.Name, e.Host, err)
	}
	if err := mayTalk(a, e, raw); err != nil {
		raw.Close()
		return nil, err
	}
	c := newConn(ctx, a, e, o, raw)
	if err := c.open(ctx, e, cfg, o); err != nil {
		t := c.Explain(err)
		c.Close()
		return nil, t
	}
	return c, nil
}

func newConn(ctx context.Context, a *account.Account, e *account.Endpoint, o Options, raw net.Conn) *Conn {
	p := newPace(raw, o.Progress)
	c := &Conn{pace: p, rw: p, proto: e.Protocol, acct: a.Name, host: e.Host, counters: o.Counters, trace: newTracer(o.Trace, e.Protocol)}
	c.spoke.Store(true)
	c.allow.Store(maxPrelude)
	c.maxLine.Store(maxPrelude)
	c.stop = c.CloseOn(ctx)
	return c
}

// open brings the connection to where a library can take over.
func (c *Conn) open(ctx context.Context, e *account.Endpoint, cfg *tls.Config, o Options) error {
	if e.Security == account.TLS {
		if err := c.handshake(ctx, cfg, o.Connect); err != nil {
			return err
		}
	}
	if err := c.SetDeadline(time.Now().Add(o.Connect + 2*o.Progress)); err != nil {
		return err
	}
	if err := c.prelude(e.Security == account.StartTLS); err != nil {
		return slow(err, e.Host)
	}
	if e.Security == account.StartTLS {
		if err := c.handshake(ctx, cfg, o.Connect); err != nil {
			return err
		}
	}
	c.hand(o)
	return c.SetDeadline(time.Time{})
}

// hand sets the limits for what comes after the greeting.
func (c *Conn) hand(o Options) {
	c.lineLen = 0
	c.Allow(-1)
	c.SetMaxLine(o.MaxLine)
	switch c.proto {
	case account.SMTP:
		c.turnCap = smtpTurn
		c.Allow(smtpTurn)
	case account.IMAP:
		c.SetMaxLine(0)
	}
}

// handshake puts TLS on the connection.
func (c *Conn) handshake(ctx context.Context, cfg *tls.Config, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errHandshake)
	defer cancel()
	t := tls.Client(c.pace, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		if context.Cause(ctx) == errHandshake {
			err = errHandshake
		}
		return c.wrap(err)
	}
	c.tls, c.rw = t, t
	return nil
}

var errHandshake = errors.New("the TLS handshake did not end")

// slow words the end of the time that is given to a prelude.
func slow(err error, host string) error {
	var t *account.Trouble
	if errors.As(err, &t) || !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return &account.Trouble{Kind: account.KindTemporary, Host: host, What: host + " takes too long to greet", Err: err}
}

// mayConnect refuses plain text beyond this machine. The configuration has refused it already;
// this is the last door.
func mayConnect(a *account.Account, e *account.Endpoint) error {
	switch e.Security {
	case account.TLS, account.StartTLS:
		return nil
	case account.Plain:
		if a.AllowInsecure || account.Loopback(e.Host) {
			return nil
		}
	}
	return insecure(a, e)
}

// mayTalk refuses plain text to a name that only looked like this machine.
func mayTalk(a *account.Account, e *account.Endpoint, c net.Conn) error {
	if e.Security != account.Plain || a.AllowInsecure {
		return nil
	}
	if t, ok := c.RemoteAddr().(*net.TCPAddr); ok && t.IP.IsLoopback() {
		return nil
	}
	return insecure(a, e)
}

func insecure(a *account.Account, e *account.Endpoint) error {
	return &account.Trouble{
		Kind: account.KindConfig, Account: a.Name, Host: e.Host,
		What: fmt.Sprintf("plain text to %s is not allowed", e.Host),
		Hint: fmt.Sprintf("use %ss:// or %s://, or say allow_insecure = true in [account.%s]", e.Protocol, e.Protocol, a.Name),
	}
}
