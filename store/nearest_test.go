package store

import "testing"

func TestNearestMailbox(t *testing.T) {
	w := newWorld(t)
	must(w.CreateMailbox(w.ctx, w.acct, "Lab", false))(t)
	other := must(w.EnsureAccount(w.ctx, "other"))(t)
	for name, want := range map[string]string{"Archvie": "Archive", "archives": "Archive", "ARCHÍV": "Archive", "Receipts": "", "": "", "a": ""} {
		if got := w.NearestMailbox(w.ctx, w.acct, name); got != want {
			t.Errorf("%s: %q", name, got)
		}
		if got := w.NearestMailbox(w.ctx, other, name); got != "" {
			t.Errorf("%s in an account without mailboxes: %q", name, got)
		}
	}
}
