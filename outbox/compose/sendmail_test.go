package compose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"testing/iotest"

	"mua/account"
)

func options(rcpt ...string) SendmailOptions {
	return SendmailOptions{Recipients: rcpt, Identity: ada, Now: now}
}

func sendmail(t testing.TB, in string, o SendmailOptions) *Finished {
	t.Helper()
	f, err := Sendmail(strings.NewReader(in), o)
	if err != nil {
		t.Fatalf("%q: %v", in, err)
	}
	checkWire(t, f.Wire, false)
	return f
}

const gitMail = `From: Ada Lovelace <ada@example.org>
To: list@example.com
Cc: Bob <bob@example.com>
Subject: [PATCH 1/2] engine: carry the
 two
Date: Mon,  2 Nov 2026 09:00:00 +0100
Message-ID: <20261102-1@example.org>
X-Mailer: git-send-email 2.47
MIME-Version: 1.0
Content-Transfer-Encoding: 8bit
Content-Type: text/plain; charset=UTF-8

`

func TestSendmailKeepsWhatCanTravel(t *testing.T) {
	in := strings.Replace(gitMail, "8bit", "7bit", 1) + "diff\n-a\t \n+b\n-- \n2.47\n\n"
	f := sendmail(t, in, options("list@example.com", "bob@example.com"))
	if got := Display(f.Wire); got != in {
		t.Errorf("got:\n%s\nwant:\n%s", got, in)
	}
	if f.MessageID != "<20261102-1@example.org>" || f.Date.UTC().Hour() != 8 || f.Sender != "ada@example.org" || len(f.Recipients) != 2 {
		t.Errorf("%+v", f)
	}
	again := sendmail(t, string(f.Wire), options("list@example.com"))
	if !bytes.Equal(again.Wire, f.Wire) {
		t.Errorf("CRLF input: %q", again.Wire)
	}
}

func TestSendmailCron(t *testing.T) {
	o := SendmailOptions{Recipients: []string{"root"}, Identity: ada, Now: now, FullName: "CronDaemon", Aliases: map[string]string{"root": "ops, ada@example.org", "ops": "Ops <ops@example.com>"}}
	f := sendmail(t, "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> x\nAuto-Submitted: auto-generated\n\nhello\n", o)
	if got := strings.Join(f.Recipients, " "); got != "ops@example.com ada@example.org" {
		t.Errorf("recipients: %s", got)
	}
	for _, want := range []string{
		"From: Cron Daemon <ada@example.org>\r\n", "To: Ops <ops@example.com>, ada@example.org\r\n", "Subject: Cron <root@host> x\r\n",
		"Date: Mon, 02 Nov 2026 10:11:12 +0200\r\n", "Message-ID: <", "\r\n\r\nhello\r\n",
	} {
		if !bytes.Contains(f.Wire, []byte(want)) {
			t.Errorf("%q is missing in\n%s", want, f.Wire)
		}
	}
}

func TestSendmailMissingHeader(t *testing.T) {
	o := options("bob@example.com")
	o.FullName = "Ada at Home"
	f := sendmail(t, "just text: not a field?\n\nmore\n", o)
	if !bytes.HasSuffix(f.Wire, []byte("\r\n\r\njust text: not a field?\r\n\r\nmore\r\n")) || !bytes.Contains(f.Wire, []byte("From: Ada at Home <ada@example.org>\r\n")) {
		t.Errorf("%s", f.Wire)
	}
	if f := sendmail(t, "", o); !bytes.HasSuffix(f.Wire, []byte("\r\n\r\n")) {
		t.Errorf("%q", f.Wire)
	}
}

func TestSendmailDots(t *testing.T) {
	in := "Subject: x\n\none\n..\n.\ntwo\n"
	if f := sendmail(t, in, options("a@b")); !bytes.HasSuffix(f.Wire, []byte("one\r\n..\r\n")) {
		t.Errorf("%q", f.Wire)
	}
	o := options("a@b")
	o.IgnoreDots = true
	if f := sendmail(t, in, o); !bytes.HasSuffix(f.Wire, []byte("one\r\n..\r\n.\r\ntwo\r\n")) {
		t.Errorf("%q", f.Wire)
	}
}

