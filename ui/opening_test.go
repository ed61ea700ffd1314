package ui

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mua/store"
	"mua/ui/viewer"
)

// attachedMail is a message with one attachment.
func attachedMail(name, typ, data string) string {
	return fmt.Sprintf("From: Bob <bob@b.example>\nTo: Ada Linden <ada@mua.example>\nSubject: attached\nDate: Mon, 23 Nov 2026 09:00:00 +0000\nMessage-ID: <att-%s@test.example>\n"+
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee there.\n--b\nContent-Type: %s\nContent-Disposition: attachment; filename=\"%s\"\n"+
		"Content-Transfer-Encoding: base64\n\n%s\n--b--\n", name, typ, name, base64.StdEncoding.EncodeToString([]byte(data)))
}

// startOpening shows the parts of a message with an attachment; can says what may open it.
func startOpening(t *testing.T, mail, mailcap string, desktop ...string) *rig {
	t.Helper()
	r := start(t, setup{w: 100, h: 30, fill: func(r *rig) { r.add("INBOX", store.RoleInbox, mail) }})
	caps := filepath.Join(t.TempDir(), "mailcap")
	if err := os.WriteFile(caps, []byte(mailcap), 0o600); err != nil {
		t.Fatal(err)
	}
	r.on(func() { r.u.programs = viewer.Programs{Mailcap: []string{caps}, Desktop: desktop} })
	r.keys("v")
	r.sees("▸ parts of attached")
	return r
}

// script makes a program.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

// viewed are the files that are open elsewhere.
func (r *rig) viewed() []string {
	list, _ := filepath.Glob(filepath.Join(r.st.Dir(), "viewing", "view-*", "*", "*"))
	return list
}

// TestOpenAttachment: Enter gives the part to its program, as a file that only we can read. A program that ended soon may have
// handed it over: it stays a day.
func TestOpenAttachment(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	r := startOpening(t, attachedMail("my plan.pdf", "application/pdf", "%PDF plan"), "", script(t, `cp -- "$1" `+out+`.t && printf %s "$1" >`+out+` && mv `+out+`.t `+out+`.pdf`))
	r.keys("Enter")
	r.sees("Opened my plan.pdf with program")
	r.waitForFile(out+".pdf", "%PDF plan")
	r.waitForFile(out, filepath.Join(r.st.Dir(), "viewing")+"/")
	files := r.viewed()
	if len(files) != 1 || filepath.Base(files[0]) != "my_plan.pdf" {
		t.Fatalf("%v", files)
	}
	r.keys("q", "q", "F10")
	r.ended <- <-r.ended
	if left := r.viewed(); !slices.Equal(left, files) {
		t.Errorf("left behind: %v", left)
	}
}

