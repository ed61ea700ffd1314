package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/account/imap"
	"mua/account/realservers"
	"mua/store/query"
)

// search asks the server and gives the subjects of what it finds, as the store checks them.
func (e *env) search(q string, limit int) (subjects []string, warnings []string) {
	e.t.Helper()
	tree, err := query.Parse(q, time.Now())
	if err != nil {
		e.t.Fatal(err)
	}
	s := e.open()
	defer s.Close()
	hits, warnings, err := s.Search(e.t.Context(), tree, limit)
	if err != nil {
		e.t.Fatalf("%s: %v", q, err)
	}
	subjects = e.subjects(hits)
	return subjects, warnings
}

func (e *env) subjects(hits []imap.Hits) (out []string) {
	e.t.Helper()
	for _, h := range hits {
		rows, err := e.st.Among(e.t.Context(), h.Messages, h.Check)
		if err != nil {
			e.t.Fatal(err)
		}
		for _, r := range rows {
			out = append(out, r.Subject)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func letter(subject, body string) []byte {
	return []byte(fmt.Sprintf("From: Ada <ada@example.org>\r\nSubject: %s\r\nMessage-ID: <%s@gen.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		subject, strings.ReplaceAll(subject, " ", "."), body))
}

func searchStory(t *testing.T, e *env, lists string, deliver func(mailbox string, raw []byte)) {
	deliver("INBOX", letter("one", "put the kettle on"))
	deliver("INBOX", letter("two", "Grüße aus Köln, 会议 tomorrow"))
	deliver(lists, letter("three", `the kettle said "no" \ {5}`))
	e.acct.Offline = []account.OfflineRule{{Pattern: "*"}}
	e.acct.Mailboxes = []string{"*", "!Lists/*"}
	e.sync()
	deliver(lists, letter("four", "kettle again"))
	deliver("INBOX", letter("five", "a new kettle, not synchronised yet"))
	for _, c := range []struct {
		q    string
		want string
	}{
		{"kettle", "five four one three"},
		{"kettle in:inbox", "five one"},
		{"kettle -subject:one -in:" + lists, "five"},
		{"köln", "two"},
		{"会议", "two"},
		{`body:"said \"`, ""},
		{"Grüße OR again", "four two"},
		{"from:ada is:unread newer:1d kettle subject:three", "three"},
		{"kettle has:attachment", ""},
		{"kettle larger:1M", ""},
		{"nothingofthekind", ""},
	} {
		if got, warnings := e.search(c.q, 50); strings.Join(got, " ") != c.want || len(warnings) != 0 {
			t.Errorf("%s: %v, want %s (%q)", c.q, got, c.want, warnings)
		}
	}
	if got, _ := e.search("kettle", 1); strings.Join(got, " ") != "five four" {
		t.Errorf("not the newest of each mailbox: %v", got)
	}
	e.wantWhole(lists, 0, 2) // headers only came
	e.acct.Mailboxes, e.acct.Offline = nil, nil
	e.sync() // what the search brought is not fetched twice, nor lost
	e.wantWhole(lists, 2, 2)
	e.wantWhole("INBOX", 3, 3)
	if p := e.sync(); p.New+p.Changed+p.Removed != 0 {
		t.Errorf("%+v", p)
	}
}

func TestSearch(t *testing.T) {
	for name, without := range map[string][]string{"ESEARCH": nil, "plain": {"ESEARCH"}} {
		t.Run(name, func(t *testing.T) {
			srv, e := demoEnv(t, demo.Options{Without: without})
			searchStory(t, e, "Lists/go", func(mailbox string, raw []byte) { srv.Deliver(mailbox, raw) })
		})
	}
}

func TestDovecotSearch(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	c := d.Client(t, user)
	c.Exec("CREATE Lists.go")
	searchStory(t, dovecotEnv(t, d, user, "imaps"), "Lists.go", func(mailbox string, raw []byte) { c.Append(mailbox, raw) })
}

func TestSearchAfterRenumbering(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", letter("one", "kettle"))
	srv.Deliver("Archive", letter("two", "kettle"))
	e.sync()
	if err := srv.Renumber("INBOX"); err != nil {
		t.Fatal(err)
	}
	got, warnings := e.search("kettle", 50)
	if strings.Join(got, " ") != "two" || len(warnings) != 1 || !strings.Contains(warnings[0], "INBOX was not searched") {
		t.Errorf("%v, %q", got, warnings)
	}
	if n := len(e.rows("INBOX")); n != 1 {
		t.Errorf("%d rows", n)
	}
}
