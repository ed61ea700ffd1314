package imap

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// TestToldDuringTheList: what a server tells of a mailbox before the list does is the list's; what it tells after that, while
// it still lists others, is news.
func TestToldDuringTheList(t *testing.T) {
	l := &link{others: make(chan struct{}, 9)}
	n := uint32(3)
	work := listed{RemoteMailbox: store.RemoteMailbox{Name: "Work"}, status: &imap.StatusData{NumMessages: &n, UIDNext: 9, UIDValidity: 1}}
	l.hear("Work", map[string]uint64{"MESSAGES": 2, "UIDNEXT": 8})
	l.hear("Work", map[string]uint64{"MESSAGES": 3, "UIDNEXT": 9, "UIDVALIDITY": 1})
	l.hear("Other people's", map[string]uint64{"MESSAGES": 2})
	l.forgetTold([]listed{work})
	if told := l.takeTold(); len(told) != 0 {
		t.Errorf("still told: %v", told)
	}
	l.hear("Work", map[string]uint64{"MESSAGES": 3, "UIDNEXT": 9, "UIDVALIDITY": 1})
	l.hear("Work", map[string]uint64{"MESSAGES": 4, "UIDNEXT": 10})
	l.forgetTold([]listed{work})
	if told := l.takeTold(); told["Work"]["MESSAGES"] != 4 || len(told) != 1 {
		t.Errorf("told %v", told)
	}
}