func TestSendmailReadRecipients(t *testing.T) {
	in := "From b@x Mon Nov  2 09:00:00 2026\nTo: Team: a@x.org, \"B, B\" <b@x.org>;, Zoë <z@x.org>\nCc: a@X.org (again)\nBcc: =?utf-8?q?S?= <s@x.org>,\n\tt@x.org\nSubject: y\n\nbody\n"
	o := options("arg@x.org")
	o.ReadRecipients = true
	f := sendmail(t, in, o)
	if got := strings.Join(f.Recipients, " "); got != "arg@x.org a@x.org b@x.org z@x.org s@x.org t@x.org" {
		t.Errorf("recipients: %s", got)
	}
	if bytes.Contains(f.Wire, []byte("Bcc")) || !bytes.Contains(f.Copy, []byte("Bcc: =?utf-8?q?S?= <s@x.org>,\r\n\tt@x.org\r\n")) {
		t.Errorf("wire:\n%s\ncopy:\n%s", f.Wire, f.Copy)
	}
	in = "Resent-To: r@x.org\nResent-Bcc: q@x.org\nBcc: no@x.org\nTo: a@x.org\n\nx\n"
	o = SendmailOptions{ReadRecipients: true, Identity: ada, Now: now}
	f = sendmail(t, in, o)
	if got := strings.Join(f.Recipients, " "); got != "r@x.org q@x.org" || bytes.Contains(bytes.ToLower(f.Wire), []byte("bcc")) {
		t.Errorf("recipients: %s\n%s", got, f.Wire)
	}
}

func TestSendmailGroups(t *testing.T) {
	o := options()
	o.ReadRecipients, o.Aliases = true, map[string]string{"root": "ada@x.org"}
	f := sendmail(t, "To: undisclosed-recipients:;\nCc: =?utf-8?q?T=C3=A9am?=: b@x.org;\nBcc: Night (shift): root,\n c@x.org;\n\nx\n", o)
	if got := strings.Join(f.Recipients, " "); got != "b@x.org ada@x.org c@x.org" {
		t.Errorf("recipients: %s", got)
	}
	for _, want := range []string{"To: undisclosed-recipients:;\r\n", "Cc: =?utf-8?q?T=C3=A9am?=: b@x.org;\r\n", "Bcc: ada@x.org, c@x.org\r\n"} {
		if !bytes.Contains(f.Copy, []byte(want)) {
			t.Errorf("no %q in\n%s", want, f.Copy)
		}
	}
	_, err := Sendmail(strings.NewReader("To: Undisclosed recipients:;\n\nx\n"), o)
	if kindOf(err) != account.KindData || !strings.Contains(err.Error(), "names no recipient") {
		t.Errorf("got %v", err)
	}
}

func TestSendmailSender(t *testing.T) {
	in := "From: Me <me@work.example>\n\nx\n"
	o := options("a@b")
	if f := sendmail(t, in, o); f.Sender != "ada@example.org" || f.From.Addr != "me@work.example" {
		t.Errorf("%+v", f)
	}
	o.Own = func(a string) (mail.Address, bool) {
		return mail.Address{Name: "Me at Work", Address: "me@work.example"}, a == "me@work.example"
	}
	if f := sendmail(t, in, o); f.Sender != "me@work.example" {
		t.Errorf("%+v", f)
	}
	f := sendmail(t, "Sender: root\n\nx\n", SendmailOptions{Recipients: o.Recipients, Identity: ada, Own: o.Own, From: "<me@work.example>", Now: now})
	if !bytes.Contains(f.Wire, []byte("From: Me at Work <me@work.example>\r\n")) || !bytes.Contains(f.Wire, []byte("Sender: Me at Work <me@work.example>\r\n")) {
		t.Errorf("-f is one of ours, but not its name:\n%s", f.Wire)
	}
	o.From = ""
	if f := sendmail(t, "Resent-From: me@work.example\nFrom: bob@x.org\n\nx\n", o); f.Sender != "me@work.example" || f.From.Addr != "bob@x.org" {
		t.Errorf("resent: %+v", f)
	}
	for from, want := range map[string]string{"<>": "", "x@y.org": "x@y.org", "<x@y.org>": "x@y.org", "root": "me@work.example"} {
		o.From = from
		if f := sendmail(t, in, o); f.Sender != want {
			t.Errorf("-f %s: %q", from, f.Sender)
		}
	}
}

