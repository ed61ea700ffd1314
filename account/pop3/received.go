package pop3

import (
	"bytes"
	"strings"
	"time"

	"mua/store/message"
)

// headerLook is how much of a message is searched for its time, in octets.
const headerLook = 64 << 10

// received is when the server got a message, which POP3 does not tell: the time of its topmost
// Received field, else its Date, else now; never later than now.
func received(text []byte, now time.Time) time.Time {
	text = text[:min(len(text), headerLook)]
	for _, name := range []string{"Received", "Date"} {
		v := field(text, name)
		if i := strings.LastIndexByte(v, ';'); i >= 0 && name == "Received" {
			v = v[i+1:]
		}
		if t := message.ParseDate(v); t.Year() > 1980 {
			if t.After(now) {
				return now
			}
			return t
		}
	}
	return now
}

// inOrder gives messages of one second the order of their numbers, as milliseconds: they are
// fetched newest first, and lists sort by this time. It is never later than now.
func inOrder(at time.Time, num int, now time.Time) time.Time {
	if at.Nanosecond() != 0 {
		return at
	}
	if in := at.Add(time.Duration(num%1000) * time.Millisecond); in.Before(now) {
		return in
	}
	return at
}

// field is the first header field of that name, unfolded; "" when there is none.
func field(text []byte, name string) string {
	for len(text) > 0 {
		line, rest := cutLine(text)
		if len(line) == 0 {
			return ""
		}
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			var more []byte
			more, rest = cutLine(rest)
			line = append(line[:len(line):len(line)], more...)
		}
		if k, v, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(bytes.TrimRight(k, " \t")), name) {
			return string(v)
		}
		text = rest
	}
	return ""
}

func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}
