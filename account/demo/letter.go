package demo

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// letter is a sample before it is put into the form that travels.
type letter struct {
	mailbox string // "" is INBOX
	flags   []string
	ago     time.Duration
	id      string // Message-ID without the brackets
	answers []string
	from    string
	to, cc  string // "" to is ada
	subject string
	fields  []string // further header lines
	body    part
	rawHead bool // subject goes out as its octets are
}

// part is an entity: its header lines and its encoded body.
type part struct {
	header []string
	body   []byte
}

func (l letter) sample(now time.Time) Sample {
	sent := now.Add(-l.ago)
	if l.mailbox == "" {
		l.mailbox = "INBOX"
	}
	return Sample{Mailbox: l.mailbox, Flags: l.flags, Received: sent, Raw: crlf(l.raw(sent))}
}

// raw is the message with LF line ends.
func (l letter) raw(sent time.Time) []byte {
	var b bytes.Buffer
	if l.to == "" {
		l.to = ada
	}
	if l.from != ada {
		fmt.Fprintf(&b, "Return-Path: <%s>\nReceived: from relay.%s by demo.%s with ESMTPS\n\tfor <ada@%s>; %s\n",
			bare(l.from), domainOf(l.from), Domain, Domain, sent.Format(time.RFC1123Z))
	}
	fmt.Fprintf(&b, "Date: %s\nFrom: %s\nTo: %s\n", sent.Add(-20*time.Second).Format(time.RFC1123Z), addresses(l.from), addresses(l.to))
	if l.cc != "" {
		fmt.Fprintf(&b, "Cc: %s\n", addresses(l.cc))
	}
	subject := l.subject
	if !l.rawHead {
		subject = word(l.subject)
	}
	fmt.Fprintf(&b, "Subject: %s\nMessage-ID: <%s>\n", subject, l.id)
	if n := len(l.answers); n > 0 {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\nReferences: <%s>\n", l.answers[n-1], strings.Join(l.answers, ">\n <"))
	}
	for _, f := range l.fields {
		b.WriteString(f + "\n")
	}
	b.WriteString("MIME-Version: 1.0\n")
	l.body.write(&b)
	return b.Bytes()
}

func (p part) write(b *bytes.Buffer) {
	for _, h := range p.header {
		b.WriteString(h + "\n")
	}
	b.WriteString("\n")
	b.Write(p.body)
}

func crlf(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }

func bare(addr string) string {
	if a, err := mail.ParseAddress(addr); err == nil {
		return a.Address
	}
	return ""
}

func domainOf(addr string) string {
	_, domain, _ := strings.Cut(bare(addr), "@")
	return domain
}

// addresses encodes the names of a list of addresses; what does not parse stays.
func addresses(list string) string {
	l, err := mail.ParseAddressList(list)
	if err != nil {
		return list
	}
	var out []string
	for _, a := range l {
		out = append(out, a.String())
	}
	return strings.Join(out, ",\n ")
}

// word is an unstructured field's text (RFC 2047), folded between encoded words.
func word(s string) string {
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", s), "?= =?", "?=\n =?")
}

// text is text/plain: as it is when ASCII, else UTF-8 in quoted-printable.
func text(s string) part { return textOf("plain", s) }

// html is text/html in quoted-printable.
func html(s string) part {
	return part{[]string{"Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"}, qp([]byte(s))}
}

func textOf(subtype, s string) part {
	for _, c := range []byte(s) {
		if c >= 0x80 {
			return part{[]string{"Content-Type: text/" + subtype + "; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"}, qp([]byte(s))}
		}
	}
	return part{[]string{"Content-Type: text/" + subtype + "; charset=us-ascii"}, []byte(s)}
}

// inCharset is text in octets that are encoded already.
func inCharset(charset, encoding string, b []byte) part {
	switch encoding {
	case "base64":
		b = base64Lines(b)
	case "quoted-printable":
		b = qp(b)
	}
	return part{[]string{"Content-Type: text/plain; charset=" + charset, "Content-Transfer-Encoding: " + encoding}, b}
}

func qp(b []byte) []byte {
	var out bytes.Buffer
	w := quotedprintable.NewWriter(&out)
	w.Write(b) // to memory: cannot fail
	w.Close()
	return bytes.ReplaceAll(out.Bytes(), []byte("\r\n"), []byte("\n"))
}

func base64Lines(b []byte) []byte {
	var out bytes.Buffer
	s := base64.StdEncoding.EncodeToString(b)
	for len(s) > 76 {
		out.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	out.WriteString(s + "\n")
	return out.Bytes()
}

// attached is a file in base64. disposition is the field's value with the name in
// whichever way the sender's program writes it.
func attached(mediaType, disposition string, b []byte, more ...string) part {
	header := []string{"Content-Type: " + mediaType, "Content-Transfer-Encoding: base64", "Content-Disposition: " + disposition}
	return part{append(header, more...), base64Lines(b)}
}

// multi joins parts. boundary must not occur in them.
func multi(subtype, boundary string, parts ...part) part {
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString("--" + boundary + "\n")
		p.write(&b)
		b.WriteString("\n")
	}
	b.WriteString("--" + boundary + "--\n")
	return part{[]string{fmt.Sprintf("Content-Type: multipart/%s;\n boundary=%q", subtype, boundary)}, b.Bytes()}
}

// listFields are what a list server adds (RFC 2369, RFC 2919).
func listFields(name, host string) []string {
	return []string{
		fmt.Sprintf("List-Id: %s <%s.%s>", name, name, host),
		fmt.Sprintf("List-Post: <mailto:%s@%s>", name, host),
		fmt.Sprintf("List-Unsubscribe: <mailto:%s-leave@%s>,\n <https://%s/%s/leave>", name, host, host, name),
		fmt.Sprintf("List-Archive: <https://%s/%s/>", host, name),
		"Precedence: list",
	}
}
