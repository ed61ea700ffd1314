package submit_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"

	"mua/account"
)

// What a rule may answer besides a reply ("" is the server's own answer).
const (
	hangUp = "\x00close" // close without a word
	stall  = "\x00stall" // say nothing until the client goes
)

// server is an SMTP server that follows a script. Whatever the script leaves open it accepts.
type server struct {
	t    testing.TB
	ln   net.Listener
	done sync.WaitGroup

	mu       sync.Mutex
	ehlo     []string                           // extensions
	tls      *tls.Config                        // for STARTTLS; nil: it is not offered
	rule     func(conn int, line string) string // line "" is the greeting
	readCap  int                                // octets read from the client before the line is cut; <0: no cut
	writeCap int                                // octets written to the client before; <0: no cut
	lines    []string
	mails    []delivered
	begun    []delivered // a body was asked for, whether it came or not
	conns    int
	open     map[net.Conn]bool
	closed   *sync.Cond          // a connection is done
	longest  [2]int              // octets read from and written to one connection, at the most
	waiting  map[string]*patient // by the client's address
	stalled  map[string]bool     // connections on which nothing is said any more, by the client's address
}

// delivered is one message the server has taken, whether the client learned of it or not.
type delivered struct {
	from string
	to   []string
	data string // with dots stuffed, as on the wire
}

var offered = []string{"PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN"}

func serve(t testing.TB, rule func(conn int, line string) string) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, ln: ln, ehlo: offered, rule: rule, readCap: -1, writeCap: -1, open: map[net.Conn]bool{}}
	s.closed = sync.NewCond(&s.mu)
	s.done.Go(s.accept)
	t.Cleanup(func() {
		ln.Close()
		s.mu.Lock()
		for c := range s.open {
			c.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return s
}

func (s *server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns++
		n := s.conns
		s.open[c] = true
		s.mu.Unlock()
		s.done.Go(func() {
			defer c.Close()
			counted := &cut{Conn: c, s: s}
			s.talk(counted, n)
			s.mu.Lock()
			s.longest = [2]int{max(s.longest[0], counted.read), max(s.longest[1], counted.written)}
			delete(s.open, c)
			s.closed.Broadcast()
			s.mu.Unlock()
		})
	}
}

// cut is a connection that breaks after so many octets.
type cut struct {
	net.Conn
	s             *server
	read, written int
}

func (c *cut) Read(b []byte) (int, error) {
	c.s.mu.Lock()
	limit := c.s.readCap
	c.s.mu.Unlock()
	if limit >= 0 {
		if c.read >= limit {
			return 0, io.ErrUnexpectedEOF
		}
		b = b[:min(len(b), limit-c.read)]
	}
	n, err := c.Conn.Read(b)
	c.read += n
	return n, err
}

func (c *cut) Write(b []byte) (int, error) {
	c.s.mu.Lock()
	limit := c.s.writeCap
	c.s.mu.Unlock()
	if limit >= 0 && c.written+len(b) > limit {
		b = b[:limit-c.written]
	}
	n, err := c.Conn.Write(b)
	c.written += n
	if err == nil && limit >= 0 && c.written >= limit {
		err = io.ErrClosedPipe
	}
	return n, err
}

// say answers a line; false ends the connection.
func (s *server) say(c net.Conn, conn int, line, own string) (said string, ok bool) {
	s.mu.Lock()
	s.lines = append(s.lines, line)
	rule := s.rule
	s.mu.Unlock()
	r := ""
	if rule != nil {
		r = rule(conn, line)
	}
	switch r {
	case "":
		r = own
	case hangUp:
		return r, false
	case stall:
		s.stall(c)
		_, _ = io.Copy(io.Discard, c)
		return r, false
	}
	return r, true
}

func put(c net.Conn, r string) bool {
	_, err := c.Write([]byte(strings.ReplaceAll(r, "\n", "\r\n") + "\r\n"))
	return err == nil
}

func (s *server) talk(c net.Conn, conn int) {
	in := bufio.NewReader(c)
	r, ok := s.say(c, conn, "", "220 test ESMTP")
	if !ok || !put(c, r) {
		return
	}
	var m delivered
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(line, " ")
		r, ok := s.say(c, conn, line, s.own(verb, m))
		if verb == "DATA" && strings.HasPrefix(r, "354") {
			s.mu.Lock()
			s.begun = append(s.begun, m)
			s.mu.Unlock()
		}
		if !ok || !put(c, r) {
			return
		}
		switch good := strings.HasPrefix(r, "2"); {
		case verb == "QUIT":
			return
		case verb == "STARTTLS" && good && s.tls != nil:
			c = tls.Server(c, s.tls)
			in = bufio.NewReader(c)
		case verb == "MAIL" && good:
			m = delivered{from: line}
		case verb == "RCPT" && good:
			m.to = append(m.to, strings.TrimSuffix(strings.TrimPrefix(line, "RCPT TO:<"), ">"))
		case verb == "RSET":
			m = delivered{}
		case verb == "DATA" && strings.HasPrefix(r, "354"):
			if !s.data(c, in, conn, &m) {
				return
			}
			m = delivered{}
		}
		if strings.HasPrefix(r, "421") {
			return
		}
	}
}

