package ui

import (
	"context"
	"slices"
	"testing"

	"mua/account"
	"mua/store"
)

// TestSavedSearch: a saved search is a line among the mailboxes, and in: knows it.
func TestSavedSearch(t *testing.T) {
	searches := func(c *account.Config) {
		c.Searches = []account.SavedSearch{{Name: "the harbour", Query: "subject:harbour"}, {Name: "nested", Query: `in:"the harbour" -is:read`}, {Name: "odd", Query: "a ("}}
	}
	r := start(t, setup{samples: true, w: 120, h: 50, config: searches})
	r.sees("Searches", "the harbour", "nested")
	r.keys("c", "=the harb", "Enter")
	r.sees("▸ search: in:\"the harbour\"", "Harbour meeting")
	r.seesNot("The book you lent me")
	r.keys("q", ":", "=mailbox nested", "Enter")
	r.sees("▸ search: in:nested", "Harbour meeting")
	r.keys("q", "/", "=in:odd", "Enter")
	r.sees("the saved search \"odd\" is wrong")
}

// TestCompleteQuery: fields and their values are offered.
func TestCompleteQuery(t *testing.T) {
	r := start(t, setup{samples: true, config: func(c *account.Config) {
		c.Searches = []account.SavedSearch{{Name: "to pay", Query: "x"}}
	}})
	var box store.MailboxID
	boxes, err := r.st.Mailboxes(t.Context(), r.acct)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range boxes {
		if b.Role == store.RoleInbox {
			box = b.ID
		}
	}
	rows, err := r.st.List(t.Context(), store.ListQuery{Mailbox: box, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.st.MarkFlags(t.Context(), []store.MessageID{rows[0].ID}, store.FlagChange{AddKeywords: []string{"$Later"}}); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"subj":                "subject:",
		"cat (fil":            "cat (filename:",
		"-is:unr":             "-is:unread",
		"x in:arch":           "x in:Archive",
		"in:to":               `in:"to pay"`,
		`x in:"to p`:          `x in:"to pay"`,
		"from:mira":           "from:mira@harbour.example",
		"account:wo":          "account:work",
		"keyword:$l":          "keyword:$Later",
		"larger:1":            "larger:1M",
		"has:a":               "has:attachment",
		"before:yes":          "before:yesterday",
		`subject:"two wo`:     "",
		"is:(unr":             "is:(unread",
		"x IN:(inbox OR arch": "x IN:(inbox OR Archive",
		"(is:(read) OR subj":  "(is:(read) OR subject:",
		"in:(inbox OR (-to":   `in:(inbox OR (-"to pay"`,
		"subject:(fro":        "",
	} {
		got := r.u.completeQuery(context.Background(), typed)
		if want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
