package ui

import (
	"strings"
	"testing"

	"mua/store"
)

// TestTitleKeepsItsPartsApart: a title that does not fit leaves a space before what stands on the right.
func TestTitleKeepsItsPartsApart(t *testing.T) {
	r := start(t, setup{fill: func(r *rig) {
		r.add("INBOX", store.RoleInbox, mailText("bob@example.org", strings.Repeat("a long subject ", 9), "x"))
	}})
	r.keys("v")
	r.sees("… 1 part")
}

// TestFoundMailTellsTheWayBack: from what was found, and from a list that shows only some, the hints lead back first.
func TestFoundMailTellsTheWayBack(t *testing.T) {
	r := start(t, setup{samples: true})
	r.seesNot("q back")
	r.keys("/", "=invoice", "Enter")
	r.sees("▸ search: invoice", "q back  r reply")
	r.keys("q", "l", "=is:unread", "Enter")
	r.sees("▸ only is:unread", "q back  r reply")
	r.keys("q")
	r.seesNot("q back")
}
