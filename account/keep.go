package account

import (
	"strconv"
	"strings"
	"time"
)

// Keep says how much of a mailbox's mail is kept here for reading offline.
type Keep struct {
	Out bool          // the mailbox is left out: it is listed, but nothing of it is fetched
	All bool          // every body; else only those received within For
	For time.Duration // 0 with !All: headers only
}

// Whole keeps everything.
func (k Keep) Whole() bool { return k.All && !k.Out }

// Holds tells whether the body of a message received then is kept, as of now.
func (k Keep) Holds(received, now time.Time) bool {
	return !k.Out && (k.All || k.For > 0 && !received.Before(now.Add(-k.For)))
}

// String is the choice as the configuration writes it; "no" for what is left out.
func (k Keep) String() string {
	switch {
	case k.Out:
		return "no"
	case k.All:
		return "all"
	case k.For == 0:
		return "headers"
	}
	return shortest(k.For)
}

// OfflineRule is one line of offline: what is kept of the mailboxes that a pattern names.
type OfflineRule struct {
	Pattern string
	Keep    Keep
}

// Keeps is what is kept here of a mailbox: of the rules of offline that name it the last one counts,
// as does the last pattern of mailboxes. separator is the server's, role one of RFC 6154 in lower
// case or "".
//
// Without mailboxes in the configuration everything in the personal namespace is kept, of the
// mailbox with the role junk its headers only, unless a rule of offline names it by more than "*".
func (a *Account) Keeps(name, separator, role string) Keep {
	in := len(a.Mailboxes) == 0 || strings.HasPrefix(a.Mailboxes[0], "!")
	for _, p := range a.Mailboxes {
		rest, not := strings.CutPrefix(p, "!")
		if names(rest, name, separator, role) {
			in = !not
		}
	}
	keep := Keep{All: true}
	if role == "junk" && len(a.Mailboxes) == 0 {
		keep = Keep{}
	}
	junk := keep
	for _, r := range a.Offline {
		if !names(r.Pattern, name, separator, role) {
			continue
		}
		if keep = r.Keep; r.Pattern == "*" && !junk.All {
			keep = junk
		}
	}
	keep.Out = !in
	return keep
}

// names tells whether a pattern of the configuration means a mailbox: by its name, whatever the case,
// with / also for the server's separator, or by its role. * stands for any characters, ? for one.
func names(pattern, name, separator, role string) bool {
	if role != "" && strings.EqualFold(pattern, role) {
		return true
	}
	pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	return wild([]rune(pattern), []rune(name)) ||
		separator != "" && separator != "/" && wild([]rune(pattern), []rune(strings.ReplaceAll(name, strings.ToLower(separator), "/")))
}

// wild matches * and ?, in time that is bounded by the product of the lengths.
func wild(pattern, name []rune) bool {
	p, n, star, from := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p, n = p+1, n+1
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// shortest writes a duration in the largest unit that needs no fraction.
func shortest(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day != 0 {
		return d.String()
	}
	for _, u := range []struct {
		days int64
		name string
	}{{365, "y"}, {1, "d"}} {
		if n := int64(d / day); n%u.days == 0 {
			return strconv.FormatInt(n/u.days, 10) + u.name
		}
	}
	return d.String()
}
