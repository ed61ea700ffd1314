package compose

import (
	"slices"
	"strings"
)

// What mail programs of many languages put before the subject, in lower case.
var (
	replyMarks   = []string{"re", "aw", "antw", "antwort", "sv", "vs", "odp", "rif", "ynt", "atb", "回复", "答复", "回覆", "返信"}
	forwardMarks = []string{"fwd", "fw", "wg", "tr", "rv", "vb", "vl", "doorst", "转发", "轉寄", "転送"}
)

// replySubject gives the subject of a reply: one "Re: ", whatever marks there were.
func replySubject(subject string) string { return remark("Re: ", subject, replyMarks) }

// forwardSubject gives the subject of a forward: one "Fwd: ".
func forwardSubject(subject string) string { return remark("Fwd: ", subject, forwardMarks) }

// remark puts mark before the subject in place of any of the marks, also where a
// list's tag stands before them: "[tag] Re: x" becomes "Re: [tag] x".
func remark(mark, subject string, marks []string) string {
	subject = strings.TrimSpace(oneLine(subject))
	subject = stripMarks(subject, marks)
	if tag, rest, ok := strings.Cut(subject, "]"); ok && strings.HasPrefix(tag, "[") {
		rest = strings.TrimLeft(rest, " ")
		if stripped := stripMarks(rest, marks); stripped != rest {
			subject = tag + "] " + stripped
		}
	}
	return strings.TrimRight(mark+subject, " ")
}

// stripMarks removes marks from the beginning: "Re: AW: Re[2]: x" becomes "x".
func stripMarks(s string, marks []string) string {
	for {
		at := strings.IndexAny(s, ":：")
		if at < 0 {
			return s
		}
		word := strings.ToLower(strings.TrimSpace(s[:at]))
		if n := strings.IndexAny(word, "[(^*"); n > 0 && strings.Trim(word[n:], "[](^)*0123456789") == "" {
			word = word[:n] // Re[2]: Re^2: Re(2):
		}
		if !slices.Contains(marks, word) {
			return s
		}
		s = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(s[at:], ":"), "："))
	}
}
