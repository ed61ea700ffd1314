package guard_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"mua/account/imap/guard"
)

// script is a connection on which the server has said all it will say.
type script struct {
	net.Conn
	r      io.Reader
	closed bool
}

func (s *script) Read(p []byte) (int, error)  { return s.r.Read(p) }
func (s *script) Write(p []byte) (int, error) { return len(p), nil }
func (s *script) Close() error                { s.closed = true; return nil }

// through gives what comes out of a guard when the server says in.
func through(in string, o guard.Options, literal int64) (string, error) {
	g := guard.New(&script{r: strings.NewReader(in)}, o)
	g.SetLiteral(literal)
	out, err := io.ReadAll(g)
	return string(out), err
}

func TestPasses(t *testing.T) {
	for _, c := range []struct{ name, in, out string }{
		{"greeting", "* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n", "* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n"},
		{"bare LF", "* 3 EXISTS\n", "* 3 EXISTS\r\n"},
		{"tagged", "T1 OK [READ-WRITE] done\r\n", "T1 OK [READ-WRITE] done\r\n"},
		{"tagged without text", "T1 OK\r\n", "T1 OK\r\n"},
		{"continuation", "+ idling\r\n+\r\n", "+ idling\r\n+\r\n"},
		{"broken code", "* OK [[ALERT foo\r\n", "* OK ALERT foo\r\n"},
		{"code with a bad number", "* OK [UIDNEXT x] y\r\n", "* OK y\r\n"},
		{"lower-case code", "* OK [uidvalidity 7] y\r\n", "* OK [UIDVALIDITY 7] y\r\n"},
		{"flags", "* OK [PERMANENTFLAGS (\\Seen a]b \\*)] ok\r\n", "* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n"},
		{"copyuid without sets", "T1 OK [COPYUID 1  ] ok\r\n", "T1 OK ok\r\n"},
		{"search", "* SEARCH 1 2 3\r\n* SEARCH\r\n* SEARCH 4 (MODSEQ 9)\r\n", "* SEARCH 1 2 3\r\n* SEARCH\r\n* SEARCH 4\r\n"},
		{"esearch", "* ESEARCH (TAG \"T5\") UID ALL 1:3,5 COUNT 4\r\n", "* ESEARCH (TAG \"T5\") UID ALL 1:3,5 COUNT 4\r\n"},
		{"list", "* LIST (\\HasNoChildren \\Sent) \"/\" Sent (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"\r\n"},
		{"list with a literal", "* LIST () \"/\" {5}\r\nSe\"nt\r\n", "* LIST () \"/\" \"Se\\\"nt\"\r\n"},
		{"list flat", "* LIST () NIL inbox\r\n", "* LIST () NIL \"inbox\"\r\n"},
		{"status", "* STATUS \"a b\" (MESSAGES 3 UIDNEXT -1 X-GURU yes)\r\n", "* STATUS \"a b\" (MESSAGES 3)\r\n"},
		{"namespace", "* NAMESPACE ((\"\" \"/\")) NIL ((\"Shared/\" \"/\" \"X\" (\"y\")))\r\n", "* NAMESPACE ((\"\" \"/\")) NIL ((\"Shared/\" \"/\"))\r\n"},
		{"fetch", "* 1 FETCH (UID 5 FLAGS (\\Seen Junk) RFC822.SIZE 12 MODSEQ (77) INTERNALDATE \" 1-Jan-2024 10:00:00 +0100\")\r\n",
			"* 1 FETCH (UID 5 FLAGS (\\Seen Junk) RFC822.SIZE 12 MODSEQ (77) INTERNALDATE \" 1-Jan-2024 10:00:00 +0100\")\r\n"},
		{"fetch with a body", "* 1 FETCH (UID 5 BODY[] {6}\r\n)\r\n* 1 FLAGS (\\Seen))\r\n", "* 1 FETCH (UID 5 BODY[] {6}\r\n)\r\n* 1 FLAGS (\\Seen))\r\n"},
		{"fetch with what no one asked for", "* 1 FETCH (ENVELOPE (\"a\" (((\"x\" {3}\r\n))) NIL)))) X-GM {2}\r\nab UID 5 BODY[TEXT] {2}\r\nxx FLAGS (\\Seen))\r\n",
			"* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n"},
		{"fetch with a bad date and size", "* 1 FETCH (UID 5 INTERNALDATE \"yesterday\" RFC822.SIZE -1 FLAGS (a]b \\Seen))\r\n", "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n"},
		{"fetch with nothing", "* 1 FETCH ()\r\n", "* 1 FETCH ()\r\n"},
		{"piece of a body", "* 1 FETCH (UID 5 BODY[]<4194304> {2}\r\nxx BODY[]<1x> {2}\r\nyy)\r\n", "* 1 FETCH (UID 5 BODY[]<4194304> {2}\r\nxx)\r\n"},
		{"empty body", "* 1 FETCH (UID 5 BODY[] \"\")\r\n* 2 FETCH (UID 6 BODY[] NIL)\r\n", "* 1 FETCH (UID 5 BODY[] \"\")\r\n* 2 FETCH (UID 6 BODY[] NIL)\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := through(c.in, guard.Options{}, 100)
			if err != nil || out != c.out {
				t.Errorf("got %q, %v\nwant %q", out, err, c.out)
			}
		})
	}
}

