package archive

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mua/store"
)

// The fields in which programs keep the state of a message within an mbox. What mua writes of them stands at the very
// beginning of a message, behind a field that says how many there are, and is taken off again when it is read.
const (
	ownField     = "X-Mua-Mbox"  // "N", the number of fields that follow; the dialect; then what was done to the message:
	noNewline    = "no-newline"  // a line end was added
	noBlank      = "no-blank"    // an empty line, to end the header
	quotedHead   = "quoted-head" // its header is quoted as in mboxrd, in a dialect that does not
	maxOwnFields = 8
)

// state is what such fields say.
type state struct {
	flags    store.Flags
	keywords []string
	length   int64 // Content-Length; -1: none
	expunged bool  // deleted in Thunderbird, which has not compacted its file yet
}

// take reads one line of a header.
func (s *state) take(line []byte) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) < 6 || len(name) > 16 {
		return
	}
	v := string(bytes.TrimSpace(value))
	switch strings.ToLower(string(name)) {
	case "content-length":
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 && s.length < 0 {
			s.length = n
		}
	case "status":
		s.letters(v, map[rune]store.Flags{'R': store.Seen, 'D': store.Deleted})
	case "x-status":
		s.letters(v, map[rune]store.Flags{'A': store.Answered, 'F': store.Flagged, 'T': store.Draft, 'D': store.Deleted})
	case "x-keywords":
		for _, k := range strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' }) {
			s.keyword(k)
		}
	case "x-mozilla-status":
		if n, err := strconv.ParseUint(v, 16, 32); err == nil {
			s.mozilla(n)
		}
	}
}

func (s *state) letters(v string, of map[rune]store.Flags) {
	for _, r := range v {
		s.flags |= of[r]
	}
}

// mozilla reads the bits of Thunderbird's nsMsgMessageFlags.
func (s *state) mozilla(n uint64) {
	for bit, f := range map[uint64]store.Flags{1: store.Seen, 2: store.Answered, 4: store.Flagged, 0x1000: store.Forwarded} {
		if n&bit != 0 {
			s.flags |= f
		}
	}
	s.expunged = n&8 != 0
}

// keyword adds one that IMAP allows too (RFC 9051 flag-keyword: an atom).
func (s *state) keyword(k string) {
	if strings.EqualFold(k, "$Forwarded") {
		s.flags |= store.Forwarded
		return
	}
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r) }
	if k != "" && len(k) <= 64 && len(s.keywords) < 32 && !strings.ContainsFunc(k, bad) && !slices.Contains(s.keywords, k) {
		s.keywords = append(s.keywords, k)
	}
}

// stateFields writes flags as fields; none for a message without any.
func stateFields(m *Message) (out []string) {
	status, x := "", ""
	for _, l := range []struct {
		f      store.Flags
		into   *string
		letter string
	}{{store.Seen, &status, "RO"}, {store.Answered, &x, "A"}, {store.Flagged, &x, "F"}, {store.Draft, &x, "T"}, {store.Deleted, &x, "D"}} {
		if m.Flags.Has(l.f) {
			*l.into += l.letter
		}
	}
	if status != "" {
		out = append(out, "Status: "+status)
	}
	if x != "" {
		out = append(out, "X-Status: "+x)
	}
	words := m.Keywords
	if m.Flags.Has(store.Forwarded) {
		words = append(words[:len(words):len(words)], "$Forwarded")
	}
	if len(words) > 0 {
		out = append(out, "X-Keywords: "+strings.Join(words, " "))
	}
	return out
}

// ownHead is the line that says how many fields were put before a message, and what was put behind it.
func ownHead(fields int, marks ...string) string {
	return strings.TrimSpace(fmt.Sprintf("%s: %d %s", ownField, fields, strings.Join(marks, " ")))
}

// stripOwn takes off what mua, or Thunderbird, has put before a message, and what mua has put behind it.
func stripOwn(raw []byte) []byte {
	if v, rest, ok := cutField(raw, ownField); ok {
		marks := strings.Fields(v)
		if len(marks) == 0 {
			return raw
		}
		n, err := strconv.Atoi(marks[0])
		if err != nil || n < 0 || n > maxOwnFields {
			return raw
		}
		for range n {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				return raw
			}
			rest = rest[i+1:]
		}
		if slices.Contains(marks, noBlank) {
			rest = bytes.TrimSuffix(rest, []byte("\n"))
		}
		if slices.Contains(marks, noNewline) {
			rest = bytes.TrimSuffix(rest, []byte("\n"))
		}
		return rest
	}
	rest := raw
	for _, name := range []string{"X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys"} {
		if _, after, ok := cutField(rest, name); ok {
			rest = after
		}
	}
	return rest
}

// cutField takes the first line off when it is the field of that name.
func cutField(raw []byte, name string) (value string, rest []byte, ok bool) {
	i := bytes.IndexByte(raw, '\n')
	if i < 0 || i < len(name)+1 || i > maxFromLine || raw[len(name)] != ':' || !strings.EqualFold(string(raw[:len(name)]), name) {
		return "", raw, false
	}
	return string(bytes.TrimSpace(raw[len(name)+1 : i])), raw[i+1:], true
}
