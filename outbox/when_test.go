package outbox

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the zones, wherever the test runs

	"mua/account"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestParseTime(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	now := time.Date(2026, 11, 25, 14, 30, 20, 0, berlin) // a Wednesday
	for in, want := range map[string]string{
		"15:04":                     "2026-11-25T15:04:00+01:00",
		" 14:31 ":                   "2026-11-25T14:31:00+01:00",
		"14:30":                     "2026-11-26T14:30:00+01:00",
		"8:00":                      "2026-11-26T08:00:00+01:00",
		"tomorrow 8:00":             "2026-11-26T08:00:00+01:00",
		"Tomorrow  08:00":           "2026-11-26T08:00:00+01:00",
		"today 17:05":               "2026-11-25T17:05:00+01:00",
		"wed 15:00":                 "2026-11-25T15:00:00+01:00",
		"wed 14:00":                 "2026-12-02T14:00:00+01:00",
		"Thursday 14:00":            "2026-11-26T14:00:00+01:00",
		"tues 9:00":                 "2026-12-01T09:00:00+01:00",
		"+2h":                       "2026-11-25T16:30:20+01:00",
		"+1d":                       "2026-11-26T14:30:20+01:00",
		"+1w2d":                     "2026-12-04T14:30:20+01:00",
		"+1h30m":                    "2026-11-25T16:00:20+01:00",
		"+90S":                      "2026-11-25T14:31:50+01:00",
		"2026-11-25T13:31:00Z":      "2026-11-25T13:31:00Z",
		"2026-12-24t18:00:00-05:00": "2026-12-24T18:00:00-05:00",
		"2026-12-24T18:00":          "2026-12-24T18:00:00+01:00",
		"2027-07-01 09:00:30":       "2027-07-01T09:00:30+02:00",
		"":                          "",
		"tomorrow":                  "",
		"noon":                      "",
		"25:00":                     "",
		"8:60":                      "",
		"8":                         "",
		"8:0":                       "",
		"su 9:00":                   "",
		"-2h":                       "",
		"+":                         "",
		"+2":                        "",
		"+h":                        "",
		"+2x":                       "",
		"+0h":                       "",
		"+2h foo":                   "",
		"+-2h":                      "",
		"+99999999999h":             "",
		"+999999999w":               "",
		"today 14:30":               "",
		"2026-11-25T13:30:00Z":      "",
		"2026-11-24T00:00:00Z":      "",
		"2026-11-25":                "",
		"2062-11-25T00:00:00Z":      "",
	} {
		got, err := ParseTime(in, now)
		if want == "" {
			if tr, ok := errors.AsType[*account.Trouble](err); !ok || tr.Kind != account.KindData || !got.IsZero() {
				t.Errorf("ParseTime(%q) = %v, %v", in, got, err)
			}
			continue
		}
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("ParseTime(%q) = %v, %v, want %s", in, got, err, want)
		}
	}
}

// TestParseTimeWhereClocksChange: the day a zone changes its clocks has 23 or 25 hours.
func TestParseTimeWhereClocksChange(t *testing.T) {
	for _, c := range []struct{ zone, now, in, want string }{
		{"Europe/Berlin", "2026-03-28T20:00:00+01:00", "tomorrow 8:00", "2026-03-29T08:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28T20:00:00+01:00", "2:30", "2026-03-29T03:30:00+02:00"}, // skipped
		{"Europe/Berlin", "2026-03-28T20:00:00+01:00", "+1d", "2026-03-29T20:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28T20:00:00+01:00", "+24h", "2026-03-29T21:00:00+02:00"},
		{"Europe/Berlin", "2026-03-29T08:00:00+02:00", "8:30", "2026-03-29T08:30:00+02:00"},
		{"Europe/Berlin", "2026-03-29T08:00:00+02:00", "mon 0:10", "2026-03-30T00:10:00+02:00"},
		{"Europe/Berlin", "2026-10-24T20:00:00+02:00", "tomorrow 8:00", "2026-10-25T08:00:00+01:00"},
		{"Europe/Berlin", "2026-10-24T20:00:00+02:00", "2:30", "2026-10-25T02:30:00+02:00"}, // the first of two
		{"Europe/Berlin", "2026-10-24T20:00:00+02:00", "sun 23:59", "2026-10-25T23:59:00+01:00"},
		{"America/New_York", "2026-03-07T12:00:00-05:00", "tomorrow 2:15", "2026-03-08T03:15:00-04:00"},
		{"America/New_York", "2026-10-31T12:00:00-04:00", "tomorrow 1:15", "2026-11-01T01:15:00-04:00"},
		{"Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", "tomorrow 2:15", "2026-10-04T02:45:00+11:00"}, // by half an hour
		{"Asia/Kathmandu", "2026-11-25T12:00:00+05:45", "11:00", "2026-11-26T11:00:00+05:45"},
		{"Pacific/Kiritimati", "2026-11-25T12:00:00+14:00", "tomorrow 0:00", "2026-11-26T00:00:00+14:00"},
		{"America/Santiago", "2026-09-05T12:00:00-04:00", "tomorrow 0:00", "2026-09-06T01:00:00-03:00"}, // midnight is skipped
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseTime(c.in, now.In(zone(t, c.zone)))
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s, %s: ParseTime(%q) = %v, %v, want %s", c.zone, c.now, c.in, got, err, c.want)
		}
	}
}
