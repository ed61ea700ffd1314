package compose

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	msgcharset "github.com/emersion/go-message/charset"

	"mua/store"
	"mua/store/message"
)

// Fields that only drafts have: what mua knows of a draft and mail has no place
// for. They never leave with the message.
const (
	fieldAnswers  = "X-Mua-Answers"  // store.MessageID
	fieldForwards = "X-Mua-Forwards" // store.MessageID
	fieldSender   = "X-Mua-Sender"   // envelope sender
	fieldPending  = "X-Mua-Pending"  // "To bob": a recipient that is no address yet
	fieldExtra    = "X-Mua-Extra"    // names of the further header fields
	fieldDate     = "X-Mua-Date"     // the draft has its own Date
	fieldID       = "X-Mua-Id"       // the draft has its own Message-ID
)

// Save writes the draft as a complete message (RFC 5322), Bcc included, which any
// client can take up. It never fails: line ends in header fields become spaces,
// recipients that are no addresses yet go into fields of their own, and stand in
// theirs as the name of an empty group (RFC 5322 3.4), for readers to see. Date is
// the draft's, or the present time.
func (d *Draft) Save() []byte {
	var h header
	date := d.Date
	if date.IsZero() {
		date = time.Now()
	}
	h.plain("Date", date.Format(dateLayout))
	if from := d.From; from.Address != "" {
		d.savePeople(&h, "From", []message.Address{{Name: from.Name, Addr: from.Address}})
	}
	d.savePeople(&h, "To", d.To)
	d.savePeople(&h, "Cc", d.Cc)
	d.savePeople(&h, "Bcc", d.Bcc)
	d.savePeople(&h, "Reply-To", d.ReplyTo)
	h.text("Subject", headerLine(d.Subject))
	id := d.MessageID
	if isMessageID(id) {
		h.plain(fieldID, "kept")
	} else {
		id = NewMessageID(d.From.Address)
	}
	h.ids("Message-ID", []string{id})
	if isMessageID(d.InReplyTo) {
		h.ids("In-Reply-To", []string{d.InReplyTo})
	}
	if ids := sendableIDs(d.References); len(ids) > 0 {
		h.ids("References", ids)
	}
	d.saveOwn(&h)
	h.plain("MIME-Version", "1.0")
	body := d.bodyOf()
	h.Write(body.head.Bytes())
	h.WriteString("\r\n")
	h.Write(body.body)
	return h.Bytes()
}

// savePeople writes a list; what is no address yet is written apart. From and Reply-To name no groups.
func (d *Draft) savePeople(h *header, name string, list []message.Address) {
	var good []message.Address
	var groups []string
	for _, a := range list {
		wire, err := canonical(a.Addr)
		if err != nil {
			raw := headerLine(FormatAddresses([]message.Address{a}))
			h.text(fieldPending, headerLine(name+" "+raw))
			if raw != "" && (name == "To" || name == "Cc" || name == "Bcc") {
				groups = append(groups, shortened(raw))
			}
			continue
		}
		good = append(good, message.Address{Name: headerLine(a.Name), Addr: wire})
	}
	if len(good)+len(groups) > 0 {
		h.addresses(name, good, groups...)
	}
}

