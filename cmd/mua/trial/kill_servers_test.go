package trial

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account/demo"
	"mua/account/realservers"
)

// demoMail is the demo's server.
type demoMail struct {
	t *testing.T
	*demo.Servers
}

func onDemo(t *testing.T) (mailServer, string) { return demoServer(t, demo.Options{}) }

// onPoorDemo moves by COPY, \Deleted and EXPUNGE, and knows of UIDs only what it is asked.
func onPoorDemo(t *testing.T) (mailServer, string) {
	return demoServer(t, demo.Options{Without: []string{"MOVE", "UIDPLUS"}})
}

func demoServer(t *testing.T, o demo.Options) (mailServer, string) {
	o.Dir = t.TempDir()
	servers, err := demo.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.SetFaults(demo.Faults{Latency: 3 * time.Millisecond}) // room for the kills to land everywhere
	return demoMail{t, servers}, servers.ConfigFor("work", "imaps", "")
}

func (d demoMail) deliver(mailbox string, raw []byte) { d.Deliver(mailbox, raw) }

func (d demoMail) read(r *rand.Rand) {
	list := d.List("INBOX")
	if len(list) == 0 {
		return
	}
	if err := d.Flag("INBOX", list[r.IntN(len(list))].UID, `\Seen`); err != nil {
		d.t.Fatal(err)
	}
}

// list leaves out what is marked: without UIDPLUS what others may have marked as well is left for whoever expunges next.
func (d demoMail) list() (out []mailThere) {
	for _, box := range d.Mailboxes() {
		for _, m := range d.List(box) {
			if slices.Contains(m.Flags, `\Deleted`) {
				continue
			}
			out = append(out, mailThere{box, slices.Contains(m.Flags, `\Flagged`), string(m.Raw)})
		}
	}
	return out
}

// dovecotMail is a Dovecot, with another client of the same user.
type dovecotMail struct {
	t     *testing.T
	d     *realservers.DovecotServer
	other *realservers.Client
}

// onDovecot has the mailboxes made, so that mail can be delivered as a delivery agent does.
func onDovecot(t *testing.T) (mailServer, string) {
	d := realservers.Dovecot(t)
	m := dovecotMail{t, d, d.Client(t, d.User)}
	m.other.Exec("CREATE Work")
	for _, box := range wisherBoxes {
		m.other.Exec("SELECT " + box) // Dovecot makes what it has itself when it is opened
	}
	return m, imapConfig(d, d.User)
}

func (m dovecotMail) deliver(mailbox string, raw []byte) { m.d.Deliver(m.t, m.d.User, mailbox, raw) }

func (m dovecotMail) read(r *rand.Rand) {
	m.other.Exec("SELECT INBOX")
	var uids []string
	for _, l := range m.other.Exec("UID SEARCH ALL") {
		if found, ok := strings.CutPrefix(l, "* SEARCH"); ok {
			uids = strings.Fields(found)
		}
	}
	if len(uids) > 0 {
		m.other.Exec(fmt.Sprintf(`UID STORE %s +FLAGS.SILENT (\Seen)`, uids[r.IntN(len(uids))]))
	}
}

func (m dovecotMail) list() (out []mailThere) {
	for _, l := range m.other.Exec(`LIST "" "*"`) {
		box := strings.Trim(l[strings.LastIndex(l, " ")+1:], `"`)
		m.other.Exec("EXAMINE " + box)
		for _, l := range m.other.Exec("UID FETCH 1:* (FLAGS BODY.PEEK[])") {
			head, body, ok := strings.Cut(l, "}\r\n")
			if !ok {
				continue
			}
			n := 0
			fmt.Sscan(head[strings.LastIndex(head, "{")+1:], &n)
			out = append(out, mailThere{box, strings.Contains(head+body[n:], `\Flagged`), body[:n]})
		}
	}
	return out
}
