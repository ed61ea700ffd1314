package message

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// reportOf makes a report of the fields of its second part.
func reportOf(fields, returned string) []byte {
	return []byte(strings.ReplaceAll("From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"+
		fields+"\n--b\n"+returned+"\n--b--\n", "\n", "\r\n"))
}

const returnedHeader = "Content-Type: text/rfc822-headers\n\nMessage-ID: <m1@example.org>\nSubject: x\n"

func TestReport(t *testing.T) {
	bob := Reported{Final: "bob@example.net", Action: ActionFailed, Status: "5.1.1"}
	with := func(change func(*Reported)) Reported { r := bob; change(&r); return r }
	for _, c := range []struct {
		name, fields, returned string
		want                   Report
	}{
		{"as RFC 3464 has it",
			"Original-Envelope-Id: QQ314159\nReporting-MTA: dns; mx.example.net\n\nOriginal-Recipient: rfc822;Bob@Example.net\nFinal-Recipient: rfc822; bob@example.net\n" +
				"Action: failed\nStatus: 5.1.1 (bad mailbox)\nRemote-MTA: dns; inner.example.net\nDiagnostic-Code: smtp; 550 5.1.1 no such\n user\n", returnedHeader,
			Report{EnvID: "QQ314159", Reporter: "mx.example.net", MessageID: "<m1@example.org>", Recipients: []Reported{{Original: "Bob@Example.net",
				Final: "bob@example.net", Action: ActionFailed, Status: "5.1.1", Remote: "inner.example.net", Diagnostic: "550 5.1.1 no such user"}}}},
		{"xtext, whole message returned, delayed",
			"Original-Envelope-Id: a+2Bb+3Dc\nReporting-MTA: dns;mx\n\nFinal-Recipient: RFC822;bob@example.net\nAction: Delayed\nStatus: 4.4.1\n",
			"Content-Type: message/rfc822\n\nMessage-ID: <m2@example.org>\nSubject: y\n\nbody\n",
			Report{EnvID: "a+b=c", Reporter: "mx", MessageID: "<m2@example.org>", Recipients: []Reported{
				with(func(r *Reported) { r.Action, r.Status = ActionDelayed, "4.4.1" })}}},
		{"several recipients, every action",
			"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822;a@x.example\nAction: delivered\nStatus: 2.1.5\n\nFinal-Recipient: rfc822;b@x.example\nAction: relayed\n\n\n\n" +
				"Final-Recipient: rfc822;c@x.example\nAction: expanded\n", returnedHeader,
			Report{Reporter: "mx", MessageID: "<m1@example.org>", Recipients: []Reported{
				{Final: "a@x.example", Action: ActionDelivered, Status: "2.1.5"}, {Final: "b@x.example", Action: ActionRelayed}, {Final: "c@x.example", Action: ActionExpanded}}}},
		{"no empty lines at all",
			"Reporting-MTA: dns; mx\nFinal-Recipient: rfc822;a@x.example\nAction: failed\nStatus: 5.0.0\nFinal-Recipient: rfc822;b@x.example\nAction: delayed\nOriginal-Recipient: rfc822;c@x.example\nFinal-Recipient: rfc822;c@x.example\nAction: failed\n", "",
			Report{Reporter: "mx", Recipients: []Reported{{Final: "a@x.example", Action: ActionFailed, Status: "5.0.0"}, {Final: "b@x.example", Action: ActionDelayed},
				{Original: "c@x.example", Final: "c@x.example", Action: ActionFailed}}}},
		{"empty lines within a recipient, the action before the address",
			"\n\nAction: failed\n\nFinal-Recipient: <bob@example.net>\n\nStatus: 5.1.1\n", "",
			Report{Recipients: []Reported{bob}}},
		{"CR CR LF", "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822;bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n", returnedHeader,
			Report{Reporter: "mx", MessageID: "<m1@example.org>", Recipients: []Reported{bob}}},
		{"bare CR", "Reporting-MTA: dns; mx\r\rFinal-Recipient: rfc822;bob@example.net\rAction: failed\rStatus: 5.1.1\r", "",
			Report{Reporter: "mx", Recipients: []Reported{bob}}},
		{"no action but a permanent failure", "Final-Recipient: bob@example.net\nStatus: 5.1.1\n", "", Report{Recipients: []Reported{bob}}},
		{"an address beyond ASCII (RFC 6533)",
			"Reporting-MTA: dns; mx\n\nOriginal-Recipient: utf-8;J\\x{F6}rg@b\\x{FC}cher.example\nFinal-Recipient: utf-8; jörg@bücher.example\nAction: failed\n", "",
			Report{Reporter: "mx", Recipients: []Reported{{Original: "Jörg@bücher.example", Final: "jörg@bücher.example", Action: ActionFailed}}}},
		{"global headers", "Final-Recipient: rfc822;bob@example.net\nAction: failed\nStatus: 5.1.1\n", "Content-Type: message/global-headers\n\nMessage-ID: <ü@example.org>\n",
			Report{MessageID: "<ü@example.org>", Recipients: []Reported{bob}}},
		{"nonsense in the values",
			"Original-Envelope-Id: +ZZ\nFinal-Recipient: rfc822;bob@example.net\nAction: failed\nStatus: 5.1.1.1\nDiagnostic-Code: \x1b[31m; \xff\n", "",
			Report{EnvID: "+ZZ", Recipients: []Reported{with(func(r *Reported) { r.Status, r.Diagnostic = "", "\x1b[31m; ÿ" })}}},
	} {
		got := Parse(reportOf(c.fields, c.returned)).Report()
		if got == nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// TestReportGlobal: message/global-delivery-status in quoted-printable, behind a footer that a list has added.
func TestReportGlobal(t *testing.T) {
	inner := strings.NewReplacer("message/delivery-status\r\n", "message/global-delivery-status\r\nContent-Transfer-Encoding: quoted-printable\r\n",
		"report-type=delivery-status", "report-type=Global-Delivery-Status").Replace(
		string(reportOf("Final-Recipient: utf-8; j=C3=B6rg@x.example\nAction: failed\n", returnedHeader)))
	_, inner, _ = strings.Cut(inner, "MIME-Version: 1.0\r\n")
	raw := "Subject: [list] Undelivered\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n" + inner + "\r\n--outer\r\n\r\na footer\r\n--outer--\r\n"
	got := Parse([]byte(raw)).Report()
	want := Report{MessageID: "<m1@example.org>", Recipients: []Reported{{Final: "jörg@x.example", Action: ActionFailed}}}
	if got == nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v", got)
	}
}

// TestNoReport: what is none is not read as one.
func TestNoReport(t *testing.T) {
	bounce := reportOf("Final-Recipient: rfc822;bob@example.net\nAction: failed\n", returnedHeader)
	as := func(old, new string) []byte { return bytes.Replace(bounce, []byte(old), []byte(new), 1) }
	for name, raw := range map[string][]byte{
		"a read receipt":        as("report-type=delivery-status", "report-type=disposition-notification"),
		"a complaint":           as("report-type=delivery-status", "report-type=feedback-report"),
		"an unknown action":     as("Action: failed", "Action: deliverable"),
		"no recipient":          as("Final-Recipient", "X-Recipient"),
		"no action, no status":  as("Action: failed", "X-Action: failed"),
		"a text about it":       as("Content-Type: message/delivery-status", "Content-Type: text/plain"),
		"a bounce forwarded":    append([]byte("Subject: Fwd\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"), append(bounce, "\r\n--o--\r\n"...)...),
		"a header alone":        bounce[:200],
		"qmail's":               []byte("Subject: failure notice\r\n\r\nHi. This is the qmail-send program.\r\n<bob@example.net>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nMessage-ID: <m1@example.org>\r\n"),
		"nothing":               nil,
		"a status without more": []byte("Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822;bob@example.net\r\nAction: failed\r\n"),
	} {
		if r := Parse(raw).Report(); r != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if ParseHeader(bounce).Report() != nil {
		t.Error("a report was read from a header")
	}
}

// TestReportIsBounded: no more is kept than limits say, whatever is sent.
func TestReportIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3 * maxReported {
		fmt.Fprintf(&b, "Final-Recipient: rfc822;u%d@example.net\nAction: failed\nDiagnostic-Code: smtp; %s\n\n", i, strings.Repeat("ü", 300))
	}
	r := Parse(reportOf(b.String(), "")).Report()
	if len(r.Recipients) != maxReported || r.Recipients[0].Final != "u0@example.net" {
		t.Errorf("%d recipients", len(r.Recipients))
	}
	r = Parse(reportOf("Final-Recipient: rfc822;a@b\nAction: failed\nDiagnostic-Code: smtp; "+strings.Repeat("ü", maxReportText)+"\n", "")).Report()
	if n := len(r.Recipients[0].Diagnostic); n > maxReportText || n < maxReportText-20 {
		t.Errorf("%d octets of words", n)
	}
}

func TestSameAddr(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"bob@example.net", "Bob@EXAMPLE.net", true},
		{`"bob"@example.net`, "bob@example.net", true},
		{"jörg@bücher.example", "JÖRG@xn--bcher-kva.example", true},
		{"bob@example.net.", "bob@example.net", true},
		{"bob@example.net", "bob@example.org", false},
		{"bob@example.net", "rob@example.net", false},
		{"bob", "bob", false},
		{"@", "@", false},
		{"", "", false},
	} {
		if got := SameAddr(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func TestUndoXText(t *testing.T) {
	for in, want := range map[string]string{"a+2Bb": "a+b", "+C3+BC": "ü", "+FF": "+FF", "a+2b": "a+2b", "a+": "a+", "": "", "plain": "plain"} {
		if got := UndoXText(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}

// TestReportCorpus reads the bounces of many servers that lie beside the project, when they do. What
// has the fields of RFC 3464 in a message of parts must be understood, with all its recipients;
// what has not must not be.
func TestReportCorpus(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "corpus")
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Join("..", dir) // a clone one folder deeper
	}
	field := regexp.MustCompile(`(?im)^(final-recipient|original-recipient)[ \t]*:.*@`)
	action := regexp.MustCompile(`(?im)^action[ \t]*:[ \t]*(failed|delayed|delivered|relayed|expanded|expired)\b`)
	kind := regexp.MustCompile(`(?im)^content-type:[ \t]*message/delivery-status`)
	multipart := regexp.MustCompile(`(?i)^content-type:[ \t]*multipart/`)
	reports, understood, withID := 0, 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		lines := bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
		head, _, _ := bytes.Cut(bytes.TrimLeft(lines, "\n"), []byte("\n\n"))
		is := field.Match(lines) && action.Match(lines) && kind.Match(lines) && multipart.Match(findLine(head, "content-type:"))
		got := Parse(raw).Report()
		if is {
			reports++
		}
		if got == nil {
			if is && notReport(name) == "" {
				t.Errorf("%s is not understood", name)
			}
			return nil
		}
		understood++
		if got.MessageID != "" {
			withID++
		}
		if !kind.Match(lines) {
			t.Errorf("%s is no report: %+v", name, got)
		}
		for _, r := range got.Recipients {
			addr := r.Original + r.Final
			if addr == "" || strings.ContainsAny(addr, "<>;\n") || r.Action == "" ||
				r.Action == ActionFailed && strings.HasPrefix(r.Status, "2") || strings.HasPrefix(strings.ToLower(r.Diagnostic), "smtp;") {
				t.Errorf("%s: %+v", name, r)
			}
		}
		return nil
	})
	if os.IsNotExist(err) {
		t.Skip("no corpus beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files have the fields of a report, %d are understood as one, %d of them name the Message-ID", reports, understood, withID)
}

// notReport says why a file with the fields of a report is not read as one.
func notReport(name string) string {
	switch {
	case strings.Contains(name, "lhost-x5-01"), name == "UnitTests__TestData__mbox__content-length.mbox.txt":
		return "a report attached to another message"
	case strings.Contains(name, "rfc3464-35"):
		return "a blank before the boundary hides the part"
	}
	return ""
}

// findLine is the first line with that prefix (lower case).
func findLine(head []byte, prefix string) []byte {
	for line := range bytes.Lines(head) {
		if bytes.HasPrefix(bytes.ToLower(line), []byte(prefix)) {
			return line
		}
	}
	return nil
}
