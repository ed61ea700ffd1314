package message

import (
	"strings"

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
	w.brief, w.lines.brief = brief, brief
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

// invisible reports that text cannot be seen.
func (s htmlState) invisible() bool { return s.fontZero || s.gone() }

// gone reports that nothing can be seen, images neither.
func (s htmlState) gone() bool { return s.hidden || s.hide }

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

// open begins an element.
func (w *htmlWriter) open(name string, a attributes) {
	if len(w.stack) >= maxElements {
		w.over[name]++
		return
	}
	e := element{name: name, outer: w.state}
	w.applyVisibility(name, a)
	if w.shows(name) {
		w.begin(&e, a)
	}
	if name == "td" || name == "th" {
		w.cells = append(w.cells, len(w.stack))
	}
	w.stack = append(w.stack, e)
	w.count[name]++
}

// shows reports whether the element just opened or about to be closed has
// anything to show of its own. A link may have an image where letters have no size.
func (w *htmlWriter) shows(name string) bool {
	return !w.state.invisible() || name == "a" && !w.state.gone()
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
	case "table":
		w.state.fontZero = false // as in quirks mode: a size of zero round a table is layout, not a disguise
	}
	w.state.pre = a.pre.apply(w.state.pre)
	if w.showHidden {
		return
	}
	w.state.hidden = w.state.hidden || a.hidden || a.mso && !w.notOutlook && name != "a"
	w.state.fontZero = a.fontZero.apply(w.state.fontZero)
	w.state.hide = a.hide.apply(w.state.hide)
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
		visible := w.shows(e.name)
		w.state = e.outer
		if visible {
			w.finish(e)
		}
		w.layout()
	}
}
