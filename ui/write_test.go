package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"mua/account"
	"mua/store"
)

func TestPostponeAndResume(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org", "Enter", "Enter", "Enter", "=A plan", "Enter", "=Half a thought", "Ctrl-O")
	r.sees("Kept in Drafts · g d goes there")
	r.keys("g d")
	r.sees("▸ Drafts", "3 messages", "→ bob@example.org", "A plan")
	r.keys("g g", "Enter")
	r.sees("▸ draft ▸ A plan", "Half a thought")
	r.keys("=Now whole. ", "Ctrl-X")
	r.sees("on its way", "2 messages")
	raw, err := r.st.ItemRaw(t.Context(), r.items()[0].ID)
	if err != nil || !strings.Contains(string(raw), "\r\n\r\nNow whole. Half a thought") {
		t.Errorf("%v:\n%s", err, raw)
	}
}

// TestUnfinishedRecipientIsShown: a draft shows to whom it is meant before that is an address.
func TestUnfinishedRecipientIsShown(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	r.keys("m", "=ali@x.example, bob@", "Enter", "Enter", "Enter", "=A plan", "Enter", "=Half a thought", "Ctrl-O", "g d", "g g")
	r.sees("→ ali@x.example, …", "To       ali@x.example, bob@")
	r.seesNot("bob@ <>")
	r.keys("Enter")
	r.sees("▸ draft ▸ A plan", "ali@x.example, bob@")
}

// TestWhatCannotBeAttached: it is said what is wrong with the file, and nothing of a spool that one has not seen.
func TestWhatCannotBeAttached(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "Ctrl-T", "=/no", "Enter")
	r.sees("Attach file: /no", `cannot attach "/no": no such file or directory`)
	r.seesNot("spooled")
}

// TestWhyItIsNotSentIsSaid: a message that cannot be sent says so, and at which field; a notice about another message does not stay.
func TestWhyItIsNotSentIsSaid(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org", "Enter", "Enter", "Enter", "=A plan", "Ctrl-O")
	r.sees("Kept in Drafts")
	r.keys("m")
	r.seesNot("Kept in Drafts")
	r.keys("Enter", "Enter", "Enter", "=A plan", "Enter", "=Words", "Ctrl-X")
	r.sees("to whom?", "Not sent: look at To")
	r.keys("=bob@example.org", "Enter", "Enter", "=carol", "Tab", "Tab", "Ctrl-X")
	r.sees("Not sent: look at Bcc", `"carol" needs @domain`)
	r.keys("Ctrl-U")
	r.seesNot("Not sent")
	r.keys("Ctrl-X")
	r.sees("on its way")
}

// TestLongFieldsTellThatTheyGoOn: of recipients that do not fit the last one seen is not taken for the last one there is.
func TestLongFieldsTellThatTheyGoOn(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org, carol@example.org, dave@example.org, erin@example.org, frank@example.org", "Tab")
	r.sees("To       bob@example.org", "…")
	r.keys("S-Tab")
	r.sees("frank@example.org")
	r.seesNot("…")
}

func TestUndoSend(t *testing.T) {
	r := start(t, setup{samples: true, config: func(c *account.Config) { c.SendDelay = 10 * time.Second }})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Oops", "Tab", "=Wrong", "Ctrl-X")
	r.sees("Goes out in 10 s · u undo")
	if it := r.items()[0]; !it.NotBefore.Equal(testNow.Add(10 * time.Second)) {
		t.Errorf("not before %v", it.NotBefore)
	}
	r.keys("u")
	r.sees("▸ draft ▸ Oops", "Wrong", "Not sent: here it is again")
	if it := r.items()[0]; it.State != store.Cancelled {
		t.Errorf("the item is %s", it.State)
	}
}

func TestAnswering(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("L")
	r.sees("comes from no mailing list", "16 unread")
	r.keys("r")
	r.sees("Mira Sund")
	r.keys("Esc", "n")
	r.sees("15 unread") // to answer is to have read
}

func TestAddressErrorsAtTheirField(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@@example.org", "Enter")
	r.sees("↑ ")
	r.keys("Tab", "Tab", "=s", "Tab", "=text", "Ctrl-X")
	r.sees("↑ ")
	if n := len(r.items()); n != 0 {
		t.Fatalf("%d items were spooled", n)
	}
	r.keys("Ctrl-U", "=bob@example.org", "Ctrl-X")
	r.sees("on its way")
}

func TestForgottenThings(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "Ctrl-X")
	r.sees("to whom?")
	r.keys("=bob@example.org", "Tab", "Tab", "Tab", "Tab", "=See the attached plan", "Ctrl-X")
	r.sees("There is no subject.", "The text speaks of an attachment", "y send")
	r.keys("y")
	r.sees("on its way")
}

