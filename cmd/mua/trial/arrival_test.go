package trial

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account/realservers"
	"mua/store"
)

// arrivalBound is how long new mail may take in a test on a busy machine; the aim is a second, of
// which Dovecot itself takes half before it tells (NOTIFY_DELAY_MSECS).
const arrivalBound = 10 * time.Second

// watcher is a mua sync --watch of its own process.
type watcher struct {
	cmd  *exec.Cmd
	said chan string // lines of its stderr
}

func (b *box) watcher(bin string) *watcher {
	b.t.Helper()
	w := &watcher{cmd: exec.Command(bin, "--config", b.config, "--data", b.data, "sync", "--watch"), said: make(chan string, 100)}
	talk, err := w.cmd.StderrPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() {
		defer close(w.said)
		for sc := bufio.NewScanner(talk); sc.Scan(); {
			w.said <- sc.Text()
		}
	}()
	b.t.Cleanup(func() { w.kill() })
	return w
}

// kill ends it as a crash does.
func (w *watcher) kill() {
	if w.cmd.ProcessState == nil {
		w.cmd.Process.Kill() //nolint:errcheck // it may have ended
		w.cmd.Wait()         //nolint:errcheck // killed
	}
}

// hears waits for words on its stderr.
func (w *watcher) hears(t *testing.T, words string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case line, ok := <-w.said:
			if !ok {
				t.Fatalf("it ended without saying %q", words)
			}
			if strings.Contains(line, words) {
				return
			}
		case <-deadline:
			t.Fatalf("it never says %q", words)
		}
	}
}

// TestNewMailIsSeenAtOnce: from delivery on Dovecot to the row in another process's store, for the
// inbox and a mailbox that the configuration names, delivered and appended.
func TestNewMailIsSeenAtOnce(t *testing.T) {
	d := realservers.Dovecot(t)
	b := newBox(t, imapConfig(d, "u1")+"idle = [\"Work\"]\n")
	other := d.Client(t, "u1")
	other.Exec("CREATE Work")
	other.Append("INBOX", arrivalMail("before"))
	b.watcher(buildMua(t))
	b.until("the mailboxes are known", func() bool { return strings.Contains(b.mua(0, "mailboxes"), "Work") && b.mua(0, "list") != "" })
	s, err := store.Open(t.Context(), b.data, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	changed, done := s.Watch()
	defer done()
	here := func(subject string) bool {
		n, err := s.Count(t.Context(), store.ListQuery{Query: "subject:" + subject})
		if err != nil {
			t.Fatal(err)
		}
		return n > 0
	}
	for name, deliver := range map[string]func(raw []byte){
		"delivered to INBOX": func(raw []byte) { d.Deliver(t, "u1", "INBOX", raw) },
		"appended to INBOX":  func(raw []byte) { other.Append("INBOX", raw) },
		"delivered to Work":  func(raw []byte) { d.Deliver(t, "u1", "Work", raw) },
	} {
		var took []time.Duration
		for i := range 6 {
			subject := fmt.Sprintf("%s%d", strings.ReplaceAll(name, " ", ""), i)
			began := time.Now()
			deliver(arrivalMail(subject))
			for deadline := time.After(arrivalBound); !here(subject); {
				select {
				case <-changed:
				case <-deadline:
					t.Fatalf("%s: not here after %s", name, arrivalBound)
				}
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		t.Logf("%s: median %s, all %s", name, took[len(took)/2].Round(time.Millisecond), took)
	}
}

func arrivalMail(subject string) []byte {
	return []byte("From: Bob <bob@example.org>\r\nTo: u1@example.org\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@bob>\r\n\r\nHi\r\n")
}

// TestOneProcessSyncs: a second --watch says that it only watches, and takes over when the first is killed.
func TestOneProcessSyncs(t *testing.T) {
	d := realservers.Dovecot(t)
	b := newBox(t, imapConfig(d, "u1"))
	bin := buildMua(t)
	first := b.watcher(bin)
	b.until("the first holds the account", func() bool { return strings.Contains(b.mua(0, "sync", "--json"), `"by":"other"`) })
	second := b.watcher(bin)
	second.hears(t, "work: another mua process keeps it in step")
	d.Client(t, "u1").Append("INBOX", arrivalMail("one"))
	b.until("the first fetches", func() bool { return b.mua(0, "list", "subject:one") != "" })
	killed := time.Now()
	first.kill()
	second.hears(t, "this one keeps it in step now")
	t.Logf("taken over after %s", time.Since(killed).Round(time.Millisecond))
	d.Client(t, "u1").Append("INBOX", arrivalMail("two"))
	b.until("the second fetches", func() bool { return b.mua(0, "list", "subject:two") != "" })

	x := newTerminal(t, t.TempDir(), bin, "--config", b.config, "--data", b.data)
	x.sees("two", "kept in step by another mua")
	d.Deliver(t, "u1", "INBOX", arrivalMail("three"))
	x.sees("three")
	second.kill()
	x.sees("● online")
}

// TestArrivalInTmux: new mail comes onto the screen by itself, rings, and runs the hook.
func TestArrivalInTmux(t *testing.T) {
	d := realservers.Dovecot(t)
	told := filepath.Join(t.TempDir(), "told")
	b := newBox(t, fmt.Sprintf("bell = true\non_new_mail = [\"sh\", \"-c\", 'printf \"%%s|\" \"$@\" > %s', \"sh\", \"{from}\", \"{subject}\", \"{count}\"]\n", told)+imapConfig(d, "u1"))
	other := d.Client(t, "u1")
	other.Append("INBOX", arrivalMail("before"))
	x := newTerminal(t, t.TempDir(), buildMua(t), "--config", b.config, "--data", b.data)
	x.sees("before", "online")
	x.tmux("set-window-option", "-g", "monitor-bell", "on")
	x.tmux("new-window", "-d") // tmux flags bells of windows in the background only
	x.tmux("select-window", "-t", ":1")
	began := time.Now()
	d.Deliver(t, "u1", "INBOX", arrivalMail("fresh"))
	x.showsIn(":0", "fresh")
	took := []time.Duration{time.Since(began)}
	b.until("the bell rings", func() bool {
		return strings.Contains(x.tmux("list-windows", "-F", "#{window_index}#{window_bell_flag}"), "01")
	})
	b.until("the hook is run", func() bool { return readIfThere(told) == "Bob|fresh|1|" })
	for i := range 4 {
		began := time.Now()
		d.Deliver(t, "u1", "INBOX", arrivalMail(fmt.Sprint("more", i)))
		x.showsIn(":0", fmt.Sprint("more", i))
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("on the screen: median %s, all %s", took[len(took)/2].Round(time.Millisecond), took)
}

// showsIn waits until a window that is not in front shows a text.
func (x *terminal) showsIn(window, text string) {
	x.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !strings.Contains(x.tmux("capture-pane", "-p", "-t", window), text) {
		if time.Now().After(deadline) {
			x.t.Fatalf("window %s does not show %s", window, text)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func readIfThere(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b)
}
