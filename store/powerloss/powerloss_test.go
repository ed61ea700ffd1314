package powerloss

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// hex writes a string as strace -xx does.
func hex(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\x%02x`, s[i])
	}
	return b.String()
}

// record is two threads at work on /d/a, which did not exist.
func record() string {
	fd := "3<" + hex("/d/a") + ">"
	return strings.Join([]string{
		`10 openat(AT_FDCWD<` + hex("/") + `>, "` + hex("/d/a") + `", O_RDWR|O_CREAT, 0600) = ` + fd,
		`10 openat(AT_FDCWD<` + hex("/") + `>, "` + hex("/d/none") + `", O_RDONLY) = -1 ENOENT (No such file or directory)`,
		`10 pwrite64(` + fd + `, "` + hex("one, (") + `", 6, 0) = 6`,
		`10 fsync(` + fd + ` <unfinished ...>`,
		`11 pwrite64(` + fd + `, "` + hex("two") + `", 3, 6) = 3`,
		`10 <... fsync resumed>)                  = 0`,
		`10 fsync(4<` + hex("/d") + `>)                       = 0`,
		`11 ???( <detached ...>`,
		`10 ftruncate(` + fd + `, 2)              = 0`,
		`10 unlink("` + hex("/d/a") + `") = 0`,
	}, "\n") + "\n"
}

// TestCut: what fsync covers is there, whatever comes of the rest; a write that began or ended
// beside the fsync is not covered, and names come and go in order.
func TestCut(t *testing.T) {
	calls, err := ReadCalls(strings.NewReader(record()))
	if err != nil {
		t.Fatal(err)
	}
	tape, err := Read(calls, "/d")
	if err != nil || len(tape.Ops) != 7 {
		t.Fatalf("%v %+v", err, tape)
	}
	r := rand.New(rand.NewPCG(1, 2))
	at := func(line int, mode Mode) string {
		b, ok := tape.Cut(line, mode, r).files["a"]
		if !ok {
			return "gone"
		}
		return string(b)
	}
	for _, c := range []struct {
		line int
		mode Mode
		want string
	}{
		{2, KeepAll, "one, ("}, {2, DropAll, "gone"}, {5, DropAll, "gone"}, {6, DropAll, "one, ("}, {6, KeepAll, "one, (two"},
		{8, DropAll, "one, ("}, {8, KeepAll, "on"}, {9, DropAll, "one, ("}, {9, KeepAll, "gone"},
	} {
		if got := at(c.line, c.mode); got != c.want {
			t.Errorf("power lost at line %d, mode %d: %q, not %q", c.line, c.mode, got, c.want)
		}
	}
	for range 200 {
		for _, mode := range []Mode{Prefix, Subset, Torn} {
			if got := at(6, mode); !strings.HasPrefix(got, "one, (") {
				t.Errorf("mode %d: what was synced is %q", mode, got)
			}
		}
	}
}

// TestTear: only whole sectors are there or not.
func TestTear(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		got := tear(nil, 100, bytes.Repeat([]byte{1}, 2000), Torn, r)
		for i := 100; i < len(got); i++ {
			if i%sector != 0 && i > 100 && got[i] != got[i-1] {
				t.Fatalf("torn at %d", i)
			}
		}
	}
}

// TestUnknownCall: a change that the model does not know is an error, not overlooked.
func TestUnknownCall(t *testing.T) {
	calls, err := ReadCalls(strings.NewReader(record() + `10 fallocate(3<` + hex("/d/a") + ">, 0, 0, 4096) = 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(calls, "/d"); err == nil {
		t.Error("overlooked")
	}
}
