package demo

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// servePOP3 serves a listener until it is closed.
func (s *Servers) servePOP3(ln *listener) {
	s.running.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() { (&pop3Session{owner: s, conn: nc.(*conn)}).run() })
		}
	})
}

// pop3Session is one session (RFC 1939). The maildrop is INBOX as it was at login.
type pop3Session struct {
	owner   *Servers
	conn    *conn
	user    string // after USER
	in      bool   // TRANSACTION state
	drop    []found
	box     *mailbox
	deleted map[int]bool // by index into drop
	over    bool
}

// errRefused is answered with -ERR and its words.
type errRefused string

func (e errRefused) Error() string { return string(e) }

func (p *pop3Session) run() {
	defer p.conn.Close()
	if p.conn.say("+OK mua demo ready\r\n") != nil {
		return
	}
	for !p.over {
		line, err := p.conn.readLine()
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
		verb = strings.ToUpper(verb)
		p.owner.counts.command(protoPOP3, verb)
		reply, err := p.command(verb, arg)
		var refused errRefused
		if errors.As(err, &refused) {
			reply = "-ERR " + string(refused) + "\r\n"
		} else if err != nil {
			return
		}
		if p.conn.say(reply) != nil {
			return
		}
	}
}

// command returns the whole reply; "" when it was given already.
func (p *pop3Session) command(verb, arg string) (string, error) {
	if words, ok := p.owner.faults.line(protoPOP3, verb); ok {
		return "", errRefused(words)
	}
	switch verb {
	case "CAPA":
		return p.capa(), nil
	case "NOOP":
		return "+OK\r\n", nil
	case "QUIT":
		return p.quit(), nil
	}
	if p.in {
		return p.transaction(verb, arg)
	}
	switch verb {
	case "USER":
		p.user = arg
		return "+OK\r\n", p.needTLS()
	case "PASS":
		return p.loggedIn(p.authenticate(p.user, arg, false))
	case "AUTH":
		return p.auth(arg)
	case "STLS":
		return "", p.stls()
	}
	return "", errRefused("not now")
}

func (p *pop3Session) offers(capability string) bool { return !p.owner.without[capability] }

func (p *pop3Session) capa() string {
	var b strings.Builder
	b.WriteString("+OK\r\n")
	for _, c := range []string{"TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE"} {
		if p.offers(c) {
			b.WriteString(c + "\r\n")
		}
	}
	secure := p.conn.secure.Load()
	if !secure && p.offers("STLS") {
		b.WriteString("STLS\r\n")
	}
	if secure || !p.offers("STLS") {
		if p.offers("USER") {
			b.WriteString("USER\r\n")
		}
		if m := p.owner.mechanisms(protoPOP3); len(m) > 0 && p.offers("SASL") {
			b.WriteString("SASL " + strings.Join(m, " ") + "\r\n")
		}
	}
	b.WriteString("IMPLEMENTATION mua-demo\r\n.\r\n")
	return b.String()
}

func (p *pop3Session) needTLS() error {
	if !p.conn.secure.Load() && p.offers("STLS") {
		return errRefused("TLS first")
	}
	return nil
}

func (p *pop3Session) stls() error {
	if p.conn.secure.Load() || !p.offers("STLS") {
		return errRefused("no STLS here")
	}
	if err := p.conn.say("+OK begin TLS now\r\n" + p.owner.faults.injected()); err != nil {
		return err
	}
	p.user = ""
	return p.conn.startTLS()
}

func (p *pop3Session) authenticate(user, secret string, token bool) error {
	if err := p.needTLS(); err != nil {
		return err
	}
	if words, ok := p.owner.faults.line(protoPOP3, loginFault); ok {
		p.owner.counts.login(protoPOP3, false)
		return errRefused(words)
	}
	if p.owner.login(protoPOP3, user, secret, token) != nil {
		return errRefused("[AUTH] authentication failed")
	}
	return nil
}

