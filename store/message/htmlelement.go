package message

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

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
		if !w.state.gone() && (!a.hidden || w.showHidden) { // the size of letters is not theirs
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
