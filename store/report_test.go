package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mua/store/message"
)

// bounce is a delivery report: fields of a recipient each.
func bounce(n int, envid, headerID string, recipients ...string) []byte {
	top := "Reporting-MTA: dns; mx.example.net\n"
	if envid != "" {
		top = "Original-Envelope-Id: " + envid + "\n" + top
	}
	s := fmt.Sprintf("Received: from x by y; Sun, 22 Nov 2026 10:00:00 +0000\nFrom: MAILER-DAEMON@mx.example.net\nTo: ada@example.org\nSubject: Undelivered\nMessage-ID: <bounce%d@mx.example.net>\n"+
		"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n%s\n%s\n--b\n"+
		"Content-Type: text/rfc822-headers\n\nMessage-ID: %s\nSubject: hi\n\n--b--\n", n, top, strings.Join(recipients, "\n"), headerID)
	return []byte(strings.ReplaceAll(s, "\n", "\r\n"))
}

func failedFor(addr string) string {
	return "Final-Recipient: rfc822; " + addr + "\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
}

// sentItem is an item that a server has accepted for all.
func (w *world) sentItem(n int, to string) Item {
	w.Helper()
	id := w.spool(w.request(n, to))
	_, at := w.claim(id)
	ok(w, w.DotPending(w.ctx, at))
	states := []RecipientState{Accepted, Accepted}
	w.end(at, Sent, states[:len(strings.Fields(to))]...)
	return w.item(id)
}

// tell says in short what reports an item has.
func tell(list []Report) string {
	var out []string
	for _, r := range list {
		s := strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", r.Reporter, r.Action, r.Addr, r.Status, r.Diagnostic))
		if r.Final != "" {
			s += " for " + r.Final
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestReportsFindTheirItem(t *testing.T) {
	const failedBob = "mx.example.net failed bob@example.net 5.1.1 550 5.1.1 no such user"
	both, bob := bobAndEve, "bob@example.net"
	for i, c := range []struct {
		name, to string
		envid    func(Item) string
		headerID string // "": the item's
		fields   []string
		want     string
	}{
		{"by ENVID and recipient", both, envID, "<other@x>", []string{failedFor("bob@example.net")}, failedBob},
		{"by Message-ID and recipient, case apart", both, nil, "", []string{failedFor("BOB@Example.NET")}, failedBob},
		{"an unknown ENVID: a server has put its own", both, func(Item) string { return "0NFC009FLK" }, "", []string{failedFor("bob@example.net")}, failedBob},
		{"by the original recipient", both, nil, "", []string{"Original-Recipient: rfc822;bob@example.net\n" + failedFor("b.jones@inner.example")},
			"mx.example.net failed bob@example.net 5.1.1 550 5.1.1 no such user for b.jones@inner.example"},
		{"both recipients, one delayed", both, nil, "", []string{failedFor("bob@example.net"), "Final-Recipient: rfc822;eve@example.net\nAction: delayed\nStatus: 4.4.1\n"},
			failedBob + "; mx.example.net delayed eve@example.net 4.4.1"},
		{"delivered", bob, envID, "", []string{"Final-Recipient: rfc822;bob@example.net\nAction: delivered\nStatus: 2.0.0\n"}, "mx.example.net delivered bob@example.net 2.0.0"},
		{"forwarded, one recipient, ENVID", bob, envID, "", []string{failedFor("rob@elsewhere.example")},
			"mx.example.net failed bob@example.net 5.1.1 550 5.1.1 no such user for rob@elsewhere.example"},
		{"controls in the words", bob, envID, "", []string{"Final-Recipient: rfc822;bob@example.net\nAction: failed\nDiagnostic-Code: smtp; 550 \x1b[31mno\n"},
			"mx.example.net failed bob@example.net  550 [31mno"},
		{"forwarded, one recipient, Message-ID alone", bob, nil, "", []string{failedFor("rob@elsewhere.example")}, ""},
		{"forwarded, two recipients, ENVID", both, envID, "", []string{failedFor("rob@elsewhere.example")}, ""},
		{"a recipient not ours", both, nil, "", []string{failedFor("mallory@example.net")}, ""},
		{"forged ids", both, func(Item) string { return "forged" }, "<forged@x>", []string{failedFor("bob@example.net")}, ""},
		{"no ids", both, nil, " ", []string{failedFor("bob@example.net")}, ""},
	} {
		w := newWorld(t)
		it := w.sentItem(1, c.to)
		envid, id := "", c.headerID
		if c.envid != nil {
			envid = c.envid(it)
		}
		if id == "" {
			id = it.MessageID
		}
		w.pull(w.inbox, 1, bounce(i, envid, id, c.fields...))
		after := w.item(it.ID)
		if got := tell(after.Reports); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
		after.Reports = nil
		if fmt.Sprint(after) != fmt.Sprint(it) {
			t.Errorf("%s: a claim has changed the item:\n%+v\n%+v", c.name, it, after)
		}
	}
}

func envID(it Item) string { return it.EnvID }

// TestReportComesOnce: the same report in another mailbox, with its body later, or by another path is joined once.
func TestReportComesOnce(t *testing.T) {
	w := newWorld(t)
	it := w.sentItem(1, bobAndEve)
	raw := bounce(1, it.EnvID, it.MessageID, failedFor("bob@example.net"))
	head := raw[:strings.Index(string(raw), "\r\n\r\n")+4]
	expect := func(when string, n int) {
		t.Helper()
		if got := must(w.Reports(w.ctx, it.ID))(t); len(got) != n {
			t.Errorf("%s: %d reports, not %d: %s", when, len(got), n, tell(got))
		}
	}
	ids, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 1, Header: head, Size: int64(len(raw)), Received: w.t}})
	ok(t, err)
	expect("the header alone", 0)
	ok(t, w.SetBodies(w.ctx, []Body{{Message: ids[0], Raw: raw}}))
	expect("with its body", 1)
	w.pull(w.archive, 1, raw)
	expect("in another mailbox", 1)
	_, _, err = w.AddRemote(w.ctx, w.trash, []Incoming{{UID: 1, Header: head, Size: int64(len(raw)), Received: w.t}})
	ok(t, err)
	expect("as a header whose body is here", 1)
	w.pull(w.inbox, 2, append([]byte("Received: from another by path; Sun, 22 Nov 2026 10:00:01 +0000\r\n"), raw...))
	expect("by another path", 1)
	w.pull(w.inbox, 3, bounce(2, it.EnvID, it.MessageID, failedFor("bob@example.net")))
	expect("another report", 2)
	_, _, err = w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 4, Header: bounce(3, "", "")[:300], Size: 1000, Received: w.t}})
	ok(t, err)
	w.pull(w.inbox, 4, bounce(3, it.EnvID, "", failedFor("eve@example.net")))
	expect("a body that comes with a known UID", 3)
}