// auth is AUTH (RFC 5034), with or without an initial response.
func (p *pop3Session) auth(arg string) (string, error) {
	mech, initial, given := strings.Cut(arg, " ")
	srv := p.owner.saslServer(protoPOP3, strings.ToUpper(mech), p.authenticate)
	if srv == nil {
		return "", errRefused("no such mechanism here")
	}
	var response []byte
	if given && initial != "=" {
		response, _ = base64.StdEncoding.DecodeString(initial)
	}
	for {
		challenge, done, err := srv.Next(response)
		if err != nil || done {
			return p.loggedIn(err)
		}
		if err := p.conn.say("+ " + base64.StdEncoding.EncodeToString(challenge) + "\r\n"); err != nil {
			return "", err
		}
		line, err := p.conn.readLine()
		if err != nil {
			return "", err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "*" {
			return "", errRefused("cancelled")
		}
		if response, err = base64.StdEncoding.DecodeString(text); err != nil {
			return "", errRefused("not base64")
		}
	}
}

// loggedIn opens the maildrop.
func (p *pop3Session) loggedIn(err error) (string, error) {
	var refused errRefused
	if err != nil && !errors.As(err, &refused) {
		err = errRefused("[AUTH] " + err.Error())
	}
	if err != nil {
		return "", err
	}
	p.in, p.deleted = true, map[int]bool{}
	m := p.owner.mail
	m.mu.Lock()
	defer m.mu.Unlock()
	p.box = m.boxes["INBOX"]
	for _, msg := range p.box.messages {
		p.drop = append(p.drop, found{uid: msg.uid, raw: lineEnds(msg.raw)})
	}
	return fmt.Sprintf("+OK %d messages\r\n", len(p.drop)), nil
}

// lineEnds makes what POP3 can carry: CRLF line ends, the last one too, no NUL.
func lineEnds(raw []byte) []byte {
	out := make([]byte, 0, len(raw)+2)
	for i, c := range raw {
		switch {
		case c == 0:
			continue
		case c == '\n' && (i == 0 || raw[i-1] != '\r'):
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	if n := len(out); n > 0 && out[n-1] != '\n' {
		out = append(out, "\r\n"...)
	}
	return out
}

func (p *pop3Session) transaction(verb, arg string) (string, error) {
	switch verb {
	case "STAT":
		n, size := 0, 0
		for i, m := range p.drop {
			if !p.deleted[i] {
				n++
				size += len(m.raw)
			}
		}
		return fmt.Sprintf("+OK %d %d\r\n", n, size), nil
	case "LIST":
		return p.listing(arg, func(m found) string { return strconv.Itoa(len(m.raw)) })
	case "UIDL":
		if !p.offers("UIDL") {
			return "", errRefused("no UIDL here")
		}
		return p.listing(arg, p.uidl)
	case "RETR", "TOP":
		return p.retrieve(verb, arg)
	case "DELE":
		i, err := p.index(arg)
		if err != nil {
			return "", err
		}
		p.deleted[i] = true
		return "+OK\r\n", nil
	case "RSET":
		clear(p.deleted)
		return "+OK\r\n", nil
	}
	return "", errRefused("unknown command")
}

func (p *pop3Session) uidl(m found) string { return fmt.Sprintf("%08x%08x", p.box.validity, m.uid) }

// index finds message number arg; deleted ones are no more.
func (p *pop3Session) index(arg string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(arg))
	if err != nil || n < 1 || n > len(p.drop) || p.deleted[n-1] {
		return 0, errRefused("no such message")
	}
	return n - 1, nil
}

func (p *pop3Session) listing(arg string, value func(found) string) (string, error) {
	if arg != "" {
		i, err := p.index(arg)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("+OK %d %s\r\n", i+1, value(p.drop[i])), nil
	}
	var b strings.Builder
	b.WriteString("+OK\r\n")
	for i, m := range p.drop {
		if !p.deleted[i] {
			fmt.Fprintf(&b, "%d %s\r\n", i+1, value(m))
		}
	}
	b.WriteString(".\r\n")
	return b.String(), nil
}

func (p *pop3Session) retrieve(verb, arg string) (string, error) {
	number, count, _ := strings.Cut(arg, " ")
	i, err := p.index(number)
	if err != nil {
		return "", err
	}
	raw := p.drop[i].raw
	if verb == "TOP" {
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil || n < 0 || !p.offers("TOP") {
			return "", errRefused("no")
		}
		raw = top(raw, n)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "+OK %d octets\r\n", len(raw))
	for line := range bytes.Lines(raw) {
		if line[0] == '.' {
			b.WriteByte('.')
		}
		b.Write(line)
	}
	b.WriteString(".\r\n")
	return b.String(), nil
}

// top is the header and n lines of the body.
func top(raw []byte, n int) []byte {
	head, body := split(raw)
	end := 0
	for ; n > 0 && end < len(body); n-- {
		next := bytes.IndexByte(body[end:], '\n')
		if next < 0 {
			end = len(body)
			break
		}
		end += next + 1
	}
	return raw[:len(head)+end]
}

// quit deletes what was marked (UPDATE state).
func (p *pop3Session) quit() string {
	p.over = true
	if !p.in || len(p.deleted) == 0 {
		return "+OK bye\r\n"
	}
	gone := map[imap.UID]bool{}
	for i := range p.deleted {
		gone[p.drop[i].uid] = true
	}
	p.owner.mail.mu.Lock()
	defer p.owner.mail.mu.Unlock()
	p.box.expunge(func(m *message) bool { return gone[m.uid] })
	return "+OK bye\r\n"
}
