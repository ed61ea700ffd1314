package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"mua/store"
	"mua/store/message"
)

// ago says how long something is past, in one or two words.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	default:
		return shortDuration(d) + " ago"
	}
}

// shortDuration is a duration in its largest unit.
func shortDuration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int((d+time.Second-1)/time.Second)))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
}

// shortDate is a date in six columns: the time today, the day this year, else month and year.
func shortDate(t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case t.IsZero() || t.Year() < 1971:
		return ""
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return t.Format("15:04")
	case now.Sub(t) < 300*24*time.Hour && !t.After(now.AddDate(0, 0, 1)):
		return t.Format("02 Jan")
	}
	return t.Format("Jan'06")
}

// clockOrDay is a coming time in a few columns: at the time within a day, else on the day.
func clockOrDay(t, now time.Time) string {
	if t = t.In(now.Location()); t.Sub(now) < 24*time.Hour {
		return t.Format("at 15:04")
	}
	return t.Format("on 2 Jan")
}

// dayAndTime is a coming time in words: "today at 17:30", "on Friday, 27 November at 08:00".
func dayAndTime(t, now time.Time) string {
	t = t.In(now.Location())
	clock := t.Format("15:04")
	switch tomorrow := now.AddDate(0, 0, 1); {
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return "today at " + clock
	case t.Format(time.DateOnly) == tomorrow.Format(time.DateOnly):
		return "tomorrow at " + clock
	case t.Year() == now.Year():
		return "on " + t.Format("Monday, 2 January") + " at " + clock
	}
	return "on " + t.Format("Monday, 2 January 2006") + " at " + clock
}

// longDate is a date in sixteen columns.
func longDate(t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case t.IsZero() || t.Year() < 1971:
		return ""
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return "today      " + t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// fullDate is a date as the reader shows it.
func fullDate(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(now.Location()).Format("Monday, 2 January 2006 15:04 -0700")
}

// size is a number of octets as people say it.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// people is the names of addresses for a list row.
func people(list []message.Address) string {
	names := make([]string, 0, len(list))
	for _, a := range list {
		if n := strings.TrimSpace(a.Name); n != "" {
			names = append(names, n)
		} else {
			names = append(names, a.Addr)
		}
	}
	return strings.Join(names, ", ")
}

// fullAddress is an address as the reader shows it.
func fullAddress(a message.Address) string {
	switch {
	case a.Name == "":
		return a.Addr
	case a.Addr == "": // a group without members, or no address at all
		return a.Name
	}
	return a.Name + " <" + a.Addr + ">"
}

func addressList(list []message.Address) string {
	all := make([]string, len(list))
	for i, a := range list {
		all[i] = fullAddress(a)
	}
	return strings.Join(all, ", ")
}

// isState reports that the store found an item in a state that does not allow what was asked.
func isState(err error) bool { return errors.Is(err, store.ErrState) }
