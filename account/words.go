package account

import (
	"net"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWords bounds a server's words in a Trouble, in characters.
const maxWords = 300

// CleanWords turns a server's words, or any text of others, into one printable line of at most
// 300 characters: controls and line ends become a space, bidirectional overrides and
// zero-width characters go, bytes that are not UTF-8 become U+FFFD, blanks are joined.
func CleanWords(s string) string {
	if len(s) > 8*maxWords {
		s = s[:8*maxWords]
	}
	var b strings.Builder
	n, blank := 0, false
	for _, r := range s {
		switch {
		case unicode.IsControl(r) || unicode.IsSpace(r):
			blank = b.Len() > 0
			continue
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || r == '\u2028' || r == '\u2029':
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
			n++
		}
		if n >= maxWords-2 {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// HasControl reports whether s holds a control character (C0, DEL, C1) or is not UTF-8. Such
// text must not become part of a protocol command.
func HasControl(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
}

// Loopback reports whether host can only mean this machine: a loopback address or localhost.
func Loopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
