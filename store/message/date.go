package message

import (
	"strconv"
	"strings"
	"time"
)

// ParseDate reads an RFC 5322 date and what is sent in its place: other
// orders, two-digit years, names of zones, ISO 8601, asctime, AM and PM,
// missing seconds or zone (UTC). Zero when there is no date in it.
func ParseDate(s string) time.Time {
	s = strings.TrimSpace(stripComments(s[:min(len(s), 256)]))
	if s == "" {
		return time.Time{}
	}
	if isDigits(s[:min(len(s), 4)]) {
		if t, err := time.Parse(time.RFC3339, s); err == nil && plausibleYear(t.Year()) {
			return t
		}
	}
	var d dateParts
	for tok := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		d.take(tok)
	}
	return d.time()
}

// dateParts is what has been found of a date so far.
type dateParts struct {
	year, day             int
	month                 time.Month
	hour, minute, second  int
	haveDay, haveYear     bool
	haveTime, haveZone    bool
	afternoon, beforeNoon bool
	offset                int // seconds east of UTC
}

// take reads one word.
func (d *dateParts) take(tok string) {
	switch {
	case tok[0] == '+' || tok[0] == '-' && d.haveTime:
		d.takeOffset(tok)
	case strings.Contains(tok, ":") && d.takeISO(tok):
	case strings.Contains(tok, ":"):
		d.takeClock(tok)
	case tok[0] >= '0' && tok[0] <= '9':
		d.takeNumbers(tok)
	default:
		d.takeWord(tok)
	}
}

// takeISO reads 2026-11-22T10:00:00Z and its kin.
func (d *dateParts) takeISO(tok string) bool {
	date, clock, ok := strings.Cut(tok, "T")
	if !ok || strings.Count(date, "-") != 2 {
		return false
	}
	d.takeNumbers(date)
	if rest, ok := strings.CutSuffix(clock, "Z"); ok {
		clock, d.haveZone = rest, true
	}
	d.takeClock(clock)
	return true
}

