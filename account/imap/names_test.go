package imap_test

import (
	"slices"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/account/realservers"
	"mua/store"
)

// TestNamesBeforeARenameIsCarriedOut: what is called otherwise here than on the server is watched, pulled, searched and read
// by its name there, also where another mailbox there has the name that it has here.
func TestNamesBeforeARenameIsCarriedOut(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
	for _, name := range []string{"Old", "Taken", "Free"} {
		other.Exec("CREATE " + name)
	}
	srv.Deliver("Old", letter("before", "put the kettle on"))
	srv.Deliver("Taken", letter("another", "put the kettle on"))
	e.acct.Offline = []account.OfflineRule{{Pattern: "*"}} // headers only
	e.sync()
	ctx := t.Context()
	must(e.st.RenameMailbox(ctx, e.mailbox("Taken").ID, "Elsewhere"))(t)
	must(e.st.RenameMailbox(ctx, e.mailbox("Old").ID, "Taken"))(t)
	srv.Deliver("Old", letter("after", "put the kettle on"))

	s := e.open() // carries out nothing
	if news, err := s.Idle(ctx, "Taken", time.Minute, nil); err != nil || !news {
		t.Errorf("watched: %v, %v", news, err)
	}
	if p, err := s.Pull(ctx, []string{"Taken"}); err != nil || p.New != 1 {
		t.Errorf("pulled: %+v, %v", p, err)
	}
	e.row("Taken", "after")
	if p, err := s.Pull(ctx, []string{"Old"}); err != nil || p.New != 0 { // its name there
		t.Errorf("pulled by the other name: %+v, %v", p, err)
	}
	found, warnings := e.search("kettle in:Taken", 0)
	if len(warnings) != 0 || len(found) != 2 || found[0] != "after" || found[1] != "before" {
		t.Errorf("found %q, %q", found, warnings)
	}
	list := must(e.st.RemoteBodies(ctx, []store.MessageID{e.row("Taken", "before").ID}))(t)
	if n, left, err := s.FetchBodies(ctx, list); n != 1 || err != nil {
		t.Errorf("%d of %+v fetched, %v, %v", n, list, left, err)
	}
	must(e.st.CreateMailbox(ctx, e.id, "New", true))(t)
	if _, err := s.Pull(ctx, []string{"New"}); err == nil {
		t.Error("what is still to be made was pulled")
	}
	if _, warnings := e.search("kettle", 0); len(warnings) != 0 {
		t.Errorf("searched where nothing is yet: %q", warnings)
	}
	for range 2 {
		e.sync()
	}
	e.row("Taken", "before")
	e.row("Elsewhere", "another")
	e.settled()
}

// TestNameTakenByAnotherBeforeARename: a mailbox is renamed, or deleted, here; before the server hears of that, another client
// has deleted it and given its name to another one. That keeps its name and its messages, and the journal tells.
func TestNameTakenByAnotherBeforeARename(t *testing.T) {
	for name, wish := range map[string]func(e *env, id store.MailboxID) error{
		"rename": func(e *env, id store.MailboxID) error {
			_, err := e.st.RenameMailbox(t.Context(), id, "Mine")
			return err
		},
		"delete": func(e *env, id store.MailboxID) error {
			_, err := e.st.DeleteMailbox(t.Context(), id, true)
			return err
		},
		"rename, and another made in its place": func(e *env, id store.MailboxID) error {
			_, err := e.st.RenameMailbox(t.Context(), id, "Mine")
			if err == nil {
				_, err = e.st.CreateMailbox(t.Context(), e.id, "Box", true)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv, e := demoEnv(t, demo.Options{})
			other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
			other.Exec("CREATE Box")
			other.Exec("CREATE Next")
			srv.Deliver("Box", mail(1))
			srv.Deliver("Next", mail(2))
			e.sync()
			next := e.mailbox("Next").ID
			if err := wish(e, e.mailbox("Box").ID); err != nil {
				t.Fatal(err)
			}
			other.Exec("DELETE Box")
			other.Exec("RENAME Next Box")
			for range 2 {
				e.sync()
			}
			if m := e.mailbox("Box"); m.ID != next {
				t.Errorf("%+v", m)
			}
			e.row("Box", "message 2")
			if names := srv.Mailboxes(); !slices.Contains(names, "Box") || slices.Contains(names, "Mine") || len(srv.List("Box")) != 1 {
				t.Errorf("on the server: %v, %d in Box", names, len(srv.List("Box")))
			}
			e.settled()
		})
	}
}
