package trial

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mua/account/demo"
	"mua/store/powerloss"
)

// fault makes a system call of the database's fail: once, at its n-th time, or from then on.
type fault struct {
	call, errno string
	forGood     bool
}

func (f fault) String() string {
	if f.forGood {
		return f.call + " " + f.errno + " from then on"
	}
	return f.call + " " + f.errno + " once"
}

// faultsOfDisks are the faults that every command is tried with.
func faultsOfDisks() []fault {
	return []fault{
		{"pwrite64", "ENOSPC", false}, {"pwrite64", "ENOSPC", true}, {"pwrite64", "EIO", true},
		{"fsync", "EIO", false}, {"fsync", "EIO", true}, {"ftruncate", "EIO", true},
	}
}

// stricken is what came of a command whose disk failed.
type stricken struct {
	*box
	status    int
	out, talk string
	injected  bool // the fault struck
	before    int  // messages the server had accepted before
}

// sickDisk runs commands on copies of a prepared data folder.
type sickDisk struct {
	*testing.T
	strace, bin, memory string
	servers             *demo.Servers
	prepared            *box
	runs                int
}

// state are the items of a box by id: their state, and what else is looked at.
func (b *box) items() map[string]map[string]any {
	b.t.Helper()
	all := map[string]map[string]any{}
	for _, o := range objects(b.t, b.mua(0, "outbox", "list", "--all", "--json")) {
		all[fmt.Sprint(o["id"])] = o
	}
	return all
}

// try runs mua with the fault at its n-th call; n 0 only counts the calls, which it returns.
func (d *sickDisk) try(f fault, n int, stdin string, args ...string) (s stricken, calls int) {
	d.Helper()
	d.runs++
	dir := filepath.Join(d.memory, fmt.Sprint(d.runs))
	s.box = &box{t: d.T, config: d.prepared.config, data: filepath.Join(dir, "data")}
	if err := os.CopyFS(s.data, os.DirFS(d.prepared.data)); err != nil {
		d.Fatal(err)
	}
	if err := os.Chmod(s.data, 0o700); err != nil {
		d.Fatal(err)
	}
	d.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	if _, err := os.Stat(filepath.Join(s.data, "mail.db")); err == nil {
		s.mua(0, "outbox", "confirm") // it is a copy
	}
	s.before = len(d.servers.Accepted())
	trace := filepath.Join(dir, "trace")
	argv := []string{"-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "signal=none", "-e", "trace=" + f.call}
	if n > 0 {
		when := strconv.Itoa(n)
		if f.forGood {
			when += "+"
		}
		argv = append(argv, "-e", "inject="+f.call+":error="+f.errno+":when="+when)
	}
	cmd := exec.Command(d.strace, append(append(argv, d.bin, "--config", s.config, "--data", s.data), args...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "TMPDIR="+filepath.Join(dir, "tmp")) // strace counts each thread's calls
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o700); err != nil {
		d.Fatal(err)
	}
	var out, talk bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &talk
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		d.Fatal(err)
	}
	record, err := os.ReadFile(trace)
	if err != nil {
		d.Fatal(err)
	}
	s.status, s.out, s.talk = cmd.ProcessState.ExitCode(), out.String(), talk.String()
	s.injected = bytes.Contains(record, []byte("(INJECTED)"))
	if s.status == 2 || strings.Contains(s.talk, "goroutine ") {
		d.Fatalf("a panic: %s", s.talk)
	}
	return s, bytes.Count(record, []byte(f.call+"("))
}

