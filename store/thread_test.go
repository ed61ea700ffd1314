package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// note is a message of a generated correspondence.
type note struct {
	id, subject, from, to string
	refs                  []string
	replyTo               string // In-Reply-To
	date                  time.Time
	box                   int // which mailbox it comes to
}

func (n note) raw() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Received: by x\r\nFrom: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\n", n.from, n.to, n.subject, n.date.Format(time.RFC1123Z))
	if n.id != "" {
		fmt.Fprintf(&b, "Message-ID: <%s>\r\n", n.id)
	}
	if len(n.refs) > 0 {
		fmt.Fprintf(&b, "References: <%s>\r\n", strings.Join(n.refs, ">\r\n <"))
	}
	if n.replyTo != "" {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\r\n", n.replyTo)
	}
	return []byte(b.String() + "\r\ntext of " + n.id + n.subject + "\r\n")
}

// correspondence makes conversations as programs write them: with whole References, with In-Reply-To only, with
// References that lost some, and with nothing but "Re:". Some messages have gone missing.
func correspondence(r *rand.Rand, n int) []note {
	people := []string{"ada@example.org", "bob@example.net", "cy@example.com"}
	subjects := []string{"plans for the harbour", "plans for the harbour", "hi", "the annual report of the club"}
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var all []note
	for i := range n {
		m := note{id: fmt.Sprintf("n%d@x", i), date: start.Add(time.Duration(r.IntN(20*24)) * time.Hour), box: r.IntN(3)}
		m.from, m.to = people[r.IntN(3)], people[r.IntN(3)]
		m.subject = subjects[r.IntN(len(subjects))]
		if i > 0 && r.IntN(10) < 7 {
			p := all[r.IntN(i)]
			m.subject, m.to, m.date = "Re: "+strings.TrimPrefix(p.subject, "Re: "), p.from, p.date.Add(time.Duration(1+r.IntN(50))*time.Hour)
			switch r.IntN(5) {
			case 0, 1:
				m.refs = append(slices.Clone(p.refs), p.id)
			case 2:
				m.replyTo = p.id
			case 3:
				m.refs, m.replyTo = p.refs[:min(1, len(p.refs))], p.id
			}
		}
		all = append(all, m)
	}
	return slices.DeleteFunc(all, func(note) bool { return r.IntN(6) == 0 })
}

// club is an account with three mailboxes. Its messages have ids of their own, so that several have the same correspondence.
type club struct {
	*world
	name  string
	boxes []MailboxID
}

func (w *world) newClub(name string) *club {
	w.Helper()
	acct := must(w.EnsureAccount(w.ctx, name))(w)
	c := &club{world: w, name: name}
	for _, b := range must(w.SetMailboxes(w.ctx, acct, []RemoteMailbox{{Name: "INBOX", Role: RoleInbox}, {Name: "Sent", Role: RoleSent}, {Name: "Archive", Role: RoleArchive}}))(w) {
		c.boxes = append(c.boxes, b.ID)
	}
	return c
}

