package ui

import "testing"

// TestEndOfASequenceIsNoAction: z a folds in the list; in the reader it does nothing, least of all archive.
func TestEndOfASequenceIsNoAction(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("Enter")
	r.keys("z a")
	r.sees("z a does nothing here")
	r.seesNot("Archived")
}
