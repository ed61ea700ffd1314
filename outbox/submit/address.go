package submit

import (
	"errors"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Limits of RFC 5321 4.5.3.1, in octets.
const (
	maxLocal  = 64
	maxDomain = 255
	maxPath   = 254
)

var (
	errAddress = errors.New("it is no valid address")
	errLong    = errors.New("it is too long for an address")
)

// path is an address as it may stand between < and > in MAIL and RCPT.
type path struct {
	text string
	utf8 bool // needs SMTPUTF8 (RFC 6531)
}

// parsePath checks a Mailbox of RFC 5321 4.1.2 strictly, so that nothing can end
// the command early or add to it. A domain that is not ASCII becomes its A-labels.
func parsePath(addr string) (path, error) {
	at := strings.LastIndexByte(addr, '@')
	if at < 1 || !utf8.ValidString(addr) {
		return path{}, errAddress
	}
	local, domain := addr[:at], addr[at+1:]
	if !validLocal(local) {
		return path{}, errAddress
	}
	domain, ok := validDomain(domain)
	if !ok {
		return path{}, errAddress
	}
	p := path{text: local + "@" + domain, utf8: !ascii(local)}
	if len(local) > maxLocal || len(domain) > maxDomain || len(p.text) > maxPath {
		return path{}, errLong
	}
	return p, nil
}

// validLocal checks a Dot-string or Quoted-string.
func validLocal(s string) bool {
	if strings.HasPrefix(s, `"`) {
		return validQuoted(s)
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

// isAtext is atext of RFC 5322 3.2.3, extended by RFC 6531 3.3 without controls and blanks.
func isAtext(r rune) bool {
	if r >= utf8.RuneSelf {
		return r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.IsSpace(r)
	}
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// validQuoted checks a Quoted-string: printable ASCII, quotes and backslashes escaped.
func validQuoted(s string) bool {
	if len(s) < 3 || s[len(s)-1] != '"' {
		return false
	}
	escaped := false
	for _, r := range s[1 : len(s)-1] {
		switch {
		case r < ' ' || r == 0x7f || r >= utf8.RuneSelf && !isAtext(r):
			return false
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			return false
		}
	}
	return !escaped
}

// validDomain checks a Domain or an address literal and returns it in ASCII.
func validDomain(s string) (string, bool) {
	if strings.HasPrefix(s, "[") {
		return s, validLiteral(s)
	}
	if !ascii(s) {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = a
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
		if strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return "", false
		}
	}
	return s, true
}

// validLiteral checks [192.0.2.1] and [IPv6:2001:db8::1] (RFC 5321 4.1.3).
func validLiteral(s string) bool {
	inner, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return false
	}
	if len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:") {
		a, err := netip.ParseAddr(inner[5:])
		return err == nil && a.Is6() && a.Zone() == ""
	}
	a, err := netip.ParseAddr(inner)
	return err == nil && a.Is4()
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
