package query

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold removes what a search does not tell apart: case, accents, compatibility forms.
func Fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, "\uFFFD")) {
		if !accent(r) {
			foldRune(&b, r)
		}
	}
	return norm.NFC.String(b.String())
}

func foldRune(b *strings.Builder, r rune) {
	switch r {
	case 'ß', 'ẞ':
		b.WriteString("ss")
	case 'æ', 'Æ':
		b.WriteString("ae")
	case 'œ', 'Œ':
		b.WriteString("oe")
	case 'ø', 'Ø':
		b.WriteByte('o')
	case 'ł', 'Ł':
		b.WriteByte('l')
	case 'đ', 'Đ', 'ð', 'Ð':
		b.WriteByte('d')
	case 'ı':
		b.WriteByte('i')
	case 'ς':
		b.WriteRune('σ')
	default:
		b.WriteRune(unicode.ToLower(r))
	}
}

// accent reports marks that do not make another letter. Those of Indic scripts
// and the Japanese voicing marks do.
func accent(r rune) bool {
	switch {
	case r < 0x300:
		return false
	case r <= 0x36F, 0x1AB0 <= r && r <= 0x1AFF, 0x1DC0 <= r && r <= 0x1DFF, 0x20D0 <= r && r <= 0x20FF, 0xFE20 <= r && r <= 0xFE2F:
		return true
	case 0x591 <= r && r <= 0x5C7, 0x64B <= r && r <= 0x65F, r == 0x670:
		return unicode.Is(unicode.Mn, r)
	}
	return false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Words folds s and leaves its words with one space between them: what
// separates words (punctuation, white space, controls) is gone. What is invisible within a word is
// gone too. A run of a script written without spaces is a word of its own; one that goes on
// after a line end is one run, for such scripts are broken anywhere.
func Words(s string) string {
	s = Fold(s)
	var b strings.Builder
	b.Grow(len(s))
	last := rune(0) // the last one written
	gap := noGap    // what came since then
	for _, r := range s {
		switch {
		case invisible(r):
		case wordRune(r):
			if last != 0 && (gap != noGap && !(gap == lineGap && goesOn(last) && goesOn(r)) || unspaced(last) != unspaced(r)) {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			last, gap = r, noGap
		case r == '\n' && (gap == noGap || gap == blankGap):
			gap = lineGap
		case (r == ' ' || r == '\t' || r == '\r') && gap != wordGap:
			if gap == noGap {
				gap = blankGap
			}
		default:
			gap = wordGap
		}
	}
	return b.String()
}

// What lies between two characters of words.
const (
	noGap    = iota
	blankGap // white space of one line
	lineGap  // one line end, and white space
	wordGap  // anything else
)

// invisible reports what a reader does not see: soft hyphens, joiners, directional and variation marks.
func invisible(r rune) bool {
	return r == 0xAD || r >= 0x200C && (r <= 0x200F || 0x202A <= r && r <= 0x202E || 0x2060 <= r && r <= 0x2064 ||
		0x2066 <= r && r <= 0x2069 || 0xFE00 <= r && r <= 0xFE0F || r == 0xFEFF)
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r) || unicode.Is(unicode.So, r)
}

// unspaced reports scripts written without spaces between words, and symbols: any place in
// them is a boundary.
func unspaced(r rune) bool {
	switch {
	case r < 0xE00:
		return false
	case 0x4E00 <= r && r <= 0x9FFF, 0xAC00 <= r && r <= 0xD7A3:
		return true
	}
	return goesOn(r) || unicode.In(r, unicode.Hangul, unicode.So)
}

// Unspaced reports whether a word that Words has left is a run of a script written without
// spaces: any part of it is found.
func Unspaced(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unspaced(r)
}

// goesOn reports scripts whose lines are broken between any two characters.
func goesOn(r rune) bool {
	switch {
	case r < 0xE00:
		return false
	case 0x4E00 <= r && r <= 0x9FFF, 0x3041 <= r && r <= 0x30FF: // with the marks of length and voice, which are of no script
		return true
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Yi, unicode.Thai, unicode.Lao,
		unicode.Khmer, unicode.Myanmar, unicode.Tai_Le, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Viet)
}

// In reports whether text, as Words leaves it, has the phrase.
func (m Match) In(words string) bool {
	for from := 0; ; {
		i := strings.Index(words[from:], m.Phrase)
		if i < 0 {
			return false
		}
		start := from + i
		if end := start + len(m.Phrase); boundary(words, start) && (m.Prefix || boundary(words, end)) {
			return true
		}
		_, n := utf8.DecodeRuneInString(words[start:])
		from = start + n
	}
}

// boundary reports whether a word may begin or end at byte i.
func boundary(words string, i int) bool {
	if i == 0 || i == len(words) {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(words[:i])
	after, _ := utf8.DecodeRuneInString(words[i:])
	return before == ' ' || after == ' ' || unspaced(before) || unspaced(after)
}
