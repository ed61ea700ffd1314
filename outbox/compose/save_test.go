package compose

import (
	"bytes"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mua/account"
	"mua/store/message"
)

func TestSaveResume(t *testing.T) {
	d := &Draft{
		From: mail.Address{Name: "Zoë, \"Z\"", Address: "zoe@example.org"}, Sender: "bounce@example.org",
		To:      []message.Address{{Name: "Ada (work)", Addr: "ada@example.org"}, {Addr: "bob"}},
		Cc:      to("x@y.org"),
		Bcc:     []message.Address{{Name: "会議", Addr: "s@y.org"}, {Addr: "half <written@>"}},
		ReplyTo: to("r@y.org"), Subject: "Grüße  aus Köln", Text: "Schöne Grüße\n\n-- \nZoë\n", HTML: "<p>Schöne Grüße</p>\n",
		Attachments: []Attachment{
			{Name: "näme.bin", Type: "application/x-y", Data: []byte("\x00\xff\r\n\n")},
			{Name: "a.txt", Type: "text/plain; charset=utf-8", Data: []byte("LF only\nü\n")},
			{Name: "m.eml", Type: "message/rfc822", Data: []byte("Subject: x\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nhi\r\n--i--\r\n")},
		},
		InReplyTo: "<1@x>", References: []string{"<0@x>", "<1@x>"},
		Extra: []message.Field{{Name: "X-Foo", Value: "bär: 1"}, {Name: "X-Foo", Value: "two"}},
		Date:  now, MessageID: "<own@id>", Answers: 12, Forwards: 13,
	}
	raw := d.Save()
	checkWire(t, raw, true)
	got := Resume(raw)
	if !got.Date.Equal(d.Date) {
		t.Errorf("date %v", got.Date)
	}
	got.Date = d.Date
	if !reflect.DeepEqual(got, d) {
		t.Errorf("got  %+v\nwant %+v", got, d)
	}
	for _, leak := range []string{"X-Mua", "written@"} {
		d.To, d.Bcc = to("a@b.org"), nil
		if f := finish(t, d); bytes.Contains(f.Wire, []byte(leak)) {
			t.Errorf("%s leaves with the message", leak)
		}
	}
}

func TestSaveEmpty(t *testing.T) {
	raw := (&Draft{}).Save()
	checkWire(t, raw, true)
	if got := Resume(raw); !reflect.DeepEqual(got, &Draft{}) {
		t.Errorf("%+v\n%s", got, raw)
	}
	Resume(nil)
	bad := &Draft{Subject: "a\r\nBcc: x@y\x00", From: mail.Address{Name: "x\ny", Address: "z\n@"}, Extra: []message.Field{{Name: "a b", Value: "c"}, {Name: "X", Value: "a\nb"}}}
	raw = bad.Save()
	checkWire(t, raw, true)
	if fields, _ := splitEntity(raw); fieldNamed(fields, "Bcc") >= 0 || !strings.Contains(valueOf(fields, "Subject"), "a Bcc: x@y") {
		t.Errorf("%s", raw)
	}
}

func TestResumeForeign(t *testing.T) {
	raw := "Date: Mon, 2 Nov 2026 10:00:00 +0100\r\nFrom: Ada <ada@example.org>\r\nTo: \r\nBcc: b@x.org\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\nMessage-ID: <d@x>\r\n" +
		"X-Mozilla-Draft-Info: internal/draft\r\nDisposition-Notification-To: ada@example.org\r\nReceived: x\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=windows-1252; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
		"It\x92s one \r\nline\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n--b--\r\n"
	d := Resume([]byte(raw))
	if d.Text != "It’s one line\n" || d.Subject != "Grüße" || addrs(d.Bcc) != "b@x.org" || !d.Date.IsZero() || d.MessageID != "" || d.From.Name != "Ada" {
		t.Errorf("%+v", d)
	}
	if len(d.Extra) != 1 || d.Extra[0].Name != "Disposition-Notification-To" || len(d.Attachments) != 1 || d.Attachments[0].Name != "a.txt" || string(d.Attachments[0].Data) != "x" {
		t.Errorf("%+v", d)
	}
	d = Resume([]byte("Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Gr\xc3\xbc\xc3\x9fe</p>"))
	if d.HTML != "<p>Grüße</p>" || strings.TrimSpace(d.Text) != "Grüße" {
		t.Errorf("%+v", d)
	}
}

