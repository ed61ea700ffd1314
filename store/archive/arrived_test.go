package archive

import (
	"testing"
	"time"
)

func TestArrived(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	const trace, written = "Received: from a by b; Sun, 01 Nov 2026 10:00:00 +0000\r\nReceived: from c by a; Sun, 01 Nov 2026 09:00:00 +0000\r\n", "Date: Sat, 31 Oct 2026 08:00:00 +0000\r\n"
	for raw, want := range map[string]time.Time{
		trace + written + "\r\nx":                       time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC),
		written + "\r\nx":                               time.Date(2026, 10, 31, 8, 0, 0, 0, time.UTC),
		"Subject: x\r\n\r\nx":                           now,
		"Date: Thu, 26 Nov 2026 11:00:00 +0000\r\n\r\n": now, // the file may well be right
		"Date: Fri, 26 Nov 2027 11:00:00 +0000\r\n\r\n": now,
		"Received: nonsense; x\r\n" + written + "\r\n":  time.Date(2026, 10, 31, 8, 0, 0, 0, time.UTC),
	} {
		if got := arrived([]byte(raw), now, copied); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", raw, got, want)
		}
	}
}
