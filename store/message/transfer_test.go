package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

func TestDecodeTransfer(t *testing.T) {
	cases := []struct {
		name, encoding, in, want string
		defect                   bool
	}{
		{"none", "", "a=b\n", "a=b\n", false},
		{"7-bit", "7-bit", "x", "x", false},
		{"8bits", "8bits", "x", "x", false},
		{"semicolon", "8bit;", "x", "x", false},
		{"comment", "(old) base64 (really)", "SGVsbG8=", "Hello", false},
		{"quoted", `"base64"`, "SGVsbG8=", "Hello", false},
		{"unknown", "x-rot13", "uryyb", "uryyb", true},
		{"base64 in lines", "BASE64", "SGVs\r\nbG8=\r\n", "Hello", false},
		{"base64 with blanks", "base64", " SGVs \t\r\n bG8= \r\n", "Hello", false},
		{"base64 with junk", "base64", "SGV!sb*G8=", "Hello", true},
		{"base64 without padding", "base64", "SGVsbG8", "Hello", true},
		{"base64 cut within a group", "base64", "SGVsbG9XX", "HelloW"[:5] + "W", true},
		{"base64 joined after padding", "base64", "SGk=SGk=", "HiHi", false},
		{"base64 with a footer", "base64", "SGVsbG8=\n\n____________\nThe list is at http://list.example\n", "Hello\n\n____________\nThe list is at http://list.example\n", true},
		{"base64 URL-safe", "base64", "_-_-", "\xff\xef\xfe", false},
		{"base64 that is text", "base64", "This was never encoded, was it?\n", "This was never encoded, was it?\n", true},
		{"qp", "Quoted-Printable", "caf=C3=A9=\r\n!\r\n", "café!\r\n", false},
		{"qp named with a blank", "quoted printable", "=41", "A", false},
		{"qp lower case", "quoted-printable", "caf=c3=a9", "café", false},
		{"qp blanks after a soft break", "quoted-printable", "a= \t\r\nb", "ab", false},
		{"qp soft break at the end", "quoted-printable", "a=", "a", false},
		{"qp broken", "quoted-printable", "1=2 =ZZ 100=%", "1=2 =ZZ 100=%", true},
		{"qp trailing blanks go", "quoted-printable", "a  \r\nb =20\nc \t\n", "a\r\nb  \nc\n", false},
		{"uuencode", "x-uuencode", "begin 644 a.txt\n%2&5L;&\\\n`\nend\n", "Hello", false},
		{"uuencode with text before", "uuencode", "Here it is:\nbegin 644 a.txt\n%2&5L;&\\\n \nend\n", "Hello", false},
		{"uuencode cut", "x-uue", "begin 644 a.txt\n%2&5L;&\\\n", "Hello", true},
		{"uuencode that is not", "x-uuencode", "begin\n", "begin\n", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data, defect := decodeTransfer(transferEncoding(c.encoding), []byte(c.in))
			if string(data) != c.want || (defect != "") != c.defect {
				t.Errorf("got %q, defect %q; want %q, defect %v", data, defect, c.want, c.defect)
			}
		})
	}
}

