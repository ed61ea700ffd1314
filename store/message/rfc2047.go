package message

import (
	"strings"
)

// DecodeHeader decodes RFC 2047 encoded words in all the broken forms people
// send: spaces inside, no space between, a character or base64 group split
// over two words, inside quotes, unknown charset, language suffix, no end, and
// raw bytes of any charset. The result is valid UTF-8 of one line.
func DecodeHeader(value string) string { return decodeHeader(value, "") }

// decodeHeader is DecodeHeader with the charset to try for raw 8-bit bytes.
func decodeHeader(value, hint string) string {
	if !strings.Contains(value, "=?") {
		return oneLine(decodeRaw(value, hint))
	}
	d := wordDecoder{hint: hint}
	return oneLine(d.decode(value))
}

// decodeRaw makes UTF-8 of header text without encoded words.
func decodeRaw(s, hint string) string {
	if isASCII(s) && !strings.Contains(s, "\x1b") {
		return s
	}
	text, _ := decodeText([]byte(s), hint)
	return text
}

// oneLine replaces what would end a header line.
func oneLine(s string) string {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == 0 {
			return ' '
		}
		return r
	}, s)
}

// encodedWord is one =?charset?encoding?text?=.
type encodedWord struct {
	charset string
	base64  bool
	text    string
}

// wordDecoder collects adjacent words of one charset, so that what was split
// between them is decoded together.
type wordDecoder struct {
	hint    string
	out     strings.Builder
	charset string
	bytes   []byte // decoded octets not yet converted
	base64  []byte // base64 text not yet decoded, its groups incomplete
	open    bool

	ends    string // the text whose next ?= is cached, a suffix of the value
	nextEnd int    // index in ends of its first ?=, -1 none
}

func (d *wordDecoder) decode(value string) string {
	for value != "" {
		i := strings.Index(value, "=?")
		if i < 0 {
			break
		}
		word, n := d.cut(value[i:])
		if n == 0 {
			d.literal(value[:i+2])
			value = value[i+2:]
			continue
		}
		if !d.open || trimBlank(value[:i]) != "" {
			d.literal(value[:i])
		}
		d.word(word)
		value = value[i+n:]
	}
	d.literal(value)
	d.flush()
	return d.out.String()
}

// findEnd returns the index of the next ?= in s, -1 when there is none. Asked
// for one suffix of the value after the other, it looks at each byte once.
func (d *wordDecoder) findEnd(s string) int {
	if gone := len(d.ends) - len(s); d.ends != "" && gone >= 0 && (d.nextEnd < 0 || d.nextEnd >= gone) {
		if d.nextEnd < 0 {
			return -1
		}
		return d.nextEnd - gone
	}
	d.ends, d.nextEnd = s, strings.Index(s, "?=")
	return d.nextEnd
}

// literal ends the words before s and writes s.
func (d *wordDecoder) literal(s string) {
	if s == "" {
		return
	}
	d.flush()
	d.out.WriteString(decodeRaw(s, d.hint))
}

func (d *wordDecoder) word(w encodedWord) {
	if d.open && !strings.EqualFold(d.charset, w.charset) {
		d.flush()
	}
	d.open, d.charset = true, w.charset
	if !w.base64 {
		d.flushBase64()
		d.bytes = append(d.bytes, decodeQ(w.text)...)
		return
	}
	for word := range strings.FieldsSeq(w.text) {
		d.base64 = append(d.base64, word...)
	}
	if len(d.base64)%4 == 0 || strings.HasSuffix(w.text, "=") {
		d.flushBase64()
	}
}

func (d *wordDecoder) flushBase64() {
	if len(d.base64) > 0 {
		b, _, _ := decodeBase64(d.base64)
		d.bytes = append(d.bytes, b...)
		d.base64 = d.base64[:0]
	}
}

func (d *wordDecoder) flush() {
	if !d.open {
		return
	}
	d.flushBase64()
	text, _ := decodeText(d.bytes, d.charset)
	d.out.WriteString(text)
	d.bytes, d.open = d.bytes[:0], false
}

// cut reads the encoded word s begins with and its length; 0 when there is none.
func (d *wordDecoder) cut(s string) (w encodedWord, n int) {
	const longestCharset = 64
	q := strings.IndexByte(s[2:min(len(s), 2+longestCharset)], '?')
	if q <= 0 || len(s) < 2+q+3 || s[2+q+2] != '?' {
		return w, 0
	}
	charset, _, _ := strings.Cut(s[2:2+q], "*") // RFC 2231 section 5: language
	if strings.ContainsAny(charset, " \t=") {
		return w, 0
	}
	w.charset = charset
	switch s[2+q+1] {
	case 'b', 'B':
		w.base64 = true
	case 'q', 'Q':
	default:
		return w, 0
	}
	start := 2 + q + 3
	end, next := d.endOfWord(s[start:], w.base64)
	if end < 0 {
		return w, 0
	}
	w.text = s[start : start+end]
	return w, start + next
}

// endOfWord returns where the text of an encoded word ends and what follows
// begins; -1 when it does not end. Without ?= it ends with the value, or, when
// there is a blank, not at all.
func (d *wordDecoder) endOfWord(s string, base64 bool) (end, next int) {
	end = d.findEnd(s)
	for end >= 0 && !base64 && questionInText(s[end:]) {
		more := d.findEnd(s[end+2:])
		if more < 0 {
			break
		}
		end += 2 + more
	}
	switch {
	case end >= 0 && strings.Contains(s[:end], "=?"):
		return -1, 0
	case end >= 0:
		return end, end + 2
	case strings.Contains(s, "=?") || strings.ContainsAny(s, " \t"):
		return -1, 0
	}
	return len(strings.TrimRight(s, "?")), len(s)
}

// questionInText reports whether the ?= that s begins with is a question mark
// left unencoded before an encoded octet: two hexadecimal digits follow, and
// another ?= before the next blank or word.
func questionInText(s string) bool {
	if len(s) < 4 || unhex(s[2]) < 0 || unhex(s[3]) < 0 {
		return false
	}
	rest := s[2:min(len(s), 80)]
	end := strings.Index(rest, "?=")
	return end >= 0 && !strings.ContainsAny(rest[:end], " \t") && !strings.Contains(rest[:end], "=?")
}

// decodeQ decodes the Q encoding (RFC 2047 section 4.2).
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b == '_':
			out = append(out, ' ')
		case b == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, b)
		}
	}
	return out
}
