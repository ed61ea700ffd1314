package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mua/account/demo"
)

// suite is the tests with a state folder of their own.
type suite struct{ *testing.M }

func (s suite) Run() int {
	dir, err := os.MkdirTemp("", "mua-tests-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // commands run in this process leave nothing at home
	return s.M.Run()
}

func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){
		"mua":        func() { os.Exit(mainStatus()) },
		"sendmail":   func() { os.Exit(mainStatus()) },
		"mailq":      func() { os.Exit(mainStatus()) },
		"newaliases": func() { os.Exit(mainStatus()) },
	})
}

// TestScripts runs the binary as its user does: one story a file, on the
// embedded servers. Commands of ours beside testscript's own:
//
//	servers up|samples|KIND|down|FAULT  start the demo servers (with sample mail, or of another KIND) and write $MUA_CONFIG; stop them; make them misbehave
//	account NAME IN OUT            add an account on these servers to $MUA_CONFIG: schemes such as pop3s and smtp, - for none
//	accepted N                     the submission server has accepted N messages by now
//	logins PROTOCOL N              clients have tried to log in N times
//	wire FILE                      the octets of the message accepted last go into FILE
//	to ADDR...                     the message accepted last was for exactly these recipients
//	sameid                         all messages accepted are the same bytes
//	exits STATUS CMD...            CMD ends with exactly this status
//	deliver MAILBOX FILE           put a message into a mailbox on the server (LF becomes CRLF)
//	samebytes SOURCE COPY          COPY is SOURCE with LF as CRLF
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("MUA_CONFIG", filepath.Join(e.WorkDir, "config.toml"))
			e.Setenv("MUA_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("TZ", "UTC")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // else each process that -race has built sleeps for a second at its end
			e.Values[serversKey{}] = &scriptServers{}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			path := cond
			switch cond {
			case "git-send-email":
				dir, err := exec.Command("git", "--exec-path").Output()
				if err != nil {
					return false, nil
				}
				path = filepath.Join(strings.TrimSpace(string(dir)), cond)
			case "s-nail", "bsd-mailx":
			default:
				return false, fmt.Errorf("no condition is called %s", cond)
			}
			_, err := exec.LookPath(path)
			if err != nil && os.Getenv("MUA_REAL_SERVERS") == "require" {
				return false, fmt.Errorf("%s is not installed, and this run requires the real thing", cond)
			}
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"servers":   cmdServers,
			"account":   cmdAccount,
			"accepted":  cmdAccepted,
			"wire":      cmdWire,
			"sameid":    cmdSameID,
			"to":        cmdTo,
			"logins":    cmdLogins,
			"exits":     cmdExits,
			"deliver":   cmdDeliver,
			"expunge":   cmdExpunge,
			"samebytes": cmdSameBytes,
		},
	})
}

type serversKey struct{}

// scriptServers are one script's demo servers.
type scriptServers struct{ *demo.Servers }

func serversOf(ts *testscript.TestScript) *scriptServers {
	return ts.Value(serversKey{}).(*scriptServers)
}

func cmdServers(ts *testscript.TestScript, neg bool, args []string) {
	s := serversOf(ts)
	if len(args) != 1 || neg {
		ts.Fatalf("usage: servers up|samples|down|FAULT")
	}
	if o, ok := scriptKinds[args[0]]; ok {
		o.Dir = ts.MkAbs("servers")
		ts.Check(os.MkdirAll(o.Dir, 0o700))
		started, err := demo.Start(context.Background(), o)
		ts.Check(err)
		ts.Defer(started.Close)
		s.Servers = started
		ts.Check(os.WriteFile(ts.Getenv("MUA_CONFIG"), []byte(started.Config("")), 0o600))
		ts.Setenv("ME", started.Addr)
		return
	}
	switch args[0] {
	case "down":
		s.Close()
	default:
		f, ok := scriptFaults[args[0]]
		if !ok {
			ts.Fatalf("no fault is called %s", args[0])
		}
		s.SetFaults(f)
	}
}

func cmdAccount(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: account NAME INCOMING OUTGOING")
	}
	scheme := func(s string) string { return strings.TrimPrefix(s, "-") }
	f, err := os.OpenFile(ts.Getenv("MUA_CONFIG"), os.O_WRONLY|os.O_APPEND, 0)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "\n%s", serversOf(ts).ConfigFor(args[0], scheme(args[1]), scheme(args[2])))
	ts.Check(errors.Join(err, f.Close()))
}

// scriptKinds are the servers that scripts may start.
var scriptKinds = map[string]demo.Options{
	"up":            {},
	"samples":       {Samples: true},
	"small":         {MaxMessage: 20_000},
	"no-requiretls": {Without: []string{"REQUIRETLS"}},
}

