package imap_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mua/account"
	"mua/account/realservers"
	"mua/account/wire"
	"mua/store"
)

// heavy is message i with a body of 50 kB, so that a second download shows.
func heavy(i int) []byte {
	return append(mail(i), bytes.Repeat([]byte(fmt.Sprintf("%06d heavy heavy heavy\r\n", i)), 2000)...)
}

// stocked is an account on Dovecot with n heavy messages in a mailbox, from number first on, and in step.
func stocked(t *testing.T, d *realservers.DovecotServer, mailbox string, first, n int) (*env, string) {
	t.Helper()
	return stockedFor(t, d, d.AddUser(t), mailbox, first, n)
}

func stockedFor(t *testing.T, d *realservers.DovecotServer, user, mailbox string, first, n int) (*env, string) {
	t.Helper()
	stock(t, d, user, mailbox, first, n)
	e := dovecotEnv(t, d, user, "imaps")
	e.sync()
	return e, user
}

func stock(t *testing.T, d *realservers.DovecotServer, user, mailbox string, first, n int) {
	t.Helper()
	var list []realservers.Mail
	for i := range n {
		list = append(list, realservers.Mail{Raw: heavy(first + i), Received: time.Unix(1_700_000_000+int64(first+i)*60, 0)})
	}
	d.AddMaildir(t, user, mailbox, list...)
}

// cheap is a sync that must not transfer bodies again: it may take so many octets.
func (e *env) cheap(octets int64) {
	e.t.Helper()
	e.o.Wire.Counters = new(wire.Counters)
	e.sync()
	in := e.o.Wire.Counters.BytesIn()
	e.t.Logf("%d octets", in)
	if in > octets {
		e.t.Errorf("it took %d octets, more than %d", in, octets)
	}
	e.o.Wire.Counters = nil
}

// idsOf are the ids of a mailbox's messages by subject.
func (e *env) idsOf(mailbox string) map[string]store.MessageID {
	e.t.Helper()
	out := map[string]store.MessageID{}
	for _, r := range e.rows(mailbox) {
		out[r.Subject] = r.ID
	}
	return out
}

// kept tells that these messages are in a mailbox, under the ids they had.
func (e *env) kept(mailbox string, ids map[string]store.MessageID) {
	e.t.Helper()
	now := e.idsOf(mailbox)
	for subject, id := range ids {
		if now[subject] != id {
			e.t.Errorf("%s: %s was %d and is %d", mailbox, subject, id, now[subject])
		}
	}
}

func (e *env) flag(id store.MessageID) {
	e.t.Helper()
	if _, err := e.st.MarkFlags(e.t.Context(), []store.MessageID{id}, store.FlagChange{Add: store.Flagged}); err != nil {
		e.t.Fatal(err)
	}
}

// flaggedThere are the Subjects of the flagged messages of a mailbox on the server.
func flaggedThere(c *realservers.Client, mailbox string) (out []string) {
	c.Exec(fmt.Sprintf("EXAMINE %q", mailbox))
	for _, l := range c.Exec("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])") {
		if _, subject, ok := strings.Cut(l, "Subject: "); ok && strings.Contains(l, `\Flagged`) {
			out = append(out, strings.TrimSpace(strings.SplitN(subject, "\r\n", 2)[0]))
		}
	}
	return out
}

// journal is the words of the conflicts about a message.
func (e *env) journal(id store.MessageID) string {
	e.t.Helper()
	list, err := e.st.Conflicts(e.t.Context(), 1000)
	if err != nil {
		e.t.Fatal(err)
	}
	var words []string
	for _, c := range list {
		if c.Message == id {
			words = append(words, c.What)
		}
	}
	return strings.Join(words, "; ")
}

