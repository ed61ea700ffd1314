package compose

import (
	"fmt"
	"strings"
	"testing"

	"mua/account"
)

func TestParseAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		" , ,":                           "",
		"a@b":                            "<a@b>",
		`a@b, "X, Y" <c@d>`:              "<a@b> X, Y<c@d>",
		"Ada Lovelace <ada@x.org>,":      "Ada Lovelace<ada@x.org>",
		"John Q. Public <j@x.org>":       "John Q. Public<j@x.org>",
		"Zoë Ö <z@bücher.example>":       "Zoë Ö<z@bücher.example>",
		"müller@example.org":             "<müller@example.org>",
		`"john doe"@example.org`:         `<"john doe"@example.org>`,
		`"john"@example.org`:             `<john@example.org>`,
		`<"a\"b"@x>`:                     `<"a\"b"@x>`,
		"a@[192.0.2.1]":                  "<a@[192.0.2.1]>",
		"a@[IPv6:2001:db8::1]":           "<a@[IPv6:2001:db8::1]>",
		"bob@x.org (Bob)":                "Bob<bob@x.org>",
		"<a@b>":                          "<a@b>",
		"a+b=c!#$%&'*/?^_`{|}~-@x.y":     "<a+b=c!#$%&'*/?^_`{|}~-@x.y>",
		"user@例え.テスト":                    "<user@例え.テスト>",
		"Undisclosed recipients:;":       "",
		"undisclosed-recipients: ;, a@b": "<a@b>",
		`"The (old) Team": "X, Y" <a@b>, c@d (C) , ;, e@f`: "X, Y<a@b> C<c@d> <e@f>",
		"\"A\\\"B\" <a@b>":                       `A"B<a@b>`,
		strings.Repeat("l", 64) + "@example.org": "<" + strings.Repeat("l", 64) + "@example.org>",
	} {
		list, err := ParseAddresses(in)
		var got []string
		for _, a := range list {
			got = append(got, fmt.Sprintf("%s<%s>", a.Name, a.Addr))
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
		again, err := ParseAddresses(FormatAddresses(list))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(list) {
			t.Errorf("%q: written and read again: %q %v", in, FormatAddresses(list), err)
		}
	}
}

func TestParseAddressesRefuses(t *testing.T) {
	for in, where := range map[string]int{ // column of the caret
		"a@b> SIZE=1":                          3,
		"bob":                                  0,
		"a@b, bob":                             5,
		"a@b, bob, c@d":                        5,
		"a b@c":                                2,
		"a @b":                                 2,
		"a@ b":                                 2,
		"a@b.":                                 2,
		"a.@b":                                 0,
		".a@b":                                 0,
		"a..b@c":                               0,
		"@b":                                   0,
		"<@b>":                                 1,
		"<@x,@y:a@b>":                          1,
		"a@":                                   2,
		"a@b c@d":                              4,
		"a@b; c@d":                             3,
		"Team: a@b":                            9,
		"mailto:a@b":                           10,
		"Team: a@b; c@d":                       11,
		"A: B: c@d;;":                          4,
		": a@b;":                               0,
		"Team:\r\n a@b;":                       5,
		"Team: bob;":                           6,
		"a@-b.c":                               2,
		"a@b_c.d":                              2,
		"a@b..c":                               2,
		"a@[1.2.3]":                            2,
		"a@[IPv6:1.2.3.4]":                     2,
		"a@[::1]":                              2,
		"<a@b":                                 4,
		`"a@b`:                                 0,
		"(a":                                   0,
		"a\x00@b":                              1,
		"a@b\x00":                              3,
		"a@b\r\nRCPT TO:<c@d>":                 3,
		"\"a\r\nb\"@c":                         2,
		"\"a\x00b\"@c":                         2,
		"a\u202e@b":                            1,
		"a\u00a0b@c":                           1,
		strings.Repeat("l", 65) + "@x":         0,
		"a@" + strings.Repeat("a.", 130) + "b": 2,
		"a@b <c@d>":                            4,
		"<>":                                   1,
		"a@b\xff":                              3,
	} {
		_, err := ParseAddresses(in)
		if kindOf(err) != account.KindData {
			t.Errorf("%q: %v", in, err)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		caret := lines[len(lines)-1]
		if got := strings.Index(caret, "^") - 2; got != where {
			t.Errorf("%q: caret at %d, want %d\n%v", in, got, where, err)
		}
	}
}

func TestCanonicalLimits(t *testing.T) {
	label := strings.Repeat("a", 63)
	domain := strings.Join([]string{label, label, label}, ".")
	if _, err := ParseAddresses("l@" + domain); err != nil {
		t.Error(err)
	}
	if _, err := ParseAddresses(strings.Repeat("l", 64) + "@" + domain); err == nil {
		t.Error("a path of 256 octets is accepted")
	}
}

func FuzzParseAddresses(f *testing.F) {
	f.Add(`a@b, "X, Y" <c@d>`)
	f.Add("Zoë (x(y)) <z@bücher.example>;")
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range []*addressParser{{s: s}, {s: s, bare: true}, {s: s, bare: true, groups: true, field: true}} {
			list, err := p.list()
			for _, a := range list {
				if err == nil && strings.ContainsAny(a.Addr, "\r\n\x00<>") && !strings.HasPrefix(a.Addr, `"`) {
					t.Errorf("%q gives %q", s, a.Addr)
				}
			}
		}
		list, err := ParseAddresses(s)
		if err != nil {
			return
		}
		for _, a := range list {
			if wire, err := canonical(a.Addr); err != nil || strings.ContainsAny(wire, "\r\n\x00") {
				t.Errorf("%q gives %q: %v", s, a.Addr, err)
			}
		}
	})
}
