package message

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding/charmap"
)

const (
	sampleSize = 8 << 10 // octets shown to the detector
	minHigh    = 12      // 8-bit octets below which a guess is not trusted
	minTrust   = 30      // of 100, what the detector must claim for a single-byte charset
	minTrustMB = 60      // … for a charset of several bytes
)

// detect guesses the charset of 8-bit text that is not UTF-8. Without a sure
// answer it is windows-1252, in which everything can be read.
func detect(b []byte) string {
	const fallback = "windows-1252"
	sample := highLines(b)
	if countHigh(sample) < minHigh {
		return fallback
	}
	best, err := chardet.NewTextDetector().DetectBest(sample)
	if err != nil {
		return fallback
	}
	name := charsetName(best.Charset)
	switch name {
	case "shift_jis", "gb18030", "gb-18030", "big5", "euc-jp", "euc-kr":
		if best.Confidence < minTrustMB {
			return fallback
		}
		name = strings.Replace(name, "gb-18030", "gb18030", 1)
	default:
		if best.Confidence < minTrust || strings.HasPrefix(name, "utf-") || strings.HasPrefix(name, "ibm") || strings.HasPrefix(name, "iso-2022") {
			return fallback
		}
	}
	if lookup(name) == nil {
		return fallback
	}
	return name
}

// highLines takes the lines that have 8-bit octets, up to sampleSize: ASCII
// (markup, headers, English quotes) would only mislead the detector.
func highLines(b []byte) []byte {
	out := make([]byte, 0, min(len(b), sampleSize))
	for pos := 0; pos < len(b) && len(out) < sampleSize; {
		line, next := cutLine(b, pos)
		if !is7bit(line) {
			out = append(out, line[:min(len(line), sampleSize-len(out))]...)
			if len(out) < sampleSize {
				out = append(out, '\n')
			}
		}
		pos = next
	}
	return out
}

func countHigh(b []byte) int {
	n := 0
	for _, c := range b {
		if c >= 0x80 {
			n++
		}
	}
	return n
}

// is7bit reports whether all octets are ASCII.
func is7bit(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// mostlyUTF8 reports text in UTF-8 with a few octets of something else, such
// as one that was cut or to which a footer was added.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		_, n := utf8.DecodeRune(b)
		if n == 1 {
			bad++
		} else {
			good++
		}
		b = b[n:]
	}
	return good > 2*bad
}

// patchUTF8 reads the octets that are no UTF-8 as windows-1252; a cut character
// at the end goes.
func patchUTF8(b []byte) string {
	if n := cutCharacter(b); n > 0 {
		b = b[:len(b)-n]
	}
	var out strings.Builder
	out.Grow(len(b) + 16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			out.WriteRune(charmap.Windows1252.DecodeByte(b[0]))
		} else {
			out.Write(b[:n])
		}
		b = b[n:]
	}
	return out.String()
}

// cutCharacter returns the octets of an incomplete character at the end of b.
func cutCharacter(b []byte) int {
	for n := 1; n <= min(3, len(b)); n++ {
		if c := b[len(b)-n]; c >= 0xc0 {
			if !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		} else if c < 0x80 {
			return 0
		}
	}
	return 0
}

// metaCharset finds the charset an HTML text declares itself, "" when it does not.
func metaCharset(html []byte) string {
	head := bytes.ToLower(html[:min(len(html), 4096)])
	for {
		i := bytes.Index(head, []byte("<meta"))
		if i < 0 {
			return ""
		}
		head = head[i+5:]
		tag := head
		if end := bytes.IndexByte(tag, '>'); end >= 0 {
			tag = tag[:end]
		}
		j := bytes.Index(tag, []byte("charset"))
		if j < 0 {
			continue
		}
		value := bytes.TrimLeft(tag[j+len("charset"):], " =\"'\t\r\n")
		if end := bytes.IndexAny(value, " \"';>/\t\r\n"); end >= 0 {
			value = value[:end]
		}
		return string(value)
	}
}
