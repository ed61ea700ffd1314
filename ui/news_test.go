package ui

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"mua/account"
	"mua/store"
)

// ringing is a screen that counts how often its bell rings.
type ringing struct {
	initialised
	bells *atomic.Int64
}

func (s ringing) Beep() error { s.bells.Add(1); return nil }

// inbox is an inbox on a server that was pulled to its end, or not.
func (r *rig) inbox(whole bool) store.MailboxID {
	r.t.Helper()
	list, err := r.st.SetMailboxes(r.t.Context(), r.acct, []store.RemoteMailbox{{Name: "INBOX", Role: store.RoleInbox}, {Name: "Junk", Role: store.RoleJunk}})
	if err != nil {
		r.t.Fatal(err)
	}
	if whole {
		for _, b := range list {
			if err := r.st.SetSyncState(r.t.Context(), b.ID, store.SyncState{UIDValidity: 1, UIDNext: 1}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	return list[0].ID
}

// comes puts a message into a mailbox as a pull by any process does.
func (r *rig) comes(box store.MailboxID, uid uint32, flags store.Flags) {
	r.t.Helper()
	raw := fmt.Appendf(nil, "From: Bob <bob@example.org>\r\nSubject: number %d\r\nMessage-ID: <%d-%d@x>\r\n\r\nHi\r\n", uid, box, uid)
	if _, _, err := r.st.AddRemote(r.t.Context(), box, []store.Incoming{{UID: uid, Flags: flags, Received: testNow, Size: int64(len(raw)), Raw: raw}}); err != nil {
		r.t.Fatal(err)
	}
}

func TestBell(t *testing.T) {
	for name, c := range map[string]struct {
		bell, whole bool
		junk        bool
		flags       store.Flags
		rings       bool
	}{
		"new mail":     {bell: true, whole: true, rings: true},
		"not wanted":   {whole: true},
		"first pull":   {bell: true},
		"seen already": {bell: true, whole: true, flags: store.Seen},
		"junk":         {bell: true, whole: true, junk: true},
	} {
		t.Run(name, func(t *testing.T) {
			bells := new(atomic.Int64)
			var inbox store.MailboxID
			r := start(t, setup{
				fill:    func(r *rig) { inbox = r.inbox(c.whole); r.comes(inbox, 1, 0) },
				config:  func(cfg *account.Config) { cfg.Bell = c.bell },
				options: func(o *Options) { o.Screen = ringing{o.Screen.(initialised), bells} },
			})
			r.until("number 1")
			if n := bells.Load(); n != 0 {
				t.Fatalf("%d bells for what was there", n)
			}
			if c.junk {
				r.comes(inbox+1, 2, 0)
				r.comes(inbox, 3, store.Seen)
				r.until("number 3")
			} else {
				r.comes(inbox, 2, c.flags)
				r.until("number 2")
			}
			for deadline := time.Now().Add(20 * time.Second); c.rings && bells.Load() == 0 && time.Now().Before(deadline); {
				r.idle()
			}
			r.idle()
			if n := bells.Load(); n != map[bool]int64{true: 1}[c.rings] {
				t.Fatalf("the bell rang %d times", n)
			}
		})
	}
}

// TestWhatWasAskedHasAnEnd: the notice does not stay when the servers did not answer.
func TestWhatWasAskedHasAnEnd(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("$")
	r.sees("Sending and receiving")
	r.agent.set(account.Status{Account: "work", Online: false, Phase: account.Connecting})
	r.until("↻ connecting")
	r.sees("Sending and receiving")
	r.agent.set(account.Status{Account: "work", Phase: account.Idle,
		Trouble: &account.Trouble{Kind: account.KindNetwork, What: "offline: no route to imap.mua.example"}, NextTry: testNow.Add(40 * time.Second)})
	r.until("no route to imap.mua.example; next try in 40 s")
	r.seesNot("Sending and receiving")
	r.sees("○ offline")
	r.agent.set(account.Status{Account: "work", Phase: account.Idle,
		Trouble: &account.Trouble{Kind: account.KindNetwork, What: "localhost.localdomain.of.somebody.example refuses connections on port 24999"}, NextTry: testNow.Add(40 * time.Second)})
	r.until("localhost.localdomain.of.somebody") // what is too long for the line is cut before the time
	r.sees("…; next try in 40 s ", "○ offline")
}

// TestABrokenConnectionPasses: what is tried again by itself asks nothing of the person, counts down, and is gone with it.
func TestABrokenConnectionPasses(t *testing.T) {
	r := start(t, setup{samples: true, w: 120, h: 40})
	cut := account.Status{Account: "work", Online: true, Phase: account.Idle, NextTry: testNow.Add(12 * time.Second), Trouble: &account.Trouble{
		Kind: account.KindTemporary, Account: "work", What: "imap.mua.example closed the connection", Kept: "What was fetched before is kept"}}
	r.agent.set(cut)
	r.until("imap.mua.example closed the connection. What was fetched before is kept; next try in 12 s")
	r.seesNot("acknowledges", "✗")
	r.pass(7 * time.Second)
	r.sees("next try in 5 s")
	r.agent.set(account.Status{Account: "work", Online: true, Phase: account.Idle, LastSync: r.now()})
	r.until("synced just now")
	r.seesNot("closed the connection")
	r.keys("E")
	r.sees("There is no error to acknowledge")
}

// TestNothingTriedYet: neither online nor offline is known before the first connection.
func TestNothingTriedYet(t *testing.T) {
	r := start(t, setup{samples: true})
	r.agent.set(account.Status{Account: "work", Phase: account.Idle})
	r.until("○ not connected yet")
	r.seesNot("online", "offline")
	r.agent.set(account.Status{Account: "work", Phase: account.Connecting})
	r.until("↻ connecting")
	r.agent.set(account.Status{Account: "work", Phase: account.Idle, Online: true, LastSync: testNow})
	r.until("● online")
	r.agent.set(account.Status{Account: "work", Phase: account.Idle, LastSync: testNow}) // it was lost
	r.until("○ offline")
}

func TestAnotherProcessSyncs(t *testing.T) {
	r := start(t, setup{samples: true})
	r.agent.set(account.Status{Account: "work", Phase: account.Idle, Elsewhere: true})
	r.until("kept in step by another mua")
	r.agent.set(account.Status{Account: "work", Phase: account.Idle, Online: true,
		HookTrouble: &account.Trouble{Kind: account.KindOther, Account: "work", What: "on_new_mail: notify-send: exit status 1"}})
	r.until("● online")
	r.sees("on_new_mail: notify-send: exit status 1")
	r.keys("E")
	r.seesNot("on_new_mail")
	r.agent.set(account.Status{Account: "work", Phase: account.Pulling, Online: true,
		HookTrouble: &account.Trouble{Kind: account.KindOther, Account: "work", What: "on_new_mail: notify-send: exit status 1"}})
	r.until("↻ receiving")
	r.seesNot("on_new_mail")
}
