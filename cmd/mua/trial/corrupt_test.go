package trial

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mua/account/demo"
)

// offlineConfig is an account whose server nobody can reach.
const offlineConfig = `[account.work]
from = "Ada <ada@mua.example>"
outgoing = "smtp+insecure://ada@127.0.0.1:9"
auth = "none"
`

// status runs one command line in this process, whatever it ends with.
func (b *box) status(stdin string, args ...string) (status int, out, talk string) {
	b.t.Helper()
	var o, e bytes.Buffer
	argv := append([]string{"mua", "--config", b.config, "--data", b.data}, args...)
	status = run(context.Background(), argv, stdio{in: strings.NewReader(stdin), out: &o, err: &e})
	return status, o.String(), e.String()
}

// letter is a text that is recognised again.
func letter(i int) string {
	r := rand.New(rand.NewPCG(uint64(i), 9))
	var b strings.Builder
	for range 60 + r.IntN(100) {
		fmt.Fprintf(&b, "line %x of letter %d\n", r.Uint64(), i)
	}
	return b.String()
}

// TestFlippedBytes: whatever byte of mail.db is damaged, every command works or says so in words
// with status 74, and doctor comes to its end and changes nothing.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	b := newBox(t, offlineConfig)
	for i := range 20 {
		b.muaIn(0, letter(i), "send", "-q", "--queue", "-t", "bob@mua.example", "-s", fmt.Sprint("letter ", i))
	}
	b.muaIn(0, "unfinished", "send", "--draft", "-s", "draft")
	b.mua(0, "outbox", "cancel", "3")
	good, err := os.ReadFile(filepath.Join(b.data, "mail.db"))
	if err != nil {
		t.Fatal(err)
	}
	flips := 200
	if os.Getenv("MUA_LONG") != "" {
		flips = 5000
	}
	r := rand.New(rand.NewPCG(7, 8))
	memory, told := memoryDir(t), 0
	for n := range flips {
		bad := bytes.Clone(good)
		at, width := r.IntN(len(bad)), 1+r.IntN(16)
		if n%4 == 0 {
			at = r.IntN(8192) // the header and the schema
		}
		for i := at; i < min(at+width, len(bad)); i++ {
			bad[i] ^= byte(1 + r.IntN(255))
		}
		d := &box{t: t, config: b.config, data: filepath.Join(memory, fmt.Sprint(n))}
		path := filepath.Join(d.data, "mail.db")
		if err := os.Mkdir(d.data, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		said, ill := false, false
		for _, args := range [][]string{
			{"doctor", "--json"}, {"doctor", "--rescue", filepath.Join(d.data, "rescued")},
			{"outbox", "list", "--all"}, {"outbox", "show", "7", "--raw"}, {"list", "in:any"}, {"send", "--queue", "-t", "bob@mua.example"},
		} {
			if (args[1] == "--rescue" || args[0] == "send") && n%5 != 0 {
				continue
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			status, out, talk := d.status("text", args...)
			if aside := d.asides(); len(aside) > 0 {
				now, err := os.ReadFile(aside[0])
				if err != nil || !bytes.Equal(now, before) || !strings.Contains(talk, aside[0]) || args[0] == "doctor" || status != exitIO && args[0] != "send" {
					t.Errorf("flip %d at %d: %q ended with %d and set aside %s, changed or untold (%v): %s", n, at, args, status, aside, err, talk)
				}
				said = true
				break
			}
			switch {
			case status == exitNotFound && args[1] == "show" && ill: // its number is what was damaged, and doctor has said so
			case status != 0 && status != exitIO:
				t.Errorf("flip %d at %d: %q ended with %d: %s", n, at, args, status, talk)
			case status == exitIO && !strings.Contains(talk, "mua doctor") && !strings.Contains(talk, "could not be read"):
				t.Errorf("flip %d at %d: %q does not say what to do: %s%s", n, at, args, out, talk)
			}
			said = said || status == exitIO
			ill = ill || said && args[0] == "doctor"
			if args[0] == "doctor" {
				if now, err := os.ReadFile(path); err != nil || sha256.Sum256(now) != sha256.Sum256(bad) {
					t.Errorf("flip %d at %d: %q changed the file (%v)", n, at, args, err)
				}
			}
		}
		if said {
			told++
		}
		if err := os.RemoveAll(d.data); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d damaged files: %d told, the others harmless", flips, told)
}

// TestRescueAndSendAgain: what doctor prints sends the same bytes to the same people.
func TestRescueAndSendAgain(t *testing.T) {
	servers := startDemo(t)
	b := newBox(t, servers.ConfigFor("demo", "", "smtps"))
	want := map[string]string{}
	for i := range 3 {
		id := strings.TrimSpace(b.muaIn(0, letter(i), "send", "-q", "--queue", "-t", "bob@mua.example", "-b", "it's o'clock <eve@mua.example>", "-s", fmt.Sprintf("letter-%d.", i)))
		want[fmt.Sprintf("letter-%d.", i)] = b.mua(0, "outbox", "show", id, "--raw")
	}
	path := filepath.Join(b.data, "mail.db")
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteAt(make([]byte, 64), 0); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	if status, _, _ := b.status("", "doctor"); status != exitIO {
		t.Fatalf("doctor ended with %d", status)
	}
	status, _, talk := b.status("", "outbox")
	if status != exitIO || !strings.Contains(talk, "damaged") || !strings.Contains(talk, "mua doctor") || len(b.asides()) != 1 {
		t.Fatalf("%d %s", status, talk)
	}
	out := b.mua(0, "doctor", "--file", b.asides()[0], "--rescue", filepath.Join(b.data, "rescued"))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("not three commands:\n%s", out)
	}
	for _, l := range lines {
		command, file, ok := strings.Cut(l, " < ")
		text, err := os.ReadFile(file)
		if !ok || err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		b.muaIn(0, string(text), strings.Fields(command)[1:]...)
	}
	if accepted := servers.Accepted(); len(accepted) != 3 {
		t.Fatalf("%d accepted", len(accepted))
	}
	for subject := range subjects(datas(servers)) {
		for _, m := range servers.Accepted() {
			if strings.Contains(string(m.Data), "Subject: "+subject) && (string(m.Data) != want[subject] || strings.Join(m.To, " ") != "bob@mua.example eve@mua.example") {
				t.Errorf("%s is not what was spooled: to %q\n%s\n---\n%s", subject, m.To, m.Data, want[subject])
			}
		}
	}
}

// datas are the bytes of what a server has accepted.
func datas(servers *demo.Servers) (raws [][]byte) {
	for _, m := range servers.Accepted() {
		raws = append(raws, m.Data)
	}
	return raws
}

// memoryDir is a folder that costs no disk: where fsync is not what is tested.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mua-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
