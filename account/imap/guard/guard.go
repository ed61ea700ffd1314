// Package guard stands between an IMAP server and go-imap's decoder, which
// trusts what it reads: a malformed line kills its connection, deep nesting its
// process, and it loses what a server says to the person.
//
// A Conn reads the server's lines, lets through what go-imap understands in the
// one form that it understands, and nothing else:
//
//   - a line has at most Options.Line octets (search results: Options.LongLine),
//     lists nest at most Options.Depth deep; more is a *Violation and the end;
//   - a literal comes through only as a BODY[] (or a piece of it) or BODY[HEADER] (from its beginning) of a
//     FETCH, and only as large as SetLiteral allows; it is streamed, never held;
//   - of a FETCH the items UID, FLAGS, INTERNALDATE, RFC822.SIZE, MODSEQ and BODY[…]
//     pass; what is malformed or was never asked for is left out;
//   - LIST, STATUS and NAMESPACE lines that cannot be decoded, and untagged data
//     that is not known, are dropped with a warning;
//   - the texts of ALERT codes and BYE are passed on;
//   - Compress, EnableQResync and Notify have commands of their own, whose answers go-imap never sees, nor VANISHED.
//
// Its memory is bounded by the limits. It never panics. After a Violation
// every Read fails with it, and Err tells it.
package guard

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Options are the limits of a Conn. Zero values are the defaults.
type Options struct {
	Line     int // octets of a line without its literals; default 64 KiB
	LongLine int // octets of a SEARCH, ESEARCH or VANISHED line; default 1 MiB
	Depth    int // nesting of parentheses; default 50
	Dropped  int // responses dropped before the server counts as babbling; default 10,000

	// Alert and Bye get the server's words, Warn says what was dropped; uncleaned, at most Line
	// octets. They are called by the goroutine that reads and must not block. nil: not told.
	Alert, Bye, Warn func(text string)
	// Vanished gets the UIDs, as a sequence set (RFC 9051 section 9), that WithVanished asked for.
	Vanished func(uids string)
	// Status gets what the server tells of a mailbox, its name in UTF-8, by STATUS, also what nobody has asked for and
	// go-imap drops. Overflow: it will tell no more of what Notify asked for, nor of the selected mailbox.
	Status   func(mailbox string, numbers map[string]uint64)
	Overflow func()
}

func (o Options) withDefaults() Options {
	def := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	def(&o.Line, 64<<10)
	def(&o.LongLine, 1<<20)
	def(&o.Depth, 50)
	def(&o.Dropped, 10_000)
	for _, f := range []*func(string){&o.Alert, &o.Bye, &o.Warn, &o.Vanished} {
		if *f == nil {
			*f = func(string) {}
		}
	}
	if o.Status == nil {
		o.Status = func(string, map[string]uint64) {}
	}
	if o.Overflow == nil {
		o.Overflow = func() {}
	}
	return o
}

// Violation is what a server did that ends the connection.
type Violation struct{ What string }

// Error says what the server did.
func (v *Violation) Error() string { return "the server " + v.What }

func violation(format string, args ...any) error {
	return &Violation{What: fmt.Sprintf(format, args...)}
}

// Conn is a guarded connection. Reads are for one goroutine, as with any decoder.
// Deadlines set on it are ignored: account/wire's progress deadline is the one that counts.
type Conn struct {
	net.Conn
	o       Options
	br      *bufio.Reader
	literal atomic.Int64
	reason  atomic.Pointer[error]
	told    atomic.Int64

	line    []byte // the line being read; reused
	held    []byte // a response with its literals, up to Line octets
	out     []byte // what go-imap may read next
	pass    int64  // octets of a literal to pass on after out
	skip    int64  // octets of a literal to swallow
	fetch   *fetch // a FETCH whose end has not come yet
	dropped int
	err     error

	compression compression
	qresync     qresync
	notifying   atomic.Bool // NOTIFY has yet to be answered
	notified    atomic.Bool // it was asked for
}

// New guards c.
func New(c net.Conn, o Options) *Conn {
	g := &Conn{Conn: c, o: o.withDefaults(), br: bufio.NewReaderSize(c, 32<<10)}
	g.Allow(-1)
	return g
}

