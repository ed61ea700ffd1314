package trial

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"mua/account/demo"
)

// try runs one command line in this process, whatever its status.
func (b *box) try(args ...string) (status int, out string) {
	b.t.Helper()
	var stdout, talk bytes.Buffer
	argv := append([]string{"mua", "--config", b.config, "--data", b.data}, args...)
	status = run(context.Background(), argv, stdio{in: strings.NewReader(""), out: &stdout, err: &talk})
	return status, stdout.String()
}

// TestUnsentIsNowhereElse: between spooling and acceptance, whatever keeps a message from going, it is shown in the
// outbox and nowhere else, and the server's Sent holds nothing and hears of nothing, however often actions
// are replayed. What the server accepts is in Sent here at once, without a network too, and on the
// server once, after however many replays; then alone does what it answers say so.
func TestUnsentIsNowhereElse(t *testing.T) {
	t.Parallel()
	all := func(a demo.Answer) demo.SMTPFaults { return demo.SMTPFaults{Rcpt: map[string]*demo.Answer{"*": &a}} }
	for _, c := range []struct {
		name   string
		faults demo.SMTPFaults
		flags  []string // of mua send
		then   []string // mua outbox … ID, after spooling
		state  string   // while it is kept; "" for one that is done
		free   []string // mua outbox … ID, so that it goes
	}{
		{"server busy", demo.SMTPFaults{Greeting: &demo.Answer{Code: 421, Text: "4.3.2 busy"}}, nil, nil, "queued", nil},
		{"login refused", demo.SMTPFaults{Login: &demo.Answer{Code: 535, Text: "5.7.8 no"}}, nil, nil, "queued", nil},
		{"deferred", all(demo.Answer{Code: 451, Text: "4.7.1 greylisted"}), nil, nil, "queued", []string{"retry"}},
		{"lost after the dot", demo.SMTPFaults{Dot: &demo.Answer{When: demo.CloseBefore}}, nil, nil, "uncertain", []string{"resolve", "--retry"}},
		{"held", demo.SMTPFaults{}, []string{"--queue"}, []string{"hold"}, "held", []string{"release"}},
		{"for later", demo.SMTPFaults{}, []string{"--at", "+2h"}, nil, "queued", []string{"retry"}},
		{"refused", all(demo.Answer{Code: 550, Text: "5.1.1 no"}), nil, nil, "", nil},
		{"cancelled", demo.SMTPFaults{}, []string{"--queue"}, []string{"cancel"}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			servers := startDemo(t)
			b := newBox(t, strings.Replace(servers.ConfigFor("demo", "imaps", "smtps"), "from =", "uncertain = \"ask\"\nfrom =", 1))
			servers.Deliver("INBOX", []byte("From: bob@mua.example\r\nMessage-ID: <question@mua.example>\r\nSubject: question\r\n\r\nWell?\r\n"))
			b.mua(0, "sync")
			servers.SetFaults(demo.Faults{SMTP: c.faults})
			_, id := b.try(append([]string{"send", "-t", "bob@mua.example", "-s", "answer", "--body", "Yes.", "--in-reply-to", "<question@mua.example>"}, c.flags...)...)
			id = strings.TrimSpace(id)
			if len(c.then) > 0 {
				b.mua(0, append([]string{"outbox"}, append(c.then, id)...)...)
			}
			unsent := func(when string) {
				t.Helper()
				if rows := objects(t, b.mua(0, "list", "in:sent", "--json")); len(rows) != 0 {
					t.Errorf("%s: in Sent here: %v", when, rows)
				}
				rows := objects(t, b.mua(0, "outbox", "list", "--json"))
				if kept := c.state != ""; kept && (len(rows) != 1 || rows[0]["state"] != c.state) || !kept && len(rows) > 1 {
					t.Errorf("%s: the outbox lists %v, want %q", when, rows, c.state)
				}
				if n, appends := len(servers.Messages("Sent")), servers.Counts().IMAP.Commands["APPEND"]; n != 0 || c.name != "cancelled" && appends != 0 {
					t.Errorf("%s: %d messages in the server's Sent after %d APPENDs", when, n, appends)
				}
				if in := servers.List("INBOX"); strings.Contains(strings.Join(in[0].Flags, " "), "Answered") {
					t.Errorf("%s: the server's question is answered", when)
				}
			}
			unsent("spooled")
			for range 3 {
				b.try("sync")
				unsent("synced")
			}
			if c.state == "" {
				return
			}
			servers.SetFaults(demo.Faults{IMAP: demo.LineFaults{Login: "[UNAVAILABLE] later"}}) // for IMAP there is no network yet
			if len(c.free) > 0 {
				b.mua(0, append([]string{"outbox"}, append(c.free, id)...)...)
			}
			b.mua(0, "outbox", "flush")
			if rows := objects(t, b.mua(0, "list", "in:sent", "--json")); len(rows) != 1 || rows[0]["subject"] != "answer" {
				t.Errorf("accepted: in Sent here: %v", rows)
			}
			if out := b.mua(0, "outbox", "list"); out != "" {
				t.Errorf("accepted: the outbox lists %s", out)
			}
			servers.SetFaults(demo.Faults{})
			for range 3 {
				b.mua(0, "sync")
			}
			sent, appends := servers.Messages("Sent"), servers.Counts().IMAP.Commands["APPEND"]
			if len(sent) != 1 || appends != 1 || len(servers.Accepted()) != 1 {
				t.Errorf("accepted %d times: %d messages in the server's Sent after %d APPENDs", len(servers.Accepted()), len(sent), appends)
			}
			if rows := objects(t, b.mua(0, "list", "in:sent", "--json")); len(rows) != 1 {
				t.Errorf("in the end: in Sent here: %v", rows)
			}
			if in := servers.List("INBOX"); !strings.Contains(strings.Join(in[0].Flags, " "), "Answered") {
				t.Errorf("in the end the server's question has the flags %v", in[0].Flags)
			}
		})
	}
}
