package realservers

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/knadh/go-pop3"
)

// hello is complete: to a message without these fields Postfix would add them.
const hello = "From: u1@example.org\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nSubject: hello\r\n\r\n.dot\r\nend\r\n"

func TestDovecotIMAP(t *testing.T) {
	d := Dovecot(t, Users(2))
	c := d.Client(t, "u2")
	c.Append("INBOX", []byte(hello), `\Flagged`)
	c.Exec("SELECT INBOX")
	got := strings.Join(c.Exec("UID FETCH 1 (FLAGS BODY.PEEK[])"), "\n")
	if !strings.Contains(got, `\Flagged`) || !strings.Contains(got, hello) {
		t.Fatalf("%q", got)
	}
	if _, err := c.Try("SELECT nowhere"); err == nil {
		t.Fatal("there is a mailbox called nowhere")
	}
	list := strings.Join(c.Exec(`LIST "" * RETURN (SPECIAL-USE)`), "\n")
	for _, want := range []string{`\Sent`, `\Drafts`, `\Trash`, `\Junk`, `\Archive`} {
		if !strings.Contains(list, want) {
			t.Fatal(list)
		}
	}
	caps := c.Exec("CAPABILITY")[0]
	if !strings.Contains(caps, "CONDSTORE") || !strings.Contains(caps, "COMPRESS=DEFLATE") {
		t.Fatal(caps)
	}
	for _, w := range strings.Fields(caps)[2:] {
		if !strings.Contains(" "+everything+" ", " "+w+" ") {
			t.Errorf("capability %s is not in the list that Without starts from", w)
		}
	}
}

func TestDovecotFilesInOrder(t *testing.T) {
	d := Dovecot(t, Without("MOVE", "CONDSTORE"))
	var mails []Mail
	for i := range 30 {
		mails = append(mails, Mail{Flags: "S", Raw: fmt.Appendf(nil, "Subject: %d\n\nbody\n", i)})
	}
	d.AddMaildir(t, "u1", "Projects.Sailing", mails...)
	c := d.Client(t, "u1")
	if caps := c.Exec("CAPABILITY")[0]; strings.Contains(caps, "MOVE") || !strings.Contains(caps, "UIDPLUS") {
		t.Fatal(caps)
	}
	c.Exec("SELECT Projects.Sailing")
	lines := c.Exec("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
	if len(lines) != 30 {
		t.Fatal(len(lines))
	}
	for i, l := range lines {
		if !strings.Contains(l, fmt.Sprintf("UID %d ", i+1)) || !strings.Contains(l, fmt.Sprintf("Subject: %d\r\n", i)) || !strings.Contains(l, `\Seen`) {
			t.Fatalf("%q", l)
		}
	}
	if got := d.Maildir(t, "u1", "Projects.Sailing"); len(got) != 30 || !bytes.Equal(got[7], mails[7].Raw) {
		t.Fatalf("%q", got)
	}
}

func TestDovecotPOP3AndRestart(t *testing.T) {
	d := Dovecot(t)
	d.AddMaildir(t, "u1", "INBOX", Mail{Raw: []byte(hello)})
	retrieve := func() string {
		host, port, _ := net.SplitHostPort(d.POP3)
		var n int
		fmt.Sscan(port, &n)
		c, err := pop3.New(pop3.Opt{Host: host, Port: n}).NewConn()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Quit()
		if err := c.Auth("u1", Password); err != nil {
			t.Fatal(err)
		}
		b, err := c.RetrRaw(1)
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := retrieve(); strings.ReplaceAll(got, "\r\n", "\n") != strings.ReplaceAll(hello, "\r\n", "\n") {
		t.Fatalf("%q", got)
	}
	d.Stop()
	if c, err := net.Dial("tcp", d.POP3); err == nil {
		c.Close()
		t.Fatal("still there")
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	retrieve()
}

func TestPostfixDelivers(t *testing.T) {
	var shared Shared
	t.Cleanup(shared.Close)
	p := shared.Postfix(t)
	d := shared.Dovecot(t)
	user := d.AddUser(t)
	for i, dial := range []func() (*smtp.Client, error){
		func() (*smtp.Client, error) { return smtp.DialTLS(p.SMTPS, d.TLS(t)) },
		func() (*smtp.Client, error) { return smtp.DialStartTLS(p.SMTP, d.TLS(t)) },
	} {
		c, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Auth(sasl.NewPlainClient("", user, Password)); err != nil {
			t.Fatal(err)
		}
		if err := c.SendMail(user+"@example.org", []string{user + "@example.org", "out@elsewhere.example"}, strings.NewReader(hello)); err != nil {
			t.Fatal(err)
		}
		got := d.Wait(t, user, "INBOX", i+1)
		if want := strings.ReplaceAll(hello, "\r\n", "\n"); !strings.HasSuffix(string(got[i]), want) || !strings.HasPrefix(string(got[i]), "Return-Path: ") {
			t.Fatalf("%q", got[i])
		}
		if err := c.Mail(user+"@example.org", nil); err != nil {
			t.Fatal(err)
		}
		for addr, code := range map[string]int{Deferred: 450, Refused: 550, "nobody@example.org": 550, "u1@example.org": 0} {
			err := c.Rcpt(addr, nil)
			if e, _ := err.(*smtp.SMTPError); code == 0 && err != nil || code != 0 && (e == nil || e.Code != code) {
				t.Fatalf("%s: %v", addr, err)
			}
		}
	}
}

// TestNothingStays: processes end and folders go with the test that started them.
func TestNothingStays(t *testing.T) {
	var dirs []string
	var groups []int
	t.Run("inner", func(t *testing.T) {
		d := Dovecot(t)
		d.Client(t, "u1").Exec("SELECT INBOX") // an imap process is there
		p := Postfix(t, d)
		dirs = []string{d.dir, p.dir}
		groups = []int{d.process.cmd.Process.Pid, p.process.cmd.Process.Pid}
		if n := alive(t, groups); n < 6 {
			t.Fatalf("only %d processes", n)
		}
	})
	for _, dir := range dirs {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s is still there", dir)
		}
	}
	for n := 0; alive(t, groups) > 0; n++ {
		if n > 100 {
			t.Fatal("processes stay")
		}
	}
}

// alive counts the processes of the groups that are not zombies.
func alive(t *testing.T, groups []int) (n int) {
	t.Helper()
	out, err := exec.Command("ps", "-eo", "pgid=,stat=").Output()
	if err != nil {
		if os.Getenv("MUA_REAL_SERVERS") == "require" {
			t.Fatal("ps is not installed, and this run requires the real thing")
		}
		t.Skip("no ps here")
	}
	for line := range strings.Lines(string(out)) {
		var group int
		var stat string
		fmt.Sscan(line, &group, &stat)
		if slices.Contains(groups, group) && !strings.HasPrefix(stat, "Z") {
			n++
		}
	}
	return n
}

// TestMaildirOrder: names of files are ordered as the messages came, also within one second.
func TestMaildirOrder(t *testing.T) {
	want := []string{
		"1000000001.M7P99.mua:2,S",
		"1795738827.Vfe01I9f4927M9800.host",
		"1795738827.Vfe01I1f4927M120031.host:2,",
		"1795738828.D9P3.mua",
		"1795738828.D10P3.mua:2,S",
	}
	got := []string{want[4], want[2], want[0], want[3], want[1]}
	slices.SortFunc(got, byArrival)
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
