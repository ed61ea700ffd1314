package store

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAddRemote stores 10,000 messages of 4 KiB in batches of 500.
func BenchmarkAddRemote(b *testing.B) {
	body := strings.Repeat("The quick brown fox jumps over the lazy dog, again and again.\r\n", 60)
	for b.Loop() {
		b.StopTimer()
		c, ctx := newClock(), context.Background()
		s := open(b, b.TempDir(), c)
		acct := must(s.EnsureAccount(ctx, "a"))(b)
		boxes := must(s.SetMailboxes(ctx, acct, []RemoteMailbox{{Name: "INBOX"}}))(b)
		batches := make([][]Incoming, 20)
		for i := range 10_000 {
			batches[i/500] = append(batches[i/500], Incoming{UID: uint32(10_000 - i), Raw: mail(i, fmt.Sprint("message ", i), fmt.Sprint(i*7919, body)), Received: c.t.Add(-time.Duration(i) * time.Minute)})
		}
		b.StartTimer()
		for _, batch := range batches {
			_, _, err := s.AddRemote(ctx, boxes[0].ID, batch)
			ok(b, err)
		}
		b.StopTimer()
		ok(b, s.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "msg/s")
}

// large is a store with 200,000 small rows in one mailbox.
func large(b *testing.B) (*Store, MailboxID) {
	b.Helper()
	ctx := context.Background()
	s := open(b, b.TempDir(), newClock())
	acct := must(s.EnsureAccount(ctx, "a"))(b)
	boxes := must(s.SetMailboxes(ctx, acct, []RemoteMailbox{{Name: "INBOX"}}))(b)
	ok(b, s.write(ctx, func(t *txn) error {
		return t.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
			INSERT INTO message(account, mailbox, received, flags, server_mailbox, server_uid, size, header_id, subject, from_addrs, snippet)
			SELECT ?, ?2, 1700000000000 + ((i * 7919) % 200000) * 1000, i % 2, ?2, i, 4000, '<m' || i || '@example.org>', 'subject number ' || i,
			'[{"name":"Ada ' || (i % 100) || '","addr":"ada@example.org"}]', 'a few words of the text' FROM n`, acct, boxes[0].ID)
	}))
	return s, boxes[0].ID
}

func BenchmarkListPage(b *testing.B) {
	s, box := large(b)
	ctx := context.Background()
	for name, q := range map[string]ListQuery{
		"first":  {Mailbox: box},
		"middle": {Mailbox: box, After: &Cursor{time.UnixMilli(1700000000000 + 100000*1000), 0}},
		"all":    {Distinct: true},
		"rare":   {Query: "subject:77777"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rows, err := s.List(ctx, q)
				ok(b, err)
				if len(rows) == 0 {
					b.Fatal("no rows")
				}
			}
		})
	}
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			must(s.Mailboxes(ctx, 0))(b)
		}
	})
}

// BenchmarkSpool is durable spooling in one process: one after another, and by many goroutines.
func BenchmarkSpool(b *testing.B) {
	body := strings.Repeat("The quick brown fox jumps over the lazy dog, again and again.\r\n", 60)
	spool := func(w *world, i int) {
		r := w.request(i, "bob@example.net")
		r.Wire = fmt.Appendf(nil, "Subject: %d\r\nMessage-ID: <%d@x>\r\n\r\n%s", i, i, body)
		w.spool(r)
	}
	rate := func(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "spooled/s") }
	b.Run("one by one", func(b *testing.B) {
		w := newWorld(b)
		for i := 0; b.Loop(); i++ {
			spool(w, i)
		}
		rate(b)
	})
	b.Run("at once", func(b *testing.B) {
		w := newWorld(b)
		var n atomic.Int64
		b.SetParallelism(50)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				spool(w, int(n.Add(1)))
			}
		})
		rate(b)
	})
}

func BenchmarkClaim(b *testing.B) {
	w := newWorld(b)
	for i := range 2000 {
		r := w.request(i, "bob@example.net")
		r.SaveSent = false
		w.spool(r)
	}
	b.ResetTimer()
	for b.Loop() {
		_, at := w.claim(0)
		ok(b, w.EndAttempt(w.ctx, AttemptResult{Attempt: at, State: Queued, NoAttempt: true, NextAttempt: w.t}))
	}
}
