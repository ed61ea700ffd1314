package message

import (
	"strings"
)

const (
	noLimit       = 1 << 40
	maxInlineText = 1 << 20 // octets of a named text that are shown along with the message
)

// Text is what a reader sees: the text parts in order, HTML made readable where
// there is no plain alternative, format=flowed joined. Lines end in \n. Not cleaned.
func (m *Message) Text() string { return m.text(noLimit, false) }

// text is Text that may stop after limit octets, and that leaves out what is
// no words if brief.
func (m *Message) text(limit int, brief bool) string {
	if m.Root == nil {
		return ""
	}
	r := renderer{limit: limit, brief: brief}
	r.part(m.Root, nil)
	if r.out.Len() == 0 {
		r.attachedTexts(m.Root)
	}
	return r.out.String()
}

// Text is the part's text in UTF-8 with lines ending in \n, HTML and
// format=flowed made readable; "" when it is no text.
func (p *Part) Text() string { return p.text(noLimit, false) }

func (p *Part) text(limit int, brief bool) string {
	switch {
	case isHTML(p.Type), looksHTML(p.Data()) && strings.HasPrefix(p.Type, "text/"):
		return htmlToText(p.decoded(limit*8), limit, brief)
	case p.Type == "text/enriched", p.Type == "text/richtext":
		return lines(enrichedToText(newlines(p.decoded(limit)), p.Type == "text/richtext"))
	case strings.HasPrefix(p.Type, "text/"), isShownText(p.Type):
		s := newlines(p.decoded(limit))
		if strings.EqualFold(p.Params["format"], "flowed") {
			return lines(unflow(s, strings.EqualFold(p.Params["delsp"], "yes")))
		}
		return lines(s)
	}
	return ""
}

// decoded is the part's data in UTF-8, or that of its first limit octets.
func (p *Part) decoded(limit int) string {
	data := p.Data()
	if limit >= 0 && len(data) > limit {
		data = data[:limit]
	}
	declared := p.Params["charset"]
	if charsetName(declared) == "" && (isHTML(p.Type) || looksHTML(data)) {
		declared = metaCharset(data)
	}
	text, _ := decodeText(data, declared)
	return text
}

// newlines makes \n of CRLF and lone CR.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n") // was CR CR LF
	return strings.ReplaceAll(s, "\r", "\n")
}

// lines removes empty lines at both ends and ends the last line.
func lines(s string) string {
	for {
		line, rest, ok := strings.Cut(s, "\n")
		if !ok || strings.TrimSpace(line) != "" {
			break
		}
		s = rest
	}
	if s = strings.TrimRight(s, " \t\n"); s == "" {
		return ""
	}
	return s + "\n"
}

// HTML is the first text/html body decoded to UTF-8, or "".
func (m *Message) HTML() string {
	if p := firstHTML(m.Root); p != nil {
		return p.decoded(noLimit)
	}
	return ""
}

func firstHTML(p *Part) *Part {
	switch {
	case p == nil || p.Message != nil:
		return nil
	case !p.IsMultipart():
		if isHTML(p.Type) && p.Disposition != "attachment" {
			return p
		}
		return nil
	}
	for _, c := range p.Children {
		if found := firstHTML(c); found != nil {
			return found
		}
	}
	return nil
}

// renderer writes the parts of a message that a reader shows.
type renderer struct {
	out   strings.Builder
	limit int
	brief bool
	shown []*Part // the leaves whose text is in out
}

func (r *renderer) full() bool { return r.out.Len() >= r.limit }

// add writes a piece after an empty line.
func (r *renderer) add(s string) {
	if s == "" {
		return
	}
	if r.out.Len() > 0 {
		r.out.WriteByte('\n')
	}
	r.out.WriteString(s)
}

// part writes what is shown of p, a child of parent (nil: the root).
func (r *renderer) part(p, parent *Part) {
	switch {
	case r.full():
	case p.Message != nil:
		if p.Disposition != "attachment" {
			r.message(p.Message)
		}
	case !p.IsMultipart():
		r.leaf(p, parent)
	case p.Type == "multipart/alternative":
		r.add(r.choose(p))
	case p.Type == "multipart/related":
		r.related(p)
	default:
		for _, c := range p.Children {
			r.part(c, p)
		}
	}
}

