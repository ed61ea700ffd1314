package ui

import (
	"strings"
	"testing"
)

// TestOffersCanBeReached: arrows go through the completions shown, all of them come into sight, and their number is told.
func TestOffersCanBeReached(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys(":", "=archive", "Enter", ":", "Tab")
	r.sees(" acknowledge", "… ")
	lowest := func() string { return strings.Split(r.screen(), "\n")[22] }
	if !strings.Contains(lowest(), "acknowledge") {
		t.Errorf("the first is not nearest to the line: %q", lowest())
	}
	r.keys("Up", "Up")
	r.sees(": all-inboxes")
	for range 8 {
		r.keys("Up")
	}
	r.seesNot(" acknowledge")
	r.keys("Esc", "Ctrl-U", "Tab", "Down")
	r.sees(": up")
	r.seesNot(" more ")
	r.keys("Esc", "Up")
	r.sees(": archive")
}

// TestEndsAreSaid: a key that cannot go on says so.
func TestEndsAreSaid(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("g a")
	r.sees("There is one inbox only")
	r.keys("Enter", "K")
	r.sees("This is the first message")
	r.keys("J")
	r.seesNot("This is the")
	r.keys("q", "/", "=from:mira", "Enter", "G", "n")
	r.sees("No further match here")
	r.keys("Enter", "J")
	r.sees("This is the last message")
	empty := start(t, setup{})
	empty.keys("g a")
	empty.sees("There is no inbox yet")
}

// TestNothingThereIsSaid: a key says why nothing comes of it.
func TestNothingThereIsSaid(t *testing.T) {
	r := start(t, setup{})
	for _, k := range []string{"Enter", "t", "Ctrl-A", "r", "f", "a", "d", "s", "!", "F", "v", "o", "|", "Tab", "Space"} {
		r.keys(k)
		r.sees("There is no message here")
		r.keys("h")
		r.seesNot("There is no message here")
	}
	r.keys("w")
	r.sees("There is no room for another pane · c chooses a mailbox")
	r.keys("g s")
	r.sees("There is no mailbox for sent mail yet")
	r.keys("g o", "e")
	r.sees("There is no message here")
	r.keys("q", "g c", "Enter")
	r.sees("There is no conflict here")
}

// TestPromptTellsWhatItAsks: what is asked stands apart from the answer, also where it has to be cut.
func TestPromptTellsWhatItAsks(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Plan", "Tab", "=x", "Esc", "l", "=never")
	r.sees("Send when (18:30, fri 9:00, +2h): never")
	r.keys("Ctrl-U", "=fri 9:00", "Enter")
	r.sees("Goes out")
	r = start(t, setup{w: 120, h: 40, samples: true})
	r.keys("w", "w", "n", "="+strings.Repeat("Long", 20), "Enter", "e", "Ctrl-U", "=Short")
	r.sees("Rename LongLong", "… Short")
}

// TestWhyNothingCompletes: Tab in the command line says why nothing goes on from what is typed.
func TestWhyNothingCompletes(t *testing.T) {
	r := start(t, setup{samples: true})
	for typed, want := range map[string]string{
		"mark-all":    "nothing more to complete",
		"mark ":       "mark takes nothing more",
		"nonsense":    "there is no command that begins with nonsense",
		"compose a":   "no completion",
		"sort s":      "size",
		"sync w":      "sync work",
		"move nobody": "no completion",
	} {
		r.keys(":", "="+typed, "Tab")
		r.sees(want)
		r.keys("Esc", "Esc")
	}
	r.keys("Enter", ":", "=mark", "Tab")
	r.sees("there is no command mark here: it belongs to another view")
}

// TestTabGoesOnToTheArgument: where one command is left that takes something, the next Tab completes that.
func TestTabGoesOnToTheArgument(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys(":", "=move", "Tab", "=arch", "Tab")
	r.sees(": move Archive")
	r.keys("Enter")
	r.sees("Moved to Archive: 1")
	r.keys(":", "=move", "Tab", "Enter") // nothing more typed: it asks
	r.sees("Move 1 message to")
}
