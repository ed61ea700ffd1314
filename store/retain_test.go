package store

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPruneBodies(t *testing.T) {
	w := newWorld(t)
	const day = 24 * time.Hour
	old := w.t.Add(-100 * day)
	add := func(box MailboxID, uid uint32, n int, flags Flags, at time.Time) MessageID {
		ids, _, err := w.AddRemote(w.ctx, box, []Incoming{{UID: uid, Raw: mail(n, "s", "body "+strings.Repeat("x", n)), Flags: flags, Received: at}})
		ok(t, err)
		return ids[0]
	}
	plain := add(w.inbox, 1, 1, 0, old)
	fresh := add(w.inbox, 2, 2, 0, w.t.Add(-day))
	draft := add(w.inbox, 3, 3, Draft, old)
	wished := add(w.inbox, 4, 4, 0, old)
	must(w.MarkFlags(w.ctx, []MessageID{wished}, FlagChange{Add: Flagged}))(t)
	both := []MessageID{add(w.inbox, 5, 5, 0, old), add(w.archive, 5, 5, 0, old)} // the archive keeps everything
	twice := []MessageID{add(w.inbox, 6, 6, 0, old), add(w.inbox, 7, 6, 0, old)}  // the same bytes
	deleted := add(w.inbox, 8, 8, 0, old)                                         // shares its bytes with a tombstone
	tomb := add(w.inbox, 9, 8, 0, old)
	_, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 10, Header: header(mail(10, "s", "o")), Size: int64(len(mail(10, "s", "o"))), Received: old}})
	ok(t, err)
	opened := must(w.ByHeaderID(w.ctx, "<m10@example.org>"))(t)[0]
	ok(t, w.SetBodies(w.ctx, []Body{{Message: opened, Raw: mail(10, "s", "o"), Opened: true}}))
	must(w.Trash(w.ctx, []MessageID{tomb}))(t)
	must(w.Trash(w.ctx, []MessageID{tomb}))(t) // for good
	imported := func() MessageID {             // into a mailbox of the same account that is on no server
		box := must(w.LocalMailbox(w.ctx, w.acct, "Kept here"))(t)
		_, _, err := w.AddRemote(w.ctx, box.ID, []Incoming{{Raw: mail(11, "s", "l"), Received: old}})
		ok(t, err)
		return must(w.ByHeaderID(w.ctx, "<m11@example.org>"))(t)[0]
	}()
	rules := map[MailboxID]time.Time{w.inbox: w.t.Add(-90 * day), w.row(imported).Mailbox: w.t}
	if n := must(w.PruneBodies(w.ctx, rules))(t); n != 3 {
		t.Errorf("%d pruned", n)
	}
	for name, c := range map[string]struct {
		id   MessageID
		here bool
	}{"old": {plain, false}, "fresh": {fresh, true}, "draft": {draft, true}, "with a wish": {wished, true}, "also kept elsewhere": {both[0], true}, "elsewhere": {both[1], true},
		"two copies": {twice[0], false}, "the other": {twice[1], false}, "shared with a deleted one": {deleted, true}, "opened": {opened, true}, "local": {imported, true}} {
		raw, err := w.Raw(w.ctx, c.id)
		if here := err == nil; here != c.here || !here && !errors.Is(err, ErrNoBody) {
			t.Errorf("%s: here is %v (%v, %d octets)", name, here, err, len(raw))
		}
	}
	if r := w.row(plain); r.Subject != "s" || r.Snippet == "" || r.HasBody || string(must(w.Header(w.ctx, plain))(t)) != string(header(mail(1, "s", "body x"))) {
		t.Errorf("%+v", r)
	}
	if n := must(w.Loose(w.ctx))(t); n != 0 {
		t.Errorf("%d contents that nobody has", n)
	}
	if n := must(w.PruneBodies(w.ctx, rules))(t); n != 0 {
		t.Errorf("again: %d", n)
	}
	if list := must(w.WantedBodies(w.ctx, w.acct))(t); len(list) != 0 {
		t.Errorf("wanted: %+v", list)
	}
	// It comes back when it is opened, and the opened one goes in time.
	ok(t, w.SetBodies(w.ctx, []Body{{Message: plain, Raw: mail(1, "s", "body x"), Opened: true}}))
	w.t = w.t.Add(keepOpened + time.Hour)
	if n := must(w.PruneBodies(w.ctx, map[MailboxID]time.Time{w.inbox: w.t.Add(-90 * day)}))(t); n != 2 {
		t.Errorf("two weeks later: %d", n)
	}
}

func TestGiveBack(t *testing.T) {
	w := newWorld(t)
	noise := func(n int) string { // nothing to compress
		b := make([]byte, 400_000)
		x := uint64(n) + 1
		for i := range b {
			x = x*6364136223846793005 + 1442695040888963407
			b[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/"[x>>58]
		}
		return string(b)
	}
	at := w.t.Add(-1000 * time.Hour)
	for i := range 25 {
		_, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: uint32(i + 1), Raw: mail(i, "s", noise(i)), Received: at}})
		ok(t, err)
	}
	pages := func() (n int) { ok(t, w.pool.QueryRow(`PRAGMA page_count`).Scan(&n)); return n }
	before := pages()
	if n := must(w.PruneBodies(w.ctx, map[MailboxID]time.Time{w.inbox: w.t}))(t); n != 25 {
		t.Fatal(n)
	}
	if n := pages(); n != before {
		t.Fatalf("%d pages became %d at once", before, n)
	}
	ok(t, w.GiveBack(w.ctx))
	if n := pages(); n > before*3/4 || n < backKeep {
		t.Errorf("%d pages of %d are left", n, before)
	}
	var sound string
	ok(t, w.pool.QueryRow(`PRAGMA integrity_check`).Scan(&sound))
	if sound != "ok" {
		t.Error(sound)
	}
}
