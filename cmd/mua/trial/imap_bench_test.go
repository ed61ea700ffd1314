package trial

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mua/account/realservers"
)

// imapBench is a Dovecot with one mailbox of n messages, and clients of it as processes.
type imapBench struct {
	testing.TB
	d      *realservers.DovecotServer
	user   string
	bin    string
	n      int
	newest int // of the messages made so far
}

// newIMAPBench fills the mailbox: MUA_BENCH_MESSAGES of them, 1,000 unless that is set.
func newIMAPBench(b *testing.B) *imapBench {
	b.Helper()
	x := &imapBench{TB: b, d: realservers.Dovecot(b), bin: buildMua(b), n: 1000}
	if n, err := strconv.Atoi(os.Getenv("MUA_BENCH_MESSAGES")); err == nil {
		x.n = n
	}
	x.user = x.d.User
	for x.newest < x.n { // in parts: they need not all be in memory
		var part []realservers.Mail
		for range min(100, x.n-x.newest) {
			part = append(part, realservers.Mail{Raw: labMail(x.newest), Flags: "S", Received: time.Unix(1_700_000_000+60*int64(x.newest), 0)})
			x.newest++
		}
		x.d.AddMaildir(b, x.user, "INBOX", part...)
	}
	c := x.d.Client(b, x.user) // so that the server's index is there
	c.Exec("SELECT INBOX")
	c.Exec("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)")
	return x
}

// labMail is message i, in sizes as mail has them: median 4 KiB, a tenth with attachments of up to 600 KiB.
func labMail(i int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	words := strings.Fields("the to of and report meeting budget invoice schedule customer contract draft version issue server review travel flight account number")
	var b bytes.Buffer
	fmt.Fprintf(&b, "Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0000\r\nFrom: Ada <ada@mua.example>\r\nTo: bob@mua.example\r\nSubject: message %d\r\nMessage-ID: <m%d@bench>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"x%d\"\r\n\r\n--x%d\r\nContent-Type: text/plain\r\n\r\n", i, i, i, i)
	for n := int(2000 * (0.5 + r.ExpFloat64())); b.Len() < n; {
		for range 10 {
			fmt.Fprintf(&b, "%s%d ", words[r.IntN(len(words))], r.IntN(1000))
		}
		b.WriteString("\r\n")
	}
	if i%10 == 3 {
		fmt.Fprintf(&b, "--x%d\r\nContent-Type: image/jpeg; name=\"p.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", i)
		noise := make([]byte, 57)
		for range 600 + r.IntN(7000) {
			for j := range noise {
				noise[j] = byte(r.Uint32())
			}
			b.WriteString(base64.StdEncoding.EncodeToString(noise) + "\r\n")
		}
	}
	fmt.Fprintf(&b, "--x%d--\r\n", i)
	return b.Bytes()
}

// client is one program with its own copy of the mailbox.
type client struct {
	name  string
	argv  []string
	fresh func() // throws the copy away
}

// clients are mua and, where it is installed, mbsync with its default fsync, at a server's address.
func (x *imapBench) clients(addr string) []client {
	x.Helper()
	dir := x.TempDir()
	config, data := filepath.Join(dir, "config.toml"), filepath.Join(dir, "data")
	x.write(config, strings.Replace(imapConfig(x.d, x.user), x.d.IMAPS, addr, 1))
	out := []client{{"mua", []string{x.bin, "--config", config, "--data", data, "-q", "sync"}, func() { os.RemoveAll(data) }}}
	if _, err := exec.LookPath("mbsync"); err != nil {
		return out
	}
	_, port, _ := strings.Cut(addr, ":") // mbsync compares no addresses with a certificate
	rc, box := filepath.Join(dir, "mbsyncrc"), filepath.Join(dir, "mb")
	x.write(rc, fmt.Sprintf("IMAPAccount a\nHost %s\nPort %s\nUser %s\nPass \"%s\"\nSSLType IMAPS\nCertificateFile %s\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath %s/\nInbox %s/INBOX\nSubFolders Verbatim\n\nChannel a\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync All\nExpunge Both\nSyncState *\n",
		"localhost", port, x.user, x.d.Password, x.d.CAFile, box, box))
	fresh := func() {
		os.RemoveAll(box)
		if err := os.MkdirAll(box, 0o700); err != nil {
			x.Fatal(err)
		}
	}
	fresh()
	return append(out, client{"mbsync", []string{"mbsync", "-q", "-c", rc, "a"}, fresh})
}

func (x *imapBench) write(name, text string) {
	x.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		x.Fatal(err)
	}
}

// run runs a client once and returns its peak memory in MiB and the seconds of processor it took.
func (x *imapBench) run(c client) (rss, cpu float64) {
	x.Helper()
	cmd := exec.Command(c.argv[0], c.argv[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		x.Fatalf("%s: %v: %s", c.name, err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return float64(usage.Maxrss) / 1024, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
}

// change makes 100 new messages, 100 changed flags and 100 expunged on the server.
func (x *imapBench) change() {
	x.Helper()
	for range 100 {
		x.deliver()
	}
	c := x.d.Client(x, x.user)
	c.Exec("SELECT INBOX")
	c.Exec(`STORE 101:200 +FLAGS.SILENT (\Flagged)`)
	c.Exec(`STORE 101:200 -FLAGS.SILENT (\Seen)`)
	c.Exec(`STORE 1:100 +FLAGS.SILENT (\Deleted)`)
	c.Exec("EXPUNGE")
}

func (x *imapBench) deliver() {
	x.newest++
	x.d.AddMaildir(x, x.user, "INBOX", realservers.Mail{Raw: labMail(10*x.newest + 1)})
}

// BenchmarkIMAP measures mua sync as a process against Dovecot over TLS, beside mbsync in the same run: the
// first pull, a sync with nothing new, one with 100 new, 100 changed and 100 expunged; near by and 20 ms away.
func BenchmarkIMAP(b *testing.B) {
	x := newIMAPBench(b)
	for _, rtt := range []time.Duration{0, 20 * time.Millisecond} {
		addr := x.d.IMAPS
		if rtt > 0 {
			addr = realservers.Delay(b, addr, rtt)
		}
		clients := x.clients(addr)
		for _, job := range []struct {
			name    string
			prepare func(client)
		}{
			{"first", func(c client) { c.fresh() }},
			{"unchanged", func(client) {}},
			{"changed", func(client) { x.change() }},
		} {
			for _, c := range clients {
				b.Run(fmt.Sprintf("%s/%dms/%s", job.name, rtt.Milliseconds(), c.name), func(b *testing.B) {
					x.TB = b
					if job.name != "first" {
						x.run(c) // in step
					}
					var most, cpu float64
					for b.Loop() {
						b.StopTimer()
						job.prepare(c)
						b.StartTimer()
						rss, took := x.run(c)
						most, cpu = max(most, rss), cpu+took
					}
					b.ReportMetric(most, "MiB-peak")
					b.ReportMetric(cpu/float64(b.N), "cpu-s/op")
				})
			}
		}
		x.TB = b
	}
}
