package compose

import (
	"slices"
	"time"

	"mua/store/message"
)

// Resend makes a received message ready to go on to others as it is (RFC 5322
// 3.6.6): fields that say who resends it, when and to whom stand before it, its
// own stay, so that its signatures hold. Of d only the author, the envelope's
// sender and the recipients count; those in Bcc are not named anywhere.
//
// Return-Path, Delivered-To, Bcc and Resent-Bcc are left out: the first two are the
// business of whoever delivers, and servers take them for a loop; the others
// were never meant for the new recipients. The content is re-encoded only where
// it has lines or octets that mail cannot carry; 8-bit content stays, 8-bit header
// fields are encoded.
//
// MessageID is that of the resending, and is what the item goes by: the
// original's names a message that exists elsewhere. A search for the original's in the
// server's Sent would find it there, were it one's own, and settle as sent a
// resending that no server ever accepted. The new id is found in no Message-ID
// field at all, so that an uncertain resending is never settled by a search: the
// person or the policy decides. For the same reason Resent says that no copy
// belongs in Sent: under the original's Message-ID it would pass for the original,
// or be dropped as a copy that is there already.
//
// Errors are *account.Trouble of KindData: a bad address, no recipient, content
// that cannot travel.
func Resend(raw []byte, d *Draft, now time.Time) (*Finished, error) {
	p := &prepared{date: now}
	if err := p.people(d); err != nil {
		return nil, err
	}
	in := &intake{o: SendmailOptions{IgnoreDots: true}}
	in.read(raw)
	in.fields = slices.DeleteFunc(in.fields, func(f rawField) bool {
		return f.is("Return-Path") || f.is("Delivered-To") || f.is("Bcc") || f.is("Resent-Bcc") || isOurs(f)
	})
	var r recoder
	fields, body := r.headers(in.fields), r.keep(in.body)
	if r.stuck {
		r = recoder{}
		fields, body = r.message(in.fields, in.body, 0)
	}
	if r.stuck {
		return nil, badData("the message has content that mail cannot carry: a line over %d octets, or NUL", maxLine)
	}
	id := NewMessageID(p.from.Addr)
	wire := append(renderFields(slices.Concat(p.resending(id), fields)), body...)
	return &Finished{
		Wire: wire, Copy: wire, From: p.from, Sender: p.sender, Recipients: p.recipients,
		MessageID: id, Subject: subjectOf(fields), Date: now, UTF8: p.utf8 || r.utf8, Resent: true,
	}, nil
}

// isOurs reports whether a field is a note that a draft keeps for its author.
func isOurs(f rawField) bool {
	return slices.ContainsFunc([]string{fieldAnswers, fieldForwards, fieldSender, fieldPending, fieldExtra, fieldDate, fieldID}, f.is)
}

// resending are the fields that say who passes the message on, and to whom.
func (p *prepared) resending(id string) []rawField {
	out := []rawField{
		newField("Resent-Date", p.date.Format(dateLayout)),
		addressesField("Resent-From", []message.Address{p.from}),
	}
	if len(p.to) > 0 {
		out = append(out, addressesField("Resent-To", p.to))
	}
	if len(p.cc) > 0 {
		out = append(out, addressesField("Resent-Cc", p.cc))
	}
	if len(p.to)+len(p.cc) == 0 { // somebody must be named (RFC 5322 3.6.6)
		out = append(out, newField("Resent-To", "undisclosed-recipients:;"))
	}
	return append(out, newField("Resent-Message-ID", id))
}
