package cells

import (
	"strings"

	"github.com/rivo/uniseg"

	"mua/store/message"
)

// Span is a range of bytes of a line.
type Span struct{ From, To int }

// Line is one line of a wrapped text as it is drawn.
type Line struct {
	Text  message.Text
	Quote int    // depth of quoting: how many '>' it begins with
	Sig   bool   // part of a signature: after "-- "
	Links []Span // links, by bytes of Text
}

// Wrap breaks a cleaned text into lines of at most width columns, between
// words where that is possible. Quoted lines go on with their quote marks.
func Wrap(t message.Text, width int) []Line {
	width = max(width, 8)
	var out []Line
	sig := false
	for src := range strings.Lines(t.String()) {
		src = strings.TrimRight(src, "\n")
		if src == "-- " || src == "--" {
			sig = true
		}
		prefix, depth := quotePrefix(src)
		links := FindLinks(src)
		for _, p := range breakLine(src, prefix, width) {
			out = append(out, p.line(src, prefix, depth, sig && depth == 0, links))
		}
	}
	return out
}

// piece is a part of a source line: src[from:to], after the quote prefix when it continues one.
type piece struct {
	from, to  int
	continued bool
}

func (p piece) line(src, prefix string, depth int, sig bool, links []Span) Line {
	text, shift := src[p.from:p.to], p.from
	if p.continued {
		text, shift = prefix+text, p.from-len(prefix)
	}
	l := Line{Text: message.CleanLine(text), Quote: depth, Sig: sig}
	for _, s := range links {
		if s.To > p.from && s.From < p.to {
			l.Links = append(l.Links, Span{max(s.From, p.from) - shift, min(s.To, p.to) - shift})
		}
	}
	return l
}

// breakLine cuts one source line into pieces that fit.
func breakLine(src, prefix string, width int) []piece {
	if len(src) <= width {
		return []piece{{0, len(src), false}}
	}
	room := width
	var out []piece
	start, col := 0, 0          // of the piece under way
	lastBreak, lastCol := -1, 0 // the last place in it where a line may end, and the columns before it
	rest, state, pos := src, -1, 0
	for rest != "" {
		c, next, bounds, st := uniseg.StepString(rest, state)
		w := min(max(bounds>>uniseg.ShiftWidth, 0), 2)
		for col+w > room && col > 0 && c != " " {
			if lastBreak > start && lastBreak > len(prefix) {
				out = append(out, piece{start, lastBreak, len(out) > 0})
				start, col = lastBreak, col-lastCol
			} else {
				out = append(out, piece{start, pos, len(out) > 0})
				start, col = pos, 0
			}
			room = max(width-Width(prefix), 8)
			lastBreak, lastCol = -1, 0
		}
		pos += len(c)
		col += w
		if bounds&uniseg.MaskLine != uniseg.LineDontBreak {
			lastBreak, lastCol = pos, col
		}
		rest, state = next, st
	}
	return append(out, piece{start, len(src), len(out) > 0})
}

// quotePrefix returns the leading quote marks of a line ("> > ") and how many there are.
func quotePrefix(s string) (string, int) {
	depth, end := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '>':
			depth++
			end = i + 1
		case s[i] == ' ' && i == end:
		default:
			i = len(s)
		}
	}
	if depth == 0 {
		return "", 0
	}
	if end < len(s) && s[end] == ' ' {
		end++
	}
	return s[:end], depth
}

// FindLinks finds http, https and mailto links written in a line.
func FindLinks(s string) []Span {
	var out []Span
	for from := 0; ; {
		i := nextScheme(s[from:])
		if i < 0 {
			return out
		}
		start := from + i
		end := start + linkEnd(s[start:])
		if end-start > len("https://") {
			out = append(out, Span{start, end})
		}
		from = max(end, start+1)
	}
}

func nextScheme(s string) int {
	best := -1
	for _, scheme := range []string{"https://", "http://", "mailto:"} {
		if i := strings.Index(s, scheme); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	return best
}

// linkEnd is where a link ends: at a space or a delimiter, without closing punctuation.
func linkEnd(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r == '<' || r == '>' || r == '"' || r == '`' || r == '\u00a0' || r == '\u3000'
	})
	if end < 0 {
		end = len(s)
	}
	s = strings.TrimRight(s[:end], ".,;:!?'*_")
	if strings.HasSuffix(s, ")") && strings.Count(s, "(") < strings.Count(s, ")") {
		s = s[:len(s)-1]
	}
	if strings.HasSuffix(s, "]") && strings.Count(s, "[") < strings.Count(s, "]") {
		s = s[:len(s)-1]
	}
	return len(s)
}
