package store

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// header is the header of a message as an initial pull brings it.
func header(raw []byte) []byte { return headerOf(raw) }

func TestAddRemoteTwiceIsOnce(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "y"))
	again, added, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 2, Raw: mail(2, "b", "y"), Flags: Seen}, {UID: 3, Raw: mail(3, "c", "z")}})
	ok(t, err)
	if again[0] != ids[1] || added != 1 {
		t.Errorf("ids %v after %v, %d added", again, ids, added)
	}
	if r := w.row(ids[1]); r.Flags != Seen {
		t.Errorf("flags %v", r.Flags.Names())
	}
}

func TestHeaderThenBody(t *testing.T) {
	w := newWorld(t)
	raw := mail(1, "later", "the body")
	ids, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 5, Header: header(raw), Size: int64(len(raw))}})
	ok(t, err)
	if r := w.row(ids[0]); r.HasBody || r.Subject != "later" || r.MessageID != "<m1@example.org>" || !r.Received.Equal(w.t) {
		t.Errorf("row %+v", r)
	}
	if _, err := w.Raw(w.ctx, ids[0]); !errors.Is(err, ErrNoBody) {
		t.Errorf("raw: %v", err)
	}
	if h := must(w.Header(w.ctx, ids[0]))(t); !bytes.Equal(h, header(raw)) {
		t.Errorf("header %q", h)
	}
	missing := must(w.MissingBodies(w.ctx, w.inbox, 1000))(t)
	if len(missing) != 1 || missing[0].Message != ids[0] || missing[0].UID != 5 {
		t.Errorf("missing %+v", missing)
	}
	if l := must(w.MissingBodies(w.ctx, w.inbox, 10))(t); len(l) != 0 {
		t.Errorf("too large, but listed: %+v", l)
	}
	ok(t, w.SetBodies(w.ctx, []Body{{Message: ids[0], Raw: raw}, {Message: ids[0], Raw: raw}, {Message: 9999, Raw: raw}}))
	if got := must(w.Raw(w.ctx, ids[0]))(t); !bytes.Equal(got, raw) {
		t.Error("body differs")
	}
	if r := w.row(ids[0]); !r.HasBody || r.Size != int64(len(raw)) {
		t.Errorf("row %+v", r)
	}
}

func TestCopiesShareContent(t *testing.T) {
	w := newWorld(t)
	raw := mail(1, "labelled", "once")
	w.pull(w.inbox, 1, raw)
	// The same message in another mailbox: only its header comes, the body is here already.
	ids, added, err := w.AddRemote(w.ctx, w.archive, []Incoming{{UID: 1, Header: header(raw), Size: int64(len(raw))}})
	ok(t, err)
	if r := w.row(ids[0]); !r.HasBody || added != 1 || len(r.AlsoIn) != 1 || r.AlsoIn[0] != "INBOX" {
		t.Errorf("row %+v", r)
	}
	var n int
	ok(t, w.pool.QueryRow(`SELECT count(*) FROM content`).Scan(&n))
	if n != 1 {
		t.Errorf("%d contents", n)
	}
	// A draft edited to the same length has no Received field: never taken for the same.
	d1 := []byte("Subject: d\r\nMessage-ID: <d@x>\r\n\r\nfoo\r\n")
	w.pull(w.drafts, 1, d1)
	ids, _, err = w.AddRemote(w.ctx, w.drafts, []Incoming{{UID: 2, Header: header(d1), Size: int64(len(d1))}})
	ok(t, err)
	if w.row(ids[0]).HasBody {
		t.Error("a draft got the bytes of another version")
	}
}

