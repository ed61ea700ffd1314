package guard_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"mua/account/imap/guard"
)

// sent is a script that keeps what is written.
type sent struct {
	script
	out bytes.Buffer
}

func (s *sent) Write(p []byte) (int, error) { return s.out.Write(p) }

const agreed = "* ENABLED QRESYNC\r\nMUAENABLE OK done\r\n"

// TestVanished: what is gone reaches go-imap as EXPUNGEs, and what was gone before the one who asked.
func TestVanished(t *testing.T) {
	for _, c := range []struct{ name, in, out, told string }{
		{"live", agreed + "* VANISHED 5,7:9\r\n* 3 EXISTS\r\n", strings.Repeat("* 1 EXPUNGE\r\n", 4) + "* 3 EXISTS\r\n", ""},
		{"range upside down", agreed + "* VANISHED 9:7\r\n", strings.Repeat("* 1 EXPUNGE\r\n", 3), ""},
		{"earlier", agreed + "* VANISHED (EARLIER) 1:3,9\r\nT1 OK done\r\n", "T1 OK done\r\n", "1:3,9"},
		{"refused", "MUAENABLE BAD what\r\n* VANISHED 5\r\n* 3 EXISTS\r\n", "* 3 EXISTS\r\n", ""},
		{"enabled without", "* ENABLED X-Y\r\nMUAENABLE OK\r\n* VANISHED (EARLIER) 5\r\n", "* ENABLED X-Y\r\n", ""},
		{"nonsense", agreed + "* VANISHED\r\n* VANISHED 0\r\n* VANISHED (EARLIER)\r\n* VANISHED (LATER) 1\r\n* VANISHED 1:*\r\n* 3 EXISTS\r\n", "* 3 EXISTS\r\n", ""},
		{"answered once", agreed + "MUAENABLE OK again\r\n", "MUAENABLE OK again\r\n", ""},
	} {
		var told string
		s := &sent{script: script{r: strings.NewReader(c.in)}}
		g := guard.New(s, guard.Options{Vanished: func(uids string) { told += uids }})
		if err := g.EnableQResync(); err != nil {
			t.Fatal(err)
		}
		if out, err := io.ReadAll(g); string(out) != c.out || err != nil || told != c.told {
			t.Errorf("%s: %q, %v, told %q", c.name, out, err, told)
		}
		if s.out.String() != "MUAENABLE ENABLE QRESYNC\r\n" {
			t.Errorf("sent %q", &s.out)
		}
	}
}

// TestVanishedIsBounded: a few octets may stand for very many messages.
func TestVanishedIsBounded(t *testing.T) {
	g := guard.New(&script{r: strings.NewReader(agreed + "* VANISHED 1:4294967295\r\n")}, guard.Options{})
	_ = g.EnableQResync()
	_, err := io.ReadAll(g)
	if _, ok := errors.AsType[*guard.Violation](err); !ok {
		t.Errorf("%v", err)
	}
}

// TestVanishedIsAskedFor by the FETCH that is meant, and nowhere else.
func TestVanishedIsAskedFor(t *testing.T) {
	s := &sent{script: script{r: strings.NewReader("")}}
	g := guard.New(s, guard.Options{})
	lines := []string{"T1 UID FETCH 1:9 (FLAGS) (CHANGEDSINCE 7)\r\n", "T2 APPEND x {44}\r\n", "T3 UID FETCH 1 (CHANGEDSINCE 5) said the mail\r\n"}
	g.WithVanished(func() {
		for _, l := range append([]string{"T0 NOOP\r\n"}, lines...) {
			if n, err := g.Write([]byte(l)); n != len(l) || err != nil {
				t.Error(n, err)
			}
		}
	})
	if n, err := g.Write([]byte(lines[0])); n != len(lines[0]) || err != nil {
		t.Error(n, err)
	}
	want := "T0 NOOP\r\nT1 UID FETCH 1:9 (FLAGS) (CHANGEDSINCE 7 VANISHED)\r\n" + lines[1] + lines[2] + lines[0]
	if s.out.String() != want {
		t.Errorf("sent %q", &s.out)
	}
}
