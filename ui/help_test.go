package ui

import (
	"slices"
	"testing"

	"mua/ui/cells"
	"mua/ui/keys"
)

// TestHelpIsWhole: nothing of it is cut off, and it says where it ends.
func TestHelpIsWhole(t *testing.T) {
	for _, b := range keys.Table() {
		if cells.Width(b.Help) > helpWidth-helpKeys-1 {
			t.Errorf("no room for %q", b.Help)
		}
	}
	r := start(t, setup{samples: true})
	r.keys("?")
	r.sees("What the keys do · ↓ more · Esc closes")
	r.keys("Space", "Space", "Space", "Space", "Space")
	r.sees("What the keys do · ↑ more · Esc closes", "flagged, has attachments, marked")
	r.keys("g")
	r.sees("↓ more", "open; a draft goes on being written")
	r.keys("End")
	r.sees("↑ more", "flagged, has attachments, marked")
	r.keys("Esc")
	r.seesNot("What the keys do")
}

// TestHelpIsOfThePlace: keys of a text are told where one writes, and the signs of the list where there is one.
func TestHelpIsOfThePlace(t *testing.T) {
	for _, l := range append(slices.Clone(textHelp), signHelp...) {
		if cells.Width(l.words) > helpWidth-helpKeys-1 || cells.Width(l.keys) >= helpKeys {
			t.Errorf("no room for %q", l)
		}
	}
	r := start(t, setup{samples: true})
	r.keys("m", "F1")
	r.sees("next field, field before", "undo, redo what was typed in the text")
	r.seesNot("Signs in the list")
	r.keys("Esc", "Esc", "g o", "?")
	r.sees("What the keys do")
	r.keys("End")
	r.seesNot("Signs in the list", "next field")
}

// TestNumbersAreWhole: the numbers at the top are cut only where the place beside them has no room.
func TestNumbersAreWhole(t *testing.T) {
	r := start(t, setup{w: 66, h: 24, samples: true})
	r.keys("Ctrl-A")
	r.sees("work ▸ INBOX ", " 32 marked · 16 unread · 32 messages")
	r.keys("/", "=is:read OR is:unread OR from:somebody OR to:somebody OR subject:something", "Enter")
	r.sees("▸ search: is:read OR is:unread OR", "… ")
}
