package ui

import (
	"context"

	"github.com/gdamore/tcell/v2"

	"mua/store/message"
	"mua/ui/cells"
	"mua/ui/keys"
)

// finder is what is looked for in the text that the reader shows.
type finder struct {
	words string
	in    foundIn // nil: nothing
	hit   int     // the line that words typed here were found in last
}

// searched takes over what the list was searched for: it is marked where it is.
func (v *reader) searched(q string) {
	if q != v.hits.words {
		v.hits = finder{words: q, in: queryPlaces(q, v.u.now())}
	}
}

// askFind asks for words to find in the shown text; none are those that the list was searched for.
func (v *reader) askFind() {
	label := "Find in this message:"
	if v.hits.in != nil {
		label = "Find (Enter: what was searched for):"
	}
	v.u.prompt(label, "", &v.u.finds, nil, func(p *prompt, words string) {
		p.close()
		switch {
		case words != "":
			v.find = finder{words, typedPlaces(words), v.off - 1}
			v.seek(v.find, v.off, 1, v.noneFurther)
		case v.hits.in != nil:
			v.find = finder{}
			v.seek(v.hits, 0, 1, v.noneFurther)
		}
	})
}

// nextFound goes to the next of the words typed here; of those that the list was searched for, to the next that is
// not on the screen, and where there is none further it does otherwise. False when nothing is looked for.
func (v *reader) nextFound(step int, otherwise func()) bool {
	switch {
	case v.find.in != nil:
		v.seek(v.find, v.find.hit+step, step, v.noneFurther)
	case v.hits.in != nil && v.ready && step > 0:
		v.seek(v.hits, v.off+v.height, step, func(finder) { otherwise() })
	case v.hits.in != nil && v.ready:
		v.seek(v.hits, v.off-1, step, func(finder) { otherwise() })
	default:
		return false
	}
	return true
}

// noneFurther says so.
func (v *reader) noneFurther(f finder) {
	if v.c.cut {
		v.u.remark("No further “%s” in what is shown of this message", f.words)
		return
	}
	v.u.remark("No further “%s” in this message", f.words)
}

// seek goes to the nearest line from at on with what is looked for; beside the loop, for texts are long.
func (v *reader) seek(f finder, at, step int, none func(finder)) {
	lines, u := v.lines, v.u
	u.modal(&v.seeking, func(ctx context.Context) func() {
		for at >= 0 && at < len(lines) && len(f.in(lines, at)) == 0 {
			if at += step; ctx.Err() != nil {
				return nil
			}
		}
		return func() {
			switch {
			case at < 0 || at >= len(lines):
				none(f)
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
func (v *reader) drawFound(s tcell.Screen, r cells.Rect, i int) {
	f, l := v.find, v.lines[i]
	if f.in == nil {
		f = v.hits
	}
	if f.in == nil {
		return
	}
	if l.kind == headLine && l.label.String() != "" {
		r.X, r.W = r.X+labelWidth, r.W-labelWidth
	}
	t := l.line.Text.String()
	for _, at := range f.in(v.lines, i) {
		x := cells.Width(t[:at.From])
		cells.Put(s, r.X+x, r.Y, r.W-x, message.CleanLine(t[at.From:at.To]), v.u.look.selection)
	}
}