// leaf writes a text that is not attached.
func (r *renderer) leaf(p, parent *Part) {
	if p.Disposition == "attachment" || !strings.HasPrefix(p.Type, "text/") && !isShownText(p.Type) {
		return
	}
	if p.Attachment && p.Size > maxInlineText || !isShownText(p.Type) && p.Name != "" {
		return
	}
	if parent != nil && parent.Type == "multipart/alternative" && (p.Type == "text/x-amp-html" || p.Type == "text/watch-html" || p.Type == "text/calendar") {
		return
	}
	text := p.text(r.limit, r.brief)
	if text != "" && p.Attachment && p.Name != "" && r.out.Len() > 0 {
		text = "--- " + p.Name + " ---\n" + text
	}
	r.add(text)
	r.shown = append(r.shown, p)
}

// related writes the root of a multipart/related and texts that came to stand
// beside it, as the footers of mailing lists.
func (r *renderer) related(p *Part) {
	for i, c := range p.Children {
		if i == 0 || c.ContentID == "" && !c.IsMultipart() && c.Name == "" {
			r.part(c, p)
		}
	}
}

// message writes an attached message: who, what, when, and its text.
func (r *renderer) message(m *Message) {
	text, leaves := r.sub(m.Root, nil)
	r.shown = append(r.shown, leaves...)
	if r.brief {
		r.add(text)
		return
	}
	var b strings.Builder
	for _, name := range [...]string{"From", "To", "Date", "Subject"} {
		if v := m.Get(name); v != "" {
			b.WriteString(name + ": " + v + "\n")
		}
	}
	if b.Len() > 0 || text != "" {
		r.add("--- attached message ---\n" + b.String())
		r.add(text)
	}
}

// choose renders the alternative to show: plain text, unless it is empty or
// only says that one should look at the other.
func (r *renderer) choose(p *Part) string {
	var plain, rich string
	var plainLeaves, richLeaves []*Part
	for _, c := range p.Children {
		if plain == "" && alternativeKind(c, 0) == kindPlain {
			plain, plainLeaves = r.sub(c, p)
		}
	}
	if plain != "" && !mayBeUseless(plain) {
		r.shown = append(r.shown, plainLeaves...)
		return plain
	}
	for i := len(p.Children) - 1; i >= 0 && rich == ""; i-- {
		if c := p.Children[i]; alternativeKind(c, 0) == kindRich {
			rich, richLeaves = r.sub(c, p)
		}
	}
	switch {
	case plain == "" && rich == "":
		for _, c := range p.Children {
			if alternativeKind(c, 0) == kindOther { // each child is rendered once, else nesting would cost 2^depth
				if s, leaves := r.sub(c, p); s != "" {
					r.shown = append(r.shown, leaves...)
					return s
				}
			}
		}
	case plain == "" || len(rich) > 2*len(plain)+100:
		r.shown = append(r.shown, richLeaves...)
		return rich
	}
	r.shown = append(r.shown, plainLeaves...)
	return plain
}

// sub renders one part by itself.
func (r *renderer) sub(p, parent *Part) (text string, shown []*Part) {
	s := renderer{limit: r.limit, brief: r.brief}
	s.part(p, parent)
	return s.out.String(), s.shown
}

type kind int

const (
	kindOther kind = iota
	kindPlain
	kindRich
)

// alternativeKind tells what rendering of the text an alternative holds.
func alternativeKind(p *Part, depth int) kind {
	switch {
	case depth > maxDepth || p.Disposition == "attachment" && !p.IsMultipart():
		return kindOther
	case p.IsMultipart() && p.Type == "multipart/alternative":
		for _, c := range p.Children {
			if alternativeKind(c, depth+1) == kindPlain {
				return kindPlain
			}
		}
		return kindRich
	case p.IsMultipart():
		return alternativeKind(p.Children[0], depth+1)
	case p.Type == "text/plain", p.Type == "text/markdown":
		return kindPlain
	case isHTML(p.Type), p.Type == "text/enriched", p.Type == "text/richtext":
		return kindRich
	}
	return kindOther
}

// mayBeUseless reports plain text that seems to stand in for the real one.
func mayBeUseless(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) < 12 {
		return true
	}
	if len(s) > 500 {
		return false
	}
	s = strings.ToLower(s)
	for _, word := range [...]string{"html", "browser", "view this", "view online", "http://", "https://"} {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// attachedTexts is what is shown of a message in which every text says that it
// is attached.
func (r *renderer) attachedTexts(p *Part) {
	p.walk(func(c *Part) {
		if !r.full() && !c.IsMultipart() && isShownText(c.Type) && c.Size <= maxInlineText {
			r.add(c.text(r.limit, r.brief))
			r.shown = append(r.shown, c)
		}
	})
}
