package message

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decodeText makes UTF-8 of b, which was declared to be in that charset ("":
// undeclared). A wrong declaration is overruled when b shows what it is. The
// result is always valid UTF-8; defect says what was wrong, "" nothing.
func decodeText(b []byte, declared string) (text, defect string) {
	name := charsetName(declared)
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) && utf8.Valid(b) {
		return string(b[3:]), ""
	}
	if !isStateful(name) && is7bit(b) {
		if bytes.Contains(b, []byte("\x1b$")) {
			return decodeWith(lookup("iso-2022-jp"), b), "ISO-2022-JP, not declared"
		}
		return string(b), ""
	}
	switch name {
	case "", "us-ascii", "utf-8":
		return decodeUndeclared(b, name)
	case "iso-8859-1", "iso-8859-15", "windows-1252":
		if utf8.Valid(b) {
			return string(b), "declared " + name + ", but is UTF-8"
		}
	}
	f := lookup(name)
	if f == nil {
		text, _ = decodeUndeclared(b, "")
		return text, "unknown charset " + strings.ToValidUTF8(declared, "\ufffd")
	}
	text = decodeWith(f, b)
	if errs := strings.Count(text, "\ufffd"); errs > 0 && errs*8 > countHigh(b) && !is7bit(b) {
		return decodeUndeclared(b, name)
	}
	return text, ""
}

// decodeUndeclared makes UTF-8 of 8-bit text whose charset is not declared, or
// is declared as one that cannot be true.
func decodeUndeclared(b []byte, declared string) (text, defect string) {
	switch {
	case declared != "":
		defect = "declared " + declared + ", but is not"
	default:
		defect = "8-bit text without charset"
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decodeWith(decodeUTF16, b), defect
	case utf8.Valid(b):
		if declared == "utf-8" {
			return string(b), ""
		}
		return string(b), defect
	case mostlyUTF8(b):
		return patchUTF8(b), defect
	}
	return decodeWith(lookup(detect(b)), b), defect
}

// decodeFunc converts a whole text to UTF-8.
type decodeFunc func([]byte) ([]byte, error)

func decoderOf(enc encoding.Encoding) decodeFunc {
	return func(b []byte) ([]byte, error) { return enc.NewDecoder().Bytes(b) }
}

// decodeWith decodes with f; what cannot be decoded becomes U+FFFD.
func decodeWith(f decodeFunc, b []byte) string {
	out, err := f(b)
	if err != nil {
		out = append(out, "\ufffd"...)
	}
	return strings.ToValidUTF8(string(out), "\ufffd")
}

// charsetName brings a declared charset to one spelling. "" means that it says nothing.
func charsetName(s string) string {
	s = strings.ToLower(strings.Trim(s, "\"' \t\r\n;,"))
	s, _, _ = strings.Cut(s, "*")
	if strings.HasPrefix(s, "charset=") {
		s = strings.Trim(s[len("charset="):], "\"' ")
	}
	switch s {
	case "unknown", "x-unknown", "unknown-8bit", "x-unknown-8bit", "8bit", "7bit", "default", "x-default",
		"default_charset", "_autodetect", "_autodetect_all", "none", "binary", "utf", "text", "charset", "iso":
		return ""
	case "ascii", "us", "usascii", "us_ascii", "ansi_x3.4-1968", "ansi_x3.4-1986", "iso-646-us", "iso646-us", "iso_646.irv:1991", "cp367", "646":
		return "us-ascii"
	case "utf8", "utf_8", "utf-8-strict", "utf8mb4", "x-utf-8", "unicode-1-1-utf-8", "utf-8mb4", "unicode-2-0-utf-8", "cp65001":
		return "utf-8"
	case "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return "utf-7"
	case "latin1", "latin-1", "iso8859-1", "iso88591", "iso_8859-1", "iso-8859_1", "iso8859_1", "8859-1", "iso-8859-1-windows-3.1-latin-1", "iso-latin-1":
		return "iso-8859-1"
	case "cp1252", "x-cp1252", "windows1252", "win-1252", "win1252", "x-ansi", "ansi":
		return "windows-1252"
	}
	return s
}

