package compose

import (
	"net/mail"
	"slices"
	"strings"

	"mua/store/message"
)

// maxReferences is how many ids a reply's References keeps: the first, which
// names the thread, and the latest.
const maxReferences = 20

// Reply makes the draft of an answer, with the original quoted.
//
// To whom: with list, to the list's address (List-Post, RFC 2369), else as with
// all; with all, to Mail-Followup-To where the author set it, else to the author
// and everybody in To and Cc but self; otherwise to the author alone. The author
// is Reply-To, else From, else Sender. Answering one's own message goes on to its
// recipients. From is the address of self's that the original was sent to, without
// a name, or empty when none is known: the caller fills it in. self may be nil.
// Names and texts of the original are cleaned of controls.
func Reply(orig *message.Message, self func(addr string) bool, all, list bool) *Draft {
	if self == nil {
		self = func(string) bool { return false }
	}
	d := &Draft{
		Subject: replySubject(orig.Subject),
		Text:    quoteOf(orig),
		From:    mail.Address{Address: OwnAddress(orig, self)},
	}
	d.To, d.Cc = replyTo(orig, self, all, list)
	if isMessageID(orig.MessageID) {
		d.InReplyTo = orig.MessageID
	}
	d.References = replyReferences(orig)
	return d
}

// WriteAbove puts what one writes above the quote that Reply and Forward leave in Text.
func (d *Draft) WriteAbove(text string) {
	quote := strings.TrimLeft(d.Text, "\n")
	text = strings.TrimRight(text, "\r\n")
	switch {
	case strings.TrimSpace(text) == "":
		d.Text = quote
	case quote == "":
		d.Text = text + "\n"
	default:
		d.Text = text + "\n\n" + quote
	}
}

// replyTo chooses the recipients.
func replyTo(orig *message.Message, self func(string) bool, all, list bool) (to, cc []message.Address) {
	if list {
		if post := listPost(orig.Get("List-Post")); post != "" {
			return []message.Address{{Addr: post}}, nil
		}
	}
	all = all || list
	if followup := cleanAddresses(message.ParseAddressList(orig.Get("Mail-Followup-To"))); all && len(followup) > 0 {
		return withoutSelf(followup, nil, self), nil
	}
	author := firstOf(orig.ReplyTo, orig.From, orig.Sender)
	if len(orig.From) > 0 && self(orig.From[0].Addr) && allSelf(author, self) {
		to = cleanAddresses(orig.To)
		if all {
			cc = withoutSelf(cleanAddresses(orig.Cc), to, self)
		}
		return dedupe(firstOf(to, author), nil), cc
	}
	if !all {
		return dedupe(author, nil), nil
	}
	to = withoutSelf(append(slices.Clone(author), cleanAddresses(orig.To)...), nil, self)
	if len(to) == 0 {
		to = dedupe(author, nil)
	}
	return to, withoutSelf(cleanAddresses(orig.Cc), to, self)
}

// firstOf gives the first list that has an address.
func firstOf(lists ...[]message.Address) []message.Address {
	for _, l := range lists {
		if clean := cleanAddresses(l); len(clean) > 0 {
			return clean
		}
	}
	return nil
}

func allSelf(list []message.Address, self func(string) bool) bool {
	return !slices.ContainsFunc(list, func(a message.Address) bool { return !self(a.Addr) })
}

// withoutSelf leaves out one's own addresses, repeated ones and those in taken.
func withoutSelf(list, taken []message.Address, self func(string) bool) []message.Address {
	return dedupe(slices.DeleteFunc(slices.Clone(list), func(a message.Address) bool { return self(a.Addr) }), taken)
}

// dedupe leaves out repeated addresses and those in taken.
func dedupe(list, taken []message.Address) []message.Address {
	seen := map[string]bool{}
	for _, a := range taken {
		seen[strings.ToLower(a.Addr)] = true
	}
	var out []message.Address
	for _, a := range list {
		if key := strings.ToLower(a.Addr); !seen[key] {
			seen[key] = true
			out = append(out, a)
		}
	}
	return out
}

// FromList reports whether a message says where its mailing list takes answers (List-Post, RFC 2369 3.4).
func FromList(m *message.Message) bool { return listPost(m.Get("List-Post")) != "" }

// listPost reads the address of "List-Post: <mailto:list@example.org>"; "" when
// there is none or posting is not allowed.
func listPost(value string) string {
	for part := range strings.SplitSeq(value, "<") {
		url, _, ok := strings.Cut(part, ">")
		if !ok || len(url) < len("mailto:") || !strings.EqualFold(url[:len("mailto:")], "mailto:") {
			continue
		}
		if d, err := Mailto(strings.TrimSpace(url)); err == nil && len(d.To) > 0 {
			return d.To[0].Addr
		}
	}
	return ""
}

// OwnAddress finds which of self's addresses the message came to, or was sent from;
// "" when it names none.
func OwnAddress(m *message.Message, self func(string) bool) string {
	var traces []message.Address
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"} {
		for _, f := range m.Fields {
			if strings.EqualFold(f.Name, name) {
				traces = append(traces, message.ParseAddressList(f.Value)...)
			}
		}
	}
	for _, list := range [][]message.Address{m.From, m.To, m.Cc, m.Bcc, traces} {
		for _, a := range cleanAddresses(list) {
			if self(a.Addr) {
				return a.Addr
			}
		}
	}
	return ""
}

// replyReferences makes References (RFC 5322 3.6.4), shortened in the middle.
func replyReferences(m *message.Message) []string {
	chain := m.References
	if len(chain) == 0 && len(m.InReplyTo) == 1 {
		chain = m.InReplyTo
	}
	var ids []string
	for _, id := range append(slices.Clone(chain), m.MessageID) {
		if isMessageID(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) > maxReferences {
		ids = slices.Delete(ids, 1, len(ids)-maxReferences+1)
	}
	return ids
}
