package trial

import (
	"fmt"
	"strings"
	"testing"

	"mua/account/realservers"
)

// TestPostfixBounce: what Postfix accepts and returns later, and what it delivers and confirms, comes
// home over IMAP and over POP3, is joined to its item and recipient, and told there.
func TestPostfixBounce(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Users(3))
	p := realservers.Postfix(t, d)
	for user, config := range map[string]string{"u1": imapConfig(d, "u1"), "u3": pop3Config(d, "u3")} {
		b := newBox(t, config+fmt.Sprintf("outgoing = %q\n", "smtps://"+user+"@"+p.SMTPS))
		for i, dsn := range []string{"failure,success", ""} { // "": the report has no ENVID, and is found by the Message-ID it returns
			args := []string{"send", "-t", realservers.Returned, "-t", address("u2"), "-s", "plans", "--body", "x"}
			if dsn != "" {
				args = append(args, "--dsn", dsn)
			}
			id := strings.TrimSpace(b.mua(0, args...))
			reports := 2 * (i + 1)
			if dsn == "" {
				reports = 3
			}
			d.Wait(t, user, "INBOX", reports)
			b.syncRow()
			story := b.mua(0, "outbox", "show", id)
			t.Logf("%s:\n%s", user, story)
			for want, is := range map[string]bool{
				"report from mail.example.org: could not be delivered to return@example.org, which went on to gone@elsewhere.example: 5.1.1 ": true,
				"nobody of that name lives here any more":                   true,
				"report from mail.example.org: delivered to u2@example.org": dsn != "",
			} {
				if strings.Contains(story, want) != is {
					t.Errorf("%s, --dsn %q: told %q is not %v:\n%s", user, dsn, want, is, story)
				}
			}
			out := b.mua(0, "outbox", "show", id, "--json")
			if !strings.Contains(out, `"state":"sent"`) || !strings.Contains(out, `"addr":"return@example.org","final":"gone@elsewhere.example","action":"failed","status":"5.1.1","diagnostic":"`) {
				t.Errorf("%s: %s", user, out)
			}
			sent := "mid:" + objects(t, out)[0]["message_id"].(string)
			if shown := b.mua(0, "show", sent); !strings.Contains(shown, "\nReport:   20") || !strings.Contains(shown, "could not be delivered to return@example.org") {
				t.Errorf("%s: the sent message does not tell:\n%s", user, shown)
			}
			if t.Failed() {
				return
			}
		}
	}
}
