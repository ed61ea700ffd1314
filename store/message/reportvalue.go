package message

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// reportText decodes a value and bounds it.
func reportText(value string) string {
	s := trimBlank(decodeHeader(value, ""))
	if len(s) > maxReportText {
		s = s[:maxReportText]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}

// typed reads a value of the form "type; text" (RFC 3464 2.1.2) and returns its text.
func typed(value string) string {
	_, text := splitType(reportText(value))
	return text
}

// splitType parts the type (an atom) from the text; servers leave it out.
func splitType(value string) (kind, text string) {
	before, after, ok := strings.Cut(value, ";")
	before = strings.TrimSpace(before)
	if !ok || before == "" || strings.ContainsFunc(before, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`@<>"():,`, r) }) {
		return "", strings.TrimSpace(value)
	}
	return strings.ToLower(before), strings.TrimSpace(after)
}

// reportedAddr reads "rfc822; a@b", "utf-8; …" (RFC 6533 3), or an address alone.
func reportedAddr(value string) string {
	kind, text := splitType(reportText(value))
	if kind == "utf-8" {
		text = undoUnitext(text)
	}
	if i := strings.LastIndexByte(text, '<'); i >= 0 && strings.HasSuffix(text, ">") {
		text = text[i:] // some write the name too
	}
	return cleanAddr(text)
}

// undoUnitext undoes \x{20AC}, which stands for a character in a report that must be ASCII.
func undoUnitext(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\x{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		hex, after, closed := strings.Cut(rest, "}")
		n, err := strconv.ParseUint(hex, 16, 32)
		if !closed || err != nil || !utf8.ValidRune(rune(n)) || n < ' ' {
			b.WriteString(`\x{`)
			s = rest
			continue
		}
		b.WriteRune(rune(n))
		s = after
	}
}

// UndoXText undoes xtext (RFC 3461 4: +HH for an octet). Where it is none, or not
// valid UTF-8 then, s is returned as it is.
func UndoXText(s string) string {
	if !strings.Contains(s, "+") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '+' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || !isUpperHex(s[i+1]) || !isUpperHex(s[i+2]) {
			return s
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return s
		}
		b.WriteByte(byte(n))
		i += 2
	}
	if out := b.String(); utf8.ValidString(out) {
		return out
	}
	return s
}

func isUpperHex(b byte) bool { return b >= '0' && b <= '9' || b >= 'A' && b <= 'F' }

// statusCode finds the status (RFC 3463 2: class.subject.detail) a value begins with;
// a text after it is left out. "" when there is none.
func statusCode(value string) string {
	word := strings.FieldsFunc(reportText(value), func(r rune) bool { return r == ' ' || r == '\t' || r == '(' || r == ';' || r == ',' })
	if len(word) == 0 {
		return ""
	}
	parts := strings.Split(word[0], ".")
	if len(parts) != 3 || parts[0] != "2" && parts[0] != "4" && parts[0] != "5" {
		return ""
	}
	for _, p := range parts {
		if len(p) < 1 || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return ""
		}
	}
	return word[0]
}

// SameAddr reports whether two addresses are the same mailbox for all that a stranger can tell: see [AddrKey].
func SameAddr(a, b string) bool {
	key := AddrKey(a)
	return key != "" && key == AddrKey(b)
}

// AddrKey is the form in which addresses are compared; "" when s is none. Domains are compared
// as names (RFC 5890: A-labels and U-labels are equal), local parts without regard to case
// and quotes, though RFC 5321 2.4 leaves those to their host.
func AddrKey(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 {
		return ""
	}
	local, domain := s[:at], strings.TrimSuffix(s[at+1:], ".")
	if len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"' {
		local = unquoteName(local)
	}
	if !isASCII(domain) {
		if a, err := idna.Lookup.ToASCII(domain); err == nil {
			domain = a
		}
	}
	if domain == "" {
		return ""
	}
	return strings.ToLower(local) + "@" + strings.ToLower(domain)
}
