package agent_test

import (
	"errors"
	"fmt"
	"testing"

	"mua/account"
	"mua/account/demo"
)

// TestACutPullAsksNothing: wherever a connection breaks while mail is fetched, it is told as what trying again may mend, which
// is what happens by itself: nobody is asked to acknowledge it. And what comes after it brings the rest.
func TestACutPullAsksNothing(t *testing.T) {
	const letters = 20
	for _, scheme := range []string{"imaps", "pop3s"} {
		h := newHouse(t, scheme)
		for i := range letters {
			h.servers.Deliver("INBOX", message(fmt.Sprintf("letter%d", i)))
		}
		told := 0
		for after := int64(0); after < 4000; after += 211 {
			cut := demo.LineFaults{Cut: &demo.Cut{How: demo.Close, After: after}}
			h.servers.SetFaults(demo.Faults{IMAP: cut, POP3: cut})
			r := h.pass()
			if r.Err == nil {
				continue // it was through before
			}
			told++
			if trouble, ok := errors.AsType[*account.Trouble](r.Err); !ok || !trouble.Retryable() {
				t.Errorf("%s cut after %d octets: %v", scheme, after, r.Err)
			}
		}
		if told == 0 {
			t.Errorf("%s: no cut has struck", scheme)
		}
		h.servers.SetFaults(demo.Faults{})
		h.good()
		if n := h.count("in:inbox"); n != letters {
			t.Errorf("%s: %d letters", scheme, n)
		}
	}
}
