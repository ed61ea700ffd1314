package guard

import (
	"bytes"
	"io"
	"slices"
	"unicode/utf8"
)

// tagged handles the end of a command; anything else is dropped.
func (c *Conn) tagged(line []byte) error {
	tag, rest, _ := bytes.Cut(line, []byte(" "))
	typ, rest, _ := bytes.Cut(rest, []byte(" "))
	typ = bytes.ToUpper(typ)
	if !isAtom(tag) || !isOneOf(typ, "OK", "NO", "BAD") {
		return c.drop("%q", line[:min(len(line), 60)])
	}
	if string(tag) == compressTag && c.compression.asked.Load() {
		c.compressed(typ, rest)
		return nil
	}
	if string(tag) == enableTag && c.qresync.asked.Swap(false) {
		return nil // a refusal leaves it disabled
	}
	if string(tag) == notifyTag && c.notifying.Swap(false) {
		return nil // a refusal leaves everything as it was
	}
	c.status(tag, typ, rest)
	return nil
}

// untagged handles a line that begins with "* ".
func (c *Conn) untagged(line []byte) error {
	word, rest, _ := bytes.Cut(line[2:], []byte(" "))
	if isDigits(word) {
		return c.numbered(word, rest)
	}
	typ := bytes.ToUpper(word)
	switch string(typ) {
	case "OK", "NO", "BAD", "PREAUTH", "BYE":
		c.status([]byte("*"), typ, rest)
		return nil
	case "SEARCH", "ESEARCH":
		return c.search(typ, rest)
	case "VANISHED":
		return c.vanished(rest)
	case "ENABLED":
		if c.qresync.asked.Load() && slices.ContainsFunc(bytes.Fields(rest), func(b []byte) bool { return isOneOf(bytes.ToUpper(b), "QRESYNC") }) {
			c.qresync.enabled.Store(true)
			return nil
		}
		fallthrough
	case "CAPABILITY":
		if string(typ) == "CAPABILITY" {
			c.told.Add(1)
		}
		c.emit([]byte("* "), typ, joinAtoms(rest, isAtom))
		return nil
	}
	return c.hold(line)
}

// numbered handles "* 5 EXISTS" and its like.
func (c *Conn) numbered(num, rest []byte) error {
	typ, rest, _ := bytes.Cut(rest, []byte(" "))
	typ = bytes.ToUpper(typ)
	switch {
	case isOneOf(typ, "EXISTS", "RECENT") && number(num, 32), isOneOf(typ, "EXPUNGE") && positive(num):
		c.emit([]byte("* "), num, []byte(" "), typ)
		return nil
	case isOneOf(typ, "FETCH") && positive(num):
		c.emitOpen([]byte("* "), num, []byte(" FETCH "))
		c.fetch = &fetch{}
		return c.fetchLine(bytes.TrimLeft(rest, " "))
	}
	return c.drop("%q", typ[:min(len(typ), 60)])
}

// status passes a status response with the code go-imap can read, or without the code.
func (c *Conn) status(tag, typ, rest []byte) {
	code, args, words := splitCode(rest)
	words = bytes.TrimSpace(clean(words))
	switch {
	case string(typ) == "BYE":
		c.o.Bye(string(words))
	case string(code) == "ALERT":
		c.o.Alert(string(words))
	case string(code) == "NOTIFICATIONOVERFLOW":
		c.o.Overflow()
	}
	c.emitOpen(tag, []byte(" "), typ)
	if args, ok := codeArgs(code, args); ok {
		if string(code) == "CAPABILITY" {
			c.told.Add(1)
		}
		c.out = append(append(append(append(c.out, " ["...), code...), args...), ']')
	} else {
		words = bytes.TrimLeft(words, "[ ") // or go-imap would look for a code
	}
	if len(words) > 0 {
		c.out = append(append(c.out, ' '), words...)
	}
	c.out = append(c.out, "\r\n"...)
}

// splitCode takes "[CODE args] words" apart; without a whole code it is all words.
func splitCode(b []byte) (code, args, words []byte) {
	b = bytes.TrimLeft(b, " ")
	if len(b) == 0 || b[0] != '[' {
		return nil, nil, b
	}
	end := []byte("]")
	if upper := bytes.ToUpper(b[:min(len(b), 17)]); bytes.HasPrefix(upper, []byte("[PERMANENTFLAGS ")) {
		end = []byte(")]") // a flag may hold what the grammar forbids
	}
	i := bytes.Index(b, end)
	if i < 0 {
		return nil, nil, b[1:]
	}
	i += len(end) - 1
	inner, words := b[1:i], b[i+1:]
	code, args, _ = bytes.Cut(inner, []byte(" "))
	if !isAtom(code) {
		return nil, nil, b[1:]
	}
	return bytes.ToUpper(code), args, words
}

