package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// openAt opens a store with a state folder.
func openAt(t *testing.T, dir, state string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir, Options{State: state})
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	ok(t, os.MkdirAll(filepath.Dir(to), 0o700))
	ok(t, os.WriteFile(to, must(os.ReadFile(from))(t), 0o600))
}

// TestSpoolKnowsItsHome: in a copy, and in an older state of itself, and nowhere else, it says so; confirmed, it is at home.
func TestSpoolKnowsItsHome(t *testing.T) {
	ctx, dir, state := context.Background(), t.TempDir(), t.TempDir()
	db := filepath.Join(dir, "mail.db")
	s := openAt(t, dir, state)
	acct := must(s.EnsureAccount(ctx, "work"))(t)
	spool := func(s *Store, subject string) {
		t.Helper()
		_, _, err := s.Spool(ctx, SpoolRequest{Account: acct, Sender: "ada@example.org", Recipients: []string{"bob@example.net"},
			Wire: []byte("Subject: " + subject + "\r\n\r\nx\r\n"), Policy: PolicyAsk})
		ok(t, err)
	}
	moved := func(s *Store, want string) {
		t.Helper()
		if why := must(s.Moved(ctx))(t); want == "" && why != "" || !strings.Contains(why, want) {
			t.Errorf("%q, want %q", why, want)
		}
	}
	spool(s, "one")
	moved(s, "")
	ok(t, s.Close())
	copyFile(t, db, filepath.Join(dir, "copy", "mail.db"))
	moved(openAt(t, filepath.Join(dir, "copy"), state), "copy of another one")

	s = openAt(t, dir, state)
	moved(s, "")
	c := must(s.Claim(ctx, acct, 0, "mx"))(t)
	ok(t, s.EndAttempt(ctx, AttemptResult{Attempt: c.Attempt, State: Sent}))
	spool(s, "two")
	c = must(s.Claim(ctx, acct, 0, "mx"))(t)
	if next := must(s.EndAndClaim(ctx, AttemptResult{Attempt: c.Attempt, State: Sent}, acct, "mx"))(t); next != nil {
		t.Errorf("claimed %+v", next)
	}
	moved(s, "")
	ok(t, s.Close())

	copyFile(t, filepath.Join(dir, "copy", "mail.db"), db) // over the same file, as a restored backup
	s = openAt(t, dir, state)
	moved(s, "restored from an earlier state")
	ok(t, s.SetWaiting(ctx, acct, "answer", "restored"))
	ok(t, s.Confirm(ctx))
	moved(s, "")
	if it := must(s.Item(ctx, 1))(t); it.State != Queued || it.Waiting != "" {
		t.Errorf("%+v", it)
	}
	moved(openAt(t, filepath.Join(dir, "copy"), state), "copy of another one") // confirming one confirms no other
	moved(openAt(t, dir, filepath.Join(dir, "no state yet")), "")
}
