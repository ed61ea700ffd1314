package compose

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// param is one parameter of Content-Type or Content-Disposition, decoded.
type param struct{ name, value string }

// parameterised writes a field "value; name=…" with each parameter folded as a
// whole. A value that is not ASCII is written twice: first as name*= (RFC 2231),
// in one piece because some readers know no continuations, then as a plain ASCII
// likeness for those that do not know RFC 2231 at all.
func (h *header) parameterised(name, value string, params []param) {
	f := h.field(name)
	for i, piece := range paramPieces(value, params) {
		if i > 0 {
			f.out.WriteByte(';')
			f.col++
		}
		f.word(piece)
	}
	f.end()
}

// paramPieces gives the value and the parameters in the form of the wire.
func paramPieces(value string, params []param) []string {
	pieces := []string{value}
	for _, p := range params {
		switch {
		case len(p.value) > maxParam:
			pieces = append(pieces, continued(p)...)
		case p.value != "" && !strings.ContainsFunc(p.value, func(r rune) bool { return !isTokenRune(r) }):
			pieces = append(pieces, p.name+"="+p.value)
		case isPrintableASCII(p.value):
			pieces = append(pieces, p.name+"="+quoteString(p.value))
		default:
			v := strings.ToValidUTF8(p.value, "\uFFFD")
			pieces = append(pieces, p.name+"*=utf-8''"+percentEncode(v), p.name+"="+quoteString(likeness(v)))
		}
	}
	return pieces
}

// maxParam is the longest value written in one piece; file names end here.
const maxParam = 255

// continued gives a long value as the numbered pieces of RFC 2231 3.
func continued(p param) []string {
	encoded := "utf-8''" + percentEncode(strings.ToValidUTF8(p.value, "\uFFFD"))
	var pieces []string
	for encoded != "" {
		n := min(50, len(encoded))
		if i := strings.LastIndexByte(encoded[:n], '%'); n < len(encoded) && i >= n-2 {
			n = i // no escape is cut
		}
		pieces = append(pieces, fmt.Sprintf("%s*%d*=%s", p.name, len(pieces), encoded[:n]))
		encoded = encoded[n:]
	}
	return pieces
}

// isTokenRune reports whether r may stand in an RFC 2045 token.
func isTokenRune(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?=`, r)
}

func isPrintableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// percentEncode writes s as an extended value (RFC 2231 4).
func percentEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte("-._~!#$&+^`{|}", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// likeness gives an ASCII name like s: accents dropped, other letters as _.
func likeness(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), strings.HasSuffix(b.String(), "_"):
		default:
			b.WriteByte('_')
		}
	}
	return cut(b.String(), maxParam)
}

// cut shortens s to n octets at a character's edge.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
