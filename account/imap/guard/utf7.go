package guard

import (
	"encoding/base64"
	"unicode/utf16"
	"unicode/utf8"
)

var base64utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// isMailboxName tells whether name is modified UTF-7 (RFC 3501 5.1.3) or UTF-8
// (RFC 9051) without control characters: what can be decoded and sent back.
func isMailboxName(name []byte) bool {
	if len(name) == 0 || !utf8.Valid(name) {
		return false
	}
	shifted := false // the text before was a base64 segment
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c < ' ' || c == 0x7f:
			return false
		case c != '&':
			shifted = false
		default:
			end := i + 1
			for end < len(name) && name[end] != '-' {
				end++
			}
			if end == len(name) {
				return false
			}
			if seg := name[i+1 : end]; len(seg) == 0 {
				shifted = false
			} else if shifted || !isUTF7Segment(seg) {
				return false
			} else {
				shifted = true
			}
			i = end
		}
	}
	return true
}

// isUTF7Segment tells base64 of UTF-16 that holds no printable ASCII and no lone surrogate.
func isUTF7Segment(seg []byte) bool {
	for _, c := range seg {
		if c == '\r' || c == '\n' {
			return false
		}
	}
	b := make([]byte, base64utf7.DecodedLen(len(seg)))
	n, err := base64utf7.Decode(b, seg)
	if err != nil || n == 0 || n%2 == 1 {
		return false
	}
	for i := 0; i < n; i += 2 {
		r := rune(b[i])<<8 | rune(b[i+1])
		switch {
		case utf16.IsSurrogate(r):
			if i += 2; i >= n {
				return false
			}
			if utf16.DecodeRune(r, rune(b[i])<<8|rune(b[i+1])) == utf8.RuneError {
				return false
			}
		case r < 0x80:
			return false
		}
	}
	return true
}
