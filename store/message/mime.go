package message

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const maxRecodings = 8 // messages within messages that are themselves in base64 or quoted-printable

// limits are shared by all parsers of one message.
type limits struct {
	parts  int
	rescan int64 // octets that may still be read a second time
}

// parser reads one source in one pass.
type parser struct {
	src     []byte
	pos     int // the beginning of a line
	bounds  boundaries
	hit     boundaryHit // the boundary at or after pos, when known
	known   bool
	lim     *limits
	recoded int // how many transfer encodings were undone to get src
}

func newParser(src []byte, lim *limits) *parser { return &parser{src: src, lim: lim} }

// peek returns the next boundary, searching only once.
func (p *parser) peek() boundaryHit {
	if !p.known || p.hit.start < p.pos {
		p.hit, p.known = p.bounds.find(p.src, p.pos), true
	}
	return p.hit
}

// body returns what lies between start and the boundary, without the line end
// that belongs to the boundary.
func (p *parser) body(start int, hit boundaryHit) []byte {
	end := hit.start
	if hit.level >= 0 && end > start && p.src[end-1] == '\n' {
		end--
		if end > start && p.src[end-1] == '\r' {
			end--
		}
	}
	return p.src[start:end:end]
}

// header reads the header at pos.
func (p *parser) header() header {
	span := scanHeader(p.src[p.pos:], p.bounds.isOpen)
	h := readFields(p.src[p.pos : p.pos+span.end])
	h.defects = append(span.defects, h.defects...)
	p.pos += span.body
	p.known = p.known && p.hit.start >= p.pos
	return h
}

// message reads the message at pos. prefix is that of the section ids in it.
func (p *parser) message(prefix string, depth int) *Message {
	h := p.header()
	m := newMessage(h)
	m.Root = p.entity(h, place{leaf: prefix + "1", container: prefix + "TEXT", prefix: prefix, depth: depth})
	return m
}

// place is where in the tree a part is.
type place struct {
	leaf, container string // its section id, should it be a leaf or a multipart
	prefix          string // of its children's ids
	depth           int
	digest          bool // child of a multipart/digest
}

// child is the place of the n-th child.
func (pl place) child(n int, digest bool) place {
	id := pl.prefix + strconv.Itoa(n)
	return place{leaf: id, container: id, prefix: id + ".", depth: pl.depth + 1, digest: digest}
}

// entity reads the body that follows a header.
func (p *parser) entity(h header, pl place) *Part {
	p.lim.parts++
	part, boundary, encoding := describe(h, pl.digest)
	part.ID = pl.leaf
	switch {
	case strings.HasPrefix(part.Type, "multipart/") && pl.depth >= maxDepth:
		part.Defects = append(part.Defects, "nested too deeply: shown as text")
		part.Type = "text/plain"
		p.leaf(part, "")
	case strings.HasPrefix(part.Type, "multipart/"):
		p.multipart(part, boundary, encoding, pl)
	case isMessageType(part.Type) && pl.depth < maxDepth && p.lim.parts < maxParts:
		p.attached(part, encoding, pl)
	default:
		p.leaf(part, encoding)
	}
	return part
}

// leaf takes the body up to the next boundary.
func (p *parser) leaf(part *Part, encoding string) {
	hit := p.peek()
	part.setData(encoding, p.body(p.pos, hit))
	p.pos = hit.start
}

// setData keeps the body of a leaf, decoded, or, where that can wait, how it can be.
func (p *Part) setData(encoding string, body []byte) {
	if size, ok := base64Size(body); ok && encoding == "base64" && !strings.HasPrefix(p.Type, "text/") {
		p.Size = size
		p.late = sync.OnceValue(func() []byte {
			data, _ := decodeTransfer(encoding, body)
			return data
		})
		return
	}
	data, defect := decodeTransfer(encoding, body)
	p.data, p.Size = data, len(data)
	p.addDefect(defect)
}

func (p *Part) addDefect(defect string) {
	if defect != "" {
		p.Defects = append(p.Defects, defect)
	}
}

// multipart reads the children of a multipart. Text before the first and after
// the last boundary is for readers without MIME and is dropped.
func (p *parser) multipart(part *Part, boundary, encoding string, pl place) {
	start := p.pos
	final := false
	if boundary != "" {
		final = p.children(part, boundary, pl)
	} else {
		p.pos = p.peek().start
	}
	if len(part.Children) == 0 {
		p.repair(part, p.body(start, p.peek()), boundary, encoding, pl)
		return
	}
	part.ID = pl.container
	if !final {
		part.addDefect("no final boundary")
	}
}

// children reads the parts between boundaries and reports whether the final
// boundary was there.
func (p *parser) children(part *Part, boundary string, pl place) (final bool) {
	p.bounds.push(boundary)
	p.known = false
	level := len(p.bounds.stack) - 1
	defer p.bounds.pop()
	for {
		hit := p.peek()
		if hit.level != level {
			p.pos = hit.start
			return final
		}
		p.pos, p.known = hit.next, false
		if hit.final {
			final = true
			if p.bounds.shared(level) {
				p.bounds.release(level)
			}
			continue
		}
		if p.lim.parts >= maxParts {
			part.addOnce("more than 1,000 parts: the rest is not shown")
			continue
		}
		if final {
			part.addOnce("parts after the final boundary")
		}
		h := p.header()
		child := p.entity(h, pl.child(len(part.Children)+1, part.Type == "multipart/digest"))
		child.Defects = append(h.defects, child.Defects...)
		part.Children = append(part.Children, child)
	}
}

