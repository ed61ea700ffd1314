package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mua/account/realservers"
)

// flagsOf are the flags of the one message a query finds.
func (b *box) flagsOf(query string) []string {
	b.t.Helper()
	rows := objects(b.t, b.mua(0, "list", "in:any", query, "--json"))
	if len(rows) != 1 {
		b.t.Fatalf("%s finds %d messages, not 1", query, len(rows))
	}
	var out []string
	for _, f := range rows[0]["flags"].([]any) {
		out = append(out, f.(string))
	}
	return out
}

// TestFlagsBothWays: seen, flagged, answered and deleted set and taken away by
// another client arrive, and what mua mark sets and takes away shows up there.
func TestFlagsBothWays(t *testing.T) {
	d := realservers.Dovecot(t)
	d.AddMaildir(t, d.User, "INBOX", mails(generate(0, 4))...)
	b := newBox(t, imapConfig(d, d.User))
	b.syncRow()
	other := d.Client(t, d.User)
	other.Exec("SELECT INBOX")
	flags := []string{"seen", "flagged", "answered", "deleted"}
	for _, sign := range []string{"+", "-"} {
		for i, f := range flags {
			other.Exec(fmt.Sprintf(`UID STORE %d %sFLAGS (\%s)`, i+1, sign, f))
		}
		if row := b.syncRow(); row["changed"].(float64) != 4 {
			t.Fatalf("%sFLAGS by another client: %v", sign, row)
		}
		for i, f := range flags {
			if got := b.flagsOf(fmt.Sprintf("subject:m%07d", i)); slices.Contains(got, f) != (sign == "+") {
				t.Errorf("after %sFLAGS (%s) by another client: %v", sign, f, got)
			}
		}
	}
	id := b.id("subject:m0000002")
	for flag, args := range map[string][2]string{"SEEN": {"--seen", "--unseen"}, "FLAGGED": {"--flagged", "--unflagged"}} {
		for i, want := range []string{"SEARCH 3", "SEARCH"} {
			b.mua(0, "mark", id, args[i])
			b.syncRow()
			other.Exec("NOOP")
			if found := strings.Join(other.Exec("UID SEARCH "+flag), "\n"); !strings.Contains(found+"\n", want+"\n") {
				t.Errorf("mua mark %s: the server finds %q", args[i], found)
			}
		}
	}
}

// TestSentByName: on a server that does not say what its mailboxes are for, mail sent
// before the first sync is filed in the one named so, once, and none is made.
func TestSentByName(t *testing.T) {
	for _, name := range []string{"Sent Items", "Gesendet"} {
		d := realservers.Dovecot(t, realservers.Without("SPECIAL-USE"),
			realservers.Config("namespace inbox {\n  mailbox Sent {\n    auto = no\n    special_use =\n  }\n}"))
		p := realservers.Postfix(t, d)
		other := d.Client(t, d.User)
		other.Exec(fmt.Sprintf("CREATE %q", name))
		b := newBox(t, imapConfig(d, d.User)+fmt.Sprintf("outgoing = %q\n", "smtps://"+d.User+"@"+p.SMTPS))
		b.mua(0, "send", "-t", address(d.User), "-s", "first of all", "--body", "x")
		b.syncRow()
		b.syncRow()
		if sent := objects(t, b.mua(0, "list", "in:sent", "--json")); len(sent) != 1 || sent[0]["mailbox"] != name {
			t.Errorf("in Sent here: %v", sent)
		}
		if got := d.Maildir(t, d.User, name); len(got) != 1 {
			t.Errorf("%d copies in the server's %s", len(got), name)
		}
		if list := strings.Join(other.Exec(`LIST "" "*"`), "\n"); strings.Contains(list, " Sent\n") || strings.HasSuffix(list, " Sent") {
			t.Errorf("a second mailbox for sent mail was made:\n%s", list)
		}
	}
}

// TestRenumbered: after a change of UIDVALIDITY nothing is transferred again, ids stay,
// and a flag set before it reaches the right message.
func TestRenumbered(t *testing.T) {
	d := realservers.Dovecot(t)
	d.AddMaildir(t, d.User, "INBOX", mails(generate(0, 50))...)
	b := newBox(t, imapConfig(d, d.User))
	b.syncRow()
	id := b.id("subject:m0000007")
	b.mua(0, "mark", id, "--flagged")
	d.Stop()
	dir := d.MailDir(d.User)
	index, err := filepath.Glob(filepath.Join(dir, "dovecot.index*"))
	if err != nil || len(index) == 0 {
		t.Fatal(index, err)
	}
	for _, f := range index {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	list := filepath.Join(dir, "dovecot-uidlist")
	old, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	guid := regexp.MustCompile(`^3 V\d+ N\d+ (G\w+)\n`).FindSubmatch(old)
	if guid == nil {
		t.Fatalf("%.80s", old)
	}
	if err := os.WriteFile(list, fmt.Appendf(nil, "3 V4000000000 N101 %s\n", guid[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(list, 0o666); err != nil { // Dovecot is another user
		t.Fatal(err)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	if row := b.syncRow(); row["new"].(float64)+row["removed"].(float64) != 0 || row["replayed"].(float64) != 1 {
		t.Errorf("after the change: %v", row)
	}
	if now := b.id("subject:m0000007"); now != id {
		t.Errorf("message %s is now %s", id, now)
	}
	other := d.Client(t, d.User)
	if told := strings.Join(other.Exec("SELECT INBOX"), "\n"); !strings.Contains(told, "UIDVALIDITY 4000000000") {
		t.Fatalf("the server did not number anew: %s", told)
	}
	found := strings.Join(other.Exec("UID SEARCH FLAGGED SUBJECT m0000007"), "\n")
	if all := strings.Join(other.Exec("UID SEARCH FLAGGED"), "\n"); len(strings.Fields(found)) != 3 || found != all {
		t.Errorf("flagged on the server: %q, of them the right one: %q", all, found)
	}
}
