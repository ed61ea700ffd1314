package store

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// far is a second account beside a world's.
type far struct {
	*world
	acct           AccountID
	inbox, archive MailboxID
}

func newFar(w *world, name string) *far {
	w.Helper()
	f := &far{world: w, acct: must(w.EnsureAccount(w.ctx, name))(w)}
	for _, m := range must(w.SetMailboxes(w.ctx, f.acct, []RemoteMailbox{{Name: "INBOX", Separator: "/", Role: RoleInbox},
		{Name: "Archive", Separator: "/", Role: RoleArchive}}))(w) {
		if m.Role == RoleInbox {
			f.inbox = m.ID
		} else {
			f.archive = m.ID
		}
		ok(w, w.SetSyncState(w.ctx, m.ID, SyncState{UIDValidity: 7, UIDNext: 1}))
	}
	return f
}

// todo is what is handed out for the account now.
func (f *far) todo() (list []Action, words string) {
	f.Helper()
	list = must(f.PendingActions(f.ctx, f.acct))(f)
	var out []string
	for _, a := range list {
		out = append(out, describe(a))
	}
	return list, strings.Join(out, "; ")
}

func (f *far) expect(want string) []Action {
	f.Helper()
	list, got := f.todo()
	if got != want {
		f.Errorf("pending:\n got %q\nwant %q", got, want)
	}
	return list
}

// where tells in which mailboxes the messages are that are here, with their flags.
func (w *world) where() string {
	w.Helper()
	var out []string
	for _, r := range must(w.List(w.ctx, ListQuery{Limit: 99, Sort: SortSubject}))(w) {
		out = append(out, fmt.Sprint(r.Subject, " in ", r.AccountName, " ", r.MailboxName, " ", r.Flags.Names()))
	}
	return strings.Join(out, "; ")
}

func (w *world) expectWhere(want string) {
	w.Helper()
	if got := w.where(); got != want {
		w.Errorf("here:\n got %q\nwant %q", got, want)
	}
}

// TestMoveBetweenAccounts: the deletion waits until the upload was accepted, however far undo and redo go.
func TestMoveBetweenAccounts(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	raw := mail(1, "a", "bytes \x00\xff as they are")
	ids := w.pull(w.inbox, 5, raw)
	must(w.MarkFlags(w.ctx, ids, FlagChange{Add: Flagged, AddKeywords: []string{"todo"}}))(t)
	must(w.Move(w.ctx, ids, f.archive))(t)
	w.expectWhere("a in home Archive [flagged]")
	w.expect("")
	up := f.expect("append Archive [flagged todo]")
	if len(up) != 1 {
		t.FailNow()
	}
	if !bytes.Equal(must(w.Raw(w.ctx, up[0].Message))(t), raw) {
		t.Error("other bytes")
	}
	if got := must(w.MovesLeft(w.ctx))(t); len(got) != 0 {
		t.Errorf("left %v", got)
	}
	w.expect("")
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up[0].ID, UID: 1, UIDValidity: 7}}))
	if got := must(w.MovesLeft(w.ctx))(t); len(got) != 1 || got[0] != w.acct {
		t.Errorf("left %v", got)
	}
	w.expect("delete INBOX:5")

	// Handed out, and perhaps done: undo wishes an upload after it, and until that is there nothing is taken from home.
	if words := must(w.Undo(w.ctx))(t); words != "1 message moved back to INBOX of work" {
		t.Errorf("undo said %q", words)
	}
	w.expectWhere("a in work INBOX [flagged]")
	f.expect("")
	down := must(w.PendingActions(w.ctx, w.acct))(t)
	if len(down) != 1 || down[0].Kind != ActionDelete {
		t.Fatalf("%+v", down)
	}
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: down[0].ID}}))
	f.expect("")
	down = must(w.PendingActions(w.ctx, w.acct))(t)
	if len(down) != 1 || describe(down[0]) != "append INBOX [flagged todo]" {
		t.Fatalf("%+v", down)
	}
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: down[0].ID}})) // without a UID
	f.expect("delete Archive:1")

	must(w.Redo(w.ctx))(t)
	w.expectWhere("a in home Archive [flagged]")
	if _, err := w.Row(w.ctx, ids[0]); !errors.Is(err, ErrNotFound) {
		t.Errorf("both are here: %v", err)
	}
}

