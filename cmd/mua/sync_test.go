package main

import (
	"testing"
	"time"

	"mua/account"
)

// TestPace: the rate is that of the mailbox being pulled, and the time left follows from it.
func TestPace(t *testing.T) {
	p := &progress{}
	began := time.Now()
	for _, step := range []struct {
		mailbox string
		done    int
		after   time.Duration
		want    string
	}{
		{"INBOX", 100, 0, ""},
		{"INBOX", 200, 500 * time.Millisecond, ""},
		{"INBOX", 300, 2 * time.Second, ", 100/s, 7s left"},
		{"INBOX", 1000, 9 * time.Second, ", 100/s, 0s left"},
		{"Archive", 0, 10 * time.Second, ""},
		{"Archive", 10, 12 * time.Second, ", 5/s, 3m18s left"},
	} {
		s := account.Status{Account: "work", Phase: account.Pulling, Mailbox: step.mailbox, Done: step.done, Total: 1000}
		if got := p.pace(s, began.Add(step.after)); got != step.want {
			t.Errorf("%s %d after %v: %q, not %q", step.mailbox, step.done, step.after, got, step.want)
		}
	}
}
