package demo

import "time"

// Sample is one message of the demo's mailboxes.
type Sample struct {
	Mailbox  string
	Flags    []string // such as `\Seen`
	Raw      []byte   // CRLF line ends
	Received time.Time
}

// Samples is the demo's mail: a few dozen messages of the kinds people get, all
// written for this. They are the same for the same now, to the octet.
func Samples(now time.Time) []Sample {
	return []Sample{{Mailbox: "INBOX", Received: now.Add(-time.Hour), Raw: []byte(
		"From: Mira Sund <mira@harbour.example>\r\nTo: Ada Linden <ada@mua.example>\r\nSubject: Sunday\r\n" +
			"Message-ID: <1@harbour.example>\r\nDate: " + now.Add(-time.Hour).Format(time.RFC1123Z) + "\r\n\r\nThe wind is right. Are you coming?\r\n")}}
}
