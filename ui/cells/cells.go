// Package cells writes text into the cells of a terminal, one grapheme cluster
// at a time.
//
// Its contract: only message.Text is drawn, so nothing a stranger wrote can
// move the cursor; no character of a text is a command (there are no colour or
// region tags as in tview, "[red]" is five characters); a cluster that does not
// fit is left out whole, so columns stay aligned with wide characters, emoji
// sequences and combining marks.
package cells

import (
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"mua/store/message"
)

// Rect is a rectangle of cells.
type Rect struct{ X, Y, W, H int }

// Contains reports whether the cell is inside.
func (r Rect) Contains(x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}

// Row is the i-th line of the rectangle, one cell high.
func (r Rect) Row(i int) Rect { return Rect{r.X, r.Y + i, r.W, 1} }

// Width is the number of columns a text takes.
func Width(s string) int {
	w := 0
	each(s, func(_ string, cw int) bool { w += cw; return true })
	return w
}

// each calls f with each visible cluster and its width until f returns false.
// A tab counts as one space; line ends end the text; clusters without width are skipped.
func each(s string, f func(cluster string, width int) bool) {
	state := -1
	for s != "" {
		var c string
		var w int
		if b := s[0]; b >= ' ' && b < 0x7f && (len(s) == 1 || s[1] < 0x80) {
			c, s, w, state = s[:1], s[1:], 1, -1
		} else {
			c, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		}
		switch {
		case c == "\t":
			c, w = " ", 1
		case c[0] == '\n' || c[0] == '\r':
			return
		case c[0] < ' ' || c[0] == 0x7f || w <= 0:
			continue
		case len(c) > 4:
			c, w = settled(c, w)
		}
		if !f(c, min(w, 2)) {
			return
		}
	}
}

// settled reduces an emoji sequence to its first emoji. Terminals disagree about
// the width of the rest (joined people, skin tones, a wish for colour), and one
// that takes another width than we counted shifts the whole line.
func settled(cluster string, width int) (string, int) {
	for i, r := range cluster {
		if i > 0 && (r == '\u200d' || r == '\ufe0f' || r >= 0x1f3fb && r <= 0x1f3ff) {
			first := cluster[:i]
			return first, min(width, uniseg.StringWidth(first))
		}
	}
	return cluster, width
}

// Put draws at most w columns of t at x, y and returns how many it took.
func Put(s tcell.Screen, x, y, w int, t message.Text, st tcell.Style) int {
	used := 0
	each(t.String(), func(c string, cw int) bool {
		if used+cw > w {
			return false
		}
		s.Put(x+used, y, c, st)
		if cw == 2 {
			// The cell under the right half keeps the style, so that bars have no holes.
			s.Put(x+used+1, y, "", st)
		}
		used += cw
		return true
	})
	return used
}

// PutFit is Put that ends in "…" when t is too long and fills the rest of w with spaces.
func PutFit(s tcell.Screen, x, y, w int, t message.Text, st tcell.Style) {
	if w <= 0 {
		return
	}
	Fill(s, Rect{x, y, w, 1}, st)
	if Width(t.String()) <= w {
		Put(s, x, y, w, t, st)
		return
	}
	used := Put(s, x, y, w-1, t, st)
	s.Put(x+used, y, "…", st)
}

// PutRight draws t at the right end of the w columns beginning at x and returns its width.
func PutRight(s tcell.Screen, x, y, w int, t message.Text, st tcell.Style) int {
	n := min(Width(t.String()), w)
	return Put(s, x+w-n, y, n, t, st)
}

// Fill makes all cells of r blank. A wide character that reaches into r from the left goes.
func Fill(s tcell.Screen, r Rect, st tcell.Style) {
	for y := r.Y; y < r.Y+r.H; y++ {
		if _, left, w := s.Get(r.X-1, y); w == 2 {
			s.Put(r.X-1, y, " ", left)
		}
		for x := r.X; x < r.X+r.W; x++ {
			s.Put(x, y, " ", st)
		}
	}
}

// Box draws a frame on the edge of r, with a title in its top line, and blanks its inside.
func Box(s tcell.Screen, r Rect, title message.Text, st, titleStyle tcell.Style) {
	if r.W < 2 || r.H < 2 {
		return
	}
	Fill(s, r, st)
	for x := r.X + 1; x < r.X+r.W-1; x++ {
		s.Put(x, r.Y, "─", st)
		s.Put(x, r.Y+r.H-1, "─", st)
	}
	for y := r.Y + 1; y < r.Y+r.H-1; y++ {
		s.Put(r.X, y, "│", st)
		s.Put(r.X+r.W-1, y, "│", st)
	}
	s.Put(r.X, r.Y, "╭", st)
	s.Put(r.X+r.W-1, r.Y, "╮", st)
	s.Put(r.X, r.Y+r.H-1, "╰", st)
	s.Put(r.X+r.W-1, r.Y+r.H-1, "╯", st)
	if title.String() != "" && r.W > 6 {
		Put(s, r.X+2, r.Y, r.W-4, message.CleanLine(" "+title.String()+" "), titleStyle)
	}
}

// Cut returns the beginning of s that fits in w columns.
func Cut(s string, w int) string {
	var b strings.Builder
	used := 0
	each(s, func(c string, cw int) bool {
		if used+cw > w {
			return false
		}
		b.WriteString(c)
		used += cw
		return true
	})
	return b.String()
}
