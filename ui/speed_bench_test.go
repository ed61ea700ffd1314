package ui

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/store"
)

// frames is a screen that tells of the first frame for which ready holds.
type frames struct {
	tcell.SimulationScreen
	ready func() bool // called on the loop
	shown chan time.Time
}

func (*frames) Init() error { return nil }

func (f *frames) Show() {
	f.SimulationScreen.Show()
	if f.ready != nil && f.ready() {
		f.ready = nil
		f.shown <- time.Now()
	}
}

// stopwatch is the UI on a screen of frames.
type stopwatch struct {
	*rig
	b    *testing.B
	f    *frames
	took []time.Duration
	busy time.Duration // of the processor: what else runs on the machine does not count
}

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// benchOn is the UI in a mailbox of that many messages, which make threads of five, and of a thread of some.
func benchOn(b *testing.B, w, h, messages, inThread int, chain bool) *stopwatch {
	f := &frames{shown: make(chan time.Time, 1)}
	r := start(b, setup{w: w, h: h, options: func(o *Options) {
		f.SimulationScreen = o.Screen.(initialised).SimulationScreen
		o.Screen = f
	}, fill: func(r *rig) { fillMany(b, r, messages, inThread, chain) }})
	return &stopwatch{rig: r, b: b, f: f}
}

// fillMany stores messages as a pull would, the newest in one thread.
func fillMany(b *testing.B, r *rig, messages, inThread int, chain bool) {
	ctx := b.Context()
	boxes, err := r.st.SetMailboxes(ctx, r.acct, []store.RemoteMailbox{{Name: "INBOX", Separator: "/", Role: store.RoleInbox, Subscribed: true}})
	if err != nil {
		b.Fatal(err)
	}
	body := strings.Repeat("The tide tables of the week, and who takes the ferry.\r\n", 6)
	for i := 0; i < messages; {
		var batch []store.Incoming
		for ; i < messages && len(batch) < 500; i++ {
			refs, subject, at := "", fmt.Sprint("Subject number ", i/5), time.Duration(messages-i)*time.Minute
			switch in := i - (messages - inThread); {
			case in > 0 && chain: // each answers the one before, and names a hundred of those before that
				subject, refs = "Re: The long one", fmt.Sprintf("References: <m%d@x>", messages-inThread)
				for k := max(1, in-100); k < in; k++ {
					refs += fmt.Sprintf("\r\n <m%d@x>", messages-inThread+k)
				}
				refs += "\r\n"
			case in > 0: // each answers one of those before, so that the tree is wide and deep
				subject, refs = "Re: The long one", fmt.Sprintf("References: <m%d@x> <m%d@x>\r\n", messages-inThread, messages-inThread+(in-1)*2/3)
			case in == 0:
				subject = "The long one"
			case i%5 > 0:
				subject, refs = "Re: "+subject, fmt.Sprintf("References: <m%d@x>\r\n", i-i%5)
			}
			batch = append(batch, store.Incoming{UID: uint32(i + 1), Flags: store.Seen, Received: testNow.Add(-at),
				Raw: fmt.Appendf(nil, "From: Ada Number%d <a%d@example.org>\r\nTo: Ada Linden <ada@mua.example>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <m%d@x>\r\n%s\r\n%s",
					i%97, i%97, subject, testNow.Add(-at).Format(time.RFC1123Z), i, refs, body)})
		}
		if _, _, err := r.st.AddRemote(ctx, boxes[0].ID, batch); err != nil {
			b.Fatal(err)
		}
	}
}

// time is how long it takes from a key to the frame that ready asks for.
func (s *stopwatch) time(key string, ready func() bool) {
	s.on(func() { s.f.ready = ready })
	k, c, mod := eventFor(s.b, key)
	s.b.StartTimer()
	busy, began := cpuTime(), time.Now()
	s.inject(k, c, mod)
	select {
	case at := <-s.f.shown:
		s.took, s.busy = append(s.took, at.Sub(began)), s.busy+cpuTime()-busy
	case <-time.After(20 * time.Second):
		s.b.Fatalf("%s does not come to its end:\n%s", key, s.screen())
	}
	s.b.StopTimer()
	s.idle()
}

