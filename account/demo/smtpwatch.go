package demo

import (
	"bytes"
	"fmt"
	"strings"
)

// smtpWatcher sees a session line by line. As the library is given one line at a
// time and reads the next only when it has answered the last, an answer written
// here is in its place even when the client pipelines. All of it happens in the
// library's one goroutine of the connection.
type smtpWatcher struct {
	conn    *conn
	data    bool // between 354 and the final dot
	wantCR  bool // the line before ended in CRLF
	greeted bool
	next    *Answer // replaces the library's next answer
}

func (w *smtpWatcher) line(b []byte) []byte {
	if w.data {
		if w.wantCR && string(b) == ".\r\n" {
			w.data = false
		}
		w.wantCR = bytes.HasSuffix(b, []byte("\r\n"))
		return b
	}
	verb, arg, _ := strings.Cut(strings.TrimRight(string(b), "\r\n"), " ")
	verb = strings.ToUpper(verb)
	if isVerb(verb) {
		w.conn.owner.counts.command(protoSMTP, verb)
	}
	if !w.command(verb, arg) {
		return nil
	}
	return b
}

// isVerb tells commands from the lines of an AUTH exchange.
func isVerb(word string) bool {
	switch word {
	case "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY":
		return true
	}
	return false
}

// command reports whether the library is to see the command.
func (w *smtpWatcher) command(verb, arg string) bool {
	switch verb {
	case "EHLO", "HELO":
		return w.allow(atHello, "")
	case "STARTTLS":
		w.startTLS()
		return false
	case "AUTH":
		return w.auth()
	case "MAIL":
		return w.allow(atMail, "")
	case "RCPT":
		return w.allow(atRcpt, address(arg))
	case "DATA":
		return w.allow(atData, "")
	case "BDAT": // binary, and not offered
		w.conn.say("502 5.5.1 no CHUNKING here\r\n")
		w.conn.abort()
		return false
	case "RSET":
		return w.allow(atReset, "")
	case "QUIT":
		return w.allow(atQuit, "")
	}
	return true
}

// address cuts it out of TO:<…>.
func address(arg string) string {
	_, rest, _ := strings.Cut(arg, "<")
	addr, _, _ := strings.Cut(rest, ">")
	return addr
}

func (w *smtpWatcher) startTLS() {
	s := w.conn.owner
	if w.conn.secure.Load() || s.without["STARTTLS"] {
		w.conn.say("502 5.5.1 no STARTTLS here\r\n")
		return
	}
	if w.conn.say("220 2.0.0 begin TLS now\r\n"+s.faults.injected()) == nil {
		w.conn.startTLS()
	}
}

func (w *smtpWatcher) auth() bool {
	s := w.conn.owner
	if !w.conn.secure.Load() && !s.without["STARTTLS"] {
		w.conn.say("530 5.7.0 Must issue a STARTTLS command first\r\n")
		return false
	}
	ok := w.allow(atLogin, "")
	if !ok {
		s.counts.login(protoSMTP, false)
	}
	return ok
}

// allow gives the Answer that is due here, if any. It reports whether the library
// is to see the command: also when its reply is the one to be given or replaced.
func (w *smtpWatcher) allow(at stage, addr string) bool {
	a := w.conn.owner.faults.answer(at, addr)
	if a == nil {
		return true
	}
	if a.Code == 0 && a.When == CloseAfter {
		w.next = a
		return true
	}
	w.give(a, nil, w.conn.say)
	return false
}

// give writes an Answer, or the library's own when it has no code.
func (w *smtpWatcher) give(a *Answer, usual []byte, say func(string) error) {
	switch a.When {
	case CloseBefore:
		w.conn.abort()
		return
	case StallBefore:
		<-w.conn.done
		return
	}
	text := string(usual)
	if a.Code != 0 {
		text = a.reply()
	}
	say(text)
	if a.When == CloseAfter {
		w.conn.Close()
	}
}

// reply is the Answer on the wire.
func (a *Answer) reply() string {
	lines := strings.Split(a.Text, "\n")
	var b strings.Builder
	for i, l := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		fmt.Fprintf(&b, "%d%s%s\r\n", a.Code, sep, l)
	}
	return b.String()
}

// answer sees each line of the library's replies (it writes them one by one).
// It is called, and may write, under the connection's write lock.
func (w *smtpWatcher) answer(b []byte) []byte {
	if !w.greeted {
		w.greeted = true
		if a := w.conn.owner.faults.answer(atGreeting, ""); a != nil {
			w.give(a, b, func(text string) error { return w.conn.send([]byte(text)) })
			return nil
		}
	}
	if next := w.next; next != nil {
		w.next = nil
		w.give(next, b, func(text string) error { return w.conn.send([]byte(text)) })
		return nil
	}
	if bytes.HasPrefix(b, []byte("354")) {
		w.data, w.wantCR = true, true
	}
	return w.offer(b)
}

// offer edits a line of the reply to EHLO.
func (w *smtpWatcher) offer(b []byte) []byte {
	rest, ok := bytes.CutPrefix(b, []byte("250"))
	if !ok || len(rest) < 2 {
		return b
	}
	name, _, _ := strings.Cut(strings.TrimRight(string(rest[1:]), "\r\n"), " ")
	s, clear := w.conn.owner, !w.conn.secure.Load()
	tls := clear && !s.without["STARTTLS"]
	hidden := name == "CHUNKING" || name == "AUTH" && tls || s.without[name] && isExtension(name)
	switch {
	case name == "PIPELINING" && !clear && !s.without["REQUIRETLS"]: // RFC 8689 2: under TLS only
		offer := []byte("250-REQUIRETLS\r\n")
		if hidden {
			return offer
		}
		return append(offer, b...)
	case name == "PIPELINING" && tls && hidden:
		return []byte("250-STARTTLS\r\n")
	case name == "PIPELINING" && tls:
		return append([]byte("250-STARTTLS\r\n"), b...)
	case hidden && rest[0] == ' ': // a reply needs its last line
		return []byte("250 HELP\r\n")
	case hidden:
		return nil
	}
	return b
}

// isExtension: the EHLO keywords that Options.Without may hide.
func isExtension(name string) bool {
	switch name {
	case "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "AUTH", "SMTPUTF8", "DSN", "SIZE", "LIMITS":
		return true
	}
	return false
}
