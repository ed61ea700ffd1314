package imap_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/account/demo"
	"mua/account/realservers"
	"mua/store"
)

// ids are the messages with these numbers of the corpus.
func (e *env) ids(mailbox string, numbers ...int) (out []store.MessageID) {
	e.t.Helper()
	for _, r := range e.rows(mailbox) {
		for _, n := range numbers {
			if r.MessageID != "" && bytes.Contains(mail(n), []byte("Message-ID: "+r.MessageID)) {
				out = append(out, r.ID)
			}
		}
	}
	if len(out) != len(numbers) {
		e.t.Fatalf("%s: %d of %d messages", mailbox, len(out), len(numbers))
	}
	return out
}

func (e *env) replay() (replayed, conflicts int) {
	e.t.Helper()
	s := e.open()
	defer s.Close()
	replayed, conflicts, err := s.Replay(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	return replayed, conflicts
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// settled fails when anything is pending or a further sync changes anything.
func (e *env) settled() {
	e.t.Helper()
	if list := must(e.st.PendingActions(e.t.Context(), e.id))(e.t); len(list) != 0 {
		e.t.Errorf("still pending: %+v", list)
	}
	if p := e.sync(); p.New+p.Changed+p.Removed != 0 {
		e.t.Errorf("the next sync found %+v", p)
	}
}

func TestReplay(t *testing.T) {
	for name, without := range map[string][]string{
		"all extensions": nil, "no MOVE": {"MOVE"}, "no UIDPLUS": {"UIDPLUS"}, "neither": {"MOVE", "UIDPLUS", "ESEARCH"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, e := demoEnv(t, demo.Options{Without: without})
			for i := range 40 {
				srv.Deliver("INBOX", mail(i))
			}
			srv.Deliver("Archive", mail(90))
			srv.Deliver("Trash", mail(91))
			e.sync()
			ctx := t.Context()
			must(e.st.MarkFlags(ctx, e.ids("INBOX", 1, 2, 3, 4, 5), store.FlagChange{Add: store.Seen | store.Flagged, AddKeywords: []string{"Work"}}))(t)
			must(e.st.MarkFlags(ctx, e.ids("INBOX", 2), store.FlagChange{Remove: store.Flagged}))(t)
			must(e.st.Move(ctx, e.ids("INBOX", 5, 6, 7, 20), e.mailbox("Archive").ID))(t)
			must(e.st.Trash(ctx, e.ids("INBOX", 8)))(t)
			must(e.st.Trash(ctx, e.ids("Trash", 91)))(t)
			srv.ResetCounts()
			replayed, conflicts := e.replay()
			if replayed == 0 || conflicts != 0 {
				t.Errorf("%d replayed, %d conflicts", replayed, conflicts)
			}
			if c := srv.Counts().IMAP.Commands; c["UID MOVE"]+c["UID COPY"] > 2 || c["UID STORE"] > 7 {
				t.Errorf("too many commands: %v", c)
			}
			for _, m := range srv.List("INBOX") {
				r := must(e.st.ByHeaderID(ctx, headerID(m.Raw)))(t)
				row := must(e.st.Row(ctx, r[0]))(t)
				if slices.Contains(m.Flags, `\Seen`) != row.Flags.Has(store.Seen) || slices.Contains(m.Flags, `\Flagged`) != row.Flags.Has(store.Flagged) {
					t.Errorf("%s: flags %v, here %v", row.Subject, m.Flags, row.Flags.Names())
				}
			}
			if n := len(srv.List("INBOX")); n != 35 {
				t.Errorf("INBOX has %d", n)
			}
			wantSame(t, "Archive", sumsOf(srv.Messages("Archive")), sumsOf([][]byte{mail(90), mail(5), mail(6), mail(7), mail(20)}))
			wantSame(t, "Trash", sumsOf(srv.Messages("Trash")), sumsOf([][]byte{mail(8)}))
			ids := e.ids("Archive", 5, 6, 7, 20)
			e.sync()
			if got := e.ids("Archive", 5, 6, 7, 20); !slices.Equal(got, ids) {
				t.Errorf("ids changed: %v, %v", ids, got)
			}
			e.settled()
		})
	}
}

func headerID(raw []byte) string {
	_, rest, _ := strings.Cut(string(raw), "Message-ID: ")
	id, _, _ := strings.Cut(rest, "\r\n")
	return id
}

func TestOthersDeletedMailIsNotExpunged(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{Without: []string{"MOVE", "UIDPLUS"}})
	for i := range 3 {
		srv.Deliver("INBOX", mail(i))
	}
	srv.Deliver("Archive", mail(90))
	srv.Deliver("INBOX", mail(3), `\Deleted`)
	e.sync()
	must(e.st.Move(t.Context(), e.ids("INBOX", 1), e.mailbox("Archive").ID))(t)
	e.replay()
	if n := len(srv.List("INBOX")); n != 4 {
		t.Errorf("INBOX has %d messages: someone's were expunged", n)
	}
	e.sync()
	if n := len(e.rows("Archive")); n != 2 {
		t.Errorf("Archive has %d", n)
	}
}

