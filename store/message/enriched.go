package message

import "strings"

// enrichedToText shows text/enriched (RFC 1896) and text/richtext (RFC 1341)
// without their markup.
func enrichedToText(s string, rich bool) string {
	var out strings.Builder
	out.Grow(len(s))
	skip := 0 // nesting of <param> and <comment>
	for s != "" {
		i := strings.IndexAny(s, "<\n")
		if i < 0 {
			break
		}
		if skip == 0 {
			out.WriteString(s[:i])
		}
		if s[i] == '\n' {
			n := len(s[i:]) - len(strings.TrimLeft(s[i:], "\n"))
			writeEnrichedBreak(&out, n, rich)
			s = s[i+n:]
			continue
		}
		s = s[i+1:]
		if strings.HasPrefix(s, "<") && !rich {
			out.WriteByte('<')
			s = s[1:]
			continue
		}
		end := strings.IndexByte(s[:min(len(s), 80)], '>')
		if end < 0 {
			out.WriteByte('<')
			continue
		}
		switch strings.ToLower(s[:end]) {
		case "param", "comment":
			skip++
		case "/param", "/comment":
			skip = max(0, skip-1)
		case "nl", "/paragraph", "paragraph":
			out.WriteByte('\n')
		case "lt":
			out.WriteByte('<')
		}
		s = s[end+1:]
	}
	if skip == 0 {
		out.WriteString(s)
	}
	return out.String()
}

// writeEnrichedBreak writes n line ends: in enriched one is a blank and n are
// n-1, in richtext all are blanks.
func writeEnrichedBreak(out *strings.Builder, n int, rich bool) {
	if n == 1 || rich {
		out.WriteByte(' ')
		return
	}
	out.WriteString(strings.Repeat("\n", n-1))
}
