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
	r.sees("Moved to junk: 2")
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