// own is what the server answers by itself.
func (s *server) own(verb string, m delivered) string {
	switch verb {
	case "EHLO":
		s.mu.Lock()
		defer s.mu.Unlock()
		all := append([]string{"test"}, s.ehlo...)
		return "250-" + strings.Join(all[:len(all)-1], "\n250-") + "\n250 " + all[len(all)-1]
	case "STARTTLS":
		return "220 2.0.0 go on"
	case "AUTH":
		return "235 2.7.0 welcome"
	case "RCPT":
		if m.from == "" {
			return "503 5.5.1 MAIL first"
		}
		return "250 2.1.5 ok"
	case "DATA":
		if len(m.to) == 0 {
			return "554 5.5.1 no valid recipients"
		}
		return "354 go on"
	case "QUIT":
		return "221 2.0.0 bye"
	}
	return "250 2.0.0 ok"
}

func (s *server) data(c net.Conn, in *bufio.Reader, conn int, m *delivered) bool {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(line)
	}
	m.data = b.String()
	r, ok := s.say(c, conn, ".", "250 2.0.0 queued")
	if !ok && r == hangUp || strings.HasPrefix(r, "2") {
		s.mu.Lock() // a server that closes before its answer may have taken the message
		s.mails = append(s.mails, *m)
		s.mu.Unlock()
	}
	return ok && put(c, r) && !strings.HasPrefix(r, "421")
}

// offers sets what EHLO offers, cuts where each connection breaks (<0: nowhere).
func (s *server) offers(extensions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ehlo = extensions
}

func (s *server) cuts(read, written int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readCap, s.writeCap = read, written
}

func (s *server) taken() []delivered {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]delivered(nil), s.mails...)
}

// said lists the lines the client sent that begin with verb.
func (s *server) said(verb string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.lines {
		if strings.HasPrefix(l, verb) {
			out = append(out, l)
		}
	}
	return out
}

// idle waits until every connection is done.
func (s *server) idle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) > 0 {
		s.closed.Wait()
	}
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// seen tells of the messages for one recipient alone how often a body was asked for, and each body taken, dots undone.
func (s *server) seen(to string) (begun int, bodies []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.begun {
		if slices.Equal(m.to, []string{to}) {
			begun++
		}
	}
	for _, m := range s.mails {
		if slices.Equal(m.to, []string{to}) {
			bodies = append(bodies, strings.ReplaceAll(m.data, "\r\n..", "\r\n."))
		}
	}
	return begun, bodies
}

// forget clears what was seen, so that a long sweep does not search an ever longer list.
func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails, s.begun, s.lines = nil, nil, nil
}

// length is how many octets the longest connection read and wrote.
func (s *server) length() [2]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest
}

// account is one that sends through the server.
func (s *server) account() *account.Account {
	return &account.Account{Name: "work", From: mail.Address{Address: "ada@example.org"},
		Outgoing: &account.Endpoint{Protocol: account.SMTP, Security: account.Plain, Host: "127.0.0.1",
			Port: s.ln.Addr().(*net.TCPAddr).Port, User: "ada"},
		Password: account.Secret{Plain: "secret"}}
}

// on makes a rule that answers lines beginning with verb.
func on(verb, answer string) func(int, string) string {
	return func(_ int, line string) string {
		if verb == "" && line == "" || verb != "" && strings.HasPrefix(line, verb) {
			return answer
		}
		return ""
	}
}
