package compose

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"mua/store/message"
)

// Mailto reads a mailto URL (RFC 6068). Only to, cc, bcc, subject, body and
// in-reply-to are taken, for a link must not attach files or forge headers; other
// fields are ignored. Errors are *account.Trouble of KindData: no mailto URL, a
// broken escape, a bad address, CR, LF or NUL anywhere but in the body.
func Mailto(link string) (*Draft, error) {
	const scheme = "mailto:"
	if len(link) < len(scheme) || !strings.EqualFold(link[:len(scheme)], scheme) {
		return nil, badData("this is not a mailto URL: %q", cut(oneLine(link), 80))
	}
	rest, _, _ := strings.Cut(link[len(scheme):], "#")
	to, query, _ := strings.Cut(rest, "?")
	d := &Draft{}
	if err := d.mailtoField("to", to); err != nil {
		return nil, err
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		decoded, err := url.PathUnescape(name)
		if err != nil {
			return nil, badData("broken escape in the mailto URL: %q", oneLine(name))
		}
		if err := d.mailtoField(strings.ToLower(decoded), value); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// mailtoField takes one field; value is still escaped.
func (d *Draft) mailtoField(name, value string) error {
	switch name {
	case "to", "cc", "bcc", "subject", "body", "in-reply-to":
	default:
		return nil
	}
	text, err := url.PathUnescape(value)
	if err != nil {
		return badData("broken escape in the mailto URL: %q", cut(oneLine(value), 80))
	}
	if !utf8.ValidString(text) {
		return badData("the mailto URL is not UTF-8 in %q", name)
	}
	if name == "body" {
		text = message.Clean(strings.ReplaceAll(text, "\r\n", "\n")).String()
		if d.Text != "" {
			text = d.Text + "\n" + text
		}
		d.Text = text
		return nil
	}
	if err := checkValue(name, text); err != nil {
		return err
	}
	switch name {
	case "subject":
		d.Subject = text
		return nil
	case "in-reply-to":
		d.InReplyTo = mailtoID(text)
		return nil
	}
	return d.mailtoPeople(name, text)
}

// mailtoPeople adds recipients.
func (d *Draft) mailtoPeople(name, text string) error {
	list, err := ParseAddresses(text)
	if err != nil {
		return inField(name, err)
	}
	switch name {
	case "to":
		d.To = append(d.To, list...)
	case "cc":
		d.Cc = append(d.Cc, list...)
	case "bcc":
		d.Bcc = append(d.Bcc, list...)
	}
	return nil
}

// mailtoID reads a message id, with or without <>; "" when it is none.
func mailtoID(s string) string {
	if s = strings.TrimSpace(s); !strings.HasPrefix(s, "<") {
		s = "<" + s + ">"
	}
	if isMessageID(s) {
		return s
	}
	return ""
}
