package viewer

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/store/message"
)

// caps writes mailcap files and returns them as programs without a desktop.
func caps(t *testing.T, texts ...string) Programs {
	t.Helper()
	var p Programs
	for _, text := range texts {
		name := filepath.Join(t.TempDir(), "mailcap")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.Mailcap = append(p.Mailcap, name)
	}
	return p
}

// TestMailcap: which line counts, and what becomes of it.
func TestMailcap(t *testing.T) {
	for name, c := range map[string]struct {
		text, typ string
		params    map[string]string
		want      string // words with | between; "" is none
		kind      Kind
		file      string // that is made of "a"
		input     bool
	}{
		"words":        {text: "image/png; cat -n %s; needsterminal\n", typ: "image/png", want: "cat|-n|/v/a", kind: Terminal},
		"first counts": {text: "image/png; cat %s\nimage/png; ls %s\n", typ: "image/png", want: "cat|/v/a"},
		"wildcard":     {text: "image/*; cat %s\n", typ: "image/png", want: "cat|/v/a"},
		"major only":   {text: "Image; cat %s\n", typ: "image/png", want: "cat|/v/a"},
		"anything":     {text: "*/*; cat %s\n", typ: "image/png", want: "cat|/v/a"},
		"other type":   {text: "image/pngx; cat %s\nimages/*; cat %s\nimag/*;cat %s\n", typ: "image/png"},
		"comments":     {text: "# image/png; ls \\\n\nimage/png; cat %s # not a comment", typ: "image/png", want: "/bin/sh|-c|cat a # not a comment"},
		"goes on":      {text: "image/png; \\\n cat %s; \\\n copiousoutput", typ: "image/png", want: "cat|/v/a", kind: Output},
		"last newline": {text: "image/png; cat %s \\", typ: "image/png", want: "/bin/sh|-c|cat a \\"},
		"quotes":       {text: `image/png; cat '%s' "%s"`, typ: "image/png", want: "cat|/v/a|/v/a"},
		"reads it":     {text: "image/png; cat -n; copiousoutput", typ: "image/png", want: "cat|-n", kind: Output, input: true},
		"percent":      {text: `image/png; cat %%s 100\%`, typ: "image/png", want: "cat|%s|100%", input: true},
		"shell":        {text: `image/png; cat %s | tr a b \; echo "%s"`, typ: "image/png", want: `/bin/sh|-c|cat a | tr a b ; echo "a"`},
		"exec":         {text: "image/png; exec cat %s", typ: "image/png", want: "/bin/sh|-c|exec cat a"},
		"template":     {text: "text/html; cat %s; nametemplate=%s.html", typ: "text/html", want: "cat|/v/a.html", file: "a.html"},
		"bad template": {text: "text/html; cat %s; nametemplate=%s/../x", typ: "text/html", want: "cat|/v/a"},
		"not here":     {text: "image/png; no-such-program-here %s\nimage/png; cat %s", typ: "image/png", want: "cat|/v/a"},
		"test":         {text: "image/png; ls %s; test=test -n \"\"\nimage/png; cat %s; test=test 1 = 1", typ: "image/png", want: "cat|/v/a"},
		"test of mail": {text: "image/png; cat %s; test=test -n %{charset}", typ: "image/png", params: map[string]string{"charset": "x"}},
		"parameter":    {text: "text/html; cat -I %{charset} -T %t %s", typ: "text/html", params: map[string]string{"charset": "utf-8"}, want: "cat|-I|utf-8|-T|text/html|/v/a"},
		"no parameter": {text: "text/html; cat -I %{charset} %s\ntext/html; cat %s", typ: "text/html", want: "cat|/v/a"},
		"odd":          {text: "text/html; cat %n %F %s\n;\n;;;\nx\ntext/html;\ntext/html; ; test\n", typ: "text/html"},
		"carriage":     {text: "image/png; cat %s; copiousoutput\r\n", typ: "image/png", want: "cat|/v/a", kind: Output},
	} {
		t.Run(name, func(t *testing.T) {
			p := caps(t, c.text)
			p.Desktop = []string{"no-such-desktop"}
			how, ok := p.Choose(t.Context(), c.typ, c.params)
			if !ok {
				if c.want != "" {
					t.Fatalf("no program, not %s", c.want)
				}
				return
			}
			file := how.Name("a")
			if c.file == "" {
				c.file = "a"
			}
			got := how.Command("/v/" + file)
			if words := strings.Join(got.Argv, "|"); words != c.want || how.Kind != c.kind || file != c.file || (got.Input != "") != c.input {
				t.Errorf("%s, kind %d, %s, input %q", words, how.Kind, file, got.Input)
			}
			if shell := strings.HasPrefix(c.want, "/bin/sh"); shell != (got.Dir == "/v") {
				t.Errorf("runs in %q", got.Dir)
			}
		})
	}
}

