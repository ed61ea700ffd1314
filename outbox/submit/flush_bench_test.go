package submit_test

import (
	"fmt"
	"testing"
	"time"

	"mua/account"
	"mua/outbox"
	"mua/outbox/submit"
	"mua/store"
)

// BenchmarkFlush sends 200 messages over the real store to a server in this process.
func BenchmarkFlush(b *testing.B) {
	srv := serve(b, nil)
	for b.Loop() {
		b.StopTimer()
		st, err := store.Open(b.Context(), b.TempDir(), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		acct, err := st.EnsureAccount(b.Context(), "work")
		if err != nil {
			b.Fatal(err)
		}
		for i := range 200 {
			if _, _, err := st.Spool(b.Context(), store.SpoolRequest{Account: acct, Sender: "ada@example.org", Recipients: []string{bob},
				Wire: []byte(text(fmt.Sprint("m", i))), MessageID: fmt.Sprintf("<%d@example.org>", i), Policy: store.PolicyAsk, SaveSent: true}); err != nil {
				b.Fatal(err)
			}
		}
		f := &outbox.Flusher{Store: st, Account: srv.account(), AccountID: acct, Submitter: submit.Submitter{}, Now: time.Now, Retry: outbox.DefaultSchedule()}
		f.Account.Sessions = account.DefaultSessions
		b.StartTimer()
		if s, err := f.Flush(b.Context()); err != nil || s.Sent != 200 {
			b.Fatal(s, err)
		}
		b.StopTimer()
		if err := st.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(200*float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
