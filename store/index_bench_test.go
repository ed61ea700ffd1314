package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mua/store/index"
)

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// archive is a store with MUA_BENCH_MESSAGES (default 5,000) messages, not indexed: those of the Maildir
// MUA_BENCH_MAILDIR, or made ones.
func archive(b *testing.B) *Store {
	b.Helper()
	n := 5000
	if v := os.Getenv("MUA_BENCH_MESSAGES"); v != "" {
		n = must(strconv.Atoi(v))(b)
	}
	files := must(filepath.Glob(filepath.Join(os.Getenv("MUA_BENCH_MAILDIR"), "cur", "*")))(b)
	ctx := context.Background()
	s := open(b, b.TempDir(), newClock())
	acct := must(s.EnsureAccount(ctx, "a"))(b)
	box := must(s.SetMailboxes(ctx, acct, []RemoteMailbox{{Name: "INBOX", Role: RoleInbox}}))(b)[0].ID
	for i := 0; i < n; {
		var batch []Incoming
		for ; i < n && len(batch) < 500; i++ {
			in := Incoming{UID: uint32(n - i), Received: newClock().t.Add(-time.Duration(i) * 8 * time.Minute)}
			if len(files) > 0 {
				in.Raw = must(os.ReadFile(files[i%len(files)]))(b)
			} else {
				in.Raw = made(i)
			}
			batch = append(batch, in)
		}
		_, _, err := s.AddRemote(ctx, box, batch)
		ok(b, err)
	}
	return s
}

const vocabulary = 40_000

// word is the k-th most frequent word.
func word(k int) string {
	const syllables = "bacodefigohujakelimonupaquresitovuwaxeyizo"
	var b strings.Builder
	for k += 50; k > 0; k /= 21 {
		b.WriteString(syllables[k%21*2 : k%21*2+2])
	}
	return b.String()
}

// made is a made message: words as frequent as in a language, one in twenty Chinese.
func made(i int) []byte {
	r := rand.New(rand.NewPCG(uint64(i), 3))
	z := rand.NewZipf(r, 1.1, 3, vocabulary-1)
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s <p%d@example.org>\r\nTo: team@example.net\r\nSubject: %s %s m%07d\r\nMessage-ID: <m%d@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
		word(100+i%700), i%700, word(int(z.Uint64())), word(int(z.Uint64())), i, i)
	for j := range 80 + r.IntN(400) {
		if i%20 == 0 {
			b.WriteRune(rune(0x4E00 + z.Uint64()%3000))
		} else {
			b.WriteString(word(int(z.Uint64())))
		}
		if j%12 == 11 {
			b.WriteString("\r\n")
		} else if i%20 != 0 {
			b.WriteByte(' ')
		}
	}
	return []byte(b.String())
}

// BenchmarkIndex builds the index of an archive.
func BenchmarkIndex(b *testing.B) {
	s := archive(b)
	n, busy := 0, cpuTime()
	for b.Loop() {
		n += must(s.UpdateIndex(context.Background(), IndexRun{Headers: true, Seal: SealAlways, Rebuild: true}))(b).Done
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric((cpuTime()-busy).Seconds()*1e6/float64(n), "cpu-µs/msg")
	info := must(os.Stat(index.Path(s.Dir())))(b)
	b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
}

// BenchmarkSearch gives the newest 50 of queries of each kind, each query another one.
func BenchmarkSearch(b *testing.B) {
	s, ctx := archive(b), context.Background()
	must(s.UpdateIndex(ctx, IndexRun{Headers: true, Seal: SealAlways}))(b)
	han := func(k int) string { return string(rune(0x4E00 + k)) }
	for _, kind := range []struct {
		name string
		make func(r *rand.Rand) string
	}{
		{"common", func(r *rand.Rand) string { return word(r.IntN(100)) }},
		{"middle", func(r *rand.Rand) string { return word(1000 + r.IntN(1000)) }},
		{"rare", func(r *rand.Rand) string { return word(vocabulary - 1 - r.IntN(10_000)) }},
		{"two common", func(r *rand.Rand) string { return word(r.IntN(100)) + " " + word(r.IntN(100)) }},
		{"common and rare", func(r *rand.Rand) string { return word(r.IntN(20)) + " " + word(vocabulary-1-r.IntN(10_000)) }},
		{"phrase", func(r *rand.Rand) string { return `"` + word(r.IntN(40)) + " " + word(r.IntN(40)) + `"` }},
		{"phrase of three", func(r *rand.Rand) string {
			return fmt.Sprintf("%q", word(r.IntN(10))+" "+word(r.IntN(10))+" "+word(r.IntN(10)))
		}},
		{"prefix of three", func(r *rand.Rand) string { return word(r.IntN(2000))[:3] + "*" }},
		{"prefix of four", func(r *rand.Rand) string { return word(500 + r.IntN(2000))[:4] + "*" }},
		{"from newer", func(r *rand.Rand) string { return fmt.Sprintf("from:p%d@example.org newer:1y", r.IntN(700)) }},
		{"from word newer", func(r *rand.Rand) string {
			return fmt.Sprintf("from:%s newer:1y %s", word(100+r.IntN(700)), word(r.IntN(100)))
		}},
		{"CJK", func(r *rand.Rand) string { return han(r.IntN(30)) + han(r.IntN(30)) }},
		{"CJK single", func(r *rand.Rand) string { return han(r.IntN(300)) }},
		{"OR NOT", func(r *rand.Rand) string {
			return fmt.Sprintf("(%s OR %s) -%s", word(r.IntN(100)), word(r.IntN(100)), word(r.IntN(100)))
		}},
		{"body", func(r *rand.Rand) string { return "body:" + word(r.IntN(1000)) }},
		{"unread common", func(r *rand.Rand) string { return "is:flagged " + word(r.IntN(20)) }},
	} {
		b.Run(kind.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			var took []time.Duration
			hits, busy := 0, cpuTime()
			for b.Loop() {
				q := ListQuery{Query: kind.make(r), Limit: 50, Distinct: true}
				begin := time.Now()
				rows, err := s.List(ctx, q)
				took = append(took, time.Since(begin))
				ok(b, err)
				hits += len(rows)
			}
			slices.Sort(took)
			at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
			b.ReportMetric((cpuTime()-busy).Seconds()*1000/float64(b.N), "cpu-ms/op") // what else runs here does not count
			b.ReportMetric(at(0.5), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(float64(hits)/float64(b.N), "rows/op")
		})
	}
}
