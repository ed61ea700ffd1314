package message

import (
	"strings"

	"golang.org/x/net/idna"
)

const (
	maxLinks = 1000
	maxURL   = 8 << 10 // octets; longer ones are shown but not offered
)

// Link is a link in a text. URL has one of the schemes http, https and mailto
// and no blanks or controls. Neither is cleaned.
type Link struct {
	Text   string // what the sender calls it
	URL    string
	Domain string // where it leads: the host in its ASCII form without www., or the address of a mailto
}

// Links lists the links of an HTML text in order, up to 1,000, those in hidden
// elements left out.
func Links(html string) []Link {
	w := newHTMLWriter(noLimit)
	w.render(html)
	return w.links
}

// Links lists the links of what a reader sees, in order and each URL once: those
// spelled out in the text, then those of the HTML.
func (m *Message) Links() []Link {
	var out []Link
	seen := make(map[string]bool)
	add := func(l Link) {
		if !seen[l.URL] && len(out) < maxLinks {
			seen[l.URL] = true
			out = append(out, l)
		}
	}
	for _, l := range linksInText(m.Text()) {
		add(l)
	}
	for _, l := range Links(m.HTML()) {
		add(l)
	}
	return out
}

// linksInText finds the URLs spelled out in a text.
func linksInText(s string) []Link {
	var out []Link
	for len(out) < maxLinks {
		i := strings.IndexByte(s, ':')
		if i < 0 {
			break
		}
		start := i
		for start > 0 && i-start <= len("mailto") && isLetter(rune(s[start-1])) {
			start--
		}
		if !isLinkScheme(s[start:i]) {
			s = s[i+1:]
			continue
		}
		end := i + 1
		for end < len(s) && end-start <= maxURL && s[end] > ' ' && !strings.ContainsRune(`<>"`, rune(s[end])) {
			end++
		}
		raw := trimURL(s[start:end])
		if url, domain, ok := readURL(raw); ok {
			out = append(out, Link{Text: url, URL: url, Domain: domain})
		}
		s = s[end:]
	}
	return out
}

func isLinkScheme(s string) bool {
	return strings.EqualFold(s, "http") || strings.EqualFold(s, "https") || strings.EqualFold(s, "mailto")
}

// trimURL takes away the punctuation of the sentence a URL stands in.
func trimURL(s string) string {
	for s != "" {
		switch last := s[len(s)-1]; {
		case strings.IndexByte(".,;:!?'*_", last) >= 0:
		case last == ')' && strings.Count(s, "(") < strings.Count(s, ")"):
		case last == ']' && strings.Count(s, "[") < strings.Count(s, "]"):
		default:
			return s
		}
		s = s[:len(s)-1]
	}
	return s
}

// readURL accepts the three schemes that a reader may follow.
func readURL(raw string) (url, domain string, ok bool) {
	url = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f && r <= 0x9f || hides(r) {
			return -1
		}
		return r
	}, raw)
	if strings.HasPrefix(url, "//") {
		url = "https:" + url
	} else if len(url) > 4 && strings.EqualFold(url[:4], "www.") {
		url = "http://" + url
	}
	scheme, rest, found := strings.Cut(url, ":")
	if !found || len(url) > maxURL {
		return "", "", false
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		domain = hostOf(strings.TrimLeft(rest, `/\`))
	case "mailto":
		domain, _, _ = strings.Cut(rest, "?")
		domain = percentDecode(domain)
		if !strings.Contains(domain, "@") {
			return "", "", false
		}
		domain = strings.ToValidUTF8(domain, "\ufffd")
	default:
		return "", "", false
	}
	return url, domain, domain != ""
}

// hostOf returns the host of what follows the scheme, in ASCII, so that no
// letter passes for another.
func hostOf(rest string) string {
	if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && isDigits(rest[i+1:]) {
		rest = rest[:i]
	}
	host := strings.ToLower(strings.TrimSuffix(percentDecode(rest), "."))
	if !isASCII(host) {
		if ascii, err := idna.Punycode.ToASCII(host); err == nil {
			host = ascii
		}
	}
	return strings.TrimPrefix(strings.ToValidUTF8(host, "\ufffd"), "www.")
}

// showsDomain reports whether a text names the domain itself, as a whole word:
// notevil.com does not show evil.com.
func showsDomain(text, domain string) bool {
	text, domain = strings.ToLower(text), strings.ToLower(domain)
	for from := 0; ; {
		i := strings.Index(text[from:], domain)
		if i < 0 {
			return false
		}
		i += from
		before := strings.TrimSuffix(text[:i], "www.")
		after := text[i+len(domain):]
		if (before == "" || !isHostByte(before[len(before)-1])) && endsHost(after) {
			return true
		}
		from = i + 1
	}
}

func endsHost(after string) bool {
	if after == "" {
		return true
	}
	if after[0] == '.' {
		return len(after) == 1 || !isHostByte(after[1])
	}
	return !isHostByte(after[0])
}

func isHostByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '.' || b >= 0x80
}