// each tries a command with every fault at every step-th of its calls, and at the first ones.
func (d *sickDisk) each(stdin string, args []string, judge func(s stricken, complain func(string, ...any))) {
	d.Helper()
	hit := 0
	for _, f := range faultsOfDisks() {
		_, calls := d.try(f, 0, stdin, args...)
		step := max(1, (calls+5)/6)
		if os.Getenv("MUA_LONG") != "" {
			step = 1
		}
		struck := 0
		for n := 1; n <= calls; n += step {
			s, _ := d.try(f, n, stdin, args...)
			if !s.injected {
				continue
			}
			struck++
			judge(s, func(format string, args ...any) {
				d.Errorf("%v, call %d of %d: %s\nstatus %d, stdout %q, stderr %s", f, n, calls, fmt.Sprintf(format, args...), s.status, s.out, s.talk)
			})
		}
		d.Logf("%v: struck at %d places of %d calls", f, struck, calls)
		if calls > 0 && struck == 0 {
			d.Errorf("%v never struck: nothing was tested", f)
		}
		hit += min(struck, 1)
	}
	if hit < 2 {
		d.Errorf("only %d kinds of faults struck", hit)
	}
}

func newSickDisk(t *testing.T, bin string) *sickDisk {
	t.Helper()
	d := &sickDisk{T: t, strace: powerloss.Strace(t), bin: bin, memory: memoryDir(t), servers: clearSMTP(t)}
	d.prepared = newBox(t, askConfig(d.servers))
	return d
}

// queue spools messages into the prepared folder.
func (d *sickDisk) queue(n int) {
	d.Helper()
	for i := range n {
		d.prepared.muaIn(0, letter(i), "send", "-q", "--queue", "-t", "bob@mua.example", "-s", fmt.Sprintf("letter-%d.", i))
	}
}

// inDoubt reports that the words leave it open whether a change was made.
func (s *stricken) inDoubt() bool {
	return strings.Contains(s.talk, "may be in the outbox all the same") || strings.Contains(s.talk, "can only be seen once the disk works again")
}

// kept reads the file that the words say holds the text.
func (s *stricken) kept() string {
	m := regexp.MustCompile(`/[^ ;]*mua-dead-letter-[^ ;,]*\.eml`).FindString(s.talk)
	raw, err := os.ReadFile(m)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(raw), "\r\n", "\n")
}

// judgeSpooling compares what a sender was told with what is there.
func (s *stricken) judgeSpooling(text, subject string, complain func(string, ...any)) (id string) {
	for k, o := range s.items() {
		if o["subject"] == subject {
			if id != "" {
				complain("spooled twice")
			}
			id = k
		}
	}
	switch {
	case s.status != 0 && s.status != exitIO:
		complain("neither 0 nor 74")
	case s.status == 0 && id == "":
		complain("told as spooled, and it is not there")
	case s.status == 0 && strings.TrimSpace(s.out) != id:
		complain("another id was told than %s", id)
	case s.status == exitIO && id != "" && !s.inDoubt():
		complain("told as not spooled, and it is item %s", id)
	case s.status == exitIO && !strings.Contains(s.kept(), text):
		complain("the text is not where the words say")
	case s.status == exitIO && !strings.Contains(s.talk, "mua sendmail"):
		complain("the words do not say how to send it")
	}
	if id != "" && !strings.Contains(strings.ReplaceAll(s.mua(0, "outbox", "show", id, "--raw"), "\r\n", "\n"), text) {
		complain("the text in the outbox is not what was given")
	}
	return id
}

// times counts the messages of a subject that the server has accepted since the command began.
func (d *sickDisk) times(s stricken, subject string) int {
	return subjects(datas(d.servers)[s.before:])[subject]
}

// settle flushes on the mended disk and compares the states with what the server has.
func (d *sickDisk) settle(s stricken, complain func(string, ...any)) {
	d.Helper()
	for _, line := range strings.Split(s.out, "\n") { // what a flush had told
		if f := strings.Split(line, "\t"); len(f) > 1 && f[1] == "sent" {
			if state := s.items()[f[0]]["state"]; state != "sent" {
				complain("item %s was told as sent and is %v", f[0], state)
			}
		}
	}
	if status, _, talk := s.box.status("", "outbox", "flush"); status != 0 && status != exitTemporary {
		complain("on the mended disk flush ended with %d: %s", status, talk)
	}
	for id, o := range s.items() {
		n := d.times(s, o["subject"].(string))
		switch {
		case o["state"] == "sent" && n == 1:
		case o["state"] == "uncertain" && n <= 1:
		default:
			complain("in the end item %s is %v, and the server has it %d times", id, o["state"], n)
		}
	}
}

