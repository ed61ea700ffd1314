package query

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 22, 15, 4, 5, 0, time.UTC)

func TestParse(t *testing.T) {
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	word := func(s string) Match { return Match{Phrase: s} }
	for q, want := range map[string]Node{
		"":                           All{},
		"  \t ":                      All{},
		"Hello":                      word("hello"),
		`"Grüße  aus Łódź"`:          word("grusse aus lodz"),
		"meet*":                      Match{Phrase: "meet", Prefix: true},
		`"annual meet"*`:             Match{Phrase: "annual meet", Prefix: true},
		"a b":                        And{[]Node{word("a"), word("b")}},
		"a AND b":                    And{[]Node{word("a"), word("b")}},
		"a b OR c":                   Or{[]Node{And{[]Node{word("a"), word("b")}}, word("c")}},
		"a (b OR c)":                 And{[]Node{word("a"), Or{[]Node{word("b"), word("c")}}}},
		"-a NOT b -(c d)":            And{[]Node{Not{word("a")}, Not{word("b")}, Not{And{[]Node{word("c"), word("d")}}}}},
		"a-b":                        word("a b"),
		"OR-gate":                    word("or gate"),
		"from:Ada@Example.org":       Match{Field: From, Phrase: "ada example org"},
		`SUBJECT:"two words"`:        Match{Field: Subject, Phrase: "two words"},
		"-from:x":                    Not{Match{Field: From, Phrase: "x"}},
		"in:inbox":                   In{"inbox", 3},
		`in:"Sent Items"`:            In{"Sent Items", 3},
		"in:* in:any":                And{[]Node{In{"", 3}, In{"", 8}}},
		"account:work":               Account{"work", 8},
		"id:7 thread:9":              And{[]Node{ID{7}, Thread{9}}},
		"mid:<a@b> mid:a@b":          And{[]Node{HeaderID{"<a@b>"}, HeaderID{"<a@b>"}}},
		"is:UNREAD is:seen":          And{[]Node{Is{Unread}, Is{Read}}},
		"has:attachment":             HasAttachment{},
		"keyword:$Junk":              Keyword{"$Junk"},
		"larger:2M smaller:1.5k":     And{[]Node{Size{2 << 20, -1}, Size{-1, 1536}}},
		"larger:500":                 Size{500, -1},
		"on:2026-11-22":              Received{day(2026, 11, 22), day(2026, 11, 23)},
		"before:yesterday":           Received{To: day(2026, 11, 21)},
		"after:2026-02":              Received{From: day(2026, 3, 1)},
		"on:2025":                    Received{day(2025, 1, 1), day(2026, 1, 1)},
		"newer:7d":                   Received{From: now.AddDate(0, 0, -7)},
		"older:6m":                   Received{To: now.AddDate(0, -6, 0)},
		"http://example.org/x 12:30": And{[]Node{word("http example org x"), word("12 30")}},
		"Re: lunch":                  And{[]Node{word("re"), word("lunch")}},
		"会議":                         word("会議"),
		"subject:(a b)":              And{[]Node{Match{Field: Subject, Phrase: "a"}, Match{Field: Subject, Phrase: "b"}}},
		"FROM:( ada OR bob ) x":      And{[]Node{Or{[]Node{Match{Field: From, Phrase: "ada"}, Match{Field: From, Phrase: "bob"}}}, word("x")}},
		`-to:("a b" -(c* OR NOT d))`: Not{And{[]Node{Match{Field: To, Phrase: "a b"},
			Not{Or{[]Node{Match{Field: To, Phrase: "c", Prefix: true}, Not{Match{Field: To, Phrase: "d"}}}}}}}},
		"subject:(a)subject:b":       And{[]Node{Match{Field: Subject, Phrase: "a"}, Match{Field: Subject, Phrase: "b"}}},
		"subject:(Re: a)":            And{[]Node{Match{Field: Subject, Phrase: "re"}, Match{Field: Subject, Phrase: "a"}}},
		`subject:("from:x")`:         Match{Field: Subject, Phrase: "from x"},
		`in:(a OR "Sent b")`:         Or{[]Node{In{"a", 4}, In{"Sent b", 9}}},
		"is:(unread -flagged)":       And{[]Node{Is{Unread}, Not{Is{Flagged}}}},
		"list:golang filename:a.pdf": And{[]Node{Match{Field: List, Phrase: "golang"}, Match{Field: Filename, Phrase: "a pdf"}}},
	} {
		got, err := Parse(q, now)
		if err != nil || !reflect.DeepEqual(untyped(got), want) {
			t.Errorf("%q: %#v, %v\nwant %#v", q, got, err, want)
		}
	}
}

// untyped is a tree without the words as typed.
func untyped(n Node) Node {
	each := func(list []Node) (out []Node) {
		for _, k := range list {
			out = append(out, untyped(k))
		}
		return out
	}
	switch n := n.(type) {
	case And:
		return And{each(n.Nodes)}
	case Or:
		return Or{each(n.Nodes)}
	case Not:
		return Not{untyped(n.Node)}
	case Match:
		n.Text = ""
		return n
	}
	return n
}

func TestWordsAsTyped(t *testing.T) {
	for q, want := range map[string]string{"Café": "Café", "caf*": "caf", `subject:"Zwei Wörter"*`: "Zwei Wörter", "会议": "会议", "from:Ada@Example.org": "Ada@Example.org"} {
		n, err := Parse(q, now)
		if m, ok := n.(Match); err != nil || !ok || m.Text != want {
			t.Errorf("%s: %#v, %v", q, n, err)
		}
	}
}