func TestCompletion(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=mira")
	r.sees("Mira Sund <mira@harbour.example>")
	r.keys("Enter", "=priya", "Tab", "Tab")
	var to string
	r.on(func() { to = r.u.top().(*composer).value(toField) })
	if to != "Mira Sund <mira@harbour.example>, Priya Raman <priya.raman@northpier.example>," {
		t.Errorf("To is %q", to)
	}
}

func TestLeavingAsks(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "Esc")
	r.sees("INBOX")
	r.keys("m", "=bob@example.org", "Esc", "q")
	r.sees("This message is not sent. Keep it as a draft?")
	r.keys("Esc", "F10")
	r.sees("This message is not sent.")
	r.keys("Esc", "Enter", "Esc", "q", "n")
	r.sees("INBOX")
	r.keys("m", "=bob@example.org", "Esc", "q", "y")
	r.sees("Kept in Drafts")
}

func TestReplyAllAndForward(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("R")
	r.sees("Mira Sund <mira@harbour.example>", "Jonas Bergström <jonas@")
	r.seesNot("Cc       Ada Linden")
	r.keys("Esc", "j", "f")
	r.sees("▸ forward", "Fwd: Invitation", "---------- Forwarded message", "Attached")
	r.keys("=carol@example.org", "Ctrl-X")
	r.sees("on its way")
	if it := r.items()[0]; !strings.HasPrefix(it.Subject, "Fwd: ") {
		t.Errorf("subject %q", it.Subject)
	}
}