// TestSickDiskSend: whatever write or fsync fails while a message is spooled and sent, what the sender
// is told is so, and the text is somewhere.
func TestSickDiskSend(t *testing.T) {
	text, bin := letter(77), buildMua(t)
	for name, flags := range map[string][]string{"queue": {"--queue"}, "deliver": nil} {
		t.Run(name, func(t *testing.T) {
			d := newSickDisk(t, bin)
			d.prepared.mua(0, "outbox", "list") // makes the database
			d.each(text, append([]string{"send", "-t", "bob@mua.example", "-s", "letter-77."}, flags...), func(s stricken, complain func(string, ...any)) {
				if id := s.judgeSpooling(text, "letter-77.", complain); id != "" {
					d.settle(s, complain)
				}
			})
		})
	}
	t.Run("first", func(t *testing.T) { // the database itself is made
		d := newSickDisk(t, bin)
		if err := os.Mkdir(d.prepared.data, 0o700); err != nil {
			t.Fatal(err)
		}
		d.each(text, []string{"send", "--queue", "-t", "bob@mua.example", "-s", "letter-77."}, func(s stricken, complain func(string, ...any)) {
			s.judgeSpooling(text, "letter-77.", complain)
		})
	})
}

// TestSickDiskFlush: whatever write or fsync fails while the outbox is flushed, nothing is lost and
// nothing sent twice.
func TestSickDiskFlush(t *testing.T) {
	d := newSickDisk(t, buildMua(t))
	d.queue(3)
	d.each("", []string{"outbox", "flush"}, func(s stricken, complain func(string, ...any)) {
		if !slices.Contains([]int{0, exitIO, exitTemporary}, s.status) {
			complain("an unexpected status")
		}
		if len(s.items()) != 3 {
			complain("of 3 items %d are there", len(s.items()))
		}
		d.settle(s, complain)
	})
}

// TestSickDiskDecide: whatever write or fsync fails, a decision of the person is told as made exactly
// when it was.
func TestSickDiskDecide(t *testing.T) {
	bin := buildMua(t)
	for _, c := range []struct {
		args    []string
		was, is string
	}{
		{args: []string{"outbox", "cancel", "1"}, was: "queued", is: "cancelled"},
		{args: []string{"outbox", "hold", "1"}, was: "queued", is: "held"},
		{args: []string{"outbox", "resolve", "1", "--sent"}, was: "uncertain", is: "sent"},
		{args: []string{"outbox", "resolve", "1", "--retry"}, was: "uncertain", is: "queued"},
	} {
		t.Run(strings.Join(c.args[1:], "_"), func(t *testing.T) {
			d := newSickDisk(t, bin)
			d.queue(1)
			if c.was == "uncertain" {
				d.servers.SetFaults(demo.Faults{SMTP: demo.SMTPFaults{Dot: &demo.Answer{When: demo.CloseBefore, Recorded: true, Times: 1}}})
				d.prepared.mua(exitTemporary, "outbox", "flush")
				d.servers.SetFaults(demo.Faults{})
			}
			d.each("", c.args, func(s stricken, complain func(string, ...any)) {
				state := s.items()["1"]["state"]
				switch {
				case state != c.was && state != c.is:
					complain("the item is %v", state)
				case s.status == 0 && state != c.is:
					complain("told as done, and the item is %v", state)
				case s.status != 0 && s.status != exitIO:
					complain("neither 0 nor 74")
				case s.status == exitIO && state != c.was && !s.inDoubt():
					complain("told as not done, and the item is %v", state)
				}
				if drafts := objects(t, s.mua(0, "list", "in:any", "is:draft", "--json")); (state == "cancelled") != (len(drafts) == 1) {
					complain("the item is %v with %d drafts", state, len(drafts))
				}
			})
		})
	}
}
