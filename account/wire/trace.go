package wire

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"mua/account"
)

// traceKeep is how many octets of a long line the tracer looks at, traceTail how many of its end
// (an IMAP literal is announced there), traceShow how many characters it shows.
const (
	traceKeep = 4 << 10
	traceTail = 32
)

const hidden = "[hidden]"

// tracer writes what passes in lines, without secrets and without message text. A nil tracer
// does nothing. It knows just enough of each protocol to tell where these are.
type tracer struct {
	mu   sync.Mutex
	w    io.Writer
	in   side
	out  side
	spec dialect
	veil *strings.Replacer // takes credentials out; nil: none known

	stopped bool
}

// side is one direction.
type side struct {
	label string
	line  []byte
	skip  int64 // octets of a literal still to come
	body  int64 // octets of message lines not shown so far
}

// dialect is what the tracer knows of a protocol. Each takes a line and returns what may be
// shown; ok is false for a line of message text.
type dialect interface {
	client(line string) (show string, ok bool)
	server(line string) (show string, ok bool)
}

func newTracer(w io.Writer, p account.Protocol) *tracer {
	if w == nil {
		return nil
	}
	t := &tracer{w: w, in: side{label: "S"}, out: side{label: "C"}}
	switch p {
	case account.IMAP:
		t.spec = &imapTrace{}
	case account.POP3:
		t.spec = &pop3Trace{}
	default:
		t.spec = &smtpTrace{}
	}
	return t
}

// hide takes credentials out of every line from now on.
func (t *tracer) hide(r *strings.Replacer) {
	if t != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.veil = r
	}
}

// stop ends the writing: what a reader still brings in after Close is not shown.
func (t *tracer) stop() {
	if t != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.stopped = true
	}
}

func (t *tracer) server(b []byte) {
	if t != nil {
		t.feed(&t.in, b, t.spec.server)
	}
}

func (t *tracer) client(b []byte) {
	if t != nil {
		t.feed(&t.out, b, t.spec.client)
	}
}

func (t *tracer) feed(s *side, b []byte, judge func(string) (string, bool)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	for len(b) > 0 {
		if s.skip > 0 {
			n := min(s.skip, int64(len(b)))
			s.skip -= n
			b = b[n:]
			continue
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			s.keep(b)
			return
		}
		s.keep(b[:i+1])
		b = b[i+1:]
		t.end(s, judge)
	}
}

// keep adds a part of a line, forgetting the middle of a long one.
func (s *side) keep(b []byte) {
	for len(b) > 0 {
		n := min(len(b), traceKeep)
		s.line = append(s.line, b[:n]...)
		b = b[n:]
		if over := len(s.line) - traceKeep - traceTail; over > 0 {
			s.line = append(s.line[:traceKeep], s.line[traceKeep+over:]...)
		}
	}
}

// end judges a whole line and writes it.
func (t *tracer) end(s *side, judge func(string) (string, bool)) {
	line := strings.TrimRight(string(s.line), "\r\n")
	size := int64(len(s.line))
	s.line = s.line[:0]
	show, ok := judge(line)
	if !ok {
		s.body += size
		return
	}
	if s.body > 0 {
		t.print(s.label, fmt.Sprintf("[%d octets of a message]", s.body))
		s.body = 0
	}
	t.print(s.label, show)
	if _, imap := t.spec.(*imapTrace); imap {
		if n, ok := literal(line); ok && n > 0 {
			s.skip = n
			t.print(s.label, fmt.Sprintf("[%d octets]", n))
		}
	}
}

func (t *tracer) print(label, s string) {
	if t.veil != nil {
		s = t.veil.Replace(s)
	}
	fmt.Fprintf(t.w, "%s: %s\n", label, account.CleanWords(s)) // a trace that cannot be written must not stop the mail
}

// literal reads the {n}, {n+} or ~{n} at the end of an IMAP line (RFC 9051 4.3).
func literal(line string) (int64, bool) {
	if !strings.HasSuffix(line, "}") {
		return 0, false
	}
	i := strings.LastIndexByte(line, '{')
	if i < 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(line[i+1:len(line)-1], "+"), 10, 64)
	return n, err == nil && n >= 0
}

// smtpTrace hides AUTH and the text after DATA.
type smtpTrace struct{ auth, asked, data bool }

func (s *smtpTrace) client(line string) (string, bool) {
	switch {
	case s.data && line == ".":
		s.data = false
		return line, true
	case s.data:
		return "", false
	case s.auth:
		return hidden, true
	}
	s.asked = false // DATA ends a pipelined group: its answer has come
	verb, rest := cutWord(line)
	switch strings.ToUpper(verb) {
	case "AUTH":
		s.auth = true
		mech, _ := cutWord(rest)
		return verb + " " + mech + " " + hidden, true
	case "DATA":
		s.asked = true
	}
	return line, true
}

func (s *smtpTrace) server(line string) (string, bool) {
	if strings.HasPrefix(line, "334") && s.auth {
		return "334 " + hidden, true
	}
	s.auth = false
	if s.asked && strings.HasPrefix(line, "354") {
		s.data, s.asked = true, false
	}
	return line, true
}

// pop3Trace hides passwords, and messages.
type pop3Trace struct {
	auth  bool
	queue []string // commands sent whose answers have not come
	multi string   // the command whose lines are coming
}

func (p *pop3Trace) client(line string) (string, bool) {
	if p.auth {
		return hidden, true
	}
	verb, rest := cutWord(line)
	verb = strings.ToUpper(verb)
	ask := verb
	if rest != "" && (verb == "LIST" || verb == "UIDL") {
		ask = "ONE"
	}
	if len(p.queue) < 1<<12 {
		p.queue = append(p.queue, ask)
	}
	switch verb {
	case "PASS", "APOP":
		return verb + " " + hidden, true
	case "AUTH":
		mech, _ := cutWord(rest)
		if mech != "" {
			p.auth = true
		}
		return strings.TrimSpace(verb + " " + mech + " " + hidden), true
	}
	return line, true
}

func (p *pop3Trace) server(line string) (string, bool) {
	if p.multi != "" {
		if line == "." {
			p.multi = ""
			return line, true
		}
		return line, p.multi == "CAPA"
	}
	if p.auth && strings.HasPrefix(line, "+ ") || line == "+" {
		return "+ " + hidden, true
	}
	p.auth = false
	if len(p.queue) == 0 {
		return line, true
	}
	ask := p.queue[0]
	p.queue = p.queue[1:]
	switch ask {
	case "RETR", "TOP", "CAPA", "LIST", "UIDL":
		if strings.HasPrefix(line, "+OK") {
			p.multi = ask
		}
	}
	return line, true
}

// imapTrace hides LOGIN and AUTHENTICATE up to their tagged answer. Literals are left out by
// the tracer itself.
type imapTrace struct{ secret string }

func (m *imapTrace) client(line string) (string, bool) {
	if m.secret != "" {
		return hidden, true
	}
	tag, rest := cutWord(line)
	verb, args := cutWord(rest)
	switch strings.ToUpper(verb) {
	case "LOGIN":
		m.secret = tag
		return tag + " " + verb + " " + hidden, true
	case "AUTHENTICATE":
		m.secret = tag
		mech, _ := cutWord(args)
		return tag + " " + verb + " " + mech + " " + hidden, true
	}
	return line, true
}

func (m *imapTrace) server(line string) (string, bool) {
	if m.secret == "" {
		return line, true
	}
	tag, _ := cutWord(line)
	switch tag {
	case m.secret:
		m.secret = ""
	case "+":
		return "+ " + hidden, true
	}
	return line, true
}