// conversations writes the threads: for each its lines, with their depths.
func (c *club) conversations() string {
	c.Helper()
	rows, err := c.pool.Query(`SELECT DISTINCT m.thread FROM message m JOIN account a ON a.id = m.account WHERE m.state = 0 AND a.name = ?`, c.name)
	ok(c, err)
	var out []string
	for _, id := range must(collect[int64](rows))(c) {
		t := must(c.Thread(c.ctx, id, 0))(c)
		if t.ID != id {
			c.Errorf("thread %d is shown as %d", id, t.ID)
		}
		var lines []string
		for i, l := range t.Lines {
			if l.Parent >= i || (l.Parent < 0) != (l.Depth == 0) || l.Parent >= 0 && t.Lines[l.Parent].Depth != l.Depth-1 {
				c.Errorf("line %d of depth %d is below line %d", i, l.Depth, l.Parent)
			}
			if l.Row.ID != 0 && l.Row.Thread != id {
				c.Errorf("a row of thread %d is in thread %d", l.Row.Thread, id)
			}
			lines = append(lines, strings.Repeat(">", l.Depth)+strings.Replace(l.Row.MessageID, c.name+"-", "", 1))
		}
		out = append(out, strings.Join(lines, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// arrive puts notes into the mailboxes in this order, in batches.
func (c *club) arrive(list []note, batch int) {
	c.Helper()
	for part := range slices.Chunk(list, batch) {
		in := map[MailboxID][]Incoming{}
		for _, n := range part {
			c.uid++
			box := c.boxes[n.box]
			in[box] = append(in[box], Incoming{UID: c.uid, Raw: n.of(c.name).raw(), Received: n.date})
		}
		for _, b := range c.boxes {
			_, _, err := c.AddRemote(c.ctx, b, in[b])
			ok(c, err)
		}
	}
}

// of is a note with ids of a club.
func (n note) of(club string) note {
	own := func(id string) string {
		if id == "" || strings.Contains(id, "@e") { // an address
			return id
		}
		return club + "-" + id
	}
	n.id, n.replyTo, n.refs = own(n.id), own(n.replyTo), slices.Clone(n.refs)
	for i := range n.refs {
		n.refs[i] = own(n.refs[i])
	}
	return n
}

// TestAnyArrival: whatever the order in which messages arrive, the threads are the same.
func TestAnyArrival(t *testing.T) {
	w := newWorld(t)
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 3))
		list := correspondence(r, 6+r.IntN(30))
		want := ""
		for i := range 4 {
			c := w.newClub(fmt.Sprintf("c%d.%d", seed, i))
			c.arrive(list, 1+r.IntN(len(list)))
			switch got := c.conversations(); {
			case i == 0:
				want = got
			case got != want:
				t.Fatalf("seed %d: another order of arrival gives\n%s\ninstead of\n%s\nfor %+v", seed, got, want, list)
			}
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
	}
}

// TestThreadsOfBefore: a store from before threads gets the same ones, bit by bit, while mail goes on coming.
func TestThreadsOfBefore(t *testing.T) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 9))
	list := correspondence(r, 700)
	all := newWorld(t).newClub("x")
	all.arrive(list, 100)
	want := all.conversations()

	w := newWorld(t).newClub("x")
	w.arrive(list[:500], 100)
	ok(t, w.write(ctx, func(t *txn) error { // as migration 0010 finds it
		for _, q := range []string{`UPDATE message SET thread = NULL, topic = NULL, answers = NULL`, `DELETE FROM strand`, `DELETE FROM reference`,
			`UPDATE thread_todo SET below = (SELECT max(id) + 1 FROM message)`} {
			if err := t.run(q); err != nil {
				return err
			}
		}
		return nil
	}))
	some := must(w.List(ctx, ListQuery{Threads: true, Limit: 1000}))(t)
	if len(some) < 400 || some[0].InThread.Messages != 1 {
		t.Errorf("%d threads while none is known: each message is its own", len(some))
	}
	copied := must(w.Copy(ctx, []MessageID{some[0].ID}, w.boxes[2]))(t)
	steps := 0
	for more := true; more; steps++ {
		if steps == 1 {
			w.arrive(list[500:], 100)
		}
		more = must(w.FillThreads(ctx))(t)
	}
	if must(w.FillThreads(ctx))(t) || steps != 3 {
		t.Errorf("%d steps", steps)
	}
	if got := w.conversations(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if a, b := must(w.Row(ctx, some[0].ID))(t), must(w.Row(ctx, copied.Made[0]))(t); a.Thread != b.Thread {
		t.Errorf("the copy is in thread %d, the original in %d", b.Thread, a.Thread)
	}
}

