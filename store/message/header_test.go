package message

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDecodeHeader(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"plain", "Hello", "Hello"},
		{"Q", "=?utf-8?Q?Caf=C3=A9_au_lait?=", "Café au lait"},
		{"lower-case q and b", "=?UTF-8?q?=C3=A9?= =?UTF-8?b?w6k=?=", "éé"},
		{"text around", "Re: =?iso-8859-1?Q?Gr=FC=DFe?= an alle", "Re: Grüße an alle"},
		{"blank between words goes", "=?utf-8?Q?a?=  =?utf-8?Q?b?=", "ab"},
		{"no blank between words", "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"},
		{"glued to text", "x=?utf-8?Q?=C3=A9?=y", "xéy"},
		{"inside quotes", `"=?utf-8?Q?Ad=C3=A9?=" rest`, `"Adé" rest`},
		{"spaces inside Q", "=?utf-8?Q?Hello big World?=", "Hello big World"},
		{"spaces inside B", "=?utf-8?B?SGVs bG8=?=", "Hello"},
		{"character split over words", "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"},
		{"character split over base64 words", "=?utf-8?B?5pel5pw=?= =?utf-8?B?rOiqng==?=", "日本語"},
		{"base64 group split over words", "=?utf-8?B?5pel5?= =?utf-8?B?pys6Kqe?=", "日本語"},
		{"missing padding", "=?utf-8?B?w6k?=", "é"},
		{"unknown charset, UTF-8 inside", "=?x-foo?Q?=C3=A9?=", "é"},
		{"unknown charset, Latin inside", "=?x-foo?Q?=E9?=", "é"},
		{"language suffix", "=?utf-8*en?Q?=C3=A9?=", "é"},
		{"question mark unencoded", "=?utf-8?Q?who?=41_is?=", "whoA is"[:3] + "?A is"},
		{"question marks at the end", "=?utf-8?Q?what??=", "what?"},
		{"no end", "=?utf-8?Q?caf=C3=A9", "café"},
		{"half an end", "=?utf-8?Q?caf=C3=A9?", "café"},
		{"no word at all", "=?utf-8 is no word?=", "=?utf-8 is no word?="},
		{"other encoding", "=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
		{"raw UTF-8", "Café", "Café"},
		{"raw Latin-1", "Caf\xe9", "Café"},
		{"raw ISO-2022-JP", "\x1b$B4A;z\x1b(B", "漢字"},
		{"ISO-2022-JP", "=?ISO-2022-JP?B?GyRCNEE7ehsoQg==?=", "漢字"},
		{"GB2312", "=?gb2312?B?1tC5+g==?=", "中国"},
		{"KOI8-R", "=?koi8-r?B?8NLJ18XU?=", "Привет"},
		{"line ends inside do not break the header", "=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x"},
		{"wrong declaration", "=?us-ascii?Q?=C3=A9?=", "é"},
		{"empty word", "=?utf-8?Q??= x", " x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := DecodeHeader(c.in); got != c.want {
				t.Errorf("DecodeHeader(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestParams(t *testing.T) {
	cases := []struct {
		name, in, first string
		want            map[string]string
	}{
		{"usual", `text/plain; charset="utf-8"; format=flowed`, "text/plain", map[string]string{"charset": "utf-8", "format": "flowed"}},
		{"bare blanks", `attachment; filename=my summer file.txt`, "attachment", map[string]string{"filename": "my summer file.txt"}},
		{"missing semicolons", `text/plain charset=utf-8 format=flowed`, "text/plain", map[string]string{"charset": "utf-8", "format": "flowed"}},
		{"no closing quote", `text/plain; name="a.txt; charset=utf-8`, "text/plain", map[string]string{"name": "a.txt", "charset": "utf-8"}},
		{"quotes inside", `attachment; filename="the "big" one.txt"; size=3`, "attachment", map[string]string{"filename": `the "big" one.txt`, "size": "3"}},
		{"comment", `text/plain (simple); charset=us-ascii (Plain text)`, "text/plain", map[string]string{"charset": "us-ascii"}},
		{"parentheses in a name", `attachment; filename=a (1).pdf`, "attachment", map[string]string{"filename": "a (1).pdf"}},
		{"Windows path", `attachment; filename="C:\temp\new.txt"`, "attachment", map[string]string{"filename": `C:\temp\new.txt`}},
		{"double semicolons", `text/plain;; charset=x;`, "text/plain", map[string]string{"charset": "x"}},
		{"only parameters", `filename=x.txt`, "", map[string]string{"filename": "x.txt"}},
		{"RFC 2231", `attachment; filename*=UTF-8''na%C3%AFve%20file.txt`, "attachment", map[string]string{"filename": "naïve file.txt"}},
		{"RFC 2231 beats plain", `attachment; filename="na_ve.txt"; filename*=utf-8'en'na%C3%AFve.txt`, "attachment", map[string]string{"filename": "naïve.txt"}},
		{"continuations out of order", `a; filename*1="two.txt"; filename*0="one-"`, "a", map[string]string{"filename": "one-two.txt"}},
		{"character split over pieces", `a; filename*0*=utf-8''caf%C3; filename*1*=%A9.txt`, "a", map[string]string{"filename": "café.txt"}},
		{"mixed pieces", `a; filename*0*=utf-8''%C3%A9; filename*1="%41.txt"`, "a", map[string]string{"filename": "é%41.txt"}},
		{"RFC 2047 in a parameter", `a; filename="=?utf-8?B?w6kudHh0?="`, "a", map[string]string{"filename": "é.txt"}},
		{"RFC 2047 in pieces", `a; filename*0="=?utf-8?B?w6ku"; filename*1="dHh0?="`, "a", map[string]string{"filename": "é.txt"}},
		{"RFC 2047 unquoted", `a; name==?utf-8?B?w6kudHh0?=`, "a", map[string]string{"name": "é.txt"}},
		{"RFC 2047 where RFC 2231 should be", `a; filename*="=?utf-8?B?w6kudHh0?="`, "a", map[string]string{"filename": "é.txt"}},
		{"raw 8-bit", "a; filename=\"\xe9.txt\"", "a", map[string]string{"filename": "é.txt"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			first, params := parseParams(c.in, "")
			if first != c.first || !reflect.DeepEqual(params, c.want) {
				t.Errorf("parseParams(%q) = %q %q, want %q %q", c.in, first, params, c.first, c.want)
			}
		})
	}
}

func TestParseAddressList(t *testing.T) {
	cases := []struct {
		in   string
		want []Address
	}{
		{"", nil},
		{"ada@example.org", []Address{{"", "ada@example.org"}}},
		{"Ada Lovelace <ada@example.org>", []Address{{"Ada Lovelace", "ada@example.org"}}},
		{`"Lovelace, Ada" <ada@example.org>, bob@example.org`, []Address{{"Lovelace, Ada", "ada@example.org"}, {"", "bob@example.org"}}},
		{"Lovelace, Ada <ada@example.org>", []Address{{"Lovelace, Ada", "ada@example.org"}}},
		{"ada@example.org (Ada Lovelace)", []Address{{"Ada Lovelace", "ada@example.org"}}},
		{"=?utf-8?Q?Jos=C3=A9?= <jose@example.org>", []Address{{"José", "jose@example.org"}}},
		{`"=?utf-8?Q?Jos=C3=A9?=" <jose@example.org>`, []Address{{"José", "jose@example.org"}}},
		{"=?utf-8?Q?Doe=2C_John?= <j@example.org>", []Address{{"Doe, John", "j@example.org"}}},
		{"=?utf-8?Q?Ada_<ada@example.org>?=", []Address{{"Ada", "ada@example.org"}}},
		{`=?utf-8?Q?Zo=C3=AB_=22Z=22?= <z@example.org>`, []Address{{`Zoë "Z"`, "z@example.org"}}},
		{`=?utf-8?Q?=22Zo=C3=AB=22?= <z@example.org>`, []Address{{"Zoë", "z@example.org"}}},
		{"'Ada' <ada@example.org>", []Address{{"Ada", "ada@example.org"}}},
		{`"Ada \"Countess\" L" <ada@example.org>`, []Address{{`Ada "Countess" L`, "ada@example.org"}}},
		{"undisclosed-recipients:;", []Address{{"undisclosed-recipients", ""}}},
		{"\"bob@, Ali <a@x>\" :;", []Address{{"bob@, Ali <a@x>", ""}}},
		{"=?utf-8?q?Z=C3=B6e_a:b?= =?utf-8?q?_c?=:;, d@x", []Address{{"Zöe a:b c", ""}, {"", "d@x"}}},
		{"=?utf-8?q?a:b?= <c@x>", []Address{{"a:b", "c@x"}}},
		{"Friends: ada@example.org, Bob <bob@example.org>;, c@example.org", []Address{{"", "ada@example.org"}, {"Bob", "bob@example.org"}, {"", "c@example.org"}}},
		{"a@example.org; b@example.org", []Address{{"", "a@example.org"}, {"", "b@example.org"}}},
		{"Ada <ada@example.org", []Address{{"Ada", "ada@example.org"}}},
		{"<@relay.example:ada@example.org>", []Address{{"", "ada@example.org"}}},
		{"<mailto:ada@example.org>", []Address{{"", "ada@example.org"}}},
		{"Ada ada@example.org", []Address{{"Ada", "ada@example.org"}}},
		{"Ada <a@example.org> Bob <b@example.org>", []Address{{"Ada", "a@example.org"}, {"Bob", "b@example.org"}}},
		{"MAILER-DAEMON", []Address{{"MAILER-DAEMON", ""}}},
		{`"ada lovelace"@example.org`, []Address{{"", `"ada lovelace"@example.org`}}},
		{"Zo\xeb <z@example.org>", []Address{{"Zoë", "z@example.org"}}},
		{", ,ada@example.org,,", []Address{{"", "ada@example.org"}}},
		{`"never closed <ada@example.org>, b@example.org`, []Address{{"never closed", "ada@example.org"}, {"", "b@example.org"}}},
	}
	for _, c := range cases {
		if got := ParseAddressList(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("ParseAddressList(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestParseDate(t *testing.T) {
	utc := func(s string) time.Time {
		d, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for in, want := range map[string]string{
		"Sun, 22 Nov 2026 10:00:00 +0100":              "2026-11-22T10:00:00+01:00",
		"22 Nov 2026 10:00 -0500":                      "2026-11-22T10:00:00-05:00",
		"Sun, 22 Nov 26 10:00:00 GMT":                  "2026-11-22T10:00:00Z",
		"Sun, 22 Nov 98 10:00:00 EST (Eastern)":        "1998-11-22T10:00:00-05:00",
		"Sun Nov 22 10:00:00 2026":                     "2026-11-22T10:00:00Z",
		"Sun Nov 22 10:00:00 CET 2026":                 "2026-11-22T10:00:00+01:00",
		"2026-11-22T10:00:00Z":                         "2026-11-22T10:00:00Z",
		"2026-11-22 10:00:00 +02:00":                   "2026-11-22T10:00:00+02:00",
		"Sunday, November 22, 2026 10:00:00 PM":        "2026-11-22T22:00:00Z",
		"Sun, 22-Nov-2026 10:00:00 +0000":              "2026-11-22T10:00:00Z",
		"11/22/2026 10:00:00":                          "2026-11-22T10:00:00Z",
		"22.11.2026 10:00":                             "2026-11-22T10:00:00Z",
		"Sun, 22 Nov 2026 10:00:00+0100":               "2026-11-22T10:00:00+01:00",
		"Sun, 22 Nov 2026 10:00:60 +0000":              "2026-11-22T10:00:59Z",
		"Sun,  22 Nov 2026 10:00:00 -0800 (PST) extra": "2026-11-22T10:00:00-08:00",
		"Sun, 22 Nov 2026":                             "2026-11-22T00:00:00Z",
	} {
		if got := ParseDate(in); !got.Equal(utc(want)) {
			t.Errorf("ParseDate(%q) = %v, want %v", in, got, want)
		}
	}
	for _, in := range []string{"", "yesterday", "99 Foo 2026", "Sun, 22 Nov 0026 10:00", "-", "Nov", "0x0"} {
		if got := ParseDate(in); !got.IsZero() {
			t.Errorf("ParseDate(%q) = %v, want zero", in, got)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	for in, want := range map[string][]string{
		"<a@b>":                          {"<a@b>"},
		"<a@b> <c@d>\t<e@f>":             {"<a@b>", "<c@d>", "<e@f>"},
		"<a@b><c@d>":                     {"<a@b>", "<c@d>"},
		"Your message of Monday <a@b>":   {"<a@b>"},
		"a@b":                            {"<a@b>"},
		"a@b, c@d":                       {"<a@b>", "<c@d>"},
		"<long.id. with.fold@b>":         {"<long.id.with.fold@b>"},
		"<unclosed@b":                    {"<unclosed@b>"},
		"":                               nil,
		"none at all":                    nil,
		"<>":                             nil,
		"\"Ada\" <ada@x> of Monday <i@>": {"<ada@x>", "<i@>"},
	} {
		if got := messageIDs(in); !reflect.DeepEqual(got, want) {
			t.Errorf("messageIDs(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseHeader(t *testing.T) {
	m := ParseHeader([]byte("From nobody Mon Jan 1\nFROM: Ada <ada@example.org>\r\nTo: b@example.org,\r\n\tc@example.org\r\n" +
		"garbage without colon\r\nSubject : =?utf-8?Q?=C3=A9?=\r\n =?utf-8?Q?=C3=A9?= x\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n" +
		"Message-ID:\r\n <1@example.org>\r\nIn-Reply-To: <0@example.org>\r\nReferences: <a@b>\r\n <c@d>\r\nTo: d@example.org"))
	if m.Subject != "éé x" || m.MessageID != "<1@example.org>" || len(m.To) != 3 || len(m.References) != 2 || m.From[0].Name != "Ada" {
		t.Errorf("read %+v", m)
	}
	if m.Get("subject") != "éé x" || m.Get("nothing") != "" || len(m.Defects) == 0 || m.Root != nil {
		t.Errorf("read %+v", m)
	}
	if m.Text() != "" || m.Parts() != nil || m.Part("1") != nil || m.Attachments() != nil || m.HTML() != "" || m.Snippet(10) != "" {
		t.Error("a header alone has a body")
	}
}

func TestHeaderOver1MiB(t *testing.T) {
	raw := "Subject: x\r\n" + strings.Repeat("X-Long: "+strings.Repeat("y", 80)+"\r\n", 20000) + "\r\nbody\r\n"
	m := Parse([]byte(raw))
	if m.Subject != "x" || m.Text() != "body\n" || len(m.Defects) == 0 {
		t.Errorf("subject %q text %.50q defects %q", m.Subject, m.Text(), m.Defects)
	}
}
