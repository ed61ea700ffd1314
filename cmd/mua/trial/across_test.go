package trial

import (
	"slices"
	"strings"
	"testing"

	"mua/account/realservers"
)

// TestMoveBetweenAccountsWatched: a message moved to an account of another user of a Dovecot is carried there, and taken
// away, by the process that keeps both in step; its bytes and flags are the same.
func TestMoveBetweenAccountsWatched(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Users(2))
	b := newBox(t, imapConfig(d, "u1")+strings.Replace(imapConfig(d, "u2"), "[account.work]", "[account.home]", 1))
	raw := generate(7, 1)[0]
	d.Client(t, "u1").Append("INBOX", raw)
	d.Client(t, "u2").Append("INBOX", generate(8, 1)[0])
	b.mua(0, "sync")
	b.watcher(buildMua(t))
	b.until("the watcher holds the accounts", func() bool { return strings.Count(b.mua(0, "sync", "--json"), `"by":"other"`) == 2 })
	id := b.id("account:work subject:m0000007")
	b.mua(0, "mark", id, "--flagged", "--keyword", "todo")
	b.mua(0, "move", "--to", "INBOX", "--to-account", "home", id)
	there := func(user string) (out []string) {
		for _, m := range (dovecotMail{t, d, d.Client(t, user)}).list() {
			if strings.Contains(m.raw, "m0000007") {
				out = append(out, m.mailbox)
			}
		}
		return out
	}
	b.until("it is moved on both servers", func() bool {
		return len(there("u1")) == 0 && slices.Equal(there("u2"), []string{"INBOX"})
	})
	for _, m := range (dovecotMail{t, d, d.Client(t, "u2")}).list() {
		if strings.Contains(m.raw, "m0000007") && (m.raw != string(raw) || !m.flagged) {
			t.Errorf("flagged: %v, or it has other bytes", m.flagged)
		}
	}
	b.mua(0, "undo")
	b.until("it is back on both servers", func() bool {
		return len(there("u2")) == 0 && slices.Equal(there("u1"), []string{"INBOX"})
	})
}
