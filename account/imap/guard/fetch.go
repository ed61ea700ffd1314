package guard

import (
	"bytes"
	"strconv"
	"time"
)

// fetch is the state of a FETCH response between its lines: a literal ends a line.
type fetch struct {
	open  bool // "(" was read
	items int  // items passed on
	// nest is how many lists are open in an item that is being left out.
	nest int
}

// fetchLine reads one line of a FETCH response and passes on what is wanted.
func (c *Conn) fetchLine(line []byte) error {
	f := c.fetch
	if f.open { // after a literal: what went before it has been read
		c.out = c.out[:0]
	} else {
		if len(line) == 0 || line[0] != '(' {
			return violation("sent a FETCH without a list")
		}
		f.open = true
		c.out = append(c.out, '(')
		line = line[1:]
	}
	if depth(line)+f.nest > c.o.Depth {
		return violation("nests lists more than %d deep", c.o.Depth)
	}
	for {
		var done bool
		var err error
		if f.nest > 0 {
			line, done, err = c.skipList(line)
		} else if line = bytes.TrimLeft(line, " "); len(line) > 0 && line[0] == ')' {
			c.out = append(c.out, ")\r\n"...)
			c.fetch = nil
			return nil
		} else {
			line, done, err = c.fetchItem(line)
		}
		if done || err != nil {
			return err
		}
	}
}

// fetchItem reads one item. done: the line ends with a literal, of which pass or skip is set.
func (c *Conn) fetchItem(line []byte) (rest []byte, done bool, err error) {
	name, section, line, ok := itemName(line)
	if !ok {
		return nil, false, violation("sent a FETCH that cannot be read")
	}
	line = bytes.TrimLeft(line, " ")
	if len(line) == 0 {
		return nil, false, violation("sent a FETCH that cannot be read")
	}
	if n, at := marker(line); at == 0 {
		return nil, true, c.fetchLiteral(name, section, n)
	}
	if line[0] == '(' && !isOneOf(name, "FLAGS", "MODSEQ") {
		c.fetch.nest = 1
		return line[1:], false, nil
	}
	v, rest, ok := c.simpleValue(line)
	if !ok {
		return nil, false, violation("sent a FETCH that cannot be read")
	}
	return rest, false, c.fetchValue(name, section, v)
}

// itemName reads the name of an item and its section, BODY[…]<0> for one.
func itemName(line []byte) (name, section, rest []byte, ok bool) {
	n := bytes.IndexAny(line, " [()\"{")
	if n <= 0 {
		return nil, nil, nil, false
	}
	name, rest = bytes.ToUpper(line[:n]), line[n:]
	if rest[0] != '[' {
		return name, nil, rest, true
	}
	end := bytes.IndexByte(rest, ']')
	if end < 0 {
		return nil, nil, nil, false
	}
	end++
	if end < len(rest) && rest[end] == '<' {
		if i := bytes.IndexByte(rest[end:], '>'); i > 0 {
			end += i + 1
		}
	}
	return name, bytes.ToUpper(rest[:end]), rest[end:], true
}

// simpleValue reads an atom, a quoted string or a list without literals.
func (c *Conn) simpleValue(line []byte) (v value, rest []byte, ok bool) {
	p := &parser{b: line, depth: c.o.Depth}
	v, ok = p.value()
	return v, p.b, ok
}

// wanted tells a section that we ask for.
func wanted(name, section []byte) bool {
	return isOneOf(name, "BODY") && (isOneOf(section, "[]", "[HEADER]", "[HEADER]<0>") || isPiece(section))
}

// isPiece tells a piece of a message: []<4194304> for one.
func isPiece(section []byte) bool {
	at, ok := bytes.CutPrefix(section, []byte("[]<"))
	at, ends := bytes.CutSuffix(at, []byte(">"))
	return ok && ends && len(at) > 0 && len(at) < 10 && len(bytes.Trim(at, "0123456789")) == 0
}

// fetchLiteral passes a literal on, or has it swallowed.
func (c *Conn) fetchLiteral(name, section []byte, n int64) error {
	limit := c.literal.Load()
	if n > max(limit, int64(c.o.Line)) || wanted(name, section) && n > limit {
		return violation("sent a literal of %d octets where %d were asked for", n, limit)
	}
	if !wanted(name, section) {
		c.skip = n
		return nil
	}
	c.item(append(name, section...))
	c.out = strconv.AppendInt(append(c.out, '{'), n, 10)
	c.out = append(c.out, "}\r\n"...)
	c.pass = n
	return nil
}

// fetchValue passes an item on if it is sound.
func (c *Conn) fetchValue(name, section []byte, v value) error {
	switch string(name) {
	case "UID":
		if v.kind != atom || !positive(v.bytes) {
			return violation("sent a UID that is not one")
		}
		c.item(name)
		c.out = append(c.out, v.bytes...)
	case "FLAGS":
		if v.kind == list {
			c.item(name)
			c.appendFlags(v.list)
		}
	case "INTERNALDATE":
		if t, ok := internalDate(string(v.bytes)); ok {
			c.item(name)
			c.out = append(t.AppendFormat(append(c.out, '"'), canonicalDate), '"')
		}
	case "RFC822.SIZE":
		if number(v.bytes, 63) {
			c.item(name)
			c.out = append(c.out, v.bytes...)
		}
	case "MODSEQ":
		if v.kind == list && len(v.list) == 1 && number(v.list[0].bytes, 64) {
			c.item(name)
			c.out = append(append(append(c.out, '('), v.list[0].bytes...), ')')
		}
	case "BODY":
		if wanted(name, section) && (v.kind == text || v.isNIL()) {
			c.item(append(name, section...))
			if v.kind == text {
				c.out = appendQuoted(c.out, v.bytes)
			} else {
				c.out = append(c.out, "NIL"...)
			}
		}
	}
	return nil
}

// item begins an item of the FETCH that is passed on.
func (c *Conn) item(name []byte) {
	if c.fetch.items > 0 {
		c.out = append(c.out, ' ')
	}
	c.fetch.items++
	c.out = append(append(c.out, name...), ' ')
}

// skipList swallows an unwanted list, whose "(" was read, with the literals in it.
func (c *Conn) skipList(line []byte) (rest []byte, done bool, err error) {
	n, at := marker(line)
	open := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && open:
			i++
		case line[i] == '"':
			open = !open
		case open:
		case i == at:
			if n > int64(c.o.Line) {
				return nil, false, violation("sent a literal of %d octets that no one asked for", n)
			}
			c.skip = n
			return nil, true, nil
		case line[i] == '(':
			c.fetch.nest++
		case line[i] == ')':
			if c.fetch.nest--; c.fetch.nest == 0 {
				return line[i+1:], false, nil
			}
		}
	}
	return nil, false, violation("sent a FETCH that cannot be read")
}

// canonicalDate is RFC 9051's date-time.
const canonicalDate = "_2-Jan-2006 15:04:05 -0700"

// internalDate reads a date-time in the forms that servers send.
func internalDate(s string) (time.Time, bool) {
	for _, layout := range []string{canonicalDate, "2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05 MST", "2-Jan-2006 15:04:05", "2-Jan-2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, t.Year() >= 1
		}
	}
	return time.Time{}, false
}
