package account

import (
	"slices"
	"strings"
)

// ParseNotify reads the delivery reports to ask for, as flags and the configuration spell them
// (never, or failure, delay and success with commas), into RFC 3461's NOTIFY (4.1): each keyword once,
// in one order, NEVER alone. "" is none.
func ParseNotify(s string) (notify string, ok bool) {
	if s == "" {
		return "", true
	}
	words := strings.Split(strings.ToUpper(strings.ReplaceAll(s, " ", "")), ",")
	if len(words) == 1 && words[0] == "NEVER" {
		return "NEVER", true
	}
	var out []string
	for _, known := range []string{"SUCCESS", "FAILURE", "DELAY"} {
		if slices.Contains(words, known) {
			out = append(out, known)
		}
		words = slices.DeleteFunc(words, func(w string) bool { return w == known })
	}
	return strings.Join(out, ","), len(words) == 0
}
