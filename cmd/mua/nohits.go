package main

import (
	"fmt"

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
	word := query.PlainWord(tree)
	if word == "" {
		return ""
	}
	return fmt.Sprintf("nothing found; a word finds whole words only: %s* finds what begins so", message.CleanLine(word))
}
