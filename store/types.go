package store

import (
	"errors"
	"time"

	"mua/store/message"
)

// The ids. Each kind has its own type; 0 is no id. Ids are never reused.
type (
	AccountID int64
	MailboxID int64
	MessageID int64 // one copy in one mailbox; survives moves and UIDVALIDITY changes
	ContentID int64 // the raw bytes; shared by copies
	ActionID  int64
	GroupID   int64 // actions undone together
	OutboxID  int64
	AttemptID int64
)

// Errors of the store; wrapped, test with errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrNoBody      = errors.New("only the header is here yet")
	ErrKeyConflict = errors.New("the key is in use for another message")
	ErrState       = errors.New("not possible in this state")
	ErrNewerSchema = errors.New("the database was written by a newer mua")
	ErrLocked      = errors.New("another mua process does this already")
	ErrNothing     = errors.New("nothing to undo")
	ErrNoRedo      = errors.New("nothing to redo")
	ErrDamaged     = errors.New("damaged message bytes")
)

// Role of a mailbox (RFC 6154), or "".
type Role string

// The roles of the contract.
const (
	RoleInbox   Role = "inbox"
	RoleSent    Role = "sent"
	RoleDrafts  Role = "drafts"
	RoleTrash   Role = "trash"
	RoleJunk    Role = "junk"
	RoleArchive Role = "archive"
	RoleAll     Role = "all"
)

// Account as the store knows it.
type Account struct {
	ID   AccountID
	Name string
}

// Mailbox is one mailbox of an account as the person sees it.
type Mailbox struct {
	ID            MailboxID
	Account       AccountID
	AccountName   string
	Name          string // UTF-8, the server's own separator
	Separator     string // "" when flat
	Prefix        string // what the names of all but INBOX begin with on the account's server; "": nothing
	Role          Role
	NoSelect      bool // exists only as a parent
	Local         bool // not on any server
	Subscribed    bool
	Total, Unread int
	Sync          SyncState
}

// SyncState is what the last completed pull of a mailbox knew of the server.
type SyncState struct {
	UIDValidity   uint32
	UIDNext       uint32
	HighestModSeq uint64
	Messages      uint32    // STATUS MESSAGES then
	FlagsAt       time.Time // when flags were last compared in full
}

// RemoteMailbox is one line of LIST.
type RemoteMailbox struct {
	Name, Separator string
	Role            Role
	NoSelect        bool
	Subscribed      bool
}

// Flags is a set of system flags.
type Flags uint16

// The system flags (RFC 9051 2.3.2) and $Forwarded.
const (
	Seen Flags = 1 << iota
	Answered
	Flagged
	Draft
	Deleted
	Forwarded
)

// Has reports whether all of x are set.
func (f Flags) Has(x Flags) bool { return f&x == x }

