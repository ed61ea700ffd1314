package guard

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// kind of a value in a response.
type kind byte

const (
	atom kind = iota
	text      // quoted or literal
	list
)

// value is one atom, string or list of a response.
type value struct {
	kind  kind
	bytes []byte
	list  []value
}

// isNIL tells the atom NIL.
func (v value) isNIL() bool { return v.kind == atom && bytes.EqualFold(v.bytes, []byte("NIL")) }

// parser reads the values of a response that is in memory with its literals.
type parser struct {
	b     []byte
	depth int // how much deeper lists may nest
}

// values reads them all; ok is false when something is not a value.
func (p *parser) values() (vs []value, ok bool) {
	for p.spaces(); len(p.b) > 0; p.spaces() {
		v, ok := p.value()
		if !ok {
			return nil, false
		}
		vs = append(vs, v)
	}
	return vs, true
}

func (p *parser) spaces() { p.b = bytes.TrimLeft(p.b, " ") }

func (p *parser) value() (value, bool) {
	switch p.b[0] {
	case '(':
		return p.parens()
	case '"':
		s, n, ok := quoted(p.b)
		p.b = p.b[n:]
		return value{kind: text, bytes: s}, ok
	case '{', '~':
		return p.literal()
	}
	n := 0
	for n < len(p.b) && p.b[n] != ' ' && p.b[n] != '(' && p.b[n] != ')' && p.b[n] != '"' && p.b[n] >= ' ' && p.b[n] != 0x7f {
		n++
	}
	v := value{bytes: p.b[:n]}
	p.b = p.b[n:]
	return v, n > 0
}

func (p *parser) parens() (value, bool) {
	if p.depth--; p.depth < 0 {
		return value{}, false
	}
	v := value{kind: list}
	for p.b = p.b[1:]; ; {
		p.spaces()
		if len(p.b) == 0 {
			return value{}, false
		}
		if p.b[0] == ')' {
			p.b = p.b[1:]
			p.depth++
			return v, true
		}
		e, ok := p.value()
		if !ok {
			return value{}, false
		}
		v.list = append(v.list, e)
	}
}

func (p *parser) literal() (value, bool) {
	line, rest, found := bytes.Cut(p.b, []byte("\r\n"))
	n, mark := marker(line)
	if !found || mark != 0 || n > int64(len(rest)) {
		return value{}, false
	}
	p.b = rest[n:]
	return value{kind: text, bytes: rest[:n]}, true
}

// quoted reads the quoted string that b begins with; n is its length with the quotes.
func quoted(b []byte) (s []byte, n int, ok bool) {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return s, i + 1, true
		case '\\':
			if i++; i == len(b) {
				return nil, len(b), false
			}
		}
		s = append(s, b[i])
	}
	return nil, len(b), false
}

// marker reads the literal announcement that line ends with, {n}, {n+} or ~{n}, and where it begins.
// Without one, at is -1.
func marker(line []byte) (n int64, at int) {
	if len(line) < 3 || line[len(line)-1] != '}' {
		return 0, -1
	}
	at = bytes.LastIndexByte(line, '{')
	if at < 0 {
		return 0, -1
	}
	digits := bytes.TrimSuffix(line[at+1:len(line)-1], []byte("+"))
	if !isDigits(digits) {
		return 0, -1
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		n = 1<<63 - 1 // over any limit
	}
	if at > 0 && line[at-1] == '~' {
		at--
	}
	return n, at
}

// inQuotes tells whether a quoted string is open at the end of b.
func inQuotes(b []byte) bool {
	open := false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\\' && open:
			i++
		case b[i] == '"':
			open = !open
		}
	}
	return open
}

// depth is how deep parentheses outside quotes nest at most.
func depth(b []byte) int {
	d, deepest, open := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\\' && open:
			i++
		case b[i] == '"':
			open = !open
		case open:
		case b[i] == '(':
			d++
			deepest = max(deepest, d)
		case b[i] == ')':
			d--
		}
	}
	return deepest
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// isAtom tells whether go-imap reads b as one atom.
func isAtom(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`(){%*"\]`), c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}

// isFlag tells a flag or mailbox attribute that go-imap can read and write back.
func isFlag(b []byte) bool { return isAtom(bytes.TrimPrefix(b, []byte(`\`))) }

// number tells a decimal number of at most bits bits.
func number(b []byte, bits int) bool {
	if !isDigits(b) {
		return false
	}
	_, err := strconv.ParseUint(string(b), 10, bits)
	return err == nil
}

// positive tells a number that is not 0.
func positive(b []byte) bool { return number(b, 32) && len(bytes.Trim(b, "0")) > 0 }

// numberSet tells a sequence set without "*": 1,3:5.
func numberSet(b []byte) bool {
	for part := range bytes.SplitSeq(b, []byte(",")) {
		lo, hi, isRange := bytes.Cut(part, []byte(":"))
		if !positive(lo) || isRange && !positive(hi) {
			return false
		}
	}
	return true
}

// appendQuoted adds s as a quoted string; s has no line ends.
func appendQuoted(b, s []byte) []byte {
	b = append(b, '"')
	for _, c := range s {
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

// clean replaces control characters by spaces, for texts.
func clean(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, b)
}