// TestMoveBetweenAccountsUndone: before a server has heard of it, undo leaves nothing to do.
func TestMoveBetweenAccountsUndone(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	ids := w.pull(w.inbox, 5, mail(1, "a", "x"), mail(2, "b", "x"))
	must(w.Move(w.ctx, ids, f.inbox))(t)
	must(w.MarkFlags(w.ctx, []MessageID{must(w.List(w.ctx, ListQuery{Sort: SortSubject, Limit: 1}))(t)[0].ID}, FlagChange{Add: Seen, NoUndo: true}))(t)
	if words := must(w.Undo(w.ctx))(t); words != "2 messages moved back to INBOX of work" {
		t.Errorf("undo said %q", words)
	}
	w.expectWhere("a in work INBOX [seen]; b in work INBOX []")
	f.expect("")
	w.expect("flags INBOX:5 +[seen] -[]") // handed out with that
	must(w.Redo(w.ctx))(t)
	w.expectWhere("a in home INBOX [seen]; b in home INBOX []")
	w.expect("flags INBOX:5 +[seen] -[]")
	f.expect("append INBOX [seen]; append INBOX []")
}

// TestMoveBetweenAccountsRefused: what the other server does not take is where it was.
func TestMoveBetweenAccountsRefused(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	ids := w.pull(w.inbox, 5, mail(1, "a", "x"))
	must(w.Move(w.ctx, ids, f.inbox))(t)
	up := f.expect("append INBOX []")
	must(w.Move(w.ctx, []MessageID{up[0].Message}, f.archive))(t)
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up[0].ID, Refused: "NO [OVERQUOTA] full"}}))
	w.expectWhere("a in work INBOX []")
	w.expect("")
	f.expect("")
	list := must(w.Conflicts(w.ctx, 0))(t)
	if len(list) != 1 || list[0].What != "the upload was refused: NO [OVERQUOTA] full; it is in INBOX of work again" {
		t.Errorf("conflicts %+v", list)
	}
	must(w.Trash(w.ctx, ids))(t)
	w.expect("move INBOX:5 Trash")
}

// TestAnswerToDeletionLost: that the first account has a message no more is seen by a pull, while the person has taken the move
// back, or has moved it once more. The other account's copy stays until the message is stored again.
func TestAnswerToDeletionLost(t *testing.T) {
	for _, once := range []bool{false, true} {
		w := newWorld(t)
		f := newFar(w, "home")
		ids := w.pull(w.inbox, 5, mail(1, "a", "x"))
		must(w.Move(w.ctx, ids, f.inbox))(t)
		up := f.expect("append INBOX []")
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up[0].ID, UID: 1, UIDValidity: 7}}))
		w.expect("delete INBOX:5")
		must(w.Undo(w.ctx))(t)
		if once {
			must(w.Move(w.ctx, ids, f.archive))(t)
		}
		must(w.ExpungeRemote(w.ctx, w.inbox, []uint32{5}))(t)
		if once {
			w.expectWhere("a in home Archive []")
			w.expect("")
			up = f.expect("append Archive []")
		} else {
			w.expectWhere("a in work INBOX []")
			f.expect("")
			w.expect("append INBOX []")
			up = must(w.PendingActions(w.ctx, w.acct))(t)
		}
		if len(up) != 1 {
			t.FailNow()
		}
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up[0].ID, UID: 9}}))
		f.expect("delete INBOX:1")
		if list := must(w.Conflicts(w.ctx, 0))(t); len(list) != 0 {
			t.Errorf("conflicts %+v", list)
		}
	}
}

