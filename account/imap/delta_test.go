package imap_test

import (
	"bytes"
	"strings"
	"testing"

	"mua/account/realservers"
)

// TestDelta: what another client did is brought in one question and one answer after EXAMINE, whichever of the
// extensions for that a server has; where it has QRESYNC, what is gone is told, not searched for.
func TestDelta(t *testing.T) {
	for name, c := range map[string]struct {
		without   []string
		says, not string
		turns     int64
	}{
		"QRESYNC":   {nil, "VANISHED (EARLIER)", "SEARCH", 6},
		"CONDSTORE": {[]string{"QRESYNC"}, "SEARCH", "VANISHED", 6},
		"neither":   {[]string{"QRESYNC", "CONDSTORE", "ESEARCH"}, "SEARCH", "CHANGEDSINCE", 9},
	} {
		t.Run(name, func(t *testing.T) {
			d := realservers.Dovecot(t, realservers.Without(c.without...))
			user := d.AddUser(t)
			spread(t, d, user, 300)
			e := dovecotEnv(t, d, user, "imaps")
			e.sync()
			other := d.Client(t, user)
			other.Exec("SELECT INBOX")
			other.Exec(`UID STORE 1:5 +FLAGS.SILENT (\Flagged)`)
			other.Exec(`UID STORE 10:14,20 +FLAGS.SILENT (\Deleted)`)
			other.Exec("EXPUNGE")
			other.Append("INBOX", mail(5000))
			other.Append("INBOX", mail(5001))
			other.Exec("LOGOUT")
			var trace bytes.Buffer
			e.o.Wire.Trace = &trace
			turns := e.far()
			if p := e.sync(); p.New != 2 || p.Removed != 6 || p.Changed != 5 && name != "neither" {
				t.Errorf("%+v", p)
			}
			_, talk, _ := strings.Cut(trace.String(), "EXAMINE INBOX")
			if !strings.Contains(talk, c.says) || strings.Contains(talk, c.not) {
				t.Errorf("the talk:\n%s", talk)
			}
			if n := turns.RoundTrips(); n > c.turns {
				t.Errorf("%d round trips", n)
			}
			e.settled()
			if got, want := len(e.rows("INBOX")), len(d.Maildir(t, user, "INBOX")); got != want {
				t.Errorf("%d here, %d there", got, want)
			}
		})
	}
}
