package imap_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account/imap"
	"mua/account/realservers"
	"mua/store"
)

// watchInbox watches the inbox for a minute at most and passes on what came of it.
func watchInbox(t *testing.T, s *imap.Session) <-chan bool {
	out := make(chan bool, 1)
	go func() {
		news, err := s.Idle(t.Context(), "INBOX", time.Minute, nil)
		if err != nil {
			t.Error(err)
		}
		out <- news
	}()
	return out
}

// TestDovecotNotify: while the inbox is watched over one connection, mail, flags and expunges in any other mailbox end the
// wait, also what came before it began; not what is in step already, nor what is left out here.
func TestDovecotNotify(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	other := d.Client(t, user)
	for _, box := range []string{"Work", "&AOQ-rger", "Away"} {
		other.Exec("CREATE " + box)
	}
	e := dovecotEnv(t, d, user, "imaps")
	e.acct.Mailboxes = []string{"*", "!Away"}
	s := e.open()
	pull := func() imap.Pulled {
		t.Helper()
		p, err := s.Pull(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	quiet := func(when string) {
		t.Helper()
		if news, err := s.Idle(t.Context(), "INBOX", 300*time.Millisecond, nil); news || err != nil {
			t.Errorf("%s: %v, %v", when, news, err)
		}
	}
	pull()
	quiet("nothing new")
	heard := watchInbox(t, s)
	other.Append("&AOQ-rger", mail(1))
	if !<-heard {
		t.Fatal("mail in another mailbox is no news")
	}
	if p := pull(); p.New != 1 {
		t.Errorf("%+v", p)
	}
	e.row("ärger", "message 1")
	quiet("in step")
	other.Append("Work", mail(2)) // before the wait
	if !<-watchInbox(t, s) {
		t.Error("what came before the wait is no news")
	}
	pull()
	for _, command := range []string{`UID STORE 1 +FLAGS.SILENT (\Flagged)`, `UID STORE 1 +FLAGS.SILENT (\Deleted)`, "EXPUNGE"} {
		heard := watchInbox(t, s)
		other.Exec("SELECT Work")
		other.Exec(command)
		if !<-heard {
			t.Errorf("%s in another mailbox is no news", command)
		}
		if p := pull(); p.Changed+p.Removed != 1 {
			t.Errorf("%s: %+v", command, p)
		}
	}
	heard = watchInbox(t, s)
	other.Exec("CREATE Fresh")
	other.Append("Fresh", mail(3))
	if !<-heard {
		t.Error("mail in a new mailbox is no news")
	}
	pull()
	other.Append("Away", mail(4))
	quiet("a mailbox that is left out")
	heard = watchInbox(t, s)
	other.Append("INBOX", mail(5))
	if !<-heard {
		t.Error("the inbox itself is not watched any more")
	}
	pull()
	must(e.st.MarkFlags(t.Context(), []store.MessageID{e.row("ärger", "message 1").ID}, store.FlagChange{Add: store.Flagged}))(t)
	if _, _, err := s.Replay(t.Context()); err != nil {
		t.Fatal(err)
	}
	pull()
	quiet("what we did ourselves")
}

// TestNotifyOverflow: a server that gives up telling, also of the selected mailbox, is connected to anew and not asked again.
func TestNotifyOverflow(t *testing.T) {
	f := &fake{messages: corpus(3)}
	var mu sync.Mutex
	asked, idle := 0, ""
	f.on = func(c *fakeConn, tag, command string) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case command == "CAPABILITY":
			c.say("* CAPABILITY IMAP4rev1 UIDPLUS IDLE NOTIFY\r\n%s OK", tag)
		case strings.HasPrefix(command, "NOTIFY"):
			asked++
			c.say("%s OK", tag)
		case command == "IDLE":
			idle = tag
			if c.say("+ idling"); f.logged() == 1 {
				c.say("* OK [NOTIFICATIONOVERFLOW] too much for me")
			} else {
				c.say("* 4 EXISTS")
			}
		case tag == "DONE":
			c.say("%s OK", idle)
		default:
			return false
		}
		return true
	}
	_, e := newFake(t, f)
	s := e.open()
	if _, err := s.Pull(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if news := <-watchInbox(t, s); !news {
			t.Errorf("%d: no news", i)
		}
		if f.logged() != i+1 {
			t.Errorf("%d logins", f.logged())
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// logged is how often somebody has logged in.
func (f *fake) logged() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins
}
