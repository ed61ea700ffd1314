package outbox

import (
	"context"
	"errors"
	"time"

	"mua/account"
	"mua/store"
)

// Envelope is what one transaction needs to know besides the bytes.
type Envelope struct {
	ID         store.OutboxID
	Sender     string   // MAIL FROM; "" is the null reverse-path
	Recipients []string // those still to be offered, no duplicates
	Size       int64    // octets of the body as spooled
	UTF8       bool     // the message itself needs SMTPUTF8 (RFC 6531)
	DSN        string   // reports asked for (RFC 3461 NOTIFY): "", "NEVER", or SUCCESS, FAILURE, DELAY with commas
	EnvID      string   // RFC 3461 ENVID, the same on every attempt
	RequireTLS bool     // only to a server that promises TLS all the way (RFC 8689)
}

// Result is one recipient's outcome. Package submit says what it found with it and
// with the states below, and so needs to know nothing of the store.
type Result = store.RecipientResult

// The states of a Result.
const (
	Pending       = store.Pending  // to be offered in another transaction at once
	Accepted      = store.Accepted // 2yz
	Deferred      = store.Deferred // 4yz
	Refused       = store.Refused  // 5yz
	MaybeAccepted = store.MaybeAccepted
)

// Session is one connection to an account's submission server, logged in.
// It is used by one goroutine at a time.
type Session interface {
	// Send runs one mail transaction for body, and returns an outcome for every
	// recipient of the envelope it can tell one for: Accepted, Deferred, Refused,
	// MaybeAccepted, or Pending for one to be offered again in another transaction.
	// Recipients it says nothing of were not handed over.
	//
	// It must call dotPending, with the outcomes RCPT has had so far, after the
	// whole body and before any byte of the final dot is written, and write no
	// further byte when that returns an error; it returns that error wrapped.
	//
	// Errors mean that the session can no longer be used; the outcomes beside them
	// stand. A *LostAfterDot says that the dot was, or may have been, written and
	// no answer came: the recipients concerned are MaybeAccepted; it wraps ErrStopped when that was for the end of ctx. A *account.Trouble
	// is the account's (the server wants a login, say). Any other error means that the
	// message was not handed over.
	Send(ctx context.Context, e Envelope, body []byte, dotPending func([]Result) error) ([]Result, error)
	// RoundTrip is the shortest time a command's answer has taken; 0: not known.
	RoundTrip() time.Duration
	// Close ends the session; politely when nothing is under way.
	Close() error
}

// Submitter opens sessions. Its errors are *account.Trouble. KindLogin with a Host
// means that the server refused the login, which must not be tried again by itself; without a
// Host, that there was no password to try. The end of ctx closes the session for
// its whole life, at any point.
type Submitter interface {
	Connect(ctx context.Context, a *account.Account) (Session, error)
}

// SentFinder looks for messages in the account's Sent mailbox on the server, by
// their Message-ID header (with <>). It must ask the server, not the store.
type SentFinder interface {
	FindSent(ctx context.Context, messageID string) (hits int, err error)
}

// LostAfterDot says that the connection ended after the final dot was, or may
// have been, written, and before its answer: the server may have the message.
type LostAfterDot struct{ Err error }

// Error says so.
func (e *LostAfterDot) Error() string {
	return "the connection was lost after the final dot: " + e.Err.Error()
}

// Unwrap returns why the connection was lost.
func (e *LostAfterDot) Unwrap() error { return e.Err }

// ErrStopped is why an answer to the dot is missing that this side no longer waited for: it was told to end.
var ErrStopped = errors.New("mua stopped waiting for the answer")

// NotOffered begins the Text of a recipient's outcome that was decided here,
// before anything was asked of the server; Code and Enhanced are then what a
// server would have said.
const NotOffered = "not offered to the server: "
