package message

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"",
		"Subject: x\n\nbody",
		"From x\nSubject: =?utf-8?B?w6k=?= =?iso-2022-jp?b?GyRC?=\n\tmore\nTo: \"A\" <a@b>, g: c@d;\nDate: 1 Jan 26 1:2\n\nbody",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: y\n\nz\n--b\nContent-Transfer-Encoding: base64\n\nAAA=\n--b--\n",
		"Content-Type: multipart/alternative; boundary=\"a\"\n\n--a\n\n.\n--a\nContent-Type: text/html; charset=koi8-r\n\n<p style='display:none'>\xc1<a href=//x.y>z</a>\n--a--",
		"Content-Type: text/plain; format=flowed; delsp=yes; name*0*=utf-8''%C3; name*1*=%A9\nContent-Disposition: attachment\n\n> a \n> b\n",
		"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n#AAAA\n`\nend\n",
		"Content-Type: multipart/related\nContent-Transfer-Encoding: quoted-printable\n\n--q=\nx\nContent-Type: a/b\n\n--q\nContent-Type: text/enriched\n\n<b>x</b>",
		"\xef\xbb\xbf\r\r\rSubject: \xe9\r\r\x1b$B4A\x1b(B",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkMessage(t, "input", raw)
		for _, a := range Parse(raw).To {
			if !utf8.ValidString(a.Name) || !utf8.ValidString(a.Addr) {
				t.Errorf("address %q", a)
			}
		}
	})
}

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		"", "<p>x", "a<br>b<hr><pre>\n x\n</pre>", "<table><tr><td>a<td><p>b</table>",
		"<div style='font-size:0;max-height:0'>x<b style='font-size:9px'>y", "<ul><li>a<ol start=9><li>b</ul>",
		"<a href=http://x.y/>z</a><a href='mailto:a@b'>", "<blockquote><blockquote>x", "&zwnj;&nbsp;&#847;x&shy;",
		"<!--[if !mso]><!--><script>x</script><plaintext>", "<title>x", "\xff<\x00>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := HTMLToText(s)
		if !utf8.ValidString(out) {
			t.Errorf("invalid UTF-8 %q", out)
		}
		if out != "" && (!strings.HasSuffix(out, "\n") || strings.HasPrefix(out, "\n")) {
			t.Errorf("lines %q", out)
		}
		if len(out) > 10*len(s)+100 {
			t.Errorf("%d octets made %d", len(s), len(out))
		}
		for _, l := range Links(s) {
			if strings.ContainsAny(l.URL, " \n\r\t\x00") || l.Domain == "" {
				t.Errorf("link %q", l)
			}
		}
	})
}

// FuzzDetect holds the charset detector, which runs goroutines of its own that
// no recover of ours would reach.
func FuzzDetect(f *testing.F) {
	f.Add([]byte("caf\xe9 \xe8\xe0\xf9 \xf2\xec \xe9\xe8\xe0 \xe9\xe8 \xe0\xf9"), "x-unknown")
	f.Add([]byte("\x1b$B4A;z\x1b(B \x0e\x21\x22\x0f ~{VP~} +AOk-"), "utf-7")
	f.Fuzz(func(t *testing.T, b []byte, charset string) {
		if text, _ := decodeText(b, charset); !utf8.ValidString(text) {
			t.Errorf("invalid UTF-8 %q", text)
		}
		detect(append(b, "\xe9\xe8\xe0\xf9\xf2\xec\xe9\xe8\xe0\xe9\xe8\xe0\xf9"...))
	})
}

// FuzzReport reads anything as the fields of a delivery report: what comes out is bounded and valid.
func FuzzReport(f *testing.F) {
	f.Add("Original-Envelope-Id: a+2Bb\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.1.1 (x)\nDiagnostic-Code: smtp; 550 no\n")
	f.Add("Original-Recipient: utf-8;\\x{20AC}@\\x{D800}\r\rFinal-Recipient: <a@b>\rStatus: 5.0.0\rFinal-Recipient: ;;@")
	f.Fuzz(func(t *testing.T, fields string) {
		r := Parse(reportOf(fields, returnedHeader)).Report()
		if r == nil {
			return
		}
		if len(r.Recipients) == 0 || len(r.Recipients) > maxReported {
			t.Errorf("%d recipients", len(r.Recipients))
		}
		values := []string{r.EnvID, r.MessageID, r.Reporter}
		for _, x := range r.Recipients {
			if x.Action == "" || x.Original == "" && x.Final == "" {
				t.Errorf("nothing is said: %+v", x)
			}
			values = append(values, x.Original, x.Final, x.Status, x.Diagnostic, x.Remote)
			SameAddr(x.Original, x.Final)
		}
		for _, v := range values {
			if !utf8.ValidString(v) || len(v) > maxReportText && v != r.MessageID {
				t.Errorf("value %q", v)
			}
		}
	})
}
