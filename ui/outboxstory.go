package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"

	"mua/store"
	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
)

// storyLine is a line of a story, set for its width.
type storyLine struct {
	words  message.Text
	indent int
	style  tcell.Style
}

// outboxStory is how an item stands, what one can do, and below what happened to it so far.
type outboxStory struct {
	of     store.OutboxID
	past   []string // as package outbox tells it
	why    []string // it is listed, where that is not plain
	lines  []storyLine
	off, h int
}

// stampWidth is the columns of the time before an event in a story.
const stampWidth = len("2006-01-02 15:04:05  ")

// tell takes a story over. Its last line says how it stands, which is shown
// first and as it is now.
func (o *outboxStory) tell(id store.OutboxID, lines, why []string) {
	if o.of != id {
		o.off = 0
	}
	o.of, o.past, o.why = id, nil, why
	for _, l := range lines[:max(0, len(lines)-1)] {
		o.past = append(o.past, withoutCommand(l))
	}
}

// set makes the lines for a width.
func (o *outboxStory) set(u *App, it store.Item, width int) {
	look := u.look
	o.lines = nil
	if o.of != it.ID {
		return
	}
	o.add(u.describe(it), 0, 0, width, look.bold)
	for _, l := range o.why {
		o.add(l, 0, 0, width, look.dim)
	}
	for _, words := range u.canDo(it, width) {
		o.add(words, 0, 0, width, look.accent)
	}
	o.lines = append(o.lines, storyLine{})
	for _, l := range o.past {
		words := strings.TrimLeft(l, " ")
		if n := len(l) - len(words); n > 0 {
			o.add(words, n, n+2, width, outcomeStyle(look, words))
			continue
		}
		o.add(words, 0, stampWidth, width, look.plain)
	}
}

// add wraps a line; what does not fit in the first one is indented by rest.
func (o *outboxStory) add(words string, indent, rest, width int, st tcell.Style) {
	first := cells.Wrap(message.CleanLine(words), width-indent)
	if len(first) == 0 {
		return
	}
	o.lines = append(o.lines, storyLine{first[0].Text, indent, st})
	if len(first) == 1 {
		return
	}
	left := strings.TrimPrefix(message.CleanLine(words).String(), first[0].Text.String())
	for _, l := range cells.Wrap(message.CleanLine(strings.TrimLeft(left, " ")), width-rest) {
		o.lines = append(o.lines, storyLine{l.Text, rest, st})
	}
}

// outcomeStyle colours what became of a recipient.
func outcomeStyle(look theme, words string) tcell.Style {
	for _, o := range []struct {
		words string
		style tcell.Style
	}{{": accepted", look.good}, {": refused", look.warn}, {": deferred", look.flagged}, {": uncertain", look.flagged}} {
		if strings.Contains(words, o.words) {
			return o.style
		}
	}
	return look.plain
}

// scrolled keeps the place in bounds; more tells that the story goes on below.
func (o *outboxStory) scrolled(h int) (more bool) {
	o.h = max(1, h)
	o.off = max(0, min(o.off, len(o.lines)-o.h))
	return o.off+o.h < len(o.lines)
}

func (o *outboxStory) scroll(pages int) { o.off += pages * max(1, o.h-2) }

func (o *outboxStory) draw(s tcell.Screen, r cells.Rect, look theme) {
	for i := 0; i < r.H && o.off+i < len(o.lines); i++ {
		l := o.lines[o.off+i]
		cells.Put(s, r.X+l.indent, r.Y+i, r.W-l.indent, l.words, l.style)
	}
}

// deed is something one can do with an item.
type deed struct {
	action keys.Action
	words  string
}

// deeds are what one can do with an item as it stands.
func deeds(it store.Item) []deed {
	read, edit, cancel := deed{keys.Open, "read it"}, deed{keys.Edit, "edit it"}, deed{keys.Cancel, "cancel (the text goes to Drafts)"}
	if len(it.InDoubt()) > 0 && (it.State == store.Queued || it.State == store.Held) {
		next := []deed{{keys.Retry, "try now for the others"}, {keys.Hold, "hold back"}}
		if it.State == store.Held {
			next = []deed{{keys.Release, "release"}}
		}
		return append(append([]deed{{keys.ItWasSent, "has it arrived?"}}, next...), cancel, read)
	}
	switch it.State {
	case store.Queued:
		try := "try now"
		if it.Waiting == "time" {
			try = "send now"
		}
		return []deed{{keys.Retry, try}, {keys.Hold, "hold back"}, edit, cancel, read}
	case store.Held:
		return []deed{{keys.Release, "release"}, edit, cancel, read}
	case store.Uncertain:
		return []deed{{keys.ItWasSent, "it was sent"}, {keys.Retry, "send it again"}, cancel, read}
	case store.Failed:
		return []deed{{keys.Retry, "try again"}, edit, cancel, read}
	case store.Partial:
		return []deed{{keys.Retry, "try again for those refused"}, {keys.Edit, "write to them anew"}, read}
	case store.Cancelled:
		return []deed{edit, read}
	}
	return []deed{read}
}

// canDo tells what one can do with an item, with the keys that do it, in lines of whole deeds.
func (u *App) canDo(it store.Item, width int) (out []string) {
	for _, d := range deeds(it) {
		k := u.keys.Key(d.action, keys.Outbox)
		if k == "" {
			continue
		}
		words, last := k+" "+d.words, len(out)-1
		if last >= 0 && cells.Width(out[last]+" · "+words) <= width {
			out[last] += " · " + words
		} else {
			out = append(out, words)
		}
	}
	return out
}

// Hints are the keys that do something for the selected item.
func (v *outboxView) Hints() []keys.Action {
	out := []keys.Action{keys.Back}
	if v.u.stored.moved != "" {
		out = append(out, keys.Confirm)
	}
	if it, ok := v.current(); ok {
		for _, d := range deeds(it) {
			out = append(out, d.action)
		}
	}
	return append(out, keys.ShowAll, keys.Page)
}
