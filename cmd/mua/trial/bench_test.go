package trial

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mua/account/demo"
	"mua/store"
)

// bench is a person's folder for processes of the built program, beside a recording server.
type bench struct {
	testing.TB
	bin, dir string
	servers  *demo.Servers
}

func newBench(b testing.TB) *bench {
	b.Helper()
	x := &bench{TB: b, bin: buildMua(b), dir: b.TempDir(), servers: startDemo(b)}
	if err := os.WriteFile(filepath.Join(x.dir, "config.toml"), []byte(x.servers.ConfigFor("demo", "", "smtp")), 0o600); err != nil {
		b.Fatal(err)
	}
	return x
}

// exec runs a program with this folder as its home.
func (x *bench) exec(stdin, name string, args ...string) {
	x.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "HOME="+x.dir, "XDG_STATE_HOME="+x.dir, "MUA_CONFIG="+filepath.Join(x.dir, "config.toml"), "MUA_DATA="+filepath.Join(x.dir, "data"))
	if out, err := cmd.CombinedOutput(); err != nil {
		x.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// spool puts n messages of a few KiB into the outbox.
func (x *bench) spool(n int) {
	x.Helper()
	s, err := store.Open(context.Background(), filepath.Join(x.dir, "data"), store.Options{State: filepath.Join(x.dir, "mua")})
	if err != nil {
		x.Fatal(err)
	}
	defer s.Close()
	acct, err := s.EnsureAccount(context.Background(), "demo")
	if err != nil {
		x.Fatal(err)
	}
	for i := range n {
		_, _, err := s.Spool(context.Background(), store.SpoolRequest{Account: acct, Sender: x.servers.Addr, Recipients: []string{"bob@mua.example"},
			Wire: benchMail(i), MessageID: fmt.Sprintf("<%d@bench>", i), Policy: store.PolicyRetry, SaveSent: true, SentLocal: true})
		if err != nil {
			x.Fatal(err)
		}
	}
}

func benchMail(i int) []byte {
	return fmt.Appendf(nil, "From: ada@mua.example\r\nTo: bob@mua.example\r\nSubject: message %d\r\nMessage-ID: <%d@bench>\r\nDate: Wed, 25 Nov 2026 10:00:00 +0000\r\n\r\n%s",
		i, i, strings.Repeat("The quick brown fox jumps over the lazy dog, again and again.\r\n", 60))
}

// BenchmarkSend is one mua send as a process: started, spooled durably, ended; delivery is left to a flusher.
func BenchmarkSend(b *testing.B) {
	x := newBench(b)
	for b.Loop() {
		x.exec("", x.bin, "-q", "send", "--queue", "-t", "bob@mua.example", "-s", "hi", "--body", "x")
	}
}

// BenchmarkFlush sends what is due in one mua outbox flush, beside msmtp, a process a message, and its queue runner
// where those are installed, to the same recording server: 200 messages near by, 50 where a round trip takes 20 ms.
func BenchmarkFlush(b *testing.B) {
	runner := "/usr/libexec/msmtp/msmtpqueue/msmtp-runqueue.sh"
	for _, way := range []struct {
		latency time.Duration
		n       int
	}{{0, 200}, {20 * time.Millisecond, 50}} {
		x := newBench(b)
		x.servers.SetFaults(demo.Faults{Latency: way.latency})
		rate := func(b *testing.B, prepare func(int), run func()) {
			for b.Loop() {
				b.StopTimer()
				prepare(way.n)
				had := len(x.servers.Accepted())
				b.StartTimer()
				run()
				if got := len(x.servers.Accepted()) - had; got != way.n {
					b.Fatalf("%d of %d arrived", got, way.n)
				}
			}
			b.ReportMetric(float64(way.n*b.N)/b.Elapsed().Seconds(), "msg/s")
		}
		name := fmt.Sprintf("%dms", way.latency.Milliseconds())
		b.Run(name+"/mua", func(b *testing.B) {
			rate(b, x.spool, func() { x.exec("", x.bin, "-q", "outbox", "flush") })
		})
		b.Run(name+"/msmtp", func(b *testing.B) {
			if _, err := exec.LookPath("msmtp"); err != nil {
				b.Skip("msmtp is not installed")
			}
			rate(b, x.msmtpQueue, func() {
				for i := range way.n {
					x.exec(strings.ReplaceAll(string(benchMail(i)), "\r\n", "\n"), "msmtp", "-f", x.servers.Addr, "--", "bob@mua.example")
				}
			})
		})
		b.Run(name+"/msmtp-queue", func(b *testing.B) {
			if _, err := os.Stat(runner); err != nil {
				b.Skip("msmtp's queue runner is not installed")
			}
			rate(b, x.msmtpQueue, func() { x.exec("", "sh", runner) })
		})
	}
}

// msmtpQueue fills msmtp's queue with the same messages.
func (x *bench) msmtpQueue(n int) {
	x.Helper()
	host, port, ok := strings.Cut(x.servers.SMTP, ":")
	if !ok {
		x.Fatal(x.servers.SMTP)
	}
	rc := fmt.Sprintf("defaults\nauth plain\ntls on\ntls_starttls on\ntls_trust_file %s\naccount default\nhost %s\nport %s\nuser %s\npassword %s\nfrom %s\n",
		x.servers.CAFile, host, port, x.servers.User, x.servers.Password, x.servers.Addr)
	queue := filepath.Join(x.dir, ".msmtpqueue")
	files := map[string][]byte{filepath.Join(x.dir, ".msmtprc"): []byte(rc)}
	for i := range n {
		files[filepath.Join(queue, strconv.Itoa(i)+".mail")] = []byte(strings.ReplaceAll(string(benchMail(i)), "\r\n", "\n"))
		files[filepath.Join(queue, strconv.Itoa(i)+".msmtp")] = []byte("-f " + x.servers.Addr + " -- bob@mua.example\n")
	}
	if err := os.MkdirAll(queue, 0o700); err != nil {
		x.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			x.Fatal(err)
		}
	}
}
