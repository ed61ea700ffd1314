package agent_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"mua/account"
	"mua/account/agent"
	"mua/account/realservers"
	"mua/store"
)

// TestNewsInAnyMailbox: what Dovecot files in whatever mailbox is here at once, over the one connection that watches the inbox.
func TestNewsInAnyMailbox(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	other := d.Client(t, user)
	other.Exec("CREATE Work")
	c, err := account.Parse(filepath.Join(t.TempDir(), "config.toml"), fmt.Appendf(nil,
		"[account.work]\nfrom = \"%s@example.org\"\nincoming = \"imaps://%s@%s\"\npassword = { plain = %q }\ntls_ca = %q\n",
		user, user, d.IMAPS, realservers.Password, d.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // the folder is thrown away
	id, err := s.EnsureAccount(t.Context(), "work")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t, nil, s, c, id}
	o := agent.Options{Config: c, Store: s, Poll: time.Hour}
	g := h.run(o)
	h.eventually("a first pass", func() bool { return !g.Status()[0].LastSync.IsZero() })
	for i, box := range []string{"Work", "Archive", "Work", "INBOX"} {
		subject := fmt.Sprint("number", i)
		began := time.Now()
		other.Append(box, message(subject))
		h.eventually(subject, func() bool { return h.count("in:"+box+" subject:"+subject) == 1 })
		t.Logf("%s: after %v", box, time.Since(began))
	}
}
