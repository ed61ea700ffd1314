package message

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// patience is what any of the inputs below may take on a slow, busy machine;
// quadratic reading of them would take minutes.
const patience = 20 * time.Second

func TestHostileMessages(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		b.WriteString("Subject: x\n")
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		b.WriteString("\ninnermost\n")
		return b.String()
	}
	rfc822 := "Subject: x\n" + strings.Repeat("Content-Type: message/rfc822\n\n", 10000) + "\ninnermost\n"
	same := "Subject: x\n" + strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 1000) + "\ninnermost\n"
	alternatives := strings.ReplaceAll(nested(99), "multipart/mixed", "multipart/alternative")
	head := "Content-Type: multipart/mixed; boundary=b\n\n"
	mib := 1 << 17 // small for the race detector; quadratic time would show all the same
	for name, in := range map[string]string{
		"nested":                 nested(1000),
		"nested, padded":         nested(99) + strings.Repeat("--x\n", mib),
		"nested messages":        rfc822,
		"nested same boundary":   same,
		"nested alternatives":    alternatives,
		"100,000 parts":          head + strings.Repeat("--b\n\nx\n", 100_000),
		"100,000 empty parts":    head + strings.Repeat("--b\n", 100_000),
		"dashes":                 head + strings.Repeat("--", 5*mib),
		"boundaries of no one":   head + strings.Repeat("--c\nContent-Type: a/b\n", 200_000),
		"header of 10 MB":        strings.Repeat("A: b\n", 2*mib),
		"one field of 10 MB":     "Subject: " + strings.Repeat("x\n ", 3*mib),
		"garbage header":         "Subject: x\n" + strings.Repeat("garbage\n", mib) + "\nbody",
		"encoded words":          "Subject: " + strings.Repeat("=?a?q?", mib/6),
		"encoded words, spaced":  "Subject: " + strings.Repeat("=?a?q? ", mib/7),
		"encoded words, far end": "Subject: " + strings.Repeat("=?a?q? ", mib/7) + "?=",
		"encoded words, many":    "Subject: " + strings.Repeat("=?utf-8?b?w?=", mib/13),
		"question marks":         "Subject: =?a?q?" + strings.Repeat("?=aa", mib/4),
		"quotes in parameters":   "Content-Type: text/plain; " + strings.Repeat(`a="x;`, mib/5),
		"quotes and blanks":      "Content-Type: text/plain; a=\"" + strings.Repeat("\" \"", mib/3),
		"parameters":             "Content-Type: text/plain" + strings.Repeat("; a*0=x", mib/8),
		"addresses":              "To: " + strings.Repeat("a@b,", mib/4),
		"commas":                 "To: " + strings.Repeat("a,", mib/2),
		"angles":                 "To: " + strings.Repeat("<", mib),
		"angles and commas":      "To: " + strings.Repeat("<,", mib/2),
		"colons":                 "To: " + strings.Repeat(" ", mib/2) + strings.Repeat(":", mib/3),
		"quotes":                 "To: " + strings.Repeat(`"a,`, mib/3),
		"comments":               "To: " + strings.Repeat("(", mib),
		"references":             "References: " + strings.Repeat("<a@b>", mib/5),
		"base64 padding":         "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("AA==", 2*mib),
		"base64 equals":          "Content-Transfer-Encoding: base64\n\n!" + strings.Repeat("=", 10*mib),
		"qp equals":              "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("= ", 5*mib),
		"qp blanks":              "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat(" ", 5*mib) + strings.Repeat("\n", mib),
		"uuencode":               "Content-Transfer-Encoding: x-uuencode\n\n" + strings.Repeat("`\nMA\n", 2*mib),
		"flowed":                 "Content-Type: text/plain; format=flowed\n\n" + strings.Repeat(strings.Repeat(">", 900)+" \n", 5000),
		"8-bit":                  "\n" + strings.Repeat("\xe9\x80\xff\n", mib),
		"cid":                    "Content-Type: text/html\n\n" + strings.Repeat("cid:", 2*mib),
		"NUL":                    strings.Repeat("\x00", 5*mib),
		"enriched":               "Content-Type: text/enriched\n\n" + strings.Repeat("<", 5*mib),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			m := Parse([]byte(in))
			_ = m.Text()
			_ = m.Snippet(100)
			_ = m.Attachments()
			_ = m.Links()
			ParseHeader([]byte(in))
			if took := time.Since(start); took > patience {
				t.Errorf("took %v", took)
			} else {
				t.Logf("%d octets in %v", len(in), took)
			}
			if n := len(m.Parts()); n > maxParts+1 {
				t.Errorf("%d parts", n)
			}
		})
	}
	if text := Parse([]byte(nested(1000))).Text(); !strings.Contains(text, "innermost") {
		t.Errorf("nested too deeply, nothing is shown: %.100q", text)
	}
}

