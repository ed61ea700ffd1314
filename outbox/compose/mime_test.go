package compose

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"

	"mua/store/message"
)

// leaf is one decoded leaf, as the standard library reads it.
type leaf struct {
	mtype, name, encoding string
	params                map[string]string
	data                  []byte
}

// leaves reads a message with the standard library, which is not our reader.
func leaves(t testing.TB, wire []byte) []leaf {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(wire))
	if err != nil {
		t.Fatalf("%v in\n%s", err, wire)
	}
	return leavesOf(t, textproto.MIMEHeader(m.Header), m.Body)
}

func leavesOf(t testing.TB, h textproto.MIMEHeader, body io.Reader) []leaf {
	t.Helper()
	mt, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatalf("%q: %v", h.Get("Content-Type"), err)
	}
	if strings.HasPrefix(mt, "multipart/") {
		var out []leaf
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return out
			}
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, leavesOf(t, p.Header, p)...)
		}
	}
	l := leaf{mtype: mt, params: params, encoding: strings.ToLower(h.Get("Content-Transfer-Encoding"))}
	switch l.encoding {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	if l.data, err = io.ReadAll(body); err != nil {
		t.Fatal(err)
	}
	if cd := h.Get("Content-Disposition"); cd != "" {
		_, params, err := mime.ParseMediaType(cd)
		if err != nil {
			t.Fatalf("%q: %v", cd, err)
		}
		l.name = params["filename"]
	}
	return []leaf{l}
}

func TestBodies(t *testing.T) {
	long := strings.Repeat("word ", 300)
	for name, c := range map[string]struct{ text, encoding, charset string }{
		"ascii":    {"Hello\n", "7bit", "us-ascii"},
		"empty":    {"", "7bit", "us-ascii"},
		"no end":   {"Hello", "7bit", "us-ascii"},
		"german":   {"Schöne Grüße aus Köln\n-- \nAda\n", "quoted-printable", "utf-8"},
		"japanese": {"会議は明日です\n", "base64", "utf-8"},
		"long":     {long + "\n", "quoted-printable", "us-ascii"},
		"dots":     {".\n..\nFrom me\n", "7bit", "us-ascii"},
		"NUL":      {"a\x00b, and then some more text\n", "quoted-printable", "us-ascii"},
		"latin-1":  {"Sch\xf6ne Gr\xfc\xdfe aus dem Westen\n", "quoted-printable", "iso-8859-1"},
		"bare CR":  {"10%\r20%\rdone\n", "7bit", "us-ascii"},
	} {
		f := finish(t, &Draft{From: ada, To: to("b@c"), Text: c.text})
		l := leaves(t, f.Wire)[0]
		want := string(crlf([]byte(c.text)))
		if want != "" && !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if l.encoding != c.encoding || l.params["charset"] != c.charset || string(l.data) != want {
			t.Errorf("%s: %s %s %q, want %q", name, l.encoding, l.params["charset"], l.data, want)
		}
		if l.encoding != "7bit" {
			for line := range bytes.SplitSeq(f.Wire, []byte("\r\n")) {
				if len(line) > 78 {
					t.Errorf("%s: line of %d", name, len(line))
				}
			}
		}
	}
}