// shortened is a text of bounded length: what follows is left to the field of its own.
func shortened(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// saveOwn writes the fields that only drafts have, and the further ones.
func (d *Draft) saveOwn(h *header) {
	if d.Answers != 0 {
		h.plain(fieldAnswers, fmt.Sprint(int64(d.Answers)))
	}
	if d.Forwards != 0 {
		h.plain(fieldForwards, fmt.Sprint(int64(d.Forwards)))
	}
	if d.Sender != "" {
		h.text(fieldSender, headerLine(d.Sender))
	}
	if !d.Date.IsZero() {
		h.plain(fieldDate, "kept")
	}
	for _, f := range d.Extra {
		if isFieldName(f.Name) && len(f.Name) <= 70 {
			h.text(fieldExtra, headerLine(f.Name+": "+f.Value))
		}
	}
}

// headerLine makes s fit for a header field.
func headerLine(s string) string {
	return strings.Trim(strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\x00", "").Replace(s), " ")
}

// Resume takes up a draft: one of Save, or of any other client. Attachments are
// kept byte for byte. It never fails; what cannot be read is left out. Date and
// Message-ID are made anew unless Save's draft had its own.
func Resume(raw []byte) *Draft {
	m := message.Parse(raw)
	d := &Draft{
		Subject: headerLine(m.Subject),
		To:      cleanAddresses(withoutPending(m, "To", m.To)), Cc: cleanAddresses(withoutPending(m, "Cc", m.Cc)), Bcc: cleanAddresses(withoutPending(m, "Bcc", m.Bcc)),
		ReplyTo:    cleanAddresses(m.ReplyTo),
		References: sendableIDs(m.References),
	}
	if from := cleanAddresses(m.From); len(from) > 0 {
		d.From.Name, d.From.Address = from[0].Name, from[0].Addr
	}
	if ids := sendableIDs(m.InReplyTo); len(ids) > 0 {
		d.InReplyTo = ids[0]
	}
	for _, f := range m.Fields {
		d.resumeField(m, f)
	}
	d.resumeBody(m)
	return d
}

// resumeField takes up what only drafts have.
func (d *Draft) resumeField(m *message.Message, f message.Field) {
	value := strings.TrimSpace(f.Value)
	number := func() store.MessageID {
		n, _ := strconv.ParseInt(value, 10, 64)
		return store.MessageID(max(0, n))
	}
	switch strings.ToLower(f.Name) {
	case strings.ToLower(fieldAnswers):
		d.Answers = number()
	case strings.ToLower(fieldForwards):
		d.Forwards = number()
	case strings.ToLower(fieldSender):
		d.Sender = value
	case strings.ToLower(fieldDate):
		d.Date = m.Date
	case strings.ToLower(fieldID):
		d.MessageID = m.MessageID
	case strings.ToLower(fieldPending):
		d.resumePending(value)
	case strings.ToLower(fieldExtra):
		if name, v, ok := strings.Cut(value, ":"); ok && isFieldName(name) {
			d.Extra = append(d.Extra, message.Field{Name: name, Value: headerLine(v)})
		}
	case "mail-followup-to", "disposition-notification-to", "x-priority", "importance", "priority", "organization", "keywords":
		d.Extra = append(d.Extra, message.Field{Name: f.Name, Value: headerLine(f.Value)})
	}
}

// withoutPending leaves out the empty groups at the end of a field that stand for what is in fields of its own.
func withoutPending(m *message.Message, name string, list []message.Address) []message.Address {
	if !strings.HasSuffix(strings.TrimSpace(m.Get(name)), ":;") {
		return list
	}
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, fieldPending) && strings.HasPrefix(strings.TrimSpace(f.Value), name+" ") && len(list) > 0 {
			list = list[:len(list)-1]
		}
	}
	return list
}

// resumePending takes up a recipient that was no address yet.
func (d *Draft) resumePending(value string) {
	field, text, _ := strings.Cut(value, " ")
	a := message.Address{Addr: text}
	switch field {
	case "From":
		d.From.Address = text
	case "To":
		d.To = append(d.To, a)
	case "Cc":
		d.Cc = append(d.Cc, a)
	case "Bcc":
		d.Bcc = append(d.Bcc, a)
	case "Reply-To":
		d.ReplyTo = append(d.ReplyTo, a)
	}
}

// resumeBody takes the first plain text and the first HTML that readers show as
// the draft's texts, and every other leaf as an attachment.
func (d *Draft) resumeBody(m *message.Message) {
	var text, html *message.Part
	walkLeaves(m.Root, func(p *message.Part) {
		switch {
		case p.Attachment || !isShownText(p):
			d.Attachments = append(d.Attachments, attachmentOf(p))
		case p.Type == "text/plain" && text == nil:
			text = p
		case p.Type == "text/html" && html == nil:
			html = p
		default:
			d.Attachments = append(d.Attachments, attachmentOf(p))
		}
	})
	if text != nil {
		d.Text = draftText(m, text)
	}
	if html != nil {
		d.HTML = decodeText(html)
		if text == nil {
			d.Text = message.HTMLToText(d.HTML)
		}
	}
}

// draftText gives the text to edit. format=flowed (RFC 3676) is joined by the
// reader, which knows it.
func draftText(m *message.Message, p *message.Part) string {
	if strings.EqualFold(p.Params["format"], "flowed") {
		return m.Text()
	}
	return decodeText(p)
}

// decodeText gives a part's text as UTF-8 with \n line ends.
func decodeText(p *message.Part) string {
	text := string(p.Data())
	if r, err := msgcharset.Reader(p.Params["charset"], strings.NewReader(text)); err == nil && p.Params["charset"] != "" {
		var b strings.Builder
		if _, err := io.Copy(&b, r); err == nil {
			text = b.String()
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
}
