package archive

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

const fromPrefix = "From "

// maxFromLine bounds a line that may begin a message.
const maxFromLine = 1000

// fromLine reads the line that begins a message of an mbox: "From SENDER DATE", the date as of asctime, with a zone before or behind
// the year where some programs write one, else UTC (RFC 4155). ok is false when there is no such date.
func fromLine(line []byte) (received time.Time, ok bool) {
	if !bytes.HasPrefix(line, []byte(fromPrefix)) || len(line) > maxFromLine {
		return time.Time{}, false
	}
	f := strings.Fields(string(line[len(fromPrefix):]))
	for i := 0; i+4 < len(f)+1 && i < len(f); i++ { // the sender may hold spaces
		if day := strings.TrimSuffix(f[i], ","); isOneOf(day, days) {
			if t, ok := fromDate(f[i+1:]); ok {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

const (
	days   = "Mon Tue Wed Thu Fri Sat Sun"
	months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
)

func isOneOf(word, list string) bool {
	return len(word) == 3 && strings.Contains(list, word) && strings.Index(list, word)%4 == 0
}

// fromDate reads what follows the day of the week: month, day (or day, month), time, zone and year.
func fromDate(f []string) (time.Time, bool) {
	if len(f) < 4 {
		return time.Time{}, false
	}
	if isOneOf(f[1], months) {
		f[0], f[1] = f[1], f[0]
	}
	if !isOneOf(f[0], months) {
		return time.Time{}, false
	}
	month := time.Month(strings.Index(months, f[0])/4 + 1)
	day, err := strconv.Atoi(strings.TrimSuffix(f[1], ","))
	if err != nil || day < 1 || day > 31 {
		return time.Time{}, false
	}
	rest := f[2:]
	if year, err := strconv.Atoi(rest[0]); err == nil && year > 1900 && len(rest) > 1 { // 5 Jan 2026 10:00:00 +0000
		rest = append([]string{rest[1], rest[0]}, rest[2:]...)
	}
	var clock [3]int
	parts := strings.Split(rest[0], ":")
	if len(parts) < 2 || len(parts) > 3 {
		return time.Time{}, false
	}
	for i, p := range parts {
		if clock[i], err = strconv.Atoi(p); err != nil || clock[i] < 0 || clock[i] > 60 {
			return time.Time{}, false
		}
	}
	year, zone := 0, time.UTC
	for _, w := range rest[1:min(len(rest), 4)] {
		if n, err := strconv.Atoi(w); err == nil && len(w) == 4 && n >= 1900 {
			year = n
		} else if (w[0] == '+' || w[0] == '-') && len(w) == 5 && err == nil {
			sign := 1
			if w[0] == '-' {
				sign = -1
			}
			n = max(n, -n)
			zone = time.FixedZone("", sign*(n/100*3600+n%100*60))
		}
	}
	if year == 0 {
		return time.Time{}, false
	}
	return time.Date(year, month, day, clock[0], clock[1], clock[2], 0, zone).UTC(), true
}

// beginsHeader tells whether bytes begin like a field of a header: a name of letters, digits, - _ and ., and a colon.
func beginsHeader(b []byte) bool {
	for i, c := range b {
		switch {
		case c == ':':
			return i > 0
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
		if i > 100 {
			return false
		}
	}
	return false
}
