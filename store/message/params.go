package message

import (
	"slices"
	"strconv"
	"strings"
)

const maxParams = 500 // parameters read of one field

// parseParams reads a field of the form "first; name=value; …" (RFC 2045
// section 5.1) with RFC 2231 continuations and charsets, and whatever people
// write instead. Names are in lower case, values decoded; the boundary is left
// as it came, bytes and all. hint is the charset to try for raw 8-bit bytes.
func parseParams(value, hint string) (first string, params map[string]string) {
	first, rest := cutFirst(value)
	s := paramScanner{rest: rest}
	var pieces map[string][]paramPiece
	for range maxParams {
		name, val, ok := s.next()
		if !ok {
			break
		}
		if params == nil {
			params = make(map[string]string, 4)
		}
		if base, piece, ok := splitPieceName(name); ok {
			if pieces == nil {
				pieces = make(map[string][]paramPiece)
			}
			piece.value = val
			pieces[base] = append(pieces[base], piece)
			continue
		}
		if _, dup := params[name]; !dup {
			params[name] = decodeParam(name, val, hint)
		}
	}
	for base, list := range pieces {
		if v := joinPieces(base, list, hint); v != "" {
			params[base] = v
		}
	}
	return first, params
}

// cutFirst takes the word before the parameters, in lower case and without comments.
func cutFirst(value string) (first, rest string) {
	first, rest, _ = strings.Cut(value, ";")
	first = trimBlank(stripComments(first))
	if word, more, ok := strings.Cut(first, " "); ok && strings.Contains(more, "=") {
		first, rest = word, more+";"+rest
	}
	if strings.Contains(first, "=") {
		first, rest = "", value
	}
	return strings.ToLower(strings.Trim(first, "\"' \t")), rest
}

// stripComments removes RFC 5322 comments from a structured value.
func stripComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// paramScanner takes one parameter after the other from rest.
type paramScanner struct {
	rest    string
	noClose bool // no closing quote exists any more: do not search again (linear time)
}

func (s *paramScanner) next() (name, value string, ok bool) {
	for {
		s.rest = strings.TrimLeft(s.rest, "; \t")
		if s.rest == "" {
			return "", "", false
		}
		i := strings.IndexAny(s.rest, "=;")
		if i < 0 {
			return "", "", false
		}
		if s.rest[i] == ';' {
			s.rest = s.rest[i:]
			continue
		}
		name = strings.ToLower(trimBlank(stripComments(s.rest[:i])))
		if j := strings.LastIndexAny(name, " \t"); j >= 0 {
			name = name[j+1:]
		}
		s.rest = strings.TrimLeft(s.rest[i+1:], " \t")
		return name, s.value(name), true
	}
}

// value takes a quoted or bare value.
func (s *paramScanner) value(name string) string {
	if strings.HasPrefix(s.rest, `"`) && !s.noClose {
		if end := closingQuote(s.rest); end > 0 {
			v := unquote(s.rest[1:end])
			s.rest = s.rest[end+1:]
			return v
		}
		s.noClose = true
	}
	v, rest, _ := strings.Cut(s.rest, ";")
	if i := nextParamIn(v); i > 0 {
		v, rest = v[:i], s.rest[i:]
	}
	s.rest = rest
	v = trimBlank(v)
	if !isNameParam(name) {
		v = trimBlank(stripComments(v))
	}
	return strings.Trim(v, `"`)
}

// closingQuote returns where the quoted string that s begins with ends: at a
// quote followed by the end, a semicolon or another parameter. Quotes people
// left unescaped inside are passed over. 0 when it does not end.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
		case '"':
			rest := strings.TrimLeft(s[i+1:], " \t")
			if rest == "" || rest[0] == ';' || rest[0] == '(' || looksLikeParam(rest) {
				return i
			}
		}
	}
	return 0
}

// unquote undoes \" and \\ only: other backslashes are those of Windows paths.
func unquote(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
}

// nextParamIn finds a parameter that follows a bare value without semicolon.
func nextParamIn(v string) int {
	for i := 1; i < len(v); i++ {
		if (v[i-1] == ' ' || v[i-1] == '\t') && looksLikeParam(v[i:]) {
			return i
		}
	}
	return 0
}

// looksLikeParam reports whether s begins with name=.
func looksLikeParam(s string) bool {
	const longest = 32
	for i := range min(len(s), longest) {
		b := s[i]
		switch {
		case b == '=':
			return i > 1
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '*':
		default:
			return false
		}
	}
	return false
}

func isNameParam(name string) bool {
	return strings.HasPrefix(name, "name") || strings.HasPrefix(name, "filename")
}

// paramPiece is one name*N*= piece of RFC 2231.
type paramPiece struct {
	index    int
	extended bool // percent-encoded
	value    string
}

// splitPieceName reads name*, name*0 and name*0*.
func splitPieceName(name string) (base string, p paramPiece, ok bool) {
	base, rest, ok := strings.Cut(name, "*")
	if !ok || base == "" {
		return "", p, false
	}
	if rest == "" {
		return base, paramPiece{extended: true}, true
	}
	if digits, found := strings.CutSuffix(rest, "*"); found {
		p.extended, rest = true, digits
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		n = 0
	}
	p.index = n
	return base, p, true
}

// joinPieces puts the pieces of one parameter together and decodes the whole,
// so that a character split between pieces survives.
func joinPieces(name string, list []paramPiece, hint string) string {
	slices.SortStableFunc(list, func(a, b paramPiece) int { return a.index - b.index })
	var b strings.Builder
	charset, extended := "", false
	for i, p := range list {
		v := p.value
		if !p.extended {
			b.WriteString(v)
			continue
		}
		if i == 0 {
			if cs, lang, ok := strings.Cut(v, "'"); ok {
				if _, text, ok := strings.Cut(lang, "'"); ok {
					charset, v, extended = cs, text, true
				}
			}
		}
		b.WriteString(percentDecode(v))
	}
	if extended {
		text, _ := decodeText([]byte(b.String()), charset)
		return oneLine(text)
	}
	return decodeParam(name, b.String(), hint)
}

// decodeParam decodes RFC 2047 words and raw 8-bit bytes in a plain value,
// where neither is allowed but both are common.
func decodeParam(name, value, hint string) string {
	if name == "boundary" {
		return value
	}
	return decodeHeader(value, hint)
}

func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// unhex returns the value of a hexadecimal digit in either case, or -1.
func unhex(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	}
	return -1
}
