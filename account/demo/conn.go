package demo

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxLine bounds a line read in line mode; longer ones are passed on in pieces.
const maxLine = 64 << 10

// conn is a server's side of one connection. It carries TLS itself, so that what
// passes can be counted, watched line by line, and spoiled.
type conn struct {
	net.Conn // the TCP connection: addresses and deadlines
	owner    *Servers
	proto    protocol
	fault    *Cut // strikes this connection; nil none
	done     chan struct{}
	once     sync.Once

	stream  net.Conn // Conn, or TLS over it; changed by the reading goroutine alone
	secure  atomic.Bool
	br      *bufio.Reader
	pending []byte
	watcher watcher // nil: octets pass as they come

	wmu     sync.Mutex // of a write and what it decides
	written int64
	asked   atomic.Bool // something was read since the last write
}

// watcher sees the traffic in clear, one line or write at a time.
type watcher interface {
	// line is a client's line with its line end. The server reads what it
	// returns; nothing when the watcher has dealt with it.
	line(b []byte) []byte
	// answer is a server's write; the client gets what it returns.
	answer(b []byte) []byte
}

// connSet is every open connection and listener.
type connSet struct {
	mu        sync.Mutex
	closed    bool
	open      map[*conn]struct{}
	listeners []net.Listener
}

func (cs *connSet) closeAll() {
	cs.mu.Lock()
	cs.closed = true
	listeners, open := cs.listeners, make([]*conn, 0, len(cs.open))
	for c := range cs.open {
		open = append(open, c)
	}
	cs.mu.Unlock()
	for _, l := range listeners {
		l.Close()
	}
	for _, c := range open {
		c.abort()
	}
}

// add reports false when the set is closed already.
func (cs *connSet) add(c *conn) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if !cs.closed {
		cs.open[c] = struct{}{}
	}
	return !cs.closed
}

// listener hands out conns.
type listener struct {
	net.Listener
	owner *Servers
	proto protocol
	tls   bool // from the first octet
}

func (s *Servers) newListener(p protocol, implicitTLS bool) (*listener, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.conns.mu.Lock()
	defer s.conns.mu.Unlock()
	s.conns.listeners = append(s.conns.listeners, ln)
	if s.conns.closed {
		ln.Close()
	}
	return &listener{ln, s, p, implicitTLS}, nil
}

// acceptPause is how long a connection waits that the system had no room for.
const acceptPause = 10 * time.Millisecond

// next is the next connection. Only Close ends it: a server that gave up because the system had no room for a moment
// would leave its clients in a queue where nobody comes for them.
func (l *listener) next() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return raw, err
		}
		time.Sleep(acceptPause)
	}
}

// Accept implements net.Listener; the connections are *conn.
func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.next()
	if err != nil {
		return nil, err
	}
	s := l.owner
	c := &conn{Conn: raw, stream: raw, owner: s, proto: l.proto, done: make(chan struct{})}
	c.br = bufio.NewReader(countingReader{c})
	if !s.conns.add(c) {
		raw.Close()
		return nil, net.ErrClosed
	}
	c.fault = s.faults.strike(l.proto)
	s.counts.session(l.proto)
	if l.tls {
		c.stream = tls.Server(raw, s.tls.config)
		c.secure.Store(true)
	}
	return c, nil
}

// startTLS does the server's half of the handshake. What the client sent before
// it is dropped. It must be called by the goroutine that reads.
func (c *conn) startTLS() error {
	t := tls.Server(c.Conn, c.owner.tls.config)
	c.stream = t
	c.pending = nil
	c.br.Reset(countingReader{c})
	if err := t.Handshake(); err != nil {
		c.abort()
		return err
	}
	c.secure.Store(true)
	return nil
}

// Read implements net.Conn: with a watcher one line at a time.
func (c *conn) Read(p []byte) (int, error) {
	for len(c.pending) == 0 {
		if c.watcher == nil {
			n, err := c.br.Read(p)
			c.asked.Store(n > 0)
			return n, err
		}
		line, err := c.readLine()
		if err != nil {
			return 0, err
		}
		c.pending = c.watcher.line(line)
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}

// readLine reads up to and including a line feed, or maxLine octets. The line
// is the caller's to keep.
func (c *conn) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := c.br.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > 0 {
			c.asked.Store(true)
		}
		switch {
		case err == nil || errors.Is(err, bufio.ErrBufferFull) && len(line) >= maxLine:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(line) > 0:
			return line, nil
		default:
			return nil, err
		}
	}
}

// Write implements net.Conn: late, short, wrong or never, as the faults say.
func (c *conn) Write(p []byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.asked.Swap(false) {
		c.wait(c.owner.faults.latency())
	}
	out := p
	if c.watcher != nil {
		out = c.watcher.answer(p)
	}
	if err := c.send(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// send writes as far as the connection's fault lets it.
func (c *conn) send(b []byte) error {
	if c.fault == nil {
		return c.raw(b)
	}
	left := c.fault.After - c.written
	if int64(len(b)) <= left {
		return c.raw(b)
	}
	if err := c.raw(b[:max(left, 0)]); err != nil {
		return err
	}
	switch c.fault.How {
	case Stall:
		<-c.done
	case Babble:
		c.repeat(bytes.Repeat([]byte("x"), 4096))
	case Chatter:
		c.repeat(bytes.Repeat([]byte(c.proto.chatter()), 64))
	}
	c.abort()
	return net.ErrClosed
}

// repeat writes until the other side or Close ends it.
func (c *conn) repeat(b []byte) {
	for c.raw(b) == nil {
	}
}

func (c *conn) raw(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	n, err := c.stream.Write(b)
	c.written += int64(n)
	c.owner.counts.bytes(c.proto, 0, n)
	return err
}

// wait sleeps unless the connection is closed first.
func (c *conn) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.done:
	}
}

// Close implements net.Conn, with TLS's closing alert where there is TLS.
func (c *conn) Close() error { return c.end(func() error { return c.stream.Close() }) }

// abort closes without a word and without waiting for anyone.
func (c *conn) abort() { c.end(c.Conn.Close) }

func (c *conn) end(how func() error) error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.done)
		err = how()
		c.owner.conns.mu.Lock()
		delete(c.owner.conns.open, c)
		c.owner.conns.mu.Unlock()
	})
	return err
}

// say answers on the server's behalf, outside of what the watcher sees.
func (c *conn) say(text string) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.asked.Swap(false) {
		c.wait(c.owner.faults.latency())
	}
	return c.send([]byte(text))
}

// countingReader counts octets in clear.
type countingReader struct{ c *conn }

func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.c.stream.Read(p)
	r.c.owner.counts.bytes(r.c.proto, n, 0)
	return n, err
}
