package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/store/query"
)

// find lists the subjects a query gives, newest first.
func (w *world) find(q ListQuery) string {
	w.Helper()
	var out []string
	for _, r := range must(w.List(w.ctx, q))(w) {
		out = append(out, r.Subject)
	}
	if q.After == nil && q.Before == nil && q.Limit == 0 {
		if n := must(w.Count(w.ctx, q))(w); n != len(out) {
			w.Errorf("%q: %d rows, count %d", q.Query, len(out), n)
		}
	}
	return strings.Join(out, " ")
}

func TestPagesBothWays(t *testing.T) {
	w := newWorld(t)
	var batch []Incoming
	for i := range 20 { // pairs received in the same millisecond
		batch = append(batch, Incoming{UID: uint32(i + 1), Raw: mail(i, fmt.Sprint(i), "x"), Received: w.t.Add(time.Duration(i/2) * time.Second)})
	}
	_, _, err := w.AddRemote(w.ctx, w.inbox, batch)
	ok(t, err)
	for _, q := range []ListQuery{{Mailbox: w.inbox}, {}, {Query: "in:inbox"}, {Query: "x"}, {Query: "in:inbox OR in:sent", Distinct: true}} {
		q.Limit = 7
		var down, up []MessageID
		for {
			page := must(w.List(w.ctx, q))(t)
			for _, r := range page {
				down = append(down, r.ID)
				q.After = &Cursor{r.Received, r.ID}
			}
			if len(page) < 7 {
				break
			}
		}
		q.After, q.Before = nil, &Cursor{w.t.Add(-time.Hour), 0}
		for {
			page := must(w.List(w.ctx, q))(t)
			for _, r := range slices.Backward(page) {
				up = append(up, r.ID)
				q.Before = &Cursor{r.Received, r.ID}
			}
			if len(page) < 7 {
				break
			}
		}
		slices.Reverse(up)
		if len(down) != 20 || !slices.Equal(down, up) || !slices.IsSortedFunc(down, func(a, b MessageID) int { return int(b - a) }) {
			t.Errorf("%q: down %v\nup %v", q.Query, down, up)
		}
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	att := "Received: x\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@lists.example>\r\nTo: team@example.net\r\nCc: Ada <ada@example.org>\r\nSubject: report\r\n" +
		"List-Id: Go nuts <golang-nuts.example>\r\nMessage-ID: <att@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
		"quarterly figures\r\n--b\r\nContent-Type: application/pdf; name=\"Bilanz.pdf\"\r\nContent-Disposition: attachment; filename=\"Bilanz.pdf\"\r\n\r\nPDF\r\n--b--\r\n"
	ids := w.pull(w.inbox, 1, mail(1, "alpha", "the Cat sat"), mail(2, "beta", "a dog, Müller"), []byte(att))
	w.pull(w.archive, 1, mail(4, "old", "cat"))
	must(w.MarkFlags(w.ctx, ids[:1], FlagChange{Add: Seen | Flagged}))(t)
	for q, want := range map[string]string{
		"":                             "report beta old alpha",
		"cat":                          "old alpha",
		"cat in:inbox":                 "alpha",
		"in:ARCHIVE":                   "old",
		"in:inbox -cat":                "report beta",
		"muller":                       "beta",
		"dog OR figures":               "report beta",
		"(dog OR figures) -in:archive": "report beta",
		"NOT (dog OR figures)":         "old alpha",
		"fig*":                         "report",
		`"quarterly figures"`:          "report",
		"body:alpha":                   "",
		"subject:alpha":                "alpha",
		"from:jurgen":                  "report",
		"from:ada1@example.org":        "alpha",
		"to:team cc:ada":               "report",
		"filename:bilanz":              "report",
		"bilanz":                       "report",
		"list:golang-nuts":             "report",
		"has:attachment":               "report",
		"-has:attachment is:unread":    "beta old",
		"is:flagged":                   "alpha",
		"is:pending":                   "alpha",
		"is:pending dog":               "",
		"-is:pending cat":              "old",
		"account:work is:read":         "alpha",
		fmt.Sprintf("id:%d", ids[1]):   "beta",
		"mid:att@x":                    "report",
		"on:today":                     "report beta old alpha",
		"before:2026-11-22":            "",
		"newer:1d smaller:1k is:read":  "alpha",
		"larger:1k":                    "",
		"in:drafts":                    "",
		"in:any sat":                   "alpha",
	} {
		if got := w.find(ListQuery{Query: q}); got != want {
			t.Errorf("%q: %q, want %q", q, got, want)
		}
	}
	for q, place := range map[string]int{"x in:nowhere": 5, "account:nobody": 8, "(": 1} {
		_, err := w.List(w.ctx, ListQuery{Query: q})
		if e, isQuery := errors.AsType[*query.Error](err); !isQuery || e.Pos != place {
			t.Errorf("%q: %v", q, err)
		}
	}
	if got := w.find(ListQuery{Sort: SortSubject}); got != "alpha beta old report" {
		t.Errorf("by subject: %q", got)
	}
	if got := w.find(ListQuery{Sort: SortFrom, Query: "in:inbox"}); got != "beta alpha report" {
		t.Errorf("by sender: %q", got)
	}
	if got := w.find(ListQuery{Sort: SortSize, Limit: 1}); got != "report" {
		t.Errorf("by size: %q", got)
	}
}

func TestOneRowPerMessage(t *testing.T) {
	w := newWorld(t)
	w.pull(w.trash, 1, mail(1, "everywhere", "x"), mail(2, "only", "y"))
	in := w.pull(w.archive, 1, mail(1, "everywhere", "x"))
	best := w.pull(w.inbox, 1, mail(1, "everywhere", "x"))
	rows := must(w.List(w.ctx, ListQuery{Distinct: true, Query: "everywhere OR only"}))(t)
	if len(rows) != 2 || rows[1].ID != best[0] || strings.Join(rows[1].AlsoIn, ",") != "Trash,Archive" {
		t.Errorf("rows %+v", rows)
	}
	if got := w.find(ListQuery{Distinct: true}); got != "only everywhere" {
		t.Errorf("got %q", got)
	}
	if got := w.find(ListQuery{Distinct: true, Query: "in:trash"}); got != "only everywhere" {
		t.Errorf("in trash %q", got)
	}
	if got := w.find(ListQuery{Query: "everywhere"}); got != "everywhere everywhere everywhere" {
		t.Errorf("all copies %q", got)
	}
	if ids := must(w.ByHeaderID(w.ctx, "m1@example.org"))(t); len(ids) != 3 || ids[0] != best[0] || ids[1] != in[0] {
		t.Errorf("by header id %v", ids)
	}
}

func TestRow(t *testing.T) {
	w := newWorld(t)
	ids := w.pull(w.inbox, 1, mail(7, "hello", "some text"))
	r := w.row(ids[0])
	if r.AccountName != "work" || r.MailboxName != "INBOX" || r.Subject != "hello" || r.MessageID != "<m7@example.org>" || r.From[0].Addr != "ada7@example.org" ||
		r.From[0].Name != "Ada Lovelace" || r.To[0].Addr != "bob@example.net" || r.Snippet != "some text" || !r.HasBody ||
		r.Date.Format(time.RFC3339) != "2026-11-22T11:00:00+01:00" || !r.Received.Truncate(time.Second).Equal(w.t) {
		t.Errorf("row %+v", r)
	}
	for _, id := range []MessageID{0, 99} {
		if _, err := w.Row(w.ctx, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("row %d: %v", id, err)
		}
		if _, err := w.Raw(w.ctx, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("raw %d: %v", id, err)
		}
	}
}

// TestPlans: a page of a mailbox is read from its index, in order, whatever the mailbox holds.
func TestPlans(t *testing.T) {
	w := newWorld(t)
	at := &Cursor{w.t, 5}
	for _, x := range []struct {
		q     ListQuery
		index string
	}{
		{ListQuery{Mailbox: w.inbox}, "message_list"},
		{ListQuery{Mailbox: w.inbox, After: at}, "message_list"},
		{ListQuery{Mailbox: w.inbox, Before: at}, "message_list"},
		{ListQuery{Query: "in:inbox is:unread", After: at}, "message_unread"},
		{ListQuery{Mailbox: w.inbox, Query: "is:flagged (words is:unread)", Distinct: true, Before: at}, "message_flagged"},
		{ListQuery{Account: w.acct, Query: "is:flagged"}, "message_flagged"},
		{ListQuery{Mailbox: w.inbox, Query: "is:unread OR is:flagged"}, "message_list"},
		{ListQuery{Mailbox: w.inbox, Distinct: true, Query: "words"}, "message_list"},
		{ListQuery{}, "message_received"},
		{ListQuery{Account: w.acct, After: at, Distinct: true}, "message_received"},
		{ListQuery{Query: "newer:7d -in:trash"}, "message_received"},
		{ListQuery{Query: "mid:x"}, "message_header_id"},
	} {
		ok(t, w.read(w.ctx, func(q querier) error {
			l, err := w.lister(w.ctx, q, x.q, must(query.Parse(x.q.Query, w.clock.now()))(t))
			if err != nil {
				return err
			}
			box := MailboxID(0)
			if l.scoped {
				box = l.scope[0]
			}
			text, args := l.pageSQL(box, x.q.Before != nil, x.q.After, x.q.Before, 50)
			plan := explain(t, q, text, args...)
			if !strings.Contains(plan, x.index) || x.index != "message_header_id" && strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%+v:\n%s", x.q, plan)
			}
			return nil
		}))
	}
	for text, index := range map[string]string{
		`SELECT id FROM outbox WHERE account = 1 AND state = 'queued' AND due <= 5 ORDER BY due, id LIMIT 1`: "outbox_due",
		`SELECT id FROM message WHERE server_mailbox = 1 AND server_uid = 3`:                                 "message_uid",
		`DELETE FROM content WHERE id = 1`:                                                                   "PRIMARY KEY",
	} {
		if plan := explain(t, w.pool, text); !strings.Contains(plan, index) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s:\n%s", text, plan)
		}
	}
	for text, index := range map[string]string{removedSizes: "message_removed", mailboxSizes: "message_uid", awaitedSizes: "message_no_uid", rescuable: "message_rescue"} {
		if plan := explain(t, w.pool, text, []any{1, "[2]"}[:strings.Count(text, "?")]...); !strings.Contains(plan, index) || strings.Contains(plan, "SCAN message") {
			t.Errorf("%s:\n%s", text, plan)
		}
	}
}

func explain(t *testing.T, q querier, text string, args ...any) string {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	ok(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var a, b, c int
		var detail string
		ok(t, rows.Scan(&a, &b, &c, &detail))
		out = append(out, detail)
	}
	return strings.Join(out, "\n")
}
