package store

import (
	"slices"

	"mua/store/index"
	"mua/store/message"
	"mua/store/query"
)

// leaf is words to look for.
type leaf struct {
	match query.Match
	expr  index.Expr
}

// leaf compiles words.
func (p *planner) leaf(m query.Match) plan {
	e, i := index.Of(m), len(p.leaves)
	p.leaves = append(p.leaves, leaf{m, e})
	return plan{sql: "1", words: e, both: e.Exact, match: func(c *candidate) (bool, error) { return p.holds(i, c) }}
}

// allWords is what the index is asked when all of the kids must match.
func (out *plan) allWords(kids []plan) {
	var words, but []index.Expr
	out.both = true
	for _, k := range kids {
		out.both = out.both && k.both
		out.few = out.few || k.few
		out.from = max(out.from, k.from)
		if k.to != 0 && (out.to == 0 || k.to < out.to) {
			out.to = k.to
		}
		if !k.words.Empty() {
			words = append(words, k.words)
		}
		if !k.but.Empty() {
			but = append(but, k.but)
		}
	}
	out.words, out.but = index.All(words...), index.Any(but...)
}

// anyWords is what the index is asked when one of the kids must match.
func (out *plan) anyWords(kids []plan) {
	if out.exact {
		out.both = true
		return
	}
	var words []index.Expr
	out.both = true
	for _, k := range kids {
		if k.words.Empty() {
			out.both = false
			return
		}
		words = append(words, k.words)
		out.both = out.both && k.both && k.sql == "1" && k.but.Empty()
	}
	out.words = index.Any(words...)
}

// holds reports whether words are in a candidate: by the index, or by what it says itself.
func (p *planner) holds(i int, c *candidate) (bool, error) {
	l := &p.leaves[i]
	if c.page == nil {
		return p.words(l.match, c)
	}
	in, err := c.page.has(i, l.expr, c.number)
	if err != nil || !in || l.expr.Exact {
		return in, err
	}
	if l.match.Field == query.Body { // found among the words of text and header: if not in the header, then in the text
		anywhere := l.match
		anywhere.Field = query.Anywhere
		if index.Of(anywhere).Exact && !inHeader(anywhere, c) {
			return true, nil
		}
	}
	return p.words(l.match, c)
}

// words looks for a phrase in a candidate, the text last: it costs most.
func (p *planner) words(m query.Match, c *candidate) (bool, error) {
	if inHeader(m, c) {
		return true, nil
	}
	if m.Field != query.Anywhere && m.Field != query.Body || c.content == 0 {
		return false, nil
	}
	words, err := p.body(c)
	return m.In(words), err
}

// headerFields are the fields of words that are in columns; list: alone is not looked at by words without a field.
func headerFields() []query.Field {
	return []query.Field{query.Subject, query.From, query.To, query.Cc, query.Filename, query.List}
}

func inHeader(m query.Match, c *candidate) bool {
	for _, f := range headerFields() {
		if m.Field != f && (m.Field != query.Anywhere || f == query.List) {
			continue
		}
		if slices.ContainsFunc(c.texts(f), func(text string) bool { return m.In(query.Words(text)) }) {
			return true
		}
	}
	return false
}

// texts are the pieces of a field; a phrase lies within one.
func (c *candidate) texts(f query.Field) []string {
	switch f {
	case query.Subject:
		return []string{c.Subject}
	case query.List:
		return []string{c.listID}
	}
	c.decode()
	switch f {
	case query.Filename:
		return fileNames(c.Attachments)
	case query.To:
		return people(c.To)
	case query.Cc:
		return people(c.Cc)
	}
	return people(c.From)
}

func fileNames(list []message.Attachment) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Name
	}
	return out
}

func people(list []message.Address) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Name + " " + a.Addr
	}
	return out
}
