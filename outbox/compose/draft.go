package compose

import (
	"bytes"
	"net/mail"
	"strings"
	"time"

	"mua/store"
	"mua/store/message"
)

// Draft is a message in the making. Texts are UTF-8 with any line ends.
type Draft struct {
	// From is the author. Its address is also the envelope's sender.
	From mail.Address
	// Sender is the envelope's sender where it differs from From; "<>" is the
	// null reverse-path, "" is From.
	Sender      string
	To, Cc, Bcc []message.Address
	ReplyTo     []message.Address
	Subject     string
	Text        string // plain text; with HTML: its alternative
	HTML        string
	Attachments []Attachment
	InReplyTo   string   // a message id with <>
	References  []string // message ids with <>, oldest first
	// Extra are further header fields. Date, From, Sender, Subject, Message-ID,
	// Reply-To, In-Reply-To, References and User-Agent replace what Finish would
	// write; recipients and the fields of MIME are refused.
	Extra     []message.Field
	Date      time.Time // zero: the time of Finish
	MessageID string    // with <>; "": made by Finish
	// Answers and Forwards name the messages that get \Answered and $Forwarded
	// once this one is accepted; 0: none.
	Answers, Forwards store.MessageID
}

// Attachment is a file to send: its octets are frozen here.
type Attachment struct {
	Name string // file name; "": none
	Type string // media type, with parameters where it has any; "": application/octet-stream
	Data []byte
}

// Finished is a message as it will be sent. The package comment says what holds.
type Finished struct {
	Wire, Copy        []byte          // Copy is Wire itself when there is no Bcc
	From              message.Address // header From
	Sender            string          // envelope MAIL FROM; "" is the null reverse-path
	Recipients        []string        // envelope RCPT TO, at least one, no duplicates
	MessageID         string          // with <>
	Subject           string          // decoded
	Date              time.Time
	UTF8              bool // an address needs SMTPUTF8 (RFC 6531)
	Resent            bool // of Resend: no copy of it belongs in Sent
	Answers, Forwards store.MessageID
}

// userAgent is what the messages say wrote them.
const userAgent = "mua"

// Finish makes the message. now gives Date (in its own zone) where the draft has
// none. Errors are *account.Trouble of KindData: a bad address (naming the field
// and the place), a header field with CR, LF or NUL, no recipient, no author.
func (d *Draft) Finish(now time.Time) (*Finished, error) {
	p, err := d.prepare(now)
	if err != nil {
		return nil, err
	}
	body := d.bodyOf()
	f := &Finished{
		From: p.from, Sender: p.sender, Recipients: p.recipients, MessageID: p.messageID,
		Subject: p.subject, Date: p.date, UTF8: p.utf8, Answers: d.Answers, Forwards: d.Forwards,
	}
	f.Wire = p.render(&body, false)
	f.Copy = f.Wire
	if len(p.bcc) > 0 {
		f.Copy = p.render(&body, true)
	}
	return f, nil
}

// Validate reports what Finish would refuse, without building the message.
func (d *Draft) Validate() error {
	_, err := d.prepare(time.Unix(0, 0))
	return err
}

// Request is what the store spools. Key, Policy, NotBefore, Held, SaveSent,
// SentLocal and Draft are the caller's to set.
func (f *Finished) Request(account store.AccountID) store.SpoolRequest {
	r := store.SpoolRequest{
		Account: account, From: f.From, Sender: f.Sender, Recipients: f.Recipients,
		Wire: f.Wire, MessageID: f.MessageID, Subject: f.Subject, Date: f.Date, UTF8: f.UTF8,
		Answers: f.Answers, Forwards: f.Forwards,
	}
	if !bytes.Equal(f.Copy, f.Wire) {
		r.Copy = f.Copy
	}
	return r
}

// Display gives a finished message as text for a person: CRLF as LF.
func Display(wire []byte) string { return strings.ReplaceAll(string(wire), "\r\n", "\n") }

// render writes the message.
func (p *prepared) render(body *piece, withBcc bool) []byte {
	var h header
	h.plain("Date", p.date.Format(dateLayout))
	h.addresses("From", []message.Address{p.from})
	if p.author.Addr != "" {
		h.addresses("Sender", []message.Address{p.author})
	}
	if len(p.to)+len(p.cc) == 0 {
		h.plain("To", "undisclosed-recipients:;")
	}
	for _, list := range []struct {
		name  string
		addrs []message.Address
	}{{"To", p.to}, {"Cc", p.cc}, {"Bcc", p.bcc}, {"Reply-To", p.replyTo}} {
		if len(list.addrs) > 0 && (list.name != "Bcc" || withBcc) {
			h.addresses(list.name, list.addrs)
		}
	}
	h.text("Subject", p.subject)
	h.ids("Message-ID", []string{p.messageID})
	if len(p.inReplyTo) > 0 {
		h.ids("In-Reply-To", p.inReplyTo)
	}
	if len(p.references) > 0 {
		h.ids("References", p.references)
	}
	for _, f := range p.extra {
		h.Write(f.raw)
		h.WriteString("\r\n")
	}
	h.plain("MIME-Version", "1.0")
	h.Write(body.head.Bytes())
	h.WriteString("\r\n")
	h.Write(body.body)
	return h.Bytes()
}

// dateLayout is the date-time of RFC 5322 3.3.
const dateLayout = "Mon, 02 Jan 2006 15:04:05 -0700"
