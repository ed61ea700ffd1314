package compose

import (
	"strings"
	"testing"

	"mua/account"
)

func TestMailto(t *testing.T) {
	d, err := Mailto("MAILTO:bob@example.org,%22X%2C%20Y%22%20%3Cc@d.org%3E?to=e@f.org&Subject=50%25+%C3%BC&cc=g@h.org&bcc=i@j.org" +
		"&body=one%0D%0Atwo&body=three&in-reply-to=%3C1@x%3E&attach=/etc/passwd&From=evil@x&x-a=%0D%0A#frag")
	if err != nil {
		t.Fatal(err)
	}
	if addrs(d.To) != "bob@example.org c@d.org e@f.org" || addrs(d.Cc) != "g@h.org" || addrs(d.Bcc) != "i@j.org" || d.To[1].Name != "X, Y" {
		t.Errorf("%+v", d)
	}
	if d.Subject != "50%+ü" || d.Text != "one\ntwo\nthree" || d.InReplyTo != "<1@x>" || len(d.Attachments)+len(d.Extra) != 0 || d.From.Address != "" {
		t.Errorf("%+v", d)
	}
	for _, ok := range []string{"mailto:", "mailto:?subject=x", "mailto:a@b?", "mailto:a@b?&&"} {
		if _, err := Mailto(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", "http://x", "mailto:bob", "mailto:a@b%0D%0Ax", "mailto:a@b?subject=x%0ABcc:y", "mailto:a@b?subject=%00",
		"mailto:a@b?subject=%zz", "mailto:a@b?subject=%ff", "mailto:a@b?cc=c%20d@e", "mailto:a@b?in-reply-to=a%0Db",
	} {
		if _, err := Mailto(bad); kindOf(err) != account.KindData {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzMailto(f *testing.F) {
	f.Add("mailto:a@b?subject=%41&body=%0d%0a")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Mailto(s)
		if err != nil {
			return
		}
		d.From = ada
		d.Bcc = append(d.Bcc, to("z@z.org")...)
		fin, err := d.Finish(now)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		checkWire(t, fin.Wire, !fin.UTF8)
		if strings.ContainsAny(d.Subject, "\r\n\x00") {
			t.Errorf("%q", d.Subject)
		}
	})
}
