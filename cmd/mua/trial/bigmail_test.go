package trial

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"mua/account/demo"
	"mua/store"
	"mua/store/message"
)

// maxPeak is how much memory a flush may need at its peak, in MiB, whatever it sends.
const maxPeak = 150

// TestBigMessage: a message of 16 MiB and one that breaks the connection each time, among 200 small ones: the
// others go out, the big one too, byte for byte, and no more memory is needed than that.
func TestBigMessage(t *testing.T) {
	t.Parallel()
	bin := buildMua(t)
	c := newCrowd(t, bin)
	c.servers.SetFaults(demo.Faults{SMTP: demo.SMTPFaults{Rcpt: map[string]*demo.Answer{"poison@mua.example": {When: demo.CloseBefore}}}})
	const small, size = 200, 16 << 20
	attached := filepath.Join(t.TempDir(), "big.bin")
	noise := make([]byte, size/4*3)
	rand.NewChaCha8([32]byte{9}).Read(noise) //nolint:errcheck // it never fails
	if err := os.WriteFile(attached, noise, 0o600); err != nil {
		t.Fatal(err)
	}
	put := func(wire []byte, to string) store.OutboxID {
		t.Helper()
		id, _, err := c.st.Spool(t.Context(), store.SpoolRequest{Account: c.ids[0], From: message.Address{Addr: "ada@mua.example"},
			Sender: "ada@mua.example", Recipients: []string{to}, Wire: wire, Date: time.Now(), Policy: store.PolicyAsk})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	var bigID, poison store.OutboxID
	for i := range small {
		switch i {
		case 20:
			poison = put([]byte("Subject: poison\r\n\r\nx\r\n"), "poison@mua.example")
		case 50:
			_, out := c.peak(bin, "send", "--queue", "-A", "one", "-t", "bob@mua.example", "-s", "big", "--body", "x", "-a", attached)
			n, err := strconv.Atoi(strings.TrimSpace(out))
			if err != nil {
				t.Fatal(err)
			}
			bigID = store.OutboxID(n)
		}
		put(fmt.Appendf(nil, "Subject: small-%d.\r\n\r\nx\r\n", i), "bob@mua.example")
	}
	peak, _ := c.peak(bin, "outbox", "flush")
	items, err := c.st.Items(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if want := map[bool]store.ItemState{true: store.Queued, false: store.Sent}[it.ID == poison]; it.State != want {
			t.Errorf("item %d (big %t) is %s, not %s: %s", it.ID, it.ID == bigID, it.State, want, it.LastError)
		}
	}
	big, err := c.st.ItemRaw(t.Context(), bigID)
	if err != nil || len(big) < size {
		t.Fatalf("the big one has %d octets, %v", len(big), err)
	}
	whole := 0
	for _, a := range c.servers.Accepted() {
		if bytes.Equal(a.Data, big) {
			whole++
		}
	}
	if n := len(c.servers.Accepted()); n != small+1 || whole != 1 {
		t.Errorf("%d messages accepted, %d of them the big one byte for byte", n, whole)
	}
	if runtime.GOOS == "linux" && (peak == 0 || peak > maxPeak) {
		t.Errorf("the flush needed %d MiB at its peak, more than %d", peak, maxPeak)
	}
	t.Logf("%d MiB at the peak of a flush with a message of %d MiB", peak, size>>20)
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak runs a command and tells its output and the most memory it had resident, in MiB; 0 where the system does not tell.
// (What wait(2) tells counts the memory of the process that started it.)
func (c *crowd) peak(bin string, args ...string) (mib int, stdout string) {
	c.t.Helper()
	cmd := exec.Command(bin, append([]string{"--config", c.config, "--data", c.data}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for most := 0; ; {
		select {
		case err := <-ended:
			if err != nil && cmd.ProcessState.ExitCode() != exitTemporary {
				c.t.Errorf("%v: %s", err, &said)
			}
			return most, out.String()
		case <-tick.C:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)) // absent on other systems
			if m := highWater.FindSubmatch(status); m != nil {
				kib, _ := strconv.Atoi(string(m[1]))
				most = max(most, kib>>10)
			}
		}
	}
}
