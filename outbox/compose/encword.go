package compose

import (
	"encoding/base64"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// encodedWord makes one encoded word of at most room octets (if one character
// fits) from the beginning of s; n is how much of s it holds.
func encodedWord(s string, cs charset, b64 bool, room int) (word string, n int) {
	letter := "q"
	if b64 {
		letter = "b"
	}
	room -= len("=?" + cs.name + "?" + letter + "??=")
	n = fit(s, cs, b64, room)
	body := qEncode(s[:n])
	if b64 {
		body = base64.StdEncoding.EncodeToString([]byte(s[:n]))
	}
	return "=?" + cs.name + "?" + letter + "?" + body + "?=", n
}

// fit counts the octets of whole characters of s whose encoding has at most room
// octets; at least one character.
func fit(s string, cs charset, b64 bool, room int) int {
	n, used := 0, 0
	for n < len(s) {
		k := max(1, cs.step(s[n:]))
		if b64 {
			used = (n + k + 2) / 3 * 4
		} else {
			for i := n; i < n+k; i++ {
				used += qLen(s[i])
			}
		}
		if used > room && n > 0 {
			break
		}
		n += k
	}
	return n
}

// qEncode writes s in the Q encoding (RFC 2047 4.2).
func qEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case qLen(c) == 1:
			b.WriteByte(c)
		default:
			b.WriteByte('=')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}