// TestViewerReadsLate: a program that is still running when mua ends finds its file, and what has ended by itself leaves none.
func TestViewerReadsLate(t *testing.T) {
	dir := t.TempDir()
	begin, end, out := filepath.Join(dir, "begin"), filepath.Join(dir, "end"), filepath.Join(dir, "out")
	for _, name := range []string{begin, end, out} {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tell := func(fifo string) {
		f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := startOpening(t, attachedMail("plan.pdf", "application/pdf", "%PDF plan"), "", script(t, `cat `+end+`; exit 3`))
	r.keys("Enter")
	r.sees("Opened plan.pdf")
	r.on(func() { r.u.programs.Desktop = []string{script(t, `cat `+begin+`; cat -- "$1" >`+out)} })
	r.keys("Enter")
	r.pass(lingers)
	tell(end)
	r.until("✗ program: exit status 3")
	r.keys("E", "q", "q", "F10")
	r.ended <- <-r.ended
	if left := r.viewed(); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	if err := viewer.RemoveLeft(filepath.Join(r.st.Dir(), "viewing"), r.now().Add(2*viewer.KeepLent)); err != nil {
		t.Error(err)
	}
	tell(begin)
	if got, err := os.ReadFile(out); err != nil || string(got) != "%PDF plan" {
		t.Errorf("the program read %q: %v", got, err)
	}
}

// waitForFile waits until a file begins with want.
func (r *rig) waitForFile(path, want string) {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, err := os.ReadFile(path)
		if err == nil && strings.HasPrefix(string(got), want) {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: %v %q", path, err, got)
		}
		r.idle()
	}
}

// TestOpenTellsWhatFails: of a program that has a window, and lives on, it is known later that it failed.
func TestOpenTellsWhatFails(t *testing.T) {
	r := startOpening(t, attachedMail("plan.pdf", "application/pdf", "%PDF"), "", script(t, `echo "cannot open display \033[31m:0" >&2; exit 3`))
	r.keys("Enter")
	r.until("✗ program: exit status 3: cannot open display")
	r.sees("s saves the part")
	r.keys("E")
	r.on(func() { r.u.programs.Desktop = nil; r.u.programs.Own = []string{"/no/such/program"} })
	r.keys("Enter")
	r.sees("✗ program: no such file or directory")
}

// TestOpenOutput: what a copiousoutput program writes is shown here, cleaned.
func TestOpenOutput(t *testing.T) {
	r := startOpening(t, attachedMail("a.zip", "application/zip", "PK"), "application/zip; "+script(t, `cat "$1"; printf '\033[31mred\nend\n'`)+" %s; copiousoutput\n")
	r.keys("Enter")
	r.sees("▸ a.zip", "PK", "red", "end")
	r.seesNot("\x1b")
	r.keys("q")
	r.sees("▸ parts of attached")
}

// TestOpenProgramsIsRefused: what might be run is never opened, whatever it is called.
func TestOpenProgramsIsRefused(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for _, m := range []string{
		attachedMail("invoice.desktop", "application/pdf", "x"),
		attachedMail("invoice.pdf", "application/x-executable", "x"),
		attachedMail("invoice.pdf", "application/pdf", "\x7fELF"),
		attachedMail("invoice.sh", "application/octet-stream", "x"),
	} {
		r := startOpening(t, m, "*/*; touch "+out, "touch", out)
		for _, key := range []string{"Enter", "o"} {
			r.keys(key)
			r.sees("may be a program: mua does not open it · s saves it")
		}
		if files := r.viewed(); len(files) > 0 {
			t.Errorf("a file was made: %v", files)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a program was run")
	}
}

// TestOpenWithNothing: where nothing can open a part, saving it is offered.
func TestOpenWithNothing(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	r := startOpening(t, attachedMail("plan.pdf", "application/pdf", "%PDF"), "")
	r.keys("Enter")
	r.sees("plan.pdf cannot be opened: there is no desktop here", "application/pdf", "s save it")
	r.keys("s")
	r.sees("Save as: ./plan.pdf")
}

// TestOpenPageAsks: a browser may ask the network for the pictures of a page; text is shown here without it.
func TestOpenPageAsks(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	r := startOpening(t, attachedMail("page.html", "text/html", "<p>A page</p>"), "", script(t, "touch "+out))
	r.keys("Enter")
	r.sees("▸ page.html", "A page")
	r.keys("q", "o")
	r.sees("A browser may fetch pictures", "y open it")
	r.keys("n")
	r.sees("▸ parts of attached")
	if _, err := os.Stat(out); err == nil {
		t.Fatal("it was opened")
	}
	r.keys("v", "y")
	r.sees("Opened page.html")
	r.waitForFile(out, "")
}

// TestLeftoversOfOpening: what was open when mua was killed is removed by the next start.
func TestLeftoversOfOpening(t *testing.T) {
	r := start(t, setup{fill: func(r *rig) {
		left := filepath.Join(r.st.Dir(), "viewing", "view-1", "2")
		if err := os.MkdirAll(left, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(left, "secret.pdf"), nil, 0o400); err != nil {
			t.Fatal(err)
		}
	}})
	if files := r.viewed(); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
}
