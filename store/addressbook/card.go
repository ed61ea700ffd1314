package addressbook

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-vcard"
	"golang.org/x/text/encoding/charmap"

	"mua/store/query"
)

const (
	maxCard      = 64 << 10 // octets of what is read of a card, which is neither its photo nor its keys
	maxCards     = 50_000   // of a file
	maxAddresses = 50       // of a card
	maxValue     = 1000     // octets of a value
)

// card is what is kept of a vCard.
type card struct {
	words   string // folded words of names and addresses, each with a space before it
	entries []Entry
}

// has reports whether each of the words begins one of the card's.
func (c *card) has(words []string) bool {
	for _, w := range words {
		if !strings.Contains(c.words, " "+w) {
			return false
		}
	}
	return true
}

// parseCards reads the cards of a file, as far as they can be read; it never fails.
func parseCards(data []byte) (out []card) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var text strings.Builder
	inside := false
	end := func() {
		if inside {
			if c, ok := parseCard(text.String()); ok {
				out = append(out, c)
			}
		}
		text.Reset()
		inside = false
	}
	for l := range properties(data) {
		switch name := l.name(); {
		case name == "BEGIN":
			end() // of one that was never closed
			inside = true
		case name == "END":
			end()
		case inside && text.Len()+len(l.text) < maxCard:
			text.WriteString(l.modern() + "\r\n")
		}
		if len(out) >= maxCards {
			return out
		}
	}
	end()
	return out
}

// parseCard reads the lines of one card.
func parseCard(lines string) (card, bool) {
	v, err := vcard.NewDecoder(strings.NewReader("BEGIN:VCARD\r\n" + lines + "END:VCARD\r\n")).Decode()
	if err != nil {
		return card{}, false
	}
	first := func(key string) string {
		if f := v.Preferred(key); f != nil {
			return value(f)
		}
		return ""
	}
	org, _, _ := strings.Cut(first(vcard.FieldOrganization), ";")
	nick := first(vcard.FieldNickname)
	full := first(vcard.FieldFormattedName)
	for _, name := range []string{nameOf(first(vcard.FieldName)), nick, org} {
		if strings.TrimSpace(full) == "" {
			full = name
		}
	}
	c := card{words: full + " " + nameOf(first(vcard.FieldName)) + " " + nick + " " + org}
	mails := slices.Clone(v[vcard.FieldEmail])
	slices.SortStableFunc(mails, func(x, y *vcard.Field) int { return preference(x) - preference(y) })
	for _, f := range mails[:min(len(mails), maxAddresses)] {
		if e, ok := entry(full, value(f), ""); ok {
			c.entries = append(c.entries, e)
			c.words += " " + e.Addr
		}
	}
	c.words = " " + query.Words(c.words)
	return c, len(c.entries) > 0
}

// preference is lower for what is to be used first: PREF=1 of vCard 4, TYPE=pref before it.
func preference(f *vcard.Field) int {
	switch {
	case f.Params.HasType("pref"), f.Params.Get(vcard.ParamPreferred) == "1":
		return 0
	case f.Params.Get(vcard.ParamPreferred) != "":
		return 1
	}
	return 2
}

// nameOf is a name from its parts: family;given;additional;prefixes;suffixes.
func nameOf(n string) string {
	family, rest, _ := strings.Cut(n, ";")
	given, _, _ := strings.Cut(rest, ";")
	return strings.TrimSpace(given + " " + family)
}

// value decodes what a field says; only vCard 2.1 encodes it.
func value(f *vcard.Field) string {
	s := f.Value
	if strings.EqualFold(f.Params.Get("ENCODING"), "QUOTED-PRINTABLE") {
		b, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(s))) // up to where it is broken
		s = string(b)
	}
	if !utf8.ValidString(s) {
		s, _ = charmap.Windows1252.NewDecoder().String(s)
	}
	s = strings.ReplaceAll(s, `\;`, ",")
	return strings.ToValidUTF8(s[:min(len(s), maxValue)], "")
}
