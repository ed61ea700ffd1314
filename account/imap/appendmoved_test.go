package imap_test

import (
	"testing"
	"time"

	"mua/account/demo"
	"mua/store"
)

// TestAppendThatAnotherClientMovedOn: an APPEND was not answered, and another client has moved the message on before we look
// for it. It is not uploaded again, and is the same message, where it is now or where the person wants it since. What only
// looks like it, or may be another copy, is not taken for it.
func TestAppendThatAnotherClientMovedOn(t *testing.T) {
	ours := mail(1)
	like := append([]byte{}, ours...)
	like[len(like)-3] ^= 1 // as long, with the same header
	for _, c := range []struct {
		name     string
		before   func(srv *demo.Servers) // the first pull
		since    func(e *env, id store.MessageID)
		in       []byte // what is in Archive then
		now      string // where the person sees it
		uploaded int
	}{
		{"moved on", nil, nil, ours, "Archive", 0},
		{"wished elsewhere since", nil, func(e *env, id store.MessageID) {
			must(e.st.Trash(t.Context(), []store.MessageID{id}))(t)
		}, ours, "Trash", 0},
		{"another with the same header", nil, nil, like, "INBOX", 1},
		{"another copy of it is here", func(srv *demo.Servers) { srv.Deliver("Sent", ours) }, nil, ours, "INBOX", 1},
		{"it was there before", func(srv *demo.Servers) { srv.Deliver("Archive", ours) }, nil, mail(91), "INBOX", 1},
	} {
		for name, without := range map[string][]string{"": nil, " without UIDPLUS": {"UIDPLUS", "LIST-STATUS"}} {
			t.Run(c.name+name, func(t *testing.T) {
				srv, e := demoEnv(t, demo.Options{Without: without})
				srv.Deliver("Archive", mail(90))
				if c.before != nil {
					c.before(srv)
				}
				e.sync()
				ids, _, err := e.st.AddRemote(t.Context(), e.mailbox("INBOX").ID, []store.Incoming{{Raw: ours}})
				if err != nil {
					t.Fatal(err)
				}
				if a := must(e.st.PendingActions(t.Context(), e.id))(t); len(a) != 1 || a[0].Kind != store.ActionAppend {
					t.Fatalf("%+v", a)
				}
				if c.since != nil {
					c.since(e, ids[0])
				}
				srv.Deliver("Archive", c.in)
				total := func() (n int) {
					for _, b := range []string{"INBOX", "Archive", "Sent", "Trash"} {
						n += len(srv.List(b))
					}
					return n
				}
				there := total()
				e.o.Settle = time.Millisecond
				for range 3 {
					e.sync()
				}
				if n := total() - there; n != c.uploaded {
					t.Errorf("%d uploaded", n)
				}
				if r := must(e.st.Row(t.Context(), ids[0]))(t); r.MailboxName != c.now || len(r.Pending) != 0 {
					t.Errorf("%s, %v", r.MailboxName, r.Pending)
				}
				e.settled()
			})
		}
	}
}
