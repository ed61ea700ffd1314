package compose

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// Limits of RFC 5321 4.5.3.1, in octets of the form that goes on the wire.
const (
	maxLocal  = 64
	maxDomain = 255
	maxPath   = 254 // 256 with the angle brackets
)

// localProblem says what is wrong with a local part, or "".
func localProblem(local string) string {
	switch {
	case local == "":
		return "nothing stands before the @"
	case len(local) > maxLocal:
		return "the part before the @ is longer than 64 octets"
	case isDotAtom(local) || isQuoted(local):
		return ""
	case strings.HasPrefix(local, "."), strings.HasSuffix(local, "."), strings.Contains(local, ".."):
		return "a dot must stand between two characters"
	}
	return "the part before the @ has characters that no address may have"
}

// isQuoted reports whether s is exactly one quoted string without controls.
func isQuoted(s string) bool {
	p := &addressParser{s: s}
	if p.peek() != '"' || strings.ContainsRune(s, '\t') {
		return false
	}
	_, err := p.quoted()
	return err == nil && p.end()
}

// asciiDomain gives the form of a domain that goes on the wire: IDNA A-labels, or
// an address literal as it is. problem says what is wrong, or "".
func asciiDomain(domain string) (ascii, problem string) {
	switch {
	case domain == "":
		return "", "a domain must follow the @"
	case strings.HasPrefix(domain, "["):
		return domain, literalProblem(domain)
	case strings.HasSuffix(domain, "."):
		return "", "a domain does not end with a dot"
	}
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
		idna.StrictDomainName(true), idna.VerifyDNSLength(true))
	ascii, err := profile.ToASCII(domain)
	if err != nil {
		if len(domain) > maxDomain {
			return "", "the domain is longer than 255 octets"
		}
		return "", "this is not a domain name"
	}
	if len(ascii) > maxDomain {
		return "", "the domain is longer than 255 octets"
	}
	return ascii, ""
}

// literalProblem checks "[192.0.2.1]" and "[IPv6:2001:db8::1]" (RFC 5321 4.1.3).
func literalProblem(domain string) string {
	const bad = "this is not an address literal"
	inner, ok := strings.CutSuffix(strings.TrimPrefix(domain, "["), "]")
	if !ok {
		return bad
	}
	six := len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:")
	if six {
		inner = inner[5:]
	}
	ip, err := netip.ParseAddr(inner)
	if err != nil || ip.Is4() == six || ip.Zone() != "" {
		return bad
	}
	return ""
}

// canonical gives the form of an address that goes on the wire: domain in ASCII
// and lower case, local part as it is. The error is an *account.Trouble.
func canonical(addr string) (string, error) {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return "", badPlace(addr, len(addr), "%q needs @domain", oneLine(addr))
	}
	if problem := localProblem(addr[:at]); problem != "" {
		return "", badPlace(addr, 0, "%s", problem)
	}
	domain, problem := asciiDomain(addr[at+1:])
	if problem != "" {
		return "", badPlace(addr, at+1, "%s", problem)
	}
	if !strings.HasPrefix(domain, "[") {
		domain = strings.ToLower(domain)
	}
	if at+1+len(domain) > maxPath {
		return "", badPlace(addr, 0, "the address is longer than 254 octets")
	}
	return addr[:at] + "@" + domain, nil
}

// isASCII reports whether s has only octets below 0x80.
func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
