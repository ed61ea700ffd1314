package demo

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// raw is a client that says lines.
type raw struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dialRaw(t *testing.T, addr string, config *tls.Config) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	r := &raw{c, t, bufio.NewReader(c)}
	if config != nil {
		r.upgrade(config)
	}
	return r
}

func (r *raw) upgrade(config *tls.Config) {
	r.Conn = tls.Client(r.Conn, config)
	r.r = bufio.NewReader(r.Conn)
}

func (r *raw) say(text string) {
	r.t.Helper()
	if _, err := io.WriteString(r, text+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) line() string {
	r.t.Helper()
	l, err := r.r.ReadString('\n')
	if err != nil {
		r.t.Fatalf("%q %v", l, err)
	}
	return strings.TrimSuffix(l, "\r\n")
}

// body reads a first line and a multi-line answer, still dot-stuffed.
func (r *raw) body() (lines []string) {
	r.t.Helper()
	if l := r.line(); !strings.HasPrefix(l, "+OK") {
		r.t.Fatal(l)
	}
	for {
		l := r.line()
		if l == "." {
			return lines
		}
		lines = append(lines, l)
	}
}
