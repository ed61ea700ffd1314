package store

import (
	"context"
	"errors"
	"time"

	"mua/store/message"
)

var errStub = errors.New("stub")

// Store is the database: one writer, a pool of readers. Safe for concurrent use.
type Store struct{}

// Options of Open.
type Options struct {
	Now func() time.Time // nil: time.Now
}

// Open opens or creates the data folder (0700) and mail.db (0600) in it, and migrates.
func Open(ctx context.Context, dir string, o Options) (*Store, error) { return nil, errStub }

// Close ends all work; a second call does nothing.
func (s *Store) Close() error { return nil }

// Dir is the data folder.
func (s *Store) Dir() string { return "" }

// Watch returns a channel that gets a value soon after any change, by this
// process or another, coalesced; cancel ends it.
func (s *Store) Watch() (changed <-chan struct{}, cancel func()) { return nil, func() {} }

// Lock takes the lock for purpose ("sync" or "flush") of an account without
// waiting: a flock that the kernel frees on death. ErrLocked when another process has it.
func (s *Store) Lock(account string, purpose string) (unlock func(), err error) { return nil, errStub }

// --- accounts and mailboxes

// EnsureAccount returns the account's id, creating it when new. The account "local" always exists.
func (s *Store) EnsureAccount(ctx context.Context, name string) (AccountID, error) { return 0, errStub }

// Accounts lists all.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) { return nil, errStub }

// Mailboxes lists the mailboxes of an account (0: all), by role then name, with counts.
func (s *Store) Mailboxes(ctx context.Context, a AccountID) ([]Mailbox, error) { return nil, errStub }

// Mailbox reads one.
func (s *Store) Mailbox(ctx context.Context, id MailboxID) (Mailbox, error) {
	return Mailbox{}, errStub
}

// FindMailbox finds by name (INBOX in any case), else by role name; ErrNotFound.
func (s *Store) FindMailbox(ctx context.Context, a AccountID, name string) (Mailbox, error) {
	return Mailbox{}, errStub
}

// RoleMailbox finds the account's mailbox with that role; when there is none and create is set, a local one is made.
func (s *Store) RoleMailbox(ctx context.Context, a AccountID, r Role, create bool) (Mailbox, error) {
	return Mailbox{}, errStub
}

// SetMailboxes brings the mailbox list in line with LIST: new ones are created,
// roles updated, a local mailbox of the same role or name is adopted (its copies get append wishes);
// ones gone from the server are kept as local when they hold anything not
// confirmed by the server, else tombstoned. Returns the account's mailboxes.
func (s *Store) SetMailboxes(ctx context.Context, a AccountID, list []RemoteMailbox) ([]Mailbox, error) {
	return nil, errStub
}

// SetSyncState records what a completed pull knew.
func (s *Store) SetSyncState(ctx context.Context, id MailboxID, st SyncState) error { return errStub }

// --- pulling

// AddRemote stores a batch in one durable transaction. An Incoming whose UID (or UIDL) is known
// is updated, not doubled. A copy waiting in this mailbox without a UID (our own
// append, a local move, a mailbox whose UIDVALIDITY changed) with the same Message-ID and
// size (or the same content) is adopted: it gets the UID and keeps its id. Returns the ids in
// order and how many were new to the store (adopted ones are not new).
func (s *Store) AddRemote(ctx context.Context, m MailboxID, batch []Incoming) (ids []MessageID, added int, err error) {
	return nil, 0, errStub
}

// Body is the raw bytes of a copy whose header is here.
type Body struct {
	Message MessageID
	Raw     []byte
}

// SetBodies stores a batch of bodies in one durable transaction.
func (s *Store) SetBodies(ctx context.Context, batch []Body) error { return errStub }

// RemoteCopies lists what the server is believed to hold in a mailbox, by ascending UID.
func (s *Store) RemoteCopies(ctx context.Context, m MailboxID) ([]RemoteCopy, error) {
	return nil, errStub
}

// MissingBodies lists copies without body, newest first, smaller than max octets.
func (s *Store) MissingBodies(ctx context.Context, m MailboxID, max int64) ([]RemoteCopy, error) {
	return nil, errStub
}

// UpdateRemoteFlags records the server's flags; pending wishes stay overlaid. Returns how many copies changed for the person.
func (s *Store) UpdateRemoteFlags(ctx context.Context, m MailboxID, up []FlagUpdate) (changed int, err error) {
	return 0, errStub
}