func TestDecodeText(t *testing.T) {
	russian := "\xd0\xd2\xc9\xd7\xc5\xd4, \xcb\xc1\xcb \xc4\xc5\xcc\xc1? \xed\xd9 \xd6\xc4\xa3\xcd \xd4\xc5\xc2\xd1 \xda\xc1\xd7\xd4\xd2\xc1." // KOI8-R
	cases := []struct{ name, in, charset, want string }{
		{"ASCII", "abc", "", "abc"},
		{"UTF-8", "é", "utf-8", "é"},
		{"UTF-8 with BOM", "\xef\xbb\xbfé", "", "é"},
		{"undeclared UTF-8", "é", "", "é"},
		{"undeclared Latin", "caf\xe9", "", "café"},
		{"undeclared ISO-2022-JP", "\x1b$B4A;z\x1b(B", "", "漢字"},
		{"undeclared UTF-16 with BOM", "\xff\xfeH\x00i\x00", "", "Hi"},
		{"declared ASCII, is UTF-8", "é", "us-ascii", "é"},
		{"declared UTF-8, is Latin", "caf\xe9 au lait", "utf-8", "café au lait"},
		{"declared UTF-8, cut in a character", "日本語日本\xe8\xaa", "utf-8", "日本語日本"},
		{"declared Latin, is UTF-8", "naïve", "iso-8859-1", "naïve"},
		{"Latin-1 means windows-1252", "\x93x\x94", "iso-8859-1", "“x”"},
		{"alias", "caf\xe9", "Latin1", "café"},
		{"cp1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "cp1251", "Привет"},
		{"win-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "win-1251", "Привет"},
		{"detected KOI8-R", russian, "", "привет, как дела? Мы ждём тебя завтра."},
		{"unknown", "caf\xe9", "x-martian", "café"},
		{"quoted and starred", "é", `"utf-8*en"`, "é"},
		{"GB 18030 by GB 2312", "\xd6\xd0\xb9\xfa", "gb2312", "中国"},
		{"EUC-KR by ks_c", "\xc7\xd1\xb1\xdb", "ks_c_5601-1987", "한글"},
		{"Big5", "\xa4\xa4\xa4\xe5", "big5", "中文"},
		{"Shift_JIS", "\x8a\xbf\x8e\x9a", "shift-jis", "漢字"},
		{"HZ", "~{VP9z~}", "hz-gb-2312", "中国"},
		{"UTF-7", "Caf+AOk- +- x", "utf-7", "Café + x"},
		{"UTF-16 little-endian without BOM", "H\x00i\x00", "utf-16", "Hi"},
		{"UTF-16 that is ASCII", "Hi", "utf-16", "Hi"},
		{"iso-8859-2", "\xb1\xea", "iso-8859-2", "ąę"},
		{"ibm850", "\x82", "ibm850", "é"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := decodeText([]byte(c.in), c.charset); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestUnflow(t *testing.T) {
	cases := []struct {
		name, in, want string
		delSp          bool
	}{
		{"joined", "one \ntwo\nthree\n", "one two\nthree\n", false},
		{"stuffed", " From here\n  indented\n >no quote\n", "From here\n indented\n>no quote\n", false},
		{"quotes", "> a \n> b\n>> c \n>> d\ne\n", "> a b\n>> c d\ne\n", false},
		{"depth change ends a paragraph", "> a \nb\n", "> a \nb\n", false},
		{"signature", "text \n-- \nAda\n", "text \n-- \nAda\n", false},
		{"delsp", "日 \n本\n", "日本\n", true},
		{"cut", "a ", "a \n", false},
		{"empty quote", ">\n> a\n", ">\n> a\n", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := unflow(c.in, c.delSp); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEnriched(t *testing.T) {
	in := "<bold>Now</bold> is\nthe time.\n\nAll <<good>> <color><param>red</param>men</color>"
	if got, want := enrichedToText(in, false), "Now is the time.\nAll <good>> men"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := enrichedToText(strings.Repeat("<", 1000), false); !strings.HasPrefix(got, "<<") {
		t.Errorf("got %.20q", got)
	}
}

// TestBase64Size: where a size is told without decoding, it is the size.
func TestBase64Size(t *testing.T) {
	for _, width := range []int{4, 60, 72, 76, 1000} {
		for _, end := range []string{"\n", "\r\n"} {
			for n := 4000; n < 4160; n++ {
				s := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{'x'}, n))
				var body strings.Builder
				for ; len(s) > width; s = s[width:] {
					body.WriteString(s[:width] + end)
				}
				for _, tail := range []string{"", end, end + end} {
					if size, ok := base64Size([]byte(body.String() + s + tail)); size != n || !ok {
						t.Fatalf("%d octets in lines of %d: %d, %v", n, width, size, ok)
					}
				}
			}
		}
	}
	line := strings.Repeat("QUJD", 19) + "\r\n"
	many := strings.Repeat(line, 80)
	for name, body := range map[string]string{
		"small": line + line, "one line": strings.Repeat("QUJD", 2000), "a shorter line": many + "QUJD\r\n" + many, "a longer line": many + "QUJD" + line + many,
		"an empty line": many + "\r\n" + many, "no base64": strings.Repeat("Not base64 at all, but text that goes on for some time and has many letters\r\n", 80),
		"padding within": many + "QQ==\r\n" + many, "padding before the end": strings.Repeat(line[:72]+"QQ==\r\n", 80), "LF among CRLF": many + line[:76] + "\n\n" + many, "half a group": many + "QUJ",
		"text after it": many + "QQ==\r\n\r\n--\r\nlist footer\r\n",
	} {
		if size, ok := base64Size([]byte(body)); ok {
			t.Errorf("%s: %d", name, size)
		}
	}
}

// TestDecodedLate: an attachment is decoded when asked for, and as far as it can be.
func TestDecodedLate(t *testing.T) {
	line := strings.Repeat("QUJD", 19) + "\r\n"
	m := Parse([]byte("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(line, 40) + "QU*D" + line[4:] + strings.Repeat(line, 40)))
	if m.Root.late == nil || m.Root.Size != 81*57 {
		t.Errorf("%d octets, decoded %v", m.Root.Size, m.Root.late == nil)
	}
	if got := m.Root.Data(); len(got) != 81*57-1 || !bytes.HasPrefix(got, []byte("ABCABC")) {
		t.Errorf("%d octets: %q", len(got), got[:10])
	}
}
