package thread

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// shape writes trees as "a(b c(d))"; what is not here is "-".
func shape(list []Message, trees []*Node) string {
	var out []string
	for _, n := range trees {
		s := "-"
		if n.Index >= 0 {
			s = list[n.Index].ID
		}
		if len(n.Children) > 0 {
			s += "(" + shape(list, n.Children) + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// parse reads messages from "id<ref,ref id id!answers"; they were sent in the order written.
func parse(text string) (list []Message) {
	for i, f := range strings.Fields(text) {
		m := Message{Date: time.Unix(int64(i), 0)}
		f, m.Answers, _ = strings.Cut(f, "!")
		id, refs, _ := strings.Cut(f, "<")
		if m.ID = id; refs != "" {
			m.Refs = strings.Split(refs, ",")
		}
		list = append(list, m)
	}
	return list
}

// TestShapes has the shapes that jwz.org/doc/threading.html speaks of, and what else comes in.
func TestShapes(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"a conversation":                               {"a b<a c<a,b d<a", "a(b(c) d)"},
		"strangers":                                    {"a b c<x", "a b c"},
		"a missing parent of one is left out":          {"a<x b<x,a", "a(b)"},
		"a missing root holds siblings":                {"a<x b<x", "-(a b)"},
		"a missing root of a chain":                    {"a<x,y", "a"},
		"missing in the middle: children move up":      {"a c<a,b d<a,b", "a(c d)"},
		"missing twice in a row":                       {"a d<a,b,c", "a(d)"},
		"a missing root with a missing child":          {"c<a,b d<a,b e<a", "-(c d e)"},
		"In-Reply-To only":                             {"a b<a c<b", "a(b(c))"},
		"References lost on the way":                   {"a b<b0 c<a,b", "a b(c)"},
		"the grandparent is named too late":            {"a b c<a,b", "a(b(c))"},
		"a message answers itself":                     {"a<a b<a", "a(b)"},
		"two answer each other":                        {"a<b b<a", "b(a)"},
		"a ring":                                       {"a<c b<a c<b", "c(a(b))"},
		"References run in a ring":                     {"x<a,b,a,c", "x"},
		"references that contradict each other":        {"a b c<a,b d<b,a", "a(b(c) d)"},
		"by its own word, not that of others":          {"r s a<s c<r,a", "r s(a(c))"},
		"an answer by its subject":                     {"a b!a c<b", "a(b(c))"},
		"an answer by its subject to what is not here": {"b!z", "b"},
		"references count more than subjects":          {"a b c<b!a", "a b(c)"},
		"siblings by date, not by arrival":             {"r c<r b<r a<r", "r(c b a)"},
	} {
		list := parse(c.in)
		if got := shape(list, Build(list)); got != c.want {
			t.Errorf("%s: %s gives %s, want %s", name, c.in, got, c.want)
		}
	}
}

// TestAnyOrder: whatever the messages say, their order makes no difference, each is there once, and nothing loops.
func TestAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		n := 1 + r.IntN(12)
		var list []Message
		for i := range n {
			m := Message{ID: fmt.Sprint("m", i), Date: time.Unix(int64(r.IntN(5)), 0)}
			for range r.IntN(4) {
				m.Refs = append(m.Refs, fmt.Sprint("m", r.IntN(n+3)))
			}
			if r.IntN(4) == 0 {
				m.Answers = fmt.Sprint("m", r.IntN(n))
			}
			list = append(list, m)
		}
		want := shape(list, Build(list))
		if got := len(Lines(Build(list))); got < n {
			t.Fatalf("%d lines of %d messages: %+v", got, n, list)
		}
		for i := range list {
			if words := strings.FieldsFunc(want, func(r rune) bool { return strings.ContainsRune("() ", r) }); !slices.Contains(words, list[i].ID) {
				t.Fatalf("%s is not in %s", list[i].ID, want)
			}
		}
		r.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
		if got := shape(list, Build(list)); got != want {
			t.Fatalf("%+v:\n%s\n%s", list, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	list := parse("a b<a c<b d<a e")
	var out []string
	for _, l := range Lines(Build(list)) {
		out = append(out, fmt.Sprintf("%s%d%v", list[l.Index].ID, l.Depth, l.More))
	}
	if got := strings.Join(out, " "); got != "a0[true] b1[true true] c2[true true false] d1[true false] e0[false]" {
		t.Error(got)
	}
	deep := make([]Message, 20_000)
	for i := range deep {
		deep[i] = Message{ID: fmt.Sprint(i), Date: time.Unix(int64(i), 0)}
		if i > 0 {
			deep[i].Refs = []string{fmt.Sprint(i - 1)}
		}
	}
	if l := Lines(Build(deep)); len(l) != len(deep) || l[len(l)-1].Depth != len(deep)-1 || len(l[len(l)-1].More) != maxMore {
		t.Error("a long chain is not followed")
	}
}

func TestTopic(t *testing.T) {
	for in, want := range map[string]string{
		"Re: Plans for the harbour":                     "plans for the harbour|true",
		"RE: AW: Re[2]: Fwd: Plans for the Harbour":     "plans for the harbour|true",
		"Fwd: Plans for the harbour":                    "plans for the harbour|false",
		"Plans for the harbour":                         "plans for the harbour|false",
		"[sailing] Re: [sailing] Plans for the harbour": "plans for the harbour|true",
		"Re:Plans  for the\tharbour":                    "plans for the harbour|true",
		"Antw.: Plans":                                  "|true",
		"回复：会议安排":                                       "会议安排|true",
		"Re: hi":                                        "|true",
		"Re: Hello!":                                    "|true",
		"Re: quick question":                            "|true",
		"Re:":                                           "|true",
		"Re: Re: Re:":                                   "|true",
		"":                                              "|false",
		"Re: 12345678":                                  "|true",
		"Reason: unknown to everybody":                  "reason unknown to everybody|false",
		"Rechnung für das Segelboot":                    "rechnung fur das segelboot|false",
	} {
		topic, reply := Topic(in)
		if got := fmt.Sprintf("%s|%v", topic, reply); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	Topic(strings.Repeat("Re: ", 100_000))
}

func TestOwnRefs(t *testing.T) {
	refs := []string{"<Ada@example.org>", "<1@example.org>"}
	if got := OwnRefs(refs, "ada@example.org", "bob@example.org"); !slices.Equal(got, []string{"<1@example.org>"}) {
		t.Error(got)
	}
}