// TestMovedIsNoNews: what a person moves or copies to another account's inbox is no new mail there.
func TestMovedIsNoNews(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	ids := w.pull(w.archive, 5, mail(1, "a", "x"), mail(2, "b", "x"))
	before := must(w.MarkNews(w.ctx))(t)
	must(w.Move(w.ctx, ids[:1], f.inbox))(t)
	must(w.Copy(w.ctx, ids[1:], f.inbox))(t)
	for i, a := range f.expect("append INBOX []; append INBOX []") {
		ok(t, w.FinishActions(w.ctx, []Replayed{{ID: a.ID, UID: uint32(1 + i), UIDValidity: 7}}))
	}
	w.pull(f.inbox, 9, mail(3, "c", "x"))
	news, _, err := w.Arrived(w.ctx, 0, before)
	ok(t, err)
	if news.Count != 1 || len(news.Rows) != 1 || news.Rows[0].Subject != "c" {
		t.Errorf("%d are new: %+v", news.Count, news.Rows)
	}
}

// TestMoveOverSeveralAccounts: each deletion waits for the last upload that stands for it.
func TestMoveOverSeveralAccounts(t *testing.T) {
	w := newWorld(t)
	f, g := newFar(w, "home"), newFar(w, "club")
	only := func() []MessageID { return []MessageID{must(w.List(w.ctx, ListQuery{Limit: 9}))(t)[0].ID} }
	w.pull(w.inbox, 5, mail(1, "a", "x"))
	must(w.Move(w.ctx, only(), f.inbox))(t)
	must(w.Move(w.ctx, only(), g.inbox))(t)
	w.expectWhere("a in club INBOX []")
	f.expect("") // never had it
	w.expect("")
	up := g.expect("append INBOX []")
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up[0].ID, UID: 3, UIDValidity: 7}}))
	w.expect("delete INBOX:5")
	f.expect("")

	// Another client deletes what was moved on: the first deletion waits for the last upload nevertheless.
	w.pull(w.inbox, 7, mail(3, "d", "x"))
	last := func() MessageID {
		l := must(w.List(w.ctx, ListQuery{Sort: SortSubject, Limit: 9}))(t)
		return l[len(l)-1].ID
	}
	must(w.Move(w.ctx, []MessageID{last()}, f.inbox))(t)
	up = f.expect("append INBOX []")
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up[0].ID, UID: 4, UIDValidity: 7}}))
	must(w.Move(w.ctx, []MessageID{last()}, g.inbox))(t)
	must(w.ExpungeRemote(w.ctx, f.inbox, []uint32{4}))(t)
	w.expect("delete INBOX:5")
	up = g.expect("append INBOX []")
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up[0].ID, UID: 5, UIDValidity: 7}}))
	w.expect("delete INBOX:5; delete INBOX:7")
	must(w.ExpungeRemote(w.ctx, w.inbox, []uint32{7}))(t)
	must(w.Trash(w.ctx, []MessageID{last()}))(t)
	must(w.Trash(w.ctx, []MessageID{last()}))(t)
	must(w.ExpungeRemote(w.ctx, g.inbox, []uint32{5}))(t)

	// And deleted for good before it was anywhere else: the first server's copy goes, too.
	must(w.Move(w.ctx, w.pull(w.inbox, 6, mail(2, "b", "x")), f.inbox))(t)
	b := must(w.List(w.ctx, ListQuery{Sort: SortSubject, Limit: 9}))(t)[1].ID
	w.expect("delete INBOX:5")
	must(w.Trash(w.ctx, []MessageID{b}))(t)
	must(w.Trash(w.ctx, []MessageID{b}))(t)
	w.expectWhere("a in club INBOX []")
	w.expect("delete INBOX:5; delete INBOX:6")
}

// TestReplayable: whoever asks on every change whether anything can be replayed does not wake itself by that, also while a
// deletion waits for another account's server; and what is asked about is not handed out.
func TestReplayable(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	must(w.Move(w.ctx, w.pull(w.inbox, 5, mail(1, "a", "x")), f.inbox))(t)
	changed, done := w.Watch()
	defer done()
	w.watchers.close() // what the goroutine that looks at the file tells, too, comes before what follows
	select {
	case <-changed:
	default:
	}
	for acct, want := range map[AccountID]bool{w.acct: false, f.acct: true} {
		if some := len(must(w.Replayable(w.ctx, acct))(t)) > 0; some != want {
			t.Errorf("account %d: %v", acct, some)
		}
	}
	w.expect("")
	select {
	case <-changed:
		t.Error("asking is a change")
	default:
	}
	if list := f.expect("append INBOX []"); len(list) != 1 || list[0].Tries != 0 {
		t.Errorf("handed out before: %+v", list)
	}
	made := must(w.CreateMailbox(w.ctx, w.acct, "New", true))(t)
	if len(must(w.ReplayableMailboxes(w.ctx, w.acct))(t)) != 1 {
		t.Error("a mailbox to make is nothing to do")
	}
	if list := must(w.PendingMailboxActions(w.ctx, w.acct))(t); len(list) != 1 || list[0].Mailbox != made.Mailbox.ID || list[0].Tries != 0 {
		t.Errorf("handed out before: %+v", list)
	}
}

