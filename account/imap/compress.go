package imap

import (
	"context"
	"net"

	"mua/account/wire"
)

// worthCompressing is from how many octets on asking for compression is worth its round trip.
const worthCompressing = 256 << 10

// compress asks the server to compress (RFC 4978) before it sends some octets, where that is worth it: it
// takes a round trip and both sides' processors, so not for little and not on this machine. No command
// may be under way. Its error is that of a connection that broke; a refusal is none.
func (l *link) compress(ctx context.Context, octets int64, o Options) error {
	if l.asked || octets < worthCompressing || !l.caps.Has("COMPRESS=DEFLATE") || o.Wire.Trace != nil || !o.CompressLocal && loopback(l.conn) {
		return nil
	}
	l.mu.Lock()
	idle := l.pending == 0
	l.mu.Unlock()
	if !idle {
		return nil
	}
	defer l.busy(0)()
	l.asked = true
	err, broken := l.guard.Compress(ctx)
	if broken {
		_ = l.conn.Close()
		return err
	}
	if err == nil {
		l.mu.Lock()
		l.packed = true
		l.guard.Allow(l.owed + baseAllowance)
		l.mu.Unlock()
	}
	return nil
}

// loopback tells a server on this machine.
func loopback(c *wire.Conn) bool {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}
