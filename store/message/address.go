package message

import (
	"strings"
)

const maxAddresses = 10_000 // of one field

// ParseAddressList reads an address header value leniently; never fails. What
// is no address at all comes back as a Name without Addr. Groups give their
// members; an empty group gives its name (undisclosed-recipients).
func ParseAddressList(value string) []Address { return parseAddresses(value, "") }

// parseAddresses is ParseAddressList with the charset to try for raw 8-bit bytes.
func parseAddresses(value, hint string) []Address {
	var out []Address
	var held []string // unquoted pieces of a name before commas: Doe, John <john@x>
	release := func() {
		for _, h := range held {
			out = appendAddress(out, readMailbox(h), hint)
		}
		held = held[:0]
	}
	s := addressScanner{rest: value}
	for len(out) < maxAddresses {
		piece, sep, ok := s.next()
		if !ok {
			break
		}
		switch {
		case sep == ':': // a group begins
			release()
			if s.emptyGroup() {
				out = appendAddress(out, mailbox{name: nameOf(piece)}, hint)
			}
		case piece == "":
		case len(held) > 0 && len(held) <= 3 && strings.Contains(piece, "<"):
			out = appendAddress(out, readMailbox(strings.Join(held, ", ")+", "+piece), hint)
			held = held[:0]
		case sep == ',' && !strings.ContainsAny(piece, "@<\"(") && !strings.Contains(piece, "=?"):
			held = append(held, piece)
		default:
			release()
			for first := ""; piece != "" && len(out) < maxAddresses; {
				first, piece = splitUnseparated(piece)
				out = appendAddress(out, readMailbox(first), hint)
			}
		}
	}
	release()
	return out
}

// splitUnseparated cuts off the first of several addresses in brackets between
// which the comma is missing.
func splitUnseparated(piece string) (first, rest string) {
	end := strings.IndexByte(piece, '>')
	if end < 0 || strings.IndexByte(piece[end:], '<') < 0 || !strings.Contains(piece[:end], "@") || strings.IndexByte(piece[:end], '"') >= 0 {
		return piece, ""
	}
	return piece[:end+1], trimBlank(piece[end+1:])
}

// addressScanner cuts a list at its separators, which inside quotes, comments
// and angle brackets are none.
type addressScanner struct {
	rest    string
	noQuote bool // a quote was found that never closes
}

// next returns a piece and the separator that ended it: , ; : or 0 at the end.
func (s *addressScanner) next() (piece string, sep byte, ok bool) {
	if s.rest == "" {
		return "", 0, false
	}
	angle, comment := false, 0
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '\\' && i+1 < len(s.rest):
			i++
		case c == '"' && comment == 0 && !s.noQuote:
			if n := quotedLen(s.rest[i:]); n > 0 {
				i += n - 1
			} else {
				s.noQuote = true
			}
		case c == '(' && !angle:
			comment++
		case c == ')' && comment > 0:
			comment--
		case comment > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' || c == ';' || c == ':' && !angle && isGroupName(s.rest[:i]):
			if angle && !strings.Contains(s.rest[i:min(len(s.rest), i+300)], "<") && strings.Contains(s.rest[i:min(len(s.rest), i+300)], ">") {
				continue // a route or a comma within the brackets
			}
			piece, s.rest = s.rest[:i], s.rest[i+1:]
			return trimBlank(piece), c, true
		}
	}
	piece, s.rest = s.rest, ""
	return trimBlank(piece), 0, true
}

// isGroupName reports whether what precedes a colon can be the name of a group.
func isGroupName(s string) bool {
	if len(s) > 2000 {
		return false
	}
	s = trimBlank(s)
	if strings.HasPrefix(s, `"`) && quotedLen(s) == len(s) || encodedWords(s) {
		return true
	}
	return len(s) <= 200 && s != "" && !strings.ContainsAny(s, "@<[") && !strings.Contains(s, "=?") && !strings.EqualFold(s, "mailto")
}

// encodedWords reports whether s is nothing but encoded words (RFC 2047).
func encodedWords(s string) bool {
	for w := range strings.FieldsSeq(s) {
		if !strings.HasPrefix(w, "=?") || !strings.HasSuffix(w, "?=") || strings.Count(w, "?") != 4 {
			return false
		}
	}
	return s != ""
}

// emptyGroup takes the end of a group without members.
func (s *addressScanner) emptyGroup() bool {
	rest := strings.TrimLeft(s.rest, " \t")
	if rest == "" || rest[0] == ';' {
		s.rest = strings.TrimPrefix(rest, ";")
		return true
	}
	return false
}

