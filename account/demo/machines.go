package demo

import (
	"fmt"
	"strings"
)

// machines is what programs write: a bounce, a build, a long log, a notice.
func machines() []letter {
	return []letter{
		{
			ago: 1*day + 2*hour, id: "dsn-77@mx.mua.example", from: "Mail Delivery System <MAILER-DAEMON@mx.mua.example>",
			subject: "Undelivered Mail Returned to Sender", fields: []string{"Auto-Submitted: auto-replied"},
			body: part{
				[]string{"Content-Type: multipart/report; report-type=delivery-status;\n boundary=\"=_bounce\""},
				[]byte(`--=_bounce
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered to one recipient. It is below.

<captain.ide@ferrise.example>: host mail.ferrise.example said: 550 5.1.1
    no such user here (in reply to RCPT TO command)

--=_bounce
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mua.example
Arrival-Date: Sat, 21 Nov 2026 19:02:11 +0000

Final-Recipient: rfc822; captain.ide@ferrise.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.ferrise.example
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--=_bounce
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: Ada Linden <ada@mua.example>
To: captain.ide@ferrise.example
Subject: A poem for your timetable
Message-ID: <5f1c.poem@mua.example>

--=_bounce--
`),
			},
		},
		{
			ago: 11 * hour, id: "build-4412@ci.tern.example", from: "tern ci <ci@tern.example>", subject: "[tern] build 4412 passed: b7e94d2 tables: keep the leap day",
			fields: []string{"Auto-Submitted: auto-generated", "X-Build: 4412"},
			body:   text("commit  b7e94d2\nbranch  main\nauthor  Hollis Okafor\n\n  vet      ok      4 s\n  test     ok     38 s   (412 tests)\n  race     ok     91 s\n  bench    ok    120 s   cut: 1.02x\n\nhttps://ci.tern.example/4412\n"),
		},
		{
			ago: 3*day + 12*hour, id: "tide-log@buoy7.example", from: "Buoy 7 <buoy7@buoys.example>", subject: "Readings of the week: 3,000 lines, as you asked",
			body: text(readings()),
		},
		{
			flags: []string{`\Seen`}, ago: 40 * day, id: "signin@registry.example", from: "Domain Registry <security@registry.example>",
			subject: "New sign-in to your account",
			body:    text("Somebody signed in to your account from a new device:\n\n  when    yesterday, 21:14\n  where   somewhere on the coast\n  with    a terminal, which we had not seen for a while\n\nIf this was you, there is nothing to do.\n"),
		},
		{
			flags: []string{`\Seen`}, ago: 8*day + 2*hour, id: "cron-1@pelican.example", from: "Cron Daemon <root@pelican.example>",
			subject: "Cron <ada@pelican> backup --all", fields: []string{"Auto-Submitted: auto-generated", "X-Cron-Env: <SHELL=/bin/sh>"},
			body: text("backup: 12,114 files, 3 changed, 0 errors\nbackup: kept 7 days, 4 weeks, 12 months\n"),
		},
	}
}

// readings is a long text with the same lines every time.
func readings() string {
	var b strings.Builder
	b.WriteString("   no  hour  water    wind\n")
	for i := range 3000 {
		water := 140 + (i*37)%113 - (i*i)%29
		fmt.Fprintf(&b, "%5d  %02d:%02d  %3d cm  %s %d\n", i+1, i/6%24, i%6*10, water, [...]string{"SW", "S ", "W ", "NW"}[i/97%4], 2+i/53%5)
	}
	return b.String()
}