func TestDovecotRename(t *testing.T) {
	d := realservers.Dovecot(t)
	e, user := stocked(t, d, "Old", 0, 60)
	other := d.Client(t, user)
	other.Append("INBOX", mail(900))
	e.sync()
	ids := e.idsOf("Old")
	box := e.mailbox("Old").ID
	moved := e.row("INBOX", "message 900").ID
	e.flag(ids["message 7"])
	if _, err := e.st.Move(t.Context(), []store.MessageID{moved}, box); err != nil {
		t.Fatal(err)
	}
	other.Exec("RENAME Old New")
	other.Exec("CREATE Old") // another one now
	other.Append("Old", mail(901))
	e.cheap(120_000)
	if got := e.mailbox("New").ID; got != box {
		t.Errorf("the mailbox was %d and is %d", box, got)
	}
	ids["message 900"] = moved
	e.kept("New", ids)
	if got := e.idsOf("Old"); len(got) != 1 || got["message 901"] == 0 {
		t.Errorf("Old holds %v", got)
	}
	if got := flaggedThere(other, "New"); !slices.Equal(got, []string{"message 7"}) {
		t.Errorf("flagged on the server: %q", got)
	}
	// Exchanged: each keeps its messages.
	other.Exec("RENAME Old Tmp")
	other.Exec("RENAME New Old")
	other.Exec("RENAME Tmp New")
	e.cheap(60_000)
	e.kept("Old", ids)
	if got := e.idsOf("New"); len(got) != 1 || got["message 901"] == 0 {
		t.Errorf("New holds %v", got)
	}
	e.settled()
}

func TestDovecotMailboxDeleted(t *testing.T) {
	d := realservers.Dovecot(t)
	e, user := stocked(t, d, "Projects", 0, 30)
	ids := e.idsOf("Projects")
	e.flag(ids["message 3"])
	archive := e.mailbox("Archive").ID
	if _, err := e.st.Move(t.Context(), []store.MessageID{ids["message 4"]}, archive); err != nil {
		t.Fatal(err)
	}
	other := d.Client(t, user)
	other.Append("INBOX", mail(900))
	e.sync()
	other.Exec("SELECT INBOX")
	// Before our pass: what is to be moved here has not been moved there.
	e.flag(ids["message 5"])
	other.Exec("DELETE Projects")
	e.sync()
	if got := e.journal(ids["message 5"]); !strings.Contains(got, "Projects") {
		t.Errorf("the journal says %q", got)
	}
	e.kept("Archive", map[string]store.MessageID{"message 4": ids["message 4"]})
	list, err := e.st.Removed(t.Context(), store.RemovedQuery{Account: e.id})
	if err != nil || len(list) != 29 || list[0].MailboxName != "Projects" {
		t.Fatalf("%d can be had back, %v", len(list), err)
	}
	var back []store.MessageID
	for _, r := range list {
		back = append(back, r.ID)
	}
	if n, err := e.st.Recover(t.Context(), back, nil); err != nil || n != 29 {
		t.Fatal(n, err)
	}
	e.sync()
	e.sync()
	other.Exec("EXAMINE INBOX")
	if got := other.Exec("UID SEARCH ALL"); len(strings.Fields(got[len(got)-1])) != 2+30 {
		t.Errorf("the server's inbox: %q", got)
	}
	if got := flaggedThere(other, "INBOX"); len(got) != 2 { // as they were here
		t.Errorf("flagged on the server: %q", got)
	}
	e.settled()
}

