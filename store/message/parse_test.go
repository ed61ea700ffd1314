package message

import (
	"fmt"
	"strings"
	"testing"
)

// outline describes a tree: id type(name)size for each part, attachments with a *.
func outline(m *Message) string {
	var out []string
	m.Root.walk(func(p *Part) {
		s := p.ID + " " + p.Type
		if p.Name != "" {
			s += "(" + p.Name + ")"
		}
		if p.Attachment {
			s += "*"
		}
		out = append(out, s)
	})
	return strings.Join(out, ", ")
}

func TestParseTree(t *testing.T) {
	cases := []struct{ name, in, outline, text string }{
		{"plain", "Subject: x\n\nbody\n", "1 text/plain", "body\n"},
		{"CRLF", "Subject: x\r\n\r\nbody\r\n", "1 text/plain", "body\n"},
		{"bare CR", "Subject: x\r\rbody\r", "1 text/plain", "body\n"},
		{"empty", "", "1 text/plain", ""},
		{"header only", "Subject: x\n", "1 text/plain", ""},
		{"header without end", "Subject: x", "1 text/plain", ""},
		{"no header", "Hello there,\n\nhow are you?\n", "1 text/plain", "Hello there,\n\nhow are you?\n"},
		{"no empty line", "Subject: x\nTo: a@b\nHello there\nyou\n", "1 text/plain", "Hello there\nyou\n"},
		{"empty lines first", "\n\r\n\nSubject: x\n\nbody", "1 text/plain", "body\n"},
		{"mbox", "From ada@example.org Mon Jan  1 00:00:00 2026\nSubject: x\n\nbody\n", "1 text/plain", "body\n"},
		{"mbox, quoted", ">From ada@example.org\nSubject: x\n\nbody\n", "1 text/plain", "body\n"},
		{"line of blanks ends the header", "Subject: x\n  \nbody\n", "1 text/plain", "body\n"},
		{"mixed", `Content-Type: multipart/mixed; boundary="b"

preamble
--b
Content-Type: text/plain

one
--b
Content-Type: application/pdf; name="a.pdf"
Content-Transfer-Encoding: base64

AAAA
--b
Content-Type: text/plain

two
--b--
epilogue
`, "TEXT multipart/mixed, 1 text/plain, 2 application/pdf(a.pdf)*, 3 text/plain", "one\n\ntwo\n"},
		{"nested", `Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=i

--i

plain
--i
Content-Type: text/html

<p>html</p>
--i--
--o
Content-Type: image/png
Content-Disposition: inline

x
--o--
`, "TEXT multipart/mixed, 1 multipart/alternative, 1.1 text/plain, 1.2 text/html, 2 image/png*", "plain\n"},
		{"inner final boundary missing", `Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=oi

--oi

plain
--o

more
`, "TEXT multipart/mixed, 1 multipart/alternative, 1.1 text/plain, 2 text/plain", "plain\n\nmore\n"},
		{"same boundary nested", `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/mixed; boundary=b

--b

one
--b--
--b

two
--b--
`, "TEXT multipart/mixed, 1 multipart/mixed, 1.1 text/plain, 2 text/plain", "one\n\ntwo\n"},
		{"boundary not declared", "Content-Type: multipart/mixed\n\n--xyz\nContent-Type: text/plain\n\none\n--xyz\nContent-Type: text/html\n\ntwo\n--xyz--\n",
			"TEXT multipart/mixed, 1 text/plain, 2 text/html", "one\n\ntwo\n"},
		{"wrong boundary", "Content-Type: multipart/mixed; boundary=abc\n\n--xyz\nContent-Type: text/plain\n\none\n--xyz--\n",
			"TEXT multipart/mixed, 1 text/plain", "one\n"},
		{"no parts at all", "Content-Type: multipart/mixed; boundary=abc\n\nonly text\n", "1 text/plain", "only text\n"},
		{"part after the final boundary", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n", "TEXT multipart/mixed, 1 text/plain, 2 text/plain", "one\n\ntwo\n"},
		{"similar boundaries", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bb\n--b-\ntwo\n--b  \n\nthree\n--b--\n", "TEXT multipart/mixed, 1 text/plain, 2 text/plain", "one\n--bb\n--b-\ntwo\n\nthree\n"},
		{"header without empty line before a boundary", "Content-Type: multipart/mixed; boundary=b\n--b\nContent-Type: text/plain\n\none\n--b--\n", "TEXT multipart/mixed, 1 text/plain", "one\n"},
		{"part without header", "Content-Type: multipart/mixed; boundary=b\n\n--b\nHello there, you\n--b--\n", "TEXT multipart/mixed, 1 text/plain", "Hello there, you\n"},
		{"attached message", `Content-Type: multipart/mixed; boundary=o

--o

see below
--o
Content-Type: message/rfc822
Content-Disposition: attachment

Subject: inner
Content-Type: multipart/mixed; boundary=i

--i

inner text
--i
Content-Type: image/gif

x
--i--
--o--
`, "TEXT multipart/mixed, 1 text/plain, 2 message/rfc822*, 2.TEXT multipart/mixed, 2.1 text/plain, 2.2 image/gif*", "see below\n"},
		{"attached message shown", "Content-Type: message/rfc822\n\nSubject: inner\nFrom: a@b.example\n\nhello\n", "1 message/rfc822*, 1.1 text/plain", "--- attached message ---\nFrom: a@b.example\nSubject: inner\n\nhello\n"},
		{"attached message in base64", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKaGkK\n", "1 message/rfc822*, 1.1 text/plain", "--- attached message ---\nSubject: x\n\nhi\n"},
		{"digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\n1\n--b\n\nSubject: two\n\n2\n--b--\n",
			"TEXT multipart/digest, 1 message/rfc822, 1.1 text/plain, 2 message/rfc822, 2.1 text/plain", "--- attached message ---\nSubject: one\n\n1\n\n--- attached message ---\nSubject: two\n\n2\n"},
		{"multipart in base64", "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\nLS1iCgpoaQotLWItLQo=\n", "TEXT multipart/mixed, 1 text/plain", "hi\n"},
		{"multipart labelled quoted-printable", "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: quoted-printable\n\n--b\n\na=3D\n--b--\n", "TEXT multipart/mixed, 1 text/plain", "a=3D\n"},
		{"related", `Content-Type: multipart/related; boundary=b

--b
Content-Type: text/html

<img src="CID:logo@x">text
--b
Content-Type: image/png; name=logo.png
Content-ID: <logo@x>

x
--b
Content-Type: image/png

x
--b
Content-Type: image/png; name=photo.png

x
--b--
`, "TEXT multipart/related, 1 text/html, 2 image/png(logo.png), 3 image/png, 4 image/png(photo.png)*", "text\n"},
		{"signed", `Content-Type: multipart/signed; boundary=b

--b

text
--b
Content-Type: application/pgp-signature; name=signature.asc

x
--b--
`, "TEXT multipart/signed, 1 text/plain, 2 application/pgp-signature(signature.asc)", "text\n"},
		{"winmail.dat", "Content-Type: application/ms-tnef; name=\"winmail.dat\"\n\nx", "1 application/ms-tnef(winmail.dat)*", ""},
		{"only an attached text", "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nread me\n", "1 text/plain(a.txt)*", "read me\n"},
		{"named texts", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: text/x-patch; name=a.patch\nContent-Disposition: inline\n\n+x\n--b\nContent-Type: text/csv; name=a.csv\n\n1,2\n--b--\n",
			"TEXT multipart/mixed, 1 text/plain, 2 text/x-patch(a.patch)*, 3 text/csv(a.csv)*", "one\n\n--- a.patch ---\n+x\n"},
		{"HTML called plain", "Content-Type: text/plain\n\n<!DOCTYPE html><html><p>Hi <b>you</b></html>\n", "1 text/plain", "Hi you\n"},
		{"HTML not declared", "Subject: x\n\n<html>\n<body>Hi</body></html>\n", "1 text/plain", "Hi\n"},
		{"HTML charset from meta", "Content-Type: text/html\n\n<meta http-equiv=Content-Type content=\"text/html; charset=koi8-r\">\xf0\xd2\xc9\xd7\xc5\xd4", "1 text/html", "Привет\n"},
		{"flowed", "Content-Type: text/plain; format=flowed\n\none \ntwo\n> a \n> b\n", "1 text/plain", "one two\n> a b\n"},
		{"calendar", "Content-Type: multipart/alternative; boundary=b\n\n--b\n\ncome\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n",
			"TEXT multipart/alternative, 1 text/plain, 2 text/calendar*", "come\n"},
		{"bounce", "Content-Type: multipart/report; boundary=b\n\n--b\n\nsorry\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b\nContent-Type: text/rfc822-headers\n\nSubject: lost\n--b--\n",
			"TEXT multipart/report, 1 text/plain, 2 message/delivery-status, 3 text/rfc822-headers", "sorry\n\nAction: failed\n\nSubject: lost\n"},
		{"odd types", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text\n\na\n--b\nContent-Type: TEXT / HTML\n\n<p>b\n--b\nContent-Type:\n\nc\n--b--\n",
			"TEXT multipart/mixed, 1 text/plain, 2 text/html, 3 text/plain", "a\n\nb\n\nc\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := Parse([]byte(c.in))
			if got := outline(m); got != c.outline {
				t.Errorf("tree\n got %s\nwant %s", got, c.outline)
			}
			if got := m.Text(); got != c.text {
				t.Errorf("text %q, want %q", got, c.text)
			}
			for _, p := range m.Parts() {
				if p.Data() == nil || p.Size != len(p.Data()) || m.Part(p.ID) != p {
					t.Errorf("part %s: %d octets, size %d, found %v", p.ID, len(p.Data()), p.Size, m.Part(p.ID) == p)
				}
			}
		})
	}
}

// alternative builds a message with a plain and an HTML text.
func alternative(plain, html string) *Message {
	return Parse([]byte("Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n" + plain +
		"\n--b\nContent-Type: text/html\n\n" + html + "\n--b--\n"))
}

func TestAlternative(t *testing.T) {
	long := "<p>" + strings.Repeat("Many words of news. ", 40) + "</p>"
	for name, c := range map[string]struct {
		plain, html string
		rich        bool
	}{
		"plain":              {"Hello, this is the text.", "<p>Hello, this is the text.</p>", false},
		"plain is empty":     {" \n\n", "<p>News</p>", true},
		"plain is a dot":     {".", long, true},
		"plain is a notice":  {"Your mail client does not support HTML messages.", long, true},
		"plain is a link":    {"View this email in your browser: https://example.org/x", long, true},
		"short plain":        {"Ok, thanks!", "<p>Ok, thanks!</p>", false},
		"notice, empty HTML": {"Your client does not show HTML.", "<p></p>", false},
	} {
		m := alternative(c.plain, c.html)
		want := strings.TrimSpace(c.plain)
		if c.rich {
			want = strings.TrimSpace(HTMLToText(c.html))
		}
		if got := strings.TrimSpace(m.Text()); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := m.HTML(); got != c.html {
			t.Errorf("%s: HTML %q", name, got)
		}
	}
}

func TestAttachments(t *testing.T) {
	m := Parse([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: image/jpeg\nContent-Transfer-Encoding: base64\n\nAAAA\n--b\n" +
		"Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"../../x\u202egpj.exe\"\n\nxx\n--b\nContent-Type: message/rfc822\n\nSubject: Re: a/b\nContent-Type: image/gif\n\nx\n--b--\n"))
	got := fmt.Sprint(m.Attachments())
	if want := "[{2 part-2.jpg image/jpeg 3} {3 xgpj.exe application/octet-stream 2} {4 b.eml message/rfc822 43}]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSnippet(t *testing.T) {
	cases := []struct {
		name, body string
		n          int
		want       string
	}{
		{"joined", "One\ntwo   three\n\nfour", 100, "One two three four"},
		{"cut", "One two three", 7, "One two"},
		{"cut in a word", "日本語日本語", 3, "日本語"},
		{"quotes skipped", "> old\n> older\n\nnew", 50, "new"},
		{"attribution skipped", "On Monday, 1 Jan 2026,\nAda Lovelace wrote:\n> old\n\nnew", 50, "new"},
		{"only quotes", "> old", 50, "> old"},
		{"signature", "Hi\n-- \nAda", 50, "Hi"},
		{"lines drawn", "=====\nHi\n-----\nyou", 50, "Hi you"},
		{"clean", "a\x1b[2Jb\u202ec", 50, "a[2Jbc"},
		{"PGP", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHi", 50, "Hi"},
		{"nothing", "", 50, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Parse([]byte("Subject: x\n\n" + c.body)).Snippet(c.n); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := alternative("", `<img alt=Logo src=x><a href="http://a.example">Hello</a> you`).Snippet(50); got != "Hello you" {
		t.Errorf("HTML: %q", got)
	}
}

func TestMeta(t *testing.T) {
	m := Parse([]byte("Subject: =?utf-8?Q?caf=C3=A9?=\nFrom: A <a@b.example>\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\nContent-Disposition: inline\nContent-ID: <x@y>\n\ncaf=E9\n"))
	if m.Subject != "café" || m.Text() != "café\n" || m.Root.ContentID != "x@y" || m.Root.Disposition != "inline" || m.Root.Params["charset"] != "iso-8859-1" {
		t.Errorf("%+v", m.Root)
	}
	if string(m.Root.Data()) != "caf\xe9\n" {
		t.Errorf("data %q", m.Root.Data())
	}
}