func TestAlternativeAndAttachments(t *testing.T) {
	octets := make([]byte, 5000)
	for i := range octets {
		octets[i] = byte(i * 7)
	}
	d := &Draft{
		From: ada, To: to("b@c"), Text: "plain\n", HTML: "<p>Grüße</p>",
		Attachments: []Attachment{
			{Name: "Übersicht 会議.pdf", Type: "application/pdf", Data: octets},
			{Name: "notes.txt", Type: "text/plain", Data: []byte("one\ntwo\n")},
			{Name: "dos.txt", Type: "text/plain", Data: []byte("one\r\ntwo")},
			{Name: `we"ird\.bin`, Type: "", Data: nil},
			{Name: "x", Type: "bad type\r\nX: y", Data: []byte("z")},
			{Name: "m", Type: "multipart/mixed; boundary=x", Data: []byte("z")},
			{Type: "text/plain; charset=iso-8859-1", Data: []byte("Gr\xfc\xdfe\r\n")},
		},
	}
	f := finish(t, d)
	got := leaves(t, f.Wire)
	if len(got) != 9 || string(got[0].data) != "plain\r\n" || string(got[1].data) != "<p>Grüße</p>\r\n" {
		t.Fatalf("%d leaves: %q", len(got), got)
	}
	for i, a := range d.Attachments {
		l := got[i+2]
		if !bytes.Equal(l.data, a.Data) {
			t.Errorf("%q: %q", a.Name, l.data)
		}
	}
	for i, want := range []string{"Übersicht 会議.pdf", "notes.txt", "dos.txt"} {
		if got[i+2].name != want {
			t.Errorf("name %q, want %q", got[i+2].name, want)
		}
	}
	if got[4].encoding != "7bit" || got[3].encoding != "base64" {
		t.Errorf("text attachments: %s, %s", got[4].encoding, got[3].encoding)
	}
	if got[6].mtype != octetStream || got[7].mtype != octetStream || got[8].params["charset"] != "iso-8859-1" {
		t.Errorf("types: %v %v %v", got[6].mtype, got[7].mtype, got[8])
	}
	if !bytes.Contains(f.Wire, []byte(`filename="Ubersicht _.pdf"`)) {
		t.Errorf("no ASCII name:\n%s", f.Wire[:2000])
	}
}

const signed = "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"; micalg=pgp-sha256\r\n" +
	"MIME-Version: 1.0\r\nFrom: a@b\r\n\r\n--s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
	"Grüße\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nxx\r\n--s--\r\n"

func TestAttachedMessage(t *testing.T) {
	inner := "From: Zoë <zoe@example.org>\nSubject: Grüße\nX-Keep:  two  spaces\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/mixed; boundary=\"b b\"\nContent-Transfer-Encoding: 8bit\n\npreamble\n--b b\n" +
		"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nSchöne Grüße\nund mehr\n--b b\n" +
		"Content-Type: application/x-thing\nContent-Transfer-Encoding: binary\n\n\x00\x01\r\xff\n--b b\n" +
		"Content-Type: message/rfc822\n\nSubject: deep\n\n" + strings.Repeat("x", 2000) + "\n--b b--\nepilogue\n"
	for name, c := range map[string]struct {
		raw    string
		opaque bool
	}{
		"plain":      {"From: a@b\r\nSubject: x\r\n\r\nhello\r\n", false},
		"LF":         {"From: a@b\nSubject: x\n\nhello\n", false},
		"8-bit":      {inner, false},
		"signed":     {signed, true},
		"signed 7":   {strings.ReplaceAll(signed, "ü", "u"), true}, // ß remains
		"signed ok":  {strings.NewReplacer("ü", "u", "ß", "s").Replace(signed), false},
		"no message": {"hello\n", true},
		"utf-8 addr": {"From: zoë@example.org\nSubject: x\n\nhello\n", true},
	} {
		f := finish(t, &Draft{From: ada, To: to("b@c"), Attachments: []Attachment{{Name: "m.eml", Type: "message/rfc822", Data: []byte(c.raw)}}})
		l := leaves(t, f.Wire)[0]
		switch {
		case c.opaque:
			if l.mtype != octetStream || string(l.data) != c.raw || l.name != "m.eml" {
				t.Errorf("%s: %s %q", name, l.mtype, l.data)
			}
		case l.mtype != "message/rfc822" || l.encoding != "7bit":
			t.Errorf("%s: %s %s", name, l.mtype, l.encoding)
		case name != "8-bit":
			if string(l.data) != string(crlf([]byte(c.raw))) {
				t.Errorf("%s: %q", name, l.data)
			}
		default:
			within := leaves(t, l.data)
			if len(within) != 3 || string(within[0].data) != "Schöne Grüße\r\nund mehr" || string(within[1].data) != "\x00\x01\r\xff" {
				t.Fatalf("%s: %q", name, within)
			}
			deep := leaves(t, append([]byte("Content-Type: text/plain\r\n"), within[2].data...))
			if len(deep) != 1 || strings.TrimRight(string(deep[0].data), "\r\n") != strings.Repeat("x", 2000) {
				t.Errorf("%s: %q", name, deep)
			}
			for _, want := range []string{"X-Keep:  two  spaces\r\n", "preamble\r\n", "epilogue\r\n", "Subject: =?utf-8?", "From: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\r\n"} {
				if !bytes.Contains(l.data, []byte(want)) {
					t.Errorf("%s: %q is missing in\n%s", name, want, l.data)
				}
			}
		}
	}
}

