package outbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mua/account"
)

// farthest is how far ahead a time may lie, in years: what lies beyond is a slip of the pen.
const farthest = 10

// ParseTime reads when something is to be sent, as a person writes it. Local
// times are in now's zone:
//
//	2026-11-26T08:00:00+01:00   RFC 3339; without offset and seconds a local time
//	15:04                       the next time the clock shows that
//	tomorrow 8:00, today 17:30  a day and a time
//	fri 9:00                    the next Friday at that time, which may be today
//	+2h, +1d, +1w2d, +90m       from now on; a day and a week keep the time of day
//
// Where clocks are put forward, a time that is skipped means the one as long
// after the gap's begin; where they are put back, the first of the two (RFC 5545
// 3.3.5). Errors are *account.Trouble of KindData: words that say no time, and
// times that have passed.
func ParseTime(s string, now time.Time) (time.Time, error) {
	w := strings.Fields(strings.ToLower(s))
	when, ok := parseWhen(w, strings.TrimSpace(s), now)
	switch {
	case !ok:
		return time.Time{}, &account.Trouble{
			Kind: account.KindData, What: fmt.Sprintf("%q is not a time", s),
			Hint: "write 15:04, tomorrow 8:00, fri 9:00, +2h, +1d or 2026-11-26T08:00:00+01:00",
		}
	case !when.After(now):
		return time.Time{}, &account.Trouble{
			Kind: account.KindData, What: fmt.Sprintf("%q has passed: that was %s, and it is %s now", s, when.Format(zoned), now.Format(zoned)),
		}
	case when.After(now.AddDate(farthest, 0, 0)):
		return time.Time{}, &account.Trouble{
			Kind: account.KindData, What: fmt.Sprintf("%q is more than %d years ahead", s, farthest),
		}
	}
	return when, nil
}

// zoned is a moment as an error shows it.
const zoned = "2006-01-02 15:04 MST"

// parseWhen reads the words of a time, lower case; text is what was written.
func parseWhen(w []string, text string, now time.Time) (time.Time, bool) {
	switch {
	case len(w) == 1 && strings.HasPrefix(w[0], "+"):
		return parseAhead(w[0][1:], now)
	case len(w) == 1:
		if h, m, ok := parseClock(w[0]); ok {
			return nextAt(now, h, m, func(time.Time) bool { return true })
		}
	case len(w) == 2:
		if h, m, ok := parseClock(w[1]); ok {
			if t, ok := dayAt(w[0], h, m, now); ok {
				return t, true
			}
		}
	}
	return parseStamp(strings.ToUpper(text), now)
}

// dayAt is a time of day on a day that has a name.
func dayAt(day string, h, m int, now time.Time) (time.Time, bool) {
	switch day {
	case "today":
		return localTime(now, 0, h, m), true
	case "tomorrow":
		return localTime(now, 1, h, m), true
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); len(day) >= 3 && strings.HasPrefix(name, day) {
			return nextAt(now, h, m, func(t time.Time) bool { return t.Weekday() == d })
		}
	}
	return time.Time{}, false
}

// nextAt is the next time after now at which the clock shows h:m on a day that fits.
func nextAt(now time.Time, h, m int, fits func(time.Time) bool) (time.Time, bool) {
	for days := 0; days <= 7; days++ {
		noon := localTime(now, days, 12, 0)
		if t := localTime(now, days, h, m); fits(noon) && t.After(now) {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseClock reads a time of day: 8:00, 15:04.
func parseClock(s string) (h, m int, ok bool) {
	hs, ms, found := strings.Cut(s, ":")
	h, herr := digits(hs, 1, 2)
	m, merr := digits(ms, 2, 2)
	return h, m, found && herr && merr && h < 24 && m < 60
}

// digits reads a number of at least lo and at most hi digits.
func digits(s string, lo, hi int) (int, bool) {
	if len(s) < lo || len(s) > hi || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// parseStamp reads RFC 3339 and its local forms without offset or seconds.
func parseStamp(s string, now time.Time) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, s); err == nil { // in UTC: only its clock is of use
			return inZone(t, now.Location()), true
		}
	}
	return time.Time{}, false
}

// aheadUnit is what a unit of +… adds: exact seconds, or days.
func aheadUnit(c byte) (seconds, days int, ok bool) {
	switch c {
	case 's':
		return 1, 0, true
	case 'm':
		return 60, 0, true
	case 'h':
		return 3600, 0, true
	case 'd':
		return 0, 1, true
	case 'w':
		return 0, 7, true
	}
	return 0, 0, false
}

// parseAhead reads how far ahead of now: 2h, 1d, 1w2d, 90m.
func parseAhead(s string, now time.Time) (time.Time, bool) {
	var seconds, days int
	for s != "" {
		end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 {
			return time.Time{}, false
		}
		n, ok := digits(s[:end], 1, 9)
		unitSeconds, unitDays, known := aheadUnit(s[end])
		if !ok || !known {
			return time.Time{}, false
		}
		seconds, days, s = seconds+n*unitSeconds, days+n*unitDays, s[end+1:]
	}
	const most = 100 * 366 // days; whoever asks for more is told so by the limit on all times
	days, seconds = min(days, most), min(seconds, most*24*3600)
	t := now
	if days > 0 {
		t = inZone(now.AddDate(0, 0, days), now.Location())
	}
	return t.Add(time.Duration(seconds) * time.Second), days+seconds > 0
}

// localTime is a time of day some days after now's.
func localTime(now time.Time, days, h, m int) time.Time {
	y, mo, d := now.Date()
	return inZone(time.Date(y, mo, d+days, h, m, 0, 0, time.UTC), now.Location())
}

// inZone is when the clocks of zone show what t shows, by RFC 5545 3.3.5 where
// they never do, or twice.
func inZone(t time.Time, zone *time.Location) time.Time {
	y, mo, d := t.Date()
	h, m, s := t.Clock()
	shown := time.Date(y, mo, d, h, m, s, t.Nanosecond(), time.UTC)
	_, offset := shown.Add(-26 * time.Hour).In(zone).Zone() // before any change of that day
	first := shown.Add(-time.Duration(offset) * time.Second).In(zone)
	if other := time.Date(y, mo, d, h, m, s, t.Nanosecond(), zone); !sameClock(first, t) && sameClock(other, t) {
		return other
	}
	return first
}

func sameClock(a, b time.Time) bool {
	ay, amo, ad := a.Date()
	by, bmo, bd := b.Date()
	ah, am, as := a.Clock()
	bh, bm, bs := b.Clock()
	return ay == by && amo == bmo && ad == bd && ah == bh && am == bm && as == bs
}
