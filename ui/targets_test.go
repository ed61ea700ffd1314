package ui

import (
	"testing"

	"mua/account"
	"mua/store"
)

// twoAccounts is a screen over the inboxes of two accounts, which have Archive and Junk in common, and Plans not.
func twoAccounts(t *testing.T) *rig {
	return start(t, setup{w: 120, h: 40, config: func(c *account.Config) {
		home := *c.Accounts[0]
		home.Name = "home"
		c.Accounts = append(c.Accounts, &home)
	}, fill: func(r *rig) {
		work := r.acct
		for i, name := range []string{"work", "home"} {
			acct, err := r.st.EnsureAccount(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			r.acct = acct
			list := []store.RemoteMailbox{{Name: "INBOX", Role: store.RoleInbox}, {Name: "Junk", Role: store.RoleJunk}, {Name: "Archive", Role: store.RoleArchive}, {Name: "Bills"}}
			if name == "work" {
				list = append(list, store.RemoteMailbox{Name: "Plans"})
			}
			if _, err := r.st.SetMailboxes(t.Context(), acct, list); err != nil {
				t.Fatal(err)
			}
			r.part("INBOX", store.RoleInbox, 1, "m-"+name, "Zoe <zoe@example.org>", "From "+name, "", i+1, false)
		}
		r.acct = work
	}})
}

// TestTriageOverAccounts: what is marked in the inboxes of all accounts goes to the mailbox of each account.
func TestTriageOverAccounts(t *testing.T) {
	r := twoAccounts(t)
	r.keys("g a", "t", "t", "!")
	r.sees("Moved to Junk: 2")
	r.seesNot("✗")
	r.keys("u")
	r.sees("From work", "From home")
	r.keys("t", "t", "s")
	r.sees("Move 2 messages to", "each in its account", "Bills", "Archive", "work ▸ Plans")
	r.seesNot("│ Plans")
	r.keys("=bills", "Enter")
	r.sees("Moved to Bills: 2")
	r.keys("c", "=home bills", "Enter")
	r.sees("home ▸ Bills", "1 unread · 1 message", "From home")
	r.keys("g a", "u")
	r.sees("From work", "From home")
	r.keys("Ctrl-A", "C", "=bills", "Enter")
	r.sees("Copied to Bills: 2")
	r.keys("Ctrl-A", ":", "=move Plans", "Enter")
	r.sees(`home: there is no mailbox "Plans". Nothing was moved or copied`, "From work", "From home")
}

// TestMoveToAnotherAccount: the mailboxes of other accounts are offered below those of the message's own.
func TestMoveToAnotherAccount(t *testing.T) {
	r := twoAccounts(t)
	r.keys("c", "=work inbox", "Enter")
	r.sees("From work")
	r.keys("s", "=home bills")
	r.sees("Move 1 message to", "home ▸ Bills")
	r.keys("Enter")
	r.sees("Moved to home ▸ Bills: 1")
	r.seesNot("From work")
	r.keys("c", "=home bills", "Enter")
	r.sees("From work")
	r.keys("u")
	r.sees("1 message moved back to INBOX of work")
	r.keys("c", "=work inbox", "Enter", "C", "=home archive", "Enter")
	r.sees("Copied to home ▸ Archive: 1")
	r.keys("g a")
	r.sees("From work", "From home")
	r.keys("Ctrl-A", "s", "=home bills")
	r.sees("Move 2 messages to", "home ▸ Bills")
	r.keys("Enter")
	r.sees("Moved to home ▸ Bills: 2")
	r.keys("c", "=home bills", "Enter")
	r.sees("From work", "From home")
}

// TestMoveByCommand: :move takes a mailbox or role of the message's account, or ACCOUNT/NAME, and completes both.
func TestMoveByCommand(t *testing.T) {
	r := twoAccounts(t)
	r.keys("c", "=work inbox", "Enter")
	r.sees("From work")
	r.keys(":", "=move work/pl", "Tab")
	r.sees("move work/Plans")
	r.keys("Ctrl-U", "=move home/bi", "Tab", "Enter")
	r.sees("Moved to home ▸ Bills: 1")
	r.seesNot("From work")
	r.keys(":", "=mailbox home/Bills", "Enter")
	r.sees("home ▸ Bills", "From work")
	r.keys(":", "=copy work/archive", "Enter")
	r.sees("Copied to work ▸ Archive: 1")
	r.keys(":", "=move Plans", "Enter")
	r.sees(`home: there is no mailbox "Plans" → another account has it: work/Plans`, "From work")
	r.keys(":", "=move nobody/Plans", "Enter")
	r.sees(`there is no mailbox "nobody/Plans"`, "From work")
	r.keys(":", "=move junk", "Enter")
	r.sees("Moved to Junk: 1")
	r.keys("u", "u", "u", "g a")
	r.sees("From work", "From home")
	r.keys("Ctrl-A", ":", "=move home/Bills", "Enter")
	r.sees("Moved to home ▸ Bills: 2")
}

// TestMoveByCommandMakesRoles: :move and :copy with the name of a role make the mailbox that is missing, as the keys do.
func TestMoveByCommandMakesRoles(t *testing.T) {
	r := start(t, setup{fill: func(r *rig) {
		for i, id := range []string{"a", "b", "c"} {
			if i == 0 {
				r.add("INBOX", store.RoleInbox)
			}
			r.part("INBOX", store.RoleInbox, uint32(i+1), id, "Zoe <zoe@example.org>", "Letter "+id, "", i+1, false)
		}
	}})
	r.keys(":", "=move archive", "Enter")
	r.sees("Moved to Archive: 1")
	r.seesNot("Letter a", "there is no mailbox")
	r.keys(":", "=move Junk", "Enter")
	r.sees("Moved to Junk: 1")
	r.keys(":", "=copy trash", "Enter")
	r.sees("Copied to Trash: 1", "Letter c")
	r.keys(":", "=move sent", "Enter")
	r.sees(`there is no mailbox "sent"`, "Letter c")
	r.keys(":", "=mailbox Archive", "Enter")
	r.sees("Letter a")
	wishes, err := r.st.PendingMailboxActions(t.Context(), r.acct)
	if err != nil || len(wishes) != 3 {
		t.Errorf("wishes for mailboxes %+v, %v", wishes, err)
	}
}

// TestMoveByCommandOverAccounts: a name is looked for in each account as in a single one.
func TestMoveByCommandOverAccounts(t *testing.T) {
	r := twoAccounts(t)
	home, err := r.st.EnsureAccount(t.Context(), "home")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.st.SetPrefix(t.Context(), home, "INBOX."); err != nil {
		t.Fatal(err)
	}
	list := []store.RemoteMailbox{{Name: "INBOX", Separator: ".", Role: store.RoleInbox}, {Name: "INBOX.plans", Separator: "."}}
	if _, err := r.st.SetMailboxes(t.Context(), home, list); err != nil {
		t.Fatal(err)
	}
	r.until("   plans  ")
	r.keys("g a", "Ctrl-A", ":", "=move PLANS", "Enter")
	r.sees("Moved to Plans: 2")
	r.keys("c", "=home plans", "Enter")
	r.sees("home ▸ INBOX.plans", "From home")
	r.keys("u", "g a")
	r.sees("From work", "From home")
	r.keys("Ctrl-A", ":", "=move archive", "Enter") // home has none any more
	r.sees("Moved to Archive: 2")
	r.keys(":", "=mailbox home/archive", "Enter")
	r.sees("home ▸ INBOX.Archive", "From home")
}
