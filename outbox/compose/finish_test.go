package compose

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/store/message"
)

var (
	zone = time.FixedZone("", 2*3600)
	now  = time.Date(2026, 11, 2, 10, 11, 12, 0, zone)
	ada  = mail.Address{Name: "Ada Lovelace", Address: "ada@example.org"}
)

func to(addrs ...string) []message.Address {
	var out []message.Address
	for _, a := range addrs {
		out = append(out, message.Address{Addr: a})
	}
	return out
}

// finish makes a message and checks what holds of every one.
func finish(t testing.TB, d *Draft) *Finished {
	t.Helper()
	f, err := d.Finish(now)
	if err != nil {
		t.Fatalf("Finish: %v", err)
	}
	checkWire(t, f.Wire, !f.UTF8)
	checkWire(t, f.Copy, !f.UTF8)
	return f
}

// checkWire holds the contract of the package comment.
func checkWire(t testing.TB, wire []byte, ascii bool) {
	t.Helper()
	if !hasOnlyCRLF(wire) || !bytes.HasSuffix(wire, []byte("\r\n")) {
		t.Fatalf("line ends: %q", wire)
	}
	if ascii && !isSevenBit(wire) {
		t.Fatalf("not 7-bit: %q", wire)
	}
	for line := range bytes.SplitSeq(wire, []byte("\r\n")) {
		if len(line) > maxLine {
			t.Fatalf("a line of %d octets: %q", len(line), line)
		}
	}
}

func kindOf(err error) account.Kind {
	if tr, ok := err.(*account.Trouble); ok {
		return tr.Kind
	}
	return -1
}

func TestFinishPlain(t *testing.T) {
	d := &Draft{From: ada, To: to("bob@example.com"), Subject: "Hello", Text: "Hi Bob,\n\nbye\n", MessageID: "<1@example.org>"}
	f := finish(t, d)
	want := "Date: Mon, 02 Nov 2026 10:11:12 +0200\n" +
		"From: Ada Lovelace <ada@example.org>\nTo: bob@example.com\nSubject: Hello\nMessage-ID: <1@example.org>\n" +
		"User-Agent: mua\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n" +
		"Content-Transfer-Encoding: 7bit\n\nHi Bob,\n\nbye\n"
	if got := Display(f.Wire); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if f.Sender != "ada@example.org" || len(f.Recipients) != 1 || f.UTF8 {
		t.Errorf("envelope: %+v", f)
	}
}

func TestFinishHeaders(t *testing.T) {
	long := strings.Repeat("Größe ", 60)
	d := &Draft{
		From:    mail.Address{Name: "Zoë Ångström-Öberg", Address: "zoe@bücher.example"},
		To:      []message.Address{{Name: "Lovelace, Ada", Addr: "ada@example.org"}, {Name: `The "Boss"`, Addr: "boss@EXAMPLE.org"}},
		Cc:      to("boss@example.ORG", "x@example.org"),
		Bcc:     []message.Address{{Name: "会議", Addr: "secret@example.org"}},
		Subject: "Re: " + long + "end",
		Text:    "Grüße\n",
	}
	f := finish(t, d)
	m, err := mail.ReadMessage(bytes.NewReader(f.Copy))
	if err != nil {
		t.Fatal(err)
	}
	var dec mail.AddressParser
	for field, want := range map[string]string{
		"From": `=?utf-8?q?Zo=C3=AB_=C3=85ngstr=C3=B6m-=C3=96berg?= <zoe@xn--bcher-kva.example>`,
		"Bcc":  `=?utf-8?q?=E4=BC=9A=E8=AD=B0?= <secret@example.org>`,
	} {
		got, err := dec.Parse(m.Header.Get(field))
		if err != nil || got.String() != want {
			t.Errorf("%s: %v %v, want %v", field, got, err, want)
		}
	}
	list, err := m.Header.AddressList("To")
	if err != nil || len(list) != 2 || list[0].Name != "Lovelace, Ada" || list[1].Name != `The "Boss"` {
		t.Errorf("To: %v %v", list, err)
	}
	if got := strings.Join(f.Recipients, " "); got != "ada@example.org boss@example.org x@example.org secret@example.org" {
		t.Errorf("recipients: %s", got)
	}
	if bytes.Contains(bytes.ToLower(f.Wire), []byte("bcc:")) || bytes.Contains(f.Wire, []byte("secret")) {
		t.Error("Bcc on the wire")
	}
	head, _, _ := bytes.Cut(f.Wire, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > 78 {
			t.Errorf("header line of %d: %s", len(line), line)
		}
	}
}

func TestFinishOnlyBcc(t *testing.T) {
	f := finish(t, &Draft{From: ada, Bcc: to("bob@example.com"), Text: "x"})
	if !bytes.Contains(f.Wire, []byte("\r\nTo: undisclosed-recipients:;\r\n")) {
		t.Errorf("%s", f.Wire)
	}
}

