// Package archive reads and writes mail as files: mbox in its four dialects, Maildir (with Maildir++ and plain
// subfolders) and one message a file.
//
// Its contract: bytes are kept. What is read is what the file holds of a message, octet for octet, with whatever line
// ends; what is written and read again is the same octets, in every dialect but mboxo and mboxcl, which cannot tell ">From " that
// was quoted from one that was not. Nothing is ever changed in what is read: no message is moved from new to cur, no lock
// file is left behind. Files are hostile: lines, headers and messages are bounded, and nothing that they hold is an error
// of the whole: what cannot be read is told to Options.Skipped, and the rest goes on.
//
// Its own reader and writer of mbox, not go-mbox's: that one makes every line end CRLF (or LF), knows mboxo alone, and takes any
// line that begins with "From " for a new message. Maildirs are written with go-maildir; they are not read with it, because it
// leaves out names without ":2," and what is in new it moves.
package archive

import (
	"errors"
	"time"

	"mua/store"
)

// Message is one message as files keep it.
type Message struct {
	Raw      []byte
	Received time.Time // zero: not known
	Flags    store.Flags
	Keywords []string
}

// Dialect of mbox: how a line "From " within a message is told from one that begins the next.
type Dialect string

// The dialects. MboxO and MboxRD quote, the first only "From ", the second also what is quoted already; MboxCL2
// tells the length in Content-Length, MboxCL does so and quotes as MboxO.
const (
	Auto    Dialect = ""
	MboxO   Dialect = "mboxo"
	MboxRD  Dialect = "mboxrd"
	MboxCL  Dialect = "mboxcl"
	MboxCL2 Dialect = "mboxcl2"
)

// Dialects lists them as a person names them.
func Dialects() []Dialect { return []Dialect{MboxO, MboxRD, MboxCL, MboxCL2} }

// lengths tells whether a dialect has Content-Length.
func (d Dialect) lengths() bool { return d == MboxCL || d == MboxCL2 }

// MaxMessage is how large a message may be that is read, in octets.
const MaxMessage = 256 << 20

// Errors of reading, wrapped.
var (
	ErrTooLarge = errors.New("it is larger than 256 MiB")
	ErrNotMail  = errors.New("it does not look like mail")
	ErrExpunged = errors.New("it was deleted in Thunderbird")
)
