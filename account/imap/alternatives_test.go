package imap

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mua/store"
	"mua/store/query"
)

// keys writes criteria as SEARCH keys, for reading.
func keys(c imap.SearchCriteria) string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, d := range []struct {
		key string
		at  time.Time
	}{{"SINCE", c.Since}, {"BEFORE", c.Before}} {
		if !d.at.IsZero() {
			add("%s %s", d.key, d.at.Format("2006-01-02"))
		}
	}
	for _, h := range c.Header {
		add("%s %q", strings.ToUpper(h.Key), h.Value)
	}
	for _, t := range c.Body {
		add("BODY %q", t)
	}
	for _, t := range c.Text {
		add("TEXT %q", t)
	}
	for _, f := range c.Flag {
		add("%s", f)
	}
	for _, f := range c.NotFlag {
		add("not %s", f)
	}
	if c.Larger > 0 {
		add("LARGER %d", c.Larger)
	}
	if c.Smaller > 0 {
		add("SMALLER %d", c.Smaller)
	}
	for _, n := range c.Not {
		add("NOT (%s)", keys(n))
	}
	for _, o := range c.Or {
		add("OR (%s) (%s)", keys(o[0]), keys(o[1]))
	}
	return strings.Join(out, " ")
}

func TestAlternatives(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for q, want := range map[string][]string{ // what each alternative asks, then | how many checks are left
		"":                              {" | 0"},
		"kettle":                        {`TEXT "kettle" | 0`},
		`"two Words" body:x`:            {`BODY "x" TEXT "two Words" | 0`},
		"Café":                          {`OR (TEXT "Café") (TEXT "cafe") | 0`},
		"-café":                         {`NOT (OR (TEXT "café") (TEXT "cafe")) | 0`},
		"会议":                            {`TEXT "会议" | 0`},
		"from:Ada@Example.org meet*":    {`FROM "Ada@Example.org" TEXT "meet" | 0`},
		"list:golang":                   {`LIST-ID "golang" | 0`},
		"is:unread -is:flagged":         {`not \Seen not \Flagged | 2`},
		"is:read is:forwarded":          {`\Seen $Forwarded | 2`},
		"-is:unread":                    {`\Seen | 1`},
		"larger:2k smaller:1M":          {`LARGER 2048 SMALLER 1048576 | 2`},
		"on:2026-11-20":                 {`SINCE 2026-11-19 BEFORE 2026-11-23 | 1`},
		"-on:2026-11-20":                {` | 1`},
		"has:attachment filename:a.pdf": {` | 2`},
		"in:Junk x":                     {`TEXT "x" | 1`},
		"mid:<a@b>":                     {`MESSAGE-ID "<a@b>" | 1`},
		"a OR in:Junk":                  {`TEXT "a" | 0`, ` | 1`},
		"(a OR b) (c OR is:unread)":     {`TEXT "a" TEXT "c" | 0`, `TEXT "a" not \Seen | 1`, `TEXT "b" TEXT "c" | 0`, `TEXT "b" not \Seen | 1`},
		"-(a OR b)":                     {`NOT (TEXT "a") NOT (TEXT "b") | 0`},
		"-(a b)":                        {`NOT (TEXT "a") | 0`, `NOT (TEXT "b") | 0`},
	} {
		tree, err := query.Parse(q, now)
		if err != nil {
			t.Fatal(q, err)
		}
		list, err := alternatives(tree)
		if err != nil {
			t.Fatal(q, err)
		}
		var got []string
		for _, a := range list {
			n := 0
			if and, ok := a.check.(query.And); ok {
				n = len(and.Nodes)
			}
			got = append(got, fmt.Sprintf("%s | %d", keys(a.criteria), n))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", q, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	wide, _ := query.Parse(strings.Repeat("(a OR b OR c) ", 12), now)
	if _, err := alternatives(wide); err == nil || !strings.Contains(err.Error(), "alternatives") {
		t.Errorf("got %v", err)
	}
}

func TestAlternativeMeans(t *testing.T) {
	tree, _ := query.Parse("in:go account:WORK -in:inbox", time.Now())
	list, err := alternatives(tree)
	if err != nil {
		t.Fatal(err)
	}
	a := &list[0]
	lists, inbox := store.Mailbox{Name: "Lists/Go", Separator: "/"}, store.Mailbox{Name: "INBOX", Role: store.RoleInbox}
	if !a.means("work", lists) || a.means("home", lists) || a.means("work", inbox) {
		t.Error("it is looked for in the wrong places")
	}
}

// What a person types never becomes a command.
func TestAlternativesAreClean(t *testing.T) {
	tree := query.Match{Phrase: "a", Text: "a\r\nx LOGOUT\x00"}
	list, _ := alternatives(tree)
	if got := keys(list[0].criteria); got != `TEXT "a  x LOGOUT"` {
		t.Errorf("%s", got)
	}
}
