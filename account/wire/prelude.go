package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"mua/account"
)

// ehloName is what we call ourselves to an SMTP server before TLS: an address literal that any
// server takes (RFC 5321 4.1.3) and that tells nothing of this machine.
const ehloName = "[127.0.0.1]"

// prelude reads the greeting and, when startTLS is set, brings the server to where the handshake begins.
// What the library is to read first is then in c.replay.
func (c *Conn) prelude(startTLS bool) error {
	p := &preludeReader{c: c}
	var err error
	switch c.proto {
	case account.IMAP:
		err = p.imap(startTLS)
	case account.POP3:
		err = p.pop3(startTLS)
	case account.SMTP:
		err = p.smtp(startTLS)
	default:
		err = fmt.Errorf("no such protocol: %q", c.proto)
	}
	if err != nil {
		return err
	}
	if startTLS && len(p.buf) > 0 {
		return p.trouble(account.KindOther, "%s sent something between its answer to STARTTLS and TLS: someone may be in between", c.host)
	}
	if startTLS {
		c.replay = []byte(map[account.Protocol]string{
			account.IMAP: "* OK ready\r\n", account.POP3: "+OK ready\r\n", account.SMTP: "220 ready\r\n"}[c.proto])
		return nil
	}
	c.replay = append(p.seen, p.buf...)
	return nil
}

// preludeReader reads lines and keeps them. The connection's own limit bounds what it holds.
type preludeReader struct {
	c    *Conn
	buf  []byte // read, not yet part of a line
	seen []byte // lines so far
}

// line returns the next line without its end.
func (p *preludeReader) line() (string, error) {
	var chunk [2048]byte
	for {
		if i := bytes.IndexByte(p.buf, '\n'); i >= 0 {
			l := p.buf[:i+1]
			p.seen = append(p.seen, l...)
			p.buf = p.buf[i+1:]
			return strings.TrimRight(string(l), "\r\n"), nil
		}
		n, err := p.c.read(chunk[:])
		p.buf = append(p.buf, chunk[:n]...)
		if err != nil && n == 0 {
			return "", err
		}
	}
}

func (p *preludeReader) send(line string) error {
	_, err := p.c.Write([]byte(line + "\r\n"))
	return err
}

func (p *preludeReader) trouble(k account.Kind, format string, args ...any) error {
	return &account.Trouble{Kind: k, Account: p.c.acct, Host: p.c.host, What: fmt.Sprintf(format, args...)}
}

// foreign says that what was read is not the protocol.
func (p *preludeReader) foreign(line string) error {
	t := p.c.temporary("%s does not greet as %s: %s", p.c.host, strings.ToUpper(string(p.c.proto)), account.CleanWords(line))
	t.Hint = "is it the right port?"
	return t
}

// noTLS says that TLS, which the scheme demands, is not to be had.
func (p *preludeReader) noTLS(words string) error {
	what := p.c.host + " does not offer STARTTLS"
	if words != "" {
		what += ": " + account.CleanWords(words)
	}
	return &account.Trouble{
		Kind: account.KindOther, Account: p.c.acct, Host: p.c.host, What: what,
		Kept: "No password was sent", Hint: fmt.Sprintf("use %ss:// if the server has it", p.c.proto),
	}
}

// imap: RFC 9051 7.1 greeting, 6.2.1 STARTTLS.
func (p *preludeReader) imap(startTLS bool) error {
	l, err := p.line()
	if err != nil {
		return err
	}
	word, rest := cutWord(strings.TrimPrefix(l, "* "))
	p.c.greeting = account.CleanWords(rest)
	switch {
	case !strings.HasPrefix(l, "* "):
		return p.foreign(l)
	case strings.EqualFold(word, "BYE"):
		return p.trouble(account.KindTemporary, "%s refuses the connection: %s", p.c.host, p.c.greeting)
	case strings.EqualFold(word, "PREAUTH") && startTLS:
		return p.trouble(account.KindOther, "%s claims to have logged us in before TLS: someone may be in between", p.c.host)
	case !strings.EqualFold(word, "OK") && !strings.EqualFold(word, "PREAUTH"):
		return p.foreign(l)
	case !startTLS:
		return nil
	}
	if err := p.send("S0 STARTTLS"); err != nil {
		return err
	}
	for {
		l, err := p.line()
		if err != nil {
			return err
		}
		tag, rest := cutWord(l)
		if tag != "S0" {
			continue
		}
		word, rest := cutWord(rest)
		if strings.EqualFold(word, "OK") {
			return nil
		}
		return p.noTLS(rest)
	}
}