func TestSendmailEncodes(t *testing.T) {
	long := strings.Repeat("0123456789", 120)
	for name, c := range map[string]struct{ in, body, charset, encoding string }{
		"undeclared":  {"Subject: x\n\nGrüße und noch viel mehr Text\n", "Grüße und noch viel mehr Text\r\n", "utf-8", "quoted-printable"},
		"latin-1":     {"Subject: x\n\nGr\xfc\xdfe und noch viel mehr Text\n", "Gr\xfc\xdfe und noch viel mehr Text\r\n", "iso-8859-1", "quoted-printable"},
		"koi8":        {"Subject: x\n\n\xf0\xd2\xc9\xd7\xc5\xd4\n", "\xf0\xd2\xc9\xd7\xc5\xd4\r\n", "unknown-8bit", "base64"},
		"no charset":  {"Content-Type: text/plain\n\nGrüße und noch viel mehr Text\n", "Grüße und noch viel mehr Text\r\n", "utf-8", "quoted-printable"},
		"lie":         {"Content-Type: text/html; charset=us-ascii; format=flowed\n\nGrüße und noch viel mehr Text\n", "Grüße und noch viel mehr Text\r\n", "utf-8", "quoted-printable"},
		"declared":    {gitMail + "+Grüße " + long + "\n", "+Grüße " + long + "\r\n", "UTF-8", "quoted-printable"},
		"not so":      {gitMail + "+Gr\xfc\xdfe und noch viel mehr Text\n", "+Gr\xfc\xdfe und noch viel mehr Text\r\n", "UTF-8", "quoted-printable"},
		"long lines":  {"Subject: x\n\n" + long + "\n", long + "\r\n", "us-ascii", "quoted-printable"},
		"NUL":         {"Subject: x\n\na\x00b and so on, and on\n", "a\x00b and so on, and on\r\n", "us-ascii", "quoted-printable"},
		"binary":      {"Content-Type: application/x-y\nContent-Transfer-Encoding: 7bit\n\n\xff\xfe\n", "\xff\xfe\r\n", "", "base64"},
		"long base64": {"Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat("QUJD", 400) + "\n", strings.Repeat("ABC", 400), "", "base64"},
		"raw QP":      {"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\nGrüße =3D\n", "Grüße =\r\n", "utf-8", "quoted-printable"},
		"no boundary": {"Content-Type: multipart/mixed\n\nGrüße und noch viel mehr Text\n", "Grüße und noch viel mehr Text\r\n", "utf-8", "quoted-printable"},
	} {
		f := sendmail(t, c.in, options("a@b"))
		checkWire(t, f.Wire, true)
		l := leaves(t, f.Wire)[0]
		if string(l.data) != c.body || l.params["charset"] != c.charset || strings.ToLower(l.encoding) != c.encoding {
			t.Errorf("%s: %s %v %q", name, l.encoding, l.params, l.data)
		}
		if bytes.Count(f.Wire, []byte("MIME-Version: 1.0\r\n")) != 1 {
			t.Errorf("%s: MIME-Version:\n%s", name, f.Wire)
		}
	}
}

// TestSendmailKeepsDeclaredEightBit: what is 8-bit and says so, on every level, is
// kept as written.
func TestSendmailKeepsDeclaredEightBit(t *testing.T) {
	const multipart = "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n%s\n--b\nContent-Type: text/plain; charset=iso-8859-1\n" +
		"Content-Transfer-Encoding: 8bit\n\nGr\xfc\xdfe\n--b\nContent-Type: application/x-y\nContent-Transfer-Encoding: 8bit\n\n\xff\xfe\n--b--\n"
	for _, in := range []string{
		gitMail + "+Grüße\n-\n",
		fmt.Sprintf(multipart, "Content-Transfer-Encoding: 8bit\n"),
		"Content-Type: application/x-y\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n\n\xff\xfe\n",
	} {
		f := sendmail(t, in, options("a@b"))
		_, body, _ := strings.Cut(in, "\n\n")
		if got := strings.ReplaceAll(string(f.Wire), "\r\n", "\n"); !strings.HasSuffix(got, "\n\n"+body) || strings.Contains(got, "base64") {
			t.Errorf("got:\n%s\nwant the body:\n%s", got, body)
		}
	}
	f := sendmail(t, fmt.Sprintf(multipart, ""), options("a@b")) // the multipart does not say so
	checkWire(t, f.Wire, true)
}

func TestSendmailHeaders(t *testing.T) {
	list := strings.Repeat("someone@example.org,", 80)
	in := "From: Zoë Müller <zoe@example.org>\nSubject: Grüße\nTo: " + list + "last@example.org\nX-Latin: Gr\xfc\xdfe aus dem Westen\n" +
		"X-Long: " + strings.Repeat("x", 1500) + "\nX-Blank: a\n \n b\n" +
		"Content-Type: text/plain; name=\"Übersicht.txt\"; charset=us-ascii\n\nhello\n"
	f := sendmail(t, in, options("a@b"))
	checkWire(t, f.Wire, true)
	m, err := mail.ReadMessage(bytes.NewReader(f.Wire))
	if err != nil {
		t.Fatal(err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || from[0].Name != "Zoë Müller" {
		t.Errorf("From: %v %v", from, err)
	}
	if all, err := m.Header.AddressList("To"); err != nil || len(all) != 81 {
		t.Errorf("To: %d %v", len(all), err)
	}
	dec := new(mime.WordDecoder)
	for name, want := range map[string]string{"Subject": "Grüße", "X-Latin": "Grüße aus dem Westen", "X-Long": strings.Repeat("x", 1500), "X-Blank": "a b"} {
		if got, err := dec.DecodeHeader(m.Header.Get(name)); got != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if m.Header.Get("Bcc") != "" {
		t.Error("a bare CR made a field")
	}
	if _, params, err := mime.ParseMediaType(m.Header.Get("Content-Type")); err != nil || params["name"] != "Übersicht.txt" {
		t.Errorf("%v %v", params, err)
	}
}

func TestSendmailSigned(t *testing.T) {
	f := sendmail(t, signed, options("a@b"))
	if !bytes.Contains(f.Wire, []byte("8bit\r\n\r\nGrüße\r\n--s\r\n")) {
		t.Errorf("the signed part changed:\n%s", f.Wire)
	}
	_, err := Sendmail(strings.NewReader(strings.Replace(signed, "Grüße", strings.Repeat("x", 1000), 1)), options("a@b"))
	if kindOf(err) != account.KindData {
		t.Errorf("a signed line that cannot travel: %v", err)
	}
}

func TestSendmailRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		o    SendmailOptions
		kind account.Kind
	}{
		"nobody":      {"x", SendmailOptions{Identity: ada}, account.KindUsage},
		"none in -t":  {"Subject: x\n\n", SendmailOptions{ReadRecipients: true, Identity: ada}, account.KindData},
		"local":       {"x", options("root"), account.KindData},
		"bad":         {"x", options("a b@c"), account.KindData},
		"smuggle":     {"x", options("a@b> SIZE=1"), account.KindData},
		"bad in To":   {"To: a b@c\n\nx", SendmailOptions{ReadRecipients: true, Identity: ada}, account.KindData},
		"two in -f":   {"x", SendmailOptions{Recipients: []string{"a@b"}, From: "x@y, z@y", Identity: ada}, account.KindData},
		"bad -f":      {"x", SendmailOptions{Recipients: []string{"a@b"}, From: "x@y z", Identity: ada}, account.KindData},
		"no identity": {"x", SendmailOptions{Recipients: []string{"a@b"}}, account.KindData},
		"loop":        {"x", SendmailOptions{Recipients: []string{"a"}, Identity: ada, Aliases: map[string]string{"a": "b", "b": "A"}}, account.KindData},
		"loop *":      {"x", SendmailOptions{Recipients: []string{"a"}, Identity: ada, Aliases: map[string]string{"*": "root"}}, account.KindData},
		"empty alias": {"x", SendmailOptions{Recipients: []string{"a"}, Identity: ada, Aliases: map[string]string{"*": ""}}, account.KindData},
		"bad alias":   {"x", SendmailOptions{Recipients: []string{"a"}, Identity: ada, Aliases: map[string]string{"a": "x y@z"}}, account.KindData},
		"NUL":         {"Subject: a\x00b\n\nx", options("a@b"), account.KindData},
		"bare CR":     {"Subject: a\rBcc: c@d\n\nx", options("a@b"), account.KindData},
		"too large":   {"0123456789", SendmailOptions{Recipients: []string{"a@b"}, Identity: ada, MaxBytes: 9}, account.KindData},
	} {
		if _, err := Sendmail(strings.NewReader(c.in), c.o); kindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := io.MultiReader(strings.NewReader("To: a@b\n\nx"), iotest.ErrReader(errors.New("pipe broke")))
	if _, err := Sendmail(broken, options("a@b")); kindOf(err) != account.KindIO {
		t.Errorf("half a message: %v", err)
	}
}

func TestSendmailAliasesBounded(t *testing.T) {
	aliases := map[string]string{}
	for c := 'a'; c < 'r'; c++ {
		next := string(c + 1)
		aliases[string(c)] = next + "," + next + "," + next + "," + next
	}
	aliases["r"] = "end@example.org"
	o := options("a")
	o.Aliases = aliases
	if f := sendmail(t, "x", o); len(f.Recipients) != 1 {
		t.Errorf("%v", f.Recipients)
	}
}

// FuzzSendmail: never panics, and what was in the body is in the body.
func FuzzSendmail(f *testing.F) {
	for _, s := range []string{gitMail + "ü\n.\n", signed, "From x\n\nü", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nü\n--b--\n\xff", "\r\r\n\x00", "a: b\r c\n\nx\ry"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		o := options("a@b")
		o.IgnoreDots = true
		fin, err := Sendmail(bytes.NewReader(in), o)
		if err != nil {
			if kindOf(err) != account.KindData {
				t.Fatal(err)
			}
			return
		}
		checkWire(t, fin.Wire, false)
		fields, body := splitEntity(fin.Wire)
		for _, name := range []string{"From", "Date", "Message-ID"} {
			if valueOf(fields, name) == "" {
				t.Errorf("no %s in\n%s", name, fin.Wire)
			}
		}
		compareBodies(t, in, fields, body)
		again, err := Sendmail(bytes.NewReader(fin.Wire), o)
		if err != nil {
			t.Fatalf("its own output is refused: %v\n%q", err, fin.Wire)
		}
		if _, same := splitEntity(again.Wire); !bytes.Equal(same, body) {
			t.Errorf("not stable:\n%q\n%q", fin.Wire, again.Wire)
		}
	})
}

// compareBodies compares the octets of simple bodies before and after.
func compareBodies(t *testing.T, in []byte, fields []rawField, body []byte) {
	var was intake
	was.o.IgnoreDots = true
	was.read(in)
	mt, _ := mediaType(was.fields)
	if strings.HasPrefix(mt, "multipart/") || strings.HasPrefix(mt, "message/") {
		return
	}
	before := decoded(was.fields, was.body)
	after := decoded(fields, body)
	if before != nil && after != nil && !bytes.Equal(before, after) {
		t.Errorf("body %q became %q", before, after)
	}
}

// decoded gives a leaf's octets, or nil where the encoding is broken.
func decoded(fields []rawField, body []byte) []byte {
	l := []rawField{newField("Content-Type", "a/b")}
	if i := fieldNamed(fields, "Content-Transfer-Encoding"); i >= 0 {
		l = append(l, newField("Content-Transfer-Encoding", transferEncoding(fields)))
	}
	m, err := mail.ReadMessage(bytes.NewReader(append(renderFields(l), body...)))
	if err != nil {
		return nil
	}
	var r io.Reader = m.Body
	switch transferEncoding(fields) {
	case encQP:
		return readQP(r)
	case encBase64:
		return readBase64(r)
	}
	b, _ := io.ReadAll(r)
	return b
}
