package imap_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mua/account/demo"
	"mua/store"
)

// TestMoveBegunIsNotDoubled: a move on a server without MOVE whose COPY was carried out and not answered. Whatever has
// happened here since, the message is on the server once, where it was wished.
func TestMoveBegunIsNotDoubled(t *testing.T) {
	type world struct {
		*env
		srv     *demo.Servers
		id      []store.MessageID
		archive store.Mailbox
		uid     uint32 // of the copy
	}
	pulled := func(w *world) store.MessageID { // by a pull that was killed then
		ids, added, err := w.st.AddRemote(w.t.Context(), w.archive.ID, []store.Incoming{{UID: w.uid, Raw: mail(1)}})
		if err != nil || added != 1 {
			w.t.Fatal(added, err)
		}
		return ids[0]
	}
	for _, c := range []struct {
		name  string
		since func(*world)
		want  []string // in the Archive, with flags
		here  bool     // the message has its id
	}{
		{"deleted for good", func(w *world) {
			for range 2 {
				must(w.st.Trash(w.t.Context(), w.id))(w.t)
			}
		}, []string{"there before []"}, false},
		{"pulled", func(w *world) { pulled(w) }, []string{"1 []", "there before []"}, true},
		{"pulled, and flagged by either name", func(w *world) {
			other := []store.MessageID{pulled(w)}
			must(w.st.MarkFlags(w.t.Context(), other, store.FlagChange{Add: store.Flagged}))(w.t)
			must(w.st.MarkFlags(w.t.Context(), w.id, store.FlagChange{Add: store.Seen}))(w.t)
		}, []string{"1 [seen flagged]", "there before []"}, true},
		{"pulled, and moved on", func(w *world) {
			pulled(w)
			must(w.st.Move(w.t.Context(), w.id, w.mailbox("Trash").ID))(w.t)
		}, []string{"there before []"}, true},
		{"numbered anew", func(w *world) {
			if err := w.srv.Renumber("Archive"); err != nil {
				w.t.Fatal(err)
			}
		}, []string{"1 []", "there before []"}, true},
		{"not done, and numbered anew", func(w *world) { // what is there is another copy
			if err := w.srv.Expunge("Archive", w.uid); err != nil {
				w.t.Fatal(err)
			}
			if err := w.srv.Renumber("Archive"); err != nil {
				w.t.Fatal(err)
			}
		}, []string{"1 []", "there before []"}, true},
		{"pulled, and both numbered anew", func(w *world) {
			pulled(w)
			for _, m := range []string{"INBOX", "Archive"} {
				if err := w.srv.Renumber(m); err != nil {
					w.t.Fatal(err)
				}
			}
		}, []string{"1 []", "there before []"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv, e := demoEnv(t, demo.Options{Without: []string{"MOVE", "UIDPLUS"}})
			e.o.Settle = time.Millisecond
			srv.Deliver("INBOX", mail(1))
			srv.Deliver("Archive", mail(1)) // the same, another copy
			e.sync()
			w := &world{env: e, srv: srv, id: e.ids("INBOX", 1), archive: e.mailbox("Archive")}
			before := e.rows("Archive")[0].ID
			must(e.st.Move(t.Context(), w.id, w.archive.ID))(t)
			if a := must(e.st.PendingActions(t.Context(), e.id))(t); len(a) != 1 {
				t.Fatalf("%+v", a)
			}
			srv.Deliver("Archive", mail(1)) // it was done, and the connection lost
			w.uid = srv.List("Archive")[1].UID
			c.since(w)
			for range 4 {
				e.sync()
			}
			e.settled()
			if n := len(srv.List("INBOX")); n != 0 {
				t.Errorf("INBOX has %d", n)
			}
			var got []string
			for _, r := range e.rows("Archive") {
				name := "1"
				if r.ID == before {
					name = "there before"
				}
				got = append(got, fmt.Sprint(name, " ", r.Flags.Names()))
			}
			slices.Sort(got)
			if fmt.Sprint(got) != fmt.Sprint(c.want) || len(srv.List("Archive")) != len(c.want) {
				t.Errorf("Archive has %q, and %d on the server; not %q", got, len(srv.List("Archive")), c.want)
			}
			r, err := e.st.Row(t.Context(), w.id[0])
			if (err == nil) != c.here || len(r.Pending) != 0 {
				t.Errorf("%+v: %v", r, err)
			}
			if list := must(e.st.Conflicts(t.Context(), 0))(t); len(list) != 0 {
				t.Errorf("conflicts: %+v", list)
			}
		})
	}
}