// TestMoveToAndFromLocal: a mailbox on no server has it at once; what goes from there to a server has its line ends.
func TestMoveToAndFromLocal(t *testing.T) {
	w := newWorld(t)
	pop := must(w.EnsureAccount(w.ctx, "pop"))(t)
	box := must(w.LocalMailbox(w.ctx, pop, "INBOX"))(t)
	ids := w.pull(w.inbox, 5, mail(1, "a", "x"))
	must(w.Move(w.ctx, ids, box.ID))(t)
	w.expectWhere("a in pop INBOX []")
	w.expect("delete INBOX:5")

	ok(t, w.SetSyncState(w.ctx, w.archive, SyncState{UIDValidity: 1, UIDNext: 1}))
	lf := bytes.ReplaceAll(mail(2, "b", "x"), []byte("\r\n"), []byte("\n"))
	came, _, err := w.AddRemote(w.ctx, box.ID, []Incoming{{UIDL: "u", Raw: lf}})
	ok(t, err)
	must(w.Move(w.ctx, came, w.archive))(t)
	a := must(w.PendingActions(w.ctx, w.acct))(t)
	up := a[len(a)-1]
	if up.Kind != ActionAppend || up.Size != int64(len(mail(2, "b", "x"))) || !bytes.Equal(must(w.Raw(w.ctx, up.Message))(t), mail(2, "b", "x")) {
		t.Errorf("%+v", up)
	}
	// Nobody has deleted it: the policy says how long it stays on the POP3 server, and it does not come again.
	if u := must(w.UIDLs(w.ctx, pop))(t); len(u) != 1 || u[0].Message != up.Message || !u[0].HasBody {
		t.Errorf("ledger %+v", u)
	}
	again, isNew, err := w.AddRemote(w.ctx, box.ID, []Incoming{{UIDL: "u", Raw: lf}})
	ok(t, err)
	if isNew != 0 || again[0] != up.Message {
		t.Errorf("came again: %v %v", again, isNew)
	}
	ok(t, w.FinishActions(w.ctx, []Replayed{{ID: up.ID, UID: 1, UIDValidity: 1}}))
	n, err := w.PruneBodies(w.ctx, map[MailboxID]time.Time{w.archive: w.t.Add(time.Hour)})
	ok(t, err)
	if u := must(w.UIDLs(w.ctx, pop))(t); n != 1 || !u[0].HasBody {
		t.Errorf("it would be fetched again for the text that its server has: %d, %+v", n, u)
	}
	must(w.Trash(w.ctx, []MessageID{up.Message}))(t)
	must(w.Trash(w.ctx, []MessageID{up.Message}))(t)
	if u := must(w.UIDLs(w.ctx, pop))(t); u[0].Message == 0 {
		t.Error("what is deleted on another server is deleted on this one")
	}

	came, _, err = w.AddRemote(w.ctx, box.ID, []Incoming{{UIDL: "v", Raw: lf}})
	ok(t, err)
	must(w.Move(w.ctx, came, w.archive))(t)
	must(w.Undo(w.ctx))(t)
	if u := must(w.UIDLs(w.ctx, pop))(t); len(u) != 2 || u[1].Message != came[0] || !bytes.Equal(must(w.Raw(w.ctx, came[0]))(t), lf) {
		t.Errorf("ledger %+v", u)
	}
}

