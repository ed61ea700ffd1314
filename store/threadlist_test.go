package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// heads is what a list of threads should be: read one by one, by a list of messages.
func (c *club) heads(q ListQuery) (out []string) {
	c.Helper()
	q.Threads, q.Limit = false, 10_000
	here := map[int64][]MessageID{}
	var order []int64
	for _, r := range must(c.List(c.ctx, q))(c) {
		if here[r.Thread] == nil {
			order = append(order, r.Thread)
		}
		here[r.Thread] = append(here[r.Thread], r.ID)
	}
	for _, id := range order {
		out = append(out, fmt.Sprint(id, here[id]))
	}
	return out
}

func headLine(r Row) string {
	var ids []MessageID
	for _, m := range r.InThread.Here {
		ids = append(ids, m.ID)
	}
	return fmt.Sprint(r.Thread, ids)
}

func TestListThreads(t *testing.T) {
	w := newWorld(t)
	c := w.newClub("x")
	r := rand.New(rand.NewPCG(4, 4))
	c.arrive(correspondence(r, 300), 100)
	other := w.newClub("y")
	other.arrive(correspondence(r, 40), 100)
	all := must(c.List(c.ctx, ListQuery{Limit: 1000}))(t)
	var some []MessageID
	for i := 0; i < len(all); i += 3 {
		some = append(some, all[i].ID)
	}
	must(c.MarkFlags(c.ctx, some, FlagChange{Add: Seen}))(t)
	for _, q := range []ListQuery{{Mailbox: c.boxes[0]}, {}, {Query: "in:inbox"}, {Query: "in:inbox is:unread"}, {Query: "harbour", Mailbox: c.boxes[1]},
		{Query: "from:ada OR is:unread"}, {Account: all[0].Account}, {Query: "in:inbox account:y"}} {
		want := c.heads(q)
		q.Threads, q.Limit = true, 7
		var down, up []string
		for {
			page := must(c.List(c.ctx, q))(t)
			for _, r := range page {
				down = append(down, headLine(r))
				q.After = &Cursor{r.Received, r.ID}
			}
			if len(page) < 7 {
				break
			}
		}
		q.After, q.Before = nil, &Cursor{time.Unix(0, 0), 0}
		for {
			page := must(c.List(c.ctx, q))(t)
			for _, r := range slices.Backward(page) {
				up = append(up, headLine(r))
				q.Before = &Cursor{r.Received, r.ID}
			}
			if len(page) < 7 {
				break
			}
		}
		slices.Reverse(up)
		if !slices.Equal(down, want) || !slices.Equal(up, want) {
			t.Errorf("%+v: down\n%v\nup\n%v\nwant\n%v", q, down, up, want)
		}
		q.Before = nil
		if n := must(c.Count(c.ctx, q))(t); n != len(want) {
			t.Errorf("%q: count %d, want %d", q.Query, n, len(want))
		}
	}
}

// TestThreadCounts: copies count once, what is thrown away not at all, one's own answers do, and say who wrote.
func TestThreadCounts(t *testing.T) {
	w := newWorld(t)
	post := func(box MailboxID, uid uint32, id, from, refs string, flags Flags, hours int) MessageID {
		raw := fmt.Sprintf("From: %s\r\nTo: all@example.org\r\nSubject: talk\r\nMessage-ID: <%s>\r\nReferences: %s\r\n\r\nx\r\n", from, id, refs)
		ids, _, err := w.AddRemote(w.ctx, box, []Incoming{{UID: uid, Raw: []byte(raw), Flags: flags, Received: w.t.Add(time.Duration(hours) * time.Hour)}})
		ok(t, err)
		return ids[0]
	}
	post(w.inbox, 1, "a", "Ada <ada@example.org>", "", Seen, 1)
	post(w.sent, 1, "b", "Me <me@example.org>", "<a>", Seen, 2)
	b := post(w.inbox, 2, "c", "Cy <cy@example.org>", "<b>", 0, 3)
	post(w.archive, 1, "c", "Cy <cy@example.org>", "<b>", 0, 3)
	post(w.trash, 1, "d", "Dan <dan@example.org>", "<a>", 0, 4)
	rows := must(w.List(w.ctx, ListQuery{Threads: true, Mailbox: w.inbox}))(t)
	if len(rows) != 1 || rows[0].ID != b {
		t.Fatalf("%+v", rows)
	}
	in := rows[0].InThread
	var people []string
	for _, p := range in.People {
		people = append(people, p.Name)
	}
	if in.Messages != 3 || in.Unread != 1 || strings.Join(people, " ") != "Ada Me Cy" || len(in.Here) != 2 {
		t.Errorf("%+v", in)
	}
	if trash := must(w.List(w.ctx, ListQuery{Threads: true, Mailbox: w.trash}))(t); len(trash) != 1 || len(trash[0].InThread.Here) != 1 {
		t.Errorf("in Trash: %+v", trash)
	}
	ids := func(prefer MailboxID) string {
		var out []string
		for _, l := range must(w.Thread(w.ctx, rows[0].Thread, prefer))(t).Lines {
			out = append(out, strings.Repeat(">", l.Depth)+l.Row.MessageID+l.Row.MailboxName)
		}
		return strings.Join(out, " ")
	}
	for box, want := range map[MailboxID]string{
		0:         "<a>INBOX ><b>Sent >><c>INBOX",
		w.archive: "<a>INBOX ><b>Sent >><c>Archive",
		w.trash:   "<a>INBOX ><b>Sent >><c>INBOX ><d>Trash",
	} {
		if got := ids(box); got != want {
			t.Errorf("from mailbox %d: %s, want %s", box, got, want)
		}
	}
}

// BenchmarkThreads is 200,000 messages in some 70,000 threads, the newest of them with 1,000 messages.
func BenchmarkThreads(b *testing.B) {
	s, box := large(b)
	ctx := context.Background()
	ok(b, s.write(ctx, func(t *txn) error {
		return t.run(`UPDATE message SET thread = CASE WHEN received >= 1700000000000 + 199000000 THEN 1 ELSE 2 + (received / 1000 - 1700000000) / 3 * 3 END,
			refs = CASE WHEN received >= 1700000000000 + 199000000 THEN '["<m' || (id % 50) || '@example.org>","<m' || max(id - 60, 0) || '@example.org>"]' ELSE refs END`)
	}))
	big := must(s.List(ctx, ListQuery{Mailbox: box, Limit: 1}))(b)[0].ID
	for name, q := range map[string]ListQuery{
		"newest":  {Mailbox: box},
		"inboxes": {Query: "in:inbox"},
		"middle":  {Mailbox: box, After: &Cursor{time.UnixMilli(1700000000000 + 100000*1000), 0}},
		"end":     {Mailbox: box, Before: &Cursor{time.UnixMilli(0), 0}, Limit: 200},
		"words":   {Query: "in:inbox ada", Limit: 50},
	} {
		q.Threads = true
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if rows := must(s.List(ctx, q))(b); len(rows) == 0 || rows[0].InThread == nil {
					b.Fatal("no threads")
				}
			}
		})
	}
	b.Run("open 1,000", func(b *testing.B) {
		for b.Loop() {
			if th := must(s.Thread(ctx, int64(big), box))(b); len(th.Lines) < 1000 {
				b.Fatal(len(th.Lines))
			}
		}
	})
}
