package compose

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep MIME may nest before the rest is left alone.
const maxDepth = 100

// recoder makes an existing message 7-bit by changing the transfer encodings of
// its leaves and nothing else (but for header fields that cannot travel). What it
// may not touch (signed content, unknown encodings) it keeps as it is and says so.
//
// Its field declared lets stay what is correct and says that it is 8-bit, all the way
// from the message down to the leaf: nearly every server takes that (RFC 6152).
type recoder struct {
	declared bool
	kept8bit bool // octets over 0x7f remain
	stuck    bool // something remains that cannot travel at all: a line over 998 octets, NUL, bare CR
	utf8     bool // an address in a header field needs SMTPUTF8
}

// keep leaves b as it is and notes what that means.
func (r *recoder) keep(b []byte) []byte {
	b = lfToCRLF(b)
	if isSevenBit(b) {
		return b
	}
	masked := bytes.Clone(b)
	for i, c := range masked {
		if c >= 0x80 {
			masked[i] = 'x'
			r.kept8bit = true
		}
	}
	r.stuck = r.stuck || !isSevenBit(masked)
	return b
}

// message recodes a whole message.
func (r *recoder) message(fields []rawField, body []byte, depth int) ([]rawField, []byte) {
	fields = r.headers(fields)
	if isSevenBit(body) {
		return fields, lfToCRLF(body)
	}
	fields, body = r.entity(fields, body, depth, "")
	if fieldNamed(fields, "MIME-Version") < 0 && fieldNamed(fields, "Content-Transfer-Encoding") >= 0 {
		fields = append(fields, newField("MIME-Version", "1.0"))
	}
	return fields, body
}

// entity recodes a body by what its header says it is; fallback is the type of a
// part that says nothing (message/rfc822 in a digest, RFC 2046 5.1.5).
func (r *recoder) entity(fields []rawField, body []byte, depth int, fallback string) ([]rawField, []byte) {
	if isSevenBit(body) {
		return fields, lfToCRLF(body)
	}
	t, params := mediaType(fields)
	if t == "" {
		t = fallback
	}
	if strings.HasPrefix(t, "multipart/") || strings.HasPrefix(t, "message/") {
		defer func(before bool) { r.declared = before }(r.declared)
		r.declared = r.declared && saysEightBit(fields)
	}
	switch {
	case depth > maxDepth, t == "multipart/signed":
		return fields, r.keep(body)
	case strings.HasPrefix(t, "multipart/"):
		if chunks, ok := splitMultipart(body, params["boundary"]); ok {
			return r.container(fields, r.parts(chunks, depth, t))
		}
		// Without a boundary in the body there are no parts: readers show text.
		fields = setField(fields, newField("Content-Type", "text/plain"))
	case t == "message/rfc822" || t == "message/global":
		if isPlainEncoding(transferEncoding(fields)) {
			inner, innerBody := splitEntity(body)
			inner, innerBody = r.message(inner, innerBody, depth+1)
			return r.container(fields, append(renderFields(inner), innerBody...))
		}
		return fields, r.keep(body)
	case strings.HasPrefix(t, "message/"):
		return fields, r.keep(body)
	}
	return r.leaf(fields, body)
}

// container gives multiparts and messages their encoding: 7bit when all within is.
func (r *recoder) container(fields []rawField, body []byte) ([]rawField, []byte) {
	if fieldNamed(fields, "Content-Transfer-Encoding") >= 0 && isSevenBit(body) {
		fields = setField(fields, newField("Content-Transfer-Encoding", enc7bit))
	}
	return fields, body
}

// parts recodes the parts of a multipart of type t and joins them again.
func (r *recoder) parts(chunks []chunk, depth int, t string) []byte {
	var out bytes.Buffer
	fallback := ""
	if t == "multipart/digest" {
		fallback = "message/rfc822"
	}
	for _, c := range chunks {
		switch {
		case isSevenBit(c.data):
			out.Write(lfToCRLF(c.data))
		case c.part:
			fields, body := splitEntity(c.data)
			fields, body = r.entity(r.headers(fields), body, depth+1, fallback)
			out.Write(renderFields(fields))
			out.Write(body)
		default:
			out.Write(r.keep(c.data))
		}
	}
	return out.Bytes()
}

// transferEncoding reads Content-Transfer-Encoding; absent is 7bit.
func transferEncoding(fields []rawField) string {
	v, _, _ := strings.Cut(valueOf(fields, "Content-Transfer-Encoding"), ";")
	if v = strings.ToLower(strings.TrimSpace(v)); v == "" {
		return enc7bit
	}
	return v
}

