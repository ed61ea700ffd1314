package trial

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mua/account/demo"
)

// smallDisk is a file system of 1 MiB with a data folder on it, and ballast that fills it.
type smallDisk struct {
	*box
	root    string
	servers *demo.Servers
}

// newSmallDisk mounts one, which takes root; without, the test is skipped, or fails with
// MUA_REAL_SERVERS=require.
func newSmallDisk(t *testing.T) *smallDisk {
	t.Helper()
	servers := clearSMTP(t)
	d := &smallDisk{box: newBox(t, askConfig(servers)), root: t.TempDir(), servers: servers}
	if err := syscall.Mount("mua-test", d.root, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		if os.Getenv("MUA_REAL_SERVERS") == "require" {
			t.Fatalf("MUA_REAL_SERVERS=require, but no tmpfs can be mounted: %v", err)
		}
		t.Skipf("no tmpfs can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.root, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	d.data = filepath.Join(d.root, "data")
	return d
}

// fill leaves so many KiB free, and empty removes the ballast. With again, what a fill has left is taken too.
func (d *smallDisk) fill(leave int64) {
	d.t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.root, &st); err != nil {
		d.t.Fatal(err)
	}
	size := int64(st.Bavail)*int64(st.Bsize) - leave<<10
	if size <= 0 {
		return
	}
	if err := os.WriteFile(filepath.Join(d.root, "ballast"), make([]byte, size), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *smallDisk) empty() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.root, "ballast")); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
}

// afresh begins an empty data folder.
func (d *smallDisk) afresh() {
	d.t.Helper()
	d.empty()
	if err := os.RemoveAll(d.data); err != nil {
		d.t.Fatal(err)
	}
	d.mua(0, "outbox", "list")
}

// TestFullDisk: however little room there is, from composing to sent: what the person is told is so,
// the text is somewhere, and once there is room again everything goes on, once.
func TestFullDisk(t *testing.T) {
	d := newSmallDisk(t)
	text := letter(5)
	step := int64(12)
	if os.Getenv("MUA_LONG") != "" {
		step = 4
	}
	for name, c := range map[string]struct {
		args  []string
		queue bool // the letter is spooled before the disk is full
	}{
		"compose": {args: []string{"send", "--draft", "-t", "bob@mua.example", "-s", "letter-5."}},
		"spool":   {args: []string{"send", "--queue", "-t", "bob@mua.example", "-s", "letter-5."}},
		"send":    {args: []string{"send", "-t", "bob@mua.example", "-s", "letter-5."}},
		"flush":   {args: []string{"outbox", "flush"}, queue: true},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]int{}
			for leave := int64(0); leave <= 480; leave += step {
				d.t = t
				d.afresh()
				if c.queue {
					d.muaIn(0, text, "send", "-q", "--queue", "-t", "bob@mua.example", "-s", "letter-5.")
				}
				before := len(d.servers.Accepted())
				d.fill(leave)
				status, out, talk := d.box.status(text, c.args...)
				d.empty()
				s := stricken{box: d.box, status: status, out: out, talk: talk, before: before}
				seen[d.judge(name, text, s, func(format string, args ...any) {
					t.Errorf("%d KiB left: %s\nstatus %d, stdout %q, stderr %s", leave, fmt.Sprintf(format, args...), status, out, talk)
				})]++
			}
			t.Logf("%v", seen)
			if len(seen) < 2 {
				t.Error("the disk was never full, or always")
			}
		})
	}
}

// judge compares what was told on the full disk with what is there, lets all go on, and says how it was.
func (d *smallDisk) judge(name, text string, s stricken, complain func(string, ...any)) string {
	if s.status == exitIO && !strings.Contains(s.talk, "full") {
		complain("the words do not say that the disk is full")
	}
	if s.status == exitIO && !strings.Contains(s.talk, "free some space") {
		complain("the words do not say what to do")
	}
	if name == "compose" {
		drafts := objects(s.t, s.mua(0, "list", "in:any", "is:draft", "--json"))
		switch {
		case s.status == 0 && len(drafts) == 1:
			return "kept as draft"
		case s.status == exitIO && len(drafts) == 0 && strings.Contains(s.kept(), text):
			return "kept in a file"
		}
		complain("%d drafts, and the file holds the text: %v", len(drafts), strings.Contains(s.kept(), text))
		return "wrong"
	}
	if name != "flush" && s.judgeSpooling(text, "letter-5.", complain) == "" {
		return "not spooled"
	}
	was := s.items()["1"]["state"].(string)
	sick := &sickDisk{T: d.t, servers: d.servers}
	sick.settle(s, complain)
	return was + ", then " + s.items()["1"]["state"].(string)
}

// TestFullDiskAfterTheDot: the disk is full when the server has taken the message and its answer is to
// be recorded. The next flush says so, and sends nothing.
func TestFullDiskAfterTheDot(t *testing.T) {
	d := newSmallDisk(t)
	d.afresh()
	d.muaIn(0, letter(6), "send", "-q", "--queue", "-t", "bob@mua.example", "-s", "letter-6.")
	d.servers.SetFaults(demo.Faults{Latency: 400 * time.Millisecond})
	full := make(chan error, 1)
	go func() {
		for deadline := time.Now().Add(time.Minute); len(d.servers.Accepted()) == 0; {
			if time.Now().After(deadline) {
				full <- errors.New("nothing was accepted")
				return
			}
			<-time.After(time.Millisecond)
		}
		d.fill(0)
		full <- nil
	}()
	status, out, talk := d.box.status("", "outbox", "flush")
	if err := <-full; err != nil {
		t.Fatal(err)
	}
	d.servers.SetFaults(demo.Faults{})
	if status != exitIO || !strings.Contains(talk, "full") || strings.Contains(out, "\tsent\t") {
		t.Errorf("flush on the full disk ended with %d: %s%s", status, out, talk)
	}
	d.empty()
	if out := d.mua(exitTemporary, "outbox", "flush"); !strings.Contains(out, "uncertain") {
		t.Errorf("not uncertain: %s", out)
	}
	d.mua(0, "outbox", "flush")
	if n := len(d.servers.Accepted()); n != 1 {
		t.Errorf("the server was given the message %d times", n)
	}
	d.mua(0, "outbox", "resolve", "1", "--sent")
	if state := d.items()["1"]["state"]; state != "sent" {
		t.Errorf("resolved, it is %v", state)
	}
}
