package imap_test

import (
	"strings"
	"testing"

	"mua/account/imap"
	"mua/store"
)

// TestBadBodyBehindAHeader: bodies that are asked for while headers that looked known are stored, one of which breaks the
// connection, is refused, is left out, or is cut: every other comes, once.
func TestBadBodyBehindAHeader(t *testing.T) {
	for name, what := range map[string]func(c *fakeConn, tag string){
		"unreadable": func(c *fakeConn, _ string) { c.say(`* 70 FETCH (UID 70 BODY[] "open`) },
		"refused":    func(c *fakeConn, tag string) { c.say("%s NO [SERVERBUG] cannot read it", tag) },
		"left out":   func(c *fakeConn, tag string) { c.say("%s OK", tag) },
		"cut":        func(c *fakeConn, _ string) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f, e := newFake(t, &fake{messages: corpus(60)})
			e.sync()
			waits := store.Incoming{Raw: mail(999)} // for its UID: what is new may be it
			if _, _, err := e.st.AddRemote(t.Context(), e.mailbox("INBOX").ID, []store.Incoming{waits}); err != nil {
				t.Fatal(err)
			}
			asked := map[int]int{} // whole
			f.change(func() {
				f.messages = append(f.messages, corpus(90)[60:]...)
				bad := poison(f, 70, func(c *fakeConn, tag, _ string) { what(c, tag) })
				f.on = func(c *fakeConn, tag, command string) bool {
					if bad(c, tag, command) {
						return true
					}
					if args, ok := strings.CutPrefix(command, "UID FETCH "); ok && strings.Contains(args, "[]") {
						set, _, _ := strings.Cut(args, " ")
						for n := range 91 {
							if inSet(set, n, 90) {
								asked[n]++
							}
						}
					}
					return false
				}
			})
			var p imap.Pulled
			var err error
			bounded(t, func() { p, err = e.trySync(t.Context()) })
			if name == "cut" {
				if err == nil {
					t.Error("no error")
				}
				f.change(func() { f.on = nil })
				bounded(t, func() { p, err = e.trySync(t.Context()) })
			}
			if err != nil {
				t.Fatalf("%v; %q", err, p.Warnings)
			}
			bodies := map[string]int{}
			for _, r := range e.rows("INBOX") {
				if r.HasBody {
					bodies[r.Subject]++
				}
			}
			want := 90 // with the one that waits
			if name == "cut" {
				want++
			}
			if len(bodies) != want {
				t.Errorf("%d bodies, not %d; %q", len(bodies), want, p.Warnings)
			}
			for subject, n := range bodies {
				if n != 1 {
					t.Errorf("%s is there %d times", subject, n)
				}
			}
			for uid, n := range asked {
				if n > 1 {
					t.Errorf("UID %d came whole %d times", uid, n)
				}
			}
		})
	}
}
