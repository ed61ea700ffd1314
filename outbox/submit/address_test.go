package submit

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
)

func TestParsePath(t *testing.T) {
	long := strings.Repeat("a", 64)
	for addr, want := range map[string]string{
		"bob@example.org":                   "bob@example.org",
		"b.o-b+tag@example.org":             "b.o-b+tag@example.org",
		`"b ob"@example.org`:                `"b ob"@example.org`,
		`"a\"@\\b"@example.org`:             `"a\"@\\b"@example.org`,
		"bob@localhost":                     "bob@localhost",
		"bob@[192.0.2.1]":                   "bob@[192.0.2.1]",
		"bob@[IPv6:2001:db8::1]":            "bob@[IPv6:2001:db8::1]",
		"bob@bücher.example":                "bob@xn--bcher-kva.example",
		"é@example.org":                     "é@example.org",
		"会議@例え.jp":                          "会議@xn--r8jz45g.jp",
		long + "@example.org":               long + "@example.org",
		long + "a@example.org":              "",
		"":                                  "",
		"@":                                 "",
		"bob":                               "",
		"@example.org":                      "",
		"bob@":                              "",
		"bob@example..org":                  "",
		"bob@-a.org":                        "",
		"bob@a-.org":                        "",
		"bob@a_b.org":                       "",
		"bob@example.org.":                  "",
		".bob@example.org":                  "",
		"b..ob@example.org":                 "",
		"b ob@example.org":                  "",
		"bob@example.org> SIZE=1":           "",
		"<bob@example.org>":                 "",
		"bob@example.org\r\nDATA":           "",
		"b\rob@example.org":                 "",
		"\"b\nob\"@example.org":             "",
		"\"b\x00ob\"@example.org":           "",
		`"bob@example.org`:                  "",
		`"b"ob"@example.org`:                "",
		`"bob\"@example.org`:                "",
		"bob@[192.0.2.1":                    "",
		"bob@[x> SIZE=1]":                   "",
		"bob@[IPv6:fe80::1%eth0]":           "",
		"b\u202eob@example.org":             "",
		"b\u00a0ob@example.org":             "",
		"b\xffob@example.org":               "",
		"@a,@b:bob@example.org":             "",
		"bob@" + strings.Repeat("a.", 200):  "",
		"bob@" + strings.Repeat("a", 64):    "",
		"bob(comment)@example.org":          "",
		"bob@example.org (comment)":         "",
		"bob@example.org,carol@example.org": "",
	} {
		p, err := parsePath(addr)
		if p.text != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", addr, p.text, err, want)
		}
		if err == nil && p.utf8 == ascii(want) {
			t.Errorf("%q: utf8 %t", addr, p.utf8)
		}
	}
}

// FuzzParsePath: whatever is let through stays inside the angle brackets.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"bob@example.org", `"a>b"@example.org`, "a@b> SIZE=1", "é@ü.example", "a@[IPv6:::1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePath(s)
		if err != nil {
			return
		}
		if len(p.text) > maxPath || strings.ContainsFunc(p.text, unicode.IsControl) {
			t.Errorf("%q", p.text)
		}
		if !strings.HasPrefix(p.text, `"`) && strings.ContainsAny(p.text, "<> \t,;") {
			t.Errorf("%q", p.text)
		}
	})
}

// FuzzBody: what goes out has no bare CR or LF, no lone dot, ends in CRLF, and is as long as announced.
func FuzzBody(f *testing.F) {
	for _, s := range []string{"", ".", "a\r.\r\nb", "\n.\n", "\r\n.\r\n", "\r\r\n\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var b bytes.Buffer
		if err := writeBody(&b, body); err != nil {
			t.Fatal(err)
		}
		out := b.String()
		if out != "" && !strings.HasSuffix(out, "\r\n") || strings.Contains("\r\n"+out, "\r\n.\r\n") {
			t.Fatalf("%q", out)
		}
		lines := strings.ReplaceAll(out, "\r\n", "")
		if strings.ContainsAny(lines, "\r\n") {
			t.Fatalf("bare line end in %q", out)
		}
		stuffed := strings.Count("\r\n"+out, "\r\n.")
		if m := measureBody(body); m.size != int64(len(out)-stuffed) {
			t.Fatalf("announced %d, sent %d", m.size, len(out)-stuffed)
		}
	})
}
