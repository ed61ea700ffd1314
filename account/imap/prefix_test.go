package imap_test

import (
	"errors"
	"strings"
	"testing"

	"mua/account/realservers"
	"mua/store"
)

// TestDovecotKeepsAllUnderInbox: a server set up as Courier and old Cyrus are says so once, and a name that it would refuse is
// refused here.
func TestDovecotKeepsAllUnderInbox(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Config("namespace inbox {\n  prefix = INBOX.\n  separator = .\n}"))
	user := d.AddUser(t)
	e := dovecotEnv(t, d, user, "imaps")
	e.sync()
	if m := e.mailbox("archive"); m.Name != "INBOX.Archive" || m.Prefix != "INBOX." {
		t.Fatalf("%+v", m)
	}
	_, err := e.st.CreateMailbox(t.Context(), e.id, "Work", true)
	if !errors.Is(err, store.ErrName) || !strings.Contains(err.Error(), "write INBOX.Work:") {
		t.Errorf("%v", err)
	}
	must(e.st.CreateMailbox(t.Context(), e.id, "INBOX.Work", true))(t)
	e.sync()
	e.done("INBOX.Work")
	if m := e.mailbox("Work"); m.Name != "INBOX.Work" {
		t.Errorf("without what all names begin with: %+v", m)
	}
	if list := must(e.st.Conflicts(t.Context(), 0))(t); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	if _, err := d.Client(t, user).Try("STATUS INBOX.Work (MESSAGES)"); err != nil {
		t.Error(err)
	}
	if _, err := d.Client(t, user).Try("CREATE Work"); err == nil {
		t.Error("the server takes it: nothing was shown")
	}
	e.settled()
}
