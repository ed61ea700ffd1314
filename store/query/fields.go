package query

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
)

// fieldNames lists what may stand before a colon.
func fieldNames() []string {
	return []string{"from", "to", "cc", "subject", "body", "filename", "list", "in", "account", "id", "mid", "thread",
		"is", "has", "keyword", "before", "after", "on", "newer", "older", "larger", "smaller"}
}

// Fields lists what may stand before a colon.
func Fields() []string { return fieldNames() }

// Values lists the words that a field takes; nil: it takes others than these, too.
func Values(field string) []string {
	switch field {
	case "is":
		return []string{"unread", "read", "flagged", "unflagged", "replied", "forwarded", "draft", "deleted", "pending"}
	case "has":
		return []string{"attachment"}
	case "before", "after", "on":
		return []string{"today", "yesterday"}
	case "newer", "older":
		return []string{"1d", "7d", "1m", "6m", "1y"}
	case "larger", "smaller":
		return []string{"100k", "1M", "10M"}
	}
	return nil
}

func known(name string) bool { return slices.Contains(fieldNames(), name) }

// field reads the value of a field whose name and colon were taken, or its values in parentheses; start is where the
// name stands.
func (p *parser) field(name string, start int) (Node, error) {
	if !known(name) {
		hint := elsewhere(name)
		if n := Nearest(name, fieldNames()); hint == "" && n != "" {
			hint = n + ":"
		}
		if hint != "" {
			hint = ", did you mean " + hint + "?"
		}
		return nil, p.fail(start, "there is no field %s:%s (quote it to look for the words)", name, hint)
	}
	if strings.HasPrefix(p.rest(), "(") {
		p.group = name
		defer func() { p.group = "" }()
		return p.parentheses()
	}
	return p.fieldValue(name)
}

// fieldValue reads one value of a field.
func (p *parser) fieldValue(name string) (Node, error) {
	at := p.pos
	text, _, star, err := p.value()
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, p.fail(at, "%s: needs a value", name)
	}
	switch name {
	case "from", "to", "cc", "subject", "body", "filename", "list":
		return p.match(Field(name), text, star, at)
	case "in":
		if text == "*" || strings.EqualFold(text, "any") {
			text = ""
		}
		return In{text, at}, nil
	case "account":
		return Account{text, at}, nil
	case "id", "thread":
		return p.number(name, text, at)
	case "keyword":
		return Keyword{text}, nil
	case "mid":
		return HeaderID{"<" + strings.Trim(text, "<>") + ">"}, nil
	case "is":
		return p.state(text, at)
	case "has":
		if strings.EqualFold(text, "attachment") || strings.EqualFold(text, "attachments") {
			return HasAttachment{}, nil
		}
		return nil, p.fail(at, "has: knows attachment")
	case "larger", "smaller":
		return p.size(name, text, at)
	case "newer", "older":
		return p.age(name, text, at)
	}
	return p.day(name, text, at)
}

func (p *parser) number(name, text string, at int) (Node, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return nil, p.fail(at, "%s: needs a number", name)
	}
	if name == "id" {
		return ID{n}, nil
	}
	return Thread{n}, nil
}

func (p *parser) state(text string, at int) (Node, error) {
	names := map[string]State{
		"unread": Unread, "unseen": Unread, "new": Unread, "read": Read, "seen": Read, "flagged": Flagged, "starred": Flagged,
		"replied": Replied, "answered": Replied, "forwarded": Forwarded, "draft": Draft, "deleted": Deleted, "pending": Pending,
	}
	s, ok := names[strings.ToLower(text)]
	switch {
	case ok:
		return Is{s}, nil
	case strings.EqualFold(text, "unflagged"):
		return Not{Is{Flagged}}, nil
	}
	return nil, p.fail(at, "is: knows unread read flagged replied forwarded draft deleted pending")
}

func (p *parser) size(name, text string, at int) (Node, error) {
	units := []struct {
		suffix string
		octets int64
	}{{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"", 1}}
	num := strings.ToLower(text)
	for _, s := range []string{"ib", "b"} {
		num = strings.TrimSuffix(num, s)
	}
	for _, u := range units {
		n, ok := strings.CutSuffix(num, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(n, 64)
		if err != nil || !(v >= 0) || v*float64(u.octets) > 1<<60 {
			break
		}
		if name == "larger" {
			return Size{int64(v * float64(u.octets)), -1}, nil
		}
		return Size{-1, int64(v * float64(u.octets))}, nil
	}
	return nil, p.fail(at, "%s: needs a size such as 500, 100k or 2M", name)
}

func (p *parser) age(name, text string, at int) (Node, error) {
	var then time.Time
	n, err := strconv.Atoi(text[:len(text)-1])
	ok := err == nil && n >= 0 && n < 100000
	switch text[len(text)-1] {
	case 'h', 'H':
		then = p.now.Add(-time.Duration(n) * time.Hour)
	case 'd', 'D':
		then = p.now.AddDate(0, 0, -n)
	case 'w', 'W':
		then = p.now.AddDate(0, 0, -7*n)
	case 'm', 'M':
		then = p.now.AddDate(0, -n, 0)
	case 'y', 'Y':
		then = p.now.AddDate(-n, 0, 0)
	default:
		ok = false
	}
	if !ok {
		return nil, p.fail(at, "%s: needs an age such as 12h, 7d, 3w, 6m or 1y", name)
	}
	if name == "newer" {
		return Received{From: then}, nil
	}
	return Received{To: then}, nil
}

func (p *parser) day(name, text string, at int) (Node, error) {
	from, to, ok := p.span(strings.ToLower(text))
	if !ok {
		return nil, p.fail(at, "%s: needs a day such as 2026-11-22, 2026-11, today or yesterday", name)
	}
	switch name {
	case "before":
		return Received{To: from}, nil
	case "after":
		return Received{From: to}, nil
	}
	return Received{From: from, To: to}, nil
}

// span is the day, month or year a text names.
func (p *parser) span(text string) (from, to time.Time, ok bool) {
	y, m, d := p.now.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, p.now.Location())
	switch text {
	case "today":
		return today, today.AddDate(0, 0, 1), true
	case "yesterday":
		return today.AddDate(0, 0, -1), today, true
	}
	for _, f := range []struct {
		layout  string
		y, m, d int
	}{{"2006-1-2", 0, 0, 1}, {"2006/1/2", 0, 0, 1}, {"2006-1", 0, 1, 0}, {"2006", 1, 0, 0}} {
		if t, err := time.ParseInLocation(f.layout, text, p.now.Location()); err == nil {
			return t, t.AddDate(f.y, f.m, f.d), true
		}
	}
	return from, to, false
}

// elsewhere is what a field is here that other programs have; "" for none of those.
func elsewhere(name string) string {
	switch name {
	case "tag", "label", "folder", "mailbox", "path", "maildir":
		return "in: or keyword:"
	case "date", "since", "until":
		return "on:, after: or before:"
	case "attachment", "attach":
		return "filename: or has:attachment"
	case "size":
		return "larger: or smaller:"
	case "flag", "status":
		return "is:"
	case "text":
		return "body:"
	case "msgid", "messageid":
		return "mid:"
	case "recipient":
		return "to: or cc:"
	}
	return ""
}

// Nearest is the name at most two edits away, or "".
func Nearest(s string, names []string) string {
	if len(s) > 20 {
		return ""
	}
	best, at := "", 3
	for _, n := range names {
		if d := levenshtein.ComputeDistance(s, n); d < at && d < min(len(n), len(s)) {
			best, at = n, d
		}
	}
	return best
}
