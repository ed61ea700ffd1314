package message

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLToText renders HTML as readable text, lines ending in \n; links are
// shown with their domain. What the sender hides stays hidden, unless nothing
// else is there. Not cleaned.
func HTMLToText(html string) string { return htmlToText(html, noLimit, false) }

// htmlToText is HTMLToText that may stop after limit octets; brief leaves out
// domains and descriptions of images, when there is anything else.
func htmlToText(source string, limit int, brief bool) string {
	source = strings.ToValidUTF8(source, "\ufffd")
	w := newHTMLWriter(limit)
	w.brief = brief
	w.render(source)
	text := w.lines.String()
	if text == "" && brief {
		return htmlToText(source, limit, false)
	}
	if text == "" {
		images := w.images
		w = newHTMLWriter(limit)
		w.showHidden = true
		w.render(source)
		if text = w.lines.String(); text == "" && images > 0 {
			text = "[image]\n"
		}
	}
	return text
}

const (
	maxElements = 200 // open elements that are remembered
	cellWidth   = 60  // octets of a table cell that still stands in a line with the next
	maxAlt      = 200 // characters shown of an image's description
	ruler       = "----------------------------------------"
)

// htmlWriter reads tokens and keeps the open elements: enough of HTML's rules
// to know where an element ends, bounded in depth, without building a tree.
type htmlWriter struct {
	lines      textWriter
	limit      int
	showHidden bool
	brief      bool // words only: no domains, no descriptions of images
	stack      []element
	cells      []int          // places of the table cells in stack
	count      map[string]int // open elements by name
	over       map[string]int // elements too deep to be remembered, by name
	state      htmlState
	links      []Link
	shown      map[string]bool // domains told so far
	images     int
	notOutlook bool // within <!--[if !mso]>
	preFresh   bool // a <pre> has just begun: its first line end does not count
}

// htmlState is what elements inherit.
type htmlState struct {
	hidden, fontZero, hide, pre bool
	quote, lists                int
}

func (s htmlState) invisible() bool { return s.hidden || s.fontZero || s.hide }

// element is one open element.
type element struct {
	name    string
	outer   htmlState // to go back to
	href    string    // of a link
	start   int       // where in the output a link's text begins
	images  int       // images met before it
	ordered bool      // of a list
	number  int       // of a list's last item
	margins int       // line ends before and after
	cell    cell      // of td and th: this; of tr: the last one
}

// cell is what is known of the text of a table cell.
type cell struct {
	text  bool // there is some
	start int  // where in the output
	line  int  // in which line
}

func newHTMLWriter(limit int) *htmlWriter {
	w := &htmlWriter{limit: limit, count: make(map[string]int), over: make(map[string]int), shown: make(map[string]bool)}
	w.lines.onText = w.noteText
	return w
}