// TestUnfinishedRecipients: what is no address yet is seen by whoever shows the draft, and comes back once.
func TestUnfinishedRecipients(t *testing.T) {
	long := strings.Repeat("long text without an end ", 12)
	for _, raw := range []string{"bob", "bob@", "bob@, Ali <ali@x.org>", `"Bob" <bob@`, "Zoë <zoë@", "会議@ x", "a: b \\ c", "=?utf-8?q?x=40?= y", long + "x", strings.Repeat("長い件名 ", 90) + "x"} {
		d := &Draft{From: mail.Address{Address: "zoe@example.org"}, To: append(to("ada@example.org"), message.Address{Addr: raw}), Cc: []message.Address{{Addr: raw}}, Date: now}
		saved := d.Save()
		checkWire(t, saved, true)
		m := message.Parse(saved)
		if len(m.Defects) > 0 || len(m.To) != 2 || len(m.Cc) != 1 || m.To[0].Addr != "ada@example.org" || m.Cc[0].Name+m.Cc[0].Addr == "" || !strings.HasPrefix(raw, strings.TrimSuffix(m.Cc[0].Name, "…")) && !strings.Contains(raw, "@") {
			t.Errorf("%q is shown as %q %q %v", raw, m.To, m.Cc, m.Defects)
		}
		if got := Resume(saved); !reflect.DeepEqual(got.To, d.To) || !reflect.DeepEqual(got.Cc, d.Cc) {
			t.Errorf("%q comes back as %q %q", raw, got.To, got.Cc)
		}
	}
}

// TestOurReader: what Finish writes, the house's own reader reads the same.
func TestOurReader(t *testing.T) {
	d := &Draft{
		From: mail.Address{Name: `Zoë "Z" Ö, x`, Address: "zoe@bücher.example"}, To: to("ada@example.org"),
		Cc: []message.Address{{Name: strings.Repeat("Ünïcödé 会議 ", 20) + "x", Addr: "l@x.org"}}, Subject: strings.Repeat("長い件名 ", 40) + "end  of it",
		Text: "Grüße\n", HTML: "<p>Grüße", Attachments: []Attachment{{Name: "日本語 \"1\".txt", Type: "text/plain", Data: []byte("ü\n")}},
	}
	f := finish(t, d)
	m := message.Parse(f.Wire)
	if m.Subject != d.Subject || m.From[0].Name != d.From.Name || m.From[0].Addr != "zoe@xn--bcher-kva.example" || !reflect.DeepEqual(m.Cc, d.Cc) {
		t.Errorf("%+v", m)
	}
	if len(m.Defects) != 0 || m.MessageID != f.MessageID || !m.Date.Equal(now) || m.Text() != "Grüße\n" {
		t.Errorf("%v %q %q", m.Defects, m.MessageID, m.Text())
	}
	a := m.Attachments()
	if len(a) != 1 || string(m.Part(a[0].Part).Data()) != "ü\n" || m.Part(a[0].Part).Name != message.SafeName(d.Attachments[0].Name) {
		t.Errorf("%+v", a)
	}
}

func TestAttach(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct{ data, want string }{
		"a.txt": {"x", "text/plain"}, "b.PDF": {"x", "application/pdf"}, "c.txt": {"\x00", octetStream}, "noext": {"ü", "text/plain"},
		"img": {"\x89PNG\r\n\x1a\nxx", "image/png"}, "m.eml": {"Subject: x\n\ny", "message/rfc822"}, "n.eml": {"nothing", "text/plain"},
		"mbox.eml": {"From x\nSubject: x\n\ny", "text/plain"}, "empty": {"", octetStream}, "e.csv": {"", "text/csv"}, "p.patch": {"+a\n", "text/x-patch"},
	} {
		a, err := Attach(write(name, c.data))
		if err != nil || a.Name != name || a.Type != c.want || string(a.Data) != c.data {
			t.Errorf("%s: %+v %v, want %s", name, a, err, c.want)
		}
	}
	if err := os.Chmod(write("secret", "x"), 0); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "absent"), filepath.Join(dir, "secret"), "", "/dev/null/x", "a\x00b"} {
		if filepath.Base(path) == "secret" && os.Getuid() == 0 {
			continue
		}
		_, err := Attach(path)
		if kindOf(err) != account.KindNotFound || !strings.Contains(err.Error(), fmt.Sprintf("%q", oneLine(path))) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func FuzzResume(f *testing.F) {
	f.Add([]byte("To: a\r\nX-Mua-Pending: To b\r\nX-Mua-Extra: A: b\r\n\r\nx"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/rfc822\n\nSubject: \xff\n\n\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := Resume(raw)
		saved := d.Save()
		checkWire(t, saved, isASCII(FormatAddresses(append(append(append(append([]message.Address{{Addr: d.From.Address}}, d.To...), d.Cc...), d.Bcc...), d.ReplyTo...))))
		m := message.Parse(raw)
		Reply(m, self, true, true)
		Forward(m, raw, false)
	})
}
