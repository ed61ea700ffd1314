package imap_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mua/account/demo"
	"mua/account/realservers"
	"mua/store"
)

// TestDeletedHereAndChangedThere: what another client does to a mailbox that is deleted here, and to what is in it, before
// the server hears of that. The messages come into the trash all the same, each once and as the same message.
func TestDeletedHereAndChangedThere(t *testing.T) {
	for _, c := range []struct {
		name  string
		there func(srv *demo.Servers, other *realservers.Client)
		back  bool // the mailbox stays, and the journal tells why
	}{
		{"nothing", func(*demo.Servers, *realservers.Client) {}, false},
		{"a message moved", func(_ *demo.Servers, other *realservers.Client) {
			takeOut(other, "2", "Projects", "Archive")
		}, false},
		{"deleted", func(_ *demo.Servers, other *realservers.Client) { other.Exec("DELETE Projects") }, false},
		{"renamed", func(_ *demo.Servers, other *realservers.Client) { other.Exec("RENAME Projects Other") }, false},
		{"numbered anew", func(srv *demo.Servers, _ *realservers.Client) { _ = srv.Renumber("Projects") }, false},
		{"new mail", func(_ *demo.Servers, other *realservers.Client) { other.Append("Projects", mail(900)) }, true},
		{"new mail and one moved", func(_ *demo.Servers, other *realservers.Client) {
			other.Append("Projects", mail(900))
			takeOut(other, "2", "Projects", "Archive")
		}, true},
	} {
		for _, without := range [][]string{nil, {"MOVE", "UIDPLUS"}} {
			t.Run(c.name+strings.Join(without, " "), func(t *testing.T) {
				srv, e := demoEnv(t, demo.Options{Without: without})
				other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
				other.Exec("CREATE Projects")
				for i := range 3 {
					other.Append("Projects", mail(i))
				}
				e.sync()
				ids := e.idsOf("Projects")
				must(e.st.DeleteMailbox(t.Context(), e.mailbox("Projects").ID, true))(t)
				c.there(srv, other)
				for range 5 {
					e.sync()
				}
				e.kept("Trash", ids)
				e.done("Trash")
				e.settled()
				there := listedBoxes(other.Exec(`LIST "" "*"`))
				if slices.Contains(there, "Projects") != c.back || slices.Contains(there, "Other") {
					t.Errorf("the server has %v", there)
				}
				if !c.back {
					return
				}
				e.row("Projects", "message 900")
				if l := must(e.st.Conflicts(t.Context(), 0))(t); len(l) != 1 || l[0].Kind != "delete" {
					t.Errorf("journal %+v", l)
				}
			})
		}
	}
}

// takeOut moves a message by number, as where there is no MOVE.
func takeOut(other *realservers.Client, uid, from, to string) {
	other.Exec("SELECT " + from)
	other.Exec("UID COPY " + uid + " " + to)
	other.Exec("UID STORE " + uid + ` +FLAGS.SILENT (\Deleted)`)
	other.Exec("EXPUNGE")
	other.Exec("UNSELECT")
}

// done tells that nothing is pending for messages, in a mailbox.
func (e *env) done(mailbox string) {
	e.t.Helper()
	for _, r := range e.rows(mailbox) {
		if len(r.Pending) > 0 {
			e.t.Errorf("%s in %s: still pending: %v", r.Subject, mailbox, r.Pending)
		}
	}
}

// TestPullUnderTheNamesOfTheServer: a pull before the server has heard of what is wished for mailboxes does not take one for
// the other that is to have its name.
func TestPullUnderTheNamesOfTheServer(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
	for i, box := range []string{"Old", "Next"} {
		other.Exec("CREATE " + box)
		other.Append(box, mail(i))
	}
	e.sync()
	old, next := e.idsOf("Old"), e.idsOf("Next")
	must(e.st.DeleteMailbox(t.Context(), e.mailbox("Old").ID, true))(t)
	must(e.st.RenameMailbox(t.Context(), e.mailbox("Next").ID, "Old"))(t)
	other.Append("Next", mail(2))
	must(e.trySync(t.Context()))(t)
	e.kept("Old", next)
	e.row("Old", "message 2")
	for range 3 {
		e.sync()
	}
	e.settled()
	e.kept("Old", next)
	e.kept("Trash", old)
	if l := must(e.st.Conflicts(t.Context(), 0))(t); len(l) != 0 {
		t.Errorf("journal %+v", l)
	}
	if list := must(e.st.List(t.Context(), store.ListQuery{Account: e.id, Mailbox: e.mailbox("Old").ID, Limit: 9}))(t); len(list) != 2 {
		t.Errorf("Old holds %+v", list)
	}
}

// projects is a server on which another client has made Projects with some messages, which were pulled.
func projects(t *testing.T, messages ...[]byte) (*demo.Servers, *env, *realservers.Client) {
	t.Helper()
	srv, e := demoEnv(t, demo.Options{})
	other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
	other.Exec("CREATE Projects")
	for _, raw := range messages {
		other.Append("Projects", raw)
	}
	e.sync()
	return srv, e, other
}

// TestMovedOutOfWhatWasDeleted: another client deletes a mailbox before our move out of it is carried out. The message is
// uploaded to where it was to be.
func TestMovedOutOfWhatWasDeleted(t *testing.T) {
	_, e, other := projects(t, mail(0))
	ids := e.idsOf("Projects")
	must(e.st.Archive(t.Context(), []store.MessageID{ids["message 0"]}))(t)
	other.Exec("DELETE Projects")
	for range 3 {
		e.sync()
	}
	e.kept("Archive", ids)
	e.done("Archive")
	e.settled()
	if l := must(e.st.Conflicts(t.Context(), 0))(t); len(l) != 0 {
		t.Errorf("journal %+v", l)
	}
}

