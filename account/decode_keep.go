package account

import (
	"strings"
)

// keep reads offline and mailboxes.
func (s *section) keep(a *Account) {
	s.offline(a)
	s.mailboxes(a)
	if a.Incoming == nil || a.Incoming.Protocol != POP3 {
		return
	}
	for _, r := range a.Offline {
		if !r.Keep.All {
			s.fail(s.t.vals["offline"].at, "take it out: what POP3 brings is kept whole", "offline%s has no meaning: incoming is POP3", s.name)
		}
	}
	if len(a.Mailboxes) > 0 && !(len(a.Mailboxes) == 1 && a.Mailboxes[0] == "*") {
		s.fail(s.t.vals["mailboxes"].at, "take it out: POP3 has one mailbox", "mailboxes%s has no meaning: incoming is POP3", s.name)
	}
}

// offline reads offline = "all" | "90d" | "headers", or a table of these by mailbox.
func (s *section) offline(a *Account) {
	v := s.get("offline")
	switch {
	case v == nil:
	case v.tbl == nil:
		if k, ok := s.kept("offline", v); ok {
			a.Offline = []OfflineRule{{"*", k}}
		}
	default:
		p := &section{s.reader, " of offline" + s.name, v.tbl}
		for _, name := range v.tbl.keys {
			if name == "" || HasControl(name) {
				p.fail(v.tbl.vals[name].at, `"*", "Lists/*"`, "a mailbox%s is empty or holds a control character", p.name)
			}
			if k, ok := p.kept(tomlKey(name), v.tbl.vals[name].val); ok {
				a.Offline = append(a.Offline, OfflineRule{name, k})
			}
		}
	}
}

// kept reads one choice.
func (s *section) kept(key string, v *value) (k Keep, ok bool) {
	const form = `"all", "headers" or a duration such as "90d"`
	switch {
	case !v.isString():
		s.wrongType(v, key, form)
		return k, false
	case v.text == "all":
		return Keep{All: true}, true
	case v.text == "headers":
		return Keep{}, true
	}
	d, err := ParseDuration(v.text)
	if err != nil || d <= 0 {
		s.fail(v.at, form, "%s%s cannot be %q", key, s.name, v.text)
		return k, false
	}
	return Keep{For: d}, true
}

// mailboxes reads mailboxes = ["*", "!Junk"].
func (s *section) mailboxes(a *Account) {
	list := s.strs("mailboxes")
	if v := s.get("mailboxes"); v != nil && v.kindName() == "a list" && len(v.list) == 0 {
		s.fail(v.at, `mailboxes = ["*", "!Junk"]`, "mailboxes%s would leave every mailbox out", s.name)
	}
	for _, v := range list {
		switch name := strings.TrimPrefix(v.text, "!"); {
		case strings.TrimSpace(name) == "":
			s.fail(v.at, `mailboxes = ["*", "!Junk"]`, "mailboxes%s holds an empty name", s.name)
		case HasControl(name):
			s.fail(v.at, "", "mailboxes%s holds a control character", s.name)
		}
		a.Mailboxes = append(a.Mailboxes, v.text)
	}
}