// quotedLen returns the length of the quoted string s begins with, 0 when it never ends.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// mailbox is an address before decoding.
type mailbox struct{ name, addr string }

// readMailbox reads one piece of a list: name <addr>, addr (name), addr, or anything.
func readMailbox(piece string) mailbox {
	if open := strings.LastIndexByte(piece, '<'); open >= 0 {
		inside, after, _ := strings.Cut(piece[open+1:], ">")
		m := mailbox{name: trimBlank(piece[:open]), addr: cleanAddr(inside)}
		if m.name == "" {
			m.name = trimBlank(after)
		}
		if strings.Contains(m.addr, "@") || !strings.Contains(m.name, "@") {
			m.name = nameOf(m.name)
			return m
		}
		piece = piece[:open] // <> empty or no address: the name may be one
	}
	comment := commentIn(piece)
	addr := cleanAddr(stripComments(piece))
	if comment != "" && !strings.Contains(addr, "@") && strings.Contains(comment, "@") {
		return mailbox{name: trimBlank(stripComments(piece)), addr: cleanAddr(comment)}
	}
	if !strings.Contains(piece, "@") {
		return mailbox{name: nameOf(piece)}
	}
	if word := wordWithAt(addr); word != addr && !strings.HasPrefix(addr, `"`) {
		return mailbox{name: nameOf(trimBlank(strings.Replace(addr, word, "", 1))), addr: cleanAddr(word)}
	}
	return mailbox{name: comment, addr: addr}
}

// wordWithAt returns the last word that has an @, or all of s.
func wordWithAt(s string) string {
	if !strings.ContainsAny(s, " \t") {
		return s
	}
	found := s
	for w := range strings.FieldsSeq(s) {
		if strings.Contains(w, "@") {
			found = w
		}
	}
	return found
}

// commentIn returns the text of the comments in a piece.
func commentIn(piece string) string {
	open := strings.IndexByte(piece, '(')
	end := strings.LastIndexByte(piece, ')')
	if open < 0 {
		return ""
	}
	if end < open {
		end = len(piece)
	}
	return nameOf(piece[open+1 : end])
}

// cleanAddr removes what cannot be part of an address: blanks, brackets,
// mailto:, a source route (RFC 5322 section 4.4).
func cleanAddr(s string) string {
	s = strings.Trim(s, " \t<>,;'")
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") {
		if _, after, ok := strings.Cut(s, ":"); ok {
			s = after
		}
	}
	if len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' && strings.Contains(s, "@") {
		s = trimBlank(s[1 : len(s)-1])
	}
	if strings.HasPrefix(s, `"`) {
		return s // a quoted local part may hold blanks
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	return strings.Trim(strings.TrimSpace(s[:at]), "\"") + "@" + strings.TrimRight(strings.TrimSpace(s[at+1:]), ".\"")
}

// nameOf undoes the quoting of a display name.
func nameOf(s string) string {
	s = trimBlank(s)
	if strings.ContainsAny(s, `\"`) {
		s = unquoteName(s)
	}
	return withoutQuotes(s, '\'') // 'Name' as Outlook writes it
}

// withoutQuotes removes a pair of quotes round the whole name.
func withoutQuotes(s string, quote byte) string {
	s = trimBlank(s)
	if len(s) >= 2 && s[0] == quote && strings.IndexByte(s[1:], quote) == len(s)-2 {
		s = s[1 : len(s)-1]
	}
	return trimBlank(s)
}

// unquoteName removes quotes and the backslashes of quoted pairs.
func unquoteName(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			b.WriteByte(s[i])
			continue
		}
		if s[i] != '"' {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// appendAddress decodes a mailbox and adds it. An encoded word that holds a
// whole address is taken apart.
func appendAddress(out []Address, m mailbox, hint string) []Address {
	// Quotes were undone before decoding: those within encoded words are the name's own.
	name := strings.TrimSpace(decodeHeader(m.name, hint))
	addr := decodeHeader(m.addr, hint)
	if addr == "" && strings.Contains(name, "@") && strings.Contains(m.name, "=?") {
		inner := readMailbox(name)
		name, addr = inner.name, inner.addr
	}
	if strings.Contains(m.name, "=?") {
		name = withoutQuotes(withoutQuotes(name, '"'), '\'') // some programs encode the quotes along with the name
	}
	addr = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.TrimSpace(addr))
	if name == "" && addr == "" {
		return out
	}
	return append(out, Address{Name: name, Addr: addr})
}