// codeArgs is what follows the code inside the brackets; ok is false when the code must go.
func codeArgs(code, args []byte) (out []byte, ok bool) {
	f := bytes.Fields(args)
	switch string(code) {
	case "":
		return nil, false
	case "UIDNEXT", "UIDVALIDITY":
		ok = len(f) == 1 && number(f[0], 32)
	case "HIGHESTMODSEQ":
		ok = len(f) == 1 && number(f[0], 64)
	case "APPENDUID":
		ok = len(f) == 2 && number(f[0], 32) && positive(f[1])
	case "COPYUID":
		ok = len(f) == 3 && number(f[0], 32) && numberSet(f[1]) && numberSet(f[2])
	case "CAPABILITY":
		f = bytes.Fields(joinAtoms(args, isAtom))
		ok = true
	case "PERMANENTFLAGS":
		l := bytes.TrimSpace(args)
		if len(l) < 2 || l[0] != '(' || l[len(l)-1] != ')' {
			return nil, false
		}
		flags := joinAtoms(l[1:len(l)-1], func(b []byte) bool { return string(b) == `\*` || isFlag(b) })
		return append(append([]byte(" ("), bytes.TrimLeft(flags, " ")...), ')'), true
	default: // go-imap does not look at the arguments of others
		return nil, true
	}
	for _, a := range f {
		out = append(append(out, ' '), a...)
	}
	return out, ok
}

// search passes a search result if each of its parts is sound: a message left out would count as gone.
func (c *Conn) search(typ, rest []byte) error {
	p := &parser{b: rest, depth: 2}
	vs, ok := p.values()
	if !ok {
		return violation("sent a search result that is not one")
	}
	if string(typ) == "ESEARCH" {
		return c.esearch(vs)
	}
	c.emitOpen([]byte("* SEARCH"))
	for _, v := range vs {
		switch {
		case v.kind == atom && positive(v.bytes):
			c.out = append(append(c.out, ' '), v.bytes...)
		case v.kind == list: // (MODSEQ n): not used
		default:
			return violation("sent a search result that is not one")
		}
	}
	c.out = append(c.out, "\r\n"...)
	return nil
}

// esearch passes an extended search result with COUNT, MIN, MAX and ALL.
func (c *Conn) esearch(vs []value) error {
	c.emitOpen([]byte("* ESEARCH"))
	if len(vs) > 0 && vs[0].kind == list {
		l := vs[0].list
		if len(l) != 2 || !isOneOf(bytes.ToUpper(l[0].bytes), "TAG") || !isAtom(l[1].bytes) {
			return violation("sent a search result without its tag")
		}
		c.out = append(appendQuoted(append(c.out, " (TAG "...), l[1].bytes), ')')
		vs = vs[1:]
	}
	if len(vs) > 0 && vs[0].kind == atom && isOneOf(bytes.ToUpper(vs[0].bytes), "UID") {
		c.out = append(c.out, " UID"...)
		vs = vs[1:]
	}
	for ; len(vs) >= 2; vs = vs[2:] {
		name, v := bytes.ToUpper(vs[0].bytes), vs[1].bytes
		switch {
		case vs[1].kind != atom:
		case isOneOf(name, "MIN", "MAX", "COUNT") && number(v, 32), isOneOf(name, "ALL") && numberSet(v):
			c.out = append(append(append(append(c.out, ' '), name...), ' '), v...)
		case isOneOf(name, "MIN", "MAX", "COUNT", "ALL"):
			return violation("sent a search result that is not one")
		}
	}
	if len(vs) != 0 {
		return violation("sent a search result that is not one")
	}
	if len(c.out) == len("* ESEARCH") {
		return c.drop("an empty ESEARCH")
	}
	c.out = append(c.out, "\r\n"...)
	return nil
}

// hold collects a response with its literals and dispatches it once it is whole.
func (c *Conn) hold(line []byte) error {
	c.held = append(c.held, line...)
	if n, at := marker(line); at >= 0 && !inQuotes(line[:at]) {
		if n > int64(c.o.Line-len(c.held)) {
			return violation("sent a literal of %d octets that no one asked for", n)
		}
		c.held = append(c.held, "\r\n"...)
		start := len(c.held)
		c.held = append(c.held, make([]byte, n)...)
		if _, err := io.ReadFull(c.br, c.held[start:]); err != nil {
			return cut(err)
		}
		return nil
	}
	defer func() { c.held = c.held[:0] }()
	if len(c.held) > c.o.Line {
		return violation("sent a line of more than %d octets", c.o.Line)
	}
	return c.dispatch(c.held)
}

// dispatch handles a whole untagged response that was collected.
func (c *Conn) dispatch(resp []byte) error {
	word, rest, _ := bytes.Cut(resp[2:], []byte(" "))
	typ := string(bytes.ToUpper(word))
	switch typ {
	case "LIST", "STATUS", "NAMESPACE", "FLAGS":
	default:
		return c.drop("%q", resp[:min(len(resp), 60)])
	}
	p := &parser{b: rest, depth: c.o.Depth}
	vs, ok := p.values()
	if p.depth < 0 {
		return violation("nests lists more than %d deep", c.o.Depth)
	}
	if ok {
		switch typ {
		case "LIST":
			ok = c.list(vs)
		case "STATUS":
			ok = c.mailboxStatus(vs)
		case "NAMESPACE":
			ok = c.namespace(vs)
		case "FLAGS":
			ok = c.flags(vs)
		}
	}
	if !ok {
		return c.drop("a line that cannot be read: %q", resp[:min(len(resp), 200)])
	}
	return nil
}

