package ui

import (
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

// TestNumbersAreWhole: the numbers at the top are cut only where the place beside them has no room.
func TestNumbersAreWhole(t *testing.T) {
	r := start(t, setup{w: 66, h: 24, samples: true})
	r.keys("Ctrl-A")
	r.sees("work ▸ INBOX ", " 32 marked · 16 unread · 32 messages")
	r.keys("/", "=is:read OR is:unread OR from:somebody OR to:somebody OR subject:something", "Enter")
	r.sees("▸ search: is:read OR is:unread OR", "… ")
}
