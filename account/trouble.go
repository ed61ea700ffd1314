package account

import "strings"

// Kind classes what went wrong; cmd/mua maps it to an exit status and the agent
// decides with it whether trying again can help.
type Kind int

// The kinds of trouble. Order does not matter.
const (
	KindOther     Kind = iota // exit 1
	KindUsage                 // exit 64: called wrongly
	KindData                  // exit 65: malformed message, address, query value
	KindNotFound              // exit 66: no such message, item, mailbox, input file
	KindRefused               // exit 69: a server refused for good
	KindCreate                // exit 73: cannot create the output
	KindIO                    // exit 74: local I/O or database error
	KindTemporary             // exit 75: a server said later, or stalled, or babbled
	KindNetwork               // exit 75: no connection
	KindLogin                 // exit 77: authentication refused; never retried by itself
	KindConfig                // exit 78
)

// Trouble is an error written for the reader: what failed, for whom, what was
// kept, what to do next. Texts that came from a server are already cleaned of
// control characters and bounded in length by whoever makes the Trouble.
type Trouble struct {
	Kind    Kind
	Account string // "" when it concerns no account
	Host    string // "" when it concerns no server
	What    string // what happened, with the server's words and code where there are any
	Kept    string // what was kept; may be ""
	Hint    string // what to do next; may be ""
	Err     error  // cause, for errors.Is/As; may be nil
}

// Error joins the parts into one line: "work: password rejected by imap.example.org (535 …). Not retried. → mua login work".
func (t *Trouble) Error() string {
	var b strings.Builder
	if t.Account != "" {
		b.WriteString(t.Account + ": ")
	}
	b.WriteString(t.What)
	if t.Kept != "" {
		b.WriteString(". " + t.Kept)
	}
	if t.Hint != "" {
		b.WriteString(" → " + t.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// Retryable reports whether the same call may succeed later without anyone changing anything.
func (t *Trouble) Retryable() bool { return t.Kind == KindTemporary || t.Kind == KindNetwork }
