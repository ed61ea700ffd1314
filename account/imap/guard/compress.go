package guard

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
)

// compressTag is one that go-imap does not use: its tags are T and a number.
const compressTag = "MUACOMPRESS"

// compression is COMPRESS=DEFLATE (RFC 4978), which go-imap does not know.
type compression struct {
	asked    atomic.Bool
	answered chan error    // the server's answer, told by the goroutine that reads
	allow    atomic.Int64  // inflated octets that may still come; less than 0: any number
	deflate  *flate.Writer // nil: not compressed
	packed   bytes.Buffer  // what deflate wrote
}

// refusal is a server's NO or BAD.
type refusal struct{ words string }

func (r refusal) Error() string { return "the server refuses to compress: " + r.words }

// Compress asks for compression both ways and waits for the answer. No command may be under way and none may
// be sent meanwhile. A refusal leaves the connection as it was; broken says that it is of no more use.
func (c *Conn) Compress(ctx context.Context) (err error, broken bool) {
	z := &c.compression
	z.answered = make(chan error, 1)
	z.asked.Store(true)
	if _, err := c.Conn.Write([]byte(compressTag + " COMPRESS DEFLATE\r\n")); err != nil {
		return err, true
	}
	select {
	case err = <-z.answered:
	case <-ctx.Done():
		return context.Cause(ctx), true
	}
	if err != nil {
		_, refused := err.(refusal)
		return err, !refused
	}
	// Commands are short: the quick level's tables are enough.
	z.deflate, err = flate.NewWriter(&z.packed, flate.BestSpeed)
	return err, err != nil
}

// Allow bounds what a compressed connection may bring when inflated, in octets from now on; less than 0: not.
func (c *Conn) Allow(n int64) { c.compression.allow.Store(max(n, -1)) }

// compressed handles the answer to Compress: what follows it is compressed.
func (c *Conn) compressed(typ, words []byte) {
	c.out = c.out[:0]
	z := &c.compression
	z.asked.Store(false)
	if string(typ) != "OK" {
		z.answered <- refusal{string(clean(words))}
		return
	}
	// bufio.Reader is an io.ByteReader: of what it has read already, nothing is lost.
	c.br = bufio.NewReaderSize(&inflater{c: c, r: flate.NewReader(c.br)}, 32<<10)
	z.answered <- nil
}

// inflater reads what was compressed, no more of it than is allowed: a few octets may stand for very many.
type inflater struct {
	c *Conn
	r io.Reader
}

func (i *inflater) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	allow := &i.c.compression.allow
	if left := allow.Load(); left >= 0 {
		if left < int64(n) {
			return 0, violation("sends more than it was asked for")
		}
		allow.CompareAndSwap(left, left-int64(n)) // Allow may have been called meanwhile: then its number stands
	}
	if _, corrupt := err.(flate.CorruptInputError); corrupt {
		err = violation("sent something that is not compressed as agreed")
	}
	return n, err
}

// Write sends what go-imap writes, as one piece.
func (c *Conn) Write(p []byte) (int, error) {
	n, p := len(p), c.vanishing(p)
	z := &c.compression
	if z.deflate == nil {
		if _, err := c.Conn.Write(p); err != nil {
			return 0, err
		}
		return n, nil
	}
	z.packed.Reset()
	if _, err := z.deflate.Write(p); err != nil {
		return 0, fmt.Errorf("compressing: %w", err)
	}
	if err := z.deflate.Flush(); err != nil {
		return 0, fmt.Errorf("compressing: %w", err)
	}
	if _, err := c.Conn.Write(z.packed.Bytes()); err != nil {
		return 0, err
	}
	return n, nil
}
