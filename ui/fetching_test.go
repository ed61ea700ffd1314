package ui

import (
	"strings"
	"testing"
	"time"

	"mua/account"
	"mua/store"
)

// headerOnly puts messages into the inbox of which only the header is here.
func (r *rig) headerOnly(sizes map[string]int64, texts ...string) (ids []store.MessageID, raws [][]byte) {
	r.t.Helper()
	for i, subject := range texts {
		raw := []byte(strings.ReplaceAll(mailText("Bob <bob@example.org>", subject, "the text of "+subject), "\n", "\r\n"))
		head := raw[:strings.Index(string(raw), "\r\n\r\n")+4]
		n := int64(len(raw))
		if sizes[subject] != 0 {
			n = sizes[subject]
		}
		boxes, err := r.st.SetMailboxes(r.t.Context(), r.acct, []store.RemoteMailbox{{Name: "INBOX", Separator: "/", Role: store.RoleInbox, Subscribed: true}})
		if err != nil {
			r.t.Fatal(err)
		}
		got, _, err := r.st.AddRemote(r.t.Context(), boxes[0].ID, []store.Incoming{{UID: uint32(i + 1), Header: head, Size: n, Received: testNow.Add(-time.Duration(i+1) * time.Hour)}})
		if err != nil {
			r.t.Fatal(err)
		}
		ids, raws = append(ids, got...), append(raws, raw)
	}
	return ids, raws
}

func (r *rig) wish(id store.MessageID) store.BodyWish {
	r.t.Helper()
	w, err := r.st.BodyWish(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

func online(yes bool) account.Status {
	s := account.Status{Account: "work", Online: yes, LastSync: testNow}
	if !yes {
		s.Trouble = &account.Trouble{Kind: account.KindNetwork, Account: "work", What: "no route to mail.example.org"}
	}
	return s
}

func TestOpeningFetches(t *testing.T) {
	var ids []store.MessageID
	var raws [][]byte
	r := start(t, setup{fill: func(r *rig) { ids, raws = r.headerOnly(nil, "first", "second") }})
	r.keys("Enter")
	r.until("Fetching the message")
	if r.wish(ids[0]).Asked.IsZero() || !r.wish(ids[1]).Asked.IsZero() {
		t.Error("not the message opened was asked for")
	}
	if err := r.st.SetBodies(t.Context(), []store.Body{{Message: ids[0], Raw: raws[0]}}); err != nil { // as the agent does
		t.Fatal(err)
	}
	r.until("the text of first")
	r.keys("J")
	r.until("Fetching the message")
	if err := r.st.RefuseBody(t.Context(), ids[1], "the server no longer has it"); err != nil {
		t.Fatal(err)
	}
	r.until("cannot be fetched: the server no longer has it")
	r.sees("D tries again")
	r.keys("D")
	r.until("Fetching the message")
}

func TestOpeningOffline(t *testing.T) {
	var ids []store.MessageID
	r := start(t, setup{offline: true, fill: func(r *rig) { ids, _ = r.headerOnly(nil, "first", "second", "third") }})
	r.keys("Enter")
	r.sees("on the server only, and there is no", "D marks it")
	if !r.wish(ids[0]).Asked.IsZero() {
		t.Error("it was asked for without a word")
	}
	r.keys("D")
	r.sees("It is marked, and fetched as soon as", "Marked 1")
	if r.wish(ids[0]).Asked.IsZero() {
		t.Error("the mark is not kept")
	}
	r.agent.set(online(true)) // the network comes back
	r.until("Fetching the message")
	r.agent.set(online(false))
	r.until("It is marked, and fetched as soon as")
	r.keys("q", "j", "t", "t", "D") // several at once, from the list
	r.sees("Marked 2")
	if r.wish(ids[1]).Asked.IsZero() || r.wish(ids[2]).Asked.IsZero() {
		t.Error("the marked ones were not asked for")
	}
}

func TestOpeningWhatIsTooLarge(t *testing.T) {
	var ids []store.MessageID
	r := start(t, setup{w: 120, h: 40, fill: func(r *rig) { ids, _ = r.headerOnly(map[string]int64{"second": 100 << 20}, "first", "second") }})
	r.sees("Only the header of this message", "Opening it fetches the rest") // shown beside the list only
	if !r.wish(ids[0]).Asked.IsZero() {
		t.Error("what is only shown was asked for")
	}
	r.keys("j", "Enter")
	r.sees("more than max_message allows", "D fetches it all the same")
	if !r.wish(ids[1]).Asked.IsZero() {
		t.Error("too large, and yet asked for")
	}
	r.keys("D")
	r.until("Fetching the message (104.9 MB)")
}

func TestNothingToFetch(t *testing.T) {
	r := start(t, setup{samples: true})
	r.keys("D")
	r.sees("All of it is here already")
}

func TestPartsOfAHeader(t *testing.T) {
	r := start(t, setup{offline: true, fill: func(r *rig) { r.headerOnly(nil, "first") }})
	r.keys("v")
	r.sees("D fetches the rest")
}