// report gives the middle, the 95th percentile and the worst.
func (s *stopwatch) report() {
	slices.Sort(s.took)
	s.b.ReportMetric(float64(s.busy.Microseconds())/1000/float64(len(s.took)), "cpu-ms")
	for name, i := range map[string]int{"p50-ms": len(s.took) / 2, "p95-ms": len(s.took) * 95 / 100, "max-ms": len(s.took) - 1} {
		s.b.ReportMetric(float64(s.took[i].Microseconds())/1000, name)
	}
}

// bench repeats what f does.
func (s *stopwatch) bench(b *testing.B, f func()) {
	s.b, s.t, s.took, s.busy = b, b, nil, 0
	for b.Loop() {
		b.StopTimer()
		f()
		b.StartTimer()
	}
	b.StopTimer()
	s.report()
}

// read reports whether the reader shows the selected message.
func (s *stopwatch) read() bool {
	m := s.u.mail
	r, ok := m.list().current()
	return ok && m.reader.ready && m.reader.row.ID == r.ID
}

// BenchmarkOpenThread opens a thread of 1,000 messages among 5,000 others: the bar is 50 ms.
func BenchmarkOpenThread(b *testing.B) {
	for _, c := range []struct {
		name  string
		w, h  int
		chain bool
	}{{"tree/80x24", 80, 24, false}, {"tree/200x60", 200, 60, false}, {"chain/80x24", 80, 24, true}} {
		s := benchOn(b, c.w, c.h, 6000, 1000, c.chain)
		s.keys("T", "g g")
		s.sees("▸1000")
		unfolded := func() bool { l := s.u.mail.list(); return len(l.win.rows) > 1000 && s.read() }
		b.Run(c.name, func(b *testing.B) {
			s.bench(b, func() {
				s.time("Enter", unfolded)
				s.keys("Esc", "z a", "g g")
			})
		})
	}
}

// BenchmarkEnds jumps and pages in a mailbox of MUA_BENCH_MESSAGES (default 20,000; the bar of 16 ms is for 200,000).
func BenchmarkEnds(b *testing.B) {
	n := 20_000
	if v := os.Getenv("MUA_BENCH_MESSAGES"); v != "" {
		n, _ = strconv.Atoi(v)
	}
	s := benchOn(b, 80, 24, n, 1000, false)
	list := func() *list { return s.u.mail.list() }
	last := func() bool { l := list(); return l.sel == len(l.win.rows)-1 && !l.win.older && !l.read.Busy() }
	first := func() bool { l := list(); return l.sel == 0 && !l.win.newer && !l.read.Busy() }
	all := func(name string) {
		b.Run(name+"/G", func(b *testing.B) {
			s.bench(b, func() { s.keys("g g"); s.time("G", last) })
		})
		b.Run(name+"/Home", func(b *testing.B) {
			s.bench(b, func() { s.keys("G"); s.time("Home", first) })
		})
		b.Run(name+"/PgDn", func(b *testing.B) {
			s.keys("g g")
			s.bench(b, func() {
				was, _ := list().current()
				s.time("PgDn", func() bool { now, _ := list().current(); return now.ID != was.ID })
				if last() {
					s.keys("g g")
				}
			})
		})
		b.Run(name+"/PgUp", func(b *testing.B) {
			s.keys("G")
			s.bench(b, func() {
				was, _ := list().current()
				s.time("PgUp", func() bool { now, _ := list().current(); return now.ID != was.ID })
				if first() {
					s.keys("G")
				}
			})
		})
	}
	all("list")
	s.resize(200, 60)
	b.Run("beside/G", func(b *testing.B) {
		s.bench(b, func() { s.keys("g g"); s.time("G", func() bool { return last() && s.read() }) })
	})
	s.resize(80, 24)
	s.keys("g g", "T")
	all("threads")
}
