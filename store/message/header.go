package message

import (
	"bytes"
	"strings"
	"time"
)

// rawField is a header field unfolded but not decoded: the value may hold any bytes.
type rawField struct{ name, value string }

// header is the fields of a message or part, in order.
type header struct {
	fields  []rawField
	defects []string
}

// get returns the first non-empty raw value of the named field.
func (h header) get(name string) string {
	for _, f := range h.fields {
		if len(f.name) == len(name) && f.value != "" && strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// addresses reads all fields of that name as address lists.
func (h header) addresses(name, hint string) []Address {
	var out []Address
	for _, f := range h.fields {
		if len(f.name) == len(name) && strings.EqualFold(f.name, name) {
			out = append(out, parseAddresses(f.value, hint)...)
		}
	}
	return out
}

// date reads the Date field, or what stands in for it.
func (h header) date() time.Time {
	for _, name := range [...]string{"Date", "Resent-Date"} {
		if t := ParseDate(h.get(name)); !t.IsZero() {
			return t
		}
	}
	if v := h.get("Received"); v != "" {
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			return ParseDate(v[i+1:])
		}
	}
	return time.Time{}
}

// charsetHint is the charset to try for raw 8-bit header bytes: the body's.
func (h header) charsetHint() string {
	for _, f := range h.fields {
		if !isASCII(f.value) {
			_, params := parseParams(h.get("Content-Type"), "")
			return params["charset"]
		}
	}
	return ""
}

// headerSpan is where a header ends and its body begins.
type headerSpan struct {
	end, body int
	defects   []string
}

// scanHeader finds the end of the header that begins at src[0]. stop, when not
// nil, tells that a line is a MIME boundary, which ends a header too. Lines
// that are no fields are passed over when a field follows them; when none
// does, the body begins there.
func scanHeader(src []byte, stop func(line []byte) bool) headerSpan {
	garbage, skipped, fields := -1, 0, 0
	known := false
	pos := 0
	for pos < len(src) {
		line, next := cutLine(src, pos)
		switch {
		case len(line) == 0:
			return endHeader(pos, next, garbage, skipped, fields, known)
		case stop != nil && stop(line):
			return endHeader(pos, pos, garbage, skipped, fields, known)
		case line[0] == ' ' || line[0] == '\t':
			if len(bytes.TrimLeft(line, " \t")) == 0 && startsBody(src[next:]) {
				return endHeader(pos, next, garbage, skipped, fields, known)
			}
			if fields == 0 && garbage < 0 {
				garbage = pos // the continuation of nothing
			}
		case isFromLine(line):
		default:
			n := fieldNameLen(line)
			if n == 0 {
				if fields > 0 && line[0] == '-' && beginsPart(line, src[next:]) {
					return endHeader(pos, pos, garbage, skipped, fields, known)
				}
				if garbage < 0 {
					garbage = pos
				}
				break
			}
			if garbage >= 0 {
				garbage = -1
				skipped++
			}
			fields++
			known = known || isKnownField(line[:n])
		}
		pos = next
	}
	return endHeader(len(src), len(src), garbage, skipped, fields, known)
}

func endHeader(end, body, garbage, skipped, fields int, known bool) headerSpan {
	switch {
	case (garbage >= 0 || skipped > 0) && !known:
		return headerSpan{0, 0, []string{"no header"}}
	case garbage >= 0:
		return headerSpan{garbage, garbage, []string{"no empty line between header and body"}}
	case skipped > 0:
		return headerSpan{end, body, []string{"lines in the header that are no fields"}}
	}
	return headerSpan{end, body, nil}
}

// startsBody reports whether what follows a line of blanks is no more header.
func startsBody(rest []byte) bool {
	line, _ := cutLine(rest, 0)
	return len(line) > 0 && line[0] != ' ' && line[0] != '\t' && fieldNameLen(line) == 0
}

// beginsPart reports a line that looks like a boundary and what follows like a
// part: the header before it has no empty line.
func beginsPart(line, rest []byte) bool {
	const content = "content-"
	return len(line) > 2 && line[1] == '-' && len(rest) > len(content) && strings.EqualFold(string(rest[:len(content)]), content)
}

// isFromLine reports the separator line of an mbox file, quoted or not.
func isFromLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// cutLine returns the line at pos without its end, and where the next begins.
func cutLine(src []byte, pos int) (line []byte, next int) {
	i := bytes.IndexByte(src[pos:], '\n')
	if i < 0 {
		line, next = src[pos:], len(src)
	} else {
		line, next = src[pos:pos+i], pos+i+1
	}
	for len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	return line, next
}

// fieldNameLen returns the length of the field name a line begins with, 0 when
// it is no header field. A URL is none.
func fieldNameLen(line []byte) int {
	const longest = 128
	for i, b := range line[:min(len(line), longest)] {
		switch {
		case b == ':':
			if i == 0 || bytes.HasPrefix(line[i:], []byte("://")) {
				return 0
			}
			return i
		case b == ' ' || b == '\t':
			rest := bytes.TrimLeft(line[i:min(len(line), longest)], " \t")
			if len(rest) > 0 && rest[0] == ':' {
				return i
			}
			return 0
		case b < '!' || b > '~':
			return 0
		}
	}
	return 0
}

// isKnownField reports names that only header fields have.
func isKnownField(name []byte) bool {
	switch strings.ToLower(string(name)) {
	case "from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "received", "message-id",
		"return-path", "references", "in-reply-to", "mime-version", "delivered-to", "status",
		"lines", "newsgroups", "path", "organization", "precedence", "dkim-signature", "user-agent":
		return true
	}
	for _, prefix := range [...]string{"x-", "content-", "list-", "resent-", "arc-"} {
		if len(name) > len(prefix) && strings.EqualFold(string(name[:len(prefix)]), prefix) {
			return true
		}
	}
	return false
}

// readFields splits a header block into unfolded fields.
func readFields(block []byte) header {
	var h header
	if len(block) > maxHeader {
		block = block[:maxHeader]
		h.defects = append(h.defects, "header over 1 MiB: the rest of it was not read")
	}
	text := string(block)
	h.fields = make([]rawField, 0, strings.Count(text, "\n")/2+1)
	for len(text) > 0 {
		var line string
		line, text = cutString(text)
		n := fieldNameLen([]byte(line[:min(len(line), 200)]))
		if n == 0 || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		colon := n + strings.IndexByte(line[n:], ':')
		value := trimBlank(line[colon+1:])
		if len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
			value, text = unfold(value, text)
		}
		h.fields = append(h.fields, rawField{line[:n], value})
	}
	return h
}

// unfold joins the continuation lines at the start of rest to value.
func unfold(value, rest string) (string, string) {
	var b strings.Builder
	b.WriteString(value)
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
		var line string
		line, rest = cutString(rest)
		if line = trimBlank(line); line != "" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(line)
		}
	}
	return b.String(), rest
}

// cutString returns the first line of s without its end, and what follows.
func cutString(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimRight(line, "\r"), rest
}

func trimBlank(s string) string { return strings.Trim(s, " \t\r") }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
