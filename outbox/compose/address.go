package compose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mua/account"
	"mua/store/message"
)

// ParseAddresses reads recipients as a person writes them: mailboxes of RFC 5321
// and RFC 6531 separated by commas, with or without names. Empty elements are
// skipped, names may be UTF-8, domains international. A group (RFC 5322 3.4) stands for
// its members, "Undisclosed recipients:;" for nobody. Comments without an
// address, and anything after an address are refused: the error is an
// *account.Trouble of KindData that shows the text with a caret under the place.
// Addr is as written, with needless quotes of the local part removed.
func ParseAddresses(s string) ([]message.Address, error) {
	p := &addressParser{s: s, groups: true}
	return p.list()
}

// FormatAddresses writes addresses as ParseAddresses reads them, for a field that
// a person edits: UTF-8, one line, names quoted where needed.
func FormatAddresses(list []message.Address) string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		name := strings.TrimSpace(oneLine(a.Name))
		switch {
		case name == "":
			out = append(out, a.Addr)
		case isPlainPhrase(name):
			out = append(out, name+" <"+a.Addr+">")
		default:
			out = append(out, quoteString(name)+" <"+a.Addr+">")
		}
	}
	return strings.Join(out, ", ")
}

// addressParser reads one header value or command-line argument. It never looks
// past the end and every loop consumes, so any input ends.
type addressParser struct {
	s       string
	pos     int
	bare    bool // accept names without a domain: "root", "root (Cron Daemon)"
	groups  bool // accept RFC 5322 groups and take their members
	field   bool // the value of a header field: it may be folded, and the ; of a group may be missing
	inGroup bool
	comment string // text of the last comment read
}

// fail reports what is wrong at pos.
func (p *addressParser) fail(pos int, format string, a ...any) *account.Trouble {
	return badPlace(p.s, pos, format, a...)
}

func (p *addressParser) end() bool { return p.pos >= len(p.s) }

func (p *addressParser) peek() byte {
	if p.end() {
		return 0
	}
	return p.s[p.pos]
}

// list reads mailboxes up to the end, or up to the ; of a group.
func (p *addressParser) list() ([]message.Address, error) {
	var out []message.Address
	for {
		if err := p.space(); err != nil {
			return nil, err
		}
		switch {
		case p.end() || p.inGroup && p.peek() == ';':
			return out, nil
		case p.peek() == ',':
			p.pos++
			continue
		}
		found, err := p.element()
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		if err := p.space(); err != nil {
			return nil, err
		}
		if p.end() || p.peek() == ',' || p.inGroup && p.peek() == ';' {
			continue
		}
		if p.peek() == ';' {
			return nil, p.fail(p.pos, "addresses are separated by commas")
		}
		return nil, p.fail(p.pos, "nothing may follow an address but a comma")
	}
}

// element reads one mailbox, or one group where those are allowed.
func (p *addressParser) element() ([]message.Address, error) {
	start := p.pos
	p.comment = ""
	var words []string
	for {
		if err := p.space(); err != nil {
			return nil, err
		}
		at := p.pos
		switch c := p.peek(); {
		case p.end(), c == ',', c == ';':
			return p.nameOnly(start, words)
		case c == ':':
			return p.group(words)
		case c == '<':
			addr, err := p.angle()
			return []message.Address{{Name: strings.Join(words, " "), Addr: addr}}, err
		case c == '"':
			text, err := p.quoted()
			if err != nil {
				return nil, err
			}
			if p.peek() == '@' {
				return p.spec(at, start, words, unquoteLocal(text))
			}
			words = append(words, text)
		case c == '@':
			return nil, p.fail(at, "nothing stands before the @")
		default:
			run := p.run()
			if run == "" {
				return nil, p.unexpected(at)
			}
			if p.peek() == '@' {
				return p.spec(at, start, words, run)
			}
			words = append(words, run)
		}
	}
}

// unexpected names the character at pos, which no address may have there.
func (p *addressParser) unexpected(at int) error {
	r, _ := utf8.DecodeRuneInString(p.s[at:])
	switch {
	case r == '>':
		return p.fail(at, "a > without its <")
	case r == utf8.RuneError || !unicode.IsPrint(r):
		return p.fail(at, "a character that no address may have (U+%04X)", r)
	}
	return p.fail(at, "%q is not allowed in a name unless the name is in quotes", string(r))
}

// nameOnly decides on words that no address followed.
func (p *addressParser) nameOnly(start int, words []string) ([]message.Address, error) {
	if p.bare && len(words) == 1 && localProblem(words[0]) == "" {
		return []message.Address{{Name: p.comment, Addr: words[0]}}, nil
	}
	if len(words) == 0 {
		return nil, p.fail(start, "an address is missing")
	}
	return nil, p.fail(start, "%q needs @domain", oneLine(strings.Join(words, " ")))
}

// group reads "name: a@b, c@d;" and gives its members.
func (p *addressParser) group(words []string) ([]message.Address, error) {
	switch {
	case !p.groups:
		return nil, p.fail(p.pos, "a group cannot stand here; name its members")
	case p.inGroup:
		return nil, p.fail(p.pos, "a group cannot have another one in it")
	case len(words) == 0:
		return nil, p.fail(p.pos, "the name of the group is missing")
	}
	p.pos++
	p.inGroup = true
	members, err := p.list()
	p.inGroup = false
	if err != nil {
		return nil, err
	}
	switch {
	case p.peek() == ';':
		p.pos++
	case !p.field:
		return nil, p.fail(p.pos, "the ; of the group is missing")
	}
	return members, nil
}