func TestHostileHTML(t *testing.T) {
	mib := 1 << 16 // small for the race detector; quadratic time would show all the same
	for name, in := range map[string]string{
		"angles":            strings.Repeat("<", 64*mib),
		"divs":              strings.Repeat("<div>", 2*mib),
		"divs closed":       strings.Repeat("<div>", mib) + strings.Repeat("</div>", mib),
		"stray ends":        strings.Repeat("<div>", 100) + "<td>" + strings.Repeat("<b>", 150) + strings.Repeat("</div>", mib),
		"blocks in formats": "<p><table><td>" + strings.Repeat("<b>", 190) + strings.Repeat("<div>", mib),
		"quotes":            strings.Repeat("<blockquote>x<br>", mib/2),
		"lists":             strings.Repeat("<ul><li>x", mib/2),
		"links":             strings.Repeat("<a href=http://a.example>x", mib/4),
		"links unclosed":    "<a href=http://a.example>" + strings.Repeat("a.examplex ", mib/2),
		"cells":             strings.Repeat("<table><tr><td>x", mib/4),
		"words in cells":    "<td>" + strings.Repeat("<b>", 190) + strings.Repeat("x ", 2*mib),
		"attributes":        "<p " + strings.Repeat("a=b ", 2*mib) + ">x",
		"style":             `<p style="` + strings.Repeat("display:none;", mib/2) + `">x`,
		"entities":          strings.Repeat("&amp", 2*mib),
		"comments":          strings.Repeat("<!--", 2*mib),
		"scripts":           strings.Repeat("<script>", mib),
		"pre":               "<pre>" + strings.Repeat("\n", 5*mib) + strings.Repeat(" \n", mib),
		"invisible":         strings.Repeat("&zwnj;&nbsp;", mib/2),
		"unknown elements":  strings.Repeat("<x-y>", mib),
		"many unknown names": func() string {
			b := bytes.Buffer{}
			for i := range 20_000 {
				fmt.Fprintf(&b, "<e%d>", i)
			}
			return b.String()
		}(),
		"nul": strings.Repeat("\x00", 5*mib),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			text := HTMLToText(in)
			took := time.Since(start)
			if took > patience {
				t.Errorf("took %v", took)
			}
			if len(text) > 10*len(in)+1000 {
				t.Errorf("%d octets made %d", len(in), len(text))
			}
			t.Logf("%d octets in %v", len(in), took)
		})
	}
}

func TestHostileClean(t *testing.T) {
	for name, in := range map[string]string{
		"marks": "a" + strings.Repeat("\u0301", 1<<19),
		"tabs":  strings.Repeat("\t", 1<<18),
		"ESC":   strings.Repeat("\x1b", 1<<18),
		"bad":   strings.Repeat("\xff", 1<<19),
	} {
		start := time.Now()
		out := Clean(in).String()
		if took := time.Since(start); took > patience || len(out) > 9*len(in) {
			t.Errorf("%s: %v, %d octets", name, took, len(out))
		}
	}
}
