package pop3

import (
	"fmt"
	"testing"
	"time"

	"mua/store"
)

// TestOneSecond: what bears the time of one second is listed newest first.
func TestOneSecond(t *testing.T) {
	m := &mini{caps: pipelining, uidls: names(5), bodies: letters(5)}
	st := testStore(t)
	if _, err := pull(t, m.account(t), st, Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := st.List(t.Context(), store.ListQuery{})
	if err != nil || len(rows) != 5 {
		t.Fatal(len(rows), err)
	}
	for i, r := range rows {
		if want := fmt.Sprintf("letter %d", 4-i); r.Subject != want {
			t.Errorf("row %d is %q, not %q", i, r.Subject, want)
		}
	}
}

func TestReceived(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"Received: from a\r\n by b; Sat,\r\n 21 Nov 2026 10:00:00 +0000 (UTC)\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n": now.Add(-26 * time.Hour),
		"Subject: x\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\n":                                                                 now.Add(-50 * time.Hour),
		"Date: Fri, 20 Nov 2099 10:00:00 +0000\r\n\r\n":                                                                         now,
		"Subject: x\r\n\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000":                                                               now,
		"": now,
	} {
		if got := received([]byte(text), now); !got.Equal(want) {
			t.Errorf("%q: %s", text, got)
		}
	}
}
