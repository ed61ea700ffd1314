package query

import (
	"slices"
	"strings"
)

// PlainWord is the last word of a query that is looked for anywhere and as a whole: no beginning, no phrase, and not a run of
// a script of which any part is found. "" when there is none: then no word would find more as a beginning.
func PlainWord(n Node) string {
	var nodes []Node
	switch n := n.(type) {
	case Match:
		if n.Field == Anywhere && !n.Prefix && !strings.Contains(n.Phrase, " ") && !Unspaced(n.Phrase) {
			return n.Text
		}
	case And:
		nodes = n.Nodes
	case Or:
		nodes = n.Nodes
	}
	for _, k := range slices.Backward(nodes) {
		if w := PlainWord(k); w != "" {
			return w
		}
	}
	return ""
}
