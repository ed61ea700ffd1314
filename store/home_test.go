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

// TestRestoredFromTheMiddle: a backup made while an item was being sent is as old as one made before.
func TestRestoredFromTheMiddle(t *testing.T) {
	ctx, dir, state := context.Background(), t.TempDir(), t.TempDir()
	db := filepath.Join(dir, "mail.db")
	s := openAt(t, dir, state)
	acct := must(s.EnsureAccount(ctx, "work"))(t)
	_, _, err := s.Spool(ctx, SpoolRequest{Account: acct, Sender: "ada@example.org", Recipients: []string{"bob@example.net"}, Wire: []byte("Subject: x\r\n\r\nx\r\n"), Policy: PolicyAsk})
	ok(t, err)
	c := must(s.Claim(ctx, acct, 0, "mx"))(t)
	ok(t, s.Close())
	copyFile(t, db, filepath.Join(dir, "backup.db"))
	s = openAt(t, dir, state)
	ok(t, s.DotPending(ctx, c.Attempt))
	ok(t, s.EndAttempt(ctx, AttemptResult{Attempt: c.Attempt, State: Sent}))
	ok(t, s.Close())
	copyFile(t, filepath.Join(dir, "backup.db"), db)
	if why := must(openAt(t, dir, state).Moved(ctx))(t); !strings.Contains(why, "restored") {
		t.Errorf("%q: what was sent after the backup would be sent again", why)
	}
}

// TestMovedWhileOthersClaim: a claim between two looks is no restored backup.
func TestMovedWhileOthersClaim(t *testing.T) {
	ctx, dir, state := context.Background(), t.TempDir(), t.TempDir()
	s, other := openAt(t, dir, state), openAt(t, dir, state)
	acct := must(s.EnsureAccount(ctx, "work"))(t)
	_, _, err := s.Spool(ctx, SpoolRequest{Account: acct, Sender: "ada@example.org", Recipients: []string{"bob@example.net"}, Wire: []byte("Subject: x\r\n\r\nx\r\n"), Policy: PolicyAsk})
	ok(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			c, err := s.Claim(ctx, acct, 0, "mx")
			if err == nil {
				err = s.EndAttempt(ctx, AttemptResult{Attempt: c.Attempt, State: Queued, NoAttempt: true})
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for looking := true; looking; {
		if why := must(other.Moved(ctx))(t); why != "" {
			t.Fatalf("%q", why)
		}
		select {
		case <-done:
			looking = false
		default:
		}
	}
}
