package ui

import (
	"sync"

	"github.com/gdamore/tcell/v2"
)

// pasteScreen is a screen whose pastes keep their line ends: terminals send
// them as CR, LF or both, and tview knows only CR (Enter).
type pasteScreen struct {
	tcell.Screen
	once    sync.Once
	initErr error
	pasting bool // only PollEvent's goroutine touches these
	afterCR bool
}

// Init initialises once, however often it is called: tview does it again.
func (s *pasteScreen) Init() error {
	s.once.Do(func() { s.initErr = s.Screen.Init() })
	return s.initErr
}

// PollEvent hands pasted line feeds on as Enter.
func (s *pasteScreen) PollEvent() tcell.Event {
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
