package trial

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mua/account/realservers"
)

// popPeak is how much memory a first pull may take, in MiB, however long the mailbox.
const popPeak = 150

// popClients are mua and those of its peers that are installed, at a POP3S server's address. mpop pipelines
// and syncs each message; fetchmail and getmail start a program, or a process, for each.
func (x *imapBench) popClients(addr string) []client {
	x.Helper()
	dir := x.TempDir()
	config, data := filepath.Join(dir, "config.toml"), filepath.Join(dir, "data")
	x.write(config, fmt.Sprintf("[account.a]\nfrom = \"a@mua.example\"\nincoming = \"pop3s://%s@%s\"\npassword = { plain = %q }\ntls_ca = %q\n",
		x.user, addr, x.d.Password, x.d.CAFile))
	out := []client{{"mua", []string{x.bin, "--config", config, "--data", data, "-q", "sync"}, func() { os.RemoveAll(data) }}}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		x.Fatal(err)
	}
	box := filepath.Join(dir, "box")
	fresh := func() {
		os.RemoveAll(filepath.Join(dir, "ids"))
		os.RemoveAll(box)
		for _, d := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(box, d), 0o700); err != nil {
				x.Fatal(err)
			}
		}
	}
	fresh()
	if _, err := exec.LookPath("mpop"); err == nil {
		rc := filepath.Join(dir, "mpoprc")
		x.write(rc, fmt.Sprintf("account a\nhost %s\nport %s\ntls on\ntls_starttls off\ntls_trust_file %s\nuser %s\npassword \"%s\"\nkeep on\ndelivery maildir %s\nuidls_file %s/ids\n",
			host, port, x.d.CAFile, x.user, x.d.Password, box, dir))
		out = append(out, client{"mpop", []string{"mpop", "-q", "-C", rc, "a"}, fresh})
	}
	if _, err := exec.LookPath("fetchmail"); err == nil {
		rc := filepath.Join(dir, "fetchmailrc")
		x.write(rc, fmt.Sprintf("poll localhost service %s protocol pop3 uidl auth password user \"%s\" password \"%s\" keep fetchall ssl sslcertck sslcertfile %s mda \"/bin/cat >>%s/new/all\"\n",
			port, x.user, x.d.Password, x.d.CAFile, box))
		out = append(out, client{"fetchmail", []string{"fetchmail", "-s", "-f", rc, "-i", dir + "/ids", "--pidfile", dir + "/pid"}, fresh})
	}
	return out
}

// BenchmarkPOP3 measures the first pull of mua sync as a process from Dovecot over TLS, beside its peers in
// the same run, and one with nothing new; near by and 20 ms away. MUA_BENCH_MESSAGES says of how many; peers
// that are slow for each message are left out above 1,000.
func BenchmarkPOP3(b *testing.B) {
	x := newIMAPBench(b)
	for _, rtt := range []time.Duration{0, 20 * time.Millisecond} {
		addr := x.d.POP3S
		if rtt > 0 {
			addr = realservers.Delay(b, addr, rtt)
		}
		for _, c := range x.popClients(addr) {
			if c.name == "fetchmail" && x.n > 1000 {
				continue
			}
			for _, job := range []string{"first", "unchanged"} {
				if c.name == "fetchmail" && job == "unchanged" {
					continue // it is told to fetch all
				}
				b.Run(fmt.Sprintf("%s/%dms/%s", job, rtt.Milliseconds(), c.name), func(b *testing.B) {
					x.TB = b
					var most, cpu float64
					for b.Loop() {
						if job == "first" {
							b.StopTimer()
							c.fresh()
							b.StartTimer()
						}
						rss, took := x.run(c)
						most, cpu = max(most, rss), cpu+took
					}
					if c.name == "mua" { // a small program's is that of this one, which started it
						b.ReportMetric(most, "MiB-peak")
					}
					b.ReportMetric(cpu/float64(b.N), "cpu-s/op")
					if job == "first" {
						b.ReportMetric(float64(x.n)*float64(b.N)/b.Elapsed().Seconds(), "msg/s")
						x.count(c)
					}
					if c.name == "mua" && most > popPeak {
						b.Errorf("%.0f MiB at its peak, more than %d", most, popPeak)
					}
				})
			}
		}
	}
}

// count fails the benchmark unless mua has every message.
func (x *imapBench) count(c client) {
	x.Helper()
	if c.name != "mua" {
		return
	}
	list := append(c.argv[:len(c.argv)-1:len(c.argv)-1], "list", "in:inbox", "-n", "0", "--json")
	out, err := exec.Command(list[0], list[1:]...).Output()
	if n := strings.Count(string(out), "\n"); err != nil || n != x.n {
		x.Errorf("%d of %d messages are here: %v", n, x.n, err)
	}
}
