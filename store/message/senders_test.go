package message

import "testing"

func TestSenders(t *testing.T) {
	me := func(addr string) bool { return addr == "me@example.org" }
	ada, bob := Address{"Ada Lovelace", "ada@example.org"}, Address{"", "bob@example.net"}
	for want, list := range map[string][]Address{
		"(nobody)":        {},
		"Ada Lovelace":    {ada, ada},
		"bob@example.net": {bob},
		"me":              {{"Me Myself", "me@example.org"}},
		"Ada, me, bob":    {ada, {"Me Myself", "me@example.org"}, bob, ada},
		"Ada, Grace":      {{"Lovelace, Ada", "Ada@example.org"}, ada, {"Grace Hopper", "g@example.org"}},
		"Ada Lovelace ":   {{"Ada Lovelace ", "a@example.org"}, {"Ada", "b@example.org"}},
		"\"\u202e\", x":   {{"\"\u202e\"", "q@example.org"}, {"", "x"}},
	} {
		if got := Senders(list, me); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}