// TestCutMovesEndTogether: without UIDPLUS, two moves were killed after their marks and before the EXPUNGE. Each finds the
// mark of the other; nothing stays struck out.
func TestCutMovesEndTogether(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{Without: []string{"MOVE", "UIDPLUS"}})
	for i := range 3 {
		srv.Deliver("INBOX", mail(i))
	}
	e.sync()
	must(e.st.Archive(t.Context(), e.ids("INBOX", 1, 2)))(t)
	uids := map[string]bool{}
	for _, a := range must(e.st.PendingActions(t.Context(), e.id))(t) {
		uids[fmt.Sprint(a.UID)] = true
	}
	other := realservers.ClientOf(t, srv.IMAPS, srv.CAFile, srv.User, srv.Password)
	other.Exec("SELECT INBOX")
	for uid := range uids {
		other.Exec("UID COPY " + uid + " Archive")
		other.Exec("UID STORE " + uid + ` +FLAGS.SILENT (\Deleted)`)
	}
	other.Exec("UNSELECT")
	before := len(srv.List("Archive"))
	e.sync()
	if n := len(srv.List("INBOX")); n != 1 {
		t.Errorf("INBOX has %d messages", n)
	}
	if n := len(srv.List("Archive")); n != before || len(uids) != 2 {
		t.Errorf("Archive has %d messages, not %d", n, before)
	}
	e.sync()
	e.settled()
}

func TestAppendReachesTheServerOnce(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("Drafts", mail(90))
	e.sync()
	draft := []byte("From: ada@example.org\r\nSubject: entwurf\r\nMessage-ID: <d1@x>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\nhallo\r\n")
	id := must(e.st.SaveDraft(t.Context(), e.id, draft, 0))(t)
	// The answer to APPEND is lost: the message is there, the wish is still here.
	srv.Deliver("Drafts", draft, `\Draft`)
	e.replay()
	if n := len(srv.List("Drafts")); n != 2 {
		t.Fatalf("Drafts has %d messages", n)
	}
	edited := append(slices.Clone(draft), "more\r\n"...)
	id2 := must(e.st.SaveDraft(t.Context(), e.id, edited, id))(t)
	e.replay()
	list := srv.List("Drafts")
	if len(list) != 2 || !bytes.Equal(list[1].Raw, edited) || !slices.Contains(list[1].Flags, `\Draft`) {
		t.Fatalf("Drafts: %d messages, %v", len(list), list[len(list)-1].Flags)
	}
	e.sync()
	if r := e.row("Drafts", "entwurf"); r.ID != id2 {
		t.Errorf("the draft became %d, was %d", r.ID, id2)
	}
	e.settled()
}

