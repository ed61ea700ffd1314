package compose

import (
	"crypto/rand"
	"net/mail"
	"slices"
	"strings"
	"time"

	"mua/account"
	"mua/store/message"
)

// prepared is a draft whose every value is checked and in the form of the wire.
type prepared struct {
	from                 message.Address
	author               message.Address // header Sender; Addr "": none
	to, cc, bcc, replyTo []message.Address
	subject              string
	inReplyTo            []string
	references           []string
	extra                []rawField
	date                 time.Time
	messageID            string
	sender               string
	recipients           []string
	utf8                 bool
}

// prepare checks the draft.
func (d *Draft) prepare(now time.Time) (*prepared, error) {
	date := d.Date
	if date.IsZero() {
		date = now
	}
	p := &prepared{
		date: date, subject: d.Subject, messageID: d.MessageID,
		inReplyTo: sendableIDs([]string{d.InReplyTo}), references: sendableIDs(d.References),
	}
	if err := p.people(d); err != nil {
		return nil, err
	}
	if err := p.extras(d.Extra); err != nil {
		return nil, err
	}
	if err := checkValue("Subject", p.subject); err != nil {
		return nil, err
	}
	if p.messageID == "" {
		p.messageID = NewMessageID(p.from.Addr)
	} else if !isMessageID(p.messageID) {
		return nil, badData("%q is not a message id: <left@right>, ASCII, no spaces", oneLine(p.messageID))
	}
	return p, nil
}

// people checks every address and makes the envelope.
func (p *prepared) people(d *Draft) error {
	if d.From.Address == "" {
		return badData("the message has no From address")
	}
	for _, list := range []struct {
		field string
		in    []message.Address
		out   *[]message.Address
		rcpt  bool
	}{
		{"To", d.To, &p.to, true}, {"Cc", d.Cc, &p.cc, true}, {"Bcc", d.Bcc, &p.bcc, true},
		{"Reply-To", d.ReplyTo, &p.replyTo, false},
	} {
		for _, a := range list.in {
			wire, err := p.address(list.field, a)
			if err != nil {
				return err
			}
			*list.out = append(*list.out, wire)
			if list.rcpt && !slices.Contains(p.recipients, wire.Addr) {
				p.recipients = append(p.recipients, wire.Addr)
			}
		}
	}
	if len(p.recipients) == 0 {
		return badData("the message has no recipient")
	}
	from, err := p.address("From", message.Address{Name: d.From.Name, Addr: d.From.Address})
	if err != nil {
		return err
	}
	p.from, p.sender = from, from.Addr
	switch d.Sender {
	case "":
	case "<>":
		p.sender = ""
	default:
		a, err := p.address("sender", message.Address{Addr: d.Sender})
		if err != nil {
			return err
		}
		p.sender = a.Addr
	}
	return nil
}

// address checks one address of a field and gives it the form of the wire.
func (p *prepared) address(field string, a message.Address) (message.Address, error) {
	if err := checkValue(field, a.Name); err != nil {
		return a, err
	}
	wire, err := canonical(a.Addr)
	if err != nil {
		return a, inField(field, err)
	}
	p.utf8 = p.utf8 || !isASCII(wire)
	return message.Address{Name: strings.Trim(a.Name, " \t"), Addr: wire}, nil
}

// inField puts the name of the field before the words of a trouble.
func inField(field string, err error) error {
	if t, ok := err.(*account.Trouble); ok {
		named := *t
		named.What = field + ": " + t.What
		return &named
	}
	return err
}

// CheckLine refuses what a person gives for a header field when it would end the
// field or begin another; the error is an *account.Trouble of KindData.
func CheckLine(field, value string) error { return checkValue(field, value) }

// checkValue refuses what would end a header field or begin another.
func checkValue(field, value string) error {
	if i := strings.IndexAny(value, "\r\n\x00"); i >= 0 {
		return badPlace(value, i, "%s: a header field cannot contain CR, LF or NUL", oneLine(field))
	}
	return nil
}