func TestFinishRefuses(t *testing.T) {
	for name, d := range map[string]*Draft{
		"no recipient":   {From: ada},
		"no author":      {To: to("a@b")},
		"bare":           {From: ada, To: to("bob")},
		"injection":      {From: ada, To: to("a@b> SIZE=1")},
		"subject CR":     {From: ada, To: to("a@b"), Subject: "a\rBcc: x@y"},
		"subject LF":     {From: ada, To: to("a@b"), Subject: "a\nBcc: x@y"},
		"name NUL":       {From: ada, To: []message.Address{{Name: "a\x00", Addr: "a@b"}}},
		"extra LF":       {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "X-A", Value: "b\nBcc: c@d"}}},
		"extra name":     {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "X A", Value: "b"}}},
		"extra empty":    {From: ada, To: to("a@b"), Extra: []message.Field{{Value: "b"}}},
		"extra mime":     {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "Content-type", Value: "b"}}},
		"extra to":       {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "to", Value: "b@c"}}},
		"extra twice":    {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "Date", Value: "Mon, 2 Jan 2006 15:04:05 +0000"}, {Name: "date", Value: "Mon, 2 Jan 2006 15:04:05 +0000"}}},
		"extra date":     {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "Date", Value: "soon"}}},
		"extra id":       {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "Message-ID", Value: "x"}}},
		"sender":         {From: ada, To: to("a@b"), Sender: "x y@z"},
		"from two":       {From: ada, To: to("a@b"), Extra: []message.Field{{Name: "From", Value: "a@b, c@d"}}},
		"message id":     {From: ada, To: to("a@b"), MessageID: "<a b>"},
		"local too long": {From: ada, To: to(strings.Repeat("a", 65) + "@b")},
	} {
		if _, err := d.Finish(now); kindOf(err) != account.KindData {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.Validate(); kindOf(err) != account.KindData {
			t.Errorf("%s: Validate: %v", name, err)
		}
	}
}

func TestFinishExtraReplaces(t *testing.T) {
	f := finish(t, &Draft{
		From: ada, To: to("a@b"), Subject: "one", Text: "x",
		Extra: []message.Field{
			{Name: "From", Value: "Zoë <zoe@example.org>"}, {Name: "Message-ID", Value: "<my@id>"},
			{Name: "Date", Value: "Tue, 3 Nov 2026 01:02:03 -0500"}, {Name: "Subject", Value: "two"},
			{Name: "User-Agent", Value: "test"}, {Name: "X-Foo", Value: "Grüße"}, {Name: "References", Value: "<a@b> <c@d>"},
		},
	})
	for _, want := range []string{
		"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\r\n", "Message-ID: <my@id>\r\n", "Date: Tue, 03 Nov 2026 01:02:03 -0500\r\n",
		"Subject: two\r\n", "User-Agent: test\r\n", "X-Foo: =?utf-8?b?R3LDvMOfZQ==?=\r\n", "References: <a@b> <c@d>\r\n",
	} {
		if bytes.Count(f.Wire, []byte(want)) != 1 {
			t.Errorf("want once %q in\n%s", want, f.Wire)
		}
	}
	for _, name := range []string{"From:", "Date:", "Subject:", "Message-ID:", "User-Agent:"} {
		if bytes.Count(f.Wire, []byte("\r\n"+name))+strings.Count(string(f.Wire[:len(name)]), name) != 1 {
			t.Errorf("%s doubled", name)
		}
	}
	if f.Sender != "ada@example.org" || f.MessageID != "<my@id>" || f.From.Addr != "zoe@example.org" || f.Subject != "two" {
		t.Errorf("%+v", f)
	}
}

func TestFinishSMTPUTF8(t *testing.T) {
	f := finish(t, &Draft{From: ada, To: to("müller@bücher.example"), Text: "x"})
	if !f.UTF8 || f.Recipients[0] != "müller@xn--bcher-kva.example" {
		t.Errorf("%v %v", f.UTF8, f.Recipients)
	}
	if f := finish(t, &Draft{From: ada, To: to("mueller@bücher.example"), Text: "ü"}); f.UTF8 {
		t.Error("SMTPUTF8 for a domain that IDNA can write")
	}
}

func TestFinishNullSender(t *testing.T) {
	if f := finish(t, &Draft{From: ada, Sender: "<>", To: to("a@b"), Text: "x"}); f.Sender != "" {
		t.Errorf("%q", f.Sender)
	}
}

func TestRequest(t *testing.T) {
	d := &Draft{From: ada, To: to("a@b"), Text: "x", Answers: 7}
	r := finish(t, d).Request(3)
	if r.Account != 3 || r.Copy != nil || r.Answers != 7 || r.Sender != "ada@example.org" || !r.Date.Equal(now) {
		t.Errorf("%+v", r)
	}
	d.Bcc = to("c@d")
	if r := finish(t, d).Request(3); !bytes.Contains(r.Copy, []byte("\r\nBcc: c@d\r\n")) {
		t.Errorf("%s", r.Copy)
	}
}
