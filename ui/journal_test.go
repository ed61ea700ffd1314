package ui

import (
	"testing"

	"mua/store"
)

func TestCopyWithPicker(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("t", "t", "C", "=sail", "Enter")
	r.sees("Copied to Projects/Sailing: 2 · u undo", "32 messages")
	r.keys("c", "=sail", "Enter")
	r.sees("▸ work ▸ Projects/Sailing", "5 messages")
	r.keys("u")
	r.sees("Undone: 2 messages copied taken away · ^R redo", "3 messages")
	r.keys("Ctrl-R")
	r.sees("Done again: 2 messages copied again", "5 messages")
	r.keys("Ctrl-R")
	r.sees("Nothing to redo")
	r.keys("g i", ":", "=copy Projects/Sailing", "Enter")
	r.sees("Copied to Projects/Sailing: 1")
}

func TestPickerMakesAMailbox(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("s", "=Plans")
	r.sees("+ make mailbox Plans")
	r.keys("Enter")
	r.sees("Moved to Plans: 1 · u undo", "31 messages")
	r.keys("u", "u")
	r.sees("Undone: mailbox Plans deleted", "32 messages")
}

func TestMailboxPane(t *testing.T) {
	r := start(t, setup{w: 120, h: 40, samples: true})
	r.keys(":", "=create-mailbox Zoo", "Enter")
	r.sees("Mailbox Zoo made · u undo")
	r.keys(":", "=mailbox Zoo", "Enter", ":", "=rename-mailbox Zebra", "Enter")
	r.sees("Renamed to Zebra · u undo", "▸ work ▸ Zebra")
	r.keys("g i", "C", "=zebra", "Enter", ":", "=delete-mailbox Zebra", "Enter")
	r.sees("Zebra holds 1 message. Delete it, and move them to the Trash?")
	r.keys("y")
	r.sees("Mailbox Zebra deleted · u undo")
	r.keys("u")
	r.sees("mailbox Zebra is there again")
	r.keys("w", "w")
	r.sees("n new", "e rename", "d delete")
	r.keys("n", "=Ant", "Enter")
	r.sees("Mailbox Ant made")
}

// contract puts a message into the inbox, as UID 9001, and flags it here.
func (r *rig) contract() (inbox store.MailboxID, id store.MessageID) {
	r.t.Helper()
	ctx := r.t.Context()
	box, err := r.st.RoleMailbox(ctx, r.acct, store.RoleInbox, false)
	if err != nil {
		r.t.Fatal(err)
	}
	raw := []byte("Subject: The contract\r\nMessage-ID: <c@x>\r\n\r\nx\r\n")
	ids, _, err := r.st.AddRemote(ctx, box.ID, []store.Incoming{{UID: 9001, Raw: raw, Size: int64(len(raw))}})
	if err == nil {
		_, err = r.st.MarkFlags(ctx, ids, store.FlagChange{Add: store.Flagged})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return box.ID, ids[0]
}

func TestConflictsView(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("g c")
	r.sees("▸ conflicts", "No conflicts: what you did is on the servers")
	r.keys("q")
	ctx := t.Context()
	_, id := r.contract()
	list, err := r.st.PendingActions(ctx, r.acct)
	if err != nil || len(list) == 0 {
		t.Fatal(err, list)
	}
	for _, a := range list {
		if a.Message == id {
			if err := r.st.FinishActions(ctx, []store.Replayed{{ID: a.ID, Refused: "NO [NOPERM] not yours"}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.until("1 change made here did not reach the server as wished")
	r.keys("g c")
	r.sees("▸ conflicts", "1 conflict", "✗ flags refused", "The contract", "was refused: NO [NOPERM] not yours", "Wished:      in INBOX, flagged", "The server:  in INBOX, no flags", "Enter shows it")
	r.keys("Enter")
	r.sees("The contract", "1 message")
}

// TestConflictOverWhatIsGone: it is told how to have it back, and the key that shows it is not offered.
func TestConflictOverWhatIsGone(t *testing.T) {
	r := start(t, setup{samples: true})
	ctx := t.Context()
	inbox, _ := r.contract()
	if _, err := r.st.ExpungeRemote(ctx, inbox, []uint32{9001}); err != nil {
		t.Fatal(err)
	}
	r.keys("g c")
	r.sees("1 conflict", "The contract", "The message is no longer here · mua recover brings back", "q back  u undo")
}

// TestForeignDraft: a draft begun in another client goes on here, and is replaced.
func TestForeignDraft(t *testing.T) {
	r := start(t, setup{samples: true})
	ctx := t.Context()
	drafts, err := r.st.RoleMailbox(ctx, r.acct, store.RoleDrafts, false)
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte("From: ada@mua.example\r\nTo: bob@example.org\r\nSubject: Begun elsewhere\r\nX-Mailer: Other 1.0\r\nMessage-ID: <other@x>\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\nDear Bob,\r\n")
	ids, _, err := r.st.AddRemote(ctx, drafts.ID, []store.Incoming{{UID: 9001, Flags: store.Draft, Raw: raw, Size: int64(len(raw)), Received: r.now()}})
	if err != nil {
		t.Fatal(err)
	}
	r.keys("g d", "g g", "Enter")
	r.sees("▸ draft ▸ Begun elsewhere", "To       bob@example.org", "Dear Bob,")
	r.keys("=Thank you. ", "Ctrl-O")
	r.sees("Kept in Drafts")
	list, err := r.st.PendingActions(ctx, r.acct)
	if err != nil {
		t.Fatal(err)
	}
	var deleted, appended bool
	for _, a := range list {
		deleted = deleted || a.Kind == store.ActionDelete && a.Message == ids[0] && a.UID == 9001
		appended = appended || a.Kind == store.ActionAppend && a.Mailbox == drafts.ID
	}
	if !deleted || !appended {
		t.Errorf("pending %+v", list)
	}
}