func (p *Part) addOnce(defect string) {
	if !slices.Contains(p.Defects, defect) {
		p.addDefect(defect)
	}
}

// repair makes something of a multipart in which no part was found: it may be
// encoded as a whole, its boundary may be another, or it is no multipart.
func (p *parser) repair(part *Part, body []byte, boundary, encoding string, pl place) {
	if encoding == "base64" || encoding == "quotedprintable" {
		if decoded, _ := decodeTransfer(encoding, body); p.reread(part, decoded, boundary, pl, 1) {
			part.addDefect("multipart in " + encoding)
			return
		}
	}
	if guess := guessBoundary(body); guess != "" && p.reread(part, body, guess, pl, 0) {
		part.addDefect("the boundary declared is missing or wrong")
		return
	}
	part.addDefect(part.Type + " without parts: shown as text")
	part.Type = "text/plain"
	part.setData(encoding, body)
}

// reread reads the children of part from other bytes, and reports success.
func (p *parser) reread(part *Part, src []byte, boundary string, pl place, recoded int) bool {
	if boundary == "" || p.recoded+recoded > maxRecodings || p.lim.rescan < int64(len(src)) {
		return false
	}
	p.lim.rescan -= int64(len(src))
	sub := newParser(src, p.lim)
	sub.recoded = p.recoded + recoded
	sub.children(part, boundary, pl)
	if len(part.Children) == 0 {
		return false
	}
	part.ID = pl.container
	return true
}

// attached reads a message within the message.
func (p *parser) attached(part *Part, encoding string, pl place) {
	start := p.pos
	encoded := encoding == "base64" && fieldNameLen(firstLine(p.src[start:])) == 0 || encoding == "quotedprintable" || strings.Contains(encoding, "uu")
	if !encoded {
		part.Message = p.message(pl.leaf+".", pl.depth+1)
		part.data = p.body(start, p.peek())
		part.Size = len(part.data)
	} else {
		p.leaf(part, encoding)
		if p.recoded >= maxRecodings {
			part.addDefect("nested too deeply: not opened")
			return
		}
		sub := newParser(part.Data(), p.lim)
		sub.recoded = p.recoded + 1
		part.Message = sub.message(pl.leaf+".", pl.depth+1)
	}
	part.Children = []*Part{part.Message.Root}
}

func firstLine(b []byte) []byte {
	line, _ := cutLine(b, 0)
	return line
}

func isMessageType(t string) bool {
	return t == "message/rfc822" || t == "message/global" || t == "message/news"
}

// describe reads what a header says of its part.
func describe(h header, digest bool) (part *Part, boundary, encoding string) {
	hint := ""
	mediaType, params := "", map[string]string(nil)
	for _, f := range h.fields {
		if strings.EqualFold(f.name, "Content-Type") && !strings.Contains(mediaType, "/") {
			mediaType, params = parseParams(f.value, "")
			hint = params["charset"]
		}
	}
	part = &Part{Type: mediaTypeOf(mediaType, digest), Params: params}
	boundary = trimBlank(params["boundary"])
	if boundary != "" {
		params["boundary"] = strings.ToValidUTF8(boundary, "\ufffd")
	}
	disposition, dparams := parseParams(h.get("Content-Disposition"), hint)
	switch {
	case disposition == "":
	case disposition == "inline":
		part.Disposition = disposition
	default: // RFC 2183 section 2.8: unknown ones are attachments
		part.Disposition = "attachment"
	}
	for _, name := range [...]string{dparams["filename"], dparams["name"], params["name"], params["filename"]} {
		if strings.TrimSpace(name) != "" {
			part.Name = SafeName(name)
			break
		}
	}
	part.ContentID = strings.Trim(decodeHeader(h.get("Content-ID"), hint), "<> \t")
	return part, boundary, transferEncoding(h.get("Content-Transfer-Encoding"))
}

// mediaTypeOf completes a media type (RFC 2045 section 5.2, RFC 2046 section 5.1.5).
func mediaTypeOf(s string, digest bool) string {
	const longest = 127 // RFC 6838 section 4.2, for each half
	s = strings.ReplaceAll(strings.ReplaceAll(s, " /", "/"), "/ ", "/")
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("()<>@,;:\\\"[]?=", r) }); i >= 0 {
		s = s[:i]
	}
	major, minor, ok := strings.Cut(s, "/")
	switch {
	case ok && major != "" && minor != "" && len(s) <= 2*longest:
		return s
	case major == "multipart":
		return "multipart/mixed"
	case s == "html":
		return "text/html"
	case s == "" && digest:
		return "message/rfc822"
	}
	return "text/plain"
}

// looksHTML reports whether text is HTML whatever it was declared to be.
func looksHTML(b []byte) bool {
	b = bytes.TrimLeft(b[:min(len(b), 1024)], " \t\r\n\ufeff")
	for _, start := range [...]string{"<!doctype html", "<html", "<body"} {
		if len(b) >= len(start) && strings.EqualFold(string(b[:len(start)]), start) {
			return true
		}
	}
	return false
}
