package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Snippet is the beginning of Text in one clean line of at most n characters,
// quotes skipped.
func (m *Message) Snippet(n int) string {
	if n <= 0 {
		return ""
	}
	text := m.text(max(16<<10, 8*n), true)
	s := snippetOf(text, n, false)
	if s == "" {
		s = snippetOf(text, n, true)
	}
	return s
}

// snippetOf collects words of the lines worth showing, n runes at most.
func snippetOf(text string, n int, quotes bool) string {
	var b strings.Builder
	runes := 0
	rest := text
	for rest != "" && runes < n {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if line == "-- " || line == "--" && runes > 0 {
			break
		}
		if !quotes && (strings.HasPrefix(line, ">") || introducesQuote(line, rest)) || isDecoration(line) {
			continue
		}
		for word := range strings.FieldsSeq(CleanLine(line).String()) {
			if runes > 0 {
				b.WriteByte(' ')
				runes++
			}
			b.WriteString(word)
			if runes += utf8.RuneCountInString(word); runes >= n {
				break
			}
		}
	}
	return cutRunes(b.String(), n)
}

// introducesQuote reports "Ada wrote:" before quoted lines, on one or two lines.
func introducesQuote(line, rest string) bool {
	if line == "" || len(line) > 200 {
		return false
	}
	for range 3 {
		var next string
		next, rest, _ = strings.Cut(rest, "\n")
		switch {
		case strings.HasPrefix(next, ">"):
			return strings.HasSuffix(strings.TrimSpace(line), ":")
		case strings.TrimSpace(next) == "":
		default:
			if !strings.HasPrefix(line, "On ") {
				return false
			}
			line = next
		}
	}
	return false
}

// isDecoration reports lines without words, and the armour of signed texts.
func isDecoration(line string) bool {
	if strings.HasPrefix(line, "-----BEGIN PGP SIGNED") || strings.HasPrefix(line, "Hash: ") {
		return true
	}
	return strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.So, r) }) < 0
}

// cutRunes keeps the first n runes, without a joiner or blank at the end.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			s = s[:i]
			break
		}
		n--
	}
	return strings.TrimRight(s, " \u200d\u200c")
}
