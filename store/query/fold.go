package query

import (
	"iter"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold removes what a search does not tell apart: case, accents, compatibility forms.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for ascii, other := range foldable(s) {
		for i := range len(ascii) {
			b.WriteByte(lower(ascii[i]))
		}
		b.WriteString(other)
	}
	return b.String()
}

// foldable cuts s into runs of ASCII, given as they are, and what lies between them, folded. No accent that stays
// makes another letter of one of ASCII, so that each can be folded by itself.
func foldable(s string) iter.Seq2[string, string] {
	return func(yield func(ascii, other string) bool) {
		for s != "" {
			from := 0
			for from < len(s) && s[from] < utf8.RuneSelf {
				from++
			}
			to := from
			for to < len(s) && s[to] >= utf8.RuneSelf {
				to++
			}
			if !yield(s[:from], foldOther(s[from:to])) {
				return
			}
			s = s[to:]
		}
	}
}

// foldOther folds a run without ASCII.
func foldOther(s string) string {
	switch r, n := utf8.DecodeRuneInString(s); {
	case s == "", n == len(s) && (0x2012 <= r && r <= 0x2016 || 0x2018 <= r && r <= 0x2022): // a dash, a quotation mark, a bullet
		return s
	case n == len(s) && int(r) < len(oneFolded()): // one accented letter of the Latin script, as most are
		return oneFolded()[r]
	}
	return foldRun(s)
}

// oneFolded has for each character up to the accents, but those of ASCII, what it is folded to.
var oneFolded = sync.OnceValue(func() *[0x300]string {
	t := new([0x300]string)
	for r := rune(utf8.RuneSelf); int(r) < len(t); r++ {
		t[r] = foldRun(string(r))
	}
	return t
})

func foldRun(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, "\uFFFD")) {
		if !accent(r) {
			foldRune(&b, r)
		}
	}
	return norm.NFC.String(b.String())
}

// lower is the small letter of one of ASCII.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
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

// Words folds s and leaves its words with one space between them: what
// separates words (punctuation, white space, controls) is gone. What is invisible within a word is
// gone too. A run of a script written without spaces is a word of its own; one that goes on
// after a line end is one run, for such scripts are broken anywhere.
func Words(s string) string {
	w := wordWriter{out: make([]byte, 0, len(s))}
	for ascii, other := range foldable(s) {
		w.ascii(ascii)
		w.other(other)
	}
	return string(w.out)
}

// wordWriter writes words with a space between them.
type wordWriter struct {
	out  []byte
	last rune // the last one written, any of ASCII for one of ASCII
	gap  gap  // what came since then
}

// ascii is other for characters of ASCII, capitals among them.
func (w *wordWriter) ascii(s string) {
	for i := 0; i < len(s); {
		if wordByte[s[i]] == 0 {
			w.between(rune(s[i]))
			i++
			continue
		}
		if w.last != 0 && (w.gap != noGap || unspaced(w.last)) {
			w.out = append(w.out, ' ')
		}
		w.last, w.gap = rune(s[i]), noGap
		for ; i < len(s) && wordByte[s[i]] != 0; i++ {
			w.out = append(w.out, wordByte[s[i]])
		}
	}
}

// wordByte is what a character of ASCII is in a word; 0: it is in none.
var wordByte = func() (t [256]byte) {
	for c := range byte(utf8.RuneSelf) {
		if l := lower(c); wordRune(rune(l)) {
			t[c] = l
		}
	}
	return t
}()

// other takes what was folded.
func (w *wordWriter) other(s string) {
	for _, r := range s {
		switch {
		case invisible(r):
		case wordRune(r):
			if w.last != 0 && (w.gap != noGap && !(w.gap == lineGap && goesOn(w.last) && goesOn(r)) || unspaced(w.last) != unspaced(r)) {
				w.out = append(w.out, ' ')
			}
			w.out = utf8.AppendRune(w.out, r)
			w.last, w.gap = r, noGap
		default:
			w.between(r)
		}
	}
}

// between takes what is in no word.
func (w *wordWriter) between(r rune) {
	switch {
	case r == '\n' && (w.gap == noGap || w.gap == blankGap):
		w.gap = lineGap
	case (r == ' ' || r == '\t' || r == '\r') && w.gap != wordGap:
		if w.gap == noGap {
			w.gap = blankGap
		}
	default:
		w.gap = wordGap
	}
}

// gap is what lies between two characters of words.
type gap uint8

const (
	noGap    gap = iota
	blankGap     // white space of one line
	lineGap      // one line end, and white space
	wordGap      // anything else
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
