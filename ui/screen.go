package ui

import (
	"strings"
	"sync"

	"github.com/gdamore/tcell/v2"
)

// terminal is a screen with two mends.
//
// Pastes keep their line ends: terminals send them as CR, LF or both, and tview
// knows only CR (Enter).
//
// Lines with emoji sequences are drawn whole when they change: terminals
// disagree on how wide such a sequence is, and one that draws it wider than
// tcell thinks would leave its end behind on the screen.
type terminal struct {
	tcell.Screen
	once    sync.Once
	initErr error

	pasting bool // PollEvent's goroutine alone touches these
	afterCR bool

	risky, wasRisky map[int]bool   // lines with sequences, in this drawing and the one before
	shown           map[int]string // what such lines showed; the loop alone touches these
}

func newTerminal(s tcell.Screen) *terminal {
	return &terminal{Screen: s, risky: map[int]bool{}, wasRisky: map[int]bool{}, shown: map[int]string{}}
}

// Put notes sequences.
func (s *terminal) Put(x, y int, str string, st tcell.Style) (string, int) {
	if isSequence(str) {
		s.risky[y] = true
	}
	return s.Screen.Put(x, y, str, st)
}

// SetContent notes sequences; tview's widgets draw with it.
func (s *terminal) SetContent(x, y int, c rune, comb []rune, st tcell.Style) {
	if len(comb) > 0 || c >= 0x1f1e6 {
		s.risky[y] = true
	}
	s.Screen.SetContent(x, y, c, comb, st)
}

// isSequence reports a character made of several, or beyond what all terminals know.
func isSequence(s string) bool {
	for i, r := range s {
		if i > 0 || r >= 0x1f1e6 {
			return true
		}
	}
	return false
}

// Show draws, lines with sequences whole, and the line after them as well, for
// what is too wide at the end of a line flows there.
func (s *terminal) Show() {
	w, _ := s.Size()
	for y := range s.risky {
		s.wasRisky[y] = true
	}
	for y := range s.wasRisky {
		if now := s.line(y, w); now != s.shown[y] {
			s.shown[y] = now
			s.LockRegion(0, y, w, 2, false)
		}
		if !s.risky[y] {
			delete(s.shown, y)
		}
	}
	s.risky, s.wasRisky = map[int]bool{}, s.risky
	s.Screen.Show()
}

func (s *terminal) line(y, w int) string {
	var b strings.Builder
	for x := range w {
		c, _, _ := s.Get(x, y)
		b.WriteString(c)
	}
	return b.String()
}

// Init initialises once, however often it is called: tview does it again.
func (s *terminal) Init() error {
	s.once.Do(func() { s.initErr = s.Screen.Init() })
	return s.initErr
}

// PollEvent hands pasted line feeds on as Enter.
func (s *terminal) PollEvent() tcell.Event {
	for {
		ev := s.Screen.PollEvent()
		switch e := ev.(type) {
		case *tcell.EventPaste:
			s.pasting, s.afterCR = e.Start(), false
		case *tcell.EventKey:
			if !s.pasting {
				return ev
			}
			lf := e.Key() == tcell.KeyCtrlJ || e.Key() == tcell.KeyLF
			if lf && s.afterCR {
				s.afterCR = false
				continue
			}
			s.afterCR = e.Key() == tcell.KeyEnter
			if lf {
				return tcell.NewEventKey(tcell.KeyEnter, 0, tcell.ModNone)
			}
		}
		return ev
	}
}
