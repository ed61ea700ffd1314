package main

import (
	"testing"
	"time"

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