// TestDovecotMovedByAnother: to a mailbox that is pulled before the one it was in, and to one that is pulled after.
func TestDovecotMovedByAnother(t *testing.T) {
	d := realservers.Dovecot(t, realservers.Users(6)) // one made later may be refused for a second
	users := 0
	for _, way := range [][2]string{{"INBOX", "Archive"}, {"Archive", "INBOX"}, {"Work", "Trash"}} {
		for _, how := range []string{"MOVE", "COPY"} {
			t.Run(way[0]+" "+how+" "+way[1], func(t *testing.T) {
				users++
				e, user := stockedFor(t, d, fmt.Sprintf("u%d", users), way[0], 0, 30)
				ids := e.idsOf(way[0])
				e.flag(ids["message 7"])
				e.flag(ids["message 8"])
				sent := e.mailbox("Sent").ID
				if _, err := e.st.Move(t.Context(), []store.MessageID{ids["message 8"]}, sent); err != nil {
					t.Fatal(err)
				}
				other := d.Client(t, user)
				other.Exec("SELECT " + way[0])
				if how == "MOVE" {
					other.Exec("UID MOVE 1:12 " + way[1])
				} else {
					other.Exec("UID COPY 1:12 " + way[1])
					other.Exec(`UID STORE 1:12 +FLAGS (\Deleted)`)
					other.Exec("EXPUNGE")
				}
				other.Exec("UNSELECT")
				e.cheap(60_000)
				e.cheap(60_000)
				there := map[string]store.MessageID{}
				for i := range 12 {
					if s := fmt.Sprintf("message %d", i); i != 8 {
						there[s] = ids[s]
						delete(ids, s)
					}
				}
				e.kept(way[1], there)
				e.kept("Sent", map[string]store.MessageID{"message 8": ids["message 8"]})
				delete(ids, "message 8")
				e.kept(way[0], ids)
				if got := flaggedThere(other, way[1]); !slices.Equal(got, []string{"message 7"}) {
					t.Errorf("flagged on the server: %q", got)
				}
				if got := flaggedThere(other, "Sent"); !slices.Equal(got, []string{"message 8"}) {
					t.Errorf("moved on the server: %q", got)
				}
				list, err := e.st.Removed(t.Context(), store.RemovedQuery{Account: e.id})
				if err != nil || len(list) != 0 {
					t.Errorf("%d count as removed, %v", len(list), err)
				}
				e.settled()
			})
		}
	}
}

