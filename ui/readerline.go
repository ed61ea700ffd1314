package ui

import (
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/outbox"
	"mua/store"
	"mua/store/message"
	"mua/store/query"
	"mua/ui/cells"
)

// lineKind says how a line of the reader looks.
type lineKind int

const (
	bodyLine lineKind = iota
	headLine          // Label: value
	subjectLine
	ruleLine // a rule across
	talkLine // words of ours
	warnLine // a warning of ours
)

// readerLine is one line of the reader, set for its width.
type readerLine struct {
	kind  lineKind
	label message.Text
	field query.Field // of a headLine, where words can be looked for in it
	line  cells.Line
}

// labelWidth is the columns before the values of header fields.
const labelWidth = 9

// setLines makes the lines of a message: headers, attachments, delivery reports on it, text.
func setLines(c content, r row, width int, all bool, now time.Time) []readerLine {
	var out []readerLine
	if all {
		out = allHeaders(c.msg, width)
	} else {
		out = usualHeaders(c.msg, r, width, now)
	}
	out = append(out, attachmentLines(c.msg, width)...)
	out = append(out, reportLines(c.reports, width, now)...)
	out = append(out, readerLine{kind: ruleLine})
	if c.missing { // what is said of that depends on more than the message
		return out
	}
	for _, l := range cells.Wrap(c.text, width) {
		out = append(out, readerLine{line: l})
	}
	if c.cut {
		out = append(out, talk("… the text goes on; save the message to read all of it.", width)...)
	}
	if strings.TrimSpace(c.text.String()) == "" {
		out = append(out, talk("This message has no text.", width)...)
	}
	return out
}

// usualHeaders are the fields people look for; long lists of people are cut.
func usualHeaders(m *message.Message, r row, width int, now time.Time) []readerLine {
	var out []readerLine
	subject := m.Subject
	if subject == "" {
		subject = "(no subject)"
	}
	for _, l := range cells.Wrap(message.CleanLine(subject), width) {
		out = append(out, readerLine{kind: subjectLine, line: cells.Line{Text: l.Text}})
	}
	date := fullDate(m.Date, now)
	if date == "" {
		date = fullDate(r.Received, now)
	}
	for _, f := range []struct{ label, value string }{
		{"From", addressList(m.From)}, {"Sender", senderWhenOther(m)}, {"Reply to", replyToWhenOther(m)}, {"To", addressList(m.To)}, {"Cc", addressList(m.Cc)},
		{"Bcc", addressList(m.Bcc)}, {"Date", date},
	} {
		if f.value != "" {
			out = append(out, field(f.label, f.value, width, 3)...)
		}
	}
	return out
}

func senderWhenOther(m *message.Message) string {
	if len(m.Sender) == 0 || len(m.From) > 0 && strings.EqualFold(m.Sender[0].Addr, m.From[0].Addr) {
		return ""
	}
	return addressList(m.Sender)
}

func replyToWhenOther(m *message.Message) string {
	if len(m.ReplyTo) == 0 || len(m.From) > 0 && len(m.ReplyTo) == 1 && strings.EqualFold(m.ReplyTo[0].Addr, m.From[0].Addr) {
		return ""
	}
	return addressList(m.ReplyTo)
}

// allHeaders are all fields as they are, decoded.
func allHeaders(m *message.Message, width int) []readerLine {
	var out []readerLine
	for _, f := range m.Fields {
		for i, l := range cells.Wrap(message.CleanLine(f.Name+": "+f.Value), width) {
			k := bodyLine
			if i == 0 {
				k = headLine
			}
			out = append(out, readerLine{kind: k, line: cells.Line{Text: l.Text}})
		}
	}
	for _, d := range m.Defects {
		out = append(out, talk("damaged: "+d, width)...)
	}
	return out
}

// field sets one header field with its label; at most n lines.
func field(label, value string, width, n int) []readerLine {
	var out []readerLine
	lines := cells.Wrap(message.CleanLine(value), width-labelWidth)
	for i, l := range lines {
		if i == n {
			out[n-1].line.Text = message.CleanLine(cells.Cut(out[n-1].line.Text.String(), width-labelWidth-2) + " …")
			break
		}
		rl := readerLine{kind: headLine, field: fieldOf(label), line: cells.Line{Text: l.Text}, label: message.CleanLine(" ")}
		if i == 0 {
			rl.label = message.CleanLine(label)
		}
		out = append(out, rl)
	}
	return out
}

