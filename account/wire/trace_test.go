package wire

import (
	"strings"
	"testing"

	"mua/account"
)

// TestTraceHides feeds dialogues in one piece and octet by octet; a line starting with C is the client's.
func TestTraceHides(t *testing.T) {
	for _, c := range []struct {
		name  string
		proto account.Protocol
		in    []string
		want  string
	}{
		{"smtp", account.SMTP, []string{
			"S220 hi\r\n", "CAUTH PLAIN c2VjcmV0\r\n", "S235 ok\r\n",
			"CAUTH LOGIN\r\n", "S334 VXNlcm5hbWU6\r\n", "CYWRh\r\n", "S334 UGFzc3dvcmQ6\r\n", "Cc2VjcmV0\r\n", "S535 no\x1b[31m\r\n",
			"CMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n", "S250 ok\r\n550 no\r\n250 ok\r\n", "S354 go\r\n",
			"CSubject: secret\r\n\r\n..secret\r\n", "C.\r\n", "S250 queued\r\n", "CQUIT\r\n",
		}, `S: 220 hi
C: AUTH PLAIN [hidden]
S: 235 ok
C: AUTH LOGIN [hidden]
S: 334 [hidden]
C: [hidden]
S: 334 [hidden]
C: [hidden]
S: 535 no [31m
C: MAIL FROM:<a@b>
C: RCPT TO:<c@d>
C: RCPT TO:<e@f>
C: DATA
S: 250 ok
S: 550 no
S: 250 ok
S: 354 go
C: [29 octets of a message]
C: .
S: 250 queued
C: QUIT
`},
		{"pop3", account.POP3, []string{
			"S+OK hi\r\n", "CUSER ada\r\n", "S+OK\r\n", "CPASS secret\r\n", "S+OK\r\n", "CAUTH XOAUTH2\r\n", "S+ \r\n", "Csecret\r\n", "S-ERR no\r\n",
			"CCAPA\r\n", "S+OK\r\nTOP\r\n.\r\n", "CLIST 1\r\n", "S+OK 1 2\r\n", "CRETR 1\r\nRETR 2\r\nDELE 1\r\n", "S+OK\r\nsecret\r\n..\r\n.\r\n-ERR gone\r\n+OK deleted\r\n",
			"CAPOP ada secret\r\n",
		}, `S: +OK hi
C: USER ada
S: +OK
C: PASS [hidden]
S: +OK
C: AUTH XOAUTH2 [hidden]
S: + [hidden]
C: [hidden]
S: -ERR no
C: CAPA
S: +OK
S: TOP
S: .
C: LIST 1
S: +OK 1 2
C: RETR 1
C: RETR 2
C: DELE 1
S: +OK
S: [12 octets of a message]
S: .
S: -ERR gone
S: +OK deleted
C: APOP [hidden]
`},
		{"imap", account.IMAP, []string{
			"S* OK hi\r\n", "Ca1 LOGIN {3}\r\n", "S+ go\r\n", "Cada secret\r\n", "Ca2 NOOP secret\r\n", "Sa1 OK\r\n",
			"Ca3 AUTHENTICATE PLAIN c2VjcmV0\r\n", "S+ c2VjcmV0\r\n", "Csecret\r\n", "Sa3 OK\r\n",
			"Ca4 UID FETCH 1 (BODY.PEEK[])\r\n", "S* 1 FETCH (BODY[] {8}\r\nsecret\r\n UID 1)\r\na4 OK\r\n",
			"Ca5 APPEND x {6+}\r\nsecret\r\n",
		}, `S: * OK hi
C: a1 LOGIN [hidden]
C: [3 octets]
S: + [hidden]
C: [hidden]
C: [hidden]
S: a1 OK
C: a3 AUTHENTICATE PLAIN [hidden]
S: + [hidden]
C: [hidden]
S: a3 OK
C: a4 UID FETCH 1 (BODY.PEEK[])
S: * 1 FETCH (BODY[] {8}
S: [8 octets]
S: UID 1)
S: a4 OK
C: a5 APPEND x {6+}
C: [6 octets]
C: ` + "\n"},
	} {
		for _, size := range []int{1 << 20, 1} {
			t.Run(c.name, func(t *testing.T) {
				var out strings.Builder
				tr := newTracer(&out, c.proto)
				for _, line := range c.in {
					b := []byte(line[1:])
					for len(b) > 0 {
						n := min(size, len(b))
						if line[0] == 'C' {
							tr.client(b[:n])
						} else {
							tr.server(b[:n])
						}
						b = b[n:]
					}
				}
				if out.String() != c.want {
					t.Errorf("got:\n%s", out.String())
				}
				if strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "c2Vj") {
					t.Error("a secret")
				}
			})
		}
	}
}

func TestTraceBoundsLines(t *testing.T) {
	var out strings.Builder
	tr := newTracer(&out, account.IMAP)
	tr.client([]byte("a1 LOGIN ada " + strings.Repeat("s", 100_000) + " {5}\r\n12345\r\n"))
	if len(tr.out.line) != 0 || cap(tr.out.line) > 1<<15 || !strings.Contains(out.String(), "[5 octets]") {
		t.Errorf("%d, %q", cap(tr.out.line), out.String())
	}
	tr.server([]byte(strings.Repeat("x", 100_000) + "\n"))
	if out.Len() > 1000 {
		t.Error(out.Len())
	}
}

func TestTraceOfAConnection(t *testing.T) {
	ca := newCA(t)
	cfg := ca.server(t, nil)
	e := serve(t, account.POP3, account.StartTLS, nil, func(p *peer) {
		startScripts[account.POP3](p, "")
		p = p.startTLS(cfg)
		p.hear()
		p.say("+OK\r\n")
		p.wait()
	})
	var out safe
	c, err := Dial(t.Context(), &account.Account{Name: "work", TLSCA: ca.file}, e, Options{Trace: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("PASS secret\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	for range 2 {
		if _, err := c.Read(buf); err != nil {
			t.Fatal(err)
		}
	}
	if want := "S: +OK hello <1.2@pop>\nC: STLS\nS: +OK go on\nC: PASS [hidden]\nS: +OK\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
}

// TestTraceEndsWithTheConnection: its writer belongs to its owner again after Close, whoever still reads.
func TestTraceEndsWithTheConnection(t *testing.T) {
	var out strings.Builder // no lock: -race would tell
	c, _ := plain(t, account.POP3, Options{Trace: &out}, func(p *peer) {
		for err := error(nil); err == nil; {
			_, err = p.Write([]byte("+OK more\r\n"))
		}
	})
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 100)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	}()
	c.Close()
	before := out.String()
	<-read
	c.trace.server([]byte("+OK late\r\n"))
	if out.String() != before {
		t.Errorf("written after Close: %q", out.String()[len(before):])
	}
}
