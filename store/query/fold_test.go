package query

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// slowFold is Fold a character at a time, without any short way.
func slowFold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, "\uFFFD")) {
		if !accent(r) {
			foldRune(&b, r)
		}
	}
	return norm.NFC.String(b.String())
}

// slowWords is Words likewise.
func slowWords(s string) string {
	w := wordWriter{}
	w.other(slowFold(s))
	return string(w.out)
}

var foldCases = []struct{ in, fold, words string }{
	{"", "", ""},
	{"Hello, World\r\n", "hello, world\r\n", "hello world"},
	{"Café CAFE\u0301 Straße", "cafe cafe strasse", "cafe cafe strasse"},
	{"ﬁne ½ Ⅷ ＡＢＣ", "fine 1⁄2 viii abc", "fine 1 2 viii abc"},
	{"soft\u00adhyphen zero\u200bwidth", "soft\u00adhyphen zero\u200bwidth", "softhyphen zero width"},
	{"日本\n語 abc日本", "日本\n語 abc日本", "日本語 abc 日本"},
	{"ガ か\u3099", "ガ が", "ガ が"},
	{"naïve\xff\xfebytes é\xc3", "naive\ufffdbytes e\ufffd", "naive \ufffd bytes e \ufffd"},
	{"Ångström ΌΣΟΣ İı", "angstrom οσοσ ii", "angstrom οσοσ ii"},
	{"x😀y 1️⃣", "x😀y 1\ufe0f", "x 😀 y 1"},
	{"<\u0338 =\u0338", "< =", ""},
}

func TestFold(t *testing.T) {
	for _, c := range foldCases {
		if got := Fold(c.in); got != c.fold {
			t.Errorf("Fold(%+q) = %+q, want %+q", c.in, got, c.fold)
		}
		if got := Words(c.in); got != c.words {
			t.Errorf("Words(%+q) = %+q, want %+q", c.in, got, c.words)
		}
	}
}

// TestFoldEachCharacter: a character is folded the short way to what it is folded to the long way.
func TestFoldEachCharacter(t *testing.T) {
	for r := rune(1); r < 0x30000; r++ {
		s := "A" + string(r) + "b " + string(r)
		if got, want := Fold(s), slowFold(s); got != want {
			t.Errorf("Fold(%+q) = %+q, want %+q", s, got, want)
		}
		if got, want := Words(s), slowWords(s); got != want {
			t.Errorf("Words(%+q) = %+q, want %+q", s, got, want)
		}
	}
}

// FuzzWords compares the short ways with the long one: an index is only as good as a query is cut like the text.
func FuzzWords(f *testing.F) {
	for _, c := range foldCases {
		f.Add(c.in)
	}
	f.Add("A\u00e9\u0327 \u201cx\u201d")
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := Fold(s), slowFold(s); got != want && !crowded(s) {
			t.Errorf("Fold(%+q) = %+q, want %+q", s, got, want)
		}
		got, want := Words(s), slowWords(s)
		if got != want && !crowded(s) {
			t.Errorf("Words(%+q) = %+q, want %+q", s, got, want)
		}
		if !utf8.ValidString(got) {
			t.Errorf("Words(%+q) = %+q", s, got)
		}
	})
}

// crowded reports more marks after one another than norm takes without cutting between them.
func crowded(s string) bool {
	n := 0
	for _, r := range norm.NFKD.String(s) {
		if n++; norm.NFKD.PropertiesString(string(r)).CCC() == 0 {
			n = 0
		}
		if n > 20 {
			return true
		}
	}
	return false
}

func BenchmarkWords(b *testing.B) {
	text := strings.Repeat("The quick brown Fox, jumps over the lazy dog; then “naps” at the café.\r\n", 60)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Words(text)
	}
}