// Names lists the flags as the contract spells them: seen answered flagged draft deleted forwarded.
func (f Flags) Names() []string {
	out := []string{}
	for i, n := range []string{"seen", "answered", "flagged", "draft", "deleted", "forwarded"} {
		if f&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// Incoming is one message as retrieved.
type Incoming struct {
	UID      uint32    // IMAP; 0 for POP3
	UIDL     string    // POP3; "" for IMAP
	Flags    Flags     // server's flags
	Keywords []string  // server's other keywords
	ModSeq   uint64    // 0 without CONDSTORE
	Received time.Time // INTERNALDATE, or now for POP3
	Size     int64     // RFC822.SIZE; len(Raw) when Raw is given
	Header   []byte    // raw header; needed when Raw is nil
	Raw      []byte    // whole message, CRLF as it came; nil: only the header is here yet

	ready *columns // by Prepare
}

// RemoteCopy is what the store believes the server holds under a UID.
type RemoteCopy struct {
	UID      uint32
	Message  MessageID
	Flags    Flags // server-confirmed
	Keywords []string
	HasBody  bool
	Size     int64
}

// FlagUpdate is news of one UID's flags.
type FlagUpdate struct {
	UID      uint32
	Flags    Flags
	Keywords []string
	ModSeq   uint64
}

// Row is one message as lists show it: the columns of the contract's message object.
type Row struct {
	ID           MessageID
	Account      AccountID
	AccountName  string
	Mailbox      MailboxID
	MailboxName  string
	MessageID    string    // header, with <>
	Thread       int64     // 0: unknown yet
	Date         time.Time // Date header, else Received
	Received     time.Time
	From, To, Cc []message.Address
	Subject      string
	Flags        Flags
	Keywords     []string
	Size         int64
	HasBody      bool
	AlsoIn       []string
	Attachments  []message.Attachment
	Snippet      string
	InThread     *ThreadInfo // of a list of threads: of the one that this row stands for
	Pending      []string    // kinds of local actions not yet on the server
}

// Sort order of a list.
type Sort string

// The sorts of the contract; "" is SortDate. Date, size: largest first; the others A to Z.
const (
	SortDate    Sort = "date" // by Received, newest first
	SortFrom    Sort = "from"
	SortSubject Sort = "subject"
	SortSize    Sort = "size"
)

// Cursor is a place in a list sorted by date: keyset, never OFFSET.
type Cursor struct {
	Received time.Time
	ID       MessageID
}

// ListQuery asks for a page of rows.
type ListQuery struct {
	Account AccountID // 0: all
	Mailbox MailboxID // 0: all
	Query   string    // the query language; "" matches everything
	Sort    Sort
	After   *Cursor // rows older than this (SortDate only)
	Before  *Cursor // rows newer than this, returned newest first too (SortDate only)
	Limit   int     // 0: 50
	// Threads gives one row per thread, the newest message that matches, by the time of that (SortDate only).
	Threads bool
	// Distinct gives one row per Message-ID, best mailbox first, others in AlsoIn.
	Distinct bool
}

// ActionKind is what a person wished for.
type ActionKind string

// The wishes of this schema.
const (
	ActionFlags  ActionKind = "flags"
	ActionMove   ActionKind = "move"
	ActionDelete ActionKind = "delete" // expunge for good
	ActionAppend ActionKind = "append"
	ActionCopy   ActionKind = "copy" // an append of what the server has elsewhere
)

// Action is one wish to replay on the server, resolved as of now.
type Action struct {
	ID             ActionID
	Group          GroupID
	Kind           ActionKind
	Message        MessageID
	Mailbox        MailboxID // where the server has the copy (for copy: the one to be copied); for append: where to put it
	MailboxName    string
	UID            uint32 // 0 for append, or when the server's UID is not known yet; for copy: of the copy to be copied
	Target         MailboxID
	TargetName     string
	Add, Remove    Flags
	AddKeywords    []string
	RemoveKeywords []string
	HeaderID       string // Message-ID header of the copy, for finding it
	Size           int64  // of the copy, octets
	Received       time.Time
	Tries          int  // how often it was handed out before
	Carried        bool // of an append: it comes from another account, which has it until this is done
}

// Replayed is the outcome of one action.
type Replayed struct {
	ID ActionID
	// Refused, when not "", is the server's words: the wish is reverted here and kept in the journal.
	Refused string
	// UID is the copy's new UID (APPENDUID, COPYUID), 0 when the server did not say.
	UID         uint32
	UIDValidity uint32
	// Mailbox, when not 0, is where another client has moved on what was put on the server.
	Mailbox MailboxID
}

// ItemState of an outbox item (contract).
type ItemState string

// The item states.
const (
	Queued    ItemState = "queued"
	Sending   ItemState = "sending"
	Sent      ItemState = "sent"
	Partial   ItemState = "partial"
	Failed    ItemState = "failed"
	Held      ItemState = "held"
	Uncertain ItemState = "uncertain"
	Cancelled ItemState = "cancelled"
)

// RecipientState of one recipient (contract).
type RecipientState string

// The recipient states.
const (
	Pending       RecipientState = "pending"
	Accepted      RecipientState = "accepted"
	Deferred      RecipientState = "deferred"
	Refused       RecipientState = "refused"
	MaybeAccepted RecipientState = "uncertain"
)

// Policy for an uncertain item.
type Policy string

// The policies.
const (
	PolicyAsk   Policy = "ask"
	PolicyRetry Policy = "retry"
)

// SpoolRequest is one finished message to send. It is frozen by Spool.
type SpoolRequest struct {
	Account    AccountID
	From       message.Address // header From, for display
	Sender     string          // envelope MAIL FROM; "" is the null reverse-path
	Recipients []string        // envelope RCPT TO, no duplicates
	Wire       []byte          // bytes to send: CRLF, no Bcc
	Copy       []byte          // Sent copy (with Bcc); nil: same as Wire
	MessageID  string          // header, with <>
	Subject    string
	Date       time.Time
	Key        string // idempotency; "" none
	// Fingerprint tells whether two requests under one Key are the same: a hash of what the person
	// gave, without the volatile Date and Message-ID. "": the hash of envelope and Wire.
	Fingerprint string
	Policy      Policy
	NotBefore   time.Time // zero: at once
	Held        bool
	UTF8        bool      // needs SMTPUTF8
	DSN         string    // reports to ask for (RFC 3461 NOTIFY): "", "NEVER", or SUCCESS, FAILURE, DELAY with commas
	RequireTLS  bool      // only over TLS all the way (RFC 8689), else not at all
	SaveSent    bool      // file a copy in Sent: here at once, on the server (when the account is IMAP) after acceptance
	SentLocal   bool      // the Sent mailbox is local: no append action
	Draft       MessageID // draft that ends with this, of whatever account; 0 none
	Answers     MessageID // gets \Answered once accepted; 0 none
	Forwards    MessageID // gets $Forwarded once accepted; 0 none
}

// Recipient is one line of the per-recipient ledger.
type Recipient struct {
	Addr     string
	State    RecipientState
	Code     int    // SMTP reply code; 0: none yet
	Enhanced string // RFC 3463; "" none
	Text     string // server's words, cleaned
	Attempts int
	// MayHave: not accepted, but the answer to a final dot was lost, now or in an earlier attempt: the
	// server may have the message for them, and once more is perhaps twice.
	MayHave bool
}

// Item is one outbox item.
type Item struct {
	ID            OutboxID
	Account       AccountID
	AccountName   string
	State         ItemState
	From          message.Address
	Sender        string
	Recipients    []Recipient
	Subject       string
	MessageID     string
	Size          int64 // octets on the wire
	Created       time.Time
	NotBefore     time.Time // zero: none
	NextAttempt   time.Time // zero: none planned
	FirstDeferral time.Time // first 4xx; give-up counts from here
	Attempts      int
	LastError     string
	Waiting       string // why nothing happens now: time network login retry answer, or ""
	Key           string
	Policy        Policy
	UTF8          bool
	DSN           string    // reports asked for, as in SpoolRequest
	EnvID         string    // RFC 3461 ENVID: random, the same on every attempt
	RequireTLS    bool      // as in SpoolRequest
	KeptDraft     MessageID // where the text of an item given up or taken back is kept, as long as that draft is there; 0: nowhere
	Reports       []Report  // delivery reports that came back, in the order they arrived
}

// MayHave lists those who may have the message although no server has said so.
func (it Item) MayHave() []string {
	return it.addrs(func(r Recipient) bool { return r.MayHave })
}

// InDoubt lists those of whom nobody has decided yet whether they have the message: they are offered it again only
// after Resolve.
func (it Item) InDoubt() []string {
	return it.addrs(func(r Recipient) bool { return r.State == MaybeAccepted })
}

func (it Item) addrs(of func(Recipient) bool) []string {
	var out []string
	for _, r := range it.Recipients {
		if of(r) {
			out = append(out, r.Addr)
		}
	}
	return out
}

// Attempt is one try in an item's story.
type Attempt struct {
	ID         AttemptID
	Item       OutboxID
	Started    time.Time
	Ended      time.Time // zero: not ended
	Host       string
	DotPending bool
	Outcome    string // sentence for the reader
}

// RecipientResult is one recipient's outcome in an attempt.
type RecipientResult struct {
	Addr     string
	State    RecipientState
	Code     int
	Enhanced string
	Text     string
}

// AttemptResult ends an attempt, in one transaction with everything that follows from it.
type AttemptResult struct {
	Attempt     AttemptID
	State       ItemState // the item's new state
	Recipients  []RecipientResult
	NextAttempt time.Time // zero: none
	Waiting     string
	LastError   string
	Outcome     string
	// NoAttempt: the account's trouble; the attempt is not counted against the item.
	NoAttempt bool
	// KeepDraft: the item is given up, if only for some, and its text is kept in Drafts, as Rewrite makes it for
	// those who have not got it; nil: as it is.
	KeepDraft bool
	Rewrite   Rewrite
}

// Contact is a known address.
type Contact struct {
	Name, Addr string
	Count      int       // messages it was met in
	Worth      float64   // what its uses count for now: 1 for mail from there, 10 for mail to it, half after 90 days
	Last       time.Time // when it was last met
}
