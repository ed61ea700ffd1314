package submit

import (
	"errors"
	"strconv"
	"strings"

	"github.com/emersion/go-smtp"

	"mua/account"
	"mua/outbox"
)

// maxReply bounds one reply, all its lines together, in octets.
const maxReply = 256 << 10

var (
	errReplyLong = errors.New("the server's answer does not end")
	errGarbage   = errors.New("the server does not speak SMTP")
)

// reply is one SMTP reply (RFC 5321 4.2).
type reply struct {
	code     int
	enhanced string   // RFC 3463, ENHANCEDSTATUSCODES; "" none
	lines    []string // texts without codes, not cleaned
}

// read reads one reply. After an error the session is out of step with the server.
func (s *Session) read() (reply, error) {
	var r reply
	size := 0
	for {
		line, err := s.line(maxReply - size)
		if err != nil {
			return reply{}, err
		}
		size += len(line)
		code, text, last, ok := parseLine(line)
		if !ok || r.code != 0 && code != r.code {
			return reply{}, errGarbage
		}
		r.code = code
		r.lines = append(r.lines, text)
		if last {
			r.split()
			return r, nil
		}
	}
}

// line reads a line without its end, of at most limit octets.
func (s *Session) line(limit int) (string, error) {
	var b []byte
	for {
		part, err := s.r.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case len(b) > limit:
			return "", errReplyLong
		case err == nil:
			return strings.TrimRight(string(b), "\r\n"), nil
		case len(part) == 0 || len(part) < s.r.Size():
			return "", err
		}
	}
}

// parseLine takes "250-text" apart.
func parseLine(line string) (code int, text string, last, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, "", false, false
	}
	code, err := strconv.Atoi(line[:3])
	if err != nil || line[1] < '0' || line[1] > '9' {
		return 0, "", false, false
	}
	switch {
	case len(line) == 3:
		return code, "", true, true
	case line[3] == ' ' || line[3] == '-':
		return code, line[4:], line[3] == ' ', true
	}
	return 0, "", false, false
}

// split moves an enhanced code from the lines' beginnings to its own field.
func (r *reply) split() {
	first, _, _ := strings.Cut(r.lines[0], " ")
	if !enhancedCode(first, r.code) {
		return
	}
	r.enhanced = first
	for i, l := range r.lines {
		if rest, ok := strings.CutPrefix(l, first); ok {
			r.lines[i] = strings.TrimPrefix(rest, " ")
		}
	}
}

// enhancedCode reports whether s is a code such as 5.1.1 of the reply code's class.
func enhancedCode(s string, code int) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[0] != strconv.Itoa(code/100) {
		return false
	}
	for _, p := range parts[1:] {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n > 999 || len(p) > 3 {
			return false
		}
	}
	return true
}

// class is the first digit of the code.
func (r reply) class() int { return r.code / 100 }

// text is what the server said in one clean line.
func (r reply) text() string { return account.CleanWords(strings.Join(r.lines, " ")) }

// err is the reply as an error that account/wire explains.
func (r reply) err() error {
	e := &smtp.SMTPError{Code: r.code, EnhancedCode: smtp.NoEnhancedCode, Message: r.text()}
	if parts := strings.Split(r.enhanced, "."); len(parts) == 3 {
		for i, p := range parts {
			e.EnhancedCode[i], _ = strconv.Atoi(p) // checked by enhancedCode
		}
	}
	return e
}

// outcome is the reply as one recipient's result; ok is false for a reply that is none.
func (r reply) outcome(addr string) (outbox.Result, bool) {
	res := outbox.Result{Addr: addr, Code: r.code, Enhanced: r.enhanced, Text: r.text()}
	switch r.class() {
	case 2:
		res.State = outbox.Accepted
	case 4:
		res.State = outbox.Deferred
	case 5:
		res.State = outbox.Refused
	default:
		return res, false
	}
	return res, true
}

// wantsLogin reports whether the reply is about the login, not about the message (RFC 4954 6).
func (r reply) wantsLogin() bool {
	return r.code == 530 || r.code == 534 || r.code == 535 || r.code == 538
}
