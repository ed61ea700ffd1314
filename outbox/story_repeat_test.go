package outbox

import (
	"strings"
	"testing"
	"time"

	"mua/store"
)

// TestStoryCountsTriesOffline: tries that ended alike without a connection are one line with their number and the time of the last;
// another outcome, an event in between, and what a server has said of a recipient stand for themselves.
func TestStoryCountsTriesOffline(t *testing.T) {
	began := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	it := mailTo("bob")
	it.State, it.Created = store.Queued, began
	var attempts []store.Attempt
	ledger := map[store.AttemptID][]store.RecipientResult{}
	try := func(minute int, host, outcome string, results ...store.RecipientResult) {
		id := store.AttemptID(len(attempts) + 1)
		at := began.Add(time.Duration(minute) * time.Minute)
		attempts = append(attempts, store.Attempt{ID: id, Host: host, Started: at, Ended: at.Add(time.Second), Outcome: outcome})
		ledger[id] = results
	}
	const noRoute = notConnected + "no route"
	deferred := store.RecipientResult{Addr: "bob@example.org", State: store.Deferred, Code: 450, Text: "later"}
	try(1, "smtp", noRoute)
	try(6, "smtp", noRoute)
	try(11, "smtp", noRoute)
	try(16, "smtp", notConnected+"no name server")
	try(21, "smtp", "deferred for bob@example.org", deferred)
	try(26, "smtp", "deferred for bob@example.org", deferred)
	try(31, "smtp", noRoute)
	try(32, "", "to be tried again, as asked for")
	try(33, "smtp", noRoute)
	try(38, "smtp", noRoute)
	attempts = append(attempts, store.Attempt{ID: 11, Host: "smtp", Started: began.Add(43 * time.Minute)})
	story := Story(it, attempts, ledger, began.Add(time.Hour))
	want := []string{
		"2026-11-22 12:01:00  tried smtp: not connected: no route (3 times, last 2026-11-22 12:11:00)",
		"2026-11-22 12:16:00  tried smtp: not connected: no name server",
		"2026-11-22 12:21:00  tried smtp: deferred for bob@example.org",
		"    bob@example.org: deferred: 450 later",
		"2026-11-22 12:26:00  tried smtp: deferred for bob@example.org",
		"    bob@example.org: deferred: 450 later",
		"2026-11-22 12:31:00  tried smtp: not connected: no route",
		"2026-11-22 12:32:00  to be tried again, as asked for",
		"2026-11-22 12:33:00  tried smtp: not connected: no route (2 times, last 2026-11-22 12:38:00)",
		"2026-11-22 12:43:00  tried smtp: under way",
	}
	if got := strings.Join(story[1:len(story)-1], "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}

	it.Reports = []store.Report{{Arrived: began.Add(7 * time.Minute)}} // an event in between
	if story := strings.Join(Story(it, attempts[:3], ledger, began.Add(time.Hour)), "\n"); strings.Contains(story, "3 times") || !strings.Contains(story, "(2 times, last 2026-11-22 12:06:00)") {
		t.Error(story)
	}
}
