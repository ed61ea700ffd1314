package imap_test

import (
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
