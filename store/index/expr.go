package index

import (
	"math/bits"
	"strings"
	"unicode/utf8"

	"mua/store/query"
)

// Expr is what SQLite is asked: the documents that may match, as a MATCH expression.
type Expr struct {
	text  string
	depth int  // of SQLite's tree, which allows 12
	Exact bool // a document that is found matches
}

// maxDepth leaves room below SQLite's limit; maxText bounds an expression.
const (
	maxDepth = 10
	maxText  = 50_000
)

// phraseTerms is how many terms of a phrase SQLite can step through; of a longer one it reads all there is.
const phraseTerms = 4

// Empty reports an expression that does not narrow anything down.
func (e Expr) Empty() bool { return e.text == "" }

func (e Expr) String() string { return e.text }

// Of is the expression for words in a field.
func Of(m query.Match) Expr {
	mark := map[query.Field]string{query.Subject: markSubject, query.From: markFrom, query.To: markTo, query.Cc: markCc,
		query.Filename: markFile, query.List: markList}[m.Field]
	list, exact := termsOf(mark, m)
	exact = exact && m.Field != query.Body // plain terms are those of the header, too
	var parts []string
	for from := 0; ; from += phraseTerms - 1 {
		to := min(from+phraseTerms, len(list))
		parts = append(parts, `"`+strings.Join(list[from:to], " ")+`"`)
		if to == len(list) {
			break
		}
		exact = false
	}
	return Expr{strings.Join(parts, " AND "), bits.Len(uint(len(parts) - 1)), exact}.bounded()
}

// termsOf are the terms that follow one another where the words are found.
func termsOf(mark string, m query.Match) (list []string, exact bool) {
	words := strings.Split(m.Phrase, " ")
	exact = true
	for i, w := range words {
		last := i == len(words)-1
		switch {
		case query.Unspaced(w):
			list = append(list, runTerms(mark, w, last)...)
		case len(w) >= maxWord:
			list, exact = append(list, mark+cutWord(w)), false
		case !last || !m.Prefix:
			list = append(list, mark+w)
		case mark == "" && len(words) == 1 && utf8.RuneCountInString(w) == prefixLen:
			list = append(list, markPrefix+w)
		default:
			list = append(list, mark+w+"*")
		}
	}
	return list, exact
}

// runTerms are the terms of a run: at the end of a phrase the text's run may go on.
func runTerms(mark, w string, last bool) (out []string) {
	for {
		_, a := utf8.DecodeRuneInString(w)
		_, b := utf8.DecodeRuneInString(w[a:])
		switch {
		case b > 0:
			out = append(out, mark+w[:a+b])
		case !last:
			return append(out, mark+w)
		case len(out) > 0:
			return out
		default:
			return append(out, mark+w+"*")
		}
		w = w[a:]
	}
}

// All is what all of the expressions have in common; those that are empty do not count.
func All(list ...Expr) Expr { return join(list, " AND ") }

// Any is what any of the expressions finds. None of them may be empty.
func Any(list ...Expr) Expr { return join(list, " OR ") }

func join(list []Expr, glue string) Expr {
	out := Expr{Exact: true}
	var parts []string
	for _, e := range list {
		out.Exact = out.Exact && e.Exact
		if !e.Empty() {
			parts, out.depth = append(parts, e.text), max(out.depth, e.depth)
		}
	}
	switch len(parts) {
	case 0:
		return out
	case 1:
		out.text = parts[0]
		return out
	}
	out.text, out.depth = "("+strings.Join(parts, ")"+glue+"(")+")", out.depth+bits.Len(uint(len(parts)-1))
	return out.bounded()
}

// But is e without what not finds, which must be exact.
func (e Expr) But(not Expr) Expr {
	if not.Empty() {
		return e
	}
	return Expr{"(" + e.text + ") NOT (" + not.text + ")", 1 + max(e.depth, not.depth), e.Exact}.bounded()
}

// bounded gives up an expression that SQLite would not take: it narrows nothing down, and the text decides.
func (e Expr) bounded() Expr {
	if e.depth > maxDepth || len(e.text) > maxText {
		return Expr{}
	}
	return e
}
