package store

import (
	"context"
	"errors"
	"time"

	"mua/store/message"
)

var errStub = errors.New("stub")

// --- accounts and mailboxes

// --- pulling

// --- reading

// --- wishes

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