// fieldOf is what a query calls the field behind a label.
func fieldOf(label string) query.Field {
	switch label {
	case "From":
		return query.From
	case "To":
		return query.To
	case "Cc":
		return query.Cc
	case "Attached", " ":
		return query.Filename
	}
	return query.Anywhere
}

func attachmentLines(m *message.Message, width int) []readerLine {
	var out []readerLine
	list := m.Attachments()
	for i, a := range list {
		label := " "
		if i == 0 {
			label = "Attached"
		}
		words := a.Name
		if words == "" {
			words = "part " + a.Part
		}
		words += " (" + a.Type + ", " + size(a.Size) + ")"
		if i == 5 && len(list) > 6 {
			words = "and " + count(len(list)-5, "more attachment")
		}
		f := field(label, words, width, 1)
		out = append(out, f...)
		if i == 5 && len(list) > 6 {
			break
		}
	}
	return out
}

// maxReportLines is how many delivery reports are shown above a message; the outbox has all.
const maxReportLines = 5

// reportLines say what delivery reports on a message claim, a failure as a warning.
func reportLines(reports []store.Report, width int, now time.Time) []readerLine {
	var out []readerLine
	for i, r := range reports {
		if i == maxReportLines && len(reports) > maxReportLines+1 {
			return append(out, talk("and "+count(len(reports)-i, "more delivery report")+", in the outbox", width)...)
		}
		words, _, _ := strings.Cut(outbox.TellReport(r), " → ")
		for _, l := range talk(longDate(r.Arrived, now)+"  "+words, width) {
			if r.Action == message.ActionFailed {
				l.kind = warnLine
			}
			out = append(out, l)
		}
	}
	return out
}

func talk(words string, width int) []readerLine {
	var out []readerLine
	for _, l := range cells.Wrap(message.CleanLine(words), width) {
		out = append(out, readerLine{kind: talkLine, line: l})
	}
	return out
}

func (l readerLine) draw(s tcell.Screen, r cells.Rect, look theme) {
	switch l.kind {
	case ruleLine:
		for x := range min(r.W-1, maxColumns) {
			s.Put(r.X+x, r.Y, "─", look.dim)
		}
	case subjectLine:
		cells.Put(s, r.X, r.Y, r.W, l.line.Text, look.bold)
	case warnLine:
		cells.Put(s, r.X, r.Y, r.W, l.line.Text, look.warn)
	case talkLine:
		cells.Put(s, r.X, r.Y, r.W, l.line.Text, look.dim)
	case headLine:
		l.drawHead(s, r, look)
	default:
		l.drawBody(s, r, look)
	}
}

func (l readerLine) drawHead(s tcell.Screen, r cells.Rect, look theme) {
	if l.label.String() != "" {
		cells.Put(s, r.X, r.Y, labelWidth-1, l.label, look.accent)
		cells.Put(s, r.X+labelWidth, r.Y, r.W-labelWidth, l.line.Text, look.plain)
		return
	}
	name, value, ok := strings.Cut(l.line.Text.String(), ":")
	n := 0
	if ok {
		n = cells.Put(s, r.X, r.Y, r.W, message.CleanLine(name+":"), look.accent)
	} else {
		value = name
	}
	cells.Put(s, r.X+n, r.Y, r.W-n, message.CleanLine(value), look.plain)
}

// drawBody draws a line of the text with its quote's colour and its links.
func (l readerLine) drawBody(s tcell.Screen, r cells.Rect, look theme) {
	st := look.quote(l.line.Quote)
	if l.line.Sig {
		st = look.dim
	}
	t, x, at := l.line.Text.String(), r.X, 0
	put := func(part string, st tcell.Style) {
		x += cells.Put(s, x, r.Y, r.X+r.W-x, message.CleanLine(part), st)
	}
	for _, k := range l.line.Links {
		if k.From < at || k.To > len(t) {
			continue
		}
		put(t[at:k.From], st)
		put(t[k.From:k.To], look.link)
		at = k.To
	}
	put(t[at:], st)
}
