package compose

import (
	"net/mail"
	"slices"
	"time"

	"mua/store/message"
)

// Resend makes a received message ready to go on to others as it is (RFC 5322
// 3.6.6): fields that say who resends it, when and to whom stand before it, its
// own stay, so that its signatures hold. Return-Path, Delivered-To and Bcc are
// left out: the first two are the business of whoever delivers, and servers take
// them for a loop. The content is re-encoded only where it has lines or octets that
// mail cannot carry; 8-bit content stays, 8-bit header fields are encoded.
//
// MessageID is that of the resending, for the original's may be in Sent already.
// Errors are *account.Trouble of KindData: a bad address, no recipient, content
// that cannot travel.
func Resend(raw []byte, from mail.Address, to []message.Address, now time.Time) (*Finished, error) {
	p := &prepared{date: now}
	if err := p.people(&Draft{From: from, To: to}); err != nil {
		return nil, err
	}
	in := &intake{o: SendmailOptions{IgnoreDots: true}}
	in.read(raw)
	in.fields = slices.DeleteFunc(in.fields, func(f rawField) bool {
		return f.is("Return-Path") || f.is("Delivered-To") || f.is("Bcc") || f.is("Resent-Bcc")
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
	fields = append([]rawField{
		newField("Resent-Date", now.Format(dateLayout)),
		addressesField("Resent-From", []message.Address{p.from}),
		addressesField("Resent-To", p.to),
		newField("Resent-Message-ID", id),
	}, fields...)
	wire := append(renderFields(fields), body...)
	return &Finished{
		Wire: wire, Copy: wire, From: p.from, Sender: p.sender, Recipients: p.recipients,
		MessageID: id, Subject: subjectOf(fields), Date: now, UTF8: p.utf8 || r.utf8,
	}, nil
}
