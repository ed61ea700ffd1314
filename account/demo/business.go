package demo

import (
	"bytes"
	"fmt"
	"strings"
)

// business is what firms send: an invoice, a newsletter, an invitation, a receipt.
func business() []letter {
	return []letter{
		{
			flags: []string{`\Flagged`}, ago: 1*day + 10*hour, id: "inv-2026-1107@kelp.example",
			from: "Kelp & Co. Chandlery <billing@kelp.example>", subject: "Invoice 2026-1107 for your order",
			fields: []string{"Reply-To: Accounts <accounts@kelp.example>", "Auto-Submitted: auto-generated"},
			body: multi("mixed", "=_kelp_invoice",
				multi("alternative", "=_kelp_words",
					text("Dear Ada Linden,\n\nthank you for your order. Invoice 2026-1107 over EUR 84.60 is attached;\nplease pay it by the end of the month.\n\n  2 x dock line 12 mm, 10 m     EUR 58.00\n  1 x tide clock, brass         EUR 19.90\n  shipping                      EUR  6.70\n\nFair winds,\nKelp & Co. Chandlery\n"),
					html("<p>Dear Ada Linden,</p><p>thank you for your order. <b>Invoice 2026-1107</b> over <b>EUR&nbsp;84.60</b> is attached; please pay it by the end of the month.</p><table><tr><td>2 × dock line 12 mm, 10 m</td><td align=right>EUR 58.00</td></tr><tr><td>1 × tide clock, brass</td><td align=right>EUR 19.90</td></tr><tr><td>shipping</td><td align=right>EUR 6.70</td></tr></table><p>Fair winds,<br>Kelp &amp; Co. Chandlery</p>\n"),
				),
				attached("application/pdf; name=\"invoice-2026-1107.pdf\"", "attachment; filename=\"invoice-2026-1107.pdf\"", pdf("Invoice 2026-1107", "2 dock lines, 1 tide clock, shipping", "Total EUR 84.60")),
			),
		},
		{
			ago: 14 * hour, id: "slow-boat-31@slowboat.example", from: "The Slow Boat <letter@slowboat.example>",
			subject: "The Slow Boat № 31: fog, a ferry, and the best soup on the coast",
			fields:  []string{"List-Id: The Slow Boat <letter.slowboat.example>", "List-Unsubscribe: <https://slowboat.example/leave?c=31>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Precedence: bulk"},
			body: multi("alternative", "=_slow_31",
				text("THE SLOW BOAT № 31\n\nThis is the short version; the long one has pictures.\nhttps://slowboat.example/31\n"),
				html(newsletter),
			),
		},
		{
			ago: 5 * hour, id: "cal-harbour-meet@northpier.example", from: priya, to: ada, cc: jonas,
			subject: "Invitation: Harbour meeting, new moorings",
			body: multi("mixed", "=_cal_outer",
				multi("alternative", "=_cal_inner",
					text("Harbour meeting: new moorings\nTuesday 1 December 2026, 18:30 - 20:00\nBoathouse, upper floor\n\nAgenda: where the new moorings go, and who paints the crane.\n"),
					part{[]string{"Content-Type: text/calendar; charset=utf-8; method=REQUEST", "Content-Transfer-Encoding: 7bit"}, []byte(invite)},
				),
				attached("application/ics; name=\"invite.ics\"", "attachment; filename=\"invite.ics\"", crlf([]byte(invite))),
			),
		},
		{
			flags: []string{`\Seen`}, ago: 19 * day, id: "receipt-ferry-8812@ferries.example", from: "Coastal Ferries <no-reply@ferries.example>",
			subject: "Your ticket: Home Quay - Gull Sound, 1 passenger, 1 bicycle",
			body:    html("<html><head><title>Ticket</title><style>td{padding:4px} .big{font-size:20px}</style></head><body><p class=big>Ticket 8812</p><table border=1><tr><th>From</th><th>To</th><th>Departs</th><th>Arrives</th></tr><tr><td>Home Quay</td><td>Little Skerry</td><td>09:05</td><td>10:20</td></tr><tr><td>Little Skerry</td><td>Gull Sound</td><td>10:35</td><td>12:10</td></tr></table><ul><li>1 passenger</li><li>1 bicycle</li></ul><p>Be at the quay <em>ten minutes</em> before departure. <a href=\"https://ferries.example/t/8812\">Show the ticket</a></p><img src=\"https://ferries.example/open.gif?t=8812\" width=1 height=1></body></html>\n"),
		},
		{
			ago: 32 * day, id: "optician@lens.example", from: "Lens & Lantern <hello@lens.example>", flags: []string{`\Seen`},
			subject: "A reminder of your appointment, because the letter we sent you by post came back to us with the remark that the letter box was full of leaflets, which we understand very well and do not take personally",
			body:    text("Thursday, 10:15, as always.\n\nLens & Lantern\n"),
		},
	}
}

const invite = `BEGIN:VCALENDAR
PRODID:-//northpier//planner 3//EN
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:moorings-2026@northpier.example
DTSTAMP:20261120T090000Z
DTSTART:20261201T183000Z
DTEND:20261201T200000Z
SUMMARY:Harbour meeting: new moorings
LOCATION:Boathouse\, upper floor
ORGANIZER;CN=Priya Raman:mailto:priya.raman@northpier.example
ATTENDEE;CN=Ada Linden;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:ada@mua.example
END:VEVENT
END:VCALENDAR
`

const newsletter = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The Slow Boat № 31</title>
<style>body{font-family:serif} .btn{background:#146;color:#fff} @media(max-width:600px){.w{width:100%}}</style></head>
<body bgcolor="#f4f1ea">
<div style="display:none;font-size:1px;max-height:0;overflow:hidden">A preheader that nobody should see in the text: open me, open me!&zwnj;&nbsp;&zwnj;&nbsp;</div>
<table class="w" width="600" align="center" cellpadding="0" cellspacing="0"><tr><td>
<h1>The Slow Boat № 31</h1>
<p>Good morning! This week the fog kept everybody in port, so we walked along the coast and asked for soup.</p>
<h2>Three soups</h2>
<table border="0"><tr><th>Where</th><th>Soup</th><th>Stars</th></tr>
<tr><td>Gull Sound</td><td>fish &amp; fennel</td><td>★★★★☆</td></tr>
<tr><td>Little Skerry</td><td>pea, with mint</td><td>★★★☆☆</td></tr>
<tr><td>Home Quay</td><td>whatever is left</td><td>★★★★★</td></tr></table>
<h2>The ferry that was late on purpose</h2>
<p>Captain Ide waits for the school children, timetable or not. <a href="https://slowboat.example/31/ide">Read the whole story</a>, it is worth it.</p>
<ol><li>Take the early boat.</li><li>Sit on the left.</li><li>Bring a hat.</li></ol>
<blockquote>“A timetable is a kind of poem,” she says, “and poems may be read slowly.”</blockquote>
<p><a class="btn" href="https://slowboat.example/31?utm=letter">Read № 31 with pictures</a></p>
<img src="https://slowboat.example/31/fog.jpg" alt="Fog over the quay" width="560">
<hr><p><small>You get this because you asked for it on a foggy day. <a href="https://slowboat.example/leave?c=31">Leave the boat</a></small></p>
</td></tr></table></body></html>
`

// pdf is a valid one-page document with a line of text each.
func pdf(lines ...string) []byte {
	var content strings.Builder
	content.WriteString("BT /F1 14 Tf 72 760 Td 20 TL")
	for _, l := range lines {
		fmt.Fprintf(&content, " (%s) Tj T*", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l))
	}
	content.WriteString(" ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", content.Len(), content.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}
