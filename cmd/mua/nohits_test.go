package main

import (
	"testing"
	"time"

	"mua/store"
	"mua/store/query"
)

// TestNoHits: only of a word that would find more as a beginning something is said.
func TestNoHits(t *testing.T) {
	for text, word := range map[string]string{
		"invoic": "invoic", "is:unread Ada": "Ada", "from:Ada": "", "x* OR inv": "inv", "invoic*": "", "is:unread": "", "-invoic": "",
		`"two words"`: "", "会議": "", "in:inbox (kett)": "kett", "": "",
	} {
		tree, err := query.Parse(text, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if word != "" {
			want = "nothing found; a word finds whole words only: " + word + "* finds what begins so"
		}
		if got := noHits(tree); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestNoInbox(t *testing.T) {
	old, inbox := store.Mailbox{Name: "Old"}, store.Mailbox{Name: "Eingang", Role: store.RoleInbox}
	for _, c := range []struct {
		text  string
		boxes []store.Mailbox
		want  bool
	}{
		{"", []store.Mailbox{old}, true}, {"bob", nil, true}, {"", []store.Mailbox{old, inbox}, false}, {"", []store.Mailbox{{Name: "Inbox"}}, false},
		{"in:old bob", []store.Mailbox{old}, false}, {"in:any", nil, false}, {"id:7", nil, false},
	} {
		if got := noInbox(c.text, c.boxes); got != c.want {
			t.Errorf("%q: %v", c.text, got)
		}
	}
}
