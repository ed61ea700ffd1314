package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mua/account/demo"
	"mua/account/realservers"
)

// poor is a server without MOVE and UIDPLUS with so many messages in the inbox, and another client that has selected it.
func poor(t *testing.T, n int) (*env, *realservers.Client) {
	srv, e := demoEnv(t, demo.Options{Without: []string{"MOVE", "UIDPLUS"}})
	for i := range n {
		srv.Deliver("INBOX", mail(i))
	}
	e.sync()
	other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
	other.Exec("SELECT INBOX")
	return e, other
}

// inboxThere are the UIDs and flags of what the server has in the inbox.
func inboxThere(other *realservers.Client) (out []string) {
	other.Exec("NOOP") // what has changed is told now, and not beside
	for _, l := range other.Exec("UID FETCH 1:* (UID FLAGS)") {
		if m := uidIn.FindStringSubmatch(l); m != nil {
			out = append(out, fmt.Sprint(m[1], strings.Contains(l, `\Deleted`)))
		}
	}
	return out
}

// TestOurMarksEndLater: what we had to leave marked beside another client's mark goes when that is gone, in a later
// session, and never with the other's.
func TestOurMarksEndLater(t *testing.T) {
	e, other := poor(t, 4)
	other.Exec(`UID STORE 1 +FLAGS (\Deleted)`)
	must(e.st.Move(t.Context(), e.ids("INBOX", 1), e.mailbox("Archive").ID))(t)
	must(e.st.Trash(t.Context(), e.ids("INBOX", 2)))(t)
	for range 2 {
		e.sync()
		if got := inboxThere(other); !slices.Equal(got, []string{"1true", "2true", "3true", "4false"}) {
			t.Fatalf("beside another's mark: %v", got)
		}
	}
	other.Exec(`UID STORE 1 -FLAGS (\Deleted)`)
	e.sync()
	if got := inboxThere(other); !slices.Equal(got, []string{"1false", "4false"}) {
		t.Errorf("afterwards: %v", got)
	}
	other.Exec(`UID STORE 1 +FLAGS (\Deleted)`) // what is another's alone stays so
	e.sync()
	if got := inboxThere(other); !slices.Equal(got, []string{"1true", "4false"}) {
		t.Errorf("another's: %v", got)
	}
	e.settled()
}

// TestAMarkOfWhatIsWishedBackIsNotOurs: we were killed after marking, and the wish was undone: what is a copy here is not expunged.
func TestAMarkOfWhatIsWishedBackIsNotOurs(t *testing.T) {
	e, other := poor(t, 2)
	inbox := e.mailbox("INBOX")
	if err := e.st.AddMarked(t.Context(), inbox.ID, inbox.Sync.UIDValidity, []uint32{1}); err != nil {
		t.Fatal(err)
	}
	other.Exec(`UID STORE 1 +FLAGS (\Deleted)`)
	e.sync()
	if got := inboxThere(other); !slices.Equal(got, []string{"1true", "2false"}) {
		t.Errorf("%v", got)
	}
	if left := must(e.st.MarkedMailboxes(t.Context(), e.id))(t); len(left) != 0 {
		t.Errorf("it is still taken for ours: %v", left)
	}
	e.row("INBOX", "message 0")
}

// TestMarkedWithoutEnd: a server that says that more is marked \Deleted than there are numbers is not counted along.
func TestMarkedWithoutEnd(t *testing.T) {
	f := &fake{messages: corpus(2)}
	searched, expunged := false, false
	f.on = func(c *fakeConn, tag, command string) bool {
		switch {
		case strings.HasPrefix(command, "LOGIN"):
			c.say("%s OK [CAPABILITY IMAP4rev1 ESEARCH] in", tag)
			return true
		case strings.HasPrefix(command, "UID SEARCH") && strings.Contains(command, "DELETED"):
			searched = true
			c.say("* ESEARCH (TAG %q) UID ALL 1:4294967295\r\n%s OK done", tag, tag)
			return true
		case strings.HasPrefix(command, "EXPUNGE"):
			expunged = true
		}
		return false
	}
	_, e := newFake(t, f)
	e.sync()
	attic := must(e.st.LocalMailbox(t.Context(), e.id, "Attic"))(t) // on no server: what goes there is deleted on it
	must(e.st.Move(t.Context(), e.ids("INBOX", 0), attic.ID))(t)
	bounded(t, func() { e.sync() })
	if !searched || expunged {
		t.Errorf("searched %v, expunged %v", searched, expunged)
	}
}