func TestDropsWithAWarning(t *testing.T) {
	for _, in := range []string{
		"* VANISHED (EARLIER) 1:5\r\n", "* XBABBLE (((\r\n", "* LIST (\\x \"/\" foo\r\n", "* LIST () \"/\" \"R&D\"\r\n", "* LIST () \"/\" \"caf\xe9\"\r\n",
		"* LIST () \"/\" \"a\x00b\"\r\n", "* STATUS foo\r\n", "* 5 WHATEVER\r\n", "what is this\r\n", "\r\n", "* QUOTA {3}\r\nfoo (STORAGE 1 2)\r\n",
	} {
		var warned []string
		out, err := through(in+"* 1 EXISTS\r\n", guard.Options{Warn: func(s string) { warned = append(warned, s) }}, 0)
		if err != nil || out != "* 1 EXISTS\r\n" || len(warned) != 1 {
			t.Errorf("%q: got %q, %v, warnings %q", in, out, err, warned)
		}
	}
}

func TestEndsOnViolations(t *testing.T) {
	for name, in := range map[string]string{
		"long line":       "* OK " + strings.Repeat("x", 70<<10) + "\r\n",
		"endless line":    strings.Repeat("x", 1<<20),
		"nesting":         "* LIST " + strings.Repeat("(", 60) + "\r\n",
		"nesting, fetch":  "* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 60) + "\r\n",
		"2 MB of (":       "* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 2<<20),
		"literal":         "* 1 FETCH (UID 1 BODY[] {1000}\r\n",
		"huge literal":    "* 1 FETCH (UID 1 BODY[] {99999999999999999999999}\r\n",
		"unasked literal": "* 1 FETCH (UID 1 BODY[TEXT] {100000}\r\n",
		"list literal":    "* LIST () \"/\" {100000}\r\n",
		"bad search":      "* SEARCH 1 x 3\r\n",
		"bad esearch":     "* ESEARCH (TAG \"T1\") UID ALL 1:*\r\n",
		"bad uid":         "* 1 FETCH (UID 0)\r\n",
		"open quote":      "* 1 FETCH (UID 1 BODY[] \"abc\r\n* 2 EXISTS\r\n",
		"no list":         "* 1 FETCH UID 1\r\n",
		"babble":          strings.Repeat("* NONSENSE\r\n", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			c := &script{r: strings.NewReader(in)}
			g := guard.New(c, guard.Options{})
			g.SetLiteral(500)
			_, err := io.Copy(io.Discard, g)
			var v *guard.Violation
			if !errors.As(err, &v) || !errors.As(g.Err(), &v) || !c.closed {
				t.Errorf("got %v, Err %v, closed %v", err, g.Err(), c.closed)
			}
		})
	}
}

