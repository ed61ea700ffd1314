package trial

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mua/store"
)

// TestKillAmongLooksKnown: all mail is of one size, another client moves, deletes and puts back, a person flags, and kill -9
// comes at any time of the pulls. What looks known comes as a header first: in the end each message is in its place once,
// with its own bytes and what the person wished.
func TestKillAmongLooksKnown(t *testing.T) {
	t.Parallel()
	kills := 12
	if long() {
		kills = 100
	}
	seed := rand.Uint64() % 1_000_000
	t.Logf("seed %d", seed)
	there, config := onDovecot(t)
	w := newWisher(t, there, config, seed)
	o := other{wisher: w, dovecotMail: there.(dovecotMail)}
	for range 60 {
		o.bring(wisherBoxes[w.r.IntN(len(wisherBoxes))])
	}
	w.mua(0, "sync")
	for range kills * 4 {
		if w.kills == kills {
			break
		}
		o.busy()
		w.kill()
	}
	o.mayLose()
	w.ends()
	t.Logf("%d of %d syncs killed, %d in a pull; %d messages, %d moved, %d deleted, %d put back",
		w.kills, w.begun, w.pulled, w.came, o.moved, len(o.deleted), o.back)
	if w.kills < kills/4 {
		t.Errorf("%d kills of %d", w.kills, kills)
	}
}

// mayLose has a flag be lost of which the journal says why: what is put back as one of several that are gone may not be the
// one that was flagged.
func (o *other) mayLose() {
	for range 3 {
		o.mua(0, "sync")
	}
	list, err := o.st.Conflicts(o.wisher.t.Context(), 1000)
	o.check(err)
	for _, c := range list {
		for _, r := range o.rows() {
			if r.Subject == c.Subject {
				o.flagged[r.Subject] = r.Flags.Has(store.Flagged)
			}
		}
	}
}

// other is another client, whose messages are all of one size.
type other struct {
	*wisher
	dovecotMail
	deleted     []string // subjects
	moved, back int
}

// bring has a new message come.
func (o *other) bring(mailbox string) {
	subject := fmt.Sprintf("alike-%06d.", o.came)
	o.came++
	trace := []string{"Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000\r\n", "X-Not-Traced: from a by b; Sun, 22 Nov 2026 10:00:00 +0\r\n"}
	raw := fmt.Sprintf("%sFrom: a@example.org\r\nMessage-ID: <%s@example.org>\r\nSubject: %s\r\n\r\n%s\r\n",
		trace[o.came%2], strings.TrimSuffix(subject, "."), subject, strings.Repeat(subject+" and more of it\r\n", 900))
	o.raw[subject] = raw
	o.put(mailbox, subject)
}

func (o *other) put(mailbox, subject string) {
	o.place[subject] = mailbox
	o.dovecotMail.deliver(mailbox, []byte(o.raw[subject]))
}

// busy is what happens between two pulls.
func (o *other) busy() {
	o.wisher.t.Helper()
	for range 5 {
		o.bring(wisherBoxes[o.r.IntN(len(wisherBoxes))])
	}
	for range 3 {
		if subject := o.one(); subject != "" {
			to := wisherBoxes[o.r.IntN(len(wisherBoxes))]
			if to != o.place[subject] && o.on(subject, "UID MOVE %s "+to) {
				o.place[subject] = to
				o.moved++
			}
		}
	}
	for range 2 {
		if subject := o.one(); subject != "" && !o.flagged[subject] && o.on(subject, `UID STORE %s +FLAGS.SILENT (\Deleted)`) {
			o.dovecotMail.other.Exec("EXPUNGE")
			o.place[subject] = ""
			o.deleted = append(o.deleted, subject)
		}
	}
	if n := len(o.deleted); n > 3 {
		i := o.r.IntN(n)
		o.put(wisherBoxes[o.r.IntN(len(wisherBoxes))], o.deleted[i])
		o.deleted = slices.Delete(o.deleted, i, i+1)
		o.back++
	}
	rows := o.rows()
	for range 3 {
		r := rows[o.r.IntN(len(rows))]
		if o.place[r.Subject] == "" || o.flagged[r.Subject] {
			continue
		}
		_, err := o.st.MarkFlags(o.wisher.t.Context(), []store.MessageID{r.ID}, store.FlagChange{Add: store.Flagged})
		o.check(err)
		o.flagged[r.Subject] = true
	}
}

// one is a message on the server, of those alike.
func (o *other) one() string {
	var list []string
	for subject, box := range o.place {
		if box != "" && strings.HasPrefix(subject, "alike-") {
			list = append(list, subject)
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.Sort(list)
	return list[o.r.IntN(len(list))]
}

// on does a command on a message where it is; false: it is not there.
func (o *other) on(subject, command string) bool {
	o.dovecotMail.other.Exec("SELECT " + o.place[subject])
	for _, l := range o.dovecotMail.other.Exec(fmt.Sprintf("UID SEARCH SUBJECT %q", subject)) {
		if uids, ok := strings.CutPrefix(l, "* SEARCH "); ok && len(strings.Fields(uids)) == 1 {
			o.dovecotMail.other.Exec(fmt.Sprintf(command, strings.TrimSpace(uids)))
			return true
		}
	}
	return false
}