// TestMigrationLeavesThreadsForLater: migration 0010 only notes what there is to do.
func TestMigrationLeavesThreadsForLater(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	db := openPool(filepath.Join(dir, "mail.db"), true)
	older := fstest.MapFS{}
	for _, m := range must(migrations(migrationFiles))(t)[:9] {
		older["migrations/"+m.name] = &fstest.MapFile{Data: []byte(must(m.script(migrationFiles))(t))}
	}
	ok(t, migrate(ctx, db, db, "mail.db", older))
	_, err := db.Exec(`INSERT INTO mailbox(account, name) VALUES (1, 'x');
		INSERT INTO message(account, mailbox, received, size, header_id, refs) VALUES (1, 1, 1, 1, '<a@x>', '[]'), (1, 1, 2, 1, '<b@x>', '["<a@x>"]')`)
	ok(t, err)
	ok(t, db.Close())
	s := open(t, dir, newClock())
	<-s.filler.done
	if must(s.FillThreads(ctx))(t) || must(s.threadsMissing(ctx))(t) != 0 {
		t.Error("it did not do all")
	}
	if th := must(s.Thread(ctx, 2, 0))(t); len(th.Lines) != 2 || th.Lines[1].Row.MessageID != "<b@x>" || th.Lines[1].Depth != 1 {
		t.Errorf("%+v", th)
	}
}

func TestThreadIdsAreStable(t *testing.T) {
	w := newWorld(t).newClub("x")
	day := w.t
	n := func(id, subject string, refs ...string) note {
		day = day.Add(time.Hour)
		return note{id: id, subject: subject, from: "ada@example.org", to: "bob@example.net", refs: refs, date: day}
	}
	w.arrive([]note{n("a", "one"), n("b", "two", "x"), n("c", "three", "y")}, 1)
	before := must(w.List(w.ctx, ListQuery{Mailbox: w.boxes[0]}))(t)
	c, b, a := before[0].Thread, before[1].Thread, before[2].Thread
	if a >= b || b >= c || a != int64(before[2].ID) {
		t.Fatalf("threads %d %d %d", a, b, c)
	}
	w.arrive([]note{n("d", "four", "y", "x")}, 1)                                                          // b and c turn out to be one
	if th := must(w.Thread(w.ctx, c, 0))(t); th.ID != b || len(th.Lines) != 4 || th.Lines[0].Row.ID != 0 { // below y, which is not here
		t.Errorf("%d, %d lines, want %d and 4", th.ID, len(th.Lines), b)
	}
	w.arrive([]note{n("e", "five", "a", "y")}, 1)
	for _, id := range []int64{a, b, c} {
		if th := must(w.Thread(w.ctx, id, 0))(t); th.ID != a || len(th.Lines) != 5 {
			t.Errorf("%d, %d lines, want %d and 5", th.ID, len(th.Lines), a)
		}
	}
	for q, want := range map[string]int{fmt.Sprint("thread:", b): 5, fmt.Sprint("thread:", a): 5, fmt.Sprint("-thread:", c): 0, "thread:999": 0} {
		if got := must(w.Count(w.ctx, ListQuery{Query: q}))(t); got != want {
			t.Errorf("%s: %d, want %d", q, got, want)
		}
	}
	if _, err := w.Thread(w.ctx, 999, 0); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	// what is purged still holds its thread together
	gone := must(w.List(w.ctx, ListQuery{Query: "mid:x-d"}))(t)[0].ID
	must(w.Trash(w.ctx, []MessageID{gone}))(t)
	must(w.Trash(w.ctx, []MessageID{gone}))(t)
	ok(t, w.write(w.ctx, func(t *txn) error { return t.run(`DELETE FROM action WHERE message = ?`, gone) }))
	w.ExpungeRemote(w.ctx, w.boxes[0], []uint32{4}) //nolint:errcheck // it is deleted here already
	w.t = w.t.Add(40 * 24 * time.Hour)
	ok(t, w.Purge(w.ctx))
	w.arrive([]note{n("f", "six", "d")}, 1)
	if th := must(w.Thread(w.ctx, a, 0))(t); len(th.Lines) != 5 || th.Lines[len(th.Lines)-1].Row.MessageID == "" {
		t.Errorf("%d lines", len(th.Lines))
	}
}

