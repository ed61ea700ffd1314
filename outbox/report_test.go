package outbox

import (
	"strings"
	"testing"
	"time"

	"mua/store"
	"mua/store/message"
)

func TestReportsInTheStory(t *testing.T) {
	at := func(min int) time.Time { return time.Date(2026, 11, 22, 12, min, 0, 0, time.Local) }
	it := mailTo("bob", "carol")
	it.ID, it.AccountName, it.State, it.Created, it.Size, it.MessageID = 7, "work", store.Sent, at(0), 300, "<1@example.org>"
	it.Recipients[0].State, it.Recipients[1].State = store.Accepted, store.Accepted
	delayed := store.Report{Message: 40, Addr: "bob@example.org", Action: message.ActionDelayed, Status: "4.4.1", Reporter: "mx.example.org", Arrived: at(2)}
	failed := store.Report{Message: 41, Addr: "bob@example.org", Action: message.ActionFailed, Status: "5.1.1", Diagnostic: "550 5.1.1 no such user", Reporter: "mx.example.org", Arrived: at(6)}
	delivered := store.Report{Addr: "carol@example.org", Action: message.ActionDelivered, Status: "2.1.5", Diagnostic: "250 ok", Arrived: at(7)}
	attempts := []store.Attempt{
		{ID: 1, Started: at(1), Ended: at(1), Host: "smtp.example.org", Outcome: "accepted for bob@example.org"},
		{ID: 2, Started: at(5), Ended: at(5), Host: "smtp.example.org", Outcome: "accepted for carol@example.org"},
	}
	it.Reports = []store.Report{delayed, failed, delivered}
	want := `2026-11-22 12:00:00  spooled for 2 recipients, 300 octets, <1@example.org>
2026-11-22 12:01:00  tried smtp.example.org: accepted for bob@example.org
2026-11-22 12:02:00  report from mx.example.org: not yet delivered to bob@example.org, still being tried: 4.4.1 (a claim, not proof) → mua show 40
2026-11-22 12:05:00  tried smtp.example.org: accepted for carol@example.org
2026-11-22 12:06:00  report from mx.example.org: could not be delivered to bob@example.org: 550 5.1.1 no such user (a claim, not proof) → mua show 41
2026-11-22 12:07:00  report: delivered to carol@example.org (a claim, not proof)
now                  accepted for bob@example.org and carol@example.org; but a report from mx.example.org: could not be delivered to bob@example.org: 550 5.1.1 no such user (a claim, not proof) → mua show 41`
	if got := strings.Join(Story(it, attempts, nil, at(8)), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, c := range []struct {
		state   store.ItemState
		reports []store.Report
		want    string
	}{
		{store.Sent, nil, "accepted for bob@example.org and carol@example.org"},
		{store.Sent, []store.Report{delayed}, "accepted for bob@example.org and carol@example.org; a report from mx.example.org: not yet delivered to bob@example.org, still being tried: 4.4.1 (a claim, not proof) → mua show 40"},
		{store.Sent, []store.Report{delivered}, "accepted for bob@example.org and carol@example.org; a report: delivered to carol@example.org (a claim, not proof)"},
		{store.Sent, []store.Report{failed, {Addr: "carol@example.org", Action: message.ActionFailed, Reporter: "mx2"}},
			"accepted for bob@example.org and carol@example.org; but reports of failure came for 2 recipients, the last a report from mx2: could not be delivered to carol@example.org (a claim, not proof)"},
		{store.Queued, []store.Report{failed}, "ready to be sent at the next flush"},
	} {
		it.State, it.Reports = c.state, c.reports
		if got := Describe(it, at(8)); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.state, got, c.want)
		}
	}
	it.State, it.Reports = store.Partial, []store.Report{failed}
	it.Recipients[1] = store.Recipient{Addr: "carol@example.org", State: store.Refused, Code: 550, Text: "no"}
	if got := Describe(it, at(8)); got != "accepted for bob@example.org; but a report from mx.example.org: could not be delivered to bob@example.org: 550 5.1.1 no such user (a claim, not proof), but refused for carol@example.org: 550 no → mua outbox retry 7" {
		t.Errorf("partial answer: %q", got)
	}
}

// TestTellReportThatWentOn: the person's own address comes first.
func TestTellReportThatWentOn(t *testing.T) {
	r := store.Report{Addr: "bob@example.org", Final: "b@inner.example", Action: message.ActionFailed, Status: "5.1.1", Diagnostic: "no such user", Reporter: "mx"}
	if got := TellReport(r); got != "report from mx: could not be delivered to bob@example.org, which went on to b@inner.example: 5.1.1 no such user (a claim, not proof)" {
		t.Errorf("%q", got)
	}
}

// TestTellReportIsOneCleanLine: what a stranger writes reaches a terminal as text only.
func TestTellReportIsOneCleanLine(t *testing.T) {
	got := TellReport(store.Report{Addr: "bob@example.org", Action: "expl\x1b[31moded", Diagnostic: "a\nb", Reporter: "m\x07x\r\n"})
	if strings.ContainsAny(got, "\x1b\x07\r\n") || !strings.Contains(got, "bob@example.org: a b") {
		t.Errorf("%q", got)
	}
}