// extras sorts the fields the caller adds: some replace what is written anyway,
// some are refused, the rest is written as it is.
func (p *prepared) extras(fields []message.Field) error {
	seen := map[string]bool{}
	agent := true
	for _, f := range fields {
		name := strings.ToLower(f.Name)
		if !isFieldName(f.Name) || len(f.Name) > 70 {
			return badData("%q is not the name of a header field", oneLine(f.Name))
		}
		if err := checkValue(f.Name, f.Value); err != nil {
			return err
		}
		if slices.Contains(singleFields, name) && seen[name] {
			return badData("%s is given twice", f.Name)
		}
		seen[name] = true
		if err := p.extra1(name, f); err != nil {
			return inField(f.Name, err)
		}
		agent = agent && name != "user-agent" && name != "x-mailer"
	}
	if agent {
		p.extra = append(p.extra, newField("User-Agent", userAgent))
	}
	return nil
}

// singleFields may occur once (RFC 5322 3.6), in lower case.
var singleFields = []string{
	"date", "from", "sender", "reply-to", "message-id", "in-reply-to", "references", "subject", "user-agent",
}

// extra1 takes one further field.
func (p *prepared) extra1(name string, f message.Field) error {
	value := strings.Trim(f.Value, " \t")
	switch name {
	case "to", "cc", "bcc":
		return badData("recipients are not given as a header field")
	case "mime-version", "content-type", "content-transfer-encoding", "content-disposition", "return-path":
		return badData("this header field cannot be set")
	case "subject":
		p.subject = value
	case "date":
		date, err := mail.ParseDate(value)
		if err != nil {
			return badData("%q is not a date such as %q", oneLine(value), dateLayout)
		}
		p.date = date
	case "message-id":
		p.messageID = value
	case "in-reply-to":
		return readIDs(value, &p.inReplyTo)
	case "references":
		return readIDs(value, &p.references)
	case "from":
		return p.oneAddress(f, &p.from)
	case "sender":
		return p.oneAddress(f, &p.author)
	case "reply-to":
		list, err := p.addressesFrom(f)
		p.replyTo = list
		return err
	default:
		return p.otherField(name, f, value)
	}
	return nil
}

// otherField writes a field that mua has no business with.
func (p *prepared) otherField(name string, f message.Field, value string) error {
	if isAddressField(name) {
		list, err := p.addressesFrom(f)
		if err != nil {
			return err
		}
		p.extra = append(p.extra, addressesField(f.Name, list))
		return nil
	}
	p.extra = append(p.extra, textField(f.Name, value))
	return nil
}

// readIDs reads message ids separated by blanks.
func readIDs(value string, to *[]string) error {
	ids := strings.Fields(value)
	for _, id := range ids {
		if !isMessageID(id) {
			return badData("%q is not a message id: <left@right>", oneLine(id))
		}
	}
	*to = ids
	return nil
}

func (p *prepared) oneAddress(f message.Field, to *message.Address) error {
	list, err := p.addressesFrom(f)
	if err == nil && len(list) != 1 {
		err = badData("one address is needed, %d are given", len(list))
	}
	if err == nil {
		*to = list[0]
	}
	return err
}

// addressesFrom reads a list of addresses that the caller gave as a field.
func (p *prepared) addressesFrom(f message.Field) ([]message.Address, error) {
	list, err := ParseAddresses(f.Value)
	if err != nil {
		return nil, err
	}
	for i, a := range list {
		if list[i], err = p.address(f.Name, a); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// NewMessageID makes a Message-ID, with <>, that no one can guess or repeat: 128
// random bits at the domain of the address (RFC 5322 3.6.4).
func NewMessageID(addr string) string {
	domain := "localhost"
	if wire, err := canonical(addr); err == nil {
		domain = wire[strings.LastIndexByte(wire, '@')+1:]
	}
	return "<" + strings.ToLower(rand.Text()) + "@" + domain + ">"
}

// isMessageID reports whether id can stand in a header: <…> of printable ASCII
// without blanks, short enough for a line. What stands in between is the business
// of whoever made it.
func isMessageID(id string) bool {
	if len(id) < 3 || len(id) > 900 || id[0] != '<' || id[len(id)-1] != '>' {
		return false
	}
	return !strings.ContainsFunc(id[1:len(id)-1], func(r rune) bool {
		return r <= ' ' || r >= 0x7f || r == '<' || r == '>'
	})
}

// sendableIDs keeps the ids that can be sent.
func sendableIDs(ids []string) []string {
	var out []string
	for _, id := range ids {
		if isMessageID(id) {
			out = append(out, id)
		}
	}
	return out
}