func TestRepairQP(t *testing.T) {
	for _, in := range []string{
		"Gr\xc3\xbc\xc3\x9fe =3D 1\r\nsoft=\r\nbreak\r\n", strings.Repeat("x", 3000) + "=\r\ny", strings.Repeat("=C3=BC", 400) + "\r\n",
		strings.Repeat("x", 75) + "=\r\n\xff", strings.Repeat("x", 76) + "\r\n\xff",
	} {
		want, err1 := io.ReadAll(quotedprintable.NewReader(strings.NewReader(in)))
		out := repairQP([]byte(in))
		got, err2 := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(out)))
		if err1 != nil || err2 != nil || !bytes.Equal(want, got) || !isSevenBit(out) {
			t.Errorf("%q became %q: %v %v", in, out, err1, err2)
		}
	}
}

// FuzzDraft: whatever a person writes, the message can travel and says the same.
func FuzzDraft(f *testing.F) {
	f.Add("Grüße  aus =?utf-8?q?K?=", "Zoë \"Z\" (x)", "text\n.\nmore\r", "näme.pdf", []byte{0, 255})
	f.Add("  leading", "a,b", strings.Repeat("ü", 1000), "", []byte("x"))
	f.Add(strings.Repeat("x", 1200)+" 会議", "=?x?q?y?=", "\x00", "a\nb", []byte("\r\n"))
	f.Add(strings.Repeat(" ", 1200)+".", strings.Repeat("a ", 700), "", strings.Repeat("n", 300), []byte(nil))
	f.Fuzz(func(t *testing.T, subject, name, text, file string, data []byte) {
		d := &Draft{
			From: mail.Address{Name: name, Address: "ada@example.org"}, To: []message.Address{{Name: name, Addr: "b@c.de"}, {Name: name, Addr: "d@e.fg"}},
			Subject: subject, Text: text, HTML: "<b>x", Attachments: []Attachment{{Name: file, Type: "text/plain", Data: data}},
			Extra: []message.Field{{Name: "X-Extra", Value: subject}},
		}
		fin, err := d.Finish(now)
		if strings.ContainsAny(subject+name, "\r\n\x00") {
			if err == nil {
				t.Fatal("a control in a header is accepted")
			}
			checkWire(t, d.Save(), true)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkWire(t, fin.Wire, true)
		m, err := mail.ReadMessage(bytes.NewReader(fin.Wire))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ToValidUTF8(subject, "\uFFFD")
		if got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || got != want {
			t.Errorf("subject %q, want %q (%v)", got, want, err)
		}
		list, err := m.Header.AddressList("To")
		wantName := strings.ToValidUTF8(strings.Trim(name, " \t"), "\uFFFD")
		if err != nil || len(list) != 2 || list[0].Name != wantName || list[1].Name != wantName {
			t.Errorf("name %v, want %q (%v)\n%s", list, wantName, err, fin.Wire)
		}
		ours := message.Parse(fin.Wire)
		if strings.TrimSpace(ours.Subject) != strings.TrimSpace(want) {
			t.Errorf("our reader: subject %q, want %q", ours.Subject, want)
		}
		got := leaves(t, fin.Wire)
		if text != "" && strings.TrimSuffix(string(got[0].data), "\r\n") != strings.TrimSuffix(string(crlf([]byte(text))), "\r\n") {
			t.Errorf("text %q, want %q", got[0].data, text)
		}
		if last := got[len(got)-1]; !bytes.Equal(last.data, data) {
			t.Errorf("attachment %q, want %q", last.data, data)
		}
	})
}

// readQP and readBase64 decode with the standard library; nil where it refuses.
func readQP(r io.Reader) []byte {
	b, err := io.ReadAll(quotedprintable.NewReader(r))
	if err != nil {
		return nil
	}
	return b
}

func readBase64(r io.Reader) []byte {
	b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, r))
	if err != nil {
		return nil
	}
	return b
}
