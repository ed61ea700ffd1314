package ui

import (
	"testing"

	"mua/store"
)

// TestMailboxNamesAreCheckedAtOnce: a name that the server would refuse is shown as that where it was typed, to be mended.
func TestMailboxNamesAreCheckedAtOnce(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, fill: func(r *rig) {
		list := []store.RemoteMailbox{{Name: "INBOX", Separator: ".", Role: store.RoleInbox}, {Name: "Lists", Separator: "."}}
		if _, err := r.st.SetMailboxes(t.Context(), r.acct, list); err != nil {
			t.Fatal(err)
		}
	}})
	r.keys("w", "n", "=Lists/Go", "Enter")
	r.sees("New mailbox in work: Lists/Go", "the server separates the levels by ., write Lists.Go")
	r.keys("Backspace", "Backspace", "Backspace", "=.Go", "Enter")
	r.sees("Mailbox Lists.Go made")
	r.keys("n", "=Lists.Go", "Enter")
	r.sees("there is a mailbox of that name")
	r.keys("Esc", "G", "e", "Ctrl-U", "=a/b", "Enter")
	r.sees("Rename Lists.Go to: a/b", "write a.b")
	r.keys("Ctrl-U", "=Other", "Enter")
	r.sees("Renamed to Other")
}
