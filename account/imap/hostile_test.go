package imap_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mua/account"
	"mua/account/imap"
)

// bounded fails the test when f takes longer than the caps allow.
func bounded(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		buf := make([]byte, 1<<20)
		t.Fatalf("hangs\n%s", buf[:runtime.Stack(buf, true)])
	}
}

func TestFakeServerIsSound(t *testing.T) {
	f, e := newFake(t, &fake{messages: corpus(120)})
	if p := e.sync(); p.New != 120 || len(p.Warnings) != 0 {
		t.Errorf("got %+v", p)
	}
	wantSame(t, "INBOX", e.sums("INBOX"), sumsOf(f.messages))
}

// poison answers a FETCH that asks for message n whole with what says.
func poison(f *fake, n int, what func(c *fakeConn, tag, items string)) func(c *fakeConn, tag, command string) bool {
	return func(c *fakeConn, tag, command string) bool {
		args, isFetch := strings.CutPrefix(command, "UID FETCH ")
		set, items, _ := strings.Cut(args, " ")
		if !isFetch || !strings.Contains(items, "[]") || !inSet(set, n, len(f.messages)) {
			return false
		}
		what(c, tag, items)
		return true
	}
}

func TestBadMessageIsIsolated(t *testing.T) {
	for name, what := range map[string]func(f *fake, c *fakeConn, tag, items string){
		"unreadable FETCH":      func(_ *fake, c *fakeConn, _, _ string) { c.say(`* 60 FETCH (UID 60 BODY[] "open`) },
		"nested":                func(_ *fake, c *fakeConn, _, _ string) { c.say("* 60 FETCH (ENVELOPE " + strings.Repeat("(", 1000)) },
		"literal over the size": func(_ *fake, c *fakeConn, _, _ string) { c.say("* 60 FETCH (UID 60 BODY[] {999999999}") },
		"an endless line":       func(_ *fake, c *fakeConn, _, _ string) { c.say("%s", strings.Repeat("x", 1<<20)) },
		"a refusal":             func(_ *fake, c *fakeConn, tag, _ string) { c.say("%s NO [SERVERBUG] cannot read it", tag) },
		"left out": func(f *fake, c *fakeConn, tag, items string) {
			c.say("%s OK", tag)
		},
		"another's": func(f *fake, c *fakeConn, tag, items string) {
			c.say("%s\r\n%s OK", f.item(1, f.messages[1], items), tag)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{messages: corpus(120)}
			f.on = poison(f, 60, func(c *fakeConn, tag, items string) { what(f, c, tag, items) })
			_, e := newFake(t, f)
			var p imap.Pulled
			var err error
			bounded(t, func() { p, err = e.trySync(t.Context()) })
			if err != nil {
				t.Fatalf("%v; %q", err, p.Warnings)
			}
			if len(p.Warnings) == 0 {
				t.Error("no warning")
			}
			n := 0
			for _, r := range e.rows("INBOX") {
				if r.HasBody {
					n++
				}
			}
			if n != 119 || p.New < 119 {
				t.Errorf("%d bodies came, %d new; %q", n, p.New, p.Warnings)
			}
			if f.logins > 20 {
				t.Errorf("%d logins", f.logins)
			}
			asked := 0
			refuse := f.on
			f.change(func() {
				f.on = func(c *fakeConn, tag, command string) bool {
					met := refuse(c, tag, command)
					if met {
						asked++
					}
					return met
				}
			})
			if p = e.sync(); p.New != 0 || asked != 0 {
				t.Errorf("it was asked for %d times again: %+v", asked, p)
			}
			f.change(func() { f.on = nil })
			e.o.Version = "another"
			if p = e.sync(); len(p.Warnings) != 0 {
				t.Errorf("another version: %q", p.Warnings)
			}
			if r := e.row("INBOX", "message 59"); !r.HasBody {
				t.Error("another version did not get it")
			}
			if p = e.sync(); p.New+p.Changed+p.Removed != 0 {
				t.Errorf("in step: %+v", p)
			}
		})
	}
}

// TestHugeHeaders: anyone can send mail whose header is larger than all other headers together. It
// must not keep the mailbox from coming.
func TestHugeHeaders(t *testing.T) {
	huge := func(i int) []byte {
		return []byte(fmt.Sprintf("Subject: huge %d\r\nX-Filler: %s\r\n\r\nhello\r\n", i, strings.Repeat("y", 3<<20)))
	}
	for name, first := range map[string]int{"new mailbox": 0, "new mail": 10} {
		t.Run(name, func(t *testing.T) {
			f, e := newFake(t, &fake{messages: corpus(first)})
			e.o.MaxMessage = 2 << 20 // larger ones: their headers only
			if first > 0 {
				e.sync()
			}
			f.change(func() {
				for i := range 60 {
					f.messages = append(f.messages, mail(first+i))
					if i%4 == 0 {
						f.messages = append(f.messages, huge(i))
					}
				}
			})
			bounded(t, func() {
				if p, err := e.trySync(t.Context()); err != nil {
					t.Fatalf("%v; %q", err, p.Warnings)
				}
			})
			rows, whole := e.rows("INBOX"), 0
			for _, r := range rows {
				if r.HasBody {
					whole++
				}
			}
			if whole != first+60 || len(rows) != first+75 {
				t.Errorf("%d messages came, %d of them whole, of %d and %d", len(rows), whole, first+75, first+60)
			}
			if f.logins > 12 {
				t.Errorf("%d logins", f.logins)
			}
		})
	}
}

