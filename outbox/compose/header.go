package compose

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"mua/store/message"
)

const (
	// foldAt is where header lines are folded: 78 is the limit of RFC 5322 2.1.1,
	// 76 that of RFC 2047 for lines with encoded words.
	foldAt = 76
	// maxWord is the longest run without a single space that is written as it is.
	// Longer ones become encoded words, which can be broken, to stay under 998 octets.
	maxWord = 500
	// minEncoded is room for one encoded word of one character of four octets.
	minEncoded = 26
)

// header writes the fields of a header, folded.
type header struct{ bytes.Buffer }

// folder writes one field: words, with line ends where the line gets too long.
type folder struct {
	out   *bytes.Buffer
	col   int
	fresh bool // nothing but the name is on the line
}

// field begins a field.
func (h *header) field(name string) *folder {
	h.WriteString(name + ":")
	return &folder{out: &h.Buffer, col: len(name) + 1, fresh: true}
}

// end ends the field.
func (f *folder) end() { f.out.WriteString("\r\n") }

// word writes a space and a word, on a new line when it does not fit.
func (f *folder) word(w string) {
	if !f.fresh && f.col+1+len(w) > foldAt {
		f.out.WriteString("\r\n")
		f.col = 0
	}
	f.out.WriteString(" " + w)
	f.col += 1 + len(w)
	f.fresh = false
}

// text writes an unstructured field.
func (h *header) text(name, value string) {
	f := h.field(name)
	f.text(value, utf8Charset)
	f.end()
}

// plain writes a field whose value is ASCII with a syntax of its own; it may be
// folded wherever it has a space.
func (h *header) plain(name, value string) {
	f := h.field(name)
	f.blanks(value)
	f.end()
}

// ids writes message ids.
func (h *header) ids(name string, ids []string) {
	f := h.field(name)
	for _, id := range ids {
		f.word(id)
	}
	f.end()
}

// addresses writes an address list, every Addr in its final form, and after it empty groups of these names.
func (h *header) addresses(name string, list []message.Address, groups ...string) {
	f := h.field(name)
	last := len(list) + len(groups) - 1
	comma := ","
	for i, a := range list {
		if i == last {
			comma = ""
		}
		if a.Name == "" {
			f.word(a.Addr + comma)
			continue
		}
		f.phrase(a.Name)
		f.word("<" + a.Addr + ">" + comma)
	}
	for i, g := range groups {
		if len(list)+i == last {
			comma = ""
		}
		f.phrase(g)
		f.word(":;" + comma)
	}
	f.end()
}

// phrase writes a display name: atoms, a quoted string or encoded words
// (RFC 5322 3.2.5, RFC 2047 5).
func (f *folder) phrase(name string) {
	switch {
	case !isPlainASCII(name):
		f.encoded(name, utf8Charset)
	case isPlainPhrase(name):
		f.blanks(name)
	default:
		f.blanks(quoteString(name))
	}
}

// blanks writes ASCII, folding at single spaces only: some readers make one space
// of whatever blanks a line begins with.
func (f *folder) blanks(s string) {
	for from := 0; ; {
		end := len(s)
		for i := from + 1; i < len(s)-1; i++ {
			if isSingleSpace(s, i) {
				end = i
				break
			}
		}
		f.word(s[from:end])
		if end == len(s) {
			return
		}
		from = end + 1
	}
}

// isSingleSpace reports whether the octet at i is a space between two others.
func isSingleSpace(s string, i int) bool {
	return s[i] == ' ' && i > 0 && s[i-1] != ' ' && i+1 < len(s) && s[i+1] != ' '
}

// text writes unstructured text. Only the stretch from the first to the last word
// that needs it is encoded; the spaces around that stretch are single ones, so
// that decoding gives back exactly the text.
func (f *folder) text(s string, cs charset) {
	if isPlainASCII(s) {
		f.blanks(s)
		return
	}
	words := strings.Split(s, " ")
	first, last := len(words), -1
	for i, w := range words {
		if w == "" || !isPlainASCII(w) {
			first, last = min(first, i), i
		}
	}
	if last >= 0 { // a blank at the edge of the stretch belongs into it with its neighbour
		if first > 0 && words[first] == "" {
			first--
		}
		if last+1 < len(words) && words[last] == "" {
			last++
		}
	} else { // only the length of the whole needs it
		first, last = 0, len(words)-1
	}
	for _, w := range words[:first] {
		f.word(w)
	}
	f.encoded(strings.Join(words[first:last+1], " "), cs)
	for _, w := range words[last+1:] {
		f.word(w)
	}
}

// isPlainASCII reports whether s can stand in a header as it is: printable ASCII,
// nothing like an encoded word, no space at the ends, foldable.
func isPlainASCII(s string) bool {
	if strings.Contains(s, "=?") || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") {
		return false
	}
	run := 0
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
		if run++; isSingleSpace(s, i) {
			run = 0
		}
		if run > maxWord {
			return false
		}
	}
	return true
}

// charset names the encoding of header text and how its characters are cut.
type charset struct {
	name string
	step func(s string) int // octets of the first character of s
}

var utf8Charset = charset{"utf-8", func(s string) int { _, n := utf8.DecodeRuneInString(s); return n }}

// encoded writes s as encoded words, each on its own readable and none cut within
// a character (RFC 2047 5). Q or B is chosen once, by length.
func (f *folder) encoded(s string, cs charset) {
	if cs.name == utf8Charset.name {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	quoted := 0
	for i := range len(s) {
		quoted += qLen(s[i])
	}
	base64 := quoted > (len(s)+2)/3*4
	for s != "" {
		room := foldAt - f.col - 1
		if room < minEncoded+len(cs.name) && !f.fresh {
			room = foldAt - 1
		}
		word, n := encodedWord(s, cs, base64, min(75, max(room, minEncoded+len(cs.name))))
		f.word(word)
		s = s[n:]
	}
}

// qLen is the length of an octet in the Q encoding, by the rules for phrases,
// which hold everywhere (RFC 2047 5 (3)).
func qLen(c byte) int {
	if c == ' ' || isAlphanumeric(c) || strings.IndexByte("!*+-/", c) >= 0 {
		return 1
	}
	return 3
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