// pop3: RFC 1939 greeting, whose APOP stamp is of no use here; RFC 2595 4 STLS.
func (p *preludeReader) pop3(startTLS bool) error {
	l, err := p.line()
	if err != nil {
		return err
	}
	word, rest := cutWord(l)
	p.c.greeting = account.CleanWords(rest)
	switch word {
	case "+OK":
		p.seen = []byte("+OK ready\r\n")
	case "-ERR":
		return Explain(p.c.acct, p.c.host, &POP3Error{Text: rest, Greeting: true})
	default:
		return p.foreign(l)
	}
	if !startTLS {
		return nil
	}
	if err := p.send("STLS"); err != nil {
		return err
	}
	if l, err = p.line(); err != nil {
		return err
	}
	if word, rest := cutWord(l); word != "+OK" {
		return p.noTLS(rest)
	}
	return nil
}

// smtp: RFC 5321 3.1 greeting, RFC 3207 STARTTLS.
func (p *preludeReader) smtp(startTLS bool) error {
	code, lines, err := p.reply()
	if err != nil {
		return err
	}
	p.c.greeting = account.CleanWords(strings.Join(lines, " "))
	if code != 220 {
		return p.greetedWith(code)
	}
	if !startTLS {
		return nil
	}
	if err := p.send("EHLO " + ehloName); err != nil {
		return err
	}
	code, lines, err = p.reply()
	if err != nil {
		return err
	}
	if code == 421 {
		return p.trouble(account.KindTemporary, "%s closes: 421 %s", p.c.host, account.CleanWords(strings.Join(lines, " ")))
	}
	if code != 250 || !offers(lines, "STARTTLS") {
		return p.noTLS("")
	}
	if err := p.send("STARTTLS"); err != nil {
		return err
	}
	code, lines, err = p.reply()
	switch words := account.CleanWords(strings.Join(lines, " ")); {
	case err != nil:
		return err
	case code == 220:
		return nil
	case code/100 == 4:
		return p.trouble(account.KindTemporary, "%s cannot do STARTTLS now: %d %s", p.c.host, code, words)
	default:
		return p.noTLS(fmt.Sprintf("%d %s", code, words))
	}
}

func (p *preludeReader) greetedWith(code int) error {
	kind := account.KindTemporary
	if code/100 == 5 {
		kind = account.KindRefused
	}
	return p.trouble(kind, "%s refuses the connection: %d %s", p.c.host, code, p.c.greeting)
}

// reply reads an SMTP reply of one or more lines (RFC 5321 4.2.1).
func (p *preludeReader) reply() (code int, lines []string, err error) {
	for {
		l, err := p.line()
		if err != nil {
			return 0, nil, err
		}
		n := 0
		if len(l) >= 3 {
			n, _ = strconv.Atoi(l[:3])
		}
		if n < 200 || n > 599 || len(l) > 3 && l[3] != ' ' && l[3] != '-' || code != 0 && n != code {
			return 0, nil, p.foreign(l)
		}
		code = n
		lines = append(lines, strings.TrimSpace(l[min(4, len(l)):]))
		if len(l) == 3 || l[3] == ' ' {
			return code, lines, nil
		}
	}
}

func offers(lines []string, keyword string) bool {
	for _, l := range lines {
		if w, _ := cutWord(l); strings.EqualFold(w, keyword) {
			return true
		}
	}
	return false
}

// cutWord splits at the first blank.
func cutWord(s string) (word, rest string) {
	word, rest, _ = strings.Cut(s, " ")
	return word, rest
}
