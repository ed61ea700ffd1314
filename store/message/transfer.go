package message

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// transferEncoding reads a Content-Transfer-Encoding value: one word in lower
// case, without comments, parameters, quotes, blanks and hyphens.
func transferEncoding(value string) string {
	value, _, _ = strings.Cut(stripComments(value), ";")
	value = strings.ToLower(strings.Trim(value, "\"' \t"))
	value = strings.ToValidUTF8(value[:min(len(value), 40)], "\ufffd")
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t-_", r) {
			return -1
		}
		return r
	}, value)
}

// decodeTransfer undoes a transfer encoding as far as possible. defect is ""
// when nothing was wrong. The result may be body itself; it is never nil.
func decodeTransfer(encoding string, body []byte) (data []byte, defect string) {
	switch encoding {
	case "", "7bit", "8bit", "binary", "7bits", "8bits", "none", "plain", "utf8":
	case "base64", "b":
		var tail []byte
		data, tail, defect = decodeBase64(body)
		if len(tail) > 0 {
			data = append(data, tail...)
		}
	case "quotedprintable", "quoted", "qp", "q":
		data, defect = decodeQuotedPrintable(body)
	case "xuuencode", "xuue", "uuencode", "uue", "xuu":
		data, defect = decodeUU(body)
	default:
		defect = "unknown transfer encoding " + encoding
	}
	if data == nil {
		data = body
	}
	if data == nil {
		data = []byte{}
	}
	return data, defect
}

// base64Value maps an octet to its six bits, or to one of the classes below.
// The URL-safe alphabet is read as well.
var base64Value = func() (t [256]byte) {
	for i := range t {
		t[i] = b64Junk
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	t['\r'], t['\n'], t[' '], t['\t'] = b64Blank, b64Blank, b64Blank, b64Blank
	t['='] = b64Pad
	return t
}()

const (
	b64Junk  = 0xff
	b64Blank = 0xfe
	b64Pad   = 0xfd
)

// decodeBase64 decodes what can be decoded: junk is passed over, padding may
// be missing or stand between blocks, a last group may be cut off. tail is
// plain text that follows the padding, as the footers some lists append. Text
// that is no base64 at all is returned as it is, with a defect.
func decodeBase64(body []byte) (data, tail []byte, defect string) {
	const maxEnds = 100 // places after padding that are looked at for plain text
	data = make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	if n, err := base64.StdEncoding.Decode(data, body); err == nil {
		return data[:n], nil, ""
	}
	if notBase64(body) {
		return body, nil, "declared base64, but is not"
	}
	data = data[:0]
	var group uint32
	n, junk, ends := 0, 0, 0
	for i, c := range body {
		v := base64Value[c]
		switch {
		case v < 64:
			group = group<<6 | uint32(v)
			if n++; n == 4 {
				data = append(data, byte(group>>16), byte(group>>8), byte(group))
				group, n = 0, 0
			}
		case v == b64Pad:
			if n == 0 {
				continue
			}
			data = endGroup(data, group, n)
			group, n = 0, 0
			if ends++; ends > maxEnds {
				continue
			}
			if next := bytes.TrimLeft(body[i+1:min(len(body), i+600)], "=\r\n \t"); isFooter(next) {
				return data, bytes.TrimLeft(body[i+1:], "= \t"), "text after the end of base64"
			}
		case v == b64Junk:
			junk++
		}
	}
	if junk > 0 {
		defect = "junk in base64"
	}
	if n > 0 {
		data = endGroup(data, group, n)
		defect = "base64 is cut off"
	}
	return data, nil, defect
}

// base64Size is how many octets a large base64 body of regular lines says, judged by the lines' length and the last one.
// ok is false where it is another body, which only decoding can tell.
func base64Size(body []byte) (size int, ok bool) {
	const large = 4096
	width := bytes.IndexByte(body, '\n')
	if len(body) < large || width < 0 {
		return 0, false
	}
	step := width + 1
	crlf := width > 0 && body[width-1] == '\r'
	if crlf {
		width--
	}
	if width == 0 || width%4 != 0 || body[0] == '=' {
		return 0, false
	}
	end := len(bytes.TrimRight(body, "\r\n"))
	pos := 0
	for ; pos+step <= end; pos += step {
		if body[pos+step-1] != '\n' || crlf && body[pos+width] != '\r' || base64Value[body[pos]] > 63 || base64Value[body[pos+width-1]] > 63 {
			return 0, false
		}
	}
	var last [1024]byte
	if end-pos > len(last) {
		return 0, false
	}
	n, err := base64.StdEncoding.Decode(last[:], body[pos:end])
	return pos/step*(width/4*3) + n, err == nil && end-pos <= width
}

// endGroup writes the octets of an incomplete group of n characters.
func endGroup(data []byte, group uint32, n int) []byte {
	switch n {
	case 2:
		return append(data, byte(group>>4))
	case 3:
		return append(data, byte(group>>10), byte(group>>2))
	}
	return data
}

// notBase64 judges by the beginning of b, up to the first padding, whether it
// is ordinary text: it has blanks within lines and characters of no alphabet.
func notBase64(b []byte) bool {
	const sample = 512
	b = b[:min(len(b), sample)]
	if i := bytes.IndexByte(b, '='); i >= 0 {
		b = b[:i]
	}
	foreign, all, blanks := 0, 0, 0
	for _, c := range b {
		switch base64Value[c] {
		case b64Blank:
			blanks++
			if c == '\n' || all == 0 {
				blanks = 0
			}
			continue
		case b64Junk:
			foreign++
		}
		if blanks > 0 {
			foreign++
		}
		all++
		blanks = 0
	}
	return foreign > 2 && foreign*10 > all
}

// isFooter reports plain text after base64: several words, or a line drawn.
func isFooter(b []byte) bool {
	return bytes.HasPrefix(b, []byte("____")) || bytes.HasPrefix(b, []byte("----")) || notBase64(b)
}

// decodeQuotedPrintable decodes RFC 2045 section 6.7 with its usual faults:
// lower-case digits, = that begins no octet (kept), blanks after a soft line
// break, a soft line break at the very end.
func decodeQuotedPrintable(body []byte) (data []byte, defect string) {
	out := make([]byte, 0, len(body))
	keep := 0 // length of out up to which blanks are not trailing ones
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '=':
			if i+2 < len(body) && unhex(body[i+1]) >= 0 && unhex(body[i+2]) >= 0 {
				out = append(out, byte(unhex(body[i+1])<<4|unhex(body[i+2])))
				keep = len(out)
				i += 2
			} else if n := softBreak(body[i+1:]); n >= 0 {
				keep = len(out)
				i += n
			} else {
				out = append(out, c)
				keep = len(out)
				defect = "broken quoted-printable"
			}
		case '\n':
			if len(out) > keep && out[len(out)-1] == '\r' {
				out = append(trimBlankEnd(out[:len(out)-1], keep), '\r', '\n')
			} else {
				out = append(trimBlankEnd(out, keep), '\n')
			}
			keep = len(out)
		default:
			out = append(out, c)
			if c != ' ' && c != '\t' && c != '\r' {
				keep = len(out)
			}
		}
	}
	return out, defect
}

