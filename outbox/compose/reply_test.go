package compose

import (
	"strings"
	"testing"

	"mua/store/message"
)

func self(addr string) bool {
	return strings.EqualFold(addr, "ada@example.org") || strings.EqualFold(addr, "countess@example.org")
}

func parse(lines ...string) *message.Message {
	return message.Parse([]byte(strings.Join(lines, "\r\n")))
}

func addrs(list []message.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, a.Addr)
	}
	return strings.Join(out, " ")
}

func TestReplyRecipients(t *testing.T) {
	base := []string{"From: Bob <bob@x.org>", "To: Ada <ADA@example.org>, carol@x.org", "Cc: countess@example.org, dan@x.org, bob@x.org"}
	list := append([]string{"List-Post: <mailto:list@x.org>"}, base...)
	mine := []string{"From: ada@example.org", "To: bob@x.org", "Cc: ada@example.org, carol@x.org"}
	for name, c := range map[string]struct {
		header    []string
		all, list bool
		to, cc    string
	}{
		"author":           {base, false, false, "bob@x.org", ""},
		"all":              {base, true, false, "bob@x.org carol@x.org", "dan@x.org"},
		"reply-to":         {append([]string{"Reply-To: r@x.org, s@x.org"}, base...), false, false, "r@x.org s@x.org", ""},
		"reply-to all":     {append([]string{"Reply-To: r@x.org"}, base...), true, false, "r@x.org carol@x.org", "dan@x.org bob@x.org"},
		"list":             {list, false, true, "list@x.org", ""},
		"list, author":     {list, false, false, "bob@x.org", ""},
		"list, none":       {base, false, true, "bob@x.org carol@x.org", "dan@x.org"},
		"list, closed":     {append([]string{"List-Post: NO (read only)"}, base...), false, true, "bob@x.org carol@x.org", "dan@x.org"},
		"followup":         {append([]string{"Mail-Followup-To: list@x.org, ada@example.org"}, base...), true, false, "list@x.org", ""},
		"followup, author": {append([]string{"Mail-Followup-To: list@x.org"}, base...), false, false, "bob@x.org", ""},
		"own":              {mine, false, false, "bob@x.org", ""},
		"own, all":         {mine, true, false, "bob@x.org", "carol@x.org"},
		"to myself":        {[]string{"From: ada@example.org", "To: ada@example.org"}, true, false, "ada@example.org", ""},
		"sender only":      {[]string{"Sender: s@x.org"}, false, false, "s@x.org", ""},
		"nobody":           {[]string{"Subject: x"}, true, true, "", ""},
		"hostile":          {[]string{"From: =?utf-8?q?a=0D=0ABcc:_x?= <bob@x.org>"}, false, false, "bob@x.org", ""},
	} {
		d := Reply(parse(append(c.header, "", "hi")...), self, c.all, c.list)
		if got := addrs(d.To); got != c.to {
			t.Errorf("%s: To %q, want %q", name, got, c.to)
		}
		if got := addrs(d.Cc); got != c.cc {
			t.Errorf("%s: Cc %q, want %q", name, got, c.cc)
		}
		for _, a := range d.To {
			if strings.ContainsAny(a.Name, "\r\n") {
				t.Errorf("%s: name %q", name, a.Name)
			}
		}
	}
	Reply(&message.Message{}, nil, true, true) // must not panic
}