// spec reads "@domain" after a local part that is not in angle brackets.
func (p *addressParser) spec(at, start int, words []string, local string) ([]message.Address, error) {
	if len(words) > 0 {
		return nil, p.fail(at, "an address after a name must stand in < >")
	}
	addr, err := p.domain(at, local)
	if err != nil {
		return nil, err
	}
	p.comment = ""
	if err := p.space(); err != nil {
		return nil, err
	}
	return []message.Address{{Name: p.comment, Addr: addr}}, nil
}

// angle reads "<local@domain>".
func (p *addressParser) angle() (string, error) {
	p.pos++
	at := p.pos
	var local string
	switch p.peek() {
	case '"':
		text, err := p.quoted()
		if err != nil {
			return "", err
		}
		local = unquoteLocal(text)
	case '@':
		return "", p.fail(at, "nothing stands before the @")
	default:
		local = p.run()
	}
	if p.bare && local != "" && p.peek() == '>' && localProblem(local) == "" {
		p.pos++
		return local, nil
	}
	if p.peek() != '@' {
		if p.peek() == '>' || p.end() {
			return "", p.fail(at, "%q needs @domain", oneLine(local))
		}
		return "", p.unexpectedInSpec()
	}
	addr, err := p.domain(at, local)
	if err != nil {
		return "", err
	}
	if p.peek() != '>' {
		return "", p.fail(p.pos, "the > is missing")
	}
	p.pos++
	return addr, nil
}

func (p *addressParser) unexpectedInSpec() error {
	r, _ := utf8.DecodeRuneInString(p.s[p.pos:])
	return p.fail(p.pos, "%q is not allowed in an address", oneLine(string(r)))
}

// domain reads "@domain" and checks the whole address; at is where local began.
func (p *addressParser) domain(at int, local string) (string, error) {
	p.pos++ // the @
	from := p.pos
	if p.peek() == '[' {
		if n := strings.IndexByte(p.s[p.pos:], ']'); n >= 0 {
			p.pos += n + 1
		} else {
			return "", p.fail(p.pos, "the ] of the address literal is missing")
		}
	} else {
		for !p.end() {
			r, n := utf8.DecodeRuneInString(p.s[p.pos:])
			if !isAtomRune(r) && r != '.' {
				break
			}
			p.pos += n
		}
	}
	addr := local + "@" + p.s[from:p.pos]
	if problem := localProblem(local); problem != "" {
		return "", p.fail(at, "%s", problem)
	}
	if _, problem := asciiDomain(p.s[from:p.pos]); problem != "" {
		return "", p.fail(from, "%s", problem)
	}
	if _, err := canonical(addr); err != nil {
		return "", p.fail(at, "the address is longer than mail allows")
	}
	return addr, nil
}

// run reads characters of atoms and dots.
func (p *addressParser) run() string {
	from := p.pos
	for !p.end() {
		r, n := utf8.DecodeRuneInString(p.s[p.pos:])
		if !isAtomRune(r) && r != '.' {
			break
		}
		p.pos += n
	}
	return p.s[from:p.pos]
}

// quoted reads a quoted string and gives its content, unescaped.
func (p *addressParser) quoted() (string, error) {
	at := p.pos
	var b strings.Builder
	for p.pos++; !p.end(); {
		r, n := utf8.DecodeRuneInString(p.s[p.pos:])
		switch {
		case r == '"':
			p.pos++
			return b.String(), nil
		case r == '\\' && p.pos+1 < len(p.s):
			p.pos++
			r, n = utf8.DecodeRuneInString(p.s[p.pos:])
		}
		if r != '\t' && unicode.IsControl(r) || r == utf8.RuneError && n < 2 {
			return "", p.fail(p.pos, "a character that no address may have (U+%04X)", r)
		}
		b.WriteRune(r)
		p.pos += n
	}
	return "", p.fail(at, "the closing quote is missing")
}

// space skips blanks and comments; the text of the last comment is kept.
func (p *addressParser) space() error {
	for !p.end() {
		switch c := p.peek(); {
		case c == ' ' || c == '\t':
			p.pos++
		case (c == '\r' || c == '\n') && p.field: // folding
			p.pos++
		case c == '(':
			if err := p.readComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// readComment reads "(…)", nested and with escapes.
func (p *addressParser) readComment() error {
	at, depth := p.pos, 0
	var b strings.Builder
	for !p.end() {
		c := p.s[p.pos]
		p.pos++
		switch c {
		case '(':
			if depth++; depth == 1 {
				continue
			}
		case ')':
			if depth--; depth == 0 {
				p.comment = strings.TrimSpace(strings.ToValidUTF8(b.String(), "\uFFFD"))
				return nil
			}
		case '\\':
			if !p.end() {
				c = p.s[p.pos]
				p.pos++
			}
		case 0, '\r', '\n':
			if c == 0 || !p.field {
				return p.fail(p.pos-1, "a character that no address may have (U+%04X)", rune(c))
			}
			c = ' '
		}
		b.WriteByte(c)
	}
	return p.fail(at, "the ) is missing")
}

// isAtomRune reports whether r is atext (RFC 5322 3.2.3, RFC 6532 3.2).
func isAtomRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	case r < 0x80:
		return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	}
	return r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.IsSpace(r)
}

// isPlainPhrase reports whether a display name needs no quotes for ParseAddresses.
func isPlainPhrase(s string) bool {
	for word := range strings.SplitSeq(s, " ") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !isAtomRune(r) }) {
			return false
		}
	}
	return true
}

// isDotAtom reports whether s is atoms joined by single dots.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtomRune(r) }) {
			return false
		}
	}
	return true
}

// unquoteLocal gives the form of a quoted local part that addresses carry: bare
// when that means the same (RFC 5321 4.1.2), else in quotes.
func unquoteLocal(text string) string {
	if isDotAtom(text) {
		return text
	}
	return quoteString(text)
}

// quoteString makes a quoted string (RFC 5322 3.2.4).
func quoteString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
