package trial

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mua/store"
)

// TestReadOnlyFolder: a data folder that may not be written is read as it is, and said to be. What would write says that it
// cannot. What is in the log of a process that was killed is read as far as that is possible, else it is said that it is not.
func TestReadOnlyFolder(t *testing.T) {
	bin, err := os.ReadFile(buildMua(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files []string // beside mail.db
		wants string   // what list finds; "": nothing
	}{
		{"closed", nil, "one two"},
		{"killed, its log whole", []string{"-wal", "-shm"}, "one three two"},
		{"killed, its log alone", []string{"-wal"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "mua-readonly-") // t.TempDir is closed to others
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(filepath.Join(dir, "data"), 0o700); os.RemoveAll(dir) })
			r := &reader{t: t, dir: dir, bin: filepath.Join(dir, "mua")}
			r.write("mua", bin, 0o755)
			if os.Geteuid() != 0 && len(c.files) > 0 {
				if os.Getenv("MUA_REAL_SERVERS") == "require" {
					t.Fatal("only root can give files to another user, and this run requires it")
				}
				t.Skip("whoever owns files may write them; only root can give them to another user")
			}
			r.fill(c.files)
			if c.wants == "" {
				r.run(74, "mail.db-wal, and SQLite reads that only where it may write beside it", "list", "in:Old")
				r.run(74, "Nothing was changed → copy it", "doctor")
				return
			}
			const said = "data may not be written: it is read as it is"
			if got := r.run(0, said, "list", "in:Old", "--sort", "from"); strings.Join(letters(got), " ") != c.wants {
				t.Errorf("list: %s", got)
			}
			if got := r.run(0, said, "search", "words"); len(letters(got)) != len(strings.Fields(c.wants)) {
				t.Errorf("search: %s", got)
			}
			if got := r.run(0, said, "show", "1", "--raw"); got != string(r.letter("one")) {
				t.Errorf("show: %q", got)
			}
			if got := r.run(0, "exported", "export", "in:Old", "--format", "mbox", "-o", "-"); strings.Count(got, "Subject: ") != len(strings.Fields(c.wants)) {
				t.Errorf("export: %s", got)
			}
			r.run(0, said, "mailboxes")
			r.run(0, said, "outbox")
			if got := r.run(0, "", "doctor"); !strings.Contains(got, "mail.db: sound") || !strings.Contains(got, fmt.Sprint(len(strings.Fields(c.wants)), " messages")) ||
				!strings.Contains(got, "it may not be written: it was read as it is") {
				t.Errorf("doctor: %s", got)
			}
			r.run(74, "may not|not permitted|unable to open", "mark", "1", "--seen")
			r.run(74, "may not|not permitted|unable to open", "undo")
		})
	}
}

// reader is somebody who may read a data folder and not write it.
type reader struct {
	t        *testing.T
	dir, bin string
}

func (r *reader) write(name string, data []byte, mode os.FileMode) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, data, mode); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) letter(name string) []byte {
	return []byte("From: " + name + "@example.org\nMessage-ID: <" + name + "@example.org>\nSubject: " + name + "\n\nSome words.\n")
}

// fill makes a data folder with one and two, and with three in the log when that is kept.
func (r *reader) fill(beside []string) {
	r.t.Helper()
	ctx, data := context.Background(), r.t.TempDir()
	put := func(st *store.Store, name string) {
		acct, err := st.EnsureAccount(ctx, "local")
		if err != nil {
			r.t.Fatal(err)
		}
		box, err := st.LocalMailbox(ctx, acct, "Old")
		if err != nil {
			r.t.Fatal(err)
		}
		if _, _, err := st.AddRemote(ctx, box.ID, []store.Incoming{{Raw: r.letter(name)}}); err != nil {
			r.t.Fatal(err)
		}
	}
	st, err := store.Open(ctx, data, store.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	put(st, "one")
	put(st, "two")
	if err := st.Close(); err != nil {
		r.t.Fatal(err)
	}
	if st, err = store.Open(ctx, data, store.Options{}); err != nil {
		r.t.Fatal(err)
	}
	defer st.Close()
	if len(beside) > 0 {
		put(st, "three")
	}
	if err := os.Mkdir(filepath.Join(r.dir, "data"), 0o755); err != nil {
		r.t.Fatal(err)
	}
	for _, suffix := range append([]string{""}, beside...) {
		b, err := os.ReadFile(filepath.Join(data, "mail.db"+suffix))
		if err != nil {
			r.t.Fatal(err)
		}
		r.write("data/mail.db"+suffix, b, 0o444)
	}
	if err := os.Chmod(r.dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(r.dir, "data"), 0o555); err != nil {
		r.t.Fatal(err)
	}
}

// run runs a command as nobody, where this user may write whatever it likes. One of the words is to be on stderr.
func (r *reader) run(status int, words string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command(r.bin, append([]string{"--data", filepath.Join(r.dir, "data")}, args...)...)
	cmd.Env, cmd.Dir = []string{"HOME=/nonexistent", "TZ=UTC"}, "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: false}}
	}
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	said := false
	for w := range strings.SplitSeq(words, "|") {
		said = said || strings.Contains(talk.String(), w)
	}
	if got := cmd.ProcessState.ExitCode(); got != status || !said {
		r.t.Errorf("mua %s ended with %d, not %d (%v), and said %s", strings.Join(args, " "), got, status, err, &talk)
	}
	return out.String()
}

// letters are the subjects in a list.
func letters(list string) (out []string) {
	for l := range strings.Lines(list) {
		f := strings.Fields(l)
		out = append(out, f[len(f)-1])
	}
	return out
}
