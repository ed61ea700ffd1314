package ui

import (
	"testing"
	"time"

	"mua/store"
)

// TestMadeMailboxIsNamedAsTheServerWants: the levels of a mailbox that is made to move something there may be given with slashes.
func TestMadeMailboxIsNamedAsTheServerWants(t *testing.T) {
	for prefix, want := range map[string]string{"": "Lists.Go", "INBOX.": "INBOX.Lists.Go"} {
		r := start(t, setup{fill: func(r *rig) {
			if err := r.st.SetPrefix(t.Context(), r.acct, prefix); err != nil {
				t.Fatal(err)
			}
			list := []store.RemoteMailbox{{Name: "INBOX", Separator: ".", Role: store.RoleInbox}}
			if _, err := r.st.SetMailboxes(t.Context(), r.acct, list); err != nil {
				t.Fatal(err)
			}
			r.add("INBOX", store.RoleInbox, mailText("bob@example.org", "first", "x"))
		}})
		r.keys("s", "=Lists/Go")
		r.sees("+ make mailbox " + want)
		r.keys("Enter")
		r.sees("Moved to " + want + ": 1")
	}
}

// TestMailboxNamesAreCheckedAtOnce: a name that the server would refuse is shown as that where it was typed, to be mended.
func TestMailboxNamesAreCheckedAtOnce(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, fill: func(r *rig) {
		list := []store.RemoteMailbox{{Name: "INBOX", Separator: ".", Role: store.RoleInbox}, {Name: "Lists", Separator: "."}}
		if _, err := r.st.SetMailboxes(t.Context(), r.acct, list); err != nil {
			t.Fatal(err)
		}
	}})
	r.keys("w", "n", "=Lists/Go", "Enter")
	r.sees("New mailbox in work: Lists/Go", "the server separates the levels by ., write Lists.Go")
	r.keys("Backspace", "Backspace", "Backspace", "=.Go", "Enter")
	r.sees("Mailbox Lists.Go made")
	r.keys("n", "=Lists.Go", "Enter")
	r.sees("there is a mailbox of that name")
	r.keys("Esc", "G", "e", "Ctrl-U", "=a/b", "Enter")
	r.sees("Rename Lists.Go to: a/b", "write a.b")
	r.keys("Ctrl-U", "=Other", "Enter")
	r.sees("Renamed to Other")
}

// TestMailboxesWithATaskStay: it is said before anything is asked; and what has just been made is what the next key is for.
func TestMailboxesWithATaskStay(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	r.keys("w", "w", "e")
	r.sees("INBOX keeps its name: it is the account's inbox")
	r.seesNot("Rename INBOX")
	r.keys("d")
	r.sees("INBOX stays: the account has it as its inbox")
	r.seesNot("Delete it")
	r.keys("n", "=Attic", "Enter", "e")
	r.sees("Rename Attic to: Attic")
	r.keys("Esc", "d")
	r.sees("Mailbox Attic deleted")
}

// TestDeletionThatWaitsForAnotherAccount: what was moved from a mailbox that is deleted waits for an account that is not
// configured, and is told at once; for one that does not come it is told after a day. Each is told once, until it ends.
func TestDeletionThatWaitsForAnotherAccount(t *testing.T) {
	r := twoAccounts(t)
	work := r.acct
	gone, err := r.st.EnsureAccount(t.Context(), "gone")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.st.SetMailboxes(t.Context(), gone, []store.RemoteMailbox{{Name: "INBOX", Role: store.RoleInbox}}); err != nil {
		t.Fatal(err)
	}
	home, err := r.st.EnsureAccount(t.Context(), "home")
	if err != nil {
		t.Fatal(err)
	}
	box := func(acct store.AccountID, name string) store.MailboxID {
		t.Helper()
		m, err := r.st.FindMailbox(t.Context(), acct, name)
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	remove := func(name string, to store.MailboxID) {
		t.Helper()
		from := box(work, name)
		ids := r.add(name, "", mailText("bob@example.org", "in "+name, "x"))
		if _, err := r.st.Move(t.Context(), ids, to); err != nil {
			t.Fatal(err)
		}
		if _, err := r.st.DeleteMailbox(t.Context(), from, false); err != nil {
			t.Fatal(err)
		}
		r.on(r.u.storeChanged)
		r.idle()
	}
	remove("Bills", box(home, "INBOX"))
	r.seesNot("✗")
	remove("Plans", box(gone, "INBOX"))
	r.sees("✗ work: Plans is deleted here since", "1 message that was moved from it to gone has", "→ put that account back, or move what waits to another account with s")
	r.keys("E")
	r.seesNot("✗")
	r.pass(25 * time.Hour)
	r.on(r.u.storeChanged)
	r.idle()
	r.sees("✗ work: Bills is deleted here since", "moved from it to home", "$ tries again")
	r.keys("E")
	r.on(r.u.storeChanged)
	r.idle()
	r.seesNot("✗")
}