// ExpungeRemote records that the server no longer has these UIDs: copies are tombstoned for 30 days
// (a copy with a pending move or one already moved on here only loses its UID as its wish demands).
func (s *Store) ExpungeRemote(ctx context.Context, m MailboxID, uids []uint32) (removed int, err error) {
	return 0, errStub
}

// DetachUIDs forgets all UIDs of a mailbox because UIDVALIDITY changed; copies wait for AddRemote to adopt them.
func (s *Store) DetachUIDs(ctx context.Context, m MailboxID) error { return errStub }

// DropDetached tombstones copies that DetachUIDs left and no AddRemote adopted, but for those with pending wishes.
func (s *Store) DropDetached(ctx context.Context, m MailboxID) (removed int, err error) {
	return 0, errStub
}

// UIDLs is the POP3 ledger: every UIDL whose message is durably here or was deleted here by wish.
type UIDL struct {
	UIDL    string
	Message MessageID // 0: tombstoned here
	First   time.Time // when it was first retrieved
	Deleted bool      // deleted on the server by us
}

// UIDLs reads the ledger of a POP3 account.
func (s *Store) UIDLs(ctx context.Context, a AccountID) ([]UIDL, error) { return nil, errStub }

// MarkUIDLsDeleted records after a QUIT answered +OK that these were removed from the server.
func (s *Store) MarkUIDLsDeleted(ctx context.Context, a AccountID, uidls []string) error {
	return errStub
}

// ForgetUIDLs drops ledger rows the server no longer lists (their messages stay).
func (s *Store) ForgetUIDLs(ctx context.Context, a AccountID, uidls []string) error { return errStub }

// --- reading

// List returns a page of rows. A bad query is a *query.Error.
func (s *Store) List(ctx context.Context, q ListQuery) ([]Row, error) { return nil, errStub }

// Count counts what List would return without a limit.
func (s *Store) Count(ctx context.Context, q ListQuery) (int, error) { return 0, errStub }

// Row reads one message's row; ErrNotFound.
func (s *Store) Row(ctx context.Context, id MessageID) (Row, error) { return Row{}, errStub }

// ByHeaderID finds the copies with this Message-ID header (with or without <>), best mailbox first.
func (s *Store) ByHeaderID(ctx context.Context, headerID string) ([]MessageID, error) {
	return nil, errStub
}

// Raw returns the exact bytes; ErrNoBody when only the header is here.
func (s *Store) Raw(ctx context.Context, id MessageID) ([]byte, error) { return nil, errStub }

// Header returns the raw header.
func (s *Store) Header(ctx context.Context, id MessageID) ([]byte, error) { return nil, errStub }

// Contacts finds known addresses by prefix of any word of name or address, most used first.
func (s *Store) Contacts(ctx context.Context, q string, limit int) ([]Contact, error) {
	return nil, errStub
}

// --- wishes

// FlagChange is what to add and remove.
type FlagChange struct {
	Add, Remove                 Flags
	AddKeywords, RemoveKeywords []string
}

// MarkFlags changes flags here at once and journals the wish. Copies on no server get no action.
func (s *Store) MarkFlags(ctx context.Context, ids []MessageID, c FlagChange) (GroupID, error) {
	return 0, errStub
}

// Move moves copies to a mailbox of the same account here at once and journals the wish. Between accounts: ErrState.
func (s *Store) Move(ctx context.Context, ids []MessageID, to MailboxID) (GroupID, error) {
	return 0, errStub
}

// Trash moves to the account's trash; what is in a trash already is deleted for good.
func (s *Store) Trash(ctx context.Context, ids []MessageID) (GroupID, error) { return 0, errStub }

// Archive moves to the account's archive mailbox.
func (s *Store) Archive(ctx context.Context, ids []MessageID) (GroupID, error) { return 0, errStub }

// Undo takes back the last group of wishes and says what it did ("3 messages moved back to INBOX"); ErrNothing.
func (s *Store) Undo(ctx context.Context) (string, error) { return "", errStub }

// SaveDraft stores a draft (a complete message) in the account's Drafts, replacing an earlier one (0: none), and journals the append.
func (s *Store) SaveDraft(ctx context.Context, a AccountID, raw []byte, replaces MessageID) (MessageID, error) {
	return 0, errStub
}

// DropDraft deletes a draft for good.
func (s *Store) DropDraft(ctx context.Context, id MessageID) error { return errStub }

