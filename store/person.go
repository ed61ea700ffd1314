package store

import (
	"strings"
	"unicode"

	"mua/store/message"
)

// maxName is how long a contact's name may be, in characters.
const maxName = 100

// impersonal reports mail that nobody wrote to us in person: of lists, of newsletters, of programs
// (RFC 2919, RFC 2369, RFC 3834, and what was used before them).
func impersonal(m *message.Message) bool {
	for _, name := range []string{"List-Id", "List-Post", "List-Unsubscribe", "Feedback-Id", "X-Mailing-List"} {
		if m.Get(name) != "" {
			return true
		}
	}
	switch strings.ToLower(strings.TrimSpace(m.Get("Precedence"))) {
	case "bulk", "list", "junk":
		return true
	}
	return strings.TrimSpace(m.Get("Return-Path")) == "<>" || automatic(m)
}

// automatic reports mail that a program has written (RFC 3834 section 5, and cron before it knew that).
func automatic(m *message.Message) bool {
	kind, _, _ := strings.Cut(m.Get("Auto-Submitted"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind != "" && kind != "no" || m.Get("X-Cron-Env") != ""
}

// roleAddress reports addresses where no person reads: nobody answers them by knowing them.
func roleAddress(addr string) bool {
	local, _, _ := strings.Cut(strings.ToLower(addr), "@")
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, local)
	for _, s := range []string{"noreply", "donotreply", "nepasrepondre", "noresponder", "nichtantworten", "mailerdaemon"} {
		if strings.Contains(plain, s) {
			return true
		}
	}
	for _, s := range []string{"bounce", "prvs=", "srs0=", "srs1=", "owner-", "newsletter", "notification"} {
		if strings.HasPrefix(local, s) {
			return true
		}
	}
	for _, s := range []string{"-bounces", "-owner", "-request", "-noanswer", "-notifications"} {
		if strings.HasSuffix(local, s) {
			return true
		}
	}
	switch plain {
	case "postmaster", "nobody", "notify", "daemon", "cron", "autoreply", "automailer", "unsubscribe":
		return true
	}
	return false
}

// Mailable reports whether something can be an address to write to: what a stranger's header calls
// one may be anything.
func Mailable(addr string) bool {
	at := strings.LastIndexByte(addr, '@')
	return at > 0 && at < len(addr)-1 && len(addr) <= 320 && !strings.ContainsFunc(addr, func(r rune) bool {
		return r == ' ' || r == ',' || r == ';' || r == '<' || r == '>' || r == unicode.ReplacementChar || !unicode.IsPrint(r)
	})
}

// PersonName is an address's name as one may keep it: in one line, without quotes round it, without the
// address itself, and "" when no name is left or it is longer than names are.
func PersonName(a message.Address) string {
	if len(a.Name) > 16*maxName {
		return ""
	}
	name := strings.Join(strings.Fields(message.CleanLine(a.Name).String()), " ")
	if i := indexFold(name, a.Addr); i >= 0 && a.Addr != "" { // Ada (ada@example.org)
		name = name[:i] + name[i+len(a.Addr):]
		name = strings.NewReplacer("()", "", "<>", "", "[]", "", `""`, "", "''", "").Replace(name)
		name = strings.TrimRight(strings.TrimSpace(name), "-–,; ")
	}
	for {
		n := strings.TrimSpace(name)
		if len(n) >= 2 && (n[0] == '"' || n[0] == '\'') && n[len(n)-1] == n[0] {
			n = n[1 : len(n)-1]
		}
		if n == name {
			break
		}
		name = n
	}
	if strings.Contains(name, "@") && !strings.Contains(name, " ") || len([]rune(name)) > maxName {
		return ""
	}
	return name
}

// indexFold is strings.Index whatever the case of ASCII letters, so that places stay what they are.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}
