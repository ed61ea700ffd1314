package imap

import (
	"testing"

	"github.com/emersion/go-imap/v2"
)

// TestRefusal: a conflict says what the server says, not the line of the protocol that it says it in; and never nothing.
func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		code imap.ResponseCode
		text string
		want string
	}{
		{"OVERQUOTA", "Mailbox is full", "Mailbox is full [OVERQUOTA]"},
		{"", "Mailbox is full", "Mailbox is full"},
		{"NOPERM", "", "NO [NOPERM]"},
		{"", "\x1b", "NO"},
	} {
		e := &imap.Error{Type: imap.StatusResponseTypeNo, Code: c.code, Text: c.text}
		if got := refusal(e); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.code, c.text, got, c.want)
		}
	}
}
