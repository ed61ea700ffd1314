package ui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"
)

// frame is one picture of the screen.
type frame struct {
	w, h  int
	cells []frameCell
}

// frameCell is a cell: a character, "" right of a wide one.
type frameCell struct {
	str   string
	style tcell.Style
	wide  bool
	risky bool // a sequence whose width terminals disagree on
}

func (f *frame) at(x, y int) *frameCell {
	if x < 0 || y < 0 || x >= f.w || y >= f.h {
		return nil
	}
	return &f.cells[y*f.w+x]
}

func (f *frame) row(y int) []frameCell { return f.cells[y*f.w : (y+1)*f.w] }

// Clear begins a new frame.
func (s *terminal) Clear() { s.Fill(' ', tcell.StyleDefault) }

// Fill begins a new frame of one character.
func (s *terminal) Fill(r rune, st tcell.Style) {
	w, h := s.Size()
	if s.frame.w != w || s.frame.h != h {
		s.frame = frame{w, h, make([]frameCell, w*h)}
	}
	blank := frameCell{str: string(r), style: st}
	for i := range s.frame.cells {
		s.frame.cells[i] = blank
	}
}

// Put draws the first character of str and returns the rest and its width.
func (s *terminal) Put(x, y int, str string, st tcell.Style) (string, int) {
	if str == "" {
		s.set(x, y, frameCell{style: st})
		return "", 0
	}
	c, rest, w, _ := uniseg.FirstGraphemeClusterInString(str, -1)
	s.set(x, y, cellOf(c, w, st))
	return rest, w
}

// cellOf makes a cell of a character. A narrow sign with an emoji modifier loses
// that: terminals that do not know the pair would draw the modifier in cells of its own.
func cellOf(c string, width int, st tcell.Style) frameCell {
	if width <= 1 {
		for i, r := range c {
			if i > 0 && r >= 0x1f000 {
				c = c[:i]
				break
			}
		}
	}
	return frameCell{str: c, style: st, wide: width > 1, risky: isSequence(c)}
}

// SetContent draws a character; tview's widgets use it.
func (s *terminal) SetContent(x, y int, r rune, comb []rune, st tcell.Style) {
	str := string(r) + string(comb)
	s.set(x, y, cellOf(str, uniseg.StringWidth(str), st))
}

func (s *terminal) set(x, y int, c frameCell) {
	if at := s.frame.at(x, y); at != nil {
		*at = c
	}
}

// isSequence reports a character made of several, or beyond what all terminals know.
func isSequence(s string) bool {
	for i, r := range s {
		if i > 0 || r >= 0x1f000 {
			return true
		}
	}
	return false
}

// Get tells what has been drawn in a cell of this frame.
func (s *terminal) Get(x, y int) (string, tcell.Style, int) {
	c := s.frame.at(x, y)
	switch {
	case c == nil:
		return "", tcell.StyleDefault, 0
	case c.str == "":
		return " ", c.style, 1
	case c.wide:
		return c.str, c.style, 2
	}
	return c.str, c.style, 1
}

// GetContent is Get in the older form.
func (s *terminal) GetContent(x, y int) (rune, []rune, tcell.Style, int) {
	str, st, w := s.Get(x, y)
	r := []rune(str)
	if len(r) == 0 {
		return ' ', nil, st, w
	}
	return r[0], r[1:], st, w
}

// Show sends what differs from the frame before.
func (s *terminal) Show() {
	if s.last.w != s.frame.w || s.last.h != s.frame.h {
		s.last = frame{s.frame.w, s.frame.h, make([]frameCell, len(s.frame.cells))}
	}
	spill := false // the line above was sent whole: what was too wide at its end flowed here
	for y := range s.frame.h {
		spill = s.showRow(y, spill)
	}
	s.Screen.Show()
}

// showRow hands a line to tcell and reports whether it was sent whole.
func (s *terminal) showRow(y int, whole bool) bool {
	now, was := s.frame.row(y), s.last.row(y)
	changed, risky := false, false
	for x := range now {
		changed = changed || now[x] != was[x]
		risky = risky || now[x].risky || was[x].risky
	}
	if !changed && !whole {
		return false
	}
	sequence := changed && risky
	for x := range now {
		if now[x] == was[x] && !whole && !sequence {
			continue
		}
		if x > 0 && now[x].str == "" && now[x-1].wide {
			continue // the right half of a wide character
		}
		str := now[x].str
		if str == "" {
			str = " "
		}
		s.Screen.Put(x, y, str, now[x].style)
	}
	if whole || sequence {
		s.LockRegion(0, y, s.frame.w, 1, false)
	}
	copy(was, now)
	return sequence
}
