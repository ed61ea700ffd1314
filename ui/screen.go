package ui

import (
	"sync"

	"github.com/gdamore/tcell/v2"
)

// terminal is a screen with three mends.
//
// Pastes keep their line ends: terminals send them as CR, LF or both, and tview
// knows only CR (Enter).
//
// Only what has changed is sent: tview clears before it draws, after which
// tcell takes every character for new. So drawing goes into a frame here, and
// Show hands tcell the difference to the frame before.
//
// Lines with emoji sequences are sent whole when they change: terminals
// disagree on how wide such a sequence is, and one that draws it wider than
// tcell thinks would leave its end behind on the screen.
//
// PollEvent is called by one goroutine, everything else by the event loop.
type terminal struct {
	tcell.Screen
	once    sync.Once
	initErr error

	pasting bool // PollEvent's goroutine alone touches these two
	afterCR bool

	frame frame // being drawn
	last  frame // as handed to tcell; of another size: everything is new
}

func newTerminal(s tcell.Screen) *terminal { return &terminal{Screen: s} }

// Init initialises once, however often it is called: tview does it again.
func (s *terminal) Init() error {
	s.once.Do(func() { s.initErr = s.Screen.Init() })
	return s.initErr
}

// Resume takes the terminal back from another program; nothing of ours is on it.
func (s *terminal) Resume() error {
	err := s.Screen.Resume()
	s.Sync()
	return err
}

// Sync draws everything anew.
func (s *terminal) Sync() {
	s.last = frame{}
	s.Screen.Sync()
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