// TestMovedOnOutOfWhatWasDeleted: the other client has moved the message on before. It is not uploaded, also where only its
// body tells that it is the same.
func TestMovedOnOutOfWhatWasDeleted(t *testing.T) {
	srv, e, other := projects(t, mail(0), []byte("From: x@example.org\r\nSubject: plain\r\n\r\nno name\r\n"))
	ids := e.idsOf("Projects")
	must(e.st.Archive(t.Context(), []store.MessageID{ids["message 0"], ids["plain"]}))(t)
	takeOut(other, "1:2", "Projects", "Drafts")
	other.Exec("DELETE Projects")
	for range 3 {
		e.sync()
	}
	if n := len(srv.List("Drafts")) + len(srv.List("Archive")); n != 2 {
		t.Errorf("the server has %d", n)
	}
	e.row("Drafts", "plain")
	if e.journal(ids["plain"]) == "" {
		t.Error("no journal tells why it is not where it was wished")
	}
	e.settled()
}

// TestRenamedHereAndThere: it gets the name that is wished here, and is fetched once.
func TestRenamedHereAndThere(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
	other.Exec("CREATE Projects")
	other.Append("Projects", mail(0))
	e.sync()
	ids := e.idsOf("Projects")
	must(e.st.RenameMailbox(t.Context(), e.mailbox("Projects").ID, "Work"))(t)
	other.Exec("RENAME Projects Other")
	e.sync()
	e.kept("Work", ids)
	e.settled()
	if there := listedBoxes(other.Exec(`LIST "" "*"`)); !slices.Contains(there, "Work") || slices.Contains(there, "Other") {
		t.Errorf("the server has %v", there)
	}
}

// TestRenamedOntoWhatOthersHave: names that a renaming gives, also to what is under it, and that are taken meanwhile or are
// to be given to others, are sorted out; nothing is in two mailboxes or in none.
func TestRenamedOntoWhatOthersHave(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
	for i, box := range []string{"A", "A/In", "B"} {
		other.Exec("CREATE " + box)
		other.Append(box, mail(i))
	}
	e.sync()
	a, in, b := e.idsOf("A"), e.idsOf("A/In"), e.idsOf("B")
	must(e.st.CreateMailbox(t.Context(), e.id, "C/In", true))(t)
	if _, err := e.st.RenameMailbox(t.Context(), e.mailbox("A").ID, "C"); !errors.Is(err, store.ErrTaken) {
		t.Errorf("renamed so that two are called C/In: %v", err)
	}
	must(e.st.RenameMailbox(t.Context(), e.mailbox("A").ID, "D"))(t)
	again := must(e.st.CreateMailbox(t.Context(), e.id, "A", true))(t).Mailbox.ID
	must(e.st.Move(t.Context(), []store.MessageID{b["message 2"]}, again))(t)
	other.Exec("RENAME B D") // so that A cannot become D, and the A that is to be made is that one
	for range 3 {
		e.sync()
	}
	e.kept("A", a)
	e.kept("A/In", in)
	e.kept("A", b)
	e.done("A")
	e.settled()
	if l := must(e.st.Conflicts(t.Context(), 0))(t); len(l) != 1 || l[0].Kind != "rename" {
		t.Errorf("journal %+v", l)
	}
}

// TestDovecotDeletedWithOthersUnderIt: Dovecot lists it as if it were there still.
func TestDovecotDeletedWithOthersUnderIt(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	other := d.Client(t, user)
	other.Exec("CREATE Box.In")
	other.Exec("CREATE Box")
	other.Append("Box", mail(0))
	e := dovecotEnv(t, d, user, "imaps")
	e.sync()
	e.row("Box", "message 0")
	other.Exec("DELETE Box")
	e.sync()
	if m := e.mailbox("Box"); !m.NoSelect || m.Total != 0 {
		t.Errorf("%+v", m)
	}
	e.settled()
}

// TestPutIntoWhatIsDeleted: a message is put into a mailbox, and the mailbox is deleted here before a pull has told its UID,
// or before the answer to APPEND came. It goes to the trash, and the mailbox goes.
func TestPutIntoWhatIsDeleted(t *testing.T) {
	for _, c := range []struct {
		name    string
		without []string
		lost    bool // the answer to APPEND
	}{
		{"all extensions", nil, false}, {"without UIDPLUS", []string{"MOVE", "UIDPLUS"}, false},
		{"answer lost", nil, true}, {"answer lost without UIDPLUS", []string{"MOVE", "UIDPLUS"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv, e := demoEnv(t, demo.Options{Without: c.without})
			other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
			other.Exec("CREATE Projects")
			e.sync()
			box := e.mailbox("Projects").ID
			if _, _, err := e.st.AddRemote(t.Context(), box, []store.Incoming{{Raw: mail(0)}}); err != nil {
				t.Fatal(err)
			}
			ids := e.idsOf("Projects")
			if c.lost {
				must(e.st.PendingActions(t.Context(), e.id))(t)
				other.Append("Projects", mail(0))
			} else if done, _ := e.replay(); done != 1 {
				t.Fatal("not put there")
			}
			must(e.st.DeleteMailbox(t.Context(), box, true))(t)
			for range 4 {
				e.sync()
			}
			e.kept("Trash", ids)
			e.done("Trash")
			e.settled()
			if there := listedBoxes(other.Exec(`LIST "" "*"`)); slices.Contains(there, "Projects") {
				t.Errorf("the server has %v", there)
			}
			if l := must(e.st.Conflicts(t.Context(), 0))(t); len(l) != 0 {
				t.Errorf("journal %+v", l)
			}
		})
	}
}
