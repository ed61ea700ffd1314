// Package index is index.db: the words of all messages, for a search to find them by. It is derived
// from mail.db, and disposable: whatever is wrong with it, it is thrown away and built anew.
//
//   - One process at a time writes ([Writer]; the caller holds a lock for it). Readers open the file
//     read-only, so that they never touch what a new file of the same name has beside it.
//   - A document is one copy of a message. Its number is the second it was received in, ties moved up,
//     so that documents come newest first. [Second] ≤ number.
//   - Documents are never deleted: one that is superseded has no message any more, and the caller joins
//     with what mail.db says. When they are many it is built anew.
//   - What is added is gathered, and inverted to a segment: terms with their doclists. A document is in one
//     segment, whole. Many small segments are merged to one; SQLite keeps their blocks, and makes them durable.
//   - Expressions are evaluated in Go, document by document, and pieces of doclists that cannot matter are not read.
package index

import (
	"errors"
	"fmt"
)

// format is the version of what is in the file and of how words are cut. Another one is built anew.
const format = 2

// applicationID marks the file as ours ("muaI").
const applicationID = 0x6d756149

// ErrBroken: the file is missing, damaged, of another version, or belongs to another mail.db. It is to
// be built anew; nothing is lost.
var ErrBroken = errors.New("the search index cannot be used")

// ErrMissing: there is no file. It is an ErrBroken, too.
var ErrMissing = fmt.Errorf("%w: there is none", ErrBroken)

// Doc is what is indexed of one copy of a message.
type Doc struct {
	Message  int64
	Content  int64 // what its text was read from; 0: only its header was here
	Received int64 // ms
	Partial  bool  // not all of it was taken in: its text has to be looked at itself

	Subject, List string
	From, To, Cc  []string
	Files         []string
	Text          string

	terms string // by Prepare
	size  int    // of terms, in terms
}

// Hit is a document that a search found.
type Hit struct {
	Number  int64
	Message int64
	Content int64
}

// Second is the number a document has at least: the second a message was received in.
func Second(receivedMS int64) int64 { return max(receivedMS/1000, 1) }
