package index

import (
	"strings"
	"unicode/utf8"

	"mua/store/query"
)

// Expr is what the index is asked: the documents that may match. The zero value narrows nothing down.
type Expr struct {
	root  *expr
	Exact bool // a document that is found matches
}

// expr is a phrase, or what joins kids.
type expr struct {
	op    op
	terms []term // of a phrase
	kids  []*expr
}

type op int

const (
	phrase op = iota
	all
	any_
	but // the first kid without what the second finds
)

// term is one of a phrase.
type term struct {
	name   string
	prefix bool // and all that begin with it
}

// Empty reports an expression that does not narrow anything down.
func (e Expr) Empty() bool { return e.root == nil }

// Of is the expression for words in a field.
func Of(m query.Match) Expr {
	mark := map[query.Field]string{query.Subject: markSubject, query.From: markFrom, query.To: markTo, query.Cc: markCc,
		query.Filename: markFile, query.List: markList}[m.Field]
	list, exact := termsOf(mark, m)
	return Expr{&expr{terms: list}, exact && m.Field != query.Body} // plain terms are those of the header, too
}

// termsOf are the terms that follow one another where the words are found.
func termsOf(mark string, m query.Match) (list []term, exact bool) {
	words := strings.Split(m.Phrase, " ")
	exact = true
	for i, w := range words {
		last := i == len(words)-1
		switch {
		case query.Unspaced(w):
			list = append(list, runTerms(mark, w, last)...)
		case len(w) >= maxWord:
			list, exact = append(list, term{mark + cutWord(w), false}), false
		case !last || !m.Prefix:
			list = append(list, term{mark + w, false})
		case mark == "" && len(words) == 1 && utf8.RuneCountInString(w) == prefixLen:
			list = append(list, term{markPrefix + w, false})
		default:
			list = append(list, term{mark + w, true})
		}
	}
	return list, exact
}

// runTerms are the terms of a run: at the end of a phrase the text's run may go on.
func runTerms(mark, w string, last bool) (out []term) {
	for {
		_, a := utf8.DecodeRuneInString(w)
		_, b := utf8.DecodeRuneInString(w[a:])
		switch {
		case b > 0:
			out = append(out, term{mark + w[:a+b], false})
		case !last:
			return append(out, term{mark + w, false})
		case len(out) > 0:
			return out
		default:
			return append(out, term{mark + w, true})
		}
		w = w[a:]
	}
}

// All is what all of the expressions have in common; those that are empty do not count.
func All(list ...Expr) Expr { return join(all, list) }

// Any is what any of the expressions finds. None of them may be empty.
func Any(list ...Expr) Expr { return join(any_, list) }

func join(o op, list []Expr) Expr {
	out := Expr{Exact: true}
	var kids []*expr
	for _, e := range list {
		out.Exact = out.Exact && e.Exact
		if !e.Empty() {
			kids = append(kids, e.root)
		}
	}
	switch len(kids) {
	case 0:
	case 1:
		out.root = kids[0]
	default:
		out.root = &expr{op: o, kids: kids}
	}
	return out
}

// But is e without what not finds, which must be exact.
func (e Expr) But(not Expr) Expr {
	if e.Empty() || not.Empty() {
		return e
	}
	return Expr{&expr{op: but, kids: []*expr{e.root, not.root}}, e.Exact}
}
