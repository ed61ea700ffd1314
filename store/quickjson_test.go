package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"mua/store/message"
)

// slowly is fromJSON by encoding/json alone.
func slowly[T any](s string) []T {
	var list []T
	if s == "" || s == "[]" || json.Unmarshal([]byte(s), &list) != nil {
		return nil
	}
	return list
}

var oddLists = []string{
	"", "[]", "[ ]", "null", "[", "]", `["a"]`, `["a","b"]`, `["a", "b"]`, `["a",]`, `[,"a"]`, `["a""b"]`, `["a"`, `["\u003ca@x\u003e","\u003cb@x\u003e"]`, `["\n\t\u2028\/"]`, `["\"\\"]`, `["\u003"]`, `["\"]`,
	"[\"\xff\"]", "[\"\n\"]", `[1]`, `["a",null]`, `["a"]x`, `[""]`, `["é","会議"]`, `["\u00e9\ud83d\ude00\u0026"]`,
	`[{"name":"Ada","addr":"a@x"}]`, `[{"name":"Ada","addr":"a@x"},{"name":"","addr":""}]`, `[{"addr":"a@x","name":"Ada"}]`, `[{"name":"Ada"}]`, `[{"name":"A","addr":"b"},]`, `[{}]`,
	`[{"name":"\"A\\\" \u003cx\u003e","addr":"a\u0026b"}]`, `[{"name":"A","addr":"b","name":"C"}]`,
}

// TestQuickLists: what is read quickly is what encoding/json reads, and what toJSON writes is read quickly.
func TestQuickLists(t *testing.T) {
	for _, s := range oddLists {
		sameLists(t, s)
	}
	text := []string{"<a@x>", `"<&>\`, "", "会議 é", "plain"}
	if got, ok := quick[string](toJSON(text)); !ok || !reflect.DeepEqual(got, text) {
		t.Errorf("%q %v", got, ok)
	}
	people := []message.Address{{Name: `Zoë "Z" <z>`, Addr: "z&z@x"}, {Addr: "a@x"}, {Name: "b"}}
	if got, ok := quick[message.Address](toJSON(people)); !ok || !reflect.DeepEqual(got, people) {
		t.Errorf("%q %v", got, ok)
	}
	for range 100 { // what is written by hand here may not be all that toJSON writes
		text = append(text, "<again@x>")
	}
	if got, ok := quick[string](toJSON(text)); !ok || len(got) != len(text) {
		t.Error("a long list is not read quickly")
	}
}

func sameLists(t *testing.T, s string) {
	t.Helper()
	if got, want := fromJSON[string](s), slowly[string](s); !reflect.DeepEqual(got, want) {
		t.Errorf("strings of %q: %q, want %q", s, got, want)
	}
	if got, want := fromJSON[message.Address](s), slowly[message.Address](s); !reflect.DeepEqual(got, want) {
		t.Errorf("addresses of %q: %q, want %q", s, got, want)
	}
}

func FuzzQuickLists(f *testing.F) {
	for _, s := range oddLists {
		f.Add(s)
	}
	f.Fuzz(sameLists)
}
