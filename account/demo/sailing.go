package demo

// sailing is a thread of eight: half in the inbox, Ada's answers in Sent, the
// first plans filed under Projects/Sailing.
func sailing() []letter {
	const (
		one   = "tern-islands-1@harbour.example"
		two   = "tern-islands-2@harbour.example"
		three = "5f1c.3@mua.example"
		four  = "CAF4-north@northpier.example"
		five  = "tern-islands-5@harbour.example"
		six   = "5f1c.6@mua.example"
		seven = "tern-islands-7@harbour.example"
		eight = "tern-islands-8@harbour.example"
	)
	seen := []string{`\Seen`}
	return []letter{
		{
			mailbox: "Projects/Sailing", flags: []string{`\Seen`, `\Answered`}, ago: 12*day + 5*hour, id: one,
			from: mira, to: ada + ", " + jonas + ", " + priya, subject: "Four days among the islands?",
			body: text(`Dear crew,

the boatyard says Pelican will be in the water two weeks earlier than
last year. Who is in for four days among the islands, Thursday to Sunday?

My rough idea:

  Thu  harbour -> Little Skerry        14 nm
  Fri  Little Skerry -> Gull Sound     19 nm
  Sat  a lazy day, swimming for the brave
  Sun  Gull Sound -> home              22 nm

There are four bunks and one of them is damp. First answer gets a dry one.

Mira

-- 
Mira Sund
Pelican, berth 31
`),
		},
		{
			mailbox: "Projects/Sailing", flags: seen, ago: 12*day + 2*hour, id: two, answers: []string{one},
			from: jonas, to: mira, cc: ada + ", " + priya, subject: "Re: Four days among the islands?",
			body: text(`On Tuesday, Mira Sund wrote:
> There are four bunks and one of them is damp. First answer gets a dry one.

Dry one, please! I can bring the good stove and my grandmother's recipe
for fish soup. Somebody else has to bring the fish.

> Sun  Gull Sound -> home              22 nm

If the wind stays in the southwest that will be a long beat. Shall we
leave at six?

Jonas
`),
		},
		{
			mailbox: "Sent", flags: seen, ago: 11*day + 20*hour, id: three, answers: []string{one, two},
			from: ada, to: jonas, cc: mira + ", " + priya, subject: "Re: Four days among the islands?",
			body: text(`Jonas wrote:
> Somebody else has to bring the fish.

I'm in, and I'll bring the fishing rod, which is not the same thing.

> Shall we leave at six?

Six is a time of day I have heard of. Yes.

Ada
`),
		},
		{
			mailbox: "Projects/Sailing", flags: seen, ago: 11*day + 3*hour, id: four, answers: []string{one, two, three},
			from: priya, to: ada, cc: mira + ", " + jonas, subject: "Re: Four days among the islands?",
			body: text(`Count me in - I'll take the damp bunk, I own a very good sleeping bag.

Packing list so far (add what I forgot):

* life jackets: 4, checked in spring
* lamps, and batteries for the lamps
* the tide tables, on paper
* tea
* more tea
* cards; Jonas still owes me eleven points

>> Shall we leave at six?
> Six is a time of day I have heard of. Yes.

I'll wake you both. You won't like it.

Priya
`),
		},
		{
			flags: seen, ago: 6*day + 4*hour, id: five, answers: []string{one, two, three, four},
			from: mira, to: ada + ", " + jonas + ", " + priya, subject: "Re: Four days among the islands?",
			body: multi("mixed", "=_pelican_five",
				text(`Here is the plan as a file, with waypoints for those who have a plotter,
and the weather of the same week in the last three years. Please look at
the stop on Saturday: the bay is pretty but shallow.

Mira
`),
				attached("application/gpx+xml; name=\"toern.gpx\"", "attachment;\n filename*=utf-8''T%C3%B6rn%20Pelican%20%E2%9B%B5.gpx", []byte(gpx)),
				attached("text/csv; charset=utf-8", "attachment;\n filename*0*=utf-8''%CE%9A%CE%B1%CE%B9%CF%81%CF%8C%CF%82%20;\n filename*1*=%28weather%29;\n filename*2=\" three years.csv\"",
					[]byte("day,wind,gusts,rain\nThu,SW 4,6,0\nFri,SW 3,4,2\nSat,var 2,3,0\nSun,S 4,5,1\n")),
			),
		},
		{
			mailbox: "Sent", flags: seen, ago: 5*day + 22*hour, id: six, answers: []string{one, two, three, four, five},
			from: ada, to: mira, cc: jonas + ", " + priya, subject: "Re: Four days among the islands?",
			body: text("> the bay is pretty but shallow\n\nPelican draws 1.4 m, and at low water on Saturday (14:10) the tern tables\nsay 1.6 m over the bar. I would anchor outside and row in: the dinghy is\nfun, and aground we would be the only entertainment for miles.\n\nAda\n"),
		},
		{
			ago: 1*day + 6*hour, id: seven, answers: []string{one, two, three, four, five, six},
			from: jonas, to: ada, cc: mira + ", " + priya, subject: "Re: Four days among the islands?",
			body: text(`Ada Linden <ada@mua.example> wrote:
> I would anchor outside and row in: the dinghy is fun, and aground we
> would be the only entertainment for miles.

Agreed, and I have patched the dinghy. It is now more patch than dinghy.

Blåbärssoppa is packed. Is anybody allergic to joy?

Jonas
`),
		},
		{
			flags: []string{`\Flagged`}, ago: 3 * hour, id: eight, answers: []string{one, two, three, four, five, six, seven},
			from: mira, to: ada + ", " + jonas + ", " + priya, subject: "Re: Four days among the islands?",
			body: text(`> Blåbärssoppa is packed. Is anybody allergic to joy?

Only before coffee.

Last things, then I am off to buy rope:

1. Be at berth 31 on Thursday at 09:00. The gate code is on the blackboard
   in the boathouse, not in this mail.
2. Ada, could you print the tide tables? The plotter has opinions of its own.
3. High water is at 10:12. If we miss it we can have a second breakfast.

See you on the pontoon!

Mira
-- 
Mira Sund
Pelican, berth 31
`),
		},
	}
}

const gpx = `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="pencil and paper" xmlns="http://www.topografix.com/GPX/1/1">
  <wpt lat="58.2461" lon="11.4470"><name>Berth 31</name></wpt>
  <wpt lat="58.3012" lon="11.2391"><name>Little Skerry</name></wpt>
  <wpt lat="58.4418" lon="11.1907"><name>Gull Sound</name></wpt>
</gpx>
`