// cmdWire writes what the server received last, after DATA, octet for octet.
func cmdWire(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: wire FILE")
	}
	all := serversOf(ts).Accepted()
	if len(all) == 0 {
		ts.Fatalf("nothing was accepted")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), all[len(all)-1].Data, 0o600))
}

func cmdAccepted(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: accepted N")
	}
	if got := fmt.Sprint(len(serversOf(ts).Accepted())); got != args[0] {
		ts.Fatalf("the server has accepted %s messages, not %s", got, args[0])
	}
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: exits STATUS CMD...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s ended with %s, not %s", strings.Join(args[1:], " "), got, args[0])
	}
}

func cmdDeliver(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: deliver MAILBOX FILE")
	}
	serversOf(ts).Deliver(args[0], crlf(ts.ReadFile(args[1])))
}

// cmdExpunge removes all messages of a mailbox as another client would.
func cmdExpunge(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: expunge MAILBOX")
	}
	ts.Check(serversOf(ts).Expunge(args[0]))
}

func cmdSameBytes(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: samebytes SOURCE COPY")
	}
	want, got := sha256.Sum256(crlf(ts.ReadFile(args[0]))), sha256.Sum256([]byte(ts.ReadFile(args[1])))
	if want != got {
		ts.Fatalf("%s is not %s byte for byte", args[1], args[0])
	}
}

func cmdLogins(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: logins imap|pop3|smtp N")
	}
	c := serversOf(ts).Counts()
	n := map[string]demo.Count{"imap": c.IMAP, "pop3": c.POP3, "smtp": c.SMTP}[args[0]]
	if got := fmt.Sprint(n.Logins + n.Refused); got != args[1] {
		ts.Fatalf("%s logins were tried, not %s", got, args[1])
	}
}

// cmdTo checks the envelope of what the server received last.
func cmdTo(ts *testscript.TestScript, neg bool, args []string) {
	all := serversOf(ts).Accepted()
	if len(args) == 0 || neg || len(all) == 0 {
		ts.Fatalf("usage: to ADDR..., once a message was accepted")
	}
	if got := all[len(all)-1].To; !slices.Equal(got, args) {
		ts.Fatalf("it was for %q, not %q", got, args)
	}
}

// cmdSameID checks that everything accepted so far has one Message-ID and the same bytes.
func cmdSameID(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 || neg {
		ts.Fatalf("usage: sameid")
	}
	all := serversOf(ts).Accepted()
	for _, m := range all {
		if !bytes.Equal(m.Data, all[0].Data) {
			ts.Fatalf("not the same bytes:\n%s\n%s", all[0].Data, m.Data)
		}
	}
}

// scriptFaults are the misbehaviours that scripts may name.
var scriptFaults = map[string]demo.Faults{
	"none":           {},
	"wrong-password": {IMAP: demo.LineFaults{Login: "[AUTHENTICATIONFAILED] wrong password"}},
	"unavailable":    {IMAP: demo.LineFaults{Login: "[UNAVAILABLE] try later"}},
	"refuse-wishes": {IMAP: demo.LineFaults{Refuse: map[string]string{"STORE": "[NOPERM] not yours", "MOVE": "[OVERQUOTA] full", "COPY": "[OVERQUOTA] full",
		"CREATE": "[NOPERM] no new mailboxes", "RENAME": "[NOPERM] names stay"}}},
	"refuse-bob": {SMTP: demo.SMTPFaults{Rcpt: map[string]*demo.Answer{"bob@mua.example": {Code: 550, Text: "5.1.1 no such person"}}}},
	"defer-all":  {SMTP: demo.SMTPFaults{Rcpt: map[string]*demo.Answer{"*": {Code: 451, Text: "4.2.0 come back later"}}}},
	"lose-reply": {SMTP: demo.SMTPFaults{Dot: &demo.Answer{When: demo.CloseBefore, Recorded: true, Times: 1}}},
	"lose-or-defer": {SMTP: demo.SMTPFaults{Dot: &demo.Answer{When: demo.CloseBefore, Recorded: true, Times: 1},
		Rcpt: map[string]*demo.Answer{"dan@mua.example": {Code: 451, Text: "4.2.0 come back later"}}}},
	"mixed": {SMTP: demo.SMTPFaults{Rcpt: map[string]*demo.Answer{
		"bob@mua.example": {Code: 550, Text: "5.1.1 no such person"}, "dan@mua.example": {Code: 451, Text: "4.2.0 come back later"}}}},
	"silent":        {SMTP: demo.SMTPFaults{Greeting: &demo.Answer{When: demo.StallBefore}}},
	"lose-replies":  {SMTP: demo.SMTPFaults{Dot: &demo.Answer{When: demo.CloseBefore, Recorded: true}}},
	"no-smtp-login": {SMTP: demo.SMTPFaults{Login: &demo.Answer{Code: 535, Text: "5.7.8 authentication failed"}}},
}

// crlf makes a text file a message as servers hold it.
func crlf(s string) []byte {
	return []byte(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n"))
}
