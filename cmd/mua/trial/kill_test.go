package trial

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"mua/account/demo"
)

// killed runs a command line as a process of its own and kills it after d,
// unless it ends before. It reports whether it was killed.
func (b *box) killed(bin string, d time.Duration, args ...string) bool {
	b.t.Helper()
	cmd := exec.Command(bin, append([]string{"--config", b.config, "--data", b.data}, args...)...)
	var talk bytes.Buffer
	cmd.Stderr = &talk
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		// 75 says that something is left in doubt by a flush killed before.
		if err != nil && cmd.ProcessState.ExitCode() != exitTemporary {
			b.t.Fatalf("mua %s: %v: %s", strings.Join(args, " "), err, &talk)
		}
		return false
	case <-time.After(d):
		cmd.Process.Kill() //nolint:errcheck // SIGKILL; it may have ended
		<-ended
		return true
	}
}

// TestKillDuringSync: kill -9 at any time during a pull loses nothing and doubles nothing.
func TestKillDuringSync(t *testing.T) {
	t.Parallel()
	bin := buildMua(t)
	for _, incoming := range []string{"imaps", "pop3s"} {
		t.Run(incoming, func(t *testing.T) {
			servers := startDemo(t)
			raws := generate(0, 300)
			servers.SetFaults(demo.Faults{Latency: 8 * time.Millisecond}) // room for the kills to land everywhere
			for _, r := range raws {
				servers.Deliver("INBOX", r)
			}
			b := newBox(t, servers.ConfigFor("demo", incoming, ""))
			r := rand.New(rand.NewPCG(1, 2))
			kills := 0
			for kills < 12 && b.killed(bin, time.Duration(10+r.IntN(90))*time.Millisecond, "sync") {
				kills++
			}
			b.mua(0, "sync")
			sameSums(t, sums(raws), sums(b.pulled("in:inbox")))
			if row := b.syncRow(); row["new"].(float64) != 0 {
				t.Fatalf("after %d kills: %v", kills, row)
			}
			if kills == 0 {
				t.Error("every sync ended before it was killed: nothing was tested")
			}
			t.Logf("%d kills", kills)
		})
	}
}

// TestKillDuringSend: kill -9 at any time between the spool and the copy on the server.
// The server's Sent never holds what was not accepted, and in the end it holds
// every message that was sent exactly once.
func TestKillDuringSend(t *testing.T) {
	t.Parallel()
	bin, servers := buildMua(t), startDemo(t)
	servers.SetFaults(demo.Faults{Latency: 2 * time.Millisecond}) // room for the kills to land everywhere
	b := newBox(t, strings.Replace(servers.ConfigFor("demo", "imaps", "smtps"), "from =", "uncertain = \"ask\"\nfrom =", 1))
	const n = 30
	for i := range n {
		b.mua(0, "send", "--queue", "-t", "bob@mua.example", "-s", fmt.Sprintf("message-%d.", i), "--body", "x")
	}
	accepted := func() map[string]int {
		var raws [][]byte
		for _, m := range servers.Accepted() {
			raws = append(raws, m.Data)
		}
		return subjects(raws)
	}
	r := rand.New(rand.NewPCG(5, 6))
	kills := 0
	for kills < 25 && b.killed(bin, time.Duration(20+r.IntN(180))*time.Millisecond, "sync") {
		kills++
		filed := subjects(servers.Messages("Sent"))
		for subject := range filed {
			if accepted()[subject] == 0 {
				t.Errorf("%s is in the server's Sent and was never accepted", subject)
			}
		}
	}
	b.killed(bin, time.Minute, "sync")
	b.killed(bin, time.Minute, "sync")
	filed, there, uncertain := subjects(servers.Messages("Sent")), accepted(), 0
	for _, o := range objects(t, b.mua(0, "outbox", "list", "--all", "--json")) {
		subject, want := o["subject"].(string), 1
		if o["state"] == "uncertain" {
			want = 0
			uncertain++
		} else if o["state"] != "sent" || there[subject] != 1 {
			t.Errorf("%s is %s, and the server accepted it %d times", subject, o["state"], there[subject])
		}
		if filed[subject] != want {
			t.Errorf("%s is %s, and %d times in the server's Sent", subject, o["state"], filed[subject])
		}
	}
	t.Logf("%d kills, %d uncertain of %d", kills, uncertain, n)
}

// subjects counts messages by their Subject.
func subjects(raws [][]byte) map[string]int {
	times := map[string]int{}
	for _, raw := range raws {
		_, subject, _ := strings.Cut(string(raw), "Subject: ")
		subject, _, _ = strings.Cut(subject, "\r\n")
		times[subject]++
	}
	return times
}

func startDemo(t testing.TB) *demo.Servers {
	t.Helper()
	servers, err := demo.Start(context.Background(), demo.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	return servers
}
