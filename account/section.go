package account

import (
	"fmt"
	"slices"
	"strings"

	"mua/store/query"
)

// reader collects what is wrong with a file; the first place counts.
type reader struct {
	file     string
	dir      string // relative paths start here
	wrong    *fault
	warnings []string
}

// fault is what is wrong, where.
type fault struct {
	at      pos
	msg     string // without the place
	trouble *Trouble
}

// fail notes a trouble at a place, unless one further up is known.
func (r *reader) fail(at pos, hint, format string, args ...any) {
	if r.wrong != nil && !at.before(r.wrong.at) {
		return
	}
	msg := CleanWords(fmt.Sprintf(format, args...))
	r.wrong = &fault{at, msg, &Trouble{Kind: KindConfig, What: fmt.Sprintf("%s:%s: %s", r.file, at, msg), Hint: hint}}
}

func (r *reader) warn(at pos, format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf("%s:%s: %s", r.file, at, CleanWords(fmt.Sprintf(format, args...))))
}

// section reads one table whose keys are known.
type section struct {
	*reader
	name string // as errors say it: " in [account.work]", "" for the top
	t    *table
}

// known refuses keys that are not in valid, and reports whether there were none.
func (s *section) known(valid ...string) bool {
	ok := true
	for _, k := range s.t.keys {
		if !slices.Contains(valid, k) {
			ok = false
			s.fail(s.t.vals[k].at, suggest(k, valid), "unknown key %q%s", k, s.name)
		}
	}
	return ok
}

func (s *section) get(key string) *value {
	if e, ok := s.t.vals[key]; ok {
		return e.val
	}
	return nil
}

// str reads a string without control characters; "" when the key is missing.
func (s *section) str(key string) string {
	v := s.get(key)
	if v == nil {
		return ""
	}
	if !v.isString() {
		s.wrongType(v, key, "a string")
		return ""
	}
	if HasControl(v.text) {
		s.fail(v.at, "", "%s%s holds a control character", key, s.name)
		return ""
	}
	return v.text
}

// text is str for what may have several lines.
func (s *section) text(key string) string {
	v := s.get(key)
	if v == nil {
		return ""
	}
	if !v.isString() {
		s.wrongType(v, key, "a string")
	}
	return v.text
}

func (s *section) flag(key string) (b, ok bool) {
	v := s.get(key)
	if v == nil {
		return false, false
	}
	if !v.isBool() {
		s.wrongType(v, key, "true or false")
		return false, false
	}
	return v.text == "true", true
}

// strs reads a list of strings.
func (s *section) strs(key string) (out []*value) {
	v := s.get(key)
	if v == nil {
		return nil
	}
	if v.kindName() != "a list" {
		s.wrongType(v, key, "a list of strings")
		return nil
	}
	for _, e := range v.list {
		if !e.isString() {
			s.wrongType(e, key, "a list of strings")
			return nil
		}
	}
	return v.list
}

func (s *section) table(key string) *table {
	v := s.get(key)
	if v == nil {
		return nil
	}
	if v.tbl == nil {
		s.wrongType(v, key, "a table")
	}
	return v.tbl
}

// oneOf reads a string that is one of those; "" when missing.
func (s *section) oneOf(key string, valid ...string) string {
	text := s.str(key)
	if v := s.get(key); v != nil && v.isString() && !slices.Contains(valid, text) {
		s.fail(v.at, suggest(text, valid), "%s%s cannot be %q", key, s.name, text)
	}
	return text
}

// planned refuses a key whose capability is not there yet, unless its value is what happens anyway.
func (s *section) planned(key, hint string, today func(*value) bool) {
	if v := s.get(key); v != nil && (today == nil || !today(v)) {
		s.fail(s.t.vals[key].at, hint, "%s%s is planned but not in this version", key, s.name)
	}
}

func (s *section) wrongType(v *value, key, want string) {
	s.fail(v.at, "", "%s%s must be %s, not %s", key, s.name, want, v.kindName())
}

// suggest is the hint for a word that is none of valid.
func suggest(word string, valid []string) string {
	if best := query.Nearest(strings.ToLower(word), valid); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "possible here: " + strings.Join(valid, ", ")
}
