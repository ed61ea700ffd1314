package message

import "time"

// Address is one mailbox of an address header, decoded (RFC 2047) but not
// cleaned for a terminal.
type Address struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// Field is one header field in order: decoded, unfolded, not cleaned.
type Field struct{ Name, Value string }

// Part is one leaf of the MIME tree (or a message/rfc822 with its own tree).
type Part struct {
	ID          string // IMAP section number: "1", "2.1", …
	Type        string // lower-case media type; "text/plain" when unknown
	Params      map[string]string
	Name        string // decoded attachment name made safe (base name, no controls, no bidi, ≤ 255 bytes); "" when none
	Disposition string // "inline", "attachment" or ""
	ContentID   string // without <>
	Size        int    // decoded octets
	Data        []byte // decoded of its transfer encoding; never nil for a leaf
	Attachment  bool   // a reader offers it for saving rather than showing it
	Children    []*Part
	Defects     []string
}

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
	Root                               *Part
	Defects                            []string
}

// Parse reads a message. It never fails and never panics: whatever the bytes
// are, the result shows something. MIME depth is capped at 100, parts at 1,000,
// header at 1 MiB.
func Parse(raw []byte) *Message { return &Message{} }

// ParseHeader reads only the header; raw may end anywhere.
func ParseHeader(raw []byte) *Message { return &Message{} }

// Get returns the first decoded value of the named header field, or "".
func (m *Message) Get(name string) string { return "" }

// Text is what a reader sees: the text parts in order, HTML made readable where
// there is no plain alternative, format=flowed joined. Lines end in \n. Not cleaned.
func (m *Message) Text() string { return "" }

// HTML is the first text/html body decoded to UTF-8, or "".
func (m *Message) HTML() string { return "" }

// Parts lists all leaves in order, attached messages included as one leaf each
// (their own leaves follow with longer ids).
func (m *Message) Parts() []*Part { return nil }

// Part returns the part with that id, or nil.
func (m *Message) Part(id string) *Part { return nil }

// Attachments lists what can be saved.
func (m *Message) Attachments() []Attachment { return nil }

// Snippet is the beginning of Text in one line of at most n characters, quotes skipped.
func (m *Message) Snippet(n int) string { return "" }

// Text is the only type that may reach a terminal: valid UTF-8 without control
// characters (but \n and \t where lines are allowed), bidi overrides, or other
// characters that move the cursor or hide text.
type Text struct{ s string }

// Clean makes a Text of several lines.
func Clean(s string) Text { return Text{s} }

// CleanLine makes a Text of one line: line ends and tabs become spaces.
func CleanLine(s string) Text { return Text{s} }

// String returns the cleaned text.
func (t Text) String() string { return t.s }

// SafeName makes a file name of an attachment's name: base name, no controls,
// no bidi, no leading dots, at most 255 bytes, never empty.
func SafeName(name string) string { return name }

// ParseAddressList reads an address header value leniently; never fails.
func ParseAddressList(value string) []Address { return nil }

// DecodeHeader decodes RFC 2047 encoded words in all the broken forms people send.
func DecodeHeader(value string) string { return value }

// HTMLToText renders HTML as readable text, lines ending in \n; links are shown with their domain.
func HTMLToText(html string) string { return html }
