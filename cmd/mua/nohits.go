package main

import (
	"fmt"
	"strings"

	"mua/store/message"
	"mua/store/query"
)

// tellNoHits says on a terminal, where nothing was found, what a word finds and what it does not.
func (a *app) tellNoHits(tree query.Node) {
	if a.json || !isTerminal(a.err) {
		return
	}
	if words := noHits(tree); words != "" {
		a.talk("%s", words)
	}
}

// noHits is what there is to say of a query that finds nothing; "" when no word of it could find more.
func noHits(tree query.Node) string {
	word := plainWord(tree)
	if word == "" {
		return ""
	}
	return fmt.Sprintf("nothing found; a word finds whole words only: %s* finds what begins so", message.CleanLine(word))
}

// plainWord is a word that a query looks for as it is, neither as a beginning nor within a phrase; "" when there is none.
func plainWord(n query.Node) string {
	first := func(list []query.Node) string {
		for _, k := range list {
			if w := plainWord(k); w != "" {
				return w
			}
		}
		return ""
	}
	switch n := n.(type) {
	case query.Match:
		if !n.Prefix && !strings.Contains(n.Phrase, " ") && !query.Unspaced(n.Phrase) {
			return n.Text
		}
	case query.And:
		return first(n.Nodes)
	case query.Or:
		return first(n.Nodes)
	}
	return ""
}
