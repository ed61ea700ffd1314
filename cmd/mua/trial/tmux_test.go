package trial

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// terminal is a real tmux with one window.
type terminal struct {
	t      *testing.T
	socket string
}

// newTerminal runs a command in a tmux of its own, 120x40, with an empty HOME.
func newTerminal(t *testing.T, home string, argv ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("MUA_REAL_SERVERS") == "require" {
			t.Fatal("tmux is not installed, and this run requires the real thing")
		}
		t.Skip("tmux is not installed")
	}
	term := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	args := append([]string{"-S", term.socket, "-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "env", "-i",
		"HOME=" + home, "TERM=screen-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + home}, argv...)
	if out, err := exec.Command("tmux", args...).CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	pids, _ := exec.Command("tmux", "-S", term.socket, "list-panes", "-F", "#{pane_pid}").Output()
	t.Cleanup(func() {
		exec.Command("tmux", "-S", term.socket, "kill-server").Run() //nolint:errcheck // it may be gone
		pid, err := strconv.Atoi(strings.TrimSpace(string(pids)))
		for end := time.Now().Add(20 * time.Second); err == nil && time.Now().Before(end); { // or its folders would be taken from under it
			if err = syscall.Kill(pid, 0); err == nil {
				<-time.After(20 * time.Millisecond)
			}
		}
	})
	return term
}

func (x *terminal) tmux(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %s: %v: %s", args[0], err, out)
	}
	return string(out)
}

func (x *terminal) keys(keys ...string) {
	x.t.Helper()
	x.tmux(append([]string{"send-keys"}, keys...)...)
}

// typed sends text as it is.
func (x *terminal) typed(text string) { x.t.Helper(); x.tmux("send-keys", "-l", text) }

// sees waits until the screen shows every text.
func (x *terminal) sees(texts ...string) {
	x.t.Helper()
	x.until("show "+strings.Join(texts, ", "), func(screen string) bool { return containsAll(screen, texts) })
}

// hides waits until the screen does not show a text any more.
func (x *terminal) hides(text string) {
	x.t.Helper()
	x.until("hide "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

func (x *terminal) until(what string, ok func(screen string) bool) {
	x.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		screen := x.tmux("capture-pane", "-p")
		if ok(screen) {
			return
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("the screen did not %s:\n%s", what, screen)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func containsAll(s string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(s, text) {
			return false
		}
	}
	return true
}

// gone waits until the program has ended.
func (x *terminal) gone() {
	x.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for exec.Command("tmux", "-S", x.socket, "has-session").Run() == nil {
		if time.Now().After(deadline) {
			x.t.Fatalf("the program did not end:\n%s", x.tmux("capture-pane", "-p"))
		}
		<-time.After(50 * time.Millisecond)
	}
}

// buildMua builds the binary as go install would, once for all tests.
func buildMua(t testing.TB) string {
	t.Helper()
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

var built = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(testFolder, "mua")
	if out, err := exec.Command("go", "build", "-o", bin, "mua/cmd/mua").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return bin, nil
})

// TestDemoInTmux is a stranger's first minute: open the demo, read, write to
// oneself, see it arrive, quit; and nothing is left behind.
func TestDemoInTmux(t *testing.T) {
	bin, home := buildMua(t), t.TempDir()
	x := newTerminal(t, home, bin, "demo")
	x.sees("INBOX", "unread", "online")
	x.keys("Enter")
	x.sees("From ", "Date ")
	x.keys("q")
	x.keys("m")
	x.sees("Subject", "Bcc", "^X send")
	x.typed("ada@mua.example")
	x.keys("Tab", "Tab", "Tab")
	x.typed("A note to myself")
	x.keys("Tab")
	x.typed("Remember the milk.")
	x.sees("Remember the milk.")
	x.keys("C-x")
	x.sees("outbox 1")
	x.keys("g", "o")
	x.sees("A note to myself", "queued")
	x.keys("t") // now, not after the undo window
	x.keys("g", "i")
	x.sees("INBOX", "A note to myself")
	x.keys("?")
	x.sees("What the keys do", "reply")
	x.keys("Escape")
	x.hides("What the keys do") // a key right behind Escape would be read as Alt
	x.keys("F10")
	x.gone()
	left, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Fatalf("the demo left %v in HOME", left)
	}
}