// list passes (attributes) delimiter mailbox.
func (c *Conn) list(vs []value) bool {
	if len(vs) < 3 || vs[0].kind != list || vs[1].kind == list || vs[2].kind == list || !isMailboxName(vs[2].bytes) {
		return false
	}
	c.emitOpen([]byte("* LIST "))
	c.appendFlags(vs[0].list)
	if d := vs[1]; d.kind == text && utf8.Valid(d.bytes) && utf8.RuneCount(d.bytes) == 1 && d.bytes[0] >= ' ' {
		c.out = append(appendQuoted(append(c.out, ' '), d.bytes), ' ')
	} else {
		c.out = append(c.out, " NIL "...)
	}
	c.out = append(appendQuoted(c.out, vs[2].bytes), "\r\n"...)
	return true
}

// mailboxStatus passes mailbox (name number …), leaving out what is no number. After Notify one without UIDVALIDITY, for which
// every STATUS asks, may be one that nobody has asked for, and would be taken for the answer to one: that is only told.
func (c *Conn) mailboxStatus(vs []value) bool {
	if len(vs) != 2 || vs[0].kind == list || vs[1].kind != list || !isMailboxName(vs[0].bytes) {
		return false
	}
	var items []byte
	numbers := map[string]uint64{}
	for l := vs[1].list; len(l) >= 2; l = l[2:] {
		name, v := bytes.ToUpper(l[0].bytes), l[1].bytes
		bits := 32
		if isOneOf(name, "HIGHESTMODSEQ") {
			bits = 64
		}
		if !isOneOf(name, "MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ") || !number(v, bits) {
			continue
		}
		if len(items) > 0 {
			items = append(items, ' ')
		}
		items = append(append(append(items, name...), ' '), v...)
		numbers[string(name)] = number64(v)
	}
	c.tell(vs[0].bytes, numbers)
	if _, whole := numbers["UIDVALIDITY"]; !whole && c.notified.Load() {
		c.out = c.out[:0]
		return true
	}
	c.emitOpen([]byte("* STATUS "))
	c.out = append(appendQuoted(c.out, vs[0].bytes), " ("...)
	c.out = append(append(c.out, items...), ")\r\n"...)
	return true
}

// namespace passes three lists of (prefix delimiter), or NILs.
func (c *Conn) namespace(vs []value) bool {
	if len(vs) != 3 {
		return false
	}
	c.emitOpen([]byte("* NAMESPACE"))
	for _, v := range vs {
		if v.kind != list || len(v.list) == 0 {
			c.out = append(c.out, " NIL"...)
			continue
		}
		c.out = append(c.out, " ("...)
		for _, ns := range v.list {
			if len(ns.list) < 2 || ns.list[0].kind != text || len(ns.list[0].bytes) > 0 && !isMailboxName(ns.list[0].bytes) {
				return false
			}
			c.out = appendQuoted(append(c.out, '('), ns.list[0].bytes)
			if d := ns.list[1]; d.kind == text && utf8.Valid(d.bytes) && utf8.RuneCount(d.bytes) == 1 {
				c.out = append(appendQuoted(append(c.out, ' '), d.bytes), ')')
			} else {
				c.out = append(c.out, " NIL)"...)
			}
		}
		c.out = append(c.out, ')')
	}
	c.out = append(c.out, "\r\n"...)
	return true
}

// flags passes the list of a mailbox's flags.
func (c *Conn) flags(vs []value) bool {
	if len(vs) != 1 || vs[0].kind != list {
		return false
	}
	c.emitOpen([]byte("* FLAGS "))
	c.appendFlags(vs[0].list)
	c.out = append(c.out, "\r\n"...)
	return true
}

// appendFlags adds the flags that go-imap can read, in parentheses.
func (c *Conn) appendFlags(l []value) {
	c.out = append(c.out, '(')
	first := true
	for _, v := range l {
		if v.kind != atom || !isFlag(v.bytes) {
			continue
		}
		if !first {
			c.out = append(c.out, ' ')
		}
		first = false
		c.out = append(c.out, v.bytes...)
	}
	c.out = append(c.out, ')')
}

// emit sets what go-imap reads next to a line of these parts.
func (c *Conn) emit(parts ...[]byte) {
	c.emitOpen(parts...)
	c.out = append(c.out, "\r\n"...)
}

// emitOpen is emit without the line end.
func (c *Conn) emitOpen(parts ...[]byte) {
	c.out = c.out[:0]
	for _, p := range parts {
		c.out = append(c.out, p...)
	}
}

// joinAtoms keeps the words of b that are valid, each after a space.
func joinAtoms(b []byte, valid func([]byte) bool) []byte {
	var out []byte
	for _, w := range bytes.Fields(b) {
		if valid(w) {
			out = append(append(out, ' '), w...)
		}
	}
	return out
}

func isOneOf(b []byte, names ...string) bool {
	for _, n := range names {
		if string(b) == n {
			return true
		}
	}
	return false
}
