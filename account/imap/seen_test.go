package imap_test

import (
	"strings"
	"sync"
	"testing"

	"mua/store"
)

// TestRefusedMailboxHoldsNothingBack: of an account of which the server always refuses one mailbox, a copy in another that has long
// been seen is not what became of a message that is deleted later.
func TestRefusedMailboxHoldsNothingBack(t *testing.T) {
	archive := &fake{messages: [][]byte{mail(2)}, validity: func() int { return 8 }}
	inbox := &fake{messages: [][]byte{mail(1)}, list: "* LIST () \"/\" Archive\r\n* LIST () \"/\" Bad"}
	var in sync.Map // what each connection has selected
	inbox.on = func(c *fakeConn, tag, command string) bool {
		word, rest, _ := strings.Cut(command, " ")
		name, _, _ := strings.Cut(rest, " ")
		name = strings.Trim(name, `"`)
		switch {
		case word == "STATUS" && name != "INBOX", (word == "EXAMINE" || word == "SELECT") && name == "Bad":
			c.say("%s NO [NOPERM] not for you", tag)
			return true
		case word == "EXAMINE", word == "SELECT":
			in.Store(c, name)
		}
		if selected, _ := in.Load(c); selected == "Archive" && word != "LIST" && word != "STATUS" {
			archive.answer(c, tag, command)
			return true
		}
		return false
	}
	f, e := newFake(t, inbox)
	pass := func() {
		t.Helper()
		if _, err := e.trySync(t.Context()); err == nil || !strings.Contains(err.Error(), "refuses mailbox Bad") {
			t.Fatalf("%v", err)
		}
	}
	pass()
	f.change(func() { f.messages = append(f.messages, mail(2)) }) // another client copies it
	pass()
	pass()
	was, first := e.row("INBOX", "message 2").ID, e.row("Archive", "message 2").ID
	if _, err := e.st.MarkFlags(t.Context(), []store.MessageID{first}, store.FlagChange{Add: store.Flagged}); err != nil {
		t.Fatal(err)
	}
	f.change(func() { archive.messages, archive.gone = nil, 1 })
	pass()
	if r := e.row("INBOX", "message 2"); r.ID != was || r.Flags.Has(store.Flagged) {
		t.Errorf("the copy was %d and is %d, %v", was, r.ID, r.Flags.Names())
	}
	if n := len(e.rows("Archive")); n != 0 {
		t.Errorf("%d messages in the Archive", n)
	}
}