func TestCutInsideALiteralIsNotItsEnd(t *testing.T) {
	if _, err := through("* 1 FETCH (UID 1 BODY[] {10}\r\nabc", guard.Options{}, 100); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestAlertAndBye(t *testing.T) {
	var alert, bye string
	o := guard.Options{Alert: func(s string) { alert = s }, Bye: func(s string) { bye = s }}
	if _, err := through("* OK [ALERT] disk\x1b full\r\n* BYE so long\r\n", o, 0); err != nil || alert != "disk  full" || bye != "so long" {
		t.Errorf("got %q, %q, %v", alert, bye, err)
	}
}

// TestNotify: what nobody asked for is told with the mailbox's name decoded, and the answer to our own command does not come through.
func TestNotify(t *testing.T) {
	var told []string
	overflows := 0
	c := &script{r: strings.NewReader("MUANOTIFY OK before it was asked\r\n" +
		"* STATUS \"a &- &ZeVnLIqe-\" (MESSAGES 3 UIDNEXT 4 HIGHESTMODSEQ 18446744073709551615 X 7)\r\n* STATUS &-x ()\r\n* STATUS whole (MESSAGES 1 UIDVALIDITY 2)\r\n* OK [NOTIFICATIONOVERFLOW] enough\r\n" +
		"MUANOTIFY OK done\r\n")}
	g := guard.New(c, guard.Options{Overflow: func() { overflows++ }, Status: func(mailbox string, numbers map[string]uint64) {
		told = append(told, fmt.Sprint(mailbox, numbers))
	}})
	line := make([]byte, len("MUANOTIFY OK before it was asked\r\n"))
	if _, err := io.ReadFull(g, line); err != nil || !strings.HasPrefix(string(line), "MUANOTIFY") {
		t.Errorf("not ours: %q, %v", line, err)
	}
	if err := g.Notify(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(g)
	if err != nil || strings.Contains(string(rest), "MUANOTIFY") || strings.Count(string(rest), "STATUS") != 1 || !strings.Contains(string(rest), "STATUS \"whole\"") {
		t.Errorf("%q, %v", rest, err)
	}
	if want := "[a & 日本語map[HIGHESTMODSEQ:18446744073709551615 MESSAGES:3 UIDNEXT:4] &xmap[] wholemap[MESSAGES:1 UIDVALIDITY:2]]"; fmt.Sprint(told) != want || overflows != 1 {
		t.Errorf("told %v, %d overflows", told, overflows)
	}
}

func TestLongSearchResult(t *testing.T) {
	in := "* SEARCH" + strings.Repeat(" 1234567", 80_000) + "\r\n"
	if out, err := through(in, guard.Options{}, 0); err != nil || out != in {
		t.Errorf("got %d octets, %v", len(out), err)
	}
}

func TestLiteralsStream(t *testing.T) {
	const n = 32 << 20
	in := io.MultiReader(strings.NewReader("* 1 FETCH (UID 1 BODY[] {33554432}\r\n"), io.LimitReader(zeros{}, n), strings.NewReader(")\r\n"))
	g := guard.New(&script{r: in}, guard.Options{})
	g.SetLiteral(n)
	buf := make([]byte, 64<<10)
	allocs := testing.AllocsPerRun(1, func() {
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{g}, buf); err != nil {
			t.Error(err)
		}
	})
	if allocs > 100 {
		t.Errorf("%v allocations for one literal", allocs)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// FuzzDecoderSurvives: whatever the server says untagged, go-imap's decoder does not give up, nothing panics,
// and no more than a bounded amount comes out.
func FuzzDecoderSurvives(f *testing.F) {
	for _, s := range []string{
		"* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] {3}\r\nabc)\r\n", "* LIST (\\Sent) \"/\" \"&ZeVnLIqe-\"\r\n", "* OK [COPYUID 1 2:3 4:5] x\r\n",
		"* ESEARCH (TAG \"T1\") UID ALL 1:3\r\n", "* STATUS a (MESSAGES 1)\r\n", "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n", "* FLAGS (a b)\r\n", "* SEARCH 1\r\n",
		"* OK [PERMANENTFLAGS (\\*)] x\r\n", "* 1 FETCH (BODYSTRUCTURE ((\"a\"(\"b\" {2}\r\nxx)))UID 3)\r\n", "* 1 EXPUNGE\r\n* BYE x\r\n", "* CAPABILITY IMAP4rev1 a]b\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		g := guard.New(&script{r: io.MultiReader(strings.NewReader("* OK [CAPABILITY IMAP4rev1] x\r\n"), bytes.NewReader(in))}, guard.Options{})
		g.SetLiteral(1000)
		seen := &counter{Conn: g}
		c := imapclient.New(seen, &imapclient.Options{})
		select {
		case <-c.Closed():
		case <-time.After(20 * time.Second):
			t.Fatal("hangs")
		}
		err := c.Close()
		if seen.n > 4*len(in)+1000 {
			t.Errorf("%d octets came out of %d", seen.n, len(in))
		}
		// Answers to commands that were never given end the connection, and should.
		if err != nil && (strings.Contains(err.Error(), "unknown tag") || strings.Contains(err.Error(), "unmatched continuation")) {
			return
		}
		if ended := g.Err(); err != nil && !errors.Is(err, net.ErrClosed) && errors.Is(ended, io.EOF) {
			t.Errorf("the decoder gave up: %v", err)
		}
	})
}

type counter struct {
	net.Conn
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n += n
	return n, err
}
