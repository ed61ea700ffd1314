package message

import (
	"strings"
	"testing"
)

func TestSearchText(t *testing.T) {
	m := Parse([]byte(strings.ReplaceAll(`Subject: all kinds
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

The gr=C3=BCne meadow, shown as plain text to everybody who reads this.
--a
Content-Type: text/html; charset=utf-8

<p>The grüne meadow,<br>shown as plain text to everybody.<p>only-in-<b>html</b> of this<style>.hidden-css{}</style>
--a--
--m
Content-Type: text/csv; name=t.csv
Content-Disposition: attachment; filename=t.csv
Content-Transfer-Encoding: base64

bWVhZG93LHBsYWluLGNlbGxzCg==
--m
Content-Type: application/octet-stream; name=notes.txt
Content-Disposition: attachment; filename=notes.txt

jotted down
--m
Content-Type: application/octet-stream; name=x.bin
Content-Disposition: attachment; filename=x.bin

binarywords
--m
Content-Type: message/rfc822
Content-Disposition: attachment

From: Inner Person <inner@example.org>
Subject: the inner subject

innermost text
--m--
`, "\n", "\r\n")))
	got := m.SearchText()
	for _, w := range []string{"The grüne meadow, shown", "only-in-html of this", "meadow,plain,cells", "jotted down", "the inner subject", "inner@example.org", "innermost text"} {
		if !strings.Contains(got, w) {
			t.Errorf("%q is missing in:\n%s", w, got)
		}
	}
	for _, w := range []string{"binarywords", "hidden-css"} {
		if strings.Contains(got, w) {
			t.Errorf("%q is in:\n%s", w, got)
		}
	}
	if n := strings.Count(got, "grüne"); n != 1 {
		t.Errorf("what both alternatives say is there %d times:\n%s", n, got)
	}
	if plain := Parse([]byte("Subject: x\n\nhello\n")); plain.SearchText() != plain.Text() {
		t.Errorf("a plain message: %q", plain.SearchText())
	}
}
