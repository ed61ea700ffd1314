// Package query is the query language of the contract: text → tree. It knows no SQL.
//
//	words and "phrases"        in text, subject, people and attachment names; word* is a prefix
//	from: to: cc: subject: body: filename: list:   the same in one field
//	in:NAME (in:any)  account:NAME  id:N  thread:N  mid:<message-id>
//	is:unread read flagged replied forwarded draft deleted pending   has:attachment
//	keyword:NAME
//	before: after: on:   2026-11-22, 2026-11, 2026, today, yesterday; of on:D, before:D and
//	                     after:D each moment is in exactly one
//	newer: older:        7d 3w 6m 1y 12h      larger: smaller:  2M 100k 500
//	-x  NOT x  x OR y  ( )      side by side means AND, which binds tighter than OR
//	from:(ada OR bob)           each value in the parentheses is of the field
//
// Case and accents do not matter. Words match whole words; writing without
// spaces (Chinese, Japanese, Korean) matches anywhere. Parsing never panics,
// and every error is an [*Error] with a place for a caret.
package query

import (
	"slices"
	"time"
)

// Error says what is wrong with a query and where.
type Error struct {
	Query string
	Pos   int // byte offset
	Msg   string
}

// Error is Msg.
func (e *Error) Error() string { return e.Msg }

// Node is a node of the tree: one of the types below.
type Node interface{ node() }

// All matches everything: the empty query.
type All struct{}

// And matches when all of its nodes do.
type And struct{ Nodes []Node }

// Or matches when one of its nodes does.
type Or struct{ Nodes []Node }

// Not matches when its node does not.
type Not struct{ Node Node }

// Field is where words are looked for.
type Field string

// The fields; Anywhere is text, subject, people and attachment names.
const (
	Anywhere Field = ""
	From     Field = "from"
	To       Field = "to"
	Cc       Field = "cc"
	Subject  Field = "subject"
	Body     Field = "body"
	Filename Field = "filename"
	List     Field = "list"
)

// Match looks for words that follow one another.
type Match struct {
	Field  Field
	Phrase string // as Words leaves it, never empty
	Prefix bool   // the last word may go on
	Text   string // as typed, with its accents, for servers that look for it themselves
}

// In matches messages in a mailbox.
type In struct {
	Name string // name, last part of a name, or role; "" is any
	Pos  int
}

// Account matches messages of an account.
type Account struct {
	Name string
	Pos  int
}

// ID matches one message.
type ID struct{ ID int64 }

// Thread matches the messages of a thread.
type Thread struct{ ID int64 }

// HeaderID matches by Message-ID header.
type HeaderID struct{ ID string } // with <>

// State is what is: asks for.
type State string

// The states of is:.
const (
	Unread    State = "unread"
	Read      State = "read"
	Flagged   State = "flagged"
	Replied   State = "replied"
	Forwarded State = "forwarded"
	Draft     State = "draft"
	Deleted   State = "deleted"
	Pending   State = "pending"
)

// Is matches messages in a state.
type Is struct{ State State }

// Keyword matches messages with a keyword, whatever its case.
type Keyword struct{ Name string }

// HasAttachment matches messages with something to save.
type HasAttachment struct{}

// Received matches messages received at From or later and before To; zero is open.
type Received struct{ From, To time.Time }

// Size matches messages of more than Above and less than Below octets; -1 is open.
type Size struct{ Above, Below int64 }

func (All) node()           {}
func (And) node()           {}
func (Or) node()            {}
func (Not) node()           {}
func (Match) node()         {}
func (In) node()            {}
func (Account) node()       {}
func (ID) node()            {}
func (Thread) node()        {}
func (HeaderID) node()      {}
func (Is) node()            {}
func (Keyword) node()       {}
func (HasAttachment) node() {}
func (Received) node()      {}
func (Size) node()          {}

// NamesMailbox reports whether a tree says anything about mailboxes (in:), so that
// no default mailbox applies. A message named by id counts too: it is wherever it is.
func NamesMailbox(n Node) bool {
	switch n := n.(type) {
	case In, ID, HeaderID, Thread:
		return true
	case Not:
		return NamesMailbox(n.Node)
	case And:
		return anyNames(n.Nodes)
	case Or:
		return anyNames(n.Nodes)
	}
	return false
}

func anyNames(list []Node) bool {
	for _, n := range list {
		if NamesMailbox(n) {
			return true
		}
	}
	return false
}

// HasWords reports whether a tree looks for words.
func HasWords(n Node) bool {
	switch n := n.(type) {
	case Match:
		return true
	case Not:
		return HasWords(n.Node)
	case And:
		return slices.ContainsFunc(n.Nodes, HasWords)
	case Or:
		return slices.ContainsFunc(n.Nodes, HasWords)
	}
	return false
}

// Mailboxes calls f for every in: of a tree and puts what it returns in its place.
func Mailboxes(n Node, f func(In) (Node, error)) (Node, error) {
	each := func(list []Node) (out []Node, err error) {
		for _, k := range list {
			if k, err = Mailboxes(k, f); err != nil {
				return nil, err
			}
			out = append(out, k)
		}
		return out, nil
	}
	var err error
	switch n := n.(type) {
	case In:
		return f(n)
	case Not:
		n.Node, err = Mailboxes(n.Node, f)
		return n, err
	case And:
		n.Nodes, err = each(n.Nodes)
		return n, err
	case Or:
		n.Nodes, err = each(n.Nodes)
		return n, err
	}
	return n, nil
}
