package demo

// review is a patch on a mailing list, its review, and a digest of the list.
func review() []letter {
	const (
		patch  = "20-leap-1@hollis.example"
		second = "9d2e@river.example"
		third  = "5f1c.patch@mua.example"
		fourth = "leap-applied@hollis.example"
	)
	fields := listFields("tern-dev", "lists.tern.example")
	return []letter{
		{
			mailbox: "Archive", flags: []string{`\Seen`}, ago: 9*day + 7*hour, id: patch,
			from: "Hollis Okafor <hollis@hollis.example>", to: tern, subject: "[PATCH v2] tables: keep the leap day when a year is cut short",
			fields: append([]string{"X-Mailer: git-send-email 2.47.0"}, fields...),
			body: text(`When a table ends within February of a leap year, cut() counted from the
first of March and dropped the 29th. Count days, not months.

Reported-by: Ada Linden <ada@mua.example>
Signed-off-by: Hollis Okafor <hollis@hollis.example>
---
v2: a test for the century (thanks, River)

 tables/cut.go      | 6 +++---
 tables/cut_test.go | 9 +++++++++
 2 files changed, 12 insertions(+), 3 deletions(-)

diff --git a/tables/cut.go b/tables/cut.go
index 3c1a2f0..b7e94d2 100644
--- a/tables/cut.go
+++ b/tables/cut.go
@@ -41,9 +41,9 @@ func cut(t *Table, until time.Time) *Table {
 	if until.Before(t.first) {
 		return &Table{station: t.station}
 	}
-	months := monthsBetween(t.first, until)
-	n := t.offset[months]
-	return t.prefix(n)
+	days := int(until.Sub(t.first) / (24 * time.Hour))
+	n := days * t.perDay
+	return t.prefix(min(n, len(t.rows)))
 }
 
 // prefix shares the rows: tables are never changed.
-- 
2.47.0
`),
		},
		{
			flags: []string{`\Seen`, `\Answered`}, ago: 8*day + 23*hour, id: second, answers: []string{patch},
			from: "River Castellano <river@river.example>", to: tern, cc: "Hollis Okafor <hollis@hollis.example>, " + ada,
			subject: "Re: [PATCH v2] tables: keep the leap day when a year is cut short", fields: fields,
			body: text(`On 14 November, Hollis Okafor wrote:
> +	days := int(until.Sub(t.first) / (24 * time.Hour))

Both are in UTC here? On the night the clocks change a day has 23 hours
and this would be one short.

> +	return t.prefix(min(n, len(t.rows)))

Nice, the old one could panic on a short table.

Otherwise: Reviewed-by: River Castellano <river@river.example>

R.
`),
		},
		{
			mailbox: "Sent", flags: []string{`\Seen`}, ago: 8*day + 20*hour, id: third, answers: []string{patch, second},
			from: ada, to: "River Castellano <river@river.example>", cc: tern + ", Hollis Okafor <hollis@hollis.example>",
			subject: "Re: [PATCH v2] tables: keep the leap day when a year is cut short",
			body: text(`> Both are in UTC here?

They are: Table.first is made by parseDay(), which knows no other zone.
A comment there would not hurt, though.

Tested-by: Ada Linden <ada@mua.example>, with the 1900 and 2000 tables.
`),
		},
		{
			ago: 2*day + 1*hour, id: fourth, answers: []string{patch, second, third},
			from: "Hollis Okafor <hollis@hollis.example>", to: tern, cc: ada,
			subject: "Re: [PATCH v2] tables: keep the leap day when a year is cut short", fields: fields,
			body: text("Applied as b7e94d2 with the comment Ada asked for. Thank you both!\n\nThis will be in 1.9, which I mean to tag on Friday unless somebody finds\na month with 32 days.\n\nHollis\n"),
		},
		{
			flags: []string{`\Seen`}, ago: 15 * day, id: "digest-118@lists.tern.example",
			from: "tern-users-request <tern-users-request@lists.tern.example>", to: "tern-users <tern-users@lists.tern.example>",
			subject: "tern-users Digest, Vol 12, Issue 118", fields: listFields("tern-users", "lists.tern.example"),
			body: multi("mixed", "=_digest_outer",
				text("Today's topics:\n\n   1. Tables for lakes? (Ines Prado)\n   2. Re: Tables for lakes? (Hollis Okafor)\n"),
				multi("digest", "=_digest_inner",
					part{nil, []byte("From: Ines Prado <ines@lagoa.example>\nTo: tern-users@lists.tern.example\nSubject: Tables for lakes?\nDate: Sat, 07 Nov 2026 09:12:44 +0000\nMessage-ID: <lake@lagoa.example>\n\nDoes it make sense to run tern for a lake?\n")},
					part{nil, []byte("From: Hollis Okafor <hollis@hollis.example>\nTo: tern-users@lists.tern.example\nSubject: Re: Tables for lakes?\nDate: Sat, 07 Nov 2026 11:40:02 +0000\nMessage-ID: <lake2@hollis.example>\nIn-Reply-To: <lake@lagoa.example>\n\nOnly if you are very patient: ours rises four millimetres.\n")},
				),
			),
		},
	}
}
