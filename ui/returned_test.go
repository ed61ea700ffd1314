package ui

import (
	"fmt"
	"strings"
	"testing"

	"mua/store"
)

// TestReturnedMail: a delivery report that comes is noticed in the status line, told in the outbox and on
// the sent message, until it has been read.
func TestReturnedMail(t *testing.T) {
	r := start(t, setup{samples: true, w: 100, h: 40})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=plans", "Tab", "=text", "Ctrl-X")
	ctx := t.Context()
	c, err := r.st.Claim(ctx, r.acct, 0, "smtp.example")
	if err != nil || c == nil {
		t.Fatal(err, c)
	}
	if err := r.st.DotPending(ctx, c.Attempt); err != nil {
		t.Fatal(err)
	}
	if err := r.st.EndAttempt(ctx, store.AttemptResult{Attempt: c.Attempt, State: store.Sent, Outcome: "accepted for bob@example.org",
		Recipients: []store.RecipientResult{{Addr: "bob@example.org", State: store.Accepted, Code: 250, Text: "ok"}}}); err != nil {
		t.Fatal(err)
	}
	r.until("Sent: plans")
	r.seesNot("returned")
	inbox, err := r.st.RoleMailbox(ctx, r.acct, store.RoleInbox, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.st.AddRemote(ctx, inbox.ID, []store.Incoming{{UID: 9000, Raw: reportFor(c.Item), Received: testNow}}); err != nil {
		t.Fatal(err)
	}
	r.until("✗ 1 returned")
	r.keys("g o")
	r.sees("1 message", "returned", "plans", "15:30:00  report from mx.example.org: could not be delivered to bob@example.org: 550",
		"It is listed here until the report has been read")
	r.seesNot("mua show", "The outbox is empty")
	r.keys("q", "g s", "Enter")
	r.sees("today      15:30  report from mx.example.org: could not be delivered", "(a claim, not proof)")
	r.keys("q", "g i", "Home", "Enter")
	r.sees("Undelivered Mail")
	r.seesNot("✗ 1 returned")
	r.keys("q", "g o")
	r.sees("The outbox is empty")
	r.keys("A")
	r.sees("returned")
}

// reportFor is a delivery report on an item's first recipient.
func reportFor(it store.Item) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf("From: MAILER-DAEMON@mx.example.org\nTo: ada@mua.example\nSubject: Undelivered Mail\nDate: Mon, 23 Nov 2026 15:29:00 +0000\nMessage-ID: <report@mx.example.org>\n"+
		"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"+
		"Original-Envelope-Id: %s\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n",
		it.EnvID, it.Recipients[0].Addr), "\n", "\r\n"))
}