func TestRemoteFlagsUnderWishes(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "y"))
	must(w.MarkFlags(w.ctx, ids[:1], FlagChange{Add: Flagged, AddKeywords: []string{"todo"}}))(t)
	changed := must(w.UpdateRemoteFlags(w.ctx, w.inbox, []FlagUpdate{{UID: 1, Flags: Seen, Keywords: []string{"x"}, ModSeq: 7}, {UID: 2, Flags: 0}, {UID: 77, Flags: Seen}}))(t)
	r := w.row(ids[0])
	if changed != 1 || r.Flags != Seen|Flagged || strings.Join(r.Keywords, " ") != "todo x" {
		t.Errorf("%d changed, flags %v %v", changed, r.Flags.Names(), r.Keywords)
	}
	if got := must(w.RemoteCopies(w.ctx, w.inbox))(t); len(got) != 2 || got[0].Flags != Seen || got[0].UID != 1 || got[0].Keywords[0] != "x" {
		t.Errorf("remote %+v", got)
	}
	if len(w.row(ids[0]).Pending) != 1 {
		t.Error("the wish was lost")
	}
}

// TestRemoteParts: what is asked of a large mailbox in parts is what all of it says.
func TestRemoteParts(t *testing.T) {
	w := newWorld(t)
	w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "x"))
	w.pull(w.inbox, 5, mail(5, "c", "x"))
	w.pull(w.inbox, 9, mail(9, "d", "x"))
	w.pull(w.archive, 3, mail(3, "e", "x"))
	if n := must(w.CountRemote(w.ctx, w.inbox))(t); n != 4 {
		t.Errorf("%d copies", n)
	}
	for _, c := range []struct {
		spans [][2]uint32
		want  []uint32
	}{
		{nil, nil}, {[][2]uint32{{1, 1}, {4, 9}}, []uint32{1, 5, 9}}, {[][2]uint32{{3, 4}, {6, 8}, {10, 1<<32 - 1}}, nil},
		{[][2]uint32{{0, 1<<32 - 1}}, []uint32{1, 2, 5, 9}}} {
		if got := must(w.RemoteUIDsIn(w.ctx, w.inbox, c.spans))(t); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.spans, got, c.want)
		}
	}
	if got := must(w.RemoteCopiesAt(w.ctx, w.inbox, []uint32{2, 3, 9}))(t); len(got) != 2 || got[0].UID != 2 || got[1].UID != 9 {
		t.Errorf("%+v", got)
	}
}

func TestExpunge(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "y"), mail(3, "c", "z"), mail(4, "d", "z"))
	must(w.MarkFlags(w.ctx, ids[1:2], FlagChange{Add: Flagged}))(t)
	must(w.Move(w.ctx, ids[2:3], w.archive))(t)
	n := must(w.ExpungeRemote(w.ctx, w.inbox, []uint32{1, 2, 3, 99}))(t)
	if n != 3 {
		t.Errorf("%d removed", n)
	}
	for _, id := range ids[:3] {
		if _, err := w.Row(w.ctx, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("message %d: %v", id, err)
		}
	}
	c := must(w.Conflicts(w.ctx, 0))(t)
	if len(c) != 2 || !strings.Contains(c[0].What, "a move") || !strings.Contains(c[1].What, "a change of flags") {
		t.Errorf("conflicts %+v", c)
	}
	if a := must(w.PendingActions(w.ctx, w.acct))(t); len(a) != 0 {
		t.Errorf("pending %+v", a)
	}
	w.row(ids[3])
}

func TestTombstonesArePurged(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	w := &world{Store: open(t, dir, c), TB: t, clock: c, ctx: t.Context()}
	w.acct = must(w.EnsureAccount(w.ctx, "work"))(t)
	list := must(w.SetMailboxes(w.ctx, w.acct, []RemoteMailbox{{Name: "INBOX", Role: RoleInbox}, {Name: "B"}}))(t)
	w.inbox, w.archive = list[0].ID, list[1].ID
	w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "y"))
	w.pull(w.archive, 1, mail(2, "b", "y"))
	must(w.ExpungeRemote(w.ctx, w.inbox, []uint32{1, 2}))(t)
	contents := func() (n int) {
		ok(t, w.pool.QueryRow(`SELECT count(*) FROM content`).Scan(&n))
		return n
	}
	for _, x := range []struct {
		days, want int
	}{{29, 2}, {2, 1}} {
		c.t = c.t.Add(time.Duration(x.days) * 24 * time.Hour)
		ok(t, w.Purge(w.ctx))
		if got := contents(); got != x.want {
			t.Errorf("after %d days more: %d contents", x.days, got)
		}
	}
	w.check()
}