// TestNothingOfMailBecomesACommand: neither a type nor a parameter can be an option or mean something to a shell,
// and none reaches a shell at all.
func TestNothingOfMailBecomesACommand(t *testing.T) {
	for _, bad := range []string{"-rf", "--exec=x", "a b", "a;b", "$(x)", "`x`", "a\nb", "", "'", "a'b", "x\\y", "ü"} {
		p := caps(t, "text/*; cat %{charset} %s\n")
		if how, ok := p.Choose(t.Context(), "text/html", map[string]string{"charset": bad}); ok {
			t.Errorf("parameter %q: %q", bad, how.Command("/v/a").Argv)
		}
		p = caps(t, "text/*; cat %t %s\n")
		if how, ok := p.Choose(t.Context(), "text/"+bad+" ", nil); ok {
			t.Errorf("type %q: %q", bad, how.Command("/v/a").Argv)
		}
	}
	p := caps(t, "text/*; cat %{charset} %s | cat\ntext/*; cat %t %s | cat\n")
	if how, ok := p.Choose(t.Context(), "text/html", map[string]string{"charset": "utf-8"}); ok {
		t.Errorf("a shell gets %q", how.Command("/v/a").Argv)
	}
}

func TestOrderOfPrograms(t *testing.T) {
	first := func(p Programs) string {
		how, ok := p.Choose(t.Context(), "image/png", nil)
		if !ok {
			return "none"
		}
		return strings.Join(how.Command("/v/a").Argv, " ")
	}
	p := caps(t, "image/gif; tail %s", "image/png; head %s")
	p.Mailcap = append([]string{"/nonexistent/mailcap"}, p.Mailcap...)
	p.Own, p.Desktop = []string{"ls", "-l"}, []string{"cat"}
	if got := first(p); got != "ls -l /v/a" {
		t.Error(got)
	}
	p.Own = nil
	if got := first(p); got != "head /v/a" {
		t.Error(got)
	}
	how, _ := p.Choose(t.Context(), "image/png", nil)
	if how.Kind != Window || how.Wait {
		t.Errorf("%+v", how)
	}
	p.Desktop = nil
	if how, _ = p.Choose(t.Context(), "image/png", nil); how.Kind != Terminal || !how.Wait {
		t.Errorf("without a desktop: %+v", how)
	}
	p.Mailcap = nil
	if got := first(p); got != "none" {
		t.Error(got)
	}
	p.Desktop = []string{"cat"}
	if got := first(p); got != "cat /v/a" {
		t.Error(got)
	}
}

func TestMailcapFiles(t *testing.T) {
	t.Setenv("HOME", "/home/ada")
	t.Setenv("MAILCAPS", "")
	if got := MailcapFiles(); got[0] != "/home/ada/.mailcap" || got[1] != "/etc/mailcap" {
		t.Error(got)
	}
	t.Setenv("MAILCAPS", "/a:/b")
	if got := MailcapFiles(); !slices.Equal(got, []string{"/a", "/b"}) {
		t.Error(got)
	}
}