func TestRefusedWishIsShownAndTakenBack(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	for i := range 4 {
		srv.Deliver("INBOX", mail(i))
	}
	srv.Deliver("Archive", mail(90))
	srv.Deliver("Drafts", mail(91))
	e.sync()
	srv.SetFaults(demo.Faults{IMAP: demo.LineFaults{Refuse: map[string]string{"STORE": "[NOPERM] not yours", "MOVE": "[OVERQUOTA] full", "APPEND": "[OVERQUOTA] full"}}})
	must(e.st.MarkFlags(t.Context(), e.ids("INBOX", 1), store.FlagChange{Add: store.Seen}))(t)
	must(e.st.Move(t.Context(), e.ids("INBOX", 2, 3), e.mailbox("Archive").ID))(t)
	must(e.st.SaveDraft(t.Context(), e.id, append([]byte("Subject: d\r\nMessage-ID: <d2@x>\r\n\r\n"), bytes.Repeat([]byte("0123456789\r\n"), 1000)...), 0))(t)
	replayed, conflicts := e.replay()
	if replayed != 0 || conflicts != 4 {
		t.Errorf("%d replayed, %d conflicts", replayed, conflicts)
	}
	list := must(e.st.Conflicts(t.Context(), 10))(t)
	if len(list) != 4 || !strings.Contains(list[0].What+list[1].What+list[2].What+list[3].What, "not yours") {
		t.Errorf("conflicts: %+v", list)
	}
	e.ids("INBOX", 0, 1, 2, 3)
	srv.SetFaults(demo.Faults{})
	e.row("Drafts", "d") // kept here
	if replayed, conflicts := e.replay(); replayed+conflicts != 0 {
		t.Errorf("looped: %d, %d", replayed, conflicts)
	}
}

func TestTemporaryRefusalKeepsTheWish(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	e.sync()
	must(e.st.MarkFlags(t.Context(), e.ids("INBOX", 1), store.FlagChange{Add: store.Seen}))(t)
	srv.SetFaults(demo.Faults{IMAP: demo.LineFaults{Refuse: map[string]string{"STORE": "[UNAVAILABLE] later"}}})
	s := e.open()
	_, _, err := s.Replay(t.Context())
	wantTrouble(t, err, account.KindTemporary, "later")
	srv.SetFaults(demo.Faults{})
	if replayed, _ := e.replay(); replayed != 1 {
		t.Error("the wish is gone")
	}
}

func TestStaleUIDsAreNotUsed(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	for i := range 5 {
		srv.Deliver("INBOX", mail(i))
	}
	e.sync()
	must(e.st.MarkFlags(t.Context(), e.ids("INBOX", 1), store.FlagChange{Add: store.Flagged}))(t)
	if err := srv.Renumber("INBOX"); err != nil {
		t.Fatal(err)
	}
	if replayed, conflicts := e.replay(); replayed+conflicts != 0 {
		t.Errorf("%d replayed, %d conflicts on UIDs of another UIDVALIDITY", replayed, conflicts)
	}
	e.sync()
	if replayed, _ := e.replay(); replayed != 1 {
		t.Error("the wish was lost")
	}
	for _, m := range srv.List("INBOX") {
		if slices.Contains(m.Flags, `\Flagged`) != bytes.Equal(m.Raw, mail(1)) {
			t.Errorf("UID %d has %v", m.UID, m.Flags)
		}
	}
}

func TestFindSent(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{Samples: true})
	e.sync()
	sent := e.mailbox("sent")
	srv.Deliver(sent.Name, mail(1))
	s := e.open()
	if n, err := s.FindSent(t.Context(), headerID(mail(1))); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := s.FindSent(t.Context(), "<none@x>"); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestReplayIsCutShortByTheContext(t *testing.T) {
	srv, e := demoEnv(t, demo.Options{})
	srv.Deliver("INBOX", mail(1))
	e.sync()
	must(e.st.MarkFlags(t.Context(), e.ids("INBOX", 1), store.FlagChange{Add: store.Seen}))(t)
	e.o.Wire.Progress = 2 * time.Second
	s := e.open()
	srv.SetFaults(demo.Faults{Latency: time.Hour})
	bounded(t, func() {
		_, _, err := s.Replay(t.Context())
		wantTrouble(t, err, account.KindTemporary, "did not answer")
	})
	srv.SetFaults(demo.Faults{})
	if replayed, _ := e.replay(); replayed != 1 {
		t.Error("the wish is gone")
	}
}
