package ui

import (
	"strings"
	"testing"
	"time"

	"mua/store"
	"mua/store/message"
	"mua/store/query"
	"mua/ui/cells"
)

// TestQueryPlaces: the words of a query are marked as it finds them, in what they were found in.
func TestQueryPlaces(t *testing.T) {
	lines := func(s string) (out []readerLine) {
		for l := range strings.Lines(s) {
			l = strings.TrimSuffix(l, "\n")
			rl := readerLine{line: cells.Line{Text: message.CleanLine(l)}}
			if v, ok := strings.CutPrefix(l, "S:"); ok {
				rl = readerLine{kind: subjectLine, line: cells.Line{Text: message.CleanLine(v)}}
			}
			if v, ok := strings.CutPrefix(l, "F:"); ok {
				rl = readerLine{kind: headLine, field: query.From, line: cells.Line{Text: message.CleanLine(v)}}
			}
			out = append(out, rl)
		}
		return out
	}
	for _, c := range []struct{ q, text, want string }{
		{"cafe", "a Café, CAFE\u0301! cafés decaf", "a [Café], [CAFE\u0301]! cafés decaf"},
		{"caf*", "a Café and cafés", "a [Caf]é and [caf]és"},
		{"strasse", "die Straße", "die [Straße]"},
		{`"red boat"`, "a red\nboat, red -- boat; red hat", "a [red]\n[boat], [red -- boat]; red hat"},
		{`"red boat"`, "> a red\n> boat", "> a [red]\n> [boat]"},
		{"red -boat", "red boat", "[red] boat"},
		{"red OR boat", "red boat", "[red] [boat]"},
		{"会议", "明天的会议室", "明天的[会议]室"},
		{"from:ada red", "S:ada red\nF:Ada red\nada red", "ada [red]\n[Ada] [red]\nada [red]"},
		{"subject:ada", "S:Re: Ada\nF:Ada\nada", "Re: [Ada]\nAda\nada"},
		{"body:ada", "S:Re: Ada\nada", "Re: Ada\n[ada]"},
		{"👍", "yes 👍 👍🏽", "yes [👍] [👍🏽]"},
		{"x", strings.Repeat("e\u0301", 3000) + " x", "[" + strings.Repeat("e\u0301", 3000) + " x]"},
		{"ﬁn", "the fin, the ﬁn", "the [fin], the [ﬁn]"},
	} {
		in := queryPlaces(c.q, time.Now())
		if in == nil {
			t.Errorf("%s: nothing to look for", c.q)
			continue
		}
		list := lines(c.text)
		var out []string
		for i, l := range list {
			s, from := l.line.Text.String(), 0
			var b strings.Builder
			for _, p := range in(list, i) {
				b.WriteString(s[from:p.From] + "[" + s[p.From:p.To] + "]")
				from = p.To
			}
			out = append(out, b.String()+s[from:])
		}
		if got := strings.Join(out, "\n"); got != c.want {
			t.Errorf("%s:\n%s\nnot\n%s", c.q, got, c.want)
		}
	}
	for _, q := range []string{"", "is:unread", "-red", "("} {
		if queryPlaces(q, time.Now()) != nil {
			t.Errorf("%q has words to look for", q)
		}
	}
}

// FuzzQueryPlaces: where a text has a phrase, all of its places are found, and none where it has not.
func FuzzQueryPlaces(f *testing.F) {
	for _, s := range []string{"Café noir", "会议 a 会", "a\u0301\u00ad b\u200dc", "ﬁ Å 한국", "1️⃣ x"} {
		f.Add(s, "a", false)
		f.Add(s, s, true)
	}
	f.Fuzz(func(t *testing.T, text, phrase string, prefix bool) {
		line := message.CleanLine(text)
		m := query.Match{Phrase: query.Words(phrase), Prefix: prefix}
		if m.Phrase == "" {
			return
		}
		got := matchPlaces(m, []readerLine{{kind: subjectLine, line: cells.Line{Text: line}}}, 0)
		if has := m.In(query.Words(line.String())); has != (len(got) > 0) {
			t.Fatalf("%q in %q: %v, and places %v", m.Phrase, line, has, got)
		}
		for _, s := range got {
			if s.From < 0 || s.From >= s.To || s.To > len(line.String()) {
				t.Fatalf("%q in %q: %v", m.Phrase, line, got)
			}
		}
	})
}

// TestHitsAreMarked: a message that is opened from a search shows where its words are; n goes to those further down, and
// on to the next message where there are none.
func TestHitsAreMarked(t *testing.T) {
	body := "A Naedle here.\n" + strings.Repeat("just a line\n", 100) + "and a näedle there\n" + strings.Repeat("tail\n", 40)
	r := start(t, setup{fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText("a@b.example", "short", "one näedle"), mailText("a@b.example", "long", body), mailText("a@b.example", "none", "hay"))
	}})
	r.keys("/", "=naedle", "Enter", "Enter")
	r.sees("A Naedle here")
	if n := r.markedCells("A Naedle"); n != 6 {
		t.Errorf("%d cells are marked", n)
	}
	r.keys("n")
	r.sees("and a näedle there", "Found “naedle” · n next, N previous")
	if n := r.markedCells("and a n"); n != 6 {
		t.Errorf("%d cells are marked", n)
	}
	r.keys("N")
	r.sees("A Naedle here")
	r.keys("n", "n")
	r.sees("one näedle")
	r.keys("n")
	r.sees("No further match here")
	r.keys("N")
	r.sees("A Naedle here")
	// Words that are typed take the place of those searched for, until Enter without any.
	r.keys("Ctrl-S", "=there", "Enter")
	r.sees("and a näedle there")
	if n := r.markedCells("and a n"); n != 5 {
		t.Errorf("%d cells are marked", n)
	}
	r.keys("Ctrl-S")
	r.sees("Find (Enter: what was searched for):")
	r.keys("Enter")
	r.sees("A Naedle here")
	// Back in the mailbox nothing is marked; its limit is a search as well.
	r.keys("q", "q", "j", "Enter")
	r.sees("A Naedle here")
	if n := r.markedCells("A Naedle"); n != 0 {
		t.Errorf("%d cells are marked", n)
	}
	r.keys("l", "=body:naedle", "Enter", "Enter")
	r.sees("A Naedle here")
	if n := r.markedCells("A Naedle"); n != 6 {
		t.Errorf("%d cells are marked", n)
	}
}

// TestNumbersAreNotToldBeforeTheyAreKnown: what is not counted yet is not said to be no message.
func TestNumbersAreNotToldBeforeTheyAreKnown(t *testing.T) {
	r := start(t, setup{samples: true})
	r.on(func() {
		r.u.mail.search("from:mira")
		if _, numbers := r.u.mail.Where(); numbers != "" {
			t.Errorf("before counting: %q", numbers)
		}
	})
	r.idle()
	r.sees("search: from:mira", " messages")
	r.keys("q", "l", "=zzzz", "Enter")
	r.sees("only zzzz", "0 messages")
}
