package demo

import "encoding/base64"

// friends is mail between people, in the forms their programs give it.
func friends() []letter {
	return []letter{
		{
			ago: 7 * hour, id: "flowed-1@river.example", from: "River Castellano <river@river.example>", subject: "The book you lent me",
			body: part{[]string{"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=no", "Content-Transfer-Encoding: 8bit"}, []byte(
				"Ada,\n\nI finished the book about the lighthouse keeper on the night train, and I \nhave to tell you that I missed my station because of it. The chapter in \nwhich he counts the ships is the best thing I have read this year – and \nI say that as somebody who counts ships for a living.\n\n> You wrote that the ending is sad, and that I should keep a second \n> book at hand to recover.\n\nIt is sad the way autumn is sad. I would not change a word.\n\nShall I bring it back on Sunday, or may River-the-younger read it first?\n\nR.\n-- \nRiver Castellano\ncounts ships\n")},
		},
		{
			flags: []string{`\Seen`}, ago: 10*day + 8*hour, id: "inline-img@castellano.example", from: "Inês Castellano <ines@castellano.example>", subject: "Léo's drawing of your boat",
			body: multi("related", "=_leo",
				html(`<p>Dear Ada,</p><p>Léo drew Pelican from memory:</p><p><img src="cid:drawing@castellano.example" alt="a boat with three masts and a cat"></p><p>He knows that she has only one mast. <i>“The other two are for the cat.”</i></p><p>Inês</p>`+"\n"),
				attached("image/png; name=\"boat.png\"", "inline; filename=\"boat.png\"", png(), "Content-ID: <drawing@castellano.example>"),
			),
		},
		{
			ago: 2*day + 8*hour, id: "fwd-keeper@northpier.example", from: priya, subject: "Fwd: Key to the signal mast",
			body: multi("mixed", "=_fwd",
				text("Ada, this one was meant for you, it went to my address by mistake.\n\nPriya\n"),
				part{[]string{"Content-Type: message/rfc822", "Content-Disposition: attachment; filename=\"Key to the signal mast.eml\""}, []byte(
					"From: =?utf-8?q?Harbourmaster_=C3=98ystein_Lie?= <master@northpier.example>\nTo: Priya Raman <priya.raman@northpier.example>\nSubject: Key to the signal mast\nDate: Wed, 18 Nov 2026 16:20:00 +0100\nMessage-ID: <key-mast@northpier.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_key\"\n\n--=_key\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nThe key hangs behind the barometer. Please bring it back: last year it\nspent the winter in Tromsø.\n\nØystein\n\n--=_key\nContent-Type: text/plain; name=\"rules.txt\"\nContent-Disposition: attachment; filename=\"rules.txt\"\n\n1. No climbing above force 6.\n2. No climbing with soup.\n\n--=_key--\n")},
			),
		},
		{
			flags: []string{`\Seen`}, ago: 6*day + 1*hour, id: "empty-1@harbour.example", from: jonas, subject: "Can you bring the ladder on Saturday? (no text)",
			body: part{[]string{"Content-Type: text/plain; charset=us-ascii"}, nil},
		},
		{
			ago: 16 * day, id: "no-subject@tanaka.example", from: "yuki@tanaka.example", subject: "", flags: []string{`\Seen`, `\Answered`},
			body: text("found it! it was in the other coat\n"),
		},
		{
			ago: 4*day + 2*hour, id: "names-2231@minato.example", from: "Photo Club <club@harbour.example>", subject: "Pictures from the regatta (5 files)",
			body: multi("mixed", "=_photos",
				text("Hello everybody,\n\nthe best ones. The names are as our cameras and computers wrote them, sorry.\n\nThe photo club\n"),
				attached("image/png", "attachment; filename*=utf-8''%E3%83%AC%E3%82%AC%E3%83%83%E3%82%BF%20%E2%91%A0.png", png()),
				attached("image/png; name=\"=?utf-8?B?UMOkdcOfY2hlIG1pdCBHdW1taWVudGUucG5n?=\"", "attachment; filename=\"=?utf-8?B?UMOkdcOfY2hlIG1pdCBHdW1taWVudGUucG5n?=\"", png()),
				attached("image/png", "attachment; filename*0*=iso-8859-1''Le%20d%E9part%20;\n filename*1*=de%20la%20r%E9gate.png", png()),
				attached("image/png", "attachment; filename=\"../../finish line.png\"", png()),
				attached("text/plain; charset=utf-8; name=results.txt", "attachment; filename=results.txt", []byte("1. Pelican\n2. Näckrosen\n3. 海燕\n")),
			),
		},
		{
			ago: 24 * day, id: "group@boathouse.example", from: "Boathouse <office@boathouse.example>", to: "Everybody with a key: mira@harbour.example, ada@mua.example;", flags: []string{`\Seen`},
			subject: "The door sticks again",
			body:    text("Lift, then push. The carpenter comes on Monday.\n"),
		},
	}
}

// png is a picture of 8x8 grey squares.
func png() []byte {
	b, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAE0lEQVR42mM4kwaBDFD6DANZIgBhkyZBv1jJuAAAAABJRU5ErkJggg==")
	if err != nil {
		return nil
	}
	return b
}
