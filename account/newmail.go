package account

import (
	"fmt"
	"slices"
	"strings"
)

// newMailWords are the placeholders of on_new_mail.
var newMailWords = []string{"account", "mailbox", "from", "subject", "count"}

const (
	maxNewMailArgs = 64
	maxIdle        = 8 // mailboxes a server may be asked to watch besides INBOX
)

// newMail reads on_new_mail = ["program", "argument", …].
func (s *section) newMail() (argv []string) {
	list := s.strs("on_new_mail")
	for i, v := range list {
		_, err := fillNewMail(v.text, func(string) string { return "" })
		switch {
		case HasControl(v.text):
			s.fail(v.at, "", "on_new_mail holds a control character")
		case err != nil:
			s.fail(v.at, err.hint, "on_new_mail: %s", err.msg)
		case i == 0 && (v.text == "" || strings.HasPrefix(v.text, "-") || strings.Contains(v.text, "{")):
			s.fail(v.at, `on_new_mail = ["notify-send", "{from}", "{subject}"]`, "on_new_mail must begin with the name of a program")
		}
		argv = append(argv, v.text)
	}
	if v := s.get("on_new_mail"); v != nil && (len(list) == 0 || len(list) > maxNewMailArgs) {
		s.fail(v.at, `on_new_mail = ["notify-send", "{from}", "{subject}"]`, "on_new_mail must be a list of 1 to %d strings: a program and its arguments", maxNewMailArgs)
	}
	return argv
}

// badWord is what is wrong with a placeholder.
type badWord struct{ msg, hint string }

// FillNewMail puts values for the placeholders {account}, {mailbox}, {from}, {subject} and {count} into
// one argument of on_new_mail; {{ stands for a brace. What the configuration has let through is never refused.
func FillNewMail(arg string, value func(word string) string) string {
	out, _ := fillNewMail(arg, value)
	return out
}

func fillNewMail(arg string, value func(word string) string) (string, *badWord) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(arg, "{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if after, ok := strings.CutPrefix(rest, "{"); ok {
			b.WriteByte('{')
			arg = after
			continue
		}
		word, after, closed := strings.Cut(rest, "}")
		if !closed || !slices.Contains(newMailWords, word) {
			return "", &badWord{fmt.Sprintf("there is no placeholder {%s", rest[:min(len(rest), 40)]), suggest(word[:min(len(word), 40)], newMailWords) + ", and {{ is a brace"}
		}
		b.WriteString(value(word))
		arg = after
	}
}

// idle reads idle = ["Work", …]: mailboxes whose news is wanted at once, besides INBOX.
func (s *section) idle(a *Account) {
	list := s.strs("idle")
	if len(list) > maxIdle {
		s.fail(s.get("idle").at, "the others are looked at every few minutes", "idle%s may name %d mailboxes at most", s.name, maxIdle)
	}
	if len(list) > 0 && a.Incoming != nil && a.Incoming.Protocol != IMAP {
		s.fail(s.t.vals["idle"].at, "take it out", "idle%s has no meaning: incoming is not IMAP", s.name)
	}
	for _, v := range list {
		if v.text == "" || HasControl(v.text) {
			s.fail(v.at, "", "idle%s must list mailboxes", s.name)
		}
		if !strings.EqualFold(v.text, "INBOX") && !slices.Contains(a.Idle, v.text) {
			a.Idle = append(a.Idle, v.text)
		}
	}
}
