package message

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"plain", "Hello\nworld", "Hello\nworld"},
		{"escape sequences lose their escape", "\x1b[31mred\x1b]0;title\x07", "[31mred]0;title"},
		{"C0, DEL and C1 go", "a\x00b\x08c\x7fd\u0085e\u009bf", "abcd\nef"},
		{"line ends", "a\r\nb\rc\vd\fe\u2028f\u2029g", "a\nb\nc\nd\ne\nf\ng"},
		{"tabs go to the next stop", "a\tb\n12345678\tx", "a       b\n12345678        x"},
		{"bidi overrides and isolates", "a\u202ebc\u2066d\u2069", "abcd"},
		{"bidi marks", "a\u200eb\u200fc\u061cd", "abcd"},
		{"BOM, soft hyphen, zero width space, tags", "\ufeffa\u00adb\u200bc\U000e0041d", "abcd"},
		{"Arabic number sign stays", "\u0600\u0661", "\u0600\u0661"},
		{"hard and odd blanks become blanks", "a\u00a0b\u2003c\u3164d", "a b c d"},
		{"ideographic space stays", "日\u3000本", "日\u3000本"},
		{"invalid UTF-8", "a\xffb", "a\ufffdb"},
		{"surrogate in UTF-8", "a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb"},
		{"noncharacter", "a\ufffeb", "a\ufffdb"},
		{"emoji joined", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"},
		{"joiners at a line's start, end and in runs", "\u200da\u200c\u200cb\u200c", "a\u200cb"},
		{"marks without base", "\u0301a\n\u0301b", "a\nb"},
		{"zalgo is bounded", "a" + strings.Repeat("\u0301", 50) + "b", "a" + strings.Repeat("\u0301", maxMarks) + "b"},
		{"Persian", "می\u200cخواهم", "می\u200cخواهم"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Clean(c.in).String(); got != c.want {
				t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestCleanLine(t *testing.T) {
	for in, want := range map[string]string{
		"one two":            "one two",
		"one\r\n\ttwo":       "one two",
		"a\tb":               "a b",
		"a\u2028b":           "a b",
		"a  b":               "a  b",
		"\x1b[2J\u202egnp.x": "[2Jgnp.x",
	} {
		if got := CleanLine(in).String(); got != want {
			t.Errorf("CleanLine(%q) = %q, want %q", in, got, want)
		}
	}
}

// checkClean fails when s may not reach a terminal.
func checkClean(t *testing.T, s string, lines bool) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("invalid UTF-8: %.100q", s)
	}
	for _, r := range s {
		switch {
		case r == '\n' && lines:
		case unicode.IsControl(r), r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r >= 0xe0000 && r <= 0xe0fff:
			t.Fatalf("unclean character %U", r)
		}
	}
}

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"report.pdf":                       "report.pdf",
		"../../etc/passwd":                 "passwd",
		`C:\Users\ada\a.txt`:               "a.txt",
		".bashrc":                          "bashrc",
		"...":                              "attachment",
		"":                                 "attachment",
		"/":                                "attachment",
		"a\x00b\x1b[31m.txt":               "ab[31m.txt",
		"gpj.\u202eexe":                    "gpj.exe",
		"invoice.pdf                 .exe": "invoice.pdf .exe",
		"-rf":                              "_rf",
		"a:b|c?.txt":                       "a_b_c_.txt",
		"日本語.txt":                          "日本語.txt",
		"name. ":                           "name",
		"line\r\nbreak.txt":                "line break.txt",
	} {
		if got := SafeName(in); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", in, got, want)
		}
	}
	long := SafeName(strings.Repeat("ü", 300) + ".tar.gz")
	if len(long) > maxName || !strings.HasSuffix(long, ".gz") || !utf8.ValidString(long) {
		t.Errorf("long name: %d bytes, %q", len(long), long[len(long)-10:])
	}
}
