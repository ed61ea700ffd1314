package main

import (
	"slices"
	"strings"
)

// notify turns the value of --dsn into RFC 3461's NOTIFY (4.1): each keyword
// once, in one order, never alone.
func notify(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	words := strings.Split(strings.ToUpper(strings.ReplaceAll(value, " ", "")), ",")
	if len(words) == 1 && words[0] == "NEVER" {
		return "NEVER", nil
	}
	var out []string
	for _, known := range []string{"SUCCESS", "FAILURE", "DELAY"} {
		if slices.Contains(words, known) {
			out = append(out, known)
		}
		words = slices.DeleteFunc(words, func(w string) bool { return w == known })
	}
	if len(words) > 0 {
		return "", usagef("--dsn %s: give never, or failure, delay and success with commas between", value)
	}
	return strings.Join(out, ","), nil
}