func TestReplyIdentity(t *testing.T) {
	for name, c := range map[string]struct{ header, want string }{
		"to":        {"To: x@y, Countess <countess@example.org>", "countess@example.org"},
		"delivered": {"To: list@x\r\nDelivered-To: ada@example.org", "ada@example.org"},
		"from":      {"From: countess@example.org\r\nTo: ada@example.org", "countess@example.org"},
		"none":      {"To: x@y", ""},
	} {
		if got := Reply(parse(c.header, "", ""), self, false, false).From.Address; got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestReplyThread(t *testing.T) {
	d := Reply(parse("Message-ID: <3@x>", "References: <1@x> <2@x> <1@x>", "In-Reply-To: <2@x>", "", ""), self, false, false)
	if d.InReplyTo != "<3@x>" || strings.Join(d.References, " ") != "<1@x> <2@x> <3@x>" {
		t.Errorf("%q %q", d.InReplyTo, d.References)
	}
	d = Reply(parse("Message-ID: <3@x>", "In-Reply-To: <2@x>", "", ""), self, false, false)
	if strings.Join(d.References, " ") != "<2@x> <3@x>" {
		t.Errorf("%q", d.References)
	}
	var refs []string
	for i := range 100 {
		refs = append(refs, "<"+strings.Repeat("r", i+1)+"@x>")
	}
	d = Reply(parse("Message-ID: <last@x>", "References: "+strings.Join(refs, "\r\n "), "", ""), self, false, false)
	if len(d.References) != maxReferences || d.References[0] != refs[0] || d.References[maxReferences-1] != "<last@x>" || d.References[1] != refs[82] {
		t.Errorf("%d: %q", len(d.References), d.References)
	}
}

func TestSubjects(t *testing.T) {
	for in, want := range map[string]string{
		"x": "Re: x", "Re: x": "Re: x", "RE: re: Aw: x": "Re: x", "Re[2]: x": "Re: x", "Re^3: x": "Re: x", "AW : x": "Re: x",
		"Fwd: x": "Re: Fwd: x", "Re: Fwd: Re: x": "Re: Fwd: Re: x", "": "Re:", "Re:": "Re:", "Re：x": "Re: x", "回复: x": "Re: x",
		"[list] Re: x": "Re: [list] x", "Re: [list] AW: x": "Re: [list] x", "[list] x": "Re: [list] x",
		"Reason: x": "Re: Reason: x", "a\r\nBcc: x": "Re: a Bcc: x", "12:30": "Re: 12:30",
	} {
		if got := replySubject(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"x": "Fwd: x", "FW: x": "Fwd: x", "Fwd: WG: x": "Fwd: x", "Re: x": "Fwd: Re: x"} {
		if got := forwardSubject(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	d := Reply(parse("From: =?utf-8?q?Ad=C3=A0?= <ada@x.org>", "Date: Mon, 2 Nov 2026 23:30:00 -0800", "Content-Type: text/plain; charset=utf-8", "",
		"", "Hi\x1b[31m [red]", "", "> older", ">> oldest", "end  ", "", "-- ", "Ada", "sig"), self, false, false)
	want := "On 2 Nov 2026, Adà wrote:\n> Hi[31m [red]\n>\n>> older\n>>> oldest\n> end\n"
	if d.Text != want {
		t.Errorf("got:\n%s\nwant:\n%s", d.Text, want)
	}
	d = Reply(parse("From: <b@x.org>", "Content-Type: text/plain; format=flowed", "", "one ", "two", "", "> quoted ", "> more"), self, false, false)
	want = "b@x.org wrote:\n> one two\n>\n>> quoted more\n"
	if d.Text != want {
		t.Errorf("got:\n%s\nwant:\n%s", d.Text, want)
	}
	d = Reply(parse("From: b@x.org", "Content-Type: text/html", "", "<p>one</p><p>two <b>bold</b></p>"), self, false, false)
	if want = "b@x.org wrote:\n> one\n>\n> two bold\n"; d.Text != want {
		t.Errorf("got:\n%s\nwant:\n%s", d.Text, want)
	}
	long := strings.Repeat("line\n", 40)
	if got := strings.Join(withoutSignature(strings.Split("a\n-- \n"+long, "\n")), "\n"); !strings.HasSuffix(got, "line") {
		t.Errorf("a long text under -- is cut: %q", got)
	}
	if got := strings.Join(withoutSignature(strings.Split("a\n\n-- \nBob\n-- \nlist footer\n", "\n")), "\n"); got != "a" {
		t.Errorf("%q", got)
	}
}

func TestForward(t *testing.T) {
	raw := []byte("From: Bob <bob@x.org>\r\nTo: ada@example.org\r\nCc: \"C, D\" <c@x.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\nSubject: Gr=\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n" +
		"--b\r\nContent-Type: image/png\r\nContent-ID: <i>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n" +
		"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe\r\n" +
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: text/html\r\n\r\n<b>x\r\n--b--\r\n")
	m := message.Parse(raw)
	d := Forward(m, raw, false)
	want := "\n---------- Forwarded message ----------\nFrom: Bob <bob@x.org>\nDate: Mon, 02 Nov 2026 10:00:00 +0100\nSubject: Gr=\n" +
		"To: ada@example.org\nCc: \"C, D\" <c@x.org>\n\nhello\n"
	if !strings.HasPrefix(d.Text, want) || d.Subject != "Fwd: Gr=" {
		t.Errorf("%q: got:\n%s\nwant:\n%s", d.Subject, d.Text, want)
	}
	if len(d.Attachments) != 3 {
		t.Fatalf("%+v", d.Attachments)
	}
	for i, want := range []Attachment{
		{"", "image/png", []byte("\x89PNG")}, {"a.txt", "text/plain; charset=iso-8859-1", []byte("Gr\xfc\xdfe")},
		{"", "message/rfc822", []byte("Subject: in\r\nContent-Type: text/html\r\n\r\n<b>x")},
	} {
		if got := d.Attachments[i]; got.Type != want.Type || string(got.Data) != string(want.Data) || want.Name != "" && got.Name != want.Name {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
	}
	d = Forward(m, raw, true)
	d.From, d.To = ada, to("x@y.org")
	f := finish(t, d)
	l := leaves(t, f.Wire)
	if len(l) != 1 || l[0].mtype != "message/rfc822" || l[0].name != "Gr=.eml" {
		t.Errorf("%+v", l)
	}
}

func TestWriteAbove(t *testing.T) {
	for _, c := range []struct{ quote, text, want string }{
		{"On 2 Nov, Bob wrote:\n> x\n", "Yes.\r\n\n", "Yes.\n\nOn 2 Nov, Bob wrote:\n> x\n"},
		{"\n---------- Forwarded message ----------\nx\n", "For you.", "For you.\n\n---------- Forwarded message ----------\nx\n"},
		{"> x\n", " \n", "> x\n"},
		{"", "  indented", "  indented\n"},
		{"", "", ""},
	} {
		d := Draft{Text: c.quote}
		if d.WriteAbove(c.text); d.Text != c.want {
			t.Errorf("%q above %q: %q", c.text, c.quote, d.Text)
		}
	}
}