func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		name, typ, data string
		want            bool
	}{
		{"a.pdf", "application/pdf", "%PDF", false},
		{"part-2.bin", "application/octet-stream", "\x00\x01", false},
		{"invoice.pdf.desktop", "application/pdf", "", true},
		{"Setup.EXE", "application/pdf", "", true},
		{"a.pdf", "application/x-executable", "", true},
		{"a.pdf", "application/pdf", "\x7fELF\x02", true},
		{"a.txt", "text/plain", "#!/bin/sh\n", true},
		{"a.txt", "text/plain", "\n\n[Desktop Entry]\nExec=x", true},
		{"a.sh", "text/plain", "", true},
	} {
		if got := IsProgram(c.name, c.typ, []byte(c.data)); got != c.want {
			t.Errorf("%s %s %q: %v", c.name, c.typ, c.data, got)
		}
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"invoice 2026 (1).pdf":            "invoice_2026__1_.pdf",
		"$(rm -rf ~);'\".pdf":             "__rm_-rf______.pdf",
		"-rf.pdf":                         "_rf.pdf",
		"../../.bashrc":                   "bashrc.png",
		"書類 é.pdf":                        "書類_é.pdf",
		"photo":                           "photo.png",
		strings.Repeat("é", 300) + ".pdf": strings.Repeat("é", 98) + ".pdf",
	} {
		part := &message.Part{ID: "2", Type: "image/png", Name: message.SafeName(in)}
		got := FileName(part)
		if got != want || len(got) > maxName {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := FileName(&message.Part{ID: "2", Type: "application/pdf"}); got != "part-2.pdf" {
		t.Error(got)
	}
}

func TestType(t *testing.T) {
	for _, c := range [][3]string{{"application/octet-stream", "a.pdf", "application/pdf"}, {"application/octet-stream", "a", "application/octet-stream"}, {"image/png", "a.pdf", "image/png"}} {
		if got := Type(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %s", c[0], c[1], got)
		}
	}
}

// TestFolder: files are ours alone and not to be written, and nothing stays, neither of this process nor of one that was killed,
// but what was lent.
func TestFolder(t *testing.T) {
	root := filepath.Join(t.TempDir(), "viewing")
	f, killed := &Folder{Root: root}, &Folder{Root: root}
	a, err := f.Put("a.pdf", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Put("a.pdf", []byte("two"))
	if err != nil || a == b {
		t.Fatal(err, a, b)
	}
	left, err := killed.Put("a.pdf", nil)
	if err != nil {
		t.Fatal(err)
	}
	killed.files[left].Leave() // as the kernel does
	for path, want := range map[string]os.FileMode{a: 0o400, filepath.Dir(a): 0o700, filepath.Dir(filepath.Dir(a)): 0o700, root: 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if err := RemoveLeft(root, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", left, err)
	}
	if got, err := os.ReadFile(b); err != nil || string(got) != "two" {
		t.Errorf("%v %q", err, got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if list, err := os.ReadDir(root); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
	if _, err := f.Put("late.pdf", nil); err == nil {
		t.Error("a file was made after the end")
	}
}

// TestLent: what a program was given stays when this process ends: while the program runs, and a day.
func TestLent(t *testing.T) {
	root, now := filepath.Join(t.TempDir(), "viewing"), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f := &Folder{Root: root}
	put := func(name string) (path string) {
		path, err := f.Put(name, []byte("data"))
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	held, handed, back, lock := put("held"), put("handed"), put("back"), put("lock")
	for path, inherits := range map[string]bool{held: true, handed: false, back: false, lock: false} {
		l, err := f.Lend(path, now)
		if err != nil {
			t.Fatal(err)
		}
		if inherits {
			cmd := exec.Command("cat")
			cmd.ExtraFiles = []*os.File{l}
			in, err := cmd.StdinPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait() //nolint:errcheck // cat
			defer in.Close()
		}
	}
	f.Returned(back)
	f.Returned(lock)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	there := func() (out []string) {
		for _, path := range []string{held, handed, back, lock} {
			if got, err := os.ReadFile(path); err == nil && string(got) == "data" {
				out = append(out, filepath.Base(path))
			}
		}
		return out
	}
	if got := there(); !slices.Equal(got, []string{"held", "handed"}) {
		t.Errorf("at the end there are %v", got)
	}
	for _, c := range []struct {
		after time.Duration
		want  []string
	}{{23 * time.Hour, []string{"held", "handed"}}, {24 * time.Hour, []string{"held"}}} {
		if err := RemoveLeft(root, now.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		if got := there(); !slices.Equal(got, c.want) {
			t.Errorf("after %v there are %v", c.after, got)
		}
	}
}

func FuzzMailcap(f *testing.F) {
	f.Add("image/png; cat %s; test=true", "image/png")
	f.Add("a/b; x '%s' | y %{c} \\; %t\\\n; nametemplate=%s.x", "a/b")
	f.Fuzz(func(t *testing.T, text, typ string) {
		for _, l := range parse(text) {
			l.matches(typ)
			if words, ok := l.words("/v/a", typ, map[string]string{"c": typ}); ok && !l.shell && len(words) == 0 {
				t.Errorf("%q: a command without words", text)
			}
		}
	})
}
