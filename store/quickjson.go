package store

import (
	"strings"
	"unicode/utf8"

	"mua/store/message"
)

// A thread of a thousand messages names a hundred thousand others, and a list has people in each row: such lists are read
// here as toJSON writes them, many times faster than encoding/json does. What looks otherwise is left to that.

// quick reads a list of T out of s; ok: it could.
func quick[T any](s string) (list []T, ok bool) {
	switch out := any(&list).(type) {
	case *[]string:
		*out, ok = quickStrings(s)
	case *[]message.Address:
		*out, ok = quickAddresses(s)
	}
	return list, ok
}

// quickScanner walks over a list; all strings in it become parts of one, so that they cost one allocation.
type quickScanner struct {
	s    string
	text strings.Builder
	ends []int // of the strings in text
}

func newQuickScanner(s string, n int) (q *quickScanner, ok bool) {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' || !utf8.ValidString(s) {
		return nil, false
	}
	q = &quickScanner{s: s[1 : len(s)-1], ends: make([]int, 0, n)}
	q.text.Grow(len(q.s))
	return q, true
}

// take takes what must come next.
func (q *quickScanner) take(what string) (ok bool) {
	q.s, ok = strings.CutPrefix(q.s, what)
	return ok
}

// str takes a string.
func (q *quickScanner) str() bool {
	if !q.take(`"`) {
		return false
	}
	for from, i := 0, 0; i < len(q.s); i++ {
		switch c := q.s[i]; {
		case c == '"':
			q.text.WriteString(q.s[from:i])
			q.ends = append(q.ends, q.text.Len())
			q.s = q.s[i+1:]
			return true
		case c < ' ':
			return false
		case c == '\\':
			q.text.WriteString(q.s[from:i])
			n := q.escape(q.s[i:])
			if n == 0 {
				return false
			}
			i += n - 1
			from = i + 1
		}
	}
	return false
}

// escape writes what an escape stands for and tells its length: 0 for one that is rare.
func (q *quickScanner) escape(s string) int {
	for _, e := range [...]struct {
		text string
		is   byte
	}{{`\u003c`, '<'}, {`\u003e`, '>'}, {`\"`, '"'}, {`\\`, '\\'}, {`\u0026`, '&'}} {
		if strings.HasPrefix(s, e.text) {
			q.text.WriteByte(e.is)
			return len(e.text)
		}
	}
	return 0
}

// next takes the comma before another one; more: there is one.
func (q *quickScanner) next() (more, ok bool) {
	if q.s == "" {
		return false, true
	}
	ok = q.take(",")
	return ok, ok
}

func quickStrings(s string) ([]string, bool) {
	q, ok := newQuickScanner(s, strings.Count(s, `","`)+1)
	for more := ok; more; {
		if !q.str() {
			return nil, false
		}
		more, ok = q.next()
	}
	if !ok {
		return nil, false
	}
	out, text, from := make([]string, len(q.ends)), q.text.String(), 0
	for i, end := range q.ends {
		out[i], from = text[from:end], end
	}
	return out, true
}

func quickAddresses(s string) ([]message.Address, bool) {
	q, ok := newQuickScanner(s, 2*strings.Count(s, "{"))
	for more := ok; more; {
		if !q.take(`{"name":`) || !q.str() || !q.take(`,"addr":`) || !q.str() || !q.take("}") {
			return nil, false
		}
		more, ok = q.next()
	}
	if !ok {
		return nil, false
	}
	out, text, from := make([]message.Address, len(q.ends)/2), q.text.String(), 0
	for i := range out {
		name, addr := q.ends[2*i], q.ends[2*i+1]
		out[i], from = message.Address{Name: text[from:name], Addr: text[name:addr]}, addr
	}
	return out, true
}
