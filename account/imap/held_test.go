package imap

import (
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// TestHeldIsOfTheBeginning: what a pull brings is not part of what was held when it began, however late that is read.
func TestHeldIsOfTheBeginning(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	a, err := st.EnsureAccount(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	boxes, err := st.SetMailboxes(ctx, a, []store.RemoteMailbox{{Name: "INBOX", Role: store.RoleInbox}})
	if err != nil {
		t.Fatal(err)
	}
	box := boxes[0].ID
	put := func(uid uint32, name string) {
		t.Helper()
		raw := []byte("Subject: " + name + "\r\nMessage-ID: <" + name + "@x>\r\n\r\nx\r\n")
		if _, _, err := st.AddRemote(ctx, box, []store.Incoming{{UID: uid, Raw: raw, Size: int64(len(raw))}}); err != nil {
			t.Fatal(err)
		}
	}
	put(1, "a")
	put(2, "b")
	for _, whole := range []bool{false, true} {
		h := &held{ctx: ctx, st: st, box: box}
		if err := h.begin(whole); err != nil {
			t.Fatal(err)
		}
		uid := uint32(3)
		if whole {
			uid = 4
		}
		n := int(uid) - 1
		if err := h.look([]uint32{1, uid}); err != nil {
			t.Fatal(err)
		}
		put(uid, "c")
		if h.of(1) == nil || h.of(2) == nil || h.of(uid) != nil || h.of(77) != nil || h.failed() != nil {
			t.Errorf("whole %v: looked for wrong: %v", whole, h.failed())
		}
		in, err := h.within(rangesOf(imap.UIDSet{{Start: 2, Stop: 9}}), uid)
		if err != nil || len(in) != n-1 {
			t.Errorf("whole %v: within %v, %v", whole, in, err)
		}
		list, err := h.all()
		if err != nil || len(list) != n || h.size() != n {
			t.Errorf("whole %v: %d of %d, %v", whole, len(list), h.size(), err)
		}
	}
}

// TestQuarantineEndsMeanwhile: what the server says is gone is counted while what is being stored ends its quarantine.
func TestQuarantineEndsMeanwhile(t *testing.T) {
	m := &mailboxPull{held: &held{whole: true}, apart: quarantine{all: map[uint32]bool{}}}
	for uid := range uint32(1000) {
		m.apart.all[uid+1] = true
	}
	var storing sync.WaitGroup
	storing.Go(func() {
		for uid := range uint32(1000) {
			m.mu.Lock()
			delete(m.apart.all, uid+1)
			m.mu.Unlock()
		}
	})
	for more := true; more; {
		if _, _, err := m.vanishedOf(nil, 0); err != nil {
			t.Fatal(err)
		}
		m.mu.Lock()
		more = len(m.apart.all) > 0
		m.mu.Unlock()
	}
	storing.Wait()
}