func TestErrorsHaveAPlace(t *testing.T) {
	for q, want := range map[string]string{
		"a (b":             "2 this ( is not closed",
		"a ) b":            "2 nothing is open that ) could close",
		`x "abc`:           "2 this quotation is not closed",
		"a OR":             "4 something to look for is missing here",
		"OR a":             "0 something to look for is missing here",
		"a AND":            "5 something to look for is missing here",
		"AND a":            "0 AND needs something before it",
		"()":               "1 something to look for is missing here",
		"a -":              "2 what is to be excluded is missing",
		"a NOT":            "2 what is to be excluded is missing",
		"from:":            "5 from: needs a value",
		"form:ada":         "0 there is no field form:, did you mean from:? (quote it to look for the words)",
		"x tag:work":       "2 there is no field tag:, did you mean in: or keyword:? (quote",
		"date:2026":        "0 there is no field date:, did you mean on:, after: or before:?",
		"x is:purple":      "5 is: knows unread",
		"after:someday":    "6 after: needs a day",
		"after:2026-02-30": "6 after: needs a day",
		"newer:soon":       "6 newer: needs an age",
		"larger:NaN":       "7 larger: needs a size",
		"id:x":             "3 id: needs a number",
		"a !!! b":          "2 there is no word in this",
		"subject:(a":       "8 this ( is not closed",
		"subject:(a (b":    "11 this ( is not closed",
		"subject:(a))":     "11 nothing is open that ) could close",
		"subject:()":       "9 something to look for is missing here",
		"subject:(OR a)":   "9 something to look for is missing here",
		"subject:(a -)":    "11 what is to be excluded is missing",
		"subject: (a)":     "8 subject: needs a value",
		"subject:(a !!! b": "11 there is no word in this",
		"from:(a to:b)":    "8 all in these parentheses is of from:, so to: cannot stand here (quote",
		"from:(a from:b)":  "8 all in these parentheses is of from:, so from: cannot stand here",
		"from:(a to:(b))":  "8 all in these parentheses is of from:",
		"from:(a form:b)":  "8 all in these parentheses is of from:",
		"is:(unread a)":    "11 is: knows unread",
		"newer:(7d x)":     "10 newer: needs an age",
		"nosuch:(a)":       "0 there is no field nosuch:",
		"has:fun":          "4 has: knows attachment",
		strings.Repeat("(", 500) + "a" + strings.Repeat(")", 500): "too deep",
		strings.Repeat("-", 500) + "a":                            "too deep",
		strings.Repeat("a", 70_000):                               "longer than",
	} {
		_, err := Parse(q, now)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%.40q: %v", q, err)
			continue
		}
		if got := fmt.Sprintf("%d %s", e.Pos, e.Msg); !strings.Contains(got, want) {
			t.Errorf("%.40q: %s\nwant %s", q, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, x := range []struct {
		query, text string
		want        bool
	}{
		{"foo", "a Foo, b", true},
		{"foo", "foobar", false},
		{"foo*", "foobar", true},
		{"bar", "foobar bar", true},
		{`"foo bar"`, "foo\n BAR!", true},
		{`"foo bar"`, "foo the bar", false},
		{"strasse", "Straße", true},
		{"Straße", "STRASSE", true},
		{"cafe", "Café", true},
		{"会議", "明日の会議です", true},
		{"かき", "がぎ", false}, // voicing makes another letter
		{"ada@example.org", "Ada <ADA@example.org>", true},
		{"example", "ada@example.org", true},
		{"🎉", "party🎉time", true},
		{"ﬁnd", "find", true},
		{"й", "Й", true},
		{"हिन्दी", "यह हिन्दी है", true},
		{"invoice", "in\u00advo\u200bice", false}, // the second is a place to break a line at
		{"invoice", "in\u00advo\u00adice", true},
		{"会議室", "会議\n  室", true},  // a line broken within a word
		{"会議室", "会議\n\n室", false}, // another paragraph
		{"会議室", "会議、室", false},
		{"나는가", "나는\n가", false}, // Korean has spaces
		{"会議room", "会議 room", true},
		{"サーバ", "新サーバーです", true},
		{"ーバー", "新サーバーです", true},
		{"ดีค", "สวัสดีครับ", true},
		{"❤️", "I ❤ you", true},
		{"👍🏽", "ok👍", true},
		{"👨‍👩‍👧", "we 👨‍👩‍👧!", true},
		{"نمی\u200cخواهم", "نمیخواهم", true},
	} {
		n, err := Parse(x.query, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.(Match).In(Words(x.text)); got != x.want {
			t.Errorf("%q in %q: %v", x.query, x.text, got)
		}
	}
}

func TestNamesMailbox(t *testing.T) {
	for q, want := range map[string]bool{"a b": false, "a OR -in:trash": true, "in:any": true, "id:7": true, "is:unread account:x": false} {
		n, err := Parse(q, now)
		if err != nil || NamesMailbox(n) != want {
			t.Errorf("%q: %v", q, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a OR (b -c)", `from:"x"* \xff`, "after:2026-1-1 larger:1k", "(((", "NOT NOT x", "-\u3000x", "from:(a -(b OR \"c\"*)) in:("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, q string) {
		n, err := Parse(q, now)
		if err == nil {
			NamesMailbox(n)
			if m, ok := n.(Match); ok {
				m.In(Words(q))
			}
			return
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Pos < 0 || e.Pos > len(e.Query) {
			t.Errorf("%q: %#v", q, err)
		}
	})
}