// TestDovecotRestored: the server comes back with an old backup, and new messages take the UIDs of those it has forgotten.
func TestDovecotRestored(t *testing.T) {
	d := realservers.Dovecot(t)
	e, user := stocked(t, d, "INBOX", 0, 30)
	old, home := e.idsOf("INBOX"), filepath.Dir(d.MailDir(user))
	run(t, "cp", "-a", home, home+".backup")
	stock(t, d, user, "INBOX", 30, 20)
	e.sync()
	all := e.idsOf("INBOX")
	e.flag(all["message 5"])
	e.flag(all["message 33"]) // is UID 34, which will be another message
	if _, err := e.st.Trash(t.Context(), []store.MessageID{all["message 34"]}); err != nil {
		t.Fatal(err)
	}
	d.Stop()
	run(t, "rm", "-rf", home)
	run(t, "mv", home+".backup", home)
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	stock(t, d, user, "INBOX", 100, 6)
	e.o.Wire.Counters = new(wire.Counters)
	e.sync()
	if in := e.o.Wire.Counters.BytesIn(); in > 6*70_000+100_000 {
		t.Errorf("matching took %d octets", in)
	}
	e.o.Wire.Counters = nil
	e.sync()
	e.kept("INBOX", old)
	now := e.idsOf("INBOX")
	if len(now) != 36 || now["message 105"] == 0 {
		t.Errorf("the inbox holds %d", len(now))
	}
	other := d.Client(t, user)
	if got := flaggedThere(other, "INBOX"); !slices.Equal(got, []string{"message 5"}) {
		t.Errorf("flagged on the server: %q", got)
	}
	other.Exec("EXAMINE Trash")
	if got := other.Exec("UID SEARCH ALL"); len(got) > 0 && got[len(got)-1] != "* SEARCH" {
		t.Errorf("in the server's Trash: %q", got)
	}
	for _, s := range []string{"message 33", "message 34"} {
		if e.journal(all[s]) == "" {
			t.Errorf("%s lost its wish, and no journal says why", s)
		}
	}
	list, err := e.st.Removed(t.Context(), store.RemovedQuery{Account: e.id})
	if err != nil || len(list) != 20 {
		t.Errorf("%d can be had back, %v", len(list), err)
	}
	// The lost ones return: nothing is fetched again, and they are who they were.
	stock(t, d, user, "INBOX", 30, 20)
	e.cheap(80_000)
	for i := range 20 {
		s := fmt.Sprintf("message %d", 30+i)
		old[s] = all[s]
	}
	delete(old, "message 34") // it was to be in the trash
	e.kept("INBOX", old)
	e.sync() // and their wishes are wishes again
	if got := flaggedThere(other, "INBOX"); !slices.Equal(got, []string{"message 5", "message 33"}) {
		t.Errorf("flagged on the server: %q", got)
	}
	e.kept("Trash", map[string]store.MessageID{"message 34": all["message 34"]})
	e.settled()
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// TestDovecotEmpty: a mailbox that comes back empty is asked about, whatever that mailbox is; when it is whole again
// nothing has happened.
func TestDovecotEmpty(t *testing.T) {
	d := realservers.Dovecot(t)
	e, user := stocked(t, d, "INBOX", 0, 40)
	ids := e.idsOf("INBOX")
	dir := d.MailDir(user)
	d.Stop()
	run(t, "mv", filepath.Join(dir, "cur"), filepath.Join(dir, "cur.away"))
	run(t, "cp", "-a", filepath.Join(dir, "new"), filepath.Join(dir, "cur"))
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	_, err := e.trySync(t.Context())
	wantTrouble(t, err, account.KindOther, "40 of 40 messages have vanished", "confirm-removal")
	e.kept("INBOX", ids)
	d.Stop()
	run(t, "rm", "-rf", filepath.Join(dir, "cur"))
	run(t, "mv", filepath.Join(dir, "cur.away"), filepath.Join(dir, "cur"))
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	e.cheap(120_000)
	e.kept("INBOX", ids)
	e.settled()
}

// TestDovecotExpungeDuringFetch: another client expunges what we are fetching.
func TestDovecotExpungeDuringFetch(t *testing.T) {
	d := realservers.Dovecot(t)
	user := d.AddUser(t)
	stock(t, d, user, "INBOX", 0, 300)
	e := dovecotEnv(t, d, user, "imaps")
	other := d.Client(t, user)
	other.Exec("SELECT INBOX")
	var once sync.Once
	e.o.Progress = func(s account.Status) {
		if s.Phase == account.Pulling && s.Done > 20 {
			once.Do(func() {
				other.Exec(`UID STORE 1:100,250:280 +FLAGS.SILENT (\Deleted)`)
				other.Exec("EXPUNGE")
			})
		}
	}
	e.sync()
	e.o.Progress = nil
	e.sync()
	other.Exec("UNSELECT")
	var want [][]byte
	for i := range 300 {
		if i >= 100 && (i < 249 || i > 279) {
			want = append(want, heavy(i))
		}
	}
	wantSame(t, "INBOX", e.sums("INBOX"), sumsOf(want))
	e.settled()
}

// TestDovecotLooksKnown: new messages of the sizes of removed ones come as headers first, and then each body once, in the
// same pull as what looks new.
func TestDovecotLooksKnown(t *testing.T) {
	d := realservers.Dovecot(t)
	e, user := stocked(t, d, "INBOX", 0, 60)
	other := d.Client(t, user)
	other.Exec("SELECT INBOX")
	other.Exec(`UID STORE 5:20 +FLAGS.SILENT (\Deleted)`)
	other.Exec("EXPUNGE")
	e.sync()
	var want []string
	for i := range 8 {
		raw := heavy(500 + i)
		if i >= 4 { // of no known size
			raw = append(raw, strings.Repeat("more\r\n", i)...)
		}
		other.Append("INBOX", raw)
		want = append(want, fmt.Sprintf("message %d", 500+i))
	}
	size := int64(len(heavy(500)))
	e.cheap(8*size + 4*4096 + 20_000)
	for _, subject := range want {
		if !e.row("INBOX", subject).HasBody {
			t.Errorf("%s came without its body", subject)
		}
	}
}