// PendingActions lists what is to be replayed for an account, in order, blocked ones left out, moves and deletes collapsed.
func (s *Store) PendingActions(ctx context.Context, a AccountID) ([]Action, error) {
	return nil, errStub
}

// FinishActions records outcomes. A refused wish is reverted here and journaled as a conflict.
func (s *Store) FinishActions(ctx context.Context, done []Replayed) error { return errStub }

// Conflicts lists the journal of contradicted and refused wishes, newest first.
func (s *Store) Conflicts(ctx context.Context, limit int) ([]Conflict, error) { return nil, errStub }

// --- outbox

// Spool freezes a message for sending: the item, its recipients, the local Sent copy (hidden until
// acceptance), the wishes that follow (blocked until acceptance) and the end of the draft, in one
// durable transaction. With a Key already in use for the same content it returns that item and existed;
// for other content ErrKeyConflict.
func (s *Store) Spool(ctx context.Context, r SpoolRequest) (id OutboxID, existed bool, err error) {
	return 0, false, errStub
}

// Item reads one; ErrNotFound.
func (s *Store) Item(ctx context.Context, id OutboxID) (Item, error) { return Item{}, errStub }

// Items lists what is not yet done (all: everything), oldest first.
func (s *Store) Items(ctx context.Context, all bool) ([]Item, error) { return nil, errStub }

// ItemRaw returns the frozen bytes as they go on the wire.
func (s *Store) ItemRaw(ctx context.Context, id OutboxID) ([]byte, error) { return nil, errStub }

// Attempts is the item's story, oldest first.
func (s *Store) Attempts(ctx context.Context, id OutboxID) ([]Attempt, error) { return nil, errStub }

// AttemptLedger lists the outcome per recipient of one attempt.
func (s *Store) AttemptLedger(ctx context.Context, id AttemptID) ([]RecipientResult, error) {
	return nil, errStub
}

// OutboxCounts counts items by state (for the status line).
func (s *Store) OutboxCounts(ctx context.Context) (map[ItemState]int, error) { return nil, errStub }

// Claim takes the next due item (or the given one, due or not, when id is not 0) of an account into
// state sending and opens an attempt. ok is false when nothing is due. The caller holds the flush lock.
func (s *Store) Claim(ctx context.Context, a AccountID, id OutboxID, host string) (it Item, at AttemptID, ok bool, err error) {
	return Item{}, 0, false, errStub
}

// DotPending commits that the final dot is about to be written.
func (s *Store) DotPending(ctx context.Context, at AttemptID) error { return errStub }

// EndAttempt records an attempt's result and everything that follows from it in one transaction: on Sent
// or Partial the Sent copy becomes visible and the blocked wishes are released.
func (s *Store) EndAttempt(ctx context.Context, r AttemptResult) error { return errStub }

// Orphans lists items left sending by a dead process with their open attempt. The caller holds the flush lock.
func (s *Store) Orphans(ctx context.Context, a AccountID) ([]Attempt, error) { return nil, errStub }

// UncertainItems lists an account's items in state uncertain.
func (s *Store) UncertainItems(ctx context.Context, a AccountID) ([]Item, error) { return nil, errStub }

// NextDue is when the next queued item of the account becomes due; zero when none.
func (s *Store) NextDue(ctx context.Context, a AccountID) (time.Time, error) {
	return time.Time{}, errStub
}

// SetWaiting records why an account's due items wait (network, login, …) without touching their attempts.
func (s *Store) SetWaiting(ctx context.Context, a AccountID, why, words string) error { return errStub }

// Hold, Release, Cancel, Retry and Resolve are the person's decisions. ErrState when the item's state does not allow it
// (sending and done items cannot be held or cancelled; Retry: queued, failed, partial or uncertain ones, only the
// recipients not accepted; Resolve: uncertain ones, sent or to be sent again).
func (s *Store) Hold(ctx context.Context, id OutboxID) error { return errStub }

// Release puts a held item back in the queue.
func (s *Store) Release(ctx context.Context, id OutboxID) error { return errStub }

// Cancel ends an item that is not sent; the text is kept as a draft.
func (s *Store) Cancel(ctx context.Context, id OutboxID) (draft MessageID, err error) {
	return 0, errStub
}

// Retry makes an item due now.
func (s *Store) Retry(ctx context.Context, id OutboxID) error { return errStub }

// Resolve settles an uncertain item.
func (s *Store) Resolve(ctx context.Context, id OutboxID, sent bool, why string) error {
	return errStub
}

var _ = message.Address{}
