package query

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxQuery = 64 << 10 // octets
	maxDepth = 100      // parentheses and NOTs
)

type parser struct {
	q     string
	pos   int
	depth int
	now   time.Time
	group string // the field whose parentheses are open: what stands there is of it
}

// Parse reads a query. now is what today, newer: and older: count from; days are those of its zone.
func Parse(q string, now time.Time) (Node, error) {
	if len(q) > maxQuery {
		return nil, &Error{q[:100], 0, fmt.Sprintf("the query is longer than %d bytes", maxQuery)}
	}
	p := &parser{q: q, now: now}
	p.space()
	if p.end() {
		return All{}, nil
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.end() {
		return nil, p.fail(p.pos, "nothing is open that ) could close")
	}
	return n, nil
}

func (p *parser) end() bool { return p.pos >= len(p.q) }

func (p *parser) rest() string { return p.q[p.pos:] }

func (p *parser) fail(pos int, format string, args ...any) error {
	return &Error{p.q, pos, fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for !p.end() {
		r, n := utf8.DecodeRuneInString(p.rest())
		if !unicode.IsSpace(r) {
			return
		}
		p.pos += n
	}
}

// operator takes a word such as OR that stands alone.
func (p *parser) operator(op string) bool {
	after, ok := strings.CutPrefix(p.rest(), op)
	if !ok {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(after); after != "" && !unicode.IsSpace(r) && r != '(' && r != ')' {
		return false
	}
	p.pos += len(op)
	p.space()
	return true
}

func (p *parser) or() (Node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.pos, "too deep")
	}
	defer func() { p.depth-- }()
	var list []Node
	for {
		n, err := p.and()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if !p.operator("OR") {
			return join(list, func(l []Node) Node { return Or{l} }), nil
		}
	}
}

func join(list []Node, many func([]Node) Node) Node {
	if len(list) == 1 {
		return list[0]
	}
	return many(list)
}

func (p *parser) and() (Node, error) {
	var list []Node
	for {
		and := p.operator("AND")
		if and && len(list) == 0 {
			return nil, p.fail(max(0, p.pos-4), "AND needs something before it")
		}
		start := p.pos
		if p.end() || p.q[p.pos] == ')' || p.operator("OR") {
			p.pos = start
			if len(list) == 0 || and {
				return nil, p.fail(p.pos, "something to look for is missing here")
			}
			return join(list, func(l []Node) Node { return And{l} }), nil
		}
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
}

func (p *parser) term() (Node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.pos, "too deep")
	}
	defer func() { p.depth-- }()
	start := p.pos
	switch {
	case p.operator("NOT"):
		return p.not(start)
	case p.q[p.pos] == '-':
		p.pos++
		return p.not(start)
	case p.q[p.pos] == '(':
		return p.parentheses()
	}
	n, err := p.leaf()
	p.space()
	return n, err
}

// parentheses reads what stands in them.
func (p *parser) parentheses() (Node, error) {
	start := p.pos
	p.pos++
	p.space()
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.end() {
		return nil, p.fail(start, "this ( is not closed")
	}
	p.pos++
	p.space()
	return n, nil
}

func (p *parser) not(start int) (Node, error) {
	if p.end() || p.q[p.pos] == ')' || p.q[start] == '-' && unicode.IsSpace(rune(p.q[p.pos])) {
		return nil, p.fail(start, "what is to be excluded is missing")
	}
	n, err := p.term()
	if err != nil {
		return nil, err
	}
	return Not{n}, nil
}

// leaf reads a word, a phrase, FIELD:value or FIELD:(values).
func (p *parser) leaf() (Node, error) {
	start := p.pos
	name, ok := p.fieldName()
	switch {
	case ok && p.group != "":
		return nil, p.fail(start, "all in these parentheses is of %s:, so %s: cannot stand here (quote it to look for the words)", p.group, name)
	case p.group != "":
		return p.fieldValue(p.group)
	case ok:
		p.pos += len(name) + 1
		return p.field(strings.ToLower(name), start)
	}
	text, _, star, err := p.value()
	if err != nil {
		return nil, err
	}
	return p.match(Anywhere, text, star, start)
}

// fieldName looks for NAME: ahead. Not a field: a lone "Re:", "12:30", "http://…".
func (p *parser) fieldName() (string, bool) {
	rest := p.rest()
	i := strings.IndexFunc(rest, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	if i <= 0 || rest[i] != ':' {
		return "", false
	}
	name, after := rest[:i], rest[i+1:]
	if known(strings.ToLower(name)) {
		return name, true
	}
	if r, _ := utf8.DecodeRuneInString(after); after == "" || unicode.IsSpace(r) || r == ')' || strings.HasPrefix(after, "//") {
		return "", false
	}
	return name, true
}

// value reads "quoted" text or up to a space or parenthesis; star: followed by *.
func (p *parser) value() (text string, quoted, star bool, err error) {
	start := p.pos
	if !p.end() && p.q[p.pos] == '"' {
		i := strings.IndexByte(p.q[start+1:], '"')
		if i < 0 {
			return "", true, false, p.fail(start, "this quotation is not closed")
		}
		p.pos = start + i + 2
		text = p.q[start+1 : start+1+i]
		if !p.end() && p.q[p.pos] == '*' {
			p.pos++
			star = true
		}
		return text, true, star || strings.HasSuffix(text, "*"), nil
	}
	i := strings.IndexFunc(p.rest(), func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' || r == '"' })
	if i < 0 {
		i = len(p.rest())
	}
	p.pos += i
	text = p.q[start:p.pos]
	return text, false, strings.HasSuffix(text, "*"), nil
}

func (p *parser) match(f Field, text string, star bool, pos int) (Node, error) {
	words := Words(text)
	if words == "" {
		return nil, p.fail(pos, "there is no word in this to look for")
	}
	return Match{f, words, star, strings.TrimSuffix(text, "*")}, nil
}