func TestServerThatEndsBadly(t *testing.T) {
	for name, c := range map[string]struct {
		on    func(c *fakeConn, tag, command string) bool
		words string
	}{
		"closes inside a literal": {func(c *fakeConn, _, command string) bool {
			if strings.HasPrefix(command, "FETCH") {
				c.say("* 3 FETCH (UID 3 BODY[HEADER] {500}\r\nSubject: cut")
				c.Close()
				return true
			}
			return false
		}, "closed the connection"},
		"says BYE": {func(c *fakeConn, _, command string) bool {
			if strings.HasPrefix(command, "EXAMINE") {
				c.say("* BYE going down for maintenance")
				c.Close()
				return true
			}
			return false
		}, "going down for maintenance"},
		"stalls": {func(c *fakeConn, _, command string) bool { return strings.HasPrefix(command, "EXAMINE") }, "did not answer"},
		"stalls in a body": {func(c *fakeConn, _, command string) bool {
			if strings.HasPrefix(command, "FETCH") {
				c.say("* 3 FETCH (UID 3 BODY[HEADER] {500}\r\nSubject: cut")
				return true
			}
			return false
		}, "did not answer"},
		"babbles lines": {func(c *fakeConn, _, command string) bool {
			if strings.HasPrefix(command, "EXAMINE") {
				for {
					if _, err := c.Write([]byte(strings.Repeat("* OK "+strings.Repeat("still here ", 20)+"\r\n", 100))); err != nil {
						return true
					}
				}
			}
			return false
		}, "more than it was asked for"},
		"babbles mailboxes": {func(c *fakeConn, _, command string) bool {
			if strings.HasPrefix(command, "LIST") {
				for {
					if _, err := c.Write([]byte(strings.Repeat("* LIST () \"/\" "+strings.Repeat("x", 200)+"\r\n", 100))); err != nil {
						return true
					}
				}
			}
			return false
		}, "more than it was asked for"},
		"an endless line": {func(c *fakeConn, _, command string) bool {
			if strings.HasPrefix(command, "LIST") {
				for {
					if _, err := c.Write([]byte(strings.Repeat("x", 10_000))); err != nil {
						return true
					}
				}
			}
			return false
		}, "line of more than"},
		"speaks no IMAP": {func(c *fakeConn, tag, command string) bool {
			if strings.HasPrefix(command, "EXAMINE") {
				c.say("T999 OK what?")
				return true
			}
			return false
		}, "not IMAP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, e := newFake(t, &fake{messages: corpus(3), on: c.on})
			bounded(t, func() {
				_, err := e.trySync(t.Context())
				wantTrouble(t, err, account.KindTemporary, "fake", "127.0.0.1", c.words)
			})
		})
	}
}

func TestMalformedListLineIsPassedOver(t *testing.T) {
	_, e := newFake(t, &fake{messages: corpus(3), list: "* LIST (\\x \"/\" foo\r\n* LIST () \"/\" \"R&D\"\r\n* OK [ALERT] quota \x1b[31mexceeded"})
	p := e.sync()
	if p.New != 3 || !strings.Contains(strings.Join(p.Warnings, "\n"), "R&D") || !strings.Contains(strings.Join(p.Warnings, "\n"), "quota [31mexceeded") {
		t.Errorf("got %+v", p)
	}
}

func TestValidityChangesMeanwhile(t *testing.T) {
	var n atomic.Int64
	f := &fake{messages: corpus(70), validity: func() int { return 7 + int(n.Load()) }}
	f.on = poison(f, 10, func(c *fakeConn, _, _ string) {
		n.Add(1)
		c.say(`* 60 FETCH (UID 60 BODY[] "open`)
	})
	_, e := newFake(t, f)
	bounded(t, func() {
		_, err := e.trySync(t.Context())
		wantTrouble(t, err, account.KindTemporary, "UIDVALIDITY")
	})
}

func TestSearchOfLies(t *testing.T) {
	f := &fake{messages: corpus(30)}
	_, e := newFake(t, f)
	e.sync()
	f.change(func() {
		f.messages, f.gone = f.messages[:25], 5
		f.on = func(c *fakeConn, tag, command string) bool {
			if strings.HasPrefix(command, "UID SEARCH") {
				c.say("* SEARCH 1\r\n%s OK", tag)
				return true
			}
			return false
		}
	})
	p := e.sync()
	if p.Removed != 0 || len(p.Warnings) == 0 {
		t.Errorf("got %+v", p)
	}
}

func TestLoginDisabledAndControls(t *testing.T) {
	f := &fake{on: func(c *fakeConn, tag, command string) bool {
		if command == "GREETING" {
			c.say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello")
			_, _ = c.r.ReadString(0)
			return true
		}
		return false
	}}
	_, e := newFake(t, f)
	_, err := imap.Open(t.Context(), e.acct, e.st, e.o)
	wantTrouble(t, err, account.KindLogin, "does not allow")
	_, e = newFake(t, &fake{})
	e.acct.Password = account.Secret{Plain: "a\r\nT9 DELETE INBOX"}
	if _, err := imap.Open(t.Context(), e.acct, e.st, e.o); err == nil {
		t.Error("a password with a line end was sent")
	}
}

func TestTemporaryLoginTrouble(t *testing.T) {
	for _, words := range []string{"[UNAVAILABLE] later", "[INUSE] busy", "Too many simultaneous connections"} {
		_, e := newFake(t, &fake{on: func(c *fakeConn, tag, command string) bool {
			if strings.HasPrefix(command, "LOGIN") {
				c.say("%s NO %s", tag, words)
				return true
			}
			return false
		}})
		_, err := imap.Open(t.Context(), e.acct, e.st, e.o)
		wantTrouble(t, err, account.KindTemporary)
	}
}
