package imap

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mua/store"
)

// maxKeywords bounds the keywords kept of one message.
const maxKeywords = 64

type flagPair struct {
	ours   store.Flags
	theirs imap.Flag
}

// systemFlags pairs the store's flags with IMAP's.
func systemFlags() [6]flagPair {
	return [6]flagPair{
		{store.Seen, imap.FlagSeen}, {store.Answered, imap.FlagAnswered}, {store.Flagged, imap.FlagFlagged},
		{store.Draft, imap.FlagDraft}, {store.Deleted, imap.FlagDeleted}, {store.Forwarded, imap.FlagForwarded},
	}
}

// fromServer splits a server's flags into ours and keywords, sorted.
func fromServer(flags []imap.Flag) (f store.Flags, keywords []string) {
next:
	for _, x := range flags {
		for _, p := range systemFlags() {
			if strings.EqualFold(string(x), string(p.theirs)) {
				f |= p.ours
				continue next
			}
		}
		if !strings.HasPrefix(string(x), `\`) && len(keywords) < maxKeywords { // \Recent is no one's business
			keywords = append(keywords, string(x))
		}
	}
	slices.Sort(keywords)
	return f, slices.Compact(keywords)
}

// toServer is the other way round. Keywords that cannot be sent are left out.
func toServer(f store.Flags, keywords []string) []imap.Flag {
	var out []imap.Flag
	for _, p := range systemFlags() {
		if f.Has(p.ours) {
			out = append(out, p.theirs)
		}
	}
	for _, k := range keywords {
		if isKeyword(k) {
			out = append(out, imap.Flag(k))
		}
	}
	return out
}

// isKeyword tells an atom (RFC 9051 9, flag-keyword).
func isKeyword(k string) bool {
	return k != "" && !strings.ContainsFunc(k, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r) })
}
