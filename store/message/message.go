package message

import (
	"strings"
	"time"
)

// Limits on what is read of a message (design.md, Safety).
const (
	maxDepth  = 100     // nested multiparts and attached messages
	maxParts  = 1000    // parts of one message, containers included
	maxHeader = 1 << 20 // octets of one header
)

// Address is one mailbox of an address header, decoded (RFC 2047) but not
// cleaned for a terminal.
type Address struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// Field is one header field in order: decoded, unfolded, not cleaned. The
// value has no CR, LF or NUL.
type Field struct{ Name, Value string }

// Attachment is what a list row says of a part.
type Attachment struct {
	Part string `json:"part"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// Message is a parsed message. Every field is best effort; Defects says what was wrong.
type Message struct {
	Fields                             []Field   // all header fields, in order
	MessageID                          string    // with <>; "" when absent
	Date                               time.Time // zero when absent or unreadable
	From, Sender, ReplyTo, To, Cc, Bcc []Address
	Subject                            string
	InReplyTo                          []string // message ids with <>
	References                         []string // message ids with <>, oldest first
	Root                               *Part    // nil after ParseHeader
	Defects                            []string
}

// Get returns the first decoded value of the named header field, or "".
func (m *Message) Get(name string) string {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// newMessage reads the meaning of a header.
func newMessage(h header) *Message {
	hint := h.charsetHint()
	m := &Message{
		Fields:     make([]Field, len(h.fields)),
		MessageID:  firstMessageID(h.get("Message-ID")),
		Date:       h.date(),
		From:       h.addresses("From", hint),
		Sender:     h.addresses("Sender", hint),
		ReplyTo:    h.addresses("Reply-To", hint),
		To:         h.addresses("To", hint),
		Cc:         h.addresses("Cc", hint),
		Bcc:        h.addresses("Bcc", hint),
		InReplyTo:  messageIDs(h.get("In-Reply-To")),
		References: messageIDs(h.get("References")),
		Defects:    h.defects,
	}
	for i, f := range h.fields {
		m.Fields[i] = Field{Name: f.name, Value: decodeHeader(f.value, hint)}
	}
	m.Subject = m.Get("Subject")
	return m
}
