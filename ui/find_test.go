package ui

import (
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"mua/store"
)

// markedCells counts the cells of a line that are shown as found.
func (r *rig) markedCells(text string) int {
	r.t.Helper()
	at, n := -1, 0
	for y, l := range strings.Split(r.screen(), "\n") {
		if strings.Contains(l, text) {
			at = y
		}
	}
	r.on(func() {
		cells, w, _ := r.scr.GetContents()
		for x := range w {
			if at >= 0 {
				if _, _, attr := cells[at*w+x].Style.Decompose(); attr&tcell.AttrReverse != 0 {
					n++
				}
			}
		}
	})
	return n
}

// TestFindInAMessage: words are found in a long text, forward and back, and marked there.
func TestFindInAMessage(t *testing.T) {
	body := strings.Repeat("just a line\n", 200) + "here is the Näedle (1)\n" + strings.Repeat("just a line\n", 200) + "and a näeDLE and another näedle (2)\n" + strings.Repeat("tail\n", 5)
	r := start(t, setup{fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText("a@b.example", "older", "nothing here"), mailText("a@b.example", "long", body))
	}})
	r.keys("Enter", "Ctrl-S", "=näedle", "Enter")
	r.sees("here is the Näedle (1)", "Found “näedle” · n next, N previous")
	if n := r.markedCells("here is the"); n != 6 {
		t.Errorf("%d cells are marked", n)
	}
	r.keys("n")
	r.sees("another näedle (2)")
	if n := r.markedCells("and a"); n != 12 {
		t.Errorf("%d cells are marked", n)
	}
	r.keys("n")
	r.sees("No further “näedle” in this message", "another näedle (2)")
	r.keys("N")
	r.sees("here is the Näedle (1)")
	r.keys("Ctrl-S", "=(2", "Enter")
	r.sees("another näedle (2)")
	r.keys("J", "n")
	r.sees("nothing here", "Nothing has been searched for yet")
}

// TestFindInWhatIsShown: of a text that is not shown to its end it is not said that it has no such words.
func TestFindInWhatIsShown(t *testing.T) {
	r := start(t, setup{fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText("a@b.example", "long", strings.Repeat(strings.Repeat("x", 70)+"\n", maxText/71+10)+"needle"))
	}})
	r.keys("Enter", "Ctrl-S", "=needle", "Enter")
	r.sees("No further “needle” in what is shown of this message")
}