// TestMoveThatWaitsForLong: what came from no server to an account that is not reached for a month is there still, waits for
// its server, and cannot be taken back any more.
func TestMoveThatWaitsForLong(t *testing.T) {
	w := newWorld(t)
	pop := must(w.EnsureAccount(w.ctx, "pop"))(t)
	box := must(w.LocalMailbox(w.ctx, pop, "INBOX"))(t)
	came, _, err := w.AddRemote(w.ctx, box.ID, []Incoming{{UIDL: "u", Raw: mail(1, "a", "x")}})
	ok(t, err)
	must(w.Move(w.ctx, came, w.archive))(t)
	w.t = w.t.Add(keepGone + time.Hour)
	ok(t, w.Purge(w.ctx))
	w.expectWhere("a in work Archive []")
	if words, err := w.Undo(w.ctx); !errors.Is(err, ErrState) || !strings.Contains(err.Error(), "1 message has changed since") {
		t.Errorf("%q, %v", words, err)
	}
	w.expectWhere("a in work Archive []")
	w.expect("append Archive []")
}

// TestCopyBetweenAccounts: the original stays as it is.
func TestCopyBetweenAccounts(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	ids := w.pull(w.inbox, 5, mail(1, "a", "x"))
	made := must(w.Copy(w.ctx, ids, f.archive))(t).Made
	if len(made) != 1 || w.row(made[0]).AccountName != "home" || w.row(ids[0]).MailboxName != "INBOX" {
		t.Errorf("made %v; %s", made, w.where())
	}
	w.expect("")
	f.expect("append Archive []")
	must(w.Undo(w.ctx))(t)
	w.expectWhere("a in work INBOX []")
	header, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 9, Header: header(mail(2, "h", "x")), Size: 500}})
	ok(t, err)
	for _, err := range []error{second(w.Copy(w.ctx, header, f.inbox)), second(w.Move(w.ctx, header, f.inbox))} {
		if !errors.Is(err, ErrNoBody) || !errors.Is(err, ErrState) {
			t.Errorf("of a header: %v", err)
		}
	}
}

// TestMoveOfManyBetweenAccounts: where the last of many is not wholly here none goes, though they are more than one transaction takes.
func TestMoveOfManyBetweenAccounts(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	var many [][]byte
	for i := range 600 {
		many = append(many, mail(i+1, "a", "x"))
	}
	ids := w.pull(w.inbox, 5, many...)
	lacks, _, err := w.AddRemote(w.ctx, w.inbox, []Incoming{{UID: 9000, Header: header(mail(9000, "h", "x")), Size: 500}})
	ok(t, err)
	ids = append(ids, lacks...)
	for _, err := range []error{second(w.Move(w.ctx, ids, f.inbox)), second(w.Copy(w.ctx, ids, f.inbox))} {
		if !errors.Is(err, ErrNoBody) || !errors.Is(err, ErrState) {
			t.Errorf("went: %v", err)
		}
	}
	if n := must(w.Mailbox(w.ctx, f.inbox))(t).Total; n != 0 {
		t.Errorf("%d of %d went", n, len(ids))
	}
}

// TestMovedMessageIsAnswered: what is to follow from an item of the outbox follows the message.
func TestMovedMessageIsAnswered(t *testing.T) {
	w := newWorld(t)
	f := newFar(w, "home")
	ids := w.pull(w.inbox, 5, mail(1, "a", "x"))
	r := w.request(2, "bob@example.net")
	r.Answers = ids[0]
	item := w.spool(r)
	must(w.Move(w.ctx, ids, f.inbox))(t)
	_, at := w.claim(item)
	w.end(at, Sent, Accepted)
	w.expectWhere("a in home INBOX [answered]; hi in work Sent [seen]")

	// Also where it was moved while the answer was written.
	b := w.pull(w.inbox, 7, mail(3, "b", "x"))
	must(w.Move(w.ctx, b, f.inbox))(t)
	r = w.request(4, "bob@example.net")
	r.Forwards = b[0]
	_, at = w.claim(w.spool(r))
	w.end(at, Sent, Accepted)
	if got := w.where(); !strings.HasPrefix(got, "a in home INBOX [answered]; b in home INBOX [forwarded]; ") {
		t.Error(got)
	}
}