// render reads all tokens.
func (w *htmlWriter) render(source string) {
	z := html.NewTokenizer(strings.NewReader(source))
	for len(w.lines.out) < w.limit {
		switch token := z.Next(); token {
		case html.ErrorToken:
			w.closeAll()
			return
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			if w.startTag(z, token == html.SelfClosingTagToken) {
				z.NextIsNotRawText()
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			w.endTag(tagName(name))
		case html.CommentToken:
			w.comment(string(z.Text()))
		}
	}
	w.closeAll()
}

// tagName interns the names HTML knows.
func tagName(name []byte) string {
	if a := atom.Lookup(name); a != 0 {
		return a.String()
	}
	return string(name)
}

// comment follows the conditional comments of Outlook.
func (w *htmlWriter) comment(s string) {
	s = strings.ToLower(strings.TrimSpace(s[:min(len(s), 100)]))
	switch {
	case strings.HasPrefix(s, "[if !mso"):
		w.notOutlook = true
	case strings.Contains(s, "[endif]"):
		w.notOutlook = false
	}
}

func (w *htmlWriter) text(s string) {
	switch {
	case w.state.invisible():
	case w.state.pre:
		if w.preFresh {
			s = strings.TrimPrefix(strings.TrimPrefix(s, "\r"), "\n")
		}
		w.lines.preText(s)
	default:
		w.lines.text(s)
	}
	w.preFresh = false
}

// noteText tells the open cells that they have text.
func (w *htmlWriter) noteText() {
	for i := len(w.cells) - 1; i >= 0; i-- {
		c := &w.stack[w.cells[i]].cell
		if c.text {
			return
		}
		*c = cell{true, len(w.lines.out), w.lines.lineCount}
	}
}

// attributes are those that matter here.
type attributes struct {
	visibility
	href, alt, class, start string
	tiny                    bool
	closed                  bool // type=hidden
}

func readAttributes(z *html.Tokenizer) (a attributes) {
	for more := true; more; {
		var key, val []byte
		key, val, more = z.TagAttr()
		switch string(key) {
		case "hidden":
			a.hidden = true
		case "style":
			readStyle(string(val), &a.visibility)
		case "href":
			if a.href == "" {
				a.href = string(val)
			}
		case "alt":
			a.alt = string(val)
		case "class":
			a.class = string(val)
		case "start":
			a.start = string(val)
		case "width", "height":
			n := strings.TrimSuffix(string(val), "px")
			a.tiny = a.tiny || n == "0" || n == "1"
		case "type":
			a.closed = strings.EqualFold(string(val), "hidden")
		}
	}
	return a
}

// startTag handles a start tag; raw tells that what follows is to be read as
// ordinary HTML although browsers would not.
func (w *htmlWriter) startTag(z *html.Tokenizer, selfClosing bool) (raw bool) {
	nameBytes, hasAttr := z.TagName()
	name := tagName(nameBytes)
	var a attributes
	if hasAttr {
		a = readAttributes(z)
	}
	if w.void(name, a) {
		return false
	}
	w.closeImplied(name)
	if selfClosing && atom.Lookup([]byte(name)) == 0 {
		return false
	}
	w.open(name, a)
	return name == "noscript" || name == "noframes"
}

// void handles elements without content.
func (w *htmlWriter) void(name string, a attributes) bool {
	seen := !w.state.invisible() && (!a.hidden || w.showHidden)
	switch name {
	case "br":
		if seen {
			w.lines.br()
		}
	case "hr":
		if seen {
			w.lines.need(1)
			w.lines.text(ruler)
			w.lines.need(1)
		}
	case "img":
		if seen {
			w.image(a)
		}
	case "area", "base", "basefont", "bgsound", "col", "embed", "frame", "input", "link", "meta", "param", "source", "track", "wbr":
	default:
		return false
	}
	return true
}

// image writes the description of an image, if it has one and can be seen.
func (w *htmlWriter) image(a attributes) {
	if a.tiny {
		return
	}
	w.images++
	alt := strings.Join(strings.Fields(a.alt), " ")
	if utf8.RuneCountInString(alt) > maxAlt {
		alt = cutRunes(alt, maxAlt) + "…"
	}
	if alt != "" && !w.brief {
		w.lines.text("[" + alt + "]")
	}
}

// open begins an element.
func (w *htmlWriter) open(name string, a attributes) {
	if len(w.stack) >= maxElements {
		w.over[name]++
		return
	}
	e := element{name: name, outer: w.state}
	w.applyVisibility(name, a)
	if !w.state.invisible() {
		w.begin(&e, a)
	}
	if name == "td" || name == "th" {
		w.cells = append(w.cells, len(w.stack))
	}
	w.stack = append(w.stack, e)
	w.count[name]++
}

// applyVisibility sets what the element and everything in it inherit.
func (w *htmlWriter) applyVisibility(name string, a attributes) {
	switch name {
	case "title":
		w.state.hidden = w.state.hidden || !w.showHidden
		return
	case "script", "style", "template", "iframe", "noembed", "xml", "svg", "object", "applet", "audio", "video", "canvas", "datalist":
		w.state.hidden = true
		return
	case "pre", "xmp", "listing", "plaintext", "textarea":
		w.state.pre = true
	}
	w.state.pre = a.pre.apply(w.state.pre)
	if w.showHidden {
		return
	}
	w.state.hidden = w.state.hidden || a.hidden || a.mso && !w.notOutlook && name != "a"
	w.state.fontZero = a.fontZero.apply(w.state.fontZero)
	w.state.hide = a.hide.apply(w.state.hide)
}

// begin writes what stands at the beginning of a visible element.
func (w *htmlWriter) begin(e *element, a attributes) {
	e.margins = margins(e.name, a, w.state)
	switch e.name {
	case "a":
		e.href, e.start, e.images = a.href, len(w.lines.out), w.images
	case "td", "th":
		w.beginCell()
	case "ul", "ol", "menu", "dir":
		e.ordered = e.name == "ol"
		if n, err := strconv.Atoi(a.start); err == nil && n > 0 && n < 1_000_000 {
			e.number = n - 1
		}
		w.breakBlock(e.margins)
		w.state.lists++
	case "li":
		w.breakBlock(e.margins)
		w.lines.bullet = w.nextBullet()
	case "blockquote":
		w.breakBlock(e.margins)
		w.state.quote++
	case "dd":
		w.breakBlock(e.margins)
		w.state.lists++
	case "q":
		w.lines.text("“")
	case "pre", "xmp", "listing", "plaintext", "textarea":
		w.breakBlock(e.margins)
		w.preFresh = true
	default:
		if e.margins > 0 {
			w.breakBlock(e.margins)
		}
	}
	w.layout()
}

// layout gives the inherited state to the lines.
func (w *htmlWriter) layout() {
	w.lines.quote, w.lines.indent = w.state.quote, 2*w.state.lists
}

// margins returns the line ends before and after an element, 0 for one within a line.
func margins(name string, a attributes, s htmlState) int {
	switch name {
	case "p":
		if strings.HasPrefix(a.class, "Mso") {
			return 1 // Word's paragraphs are lines
		}
		if s.lists > 0 {
			return 1
		}
		return 2
	case "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "xmp", "listing", "plaintext", "dl", "figure", "fieldset":
		return 2
	case "ul", "ol", "menu", "dir":
		if s.lists > 0 {
			return 1
		}
		return 2
	case "div", "li", "table", "tr", "tbody", "thead", "tfoot", "caption", "section", "article", "aside", "header", "footer",
		"nav", "main", "center", "address", "form", "legend", "figcaption", "dt", "dd", "option", "textarea", "details",
		"summary", "hgroup", "optgroup", "body", "frameset":
		return 1
	}
	return 0
}

// breakBlock asks for line ends, unless the block is the first thing in a
// table cell or list item.
func (w *htmlWriter) breakBlock(n int) {
	if w.lines.bullet != "" || w.inFreshCell() {
		return
	}
	if w.lines.nbsp > 0 && w.lines.atLineStart() && !w.lines.padded {
		n = 2 // a line of nothing but a hard blank is an empty line
	}
	w.lines.need(n)
}

// inFreshCell reports whether the innermost table cell has no text yet.
func (w *htmlWriter) inFreshCell() bool {
	n := len(w.cells)
	return n > 0 && !w.stack[w.cells[n-1]].cell.text
}

// beginCell separates a table cell from the one before it in the row: by two
// blanks when that was short, else by a line end.
func (w *htmlWriter) beginCell() {
	if len(w.stack) == 0 || w.stack[len(w.stack)-1].name != "tr" {
		return
	}
	last := w.stack[len(w.stack)-1].cell
	if !last.text {
		return
	}
	if last.line == w.lines.lineCount && len(w.lines.out)-last.start <= cellWidth {
		w.lines.breaks = 0
		w.lines.dropBlanks()
		w.lines.gap = true
	} else {
		w.lines.need(1)
	}
}

// nextBullet numbers the items of the innermost list.
func (w *htmlWriter) nextBullet() string {
	for i := len(w.stack) - 1; i >= 0; i-- {
		e := &w.stack[i]
		switch e.name {
		case "ol":
			e.number++
			return strconv.Itoa(e.number) + ". "
		case "ul", "menu", "dir":
			return "• "
		}
	}
	return "• "
}

// closeImplied ends the elements that a start tag ends (HTML 13.2.6).
func (w *htmlWriter) closeImplied(name string) {
	switch name {
	case "a", "option":
		w.closeWithin(name)
	case "li":
		w.closeWithin("li", "ul", "ol", "menu", "dir")
	case "dt", "dd":
		w.closeWithin("dt", "dl")
		w.closeWithin("dd", "dl")
	case "td", "th":
		w.closeWithin("td", "tr")
		w.closeWithin("th", "tr")
	case "tr":
		w.closeWithin("tr")
	case "tbody", "thead", "tfoot":
		w.closeWithin("tbody")
		w.closeWithin("thead")
		w.closeWithin("tfoot")
	}
	if margins(name, attributes{}, htmlState{}) > 0 {
		w.closeWithin("p")
	}
}

// closeWithin ends the innermost element of that name, and all in it, unless
// one of the barriers stands between: a table, a cell, or the names given.
func (w *htmlWriter) closeWithin(name string, barriers ...string) {
	if w.count[name] == 0 {
		return
	}
	ofTable := isTablePart(name)
	for i := len(w.stack) - 1; i >= 0; i-- {
		open := w.stack[i].name
		if open == name {
			w.closeTo(i)
			return
		}
		if open == "table" && name != "table" || !ofTable && (open == "td" || open == "th" || open == "caption") {
			return
		}
		for _, b := range barriers {
			if open == b {
				return
			}
		}
	}
}

func isTablePart(name string) bool {
	switch name {
	case "table", "tr", "td", "th", "tbody", "thead", "tfoot", "caption":
		return true
	}
	return false
}

// endTag handles an end tag.
func (w *htmlWriter) endTag(name string) {
	switch {
	case w.over[name] > 0:
		w.over[name]--
	case w.count[name] > 0:
		w.closeWithin(name)
	case name == "p" && !w.state.invisible():
		w.breakBlock(2)
	case name == "br" && !w.state.invisible():
		w.lines.br()
	}
}

func (w *htmlWriter) closeAll() { w.closeTo(0) }

// closeTo ends all elements from place i on.
func (w *htmlWriter) closeTo(i int) {
	for len(w.stack) > i {
		last := len(w.stack) - 1
		e := w.stack[last]
		w.stack = w.stack[:last]
		w.count[e.name]--
		if n := len(w.cells); n > 0 && w.cells[n-1] == last {
			w.cells = w.cells[:n-1]
		}
		visible := !w.state.invisible()
		w.state = e.outer
		if visible {
			w.finish(e)
		}
		w.layout()
	}
}

// finish writes what stands at the end of a visible element.
func (w *htmlWriter) finish(e element) {
	switch e.name {
	case "a":
		w.finishLink(e)
	case "q":
		w.lines.text("”")
	case "li":
		w.lines.bullet = ""
	case "td", "th":
		if len(w.stack) > 0 && w.stack[len(w.stack)-1].name == "tr" && e.cell.text {
			w.stack[len(w.stack)-1].cell = e.cell
		}
		return
	}
	if e.margins > 0 {
		w.breakBlock(e.margins)
	}
}

// finishLink shows where a link leads, unless its text says so. A link with
// neither text nor image is none.
func (w *htmlWriter) finishLink(e element) {
	url, domain, ok := readURL(e.href)
	text := strings.TrimSpace(string(w.lines.out[min(e.start, len(w.lines.out)):]))
	if !ok || text == "" && w.images == e.images {
		return
	}
	if len(w.links) < maxLinks {
		short := cutRunes(text, 4*maxAlt)
		w.links = append(w.links, Link{Text: strings.Join(strings.Fields(short), " "), URL: url, Domain: domain})
	}
	switch {
	case w.brief:
		return
	case text == "" && w.shown[domain]:
	case text == "":
		w.lines.text("[" + domain + "]")
	case !showsDomain(text, domain):
		w.lines.suffix("[" + domain + "]")
	}
	if len(w.links) <= maxLinks {
		w.shown[domain] = true
	}
}