func TestUIDValidityChange(t *testing.T) {
	w := newWorld(t)
	noID := []byte("Received: a\r\nSubject: no id\r\nDate: Sun, 22 Nov 2026 11:00:00 +0100\r\n\r\nx\r\n")
	ids := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "y"), noID, mail(4, "gone", "z"))
	ok(t, w.SetSyncState(w.ctx, w.inbox, SyncState{UIDValidity: 1, UIDNext: 5}))
	must(w.MarkFlags(w.ctx, ids[:1], FlagChange{Add: Flagged}))(t)
	ok(t, w.DetachUIDs(w.ctx, w.inbox))
	if a := must(w.PendingActions(w.ctx, w.acct))(t); len(a) != 0 {
		t.Errorf("a wish without UID was handed out: %+v", a)
	}
	got, added, err := w.AddRemote(w.ctx, w.inbox, []Incoming{
		{UID: 101, Raw: mail(1, "a", "x")},
		{UID: 102, Header: header(mail(2, "b", "y")), Size: int64(len(mail(2, "b", "y")))},
		{UID: 103, Header: header(noID), Size: int64(len(noID))},
		{UID: 104, Raw: mail(5, "new", "z")},
	})
	ok(t, err)
	if added != 1 || got[0] != ids[0] || got[1] != ids[1] || got[2] != ids[2] {
		t.Errorf("%v became %v, %d new", ids, got, added)
	}
	if n := must(w.DropDetached(w.ctx, w.inbox, must(w.LastMessage(w.ctx))(t)))(t); n != 1 {
		t.Errorf("%d dropped", n)
	}
	if _, err := w.Row(w.ctx, ids[3]); !errors.Is(err, ErrNotFound) {
		t.Errorf("what the server lost: %v", err)
	}
	a := must(w.PendingActions(w.ctx, w.acct))(t)
	if len(a) != 1 || a[0].UID != 101 || a[0].Add != Flagged || w.row(ids[0]).Flags != Flagged {
		t.Errorf("pending %+v", a)
	}
}

func TestUIDLLedger(t *testing.T) {
	w := newWorld(t)
	acct := must(w.EnsureAccount(w.ctx, "pop"))(t)
	inbox := must(w.RoleMailbox(w.ctx, acct, RoleInbox, true))(t)
	if !inbox.Local || inbox.Name != "INBOX" {
		t.Errorf("inbox %+v", inbox)
	}
	in := []Incoming{{UIDL: "u1", Raw: mail(1, "a", "x")}, {UIDL: "u2", Raw: mail(2, "b", "y")}, {UIDL: "u3", Raw: mail(2, "b", "y")}}
	ids, added, err := w.AddRemote(w.ctx, inbox.ID, in)
	ok(t, err)
	if added != 3 || ids[1] == ids[2] {
		t.Errorf("%d added: %v (the same mail twice is two messages)", added, ids)
	}
	must(w.Trash(w.ctx, ids[:2]))(t)
	must(w.Trash(w.ctx, ids[:1]))(t) // for good
	again, added, err := w.AddRemote(w.ctx, inbox.ID, in)
	ok(t, err)
	if added != 0 || again[0] != 0 || again[1] != ids[1] {
		t.Errorf("again: %v, %d added", again, added)
	}
	ok(t, w.MarkUIDLsDeleted(w.ctx, acct, []string{"u2"}))
	ok(t, w.ForgetUIDLs(w.ctx, acct, []string{"u3"}))
	l := must(w.UIDLs(w.ctx, acct))(t)
	if len(l) != 2 || l[0].Message != 0 || l[0].Deleted || l[1].Message != ids[1] || !l[1].Deleted || !l[1].First.Equal(w.t) {
		t.Errorf("ledger %+v", l)
	}
	if a := must(w.PendingActions(w.ctx, acct))(t); len(a) != 0 {
		t.Errorf("wishes for a POP3 account: %+v", a)
	}
}
