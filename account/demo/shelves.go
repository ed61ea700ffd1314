package demo

// shelves is what lies in the other mailboxes.
func shelves() []letter {
	seen := []string{`\Seen`}
	return []letter{
		{
			mailbox: "Drafts", flags: []string{`\Seen`, `\Draft`}, ago: 30 * hour, id: "5f1c.draft1@mua.example", from: ada, to: "Captain Ide <ide@ferries.example>",
			subject: "A poem for your timetable", fields: []string{"Bcc: Mira Sund <mira@harbour.example>"},
			body: text("Dear Captain Ide,\n\nthe 9:05 is late again, and so am I,\n\n(second line?)\n"),
		},
		{
			mailbox: "Drafts", flags: []string{`\Seen`, `\Draft`}, ago: 4 * hour, id: "5f1c.draft2@mua.example", from: ada, to: "田中 雪 <yuki@tanaka.example>",
			answers: []string{"2026-haru@yuki.example"}, subject: "Re: お茶", body: text("雪さん\n\n土曜日の三時、喜んで！\n"),
		},
		{
			mailbox: "Sent", flags: seen, ago: 16*day - 2*hour, id: "5f1c.coat@mua.example", answers: []string{"no-subject@tanaka.example"}, from: ada, to: "yuki@tanaka.example",
			subject: "Re: ", body: text("It always is.\n"),
		},
		{
			mailbox: "Sent", flags: seen, ago: 30 * day, id: "5f1c.report@mua.example", from: ada, to: "Priya Raman <priya.raman@northpier.example>",
			subject: "Minutes of the harbour meeting",
			body: multi("mixed", "=_minutes",
				text("Hello Priya,\n\nthe minutes. I left out the part about the crane.\n\nAda\n"),
				attached("text/markdown; charset=utf-8; name=\"minutes.md\"", "attachment; filename=\"minutes.md\"", []byte("# Harbour meeting\n\n* moorings: 12 new ones, west side\n* crane: see next meeting\n* café: opens in May\n")),
			),
		},
		{
			mailbox: "Archive", flags: seen, ago: 45 * day, id: "welcome@harbour.example", from: "Harbour Club <club@harbour.example>",
			subject: "Welcome to the club", body: text("Dear Ada,\n\nyour berth is number 14, next to the heron. He was there first.\n\nThe club\n"),
		},
		{
			mailbox: "Archive", flags: []string{`\Seen`, `\Flagged`}, ago: 38 * day, id: "recipe@linden.example", from: "Großmutter Käthe <kaethe@linden.example>",
			subject: "Das Rezept", body: text("Liebe Ada,\n\nZwiebelkuchen, wie versprochen:\n\n  1 kg Zwiebeln\n  4 Eier\n  ein Becher saure Sahne\n  Kümmel, nicht zu wenig\n\nDen Teig machst du wie immer. Grüße an die Mannschaft!\n\nKäthe\n"),
		},
		{
			mailbox: "Archive", flags: seen, ago: 35 * day, id: "tern-18@lists.tern.example", from: "Hollis Okafor <hollis@hollis.example>", to: tern,
			subject: "[ANN] tern 1.8", fields: listFields("tern-dev", "lists.tern.example"),
			body: text("tern 1.8 is out:\n\n* tables for 212 more stations\n* `tern now` is twice as fast on small machines\n* the moon is where it should be\n\nHollis\n"),
		},
		{
			mailbox: "Junk", ago: 2*day + 9*hour, id: "prize@lucky.example", from: "\"LUCKY LIGHTHOUSE LOTTERY\" <win@lucky.example>",
			subject: "CONGRATULATIONS!!! You have WON a lighthouse",
			body:    html("<center><font size=7 color=red>YOU WON A LIGHTHOUSE</font><br><a href=\"http://lucky.example/claim?id=1\">https://bank.example/safe</a><br>Only <b>TODAY</b>! Pay just the delivery.</center>\n"),
		},
		{
			mailbox: "Junk", flags: seen, ago: 18 * day, id: "gulls@cheap.example", from: "Cheap Gulls <offer@cheap.example>",
			subject: "Re: Re: your g u l l s are ready",
			body:    text("Finest gulls, wholesale. Unsubscribe by shouting at the sea.\n"),
		},
		{
			mailbox: "Trash", flags: seen, ago: 20 * day, id: "sale@kelp.example", from: "Kelp & Co. Chandlery <news@kelp.example>",
			subject: "20 % off everything that floats", body: text("This week only. Anchors excluded, for obvious reasons.\n"),
		},
		{
			mailbox: "Trash", flags: seen, ago: 9 * day, id: "wrong-number@nobody.example", from: "nobody@nobody.example",
			subject: "Is this the plumber?", body: text("If so, please come. If not, sorry.\n"),
		},
	}
}