// softBreak returns the octets of a soft line break after its =, or -1. The
// blanks looked at are bounded, so that runs of = and blanks stay cheap.
func softBreak(rest []byte) int {
	const most = 256
	for i, c := range rest[:min(len(rest), most)] {
		switch c {
		case '\n':
			return i + 1
		case ' ', '\t', '\r':
		default:
			return -1
		}
	}
	if len(rest) < most {
		return len(rest)
	}
	return -1
}

// trimBlankEnd removes blanks at the end of out, down to length keep.
func trimBlankEnd(out []byte, keep int) []byte {
	for len(out) > keep && (out[len(out)-1] == ' ' || out[len(out)-1] == '\t') {
		out = out[:len(out)-1]
	}
	return out
}

// decodeUU decodes uuencoded data: all lines after "begin", or after the start
// when there is none, up to "end".
func decodeUU(body []byte) (data []byte, defect string) {
	start := 0
	if i := indexLine(body, "begin "); i >= 0 {
		_, start = cutLine(body, i)
	} else {
		defect = "uuencode without begin"
	}
	out := make([]byte, 0, len(body)*3/4)
	ended := false
	for pos := start; pos < len(body) && !ended; {
		var line []byte
		line, pos = cutLine(body, pos)
		switch {
		case string(line) == "end":
			ended = true
		case len(line) == 0 || line[0] < ' ' || line[0] > '`':
		default:
			out = decodeUULine(out, line)
		}
	}
	if len(out) == 0 && len(bytes.TrimSpace(body)) > 0 {
		return body, "declared uuencode, but is not"
	}
	if !ended && defect == "" {
		defect = "uuencode is cut off"
	}
	return out, defect
}

// decodeUULine appends the octets of one line; missing characters at its end
// are the blanks that were trimmed away.
func decodeUULine(out, line []byte) []byte {
	at := func(i int) uint32 {
		if i >= len(line) || line[i] < ' ' || line[i] > '`' {
			return 0
		}
		return uint32(line[i]-' ') & 63
	}
	n := int(at(0))
	if n > (len(line)-1)*3/4+3 {
		return out // no uuencoded line: it would be mostly invented
	}
	for i := 1; n > 0; i += 4 {
		group := at(i)<<18 | at(i+1)<<12 | at(i+2)<<6 | at(i+3)
		three := [3]byte{byte(group >> 16), byte(group >> 8), byte(group)}
		out = append(out, three[:min(n, 3)]...)
		n -= 3
	}
	return out
}

// indexLine returns where the first line beginning with prefix begins, or -1.
func indexLine(body []byte, prefix string) int {
	if bytes.HasPrefix(body, []byte(prefix)) {
		return 0
	}
	if i := bytes.Index(body, []byte("\n"+prefix)); i >= 0 {
		return i + 1
	}
	return -1
}
