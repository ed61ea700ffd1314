package account

import (
	"testing"
	"time"
)

func keepsOf(t *testing.T, lines string) *Account {
	t.Helper()
	return mustParse(t, "[account.work]\n"+ok+lines).Accounts[0]
}

func TestKeeps(t *testing.T) {
	type box struct{ name, separator, role string }
	inbox, junk, list := box{"INBOX", "/", "inbox"}, box{"Junk", "/", "junk"}, box{"Lists/go", "/", ""}
	spam, dotted := box{"INBOX.Spam", ".", "junk"}, box{"Lists.go", ".", ""}
	for _, c := range []struct {
		lines string
		box   box
		want  string
	}{
		{"", inbox, "all"},
		{"", junk, "headers"}, // the default of mailboxes
		{"", spam, "headers"},
		{`offline = "all"`, junk, "headers"},
		{`offline = "90d"`, inbox, "90d"},
		{`offline = "90d"`, junk, "headers"},
		{`offline = "headers"`, inbox, "headers"},
		{`offline = { "*" = "all", Junk = "1w" }`, junk, "7d"},
		{`offline = { Junk = "1w", "*" = "all" }`, junk, "headers"},
		{`offline = { "*" = "headers", inbox = "1y" }`, inbox, "1y"},
		{`offline = { "*" = "headers", "Lists/*" = "36h" }`, list, "36h0m0s"},
		{`offline = { "*" = "headers", "Lists/*" = "30d" }`, dotted, "30d"},
		{`offline = { "Lists/*" = "headers" }`, inbox, "all"},
		{`mailboxes = ["*"]`, junk, "all"}, // written out: as the rest
		{`mailboxes = ["*", "!Junk"]`, junk, "no"},
		{`mailboxes = ["*", "!Junk"]`, spam, "no"}, // by its role
		{`mailboxes = ["*", "!Junk"]`, inbox, "all"},
		{`mailboxes = ["!Lists/*"]`, inbox, "all"},
		{`mailboxes = ["!Lists/*"]`, list, "no"},
		{`mailboxes = ["!Lists/*"]`, dotted, "no"},
		{`mailboxes = ["!Lists/*", "lists/g?"]`, list, "all"},
		{`mailboxes = ["INBOX"]`, list, "no"},
		{`mailboxes = ["INBOX", "*", "!*"]`, inbox, "no"},
	} {
		if got := keepsOf(t, c.lines).Keeps(c.box.name, c.box.separator, c.box.role).String(); got != c.want {
			t.Errorf("%s: %s is kept %q, not %q", c.lines, c.box.name, got, c.want)
		}
	}
}

func TestKeepHolds(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		keep Keep
		age  time.Duration
		want bool
	}{
		{Keep{All: true}, 1000 * time.Hour, true}, {Keep{Out: true, All: true}, 0, false}, {Keep{}, 0, false},
		{Keep{For: time.Hour}, time.Hour, true}, {Keep{For: time.Hour}, time.Hour + 1, false}, {Keep{For: time.Hour}, -time.Hour, true},
	} {
		if got := c.keep.Holds(now.Add(-c.age), now); got != c.want {
			t.Errorf("%v, %v old: %v", c.keep, c.age, got)
		}
	}
}

func TestWildIsNotExponential(t *testing.T) {
	pattern, name := make([]rune, 0, 200), make([]rune, 2000)
	for range 100 {
		pattern = append(pattern, '*', 'a')
	}
	for i := range name {
		name[i] = 'a'
	}
	began := time.Now()
	if wild(append(pattern, 'b'), name) || time.Since(began) > time.Second {
		t.Error("took too long, or matched")
	}
}
