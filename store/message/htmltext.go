package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// textWriter puts text into lines: it collapses blanks, holds back line ends
// until there is something to follow, and begins lines with quote marks,
// indentation and bullets.
type textWriter struct {
	out       []byte
	lineStart int   // where the current line begins in out
	lineCount int   // line ends written
	breaks    int   // line ends to write before the next text
	space     bool  // a blank to write before the next text
	nbsp      int   // hard blanks in that run
	padded    bool  // invisible characters in that run: it only pads
	gap       bool  // two blanks to write: between table cells
	gaps      []int // where cells begin behind such blanks
	brief     bool  // words only: cells are not set below each other
	joiner    rune
	tail      bool // the last thing written was a suffix: no word may touch it
	quote     int
	lastQuote int // quote depth of the line written last
	indent    int
	bullet    string
	onText    func() // called before text is written
}

const (
	maxQuote  = 10
	maxIndent = 16
	maxNbsp   = 16 // hard blanks in a row that are taken for layout that matters
)

// need asks for n line ends before the next text.
func (w *textWriter) need(n int) {
	w.breaks = max(w.breaks, n)
	w.dropBlanks()
}

func (w *textWriter) dropBlanks() { w.space, w.nbsp, w.padded, w.joiner = false, 0, false, 0 }

// atLineStart reports whether nothing stands in the current line yet.
func (w *textWriter) atLineStart() bool { return w.breaks > 0 || len(w.out) == w.lineStart }

// br ends the line, or leaves one empty.
func (w *textWriter) br() {
	if w.breaks == 0 && len(w.out) > w.lineStart {
		w.need(1)
	} else {
		w.need(2)
	}
}

// text writes text with blanks collapsed as HTML says.
func (w *textWriter) text(s string) {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c <= ' ' || c == 0x7f {
				w.space = true
				i++
				continue
			}
			n := i + 1
			for n < len(s) && s[n] > ' ' && s[n] < 0x7f {
				n++
			}
			w.flush(rune(c))
			w.out = append(w.out, s[i:n]...)
			i = n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		w.rune(r)
		i += n
	}
}

// rune writes one character beyond ASCII.
func (w *textWriter) rune(r rune) {
	switch {
	case r == 0xa0 || r == 0x202f:
		w.nbsp++
	case r == zwj || r == zwnj:
		if !w.atLineStart() && !w.space && w.nbsp == 0 && w.joiner == 0 {
			w.joiner = r
		} else {
			w.padded, w.joiner = true, 0
		}
	case r == 0x34f || r == 0x2800 || isFiller(r) || hides(r):
		w.padded = true
	case r >= 0x2000 && r <= 0x200a || r == 0x205f || r == 0x2028 || r == 0x2029 || r == 0x85:
		w.space = true
	default:
		w.flush(r)
		w.out = utf8.AppendRune(w.out, r)
	}
}

// flush writes what was held back before the character next: line ends, the
// beginning of a line, blanks.
func (w *textWriter) flush(next rune) {
	fresh := w.startLine()
	if w.onText != nil {
		w.onText()
	}
	switch {
	case w.gap && !fresh:
		w.out = append(w.out, ' ', ' ')
		if !w.brief {
			w.gaps = append(w.gaps, len(w.out))
		}
	case w.padded && w.nbsp > 0 || w.nbsp > maxNbsp, w.space && w.nbsp == 0:
		if !fresh {
			w.out = append(w.out, ' ')
		}
	case w.nbsp > 1 || w.nbsp > 0 && !fresh:
		w.out = append(w.out, "                "[:w.nbsp]...)
	case w.joiner != 0 && !fresh:
		w.out = utf8.AppendRune(w.out, w.joiner)
	case w.tail && !fresh && (next >= 0x80 || unhex(byte(next|0x20)) >= 0 || isLetter(next) || next == '['):
		w.out = append(w.out, ' ')
	}
	w.gap, w.tail = false, false
	w.dropBlanks()
}

// startLine writes the line ends that are due and begins a line when one is
// to begin.
func (w *textWriter) startLine() (fresh bool) {
	if len(w.out) == 0 {
		w.breaks = 0
	}
	for n := w.breaks; n > 0; n-- {
		if n < w.breaks {
			w.out = append(w.out, strings.TrimRight(strings.Repeat("> ", min(w.quote, w.lastQuote, maxQuote)), " ")...)
		}
		w.out = append(w.out, '\n')
		w.lineCount++
		w.lineStart = len(w.out)
	}
	w.breaks = 0
	if len(w.out) != w.lineStart {
		return false
	}
	w.out = append(w.out, strings.Repeat("> ", min(w.quote, maxQuote))...)
	w.lastQuote = w.quote
	indent := w.indent
	if w.bullet != "" {
		indent -= 2
	}
	w.out = append(w.out, "                "[:max(0, min(indent, maxIndent))]...)
	w.out = append(w.out, w.bullet...)
	w.bullet = ""
	return true
}

// preText writes text in which blanks and line ends count.
func (w *textWriter) preText(s string) {
	s = newlines(s)
	for {
		line, rest, more := strings.Cut(s, "\n")
		if strings.TrimSpace(line) != "" {
			w.gap = false
			w.dropBlanks()
			w.flush(rune(line[0]))
			w.out = append(w.out, line...)
		} else if line != "" && !more {
			w.space = true
		}
		if !more {
			return
		}
		w.breaks = min(w.breaks+1, 3)
		s = rest
	}
}

// suffix writes s at the end of the last line, before line ends that are due.
func (w *textWriter) suffix(s string) {
	if len(w.out) == w.lineStart || len(w.out) == 0 {
		w.text(s)
		return
	}
	w.out = append(w.out, ' ')
	w.out = append(w.out, s...)
	w.tail = true
}

// String returns the text, its last line ended.
func (w *textWriter) String() string {
	out := bytes.TrimRight(w.out, " \n")
	if len(out) == 0 {
		return ""
	}
	if len(w.gaps) > 0 {
		out = aligned(out, w.gaps)
	}
	return string(out) + "\n"
}
