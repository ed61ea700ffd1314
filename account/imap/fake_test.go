package imap_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account/imap"
	"mua/account/wire"
)

// fake is a small IMAP server in plain text that says what a test wants.
type fake struct {
	t        *testing.T
	ln       net.Listener
	messages [][]byte // UIDs from 1
	gone     int      // that were there, after the last one
	validity func() int
	list     string // LIST answers; "": INBOX
	// on may answer a command itself (tag, command in upper case without tag); true: it has.
	on func(c *fakeConn, tag, command string) bool

	mu     sync.Mutex
	logins int

	state sync.RWMutex // held while a command is answered
}

// change changes what the server has and does, between commands.
func (f *fake) change(how func()) {
	f.state.Lock()
	defer f.state.Unlock()
	how()
}

// fakeConn is one connection to it.
type fakeConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *fakeConn) say(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }

// newFake starts a server and gives an account on it.
func newFake(t *testing.T, f *fake) (*fake, *env) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.t, f.ln = t, ln
	if f.validity == nil {
		f.validity = func() int { return 7 }
	}
	var open sync.WaitGroup
	t.Cleanup(func() { ln.Close(); open.Wait() })
	open.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			open.Go(func() { defer c.Close(); f.serve(&fakeConn{c, bufio.NewReader(c)}) })
		}
	})
	e := newEnv(t, fmt.Sprintf("[account.fake]\nfrom = \"ada@example.org\"\nincoming = \"imap+insecure://ada@%s\"\npassword = { plain = \"secret\" }\n", ln.Addr()))
	e.o = imap.Options{Wire: wire.Options{Progress: 20 * time.Second}, MaxMessage: 1 << 20}
	return f, e
}

func (f *fake) serve(c *fakeConn) {
	f.state.RLock()
	greeted := f.on != nil && f.on(c, "", "GREETING")
	f.state.RUnlock()
	if greeted {
		return
	}
	c.say("* OK [CAPABILITY IMAP4rev1 UIDPLUS] hello")
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		f.command(c, tag, command)
	}
}

func (f *fake) command(c *fakeConn, tag, command string) {
	f.state.RLock()
	defer f.state.RUnlock()
	if f.on == nil || !f.on(c, tag, command) {
		f.answer(c, tag, command)
	}
}

func (f *fake) answer(c *fakeConn, tag, command string) {
	word, rest, _ := strings.Cut(command, " ")
	switch word {
	case "LOGIN":
		f.mu.Lock()
		f.logins++
		f.mu.Unlock()
	case "CAPABILITY":
		c.say("* CAPABILITY IMAP4rev1 UIDPLUS")
	case "LIST":
		if f.list != "" {
			c.say("%s", f.list)
		}
		c.say(`* LIST () "/" INBOX`)
	case "STATUS":
		c.say("* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY %d)", len(f.messages), len(f.messages)+f.gone+1, f.validity())
	case "EXAMINE", "SELECT":
		c.say("* %d EXISTS\r\n* OK [UIDVALIDITY %d] x\r\n* OK [UIDNEXT %d] x", len(f.messages), f.validity(), len(f.messages)+f.gone+1)
	case "FETCH":
		f.fetch(c, rest)
	case "UID":
		if what, args, _ := strings.Cut(rest, " "); what == "FETCH" {
			f.fetch(c, args)
		} else if what == "SEARCH" {
			var b strings.Builder
			for i := range f.messages {
				fmt.Fprintf(&b, " %d", i+1)
			}
			c.say("* SEARCH%s", b.String())
		}
	case "LOGOUT":
		c.say("* BYE")
	}
	c.say("%s OK done", tag)
}

// fetch answers FETCH for all messages in the set.
func (f *fake) fetch(c *fakeConn, args string) {
	set, items, _ := strings.Cut(args, " ")
	for i, raw := range f.messages {
		if inSet(set, i+1, len(f.messages)) {
			c.say("%s", f.item(i, raw, items))
		}
	}
}

func (f *fake) item(i int, raw []byte, items string) string {
	s := fmt.Sprintf("* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE \"01-Jan-2024 00:00:00 +0000\"", i+1, i+1, len(raw))
	switch {
	case strings.Contains(items, "[HEADER]"):
		head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
		head += "\r\n\r\n"
		section := "BODY[HEADER]"
		if strings.Contains(items, "[HEADER]<0.1048576>") {
			head, section = head[:min(len(head), 1<<20)], section+"<0>"
		}
		s += fmt.Sprintf(" %s {%d}\r\n%s", section, len(head), head)
	case strings.Contains(items, "[]"):
		s += fmt.Sprintf(" BODY[] {%d}\r\n%s", len(raw), raw)
	}
	return s + ")"
}

func inSet(set string, n, last int) bool {
	for part := range strings.SplitSeq(set, ",") {
		lo, hi, isRange := strings.Cut(part, ":")
		a, b := number(lo, last), number(hi, last)
		if !isRange {
			b = a
		}
		if n >= min(a, b) && n <= max(a, b) {
			return true
		}
	}
	return false
}

func number(s string, last int) (n int) {
	if s == "*" {
		return last
	}
	_, _ = fmt.Sscan(s, &n)
	return n
}

func corpus(n int) (out [][]byte) {
	for i := range n {
		out = append(out, mail(i))
	}
	return out
}
