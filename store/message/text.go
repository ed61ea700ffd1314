package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is the only type that may reach a terminal: valid UTF-8 without control
// characters (but \n where lines are allowed), bidi controls, or other
// characters that move the cursor or hide text.
//
// The directional marks U+200E, U+200F and U+061C go as well as the overrides:
// they are invisible, they have no effect in a grid of cells that is drawn cell
// by cell, and a cell of no width misaligns the line it is in. No letter of a
// right-to-left text is lost. U+200C and U+200D stay between visible
// characters: Persian and emoji need them.
type Text struct{ s string }

// String returns the cleaned text.
func (t Text) String() string { return t.s }

const (
	maxMarks = 6 // combining marks kept on one character
	tabStop  = 8 // columns

	zwnj, zwj = '\u200c', '\u200d'
)

// Clean makes a Text of several lines: tabs become spaces up to the next tab
// stop, CR, CRLF, NEL, VT, FF, U+2028 and U+2029 become \n.
func Clean(s string) Text {
	if isPlain(s, true) {
		return Text{s}
	}
	c := cleaner{lines: true}
	return Text{c.clean(s)}
}

// CleanLine makes a Text of one line: each run of line ends and tabs becomes a space.
func CleanLine(s string) Text {
	if isPlain(s, false) {
		return Text{s}
	}
	c := cleaner{}
	return Text{c.clean(s)}
}

// isPlain reports whether s is printable ASCII (and \n), the common case.
func isPlain(s string, lines bool) bool {
	for i := range len(s) {
		if b := s[i]; (b < ' ' || b > '~') && !(lines && b == '\n') {
			return false
		}
	}
	return true
}

// cleaner holds the state of one pass over a text.
type cleaner struct {
	lines  bool
	out    strings.Builder
	column int  // runes since the line's start, for tabs
	marks  int  // combining marks since the last base
	base   bool // a visible character or space precedes in this line
	joiner rune // ZWJ or ZWNJ waiting for the next visible character
	gap    bool // one-line mode: the last thing written stands for a break or tab
}

func (c *cleaner) clean(s string) string {
	c.out.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if r == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			n = 2
		}
		i += n
		c.rune(r)
	}
	return c.out.String()
}

func (c *cleaner) rune(r rune) {
	switch {
	case r >= ' ' && r < 0x7f:
		c.visible(r)
	case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
		c.newline()
	case r == '\t':
		c.tab()
	case r < 0xa0:
		// C0, DEL, C1: gone
	case r == zwnj || r == zwj:
		if c.base && c.joiner == 0 {
			c.joiner = r
		}
	case unicode.In(r, unicode.Mn, unicode.Me):
		c.mark(r)
	case r != 0x3000 && unicode.Is(unicode.Zs, r) || isFiller(r):
		c.visible(' ')
	case isNonCharacter(r):
		c.visible(utf8.RuneError)
	case hides(r):
	default:
		c.visible(r)
	}
}

func (c *cleaner) visible(r rune) {
	if c.joiner != 0 && r != ' ' {
		c.out.WriteRune(c.joiner)
	}
	c.joiner, c.marks, c.base, c.gap = 0, 0, true, false
	c.out.WriteRune(r)
	c.column++
}

// mark keeps a combining mark when there is something to combine with, and not too many.
func (c *cleaner) mark(r rune) {
	if !c.base || c.marks >= maxMarks || r == 0x34f || r >= 0xe0100 && r <= 0xe01ef {
		return
	}
	c.marks++
	c.out.WriteRune(r)
}

func (c *cleaner) newline() {
	if !c.lines {
		c.space()
		return
	}
	c.out.WriteByte('\n')
	c.column, c.marks, c.base, c.joiner = 0, 0, false, 0
}

func (c *cleaner) tab() {
	if !c.lines {
		c.space()
		return
	}
	for range tabStop - c.column%tabStop {
		c.visible(' ')
	}
}

// space writes one space for a run of breaks and tabs.
func (c *cleaner) space() {
	if !c.gap {
		c.visible(' ')
		c.gap = true
	}
}

// isFiller reports blank characters that pass for letters.
func isFiller(r rune) bool { return r == 0x3164 || r == 0xffa0 || r == 0x115f || r == 0x1160 }

// isNonCharacter reports code points that are no characters.
func isNonCharacter(r rune) bool {
	return r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef
}

// hides reports invisible format characters: bidi controls, tags, BOM, soft
// hyphen, invisible operators, annotations. Signs that are drawn (Arabic
// number signs and the like) are of the same category but stay.
func hides(r rune) bool {
	if !unicode.Is(unicode.Cf, r) && !(r >= 0xe0000 && r <= 0xe0fff) {
		return false
	}
	switch {
	case r >= 0x600 && r <= 0x605, r == 0x6dd, r == 0x70f, r == 0x890, r == 0x891, r == 0x8e2, r == 0x110bd, r == 0x110cd:
		return false
	}
	return true
}