// takeClock reads 10:00, 10:00:00.5, 10:00:00+0200, 10:00pm.
func (d *dateParts) takeClock(tok string) {
	if d.haveTime {
		return
	}
	if i := strings.IndexAny(tok, "+-"); i > 0 {
		defer d.takeOffset(tok[i:])
		tok = tok[:i]
	} else if i := strings.IndexFunc(tok, isLetter); i > 0 {
		defer d.takeWord(tok[i:])
		tok = tok[:i]
	}
	fields := strings.SplitN(tok, ":", 4)
	var hms [3]int
	for i, f := range fields[:min(len(fields), 3)] {
		f, _, _ = strings.Cut(f, ".")
		n, err := strconv.Atoi(f)
		if err != nil || n < 0 || n > 60 {
			return
		}
		hms[i] = n
	}
	if hms[0] > 24 || hms[1] > 59 {
		return
	}
	d.hour, d.minute, d.second, d.haveTime = hms[0], hms[1], min(hms[2], 59), true
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// takeOffset reads +0200, +02:00, -5.
func (d *dateParts) takeOffset(tok string) {
	sign := 1
	if tok[0] == '-' {
		sign = -1
	}
	digits := strings.ReplaceAll(strings.TrimLeft(tok, "+-"), ":", "")
	n, err := strconv.Atoi(digits)
	if err != nil || d.haveZone || n < 0 {
		return
	}
	if len(digits) <= 2 {
		n *= 100
	}
	hours, minutes := n/100, n%100
	if hours > 15 || minutes > 59 {
		hours, minutes = 0, 0
	}
	d.offset, d.haveZone = sign*(hours*3600+minutes*60), true
}

// takeNumbers reads a day, a year, or a date joined by - / or dots.
func (d *dateParts) takeNumbers(tok string) {
	fields := strings.FieldsFunc(tok, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(fields) == 3 && isDigits(fields[0]) && isDigits(fields[1]) && isDigits(fields[2]) {
		d.takeNumericDate(fields)
		return
	}
	for _, f := range fields {
		if isDigits(f) {
			d.takeNumber(f)
		} else {
			d.takeWord(f)
		}
	}
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// takeNumericDate reads three numbers: year first when it has four digits,
// else day, month, year, unless that cannot be.
func (d *dateParts) takeNumericDate(fields []string) {
	var n [3]int
	for i, f := range fields {
		v, err := strconv.Atoi(f)
		if err != nil {
			return
		}
		n[i] = v
	}
	if len(fields[0]) == 4 {
		n[0], n[2] = n[2], n[0]
		fields[2] = fields[0]
	}
	if n[1] > 12 && n[0] <= 12 {
		n[0], n[1] = n[1], n[0]
	}
	if n[1] >= 1 && n[1] <= 12 {
		d.day, d.month, d.year = n[0], time.Month(n[1]), fullYear(n[2], len(fields[2]))
		d.haveDay, d.haveYear = true, true
	}
}

func (d *dateParts) takeNumber(f string) {
	n, err := strconv.Atoi(f)
	switch {
	case err != nil:
	case !d.haveDay && len(f) <= 2 && n >= 1 && n <= 31:
		d.day, d.haveDay = n, true
	case !d.haveYear:
		d.year, d.haveYear = fullYear(n, len(f)), true
	case len(f) == 4 && d.haveTime && !d.haveZone:
		d.takeOffset("+" + f)
	}
}

// fullYear completes years of two and three digits (RFC 5322 section 4.3).
func fullYear(n, digits int) int {
	switch {
	case digits <= 2 && n < 50:
		return n + 2000
	case digits <= 3:
		return n + 1900
	}
	return n
}

// takeWord reads names of months and zones; names of days say nothing new.
func (d *dateParts) takeWord(tok string) {
	word := strings.ToLower(strings.Trim(tok, ".;\"'"))
	switch word {
	case "am":
		d.beforeNoon = true
		return
	case "pm":
		d.afternoon = true
		return
	}
	if offset, ok := zoneOffset(word); ok && !d.haveZone {
		d.offset, d.haveZone = offset*60, true
		return
	}
	if i := strings.IndexByte(word, '-'); i > 0 && d.month == 0 { // Nov-2026
		d.takeWord(word[:i])
		if rest := word[i+1:]; isDigits(rest) {
			d.takeNumber(rest)
		}
		return
	}
	if len(word) >= 3 && d.month == 0 {
		if i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", word[:3]); i >= 0 && i%3 == 0 {
			d.month = time.Month(i/3 + 1)
		}
	}
}

// zoneOffset returns the minutes east of UTC of a zone's name (RFC 5322
// section 4.3 and common others).
func zoneOffset(name string) (minutes int, ok bool) {
	switch name {
	case "z", "ut", "utc", "gmt", "wet":
		return 0, true
	case "bst", "cet", "met", "mez", "west":
		return 60, true
	case "cest", "eet", "mest", "mesz", "sast":
		return 120, true
	case "eest", "msk":
		return 180, true
	case "ist":
		return 330, true
	case "hkt", "sgt":
		return 480, true
	case "jst", "kst":
		return 540, true
	case "aest":
		return 600, true
	case "aedt":
		return 660, true
	case "nzst":
		return 720, true
	case "edt":
		return -240, true
	case "est", "cdt":
		return -300, true
	case "cst", "mdt":
		return -360, true
	case "mst", "pdt":
		return -420, true
	case "pst":
		return -480, true
	}
	return 0, false
}

func plausibleYear(y int) bool { return y >= 1900 && y <= 9999 }

// time puts the parts together.
func (d *dateParts) time() time.Time {
	if !d.haveDay || !d.haveYear || d.month == 0 || !plausibleYear(d.year) || d.day < 1 || d.day > 31 {
		return time.Time{}
	}
	hour := d.hour
	switch {
	case d.afternoon && hour < 12:
		hour += 12
	case d.beforeNoon && hour == 12:
		hour = 0
	}
	zone := time.UTC
	if d.offset != 0 {
		zone = time.FixedZone("", d.offset)
	}
	return time.Date(d.year, d.month, d.day, hour, d.minute, d.second, 0, zone)
}

// Arrived is when the last server took a message (raw, or its header), by its trace (RFC 5321, 4.4), else when it says
// it was written; zero: it says neither.
func Arrived(raw []byte) time.Time {
	h := headerOf(raw)
	v := h.get("Received") // the first is the last server's
	if i := strings.LastIndexByte(v, ';'); i >= 0 {
		if t := ParseDate(v[i+1:]); !t.IsZero() {
			return t
		}
	}
	return h.date()
}
