package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"

	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
)

// text2 cleans several lines for a text that is edited. Tabs stay what they are: a patch or a Makefile goes out as it was written.
func text2(s string) string {
	parts := strings.Split(s, "\t")
	for i, p := range parts {
		parts[i] = message.Clean(p).String()
	}
	return strings.Join(parts, "\t")
}

func (c *composer) Draw(s tcell.Screen, r cells.Rect) {
	if c.review {
		c.drawReview(s, r)
	} else {
		c.drawFields(s, r)
	}
	if doing := c.doing(); doing != "" {
		cells.PutRight(s, r.X, r.Y, r.W-1, text(" %s ", doing), c.u.look.bar)
	}
}

// doing is what there is to wait for, "" when there is nothing.
func (c *composer) doing() string {
	if c.busy == "" && c.work.Busy() { // until it is there, or Esc has given it up
		return "opening the editor …"
	}
	return c.busy
}

// drawFields draws the fields, each with what is wrong with it below, and the text.
func (c *composer) drawFields(s tcell.Screen, r cells.Rect) {
	look := c.u.look
	y := r.Y
	indent := labelWidth + 1
	popup := -1
	for i := fromField; i < bodyField; i++ {
		st := look.accent
		if i == c.focus {
			st = look.title
		}
		cells.Put(s, r.X+1, y, labelWidth, text("%s", fieldName(i)), st)
		if i == fromField {
			c.drawFrom(s, cells.Rect{X: r.X + indent, Y: y, W: r.W - indent - 1, H: 1})
		} else {
			w := r.W - indent - 1
			c.inputs[i].SetRect(r.X+indent, y, w, 1)
			if v := text("%s", c.value(i)); i != c.focus && cells.Width(v.String()) > w {
				cells.PutFit(s, r.X+indent, y, w, v, look.plain) // that it goes on is to be seen
			} else {
				c.inputs[i].Draw(s)
			}
		}
		y++
		if e, bad := c.errs[i]; bad && y < r.Y+r.H-3 {
			c.drawError(s, cells.Rect{X: r.X + indent, Y: y, W: r.W - indent - 1, H: 1}, e)
			y++
		}
		if i == c.focus {
			popup = y
		}
	}
	if len(c.atts) > 0 {
		cells.Put(s, r.X+1, y, labelWidth, text("Attached"), look.accent)
		cells.PutFit(s, r.X+indent, y, r.W-indent-1, text("%s", c.attachedWords()), look.plain)
		y++
	}
	for x := range min(r.W-2, maxColumns) {
		s.Put(r.X+1+x, y, "─", look.dim)
	}
	y++
	c.body.SetRect(r.X+1, y, min(r.W-2, maxColumns), max(1, r.Y+r.H-y))
	c.body.Draw(s)
	if popup >= 0 {
		c.offers.draw(s, cells.Rect{X: r.X + indent, Y: popup, W: r.W - indent - 1, H: r.Y + r.H - popup}, look)
	}
}

func (c *composer) drawFrom(s tcell.Screen, r cells.Rect) {
	look := c.u.look
	id := c.identity()
	words := "no account is set up: the message can only be kept as a draft"
	st := look.warn
	if id.account != nil {
		words, st = fullAddress(message.Address{Name: id.addr.Name, Addr: id.addr.Address}), look.plain
		if len(c.u.o.Config.Accounts) > 1 {
			words += "   (" + id.account.Name + ")"
		}
		if c.focus == fromField {
			words, st = "◂ "+words+" ▸", look.cursor
		}
	}
	cells.Put(s, r.X, r.Y, r.W, text("%s", words), st)
}

func (c *composer) drawError(s tcell.Screen, r cells.Rect, e fieldError) {
	words, x := "✗ "+e.words, r.X
	if w := cells.Width(e.words) + 2; e.column >= 0 && e.column+w < r.W {
		words, x = "↑ "+e.words, r.X+e.column
	}
	cells.Put(s, x, r.Y, r.X+r.W-x, text("%s", words), c.u.look.warn)
}

// drawReview shows the message as it would go out.
func (c *composer) drawReview(s tcell.Screen, r cells.Rect) {
	look := c.u.look
	lines := c.reviewLines(min(r.W-2, maxColumns))
	c.off = max(0, min(c.off, len(lines)-r.H))
	for i := 0; i < r.H && c.off+i < len(lines); i++ {
		lines[c.off+i].draw(s, cells.Rect{X: r.X + 1, Y: r.Y + i, W: r.W - 1, H: 1}, look)
	}
}

func (c *composer) reviewLines(w int) []readerLine {
	var out []readerLine
	from := "–"
	if id := c.identity(); id.account != nil {
		from = fullAddress(message.Address{Name: id.addr.Name, Addr: id.addr.Address})
	}
	out = append(out, field("From", from, w, 2)...)
	for i := toField; i <= subjectField; i++ {
		v := c.value(i)
		if v == "" && i != subjectField && i != toField {
			continue
		}
		if v == "" {
			v = "–"
		}
		out = append(out, field(fieldName(i), v, w, 4)...)
		if e, bad := c.errs[i]; bad {
			out = append(out, readerLine{kind: warnLine, line: cells.Line{Text: text("         ✗ %s", e.words)}})
		}
	}
	for i, a := range c.atts {
		label := "Attached"
		if i > 0 {
			label = " "
		}
		out = append(out, field(label, a.Name+" ("+a.Type+", "+size(int64(len(a.Data)))+")", w, 1)...)
	}
	for _, warning := range c.doubts() {
		out = append(out, readerLine{kind: warnLine, line: cells.Line{Text: text("         ! %s", warning)}})
	}
	out = append(out, readerLine{kind: ruleLine})
	for _, l := range cells.Wrap(message.Clean(c.body.GetText()), w) {
		out = append(out, readerLine{line: l})
	}
	return out
}

// doubts are what one may have forgotten.
func (c *composer) doubts() []string {
	var out []string
	if c.value(toField)+c.value(ccField)+c.value(bccField) == "" {
		out = append(out, "There is no recipient yet.")
	}
	if c.value(subjectField) == "" {
		out = append(out, "There is no subject.")
	}
	body := c.body.GetText()
	if strings.TrimSpace(body) == "" && len(c.atts) == 0 {
		out = append(out, "There is no text.")
	}
	if len(c.atts) == 0 && mentionsAttachment(body) {
		out = append(out, "The text speaks of an attachment, and there is none ("+c.u.keys.Key(keys.Attach, keys.Review)+" attaches).")
	}
	return out
}

// mentionsAttachment looks for words about attachments in what the person wrote, not in quotes.
func mentionsAttachment(body string) bool {
	for line := range strings.Lines(body) {
		l := strings.ToLower(line)
		if strings.HasPrefix(l, ">") {
			continue
		}
		if strings.HasPrefix(l, "-- ") || strings.HasPrefix(l, "----------") {
			return false
		}
		for _, w := range []string{"attached", "attachment", "attaching"} {
			if strings.Contains(l, w) {
				return true
			}
		}
	}
	return false
}