// lookup returns the decoder of a charset, nil when there is none. Names mean
// what browsers take them for (iso-8859-1 is windows-1252, gb2312 is GB 18030).
func lookup(name string) decodeFunc {
	switch name {
	case "hz-gb-2312", "hz":
		return decoderOf(simplifiedchinese.HZGB2312)
	case "gb2312", "gbk", "cp936", "windows-936", "gb_2312-80", "x-gbk", "euc-cn", "gb2312-80", "csgb2312":
		return decoderOf(simplifiedchinese.GB18030)
	case "ibm850", "cp850", "cp-850", "850", "ms-850":
		return decoderOf(charmap.CodePage850)
	case "ibm437", "cp437", "437":
		return decoderOf(charmap.CodePage437)
	case "cp932", "shift-jis", "shiftjis", "x-ms-cp932":
		name = "shift_jis"
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-ms", "cp50220", "cp50221", "x-windows-iso2022jp":
		name = "iso-2022-jp"
	case "cp949", "ks_c_5601", "uhc", "euckr", "ms949", "x-windows-949":
		name = "euc-kr"
	case "utf-7":
		return func(b []byte) ([]byte, error) { return []byte(decodeUTF7(b)), nil }
	case "utf-16", "utf16", "unicode", "ucs-2", "iso-10646-ucs-2":
		return decodeUTF16
	case "utf-32", "utf32", "ucs-4", "iso-10646-ucs-4":
		return decoderOf(utf32.UTF32(utf32.BigEndian, utf32.UseBOM))
	case "utf-32be":
		return decoderOf(utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM))
	case "utf-32le":
		return decoderOf(utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM))
	case "iso-2022-kr", "iso-2022-cn", "iso-2022-cn-ext", "csiso2022kr", "replacement", "x-user-defined":
		return nil // nothing we use decodes them
	}
	spellings := [...]string{name, strings.Replace(name, "win-", "windows-", 1), strings.Replace(name, "cp-", "cp", 1), strings.ReplaceAll(name, "_", "-")}
	for _, n := range spellings {
		if enc, err := htmlindex.Get(n); err == nil {
			return decoderOf(enc)
		}
	}
	if _, err := charset.Reader(name, strings.NewReader("")); err != nil {
		return nil
	}
	return func(b []byte) ([]byte, error) {
		r, err := charset.Reader(name, bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
}

// isStateful reports charsets in which ASCII octets may mean something else.
func isStateful(name string) bool {
	for _, prefix := range [...]string{"iso-2022", "cp5022", "x-windows-iso2022", "hz", "utf-7", "utf-16", "utf16", "utf-32", "utf32", "ucs-", "iso-10646-ucs", "unicode"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// decodeUTF16 goes by the byte order mark, else by where the zero octets are
// (RFC 2781 section 4.3 says big-endian, few senders do).
func decodeUTF16(b []byte) ([]byte, error) {
	even, odd := 0, 0
	for i, c := range b[:min(len(b), 2048)] {
		switch {
		case c != 0:
		case i%2 == 0:
			even++
		default:
			odd++
		}
	}
	if even == 0 && odd == 0 && is7bit(b) {
		return b, nil // plain ASCII under a wrong name
	}
	order := unicode.BigEndian
	if odd > even {
		order = unicode.LittleEndian
	}
	return unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(b)
}

// decodeUTF7 decodes RFC 2152; a shift sequence that is none stays as it is.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		i := bytes.IndexByte(b, '+')
		if i < 0 {
			break
		}
		out.Write(b[:i])
		b = b[i+1:]
		n := 0
		for n < len(b) && base64Value[b[n]] < 64 && b[n] != '-' && b[n] != '_' {
			n++
		}
		switch {
		case n == 0 && len(b) > 0 && b[0] == '-':
			out.WriteByte('+')
		case n == 0:
			out.WriteByte('+')
			continue
		default:
			units, _, _ := decodeBase64(b[:n:n])
			text, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes(units[:len(units)&^1])
			out.Write(text)
		}
		if n < len(b) && b[n] == '-' {
			n++
		}
		b = b[n:]
	}
	out.Write(b)
	return strings.ToValidUTF8(out.String(), "\ufffd")
}
