package imap_test

import (
	"slices"
	"testing"

	"mua/account/realservers"
	"mua/store"
)

// TestDovecotMovedBetweenPulls: what another client has moved is seen where it is before it is seen missing where it was, by a
// pull of one mailbox, or by one that was cut. It keeps its id and what was wished of it.
func TestDovecotMovedBetweenPulls(t *testing.T) {
	d := realservers.Dovecot(t)
	e, user := stocked(t, d, "Archive", 0, 30)
	ids := e.idsOf("Archive")
	e.flag(ids["message 3"])
	e.flag(ids["message 7"])
	other := d.Client(t, user)
	other.Exec("SELECT Archive")
	other.Exec("UID MOVE 1:12 INBOX")
	other.Exec("UNSELECT")
	for range 2 {
		s := e.open()
		if _, err := s.Pull(t.Context(), []string{"INBOX"}); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	if n := len(e.rows("INBOX")); n != 12 {
		t.Fatalf("%d messages in the INBOX", n)
	}
	e.cheap(60_000)
	e.cheap(60_000)
	moved := map[string]store.MessageID{}
	for subject, id := range ids {
		if slices.Contains([]string{"message 0", "message 1", "message 3", "message 7", "message 11"}, subject) {
			moved[subject] = id
		}
	}
	e.kept("INBOX", moved)
	if n, m := len(e.rows("INBOX")), len(e.rows("Archive")); n != 12 || m != 18 {
		t.Errorf("%d and %d messages", n, m)
	}
	got := flaggedThere(other, "INBOX")
	slices.Sort(got)
	if !slices.Equal(got, []string{"message 3", "message 7"}) {
		t.Errorf("flagged on the server: %q; %s; %s", got, e.journal(ids["message 3"]), e.journal(ids["message 7"]))
	}
	e.settled()
}

// TestDovecotDeletedOfTwo: another client copies a message and, when all has been seen, deletes the first: the copy is not what
// became of it.
func TestDovecotDeletedOfTwo(t *testing.T) {
	d := realservers.Dovecot(t)
	e, user := stocked(t, d, "Archive", 0, 30)
	other := d.Client(t, user)
	other.Exec("SELECT Archive")
	other.Exec("UID COPY 5 INBOX")
	e.sync()
	ids := e.idsOf("INBOX")
	e.sync()
	e.flag(e.idsOf("Archive")["message 4"])
	other.Exec(`UID STORE 5 +FLAGS (\Deleted)`)
	other.Exec("EXPUNGE")
	e.sync()
	e.sync()
	e.kept("INBOX", ids)
	if got := flaggedThere(other, "INBOX"); len(got) != 0 {
		t.Errorf("flagged on the server: %q", got)
	}
	if n := len(e.rows("Archive")); n != 29 {
		t.Errorf("%d messages in the Archive", n)
	}
}