// isPlainEncoding reports whether an encoding leaves the octets as they are.
func isPlainEncoding(e string) bool { return e == enc7bit || e == "8bit" || e == "binary" }

// saysEightBit reports whether an entity declares its content to be 8-bit.
func saysEightBit(fields []rawField) bool {
	e := transferEncoding(fields)
	return e == "8bit" || e == "binary"
}

// isEightBitText reports whether a leaf declares itself to be 8-bit and is what it
// declares: lines that fit, no NUL, and text in a charset that has such octets.
func isEightBitText(fields []rawField, t, charset string, body []byte) bool {
	if transferEncoding(fields) != "8bit" {
		return false
	}
	masked := bytes.Clone(body)
	for i, c := range masked {
		if c >= 0x80 {
			masked[i] = 'x'
		}
	}
	if !isSevenBit(lfToCRLF(masked)) {
		return false
	}
	switch charset = strings.ToLower(charset); {
	case t != "" && !strings.HasPrefix(t, "text/"):
		return true
	case charset == "utf-8" || charset == "utf8":
		return utf8.Valid(body)
	}
	return charset != "" && charset != "us-ascii" && charset != "ascii"
}

// leaf recodes one leaf that is not 7-bit.
func (r *recoder) leaf(fields []rawField, body []byte) ([]rawField, []byte) {
	var encoding string
	t, params := mediaType(fields)
	switch declared := transferEncoding(fields); {
	case r.declared && isEightBitText(fields, t, params["charset"], body):
		r.kept8bit = true
		return fields, lfToCRLF(body)
	case declared == encQP:
		return fields, r.keep(repairQP(lfToCRLF(body)))
	case declared == encBase64:
		if again, ok := rewrapBase64(body); ok {
			return fields, again
		}
		return fields, r.keep(body)
	case declared == "binary":
		encoding, body = encBase64, wrapBase64(body)
	case !isPlainEncoding(declared):
		return fields, r.keep(body)
	case t == "" || strings.HasPrefix(t, "text/"):
		body = lfToCRLF(body)
		fields = declareCharset(fields, body)
		encoding, body = encodeText(body)
	default:
		encoding, body = encBase64, wrapBase64(lfToCRLF(body))
	}
	return setField(fields, newField("Content-Transfer-Encoding", encoding)), body
}

// declareCharset adds a charset to text that declares none, or that declares
// us-ascii and is not.
func declareCharset(fields []rawField, body []byte) []rawField {
	t, params := mediaType(fields)
	is := textCharset(body)
	declared := strings.ToLower(params["charset"])
	if is == "us-ascii" && t != "" || declared != "" && declared != "us-ascii" && declared != "ascii" {
		return fields
	}
	if t == "" || params == nil {
		if t == "" {
			t = "text/plain"
		}
		return setField(fields, newField("Content-Type", t+"; charset="+is))
	}
	list := []param{{"charset", is}}
	for _, p := range listParams(params) {
		if p.name != "charset" {
			list = append(list, p)
		}
	}
	return setField(fields, paramField("Content-Type", t, list))
}

// repairQP makes quoted-printable with raw octets or long lines correct, without
// changing what it decodes to: octets become =XX, lines get soft breaks.
func repairQP(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	col := 0
	for i := 0; i < len(b); {
		token := b[i : i+1]
		switch c := b[i]; {
		case c == '\r' && i+1 < len(b) && b[i+1] == '\n':
			out = append(out, '\r', '\n')
			col = 0
			i += 2
			continue
		case c == '=':
			token = b[i:min(i+3, len(b))]
			if n := bytes.IndexByte(token, '\r'); n > 0 {
				token = token[:n]
			}
			i += len(token)
		case c >= 0x7f || c == 0 || c == '\r' || c == '\n':
			token = []byte{'=', upperHex[c>>4], upperHex[c&15]}
			i++
		default:
			i++
		}
		atEnd := i >= len(b) || b[i] == '\r'
		if col+len(token) > 75 && (!atEnd || col+len(token) > 76) && !bytes.Equal(token, []byte("=")) {
			out = append(out, "=\r\n"...)
			col = 0
		}
		out = append(out, token...)
		col += len(token)
	}
	return out
}

// rewrapBase64 writes base64 in lines of 76; ok is false when it holds anything
// but base64 and blanks.
func rewrapBase64(b []byte) (out []byte, ok bool) {
	col := 0
	for _, c := range b {
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			continue
		case !isAlphanumeric(c) && c != '+' && c != '/' && c != '=':
			return nil, false
		}
		if col == 76 {
			out = append(out, '\r', '\n')
			col = 0
		}
		out = append(out, c)
		col++
	}
	return append(out, '\r', '\n'), true
}