// TestReportsOfOthersOnly: what did not come from a server as new mail is no report on our mail.
func TestReportsOfOthersOnly(t *testing.T) {
	w := newWorld(t)
	it := w.sentItem(1, bobAndEve)
	unsent := w.item(w.spool(w.request(2, bobAndEve)))
	raw := bounce(1, it.EnvID, it.MessageID, failedFor("bob@example.net"))
	w.pull(w.sent, 1, raw)
	w.pull(w.drafts, 1, raw)
	for _, box := range []MailboxID{w.archive, w.inbox} {
		_, _, err := w.AddRemote(w.ctx, box, []Incoming{{Raw: raw, Received: w.t}}) // an import
		ok(t, err)
	}
	w.pull(w.inbox, 1, bounce(2, unsent.EnvID, unsent.MessageID, failedFor("bob@example.net")))
	for _, id := range []OutboxID{it.ID, unsent.ID} {
		if got := must(w.Reports(w.ctx, id))(t); len(got) != 0 {
			t.Errorf("item %d: %s", id, tell(got))
		}
	}
	pop := must(w.EnsureAccount(w.ctx, "pop"))(t)
	inbox := must(w.RoleMailbox(w.ctx, pop, RoleInbox, true))(t)
	ids, _, err := w.AddRemote(w.ctx, inbox.ID, []Incoming{{UIDL: "a", Raw: raw}})
	ok(t, err)
	if got := must(w.Reports(w.ctx, it.ID))(t); len(got) != 1 || got[0].Message != ids[0] || got[0].Arrived.IsZero() {
		t.Errorf("over POP3: %+v", got)
	}
}

// TestReportOnTheSentMessage: it is found from the copy in Sent, and leads to the report as long as that is here.
func TestReportOnTheSentMessage(t *testing.T) {
	w := newWorld(t)
	it := w.sentItem(1, bobAndEve)
	w.t = w.t.Add(time.Hour)
	report := w.pull(w.inbox, 7, bounce(1, "", it.MessageID, failedFor("eve@example.net"), failedFor("nobody@example.net")))[0]
	sent := must(w.List(w.ctx, ListQuery{Mailbox: w.sent}))(t)[0].ID
	other := w.pull(w.archive, 1, w.request(1, "").Wire)[0]
	for _, id := range []MessageID{sent, other} {
		got := must(w.ReportsOn(w.ctx, id))(t)
		if len(got) != 1 || got[0].Message != report || got[0].Item != it.ID || got[0].Addr != "eve@example.net" || got[0].Action != message.ActionFailed {
			t.Errorf("on %d: %+v", id, got)
		}
	}
	if got := must(w.ReportsOn(w.ctx, report))(t); len(got) != 0 {
		t.Errorf("a report has reports: %+v", got)
	}
	returned := func() int {
		t.Helper()
		list := must(w.Returned(w.ctx))(t)
		if n := must(w.CountReturned(w.ctx))(t); n != len(list) {
			t.Errorf("%d are counted, %d listed", n, len(list))
		}
		return len(list)
	}
	if n := returned(); n != 1 {
		t.Errorf("%d items came back", n)
	}
	must(w.MarkFlags(w.ctx, []MessageID{report}, FlagChange{Add: Seen}))(t)
	if n := returned(); n != 0 {
		t.Errorf("%d items came back whose report was read", n)
	}
	must(w.Trash(w.ctx, []MessageID{report}))(t)
	must(w.Trash(w.ctx, []MessageID{report}))(t)
	if got := must(w.ReportsOn(w.ctx, sent))(t); len(got) != 1 || got[0].Message != 0 {
		t.Errorf("the report is deleted: %+v", got)
	}
	again := w.pull(w.archive, 9, bounce(1, "", it.MessageID, failedFor("eve@example.net"), failedFor("nobody@example.net")))[0]
	if got := must(w.ReportsOn(w.ctx, sent))(t); len(got) != 1 || got[0].Message != again {
		t.Errorf("another copy of it is here: %+v", got)
	}
}

// TestReportsAreBounded: nobody can fill the database through an item's ENVID.
func TestReportsAreBounded(t *testing.T) {
	w := newWorld(t)
	it := w.sentItem(1, "bob@example.net")
	var fields []string
	for i := range 800 {
		fields = append(fields, failedFor(fmt.Sprintf("u%d@example.net", i)))
	}
	w.pull(w.inbox, 1, bounce(1, it.EnvID, "", fields...), bounce(2, it.EnvID, "", fields...))
	if got := must(w.Reports(w.ctx, it.ID))(t); len(got) != maxReports {
		t.Errorf("%d reports", len(got))
	}
}