func TestAttach(t *testing.T) {
	r := start(t, setup{samples: true})
	path := filepath.Join(t.TempDir(), "plan.txt")
	if err := os.WriteFile(path, []byte("attached words"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Plan", "Ctrl-T", "=/no/such/file", "Enter")
	r.sees("/no/such/file")
	r.keys("Ctrl-U", "="+path[:len(path)-5], "Tab", "Enter")
	r.sees("Attached plan.txt (14 B)")
	r.keys("Ctrl-X")
	raw, err := r.st.ItemRaw(t.Context(), r.items()[0].ID)
	if err != nil || !strings.Contains(string(raw), "filename=plan.txt") && !strings.Contains(string(raw), `filename="plan.txt"`) {
		t.Errorf("%v:\n%s", err, raw)
	}
}

func TestEditor(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "my editor")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n[ \"$1\" = -x ] || exit 9\ntr a-z A-Z < \"$2\" > \"$2.b\" && printf 'and more\\r\\n' >> \"$2.b\" && mv \"$2.b\" \"$2\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{samples: true, config: func(c *account.Config) { c.Editor = `"` + script + `" -x` }})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=S", "Tab", "=shout ", "Ctrl-G")
	r.sees("▸ before sending", "SHOUT and more")
	r.keys("y")
	raw, _ := r.st.ItemRaw(t.Context(), r.items()[0].ID)
	if !strings.HasSuffix(string(raw), "\r\n\r\nSHOUT and more\r\n") {
		t.Errorf("sent:\n%s", raw)
	}
	if left, _ := filepath.Glob(filepath.Join(r.st.Dir(), "writing", "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPasteKeepsLines(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=S", "Tab")
	r.post(tcell.NewEventPaste(true))
	for _, c := range "one\ntwo\r\n\tthree\rfour [red]" {
		switch c {
		case '\n':
			r.inject(tcell.KeyCtrlJ, 0, tcell.ModCtrl)
		case '\r':
			r.inject(tcell.KeyEnter, 0, tcell.ModNone)
		case '\t':
			r.inject(tcell.KeyTab, 0, tcell.ModNone)
		default:
			r.inject(tcell.KeyRune, c, tcell.ModNone)
		}
	}
	r.post(tcell.NewEventPaste(false))
	r.idle()
	var body string
	r.on(func() { body = r.u.top().(*composer).body.GetText() })
	if want := "one\ntwo\n\tthree\nfour [red]"; body != want {
		t.Errorf("pasted %q, want %q", body, want)
	}
	r.sees("four [red]")
}

// TestTabsStay: a text with tabs is sent with them, also when it was put off in between or came from an editor.
func TestTabsStay(t *testing.T) {
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nprintf 'all:\\n\\tgo build\\n' > \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{samples: true, config: func(c *account.Config) { c.Editor = editor }})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Makefile", "Tab", "Ctrl-G", "p", "g d", "g g", "Enter", "Ctrl-X")
	r.sees("on its way")
	raw, err := r.st.ItemRaw(t.Context(), r.items()[0].ID)
	if err != nil || !strings.HasSuffix(string(raw), "\r\n\r\nall:\r\n\tgo build\r\n") {
		t.Errorf("%v:\n%s", err, raw)
	}
}

func TestUnfinishedTextSurvives(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	if err := os.WriteFile(path, []byte("file"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{samples: true})
	r.keys("m", "=bob@example.org", "Tab", "Tab", "Tab", "=Long letter", "Tab", "=Dear Bob", "Ctrl-T", "="+path, "Enter", "=, hello")
	places, _ := filepath.Glob(filepath.Join(r.st.Dir(), "writing", "*"))
	if len(places) != 1 {
		t.Fatalf("kept in %v", places)
	}
	info, err := os.Stat(places[0])
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	// The process dies: nothing is closed in order, the kernel frees the lock.
	r.on(func() { r.u.top().(*composer).keep.place.Leave() })
	again := startOn(t, r, setup{})
	again.sees("1 unfinished text from last time")
	again.keys("g d", "g g", "Enter")
	again.sees("Long letter", "Dear Bob, hello", "a.txt (4 B)")
}

func TestSeveralIdentities(t *testing.T) {
	r := start(t, setup{samples: true, config: func(c *account.Config) {
		second := *c.Accounts[0]
		second.Name, second.From.Address = "home", "ada@home.example"
		c.Accounts = append(c.Accounts, &second)
	}})
	r.keys("m", "S-Tab")
	r.sees("◂ Ada Linden <ada@mua.example>   (work) ▸")
	r.keys("S-Tab", "Up", "=x") // no key that means something else changes whom it is from
	r.sees("◂ Ada Linden <ada@mua.example>   (work) ▸", "← → choose the address to write from")
	r.keys("Right", "Space", "Left")
	r.sees("◂ Ada Linden <ada@home.example>   (home) ▸")
	r.keys("Left", "Space")
	r.sees("◂ Ada Linden <ada@home.example>   (home) ▸")
	r.keys("Tab", "=bob@example.org", "Tab", "Tab", "Tab", "=S", "Tab", "=text", "Ctrl-X")
	if it := r.items()[0]; it.AccountName != "home" || it.Sender != "ada@home.example" {
		t.Errorf("%+v", it)
	}
}

func TestNoAccountKeepsDraft(t *testing.T) {
	r := start(t, setup{samples: true, config: func(c *account.Config) { c.Accounts = nil }})
	r.keys("m")
	r.sees("no account is set up")
	r.keys("=bob@example.org", "Tab", "Tab", "Tab", "=S", "Tab", "=text", "Ctrl-X")
	r.sees("no account that can send is set up")
	r.seesNot("acknowledges") // what would is a letter here
	r.keys("Ctrl-O")
	r.sees("Kept in Drafts")
	r.seesNot("no account that can send")
}

func TestGroupsAsRecipients(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("m", "=Undisclosed recipients:;", "Tab", "Tab", "Tab", "=Hi", "Tab", "=text", "Ctrl-X")
	r.sees("to whom?")
	if n := len(r.items()); n != 0 {
		t.Fatalf("%d items were spooled", n)
	}
	r.keys("Ctrl-U", "=Crew: bob@example.org, eve@example.org;", "Ctrl-X")
	r.sees("on its way")
	if it := r.items()[0]; len(it.Recipients) != 2 || it.Recipients[1].Addr != "eve@example.org" {
		t.Errorf("%+v", it.Recipients)
	}
}

// TestDraftIsMovedWhileItIsOpen: another process moves a draft to another account while it is written on here. It stays the one
// that is written on: opened again it is the same composer, and kept it is one draft.
func TestDraftIsMovedWhileItIsOpen(t *testing.T) {
	r := twoAccounts(t)
	home, err := r.st.EnsureAccount(t.Context(), "home")
	if err != nil {
		t.Fatal(err)
	}
	r.keys("m", "=bob@example.org", "Enter", "Enter", "Enter", "=A plan", "Enter", "=Half a thought", "Ctrl-O", "g d", "g g", "Enter")
	r.sees("▸ draft ▸ A plan")
	drafts := func() []store.Row {
		t.Helper()
		list, err := r.st.List(t.Context(), store.ListQuery{Query: "subject:plan", Limit: 9})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	box, err := r.st.RoleMailbox(t.Context(), home, store.RoleArchive, false)
	if err != nil {
		t.Fatal(err)
	}
	was := drafts()[0].ID
	if _, err := r.st.Move(t.Context(), []store.MessageID{was}, box.ID); err != nil {
		t.Fatal(err)
	}
	now := drafts()[0].ID
	r.on(r.u.storeChanged)
	r.idle()
	var stored store.MessageID
	r.on(func() { stored = r.u.top().(*composer).stored })
	if stored != now || now == was {
		t.Errorf("draft %d is written on, which is %d now; it was %d", stored, now, was)
	}
	r.keys("=Now whole. ", "Ctrl-O")
	r.sees("Kept in Drafts")
	if list := drafts(); len(list) != 1 || list[0].MailboxName != "Drafts" {
		t.Errorf("%d drafts: %+v", len(list), list)
	}
}
