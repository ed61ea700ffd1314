package store

import (
	"testing"
	"time"

	"mua/store/query"
)

func TestBodyWishes(t *testing.T) {
	w := newWorld(t)
	raw, other := mail(1, "later", "the body"), mail(2, "second", "of two")
	ids, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 5, Header: header(raw), Size: int64(len(raw))}, {UID: 6, Header: header(other), Size: int64(len(other))}})
	ok(t, err)
	whole := w.pull(w.inbox, 7, mail(3, "here", "already"))
	if n := must(w.WantBodies(w.ctx, append(whole, ids[1], 9999)))(t); n != 1 {
		t.Errorf("%d wait", n)
	}
	w.t = w.t.Add(time.Second)
	must(w.WantBodies(w.ctx, []MessageID{ids[0], ids[1]}))(t)
	acc := w.row(ids[0]).Account
	ahead := must(w.WantedBodies(w.ctx, acc))(t)
	if len(ahead) != 2 || ahead[0].Message != ids[1] || ahead[0].UID != 6 || ahead[0].MailboxName != "INBOX" || ahead[1].Message != ids[0] {
		t.Fatalf("not in the order asked for: %+v", ahead)
	}
	ok(t, w.RefuseBody(w.ctx, ids[1], "it is gone"))
	if wish := must(w.BodyWish(w.ctx, ids[1]))(t); wish.Words != "it is gone" || wish.Asked.IsZero() {
		t.Errorf("%+v", wish)
	}
	ok(t, w.SetBodies(w.ctx, []Body{{Message: ids[0], Raw: raw}}))
	if ahead := must(w.WantedBodies(w.ctx, acc))(t); len(ahead) != 0 {
		t.Errorf("still wanted: %+v", ahead)
	}
	if wish := must(w.BodyWish(w.ctx, ids[0]))(t); !wish.Asked.IsZero() {
		t.Errorf("the wish outlives the body: %+v", wish)
	}
	must(w.WantBodies(w.ctx, ids))(t) // asked again: another try for the one that failed
	if ahead := must(w.WantedBodies(w.ctx, acc))(t); len(ahead) != 1 || ahead[0].Message != ids[1] {
		t.Errorf("%+v", ahead)
	}
}

func TestMissingBodiesSince(t *testing.T) {
	w := newWorld(t)
	at := func(n int, age time.Duration) Incoming {
		raw := mail(n, "s", "b")
		return Incoming{UID: uint32(n), Header: header(raw), Size: int64(len(raw)), Received: w.t.Add(-age)}
	}
	_, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{at(1, 100*24*time.Hour), at(2, 24*time.Hour), at(3, time.Hour)})
	ok(t, err)
	got := must(w.MissingBodiesSince(w.ctx, w.inbox, 0, w.t.Add(-90*24*time.Hour)))(t)
	if len(got) != 2 || got[0].UID != 3 || got[1].UID != 2 {
		t.Errorf("%+v", got)
	}
}

func TestAmong(t *testing.T) {
	w := newWorld(t)
	in := w.pull(w.inbox, 1, mail(1, "a", "x"), mail(2, "b", "y"))
	arch := w.pull(w.archive, 1, mail(2, "b", "y"), mail(3, "c", "z"))
	rows := must(w.Among(w.ctx, append(append([]MessageID{}, arch...), append(in, 9999)...), query.All{}))(t)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		if r.Subject == "b" && (r.ID != in[1] || len(r.AlsoIn) != 1) {
			t.Errorf("not the best copy: %+v", r)
		}
	}
	if rows := must(w.Among(w.ctx, arch, query.Match{Field: query.Subject, Phrase: "c"}))(t); len(rows) != 1 || rows[0].ID != arch[1] {
		t.Errorf("%+v", rows)
	}
}