// SetLiteral lets literals of up to n octets through from now on; 0: none, which is the default.
func (c *Conn) SetLiteral(n int64) { c.literal.Store(n) }

// Err is what ended reading: a *Violation, io.EOF or the connection's error; nil while it goes on.
func (c *Conn) Err() error {
	if p := c.reason.Load(); p != nil {
		return *p
	}
	return nil
}

// CapabilitiesTold is how often the server has told its capabilities, in a response or a code (RFC 9051
// sections 7.2.2 and 7.1).
func (c *Conn) CapabilitiesTold() int64 { return c.told.Load() }

// SetDeadline does nothing.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// Read gives what go-imap may see.
func (c *Conn) Read(p []byte) (int, error) {
	for len(p) > 0 {
		switch {
		case len(c.out) > 0:
			n := copy(p, c.out)
			c.out = c.out[n:]
			return n, nil
		case c.pass > 0:
			n, err := c.br.Read(p[:min(int64(len(p)), c.pass)])
			c.pass -= int64(n)
			if n > 0 {
				return n, nil
			}
			if err != nil {
				return 0, c.fail(cut(err))
			}
		case c.qresync.owed > 0:
			c.payExpunges()
		case c.err != nil:
			return 0, c.err
		case c.skip > 0:
			n, err := c.br.Discard(int(min(c.skip, 1<<20)))
			c.skip -= int64(n)
			if err != nil {
				return 0, c.fail(cut(err))
			}
		default:
			if err := c.next(); err != nil {
				return 0, c.fail(err)
			}
		}
	}
	return 0, nil
}

// cut is the error of a connection that ended inside something.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fail keeps the first error; a violation closes the connection.
func (c *Conn) fail(err error) error {
	if c.err == nil {
		if c.compression.asked.Swap(false) {
			c.compression.answered <- err
		}
		c.err = err
		c.reason.Store(&err)
		if _, ok := errors.AsType[*Violation](err); ok {
			c.Conn.Close()
		}
	}
	return c.err
}

// next reads a line and decides on it.
func (c *Conn) next() error {
	line, err := c.readLine()
	if err != nil {
		return err
	}
	if c.fetch != nil {
		return c.fetchLine(line)
	}
	if len(c.held) > 0 {
		return c.hold(line)
	}
	switch {
	case len(line) == 0:
		return c.drop("an empty line")
	case line[0] == '+':
		if string(line) == "+ =" { // go-imap's own server spells an empty challenge so
			line = line[:2]
		}
		c.emit(clean(line))
		return nil
	case bytes.HasPrefix(line, []byte("* ")):
		return c.untagged(line)
	default:
		return c.tagged(line)
	}
}

// readLine reads up to a line end, which it cuts off.
func (c *Conn) readLine() ([]byte, error) {
	c.line = c.line[:0]
	if cap(c.line) > c.o.Line {
		c.line = nil // do not keep the memory of a long search result
	}
	for {
		part, err := c.br.ReadSlice('\n')
		c.line = append(c.line, part...)
		if len(c.line) > c.limit()+2 {
			return nil, violation("sent a line of more than %d octets", c.limit())
		}
		switch {
		case err == nil:
			return bytes.TrimSuffix(c.line[:len(c.line)-1], []byte("\r")), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(c.line) == 0 && c.fetch == nil && len(c.held) == 0:
			return nil, io.EOF
		default:
			return nil, cut(err)
		}
	}
}

// limit is how long the line being read may be.
func (c *Conn) limit() int {
	if f := bytes.Fields(c.line[:min(len(c.line), 16)]); c.fetch == nil && len(f) > 1 && string(f[0]) == "*" {
		if typ := string(bytes.ToUpper(f[1])); typ == "SEARCH" || typ == "ESEARCH" || typ == "VANISHED" {
			return c.o.LongLine
		}
	}
	return c.o.Line
}

// drop leaves a response out.
func (c *Conn) drop(format string, args ...any) error {
	c.out = c.out[:0]
	c.dropped++
	if c.dropped > c.o.Dropped {
		return violation("babbles")
	}
	c.o.Warn("ignored from the server: " + fmt.Sprintf(format, args...))
	return nil
}
