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
// separates words (punctuation, white space, controls) is gone.
func Words(s string) string {
	s = Fold(s)
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if !wordRune(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r) || unicode.Is(unicode.So, r)
}

// unspaced reports scripts written without spaces between words: any place in
// them is a boundary.
func unspaced(r rune) bool {
	return r >= 0xE00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.So)
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
