package store

import (
	"errors"
	"strings"
	"testing"

	"mua/store/query"
)

func TestSavedSearches(t *testing.T) {
	w := newWorld(t)
	w.pull(w.inbox, 1, mail(1, "invoice", "pay this"), mail(2, "other", "invoice inside"), mail(3, "lunch", "today"))
	w.SetSearches(map[string]string{"Invoices": "subject:invoice", "more": "in:invoices OR lunch", "archive": "lunch",
		"loop": "x in:pool", "pool": "in:loop", "odd": "a (", "lost": "in:nowhere"})
	for q, want := range map[string]string{
		"in:invoices":           "invoice",
		"-in:INVOICES":          "lunch other",
		"in:more today":         "lunch",
		"in:more":               "lunch invoice",
		"(in:invoices) OR id:2": "other invoice",
		"in:archive":            "", // a mailbox of that name is meant
	} {
		if got := w.find(ListQuery{Query: q}); got != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
	for q, words := range map[string]string{"y in:loop": "about itself", "y in:odd": "the saved search \"odd\" is wrong: ", "y in:lost": "there is no mailbox \"nowhere\""} {
		_, err := w.List(w.ctx, ListQuery{Query: q})
		if e, is := errors.AsType[*query.Error](err); !is || e.Pos != 5 || !strings.Contains(e.Msg, words) {
			t.Errorf("%s: %#v", q, err)
		}
	}
	must(w.MarkFlags(w.ctx, []MessageID{1}, FlagChange{AddKeywords: []string{"$Paid"}}))(t)
	if got := w.find(ListQuery{Query: "keyword:$paid"}) + "|" + w.find(ListQuery{Query: "-keyword:$paid today"}); got != "invoice|lunch" {
		t.Error(got)
	}
	if list := must(w.Keywords(w.ctx))(t); len(list) != 1 || list[0] != "$Paid" {
		t.Errorf("%q", list)
	}
}
