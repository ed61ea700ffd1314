package trial

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// importPeak is how much memory an import may take, in MiB, however much there is.
const importPeak = 200

// BenchmarkImport measures mua import as a process, from a Maildir into an empty store and then again with nothing new, beside
// notmuch and mu, which index the same Maildir where it is, when they are installed. MUA_BENCH_MESSAGES says how many there are.
func BenchmarkImport(b *testing.B) {
	n := 1000
	if v, err := strconv.Atoi(os.Getenv("MUA_BENCH_MESSAGES")); err == nil {
		n = v
	}
	bin, dir := buildMua(b), b.TempDir()
	box := filepath.Join(dir, "Maildir")
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(box, sub), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		at := time.Unix(1_700_000_000+60*int64(i), 0)
		path := filepath.Join(box, "cur", fmt.Sprintf("%d.M%dP1.bench:2,S", at.Unix(), i))
		if err := os.WriteFile(path, labMail(i), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			b.Fatal(err)
		}
	}
	data, index := filepath.Join(dir, "data"), filepath.Join(dir, "index")
	rc := filepath.Join(dir, "notmuch")
	if err := os.WriteFile(rc, fmt.Appendf(nil, "[database]\npath=%s\nmail_root=%s\n[user]\nname=a\nprimary_email=a@b.example\n", index, box), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name, program string
		before        func(b *testing.B)
		argv          []string
	}{
		{"mua/first", bin, func(*testing.B) { os.RemoveAll(data) }, []string{"import", box, "--mailbox", "Bench"}},
		{"mua/again", bin, func(*testing.B) {}, []string{"import", box, "--mailbox", "Bench"}},
		{"notmuch", "notmuch", func(b *testing.B) {
			os.RemoveAll(index)
			if err := os.MkdirAll(index, 0o700); err != nil {
				b.Fatal(err)
			}
		}, []string{"--config=" + rc, "new", "--quiet"}},
		{"mu", "mu", func(b *testing.B) {
			os.RemoveAll(index)
			if out, err := exec.Command("mu", "init", "-q", "--muhome="+index, "--maildir="+box).CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
		}, []string{"index", "-q", "--muhome=" + index}},
	} {
		if _, err := exec.LookPath(c.program); err != nil {
			continue // a peer that is not installed
		}
		b.Run(c.name, func(b *testing.B) {
			var peak, cpu float64
			for b.Loop() {
				b.StopTimer()
				c.before(b)
				b.StartTimer()
				cmd := exec.Command(c.program, c.argv...)
				cmd.Env = append(os.Environ(), "MUA_DATA="+data, "XDG_STATE_HOME="+dir, "MUA_CONFIG="+filepath.Join(dir, "config.toml"))
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				peak = max(peak, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024)
				cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
			}
			b.ReportMetric(peak, "MiB-peak")
			b.ReportMetric(cpu/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			if c.program == bin && peak > importPeak {
				b.Errorf("%.0f MiB at its peak, more than %d", peak, importPeak)
			}
		})
	}
}
