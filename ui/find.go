package ui

import (
	"context"
	"regexp"

	"github.com/gdamore/tcell/v2"

	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
)

// finder is what is looked for in the text that the reader shows.
type finder struct {
	words   string
	pattern *regexp.Regexp // nil: nothing
	hit     int            // the line it was found in last
}

// askFind asks for words to find in the shown text.
func (v *reader) askFind() {
	v.u.prompt("Find in this message:", "", &v.u.finds, nil, func(p *prompt, words string) {
		p.close()
		if words != "" {
			v.find = finder{words, regexp.MustCompile("(?i)" + regexp.QuoteMeta(words)), v.off - 1}
			v.seek(1)
		}
	})
}

// seek goes to the next line with what is looked for, or the one before; beside the loop, for texts are long.
func (v *reader) seek(step int) {
	f, lines, u := v.find, v.lines, v.u
	u.modal(&v.seeking, func(ctx context.Context) func() {
		at := f.hit + step
		for at >= 0 && at < len(lines) && !f.pattern.MatchString(lines[at].line.Text.String()) {
			if at += step; ctx.Err() != nil {
				return nil
			}
		}
		return func() {
			switch {
			case (at < 0 || at >= len(lines)) && v.c.cut:
				u.remark("No further “%s” in what is shown of this message", f.words)
			case at < 0 || at >= len(lines):
				u.remark("No further “%s” in this message", f.words)
			case len(lines) == len(v.lines): // else they were set anew meanwhile
				v.find.hit = at
				if at < v.off || at >= v.off+v.height {
					v.off = max(0, at-v.height/3)
				}
				u.remark("Found “%s” · %s next, %s previous", f.words, u.keys.Key(keys.NextMatch, keys.Mail), u.keys.Key(keys.PrevMatch, keys.Mail))
			}
		}
	})
}

// drawFound marks in a line what is looked for.
func (v *reader) drawFound(s tcell.Screen, r cells.Rect, l readerLine) {
	if v.find.pattern == nil {
		return
	}
	if l.kind == headLine && l.label.String() != "" {
		r.X, r.W = r.X+labelWidth, r.W-labelWidth
	}
	t := l.line.Text.String()
	for _, at := range v.find.pattern.FindAllStringIndex(t, -1) {
		x := cells.Width(t[:at[0]])
		cells.Put(s, r.X+x, r.Y, r.W-x, message.CleanLine(t[at[0]:at[1]]), v.u.look.selection)
	}
}
