package ui

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"mua/store/query"
	"mua/ui/cells"
)

// foundIn tells where in a line what is looked for is, by bytes of its text, in order.
type foundIn func(lines []readerLine, i int) []cells.Span

// typedPlaces looks for a text as it was typed, but for case and accents.
func typedPlaces(words string) foundIn {
	words = query.Fold(words)
	return func(lines []readerLine, i int) []cells.Span {
		return spans(lines[i].line.Text.String(), query.Fold, func(folded string) (out []cells.Span) {
			for from := 0; ; {
				at := strings.Index(folded[from:], words)
				if at < 0 || words == "" {
					return out
				}
				out = append(out, cells.Span{From: from + at, To: from + at + len(words)})
				from += at + len(words)
			}
		})
	}
}

// queryPlaces looks for the words that a query selects messages by; nil when there are none.
func queryPlaces(q string, now time.Time) foundIn {
	n, err := query.Parse(q, now)
	if err != nil {
		return nil
	}
	list := wanted(n, nil)
	if len(list) == 0 {
		return nil
	}
	return func(lines []readerLine, i int) (out []cells.Span) {
		for _, m := range list {
			if inField(m.Field, lines[i]) {
				out = append(out, matchPlaces(m, lines, i)...)
			}
		}
		slices.SortFunc(out, func(a, b cells.Span) int { return a.From - b.From })
		return out
	}
}

// wanted collects what a message must or may hold.
func wanted(n query.Node, out []query.Match) []query.Match {
	var nodes []query.Node
	switch n := n.(type) {
	case query.Match:
		return append(out, n)
	case query.And:
		nodes = n.Nodes
	case query.Or:
		nodes = n.Nodes
	}
	for _, k := range nodes {
		out = wanted(k, out)
	}
	return out
}

// inField reports whether a line of the reader is of the field that words are looked for in.
func inField(f query.Field, l readerLine) bool {
	switch l.kind {
	case bodyLine:
		return f == query.Anywhere || f == query.Body
	case subjectLine:
		return f == query.Anywhere || f == query.Subject
	case headLine:
		return f == query.Anywhere || f == l.field
	}
	return false
}

// matchPlaces finds words in a line of the text also where they begin in the line before or end in the next.
func matchPlaces(m query.Match, lines []readerLine, i int) []cells.Span {
	line := lines[i].line.Text.String()
	text, from := line, 0
	if lines[i].kind == bodyLine && (strings.Contains(m.Phrase, " ") || query.Unspaced(m.Phrase)) {
		if i > 0 && lines[i-1].kind == bodyLine {
			text = lines[i-1].line.Text.String() + "\n" + text
			from = len(text) - len(line)
		}
		if i+1 < len(lines) && lines[i+1].kind == bodyLine {
			text += "\n" + lines[i+1].line.Text.String()
		}
	}
	var out []cells.Span
	for _, s := range spans(text, query.Words, func(words string) []cells.Span { return phrasePlaces(m, words) }) {
		s.From, s.To = s.From-from, min(s.To-from, len(line))
		if s.From < 0 { // what goes on here begins after the marks of a quote
			s.From = len(line) - len(strings.TrimLeft(line, "> "))
		}
		if s.From < s.To {
			out = append(out, s)
		}
	}
	return out
}

// phrasePlaces finds a phrase as query.Match.In does, all of its places.
func phrasePlaces(m query.Match, words string) (out []cells.Span) {
	for from := 0; from < len(words); {
		at := strings.Index(words[from:], m.Phrase)
		if at < 0 {
			return out
		}
		start, end := from+at, from+at+len(m.Phrase)
		_, n := utf8.DecodeRuneInString(words[start:])
		from = start + n
		if wordEnds(words, start) && (m.Prefix || wordEnds(words, end)) {
			out = append(out, cells.Span{From: start, To: end})
			from = end
		}
	}
	return out
}

// wordEnds reports whether a word may begin or end at byte i.
func wordEnds(words string, i int) bool {
	if i == 0 || i == len(words) {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(words[:i])
	return before == ' ' || words[i] == ' ' || query.Unspaced(string(before)) || query.Unspaced(words[i:])
}

// maxExact is the octets of text that are searched exactly: a line of more is made of what nobody sees, and is marked whole.
const maxExact = 4 << 10

// spans finds places in the folded text and tells where they are in the text itself: whole characters.
func spans(text string, fold func(string) string, find func(folded string) []cells.Span) []cells.Span {
	found := find(fold(text))
	if len(found) == 0 {
		return nil
	}
	if len(text) > maxExact {
		return []cells.Span{{From: 0, To: len(text)}}
	}
	ends := []int{0}
	for g := uniseg.NewGraphemes(text); g.Next(); {
		_, to := g.Positions()
		ends = append(ends, to)
	}
	// What a text is folded to begins with what its beginning is folded to.
	first := func(n int) int {
		k, _ := slices.BinarySearchFunc(ends, n, func(end, n int) int { return len(fold(text[:end])) - n })
		return min(k, len(ends)-1)
	}
	for i, s := range found {
		found[i] = cells.Span{From: ends[max(first(s.From+1)-1, 0)], To: ends[first(s.To)]}
	}
	return found
}
