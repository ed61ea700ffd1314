package compose

import (
	"bytes"
	"encoding/base64"
	"mime/quotedprintable"
	"unicode/utf8"
)

// maxLine is the longest line that mail carries, without CRLF (RFC 5321 4.5.3.1.6).
const maxLine = 998

// Content-Transfer-Encodings (RFC 2045 6).
const (
	enc7bit   = "7bit"
	encQP     = "quoted-printable"
	encBase64 = "base64"
)

// isSevenBit reports whether b travels as it is once its line ends are CRLF: no
// octet over 0x7f, no NUL, no bare CR, no line over 998 octets.
func isSevenBit(b []byte) bool {
	line := 0
	for i, c := range b {
		switch {
		case c == '\n':
			line = 0
			continue
		case c == '\r':
			if i+1 >= len(b) || b[i+1] != '\n' {
				return false
			}
			continue
		case c >= 0x80 || c == 0:
			return false
		}
		if line++; line > maxLine {
			return false
		}
	}
	return true
}

// crlf gives b with every line end (CRLF, LF, bare CR; CRs before an LF belong to
// it) as CRLF. It returns b itself when nothing changes.
func crlf(b []byte) []byte {
	if hasOnlyCRLF(b) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/32+2)
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '\r':
			j := i
			for j < len(b) && b[j] == '\r' {
				j++
			}
			if j < len(b) && b[j] == '\n' {
				i = j
				out = append(out, '\r', '\n')
				continue
			}
			out = append(out, '\r', '\n')
		case '\n':
			out = append(out, '\r', '\n')
		default:
			out = append(out, c)
		}
	}
	return out
}

// hasOnlyCRLF reports whether every CR and LF of b belongs to a CRLF.
func hasOnlyCRLF(b []byte) bool {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\n':
			return false
		case '\r':
			if i+1 >= len(b) || b[i+1] != '\n' {
				return false
			}
			i++
		}
	}
	return true
}

// lfToCRLF gives b with LF as CRLF, bare CRs left alone. It returns b itself when
// nothing changes.
func lfToCRLF(b []byte) []byte {
	missing := 0
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			missing++
		}
	}
	if missing == 0 {
		return b
	}
	out := make([]byte, 0, len(b)+missing)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}

// encodeText chooses the encoding for text whose lines end in CRLF: 7bit when it
// can be, else quoted-printable as long as most of it stays readable, else base64;
// base64 also for text with a bare CR, which quoted-printable takes for a line end.
func encodeText(b []byte) (encoding string, out []byte) {
	if isSevenBit(b) {
		return enc7bit, b
	}
	if !hasOnlyCRLF(b) {
		return encBase64, wrapBase64(b)
	}
	escaped := 0
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != '\r' && c != '\n' && c != '\t' || c == '=' {
			escaped++
		}
	}
	if escaped > len(b)/4 {
		return encBase64, wrapBase64(b)
	}
	return encQP, quotePrintable(b)
}

// quotePrintable encodes text with CRLF line ends, lines of at most 76.
func quotePrintable(b []byte) []byte {
	var out bytes.Buffer
	w := quotedprintable.NewWriter(&out)
	_, _ = w.Write(b) // a bytes.Buffer does not fail
	_ = w.Close()
	return out.Bytes()
}

// wrapBase64 encodes octets in lines of 76; the last one ends in CRLF.
func wrapBase64(b []byte) []byte {
	const in, width = 57, 76
	out := make([]byte, 0, (len(b)/in+1)*(width+2))
	for len(b) > 0 {
		n := min(in, len(b))
		out = base64.StdEncoding.AppendEncode(out, b[:n])
		out = append(out, '\r', '\n')
		b = b[n:]
	}
	return out
}

// textCharset names the charset of text that declares none: us-ascii, utf-8, or a
// guess. Few octets over 0x7f among much ASCII are a western language; anything
// else is said to be unknown (RFC 1428), so that readers guess.
func textCharset(b []byte) string {
	high, letters, c1 := 0, 0, 0
	for _, c := range b {
		switch {
		case c >= 0xa0:
			high++
		case c >= 0x80:
			c1++
		case isAlphanumeric(c):
			letters++
		}
	}
	switch {
	case high+c1 == 0:
		return "us-ascii"
	case utf8.Valid(b):
		return "utf-8"
	case (high+c1)*4 >= letters:
		return "unknown-8bit"
	case c1 > 0:
		return "windows-1252"
	}
	return "iso-8859-1"
}
