package index

import (
	"strings"
	"unicode/utf8"

	"mua/store/query"
)

// Marks before the terms of one field, beside the plain terms that are found anywhere. No word has them.
const (
	markSubject = "¢"
	markFrom    = "£"
	markTo      = "¤"
	markCc      = "¥"
	markFile    = "§"
	markList    = "¶"
	markPrefix  = "«" // before the first prefixLen characters of a word: a short prefix has many words

	marks = markSubject + markFrom + markTo + markCc + markFile + markList + markPrefix
)

const (
	prefixLen = 3
	maxWord   = 60      // octets of a word that are kept; what is longer is decided by the text itself
	maxTerms  = 400_000 // of one message
)

// Prepare cuts the words. It is what costs most, and may run at the same time for different documents.
func (d *Doc) Prepare() {
	t := terms{}
	t.b.Grow(len(d.Text) + len(d.Text)/4 + 512)
	t.words("", query.Words(d.Text))
	t.term(markPrefix, "") // no phrase goes on from the text to the header
	t.field(markSubject, true, d.Subject)
	t.field(markFrom, true, d.From...)
	t.field(markTo, true, d.To...)
	t.field(markCc, true, d.Cc...)
	t.field(markFile, true, d.Files...)
	t.field(markList, false, d.List)
	d.terms, d.size, d.Partial = t.b.String(), t.n, d.Partial || t.n >= maxTerms
	d.Text, d.Subject, d.List, d.From, d.To, d.Cc, d.Files = "", "", "", nil, nil, nil, nil
}

// terms writes the terms of a document, with spaces between them.
type terms struct {
	b strings.Builder
	n int
}

// field writes the pieces of a field, plain (anywhere) and marked. Marked terms between plain ones keep
// a phrase within its piece.
func (t *terms) field(mark string, anywhere bool, pieces ...string) {
	for _, p := range pieces {
		w := query.Words(p)
		if anywhere {
			t.words("", w)
		}
		t.words(mark, w)
	}
}

// words writes what query.Words has left.
func (t *terms) words(mark, words string) {
	for w := range strings.SplitSeq(words, " ") {
		if w == "" {
			continue
		}
		if t.n >= maxTerms {
			return
		}
		if query.Unspaced(w) {
			t.run(mark, w)
		} else {
			t.term(mark, cutWord(w))
		}
	}
}

// run writes a run of a script without spaces: each pair of characters, and the last one.
func (t *terms) run(mark, w string) {
	for len(w) > 0 && t.n < maxTerms {
		_, a := utf8.DecodeRuneInString(w)
		_, b := utf8.DecodeRuneInString(w[a:])
		t.term(mark, w[:a+b])
		w = w[a:]
	}
}

func (t *terms) term(mark, w string) {
	t.b.WriteString(mark)
	t.b.WriteString(w)
	t.b.WriteByte(' ')
	t.n++
}

// prefixOf is the term for the beginning of a plain term, "" where it has none: a short prefix of many words is found
// by itself.
func prefixOf(term string) string {
	r, n := utf8.DecodeRuneInString(term)
	if strings.ContainsRune(marks, r) && n > 1 || query.Unspaced(term) {
		return ""
	}
	p := firstOf(term)
	if p != "" {
		p = markPrefix + p
	}
	return p
}

// firstOf is the beginning of a word that is found by itself, or "".
func firstOf(w string) string {
	n := 0
	for i := range w {
		if n == prefixLen {
			return w[:i]
		}
		n++
	}
	if n == prefixLen {
		return w
	}
	return ""
}

// cutWord shortens a long word.
func cutWord(w string) string {
	if len(w) <= maxWord {
		return w
	}
	return strings.ToValidUTF8(w[:maxWord], "")
}
