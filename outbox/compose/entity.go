package compose

import (
	"bytes"
	"mime"
	"strings"
)

// rawField is one header field as written: its lines joined by CRLF, without the
// last line end.
type rawField struct {
	name string // as written, without blanks before the colon
	raw  []byte
}

// value is what follows the colon, unfolded, blanks at the ends removed.
func (f rawField) value() string {
	_, v, _ := bytes.Cut(f.raw, []byte(":"))
	v = bytes.ReplaceAll(v, []byte("\r\n"), nil)
	return strings.Trim(string(v), " \t")
}

// is reports whether the field has that name.
func (f rawField) is(name string) bool { return strings.EqualFold(f.name, name) }

// splitEntity cuts a message or a body part into its header and its body. Lines
// end in LF or CRLF. A line that is neither a field nor a continuation ends the
// header and begins the body, as sendmail has it; continuation lines of blanks
// alone are dropped, for some readers end the header there.
func splitEntity(b []byte) (fields []rawField, body []byte) {
	for len(b) > 0 {
		line, rest := nextLine(b)
		text := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		switch {
		case len(text) == 0:
			return fields, rest
		case text[0] == ' ' || text[0] == '\t':
			if len(fields) == 0 {
				return fields, b
			}
			if len(bytes.Trim(text, " \t\r")) > 0 {
				last := &fields[len(fields)-1]
				last.raw = append(append(last.raw, '\r', '\n'), text...)
			}
		default:
			name, ok := fieldName(text)
			if !ok {
				return fields, b
			}
			fields = append(fields, rawField{name: name, raw: bytes.Clone(text)})
		}
		b = rest
	}
	return fields, nil
}

// nextLine cuts b behind its first LF.
func nextLine(b []byte) (line, rest []byte) {
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return b[:n+1], b[n+1:]
	}
	return b, nil
}

// fieldName reads the name of a header line; blanks before the colon are
// forgiven (RFC 5322 4.5).
func fieldName(line []byte) (string, bool) {
	name, _, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return string(name), ok && len(name) <= maxFieldName && isFieldName(string(name))
}

// maxFieldName is the longest name a header line may have; what is longer is text.
const maxFieldName = 200

// isFieldName reports whether s is a field name (RFC 5322 2.2: ftext).
func isFieldName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' })
}

// fieldNamed gives the index of the first field of that name, or -1.
func fieldNamed(fields []rawField, name string) int {
	for i, f := range fields {
		if f.is(name) {
			return i
		}
	}
	return -1
}

// valueOf gives the value of the first field of that name, or "".
func valueOf(fields []rawField, name string) string {
	if i := fieldNamed(fields, name); i >= 0 {
		return fields[i].value()
	}
	return ""
}

// newField makes a field with a short ASCII value.
func newField(name, value string) rawField {
	return rawField{name: name, raw: []byte(name + ": " + value)}
}

// setField replaces the first field of that name, or appends it.
func setField(fields []rawField, f rawField) []rawField {
	if i := fieldNamed(fields, f.name); i >= 0 {
		fields[i] = f
		return fields
	}
	return append(fields, f)
}

// renderFields writes the header, with the empty line that ends it.
func renderFields(fields []rawField) []byte {
	var b bytes.Buffer
	for _, f := range fields {
		b.Write(f.raw)
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// mediaType reads Content-Type leniently: what cannot be read is "", parameters
// that cannot be read are none.
func mediaType(fields []rawField) (string, map[string]string) {
	value := valueOf(fields, "Content-Type")
	t, params, err := mime.ParseMediaType(value)
	if err != nil {
		t, _, _ = strings.Cut(value, ";")
		t = strings.ToLower(strings.TrimSpace(t))
		if strings.Count(t, "/") != 1 {
			return "", nil
		}
	}
	return t, params
}

// chunk is a piece of a multipart body: a part, or what stands between parts.
type chunk struct {
	part bool
	data []byte
}

// splitMultipart cuts a multipart body into preamble, delimiter lines, parts and
// epilogue; the pieces in order are the body. ok is false when the boundary does
// not occur.
func splitMultipart(body []byte, boundary string) (chunks []chunk, ok bool) {
	if boundary == "" {
		return nil, false
	}
	start, inPart := 0, false
	for at := 0; at < len(body); {
		line, _ := nextLine(body[at:])
		next := at + len(line)
		closing, delimiter := isDelimiter(line, boundary)
		if !delimiter {
			at = next
			continue
		}
		end := at
		if inPart { // the line end before a delimiter belongs to it
			end = max(start, lineEndBefore(body, at))
		}
		chunks = append(chunks, chunk{inPart, body[start:end]}, chunk{false, body[end:next]})
		start, at = next, next
		inPart = !closing
		ok = true
		if closing {
			break
		}
	}
	return append(chunks, chunk{inPart, body[start:]}), ok
}

// isDelimiter reports whether a line is a delimiter, and whether it closes.
func isDelimiter(line []byte, boundary string) (closing, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("--"+boundary))
	if !ok {
		return false, false
	}
	rest, closing = bytes.CutPrefix(rest, []byte("--"))
	return closing, len(bytes.TrimSpace(rest)) == 0
}

// lineEndBefore gives where the line end directly before at begins.
func lineEndBefore(b []byte, at int) int {
	if at > 0 && b[at-1] == '\n' {
		at--
	}
	if at > 0 && b[at-1] == '\r' {
		at--
	}
	return at
}