// TestSubjectFallback: an answer without references joins what it answers, and nothing else.
func TestSubjectFallback(t *testing.T) {
	const ada, bob, me = "ada@example.org", "bob@example.net", "me@example.com"
	all, clubs := newWorld(t), 0
	day := func(d int) time.Time { return time.Date(2026, 3, d, 9, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		list []note
		want string
	}{
		"an answer": {[]note{{id: "q", subject: "plans for the harbour", from: me, to: ada, date: day(1)},
			{id: "a", subject: "Re: plans for the harbour", from: ada, to: me, date: day(2)}}, "<q> ><a>"},
		"no answer, the same subject": {[]note{{id: "q", subject: "plans for the harbour", from: me, to: ada, date: day(1)},
			{id: "a", subject: "plans for the harbour", from: ada, to: me, date: day(2)}}, "<a>\n<q>"},
		"Re: hi": {[]note{{id: "q", subject: "hi", from: me, to: ada, date: day(1)},
			{id: "a", subject: "Re: hi", from: ada, to: me, date: day(2)}}, "<a>\n<q>"},
		"to somebody else": {[]note{{id: "q", subject: "plans for the harbour", from: me, to: ada, date: day(1)},
			{id: "a", subject: "Re: plans for the harbour", from: bob, to: "cy@example.net", date: day(2)}}, "<a>\n<q>"},
		"long after": {[]note{{id: "q", subject: "plans for the harbour", from: me, to: ada, date: day(-20)},
			{id: "a", subject: "Re: plans for the harbour", from: ada, to: me, date: day(20)}}, "<a>\n<q>"},
		"before": {[]note{{id: "q", subject: "plans for the harbour", from: me, to: ada, date: day(3)},
			{id: "a", subject: "Re: plans for the harbour", from: ada, to: me, date: day(2)}}, "<a>\n<q>"},
		"the latest, every week": {[]note{{id: "q1", subject: "minutes of the sailing club", from: ada, to: me, date: day(1)},
			{id: "q2", subject: "minutes of the sailing club", from: ada, to: me, date: day(8)},
			{id: "a", subject: "Re: minutes of the sailing club", from: me, to: ada, date: day(9)}}, "<q1>\n<q2> ><a>"},
		"with references of its own": {[]note{{id: "q", subject: "plans for the harbour", from: me, to: ada, date: day(1)},
			{id: "a", subject: "Re: plans for the harbour", from: ada, to: me, date: day(2), refs: []string{"z"}}}, "<a>\n<q>"},
		"an address is no reference": {[]note{{id: "q", subject: "one", from: ada, to: me, date: day(1), replyTo: me},
			{id: "a", subject: "two", from: bob, to: me, date: day(2), replyTo: me}}, "<a>\n<q>"},
	} {
		clubs++
		w := all.newClub(fmt.Sprint("c", clubs))
		w.arrive(c.list, 1)
		if got := w.conversations(); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// TestTieMoves: a message that fits better arrives late, and the answer moves to it, with what hangs on it.
func TestTieMoves(t *testing.T) {
	w := newWorld(t).newClub("x")
	at := w.t
	n := func(id, subject, from, to string, day int, refs ...string) note {
		return note{id: id, subject: subject, from: from, to: to, refs: refs, date: at.Add(time.Duration(day) * 24 * time.Hour)}
	}
	const s = "minutes of the sailing club"
	w.arrive([]note{n("q1", s, "ada@x", "me@x", 1), n("a", "Re: "+s, "me@x", "ada@x", 9), n("b", "Re: "+s, "ada@x", "me@x", 10, "a")}, 1)
	if got := w.conversations(); got != "<q1> ><a> >><b>" {
		t.Fatal(got)
	}
	first := must(w.List(w.ctx, ListQuery{}))(t)[0].Thread
	w.arrive([]note{n("q2", s, "ada@x", "me@x", 8)}, 1)
	if got := w.conversations(); got != "<q1>\n<q2> ><a> >><b>" {
		t.Error(got)
	}
	if th := must(w.Thread(w.ctx, first, 0))(t); len(th.Lines) != 1 || th.ID != first {
		t.Errorf("the first thread is %+v", th)
	}
	w.arrive([]note{n("c", "Re: "+s, "ada@x", "me@x", 11, "q1", "a")}, 1) // somebody knows better than the subject
	if got := w.conversations(); got != "<q1> ><a> >><b> >><c> <q2>" {
		t.Error(got)
	}
}
