package account

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// scheme is what a URL scheme stands for.
type scheme struct {
	proto Protocol
	sec   Security
	port  int
}

// schemeOf knows the schemes of incoming and outgoing.
func schemeOf(name string) (scheme, bool) {
	s, ok := map[string]scheme{
		"imaps": {IMAP, TLS, 993}, "imap": {IMAP, StartTLS, 143}, "imap+insecure": {IMAP, Plain, 143},
		"pop3s": {POP3, TLS, 995}, "pop3": {POP3, StartTLS, 110}, "pop3+insecure": {POP3, Plain, 110},
		"smtps": {SMTP, TLS, 465}, "smtp": {SMTP, StartTLS, 587}, "smtp+insecure": {SMTP, Plain, 587},
	}[name]
	return s, ok
}

const (
	incomingSchemes = "imaps:// imap:// imap+insecure:// pop3s:// pop3:// pop3+insecure://"
	outgoingSchemes = "smtps:// smtp:// smtp+insecure://"
)

// parseEndpoint reads the URL of one side. The error's text never repeats the URL, which may
// hold a password.
func parseEndpoint(raw string, outgoing bool) (*Endpoint, error) {
	name, _, found := strings.Cut(raw, "://")
	valid := incomingSchemes
	if outgoing {
		valid = outgoingSchemes
	}
	if !found {
		return nil, fmt.Errorf("is not a URL (%s)", valid)
	}
	name = strings.ToLower(name)
	switch name {
	case "maildir", "mbox", "sendmail":
		return nil, fmt.Errorf("%s:// is planned but not in this version", name)
	}
	s, ok := schemeOf(name)
	if !ok || (s.proto == SMTP) != outgoing {
		return nil, fmt.Errorf("cannot be %s:// (%s)", name, valid)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("is not a well-formed URL")
	}
	if err := extras(u); err != nil {
		return nil, err
	}
	e := &Endpoint{Protocol: s.proto, Security: s.sec, Port: s.port, User: u.User.Username()}
	if e.Host, err = hostName(u.Hostname()); err != nil {
		return nil, err
	}
	if p := u.Port(); p != "" {
		if e.Port, err = strconv.Atoi(p); err != nil || e.Port < 1 || e.Port > 65535 {
			return nil, fmt.Errorf("has a port that is not between 1 and 65535")
		}
	}
	return e, nil
}

// extras refuses the parts of a URL that have no meaning here.
func extras(u *url.URL) error {
	_, password := u.User.Password()
	switch {
	case password:
		return fmt.Errorf(`holds a password; use password = { … } instead`)
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return fmt.Errorf("must end after host and port")
	case u.User != nil && u.User.Username() == "":
		return fmt.Errorf("has an empty user name before the @")
	case HasControl(u.User.Username()):
		return fmt.Errorf("has a control character in the user name")
	}
	return nil
}

// hostName checks a host and turns an international name into its ASCII form.
func hostName(h string) (string, error) {
	if h == "" {
		return "", fmt.Errorf("has no host")
	}
	if net.ParseIP(h) != nil {
		return h, nil
	}
	a, err := idna.Lookup.ToASCII(h)
	if err != nil {
		a = strings.ToLower(h)
		if strings.ContainsFunc(a, func(r rune) bool { return !hostRune(r) }) {
			return "", fmt.Errorf("has a host name that cannot be: %s", CleanWords(h))
		}
	}
	return a, nil
}

// hostRune also lets the underscore pass, which names in private networks have.
func hostRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_'
}
