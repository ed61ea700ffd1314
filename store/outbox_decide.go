package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// decide changes an item in one transaction when its state is one of those allowed; else ErrState.
func (s *Store) decide(ctx context.Context, id OutboxID, verb string, allowed []ItemState, f func(*txn, Item) error) error {
	return s.write(ctx, func(t *txn) error {
		it, err := s.item(t.ctx, t.tx, id)
		if err != nil {
			return err
		}
		if !slices.Contains(allowed, it.State) {
			return fmt.Errorf("item %d is %s and cannot be %s: %w", id, it.State, verb, ErrState)
		}
		return f(t, it)
	})
}

// Hold keeps a queued item from being sent until Release. The person's decisions give ErrState when the item's
// state does not allow them.
func (s *Store) Hold(ctx context.Context, id OutboxID) error {
	return s.decide(ctx, id, "held", []ItemState{Queued}, func(t *txn, _ Item) error {
		if err := t.tell(id, "held"); err != nil {
			return err
		}
		return t.run(`UPDATE outbox SET state = 'held' WHERE id = ?`, id)
	})
}

// Release puts a held item back in the queue.
func (s *Store) Release(ctx context.Context, id OutboxID) error {
	return s.decide(ctx, id, "released", []ItemState{Held}, func(t *txn, it Item) error {
		if err := t.tell(id, "released"); err != nil {
			return err
		}
		return t.run(`UPDATE outbox SET state = 'queued', waiting = '', due = max(?, ?) WHERE id = ?`,
			t.now, later(it.NotBefore, it.NextAttempt).UnixMilli(), id)
	})
}

// tell puts a sentence about an item into its story that is no attempt.
func (t *txn) tell(id OutboxID, what string) error {
	return t.run(`INSERT INTO attempt(item, started, ended, host, outcome) VALUES (?1, ?2, ?2, '', ?3)`, id, t.now, what)
}

// dropUnsent ends what waited for an acceptance that will not come.
func (t *txn) dropUnsent(id OutboxID) error {
	k, err := t.hiddenCopy(id)
	if err != nil {
		return err
	}
	if k != nil {
		if err := t.end(k); err != nil {
			return err
		}
	}
	return t.run(`DELETE FROM action WHERE blocked_by = ? AND state = 'pending'`, id)
}

// Retry makes an item due now: queued, failed and partial ones, only the recipients not accepted. An
// uncertain one, which may have arrived, is Resolve's, and so are the recipients in doubt of another.
// For one that had failed the time to give up counts anew.
func (s *Store) Retry(ctx context.Context, id OutboxID) error {
	return s.decide(ctx, id, "tried again", []ItemState{Queued, Failed, Partial}, func(t *txn, it Item) error {
		if !slices.ContainsFunc(it.Recipients, func(r Recipient) bool { return r.State != Accepted && r.State != MaybeAccepted }) {
			return fmt.Errorf("item %d has nobody left to be sent to: %w", id, ErrState)
		}
		if err := t.dropKeptDraft(it); err != nil {
			return err
		}
		what := "to be tried again, as asked for"
		if it.Attempts == 0 {
			what = "to be sent now, as asked for"
		}
		if err := t.tell(id, what); err != nil {
			return err
		}
		return t.requeue(id, it.State != Queued)
	})
}

// dropKeptDraft ends the draft that an item given up has left: it is to be sent after all. One
// that was written on meanwhile is another message, and stays.
func (t *txn) dropKeptDraft(it Item) error {
	if it.KeptDraft == 0 {
		return nil
	}
	var untouched bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM message m JOIN outbox o ON o.draft = m.id
		WHERE o.id = ?1 AND (m.content = coalesce(o.copy_content, o.content) OR EXISTS (SELECT 1 FROM attempt WHERE item = ?1 AND outcome = ?2)))`,
		it.ID, keptAs(it.KeptDraft)).Scan(&untouched)
	if err != nil {
		return err
	}
	if untouched {
		grp, err := t.newGroup("draft", false)
		if err != nil {
			return err
		}
		if err := t.endDraft(it.KeptDraft, grp); err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrState) {
			return err
		}
	}
	return t.run(`UPDATE outbox SET draft = NULL WHERE id = ?`, it.ID)
}

// requeue makes an item due now for all who have not got it, and cannot have it.
func (t *txn) requeue(id OutboxID, afresh bool) error {
	if err := t.run(`UPDATE recipient SET state = 'pending' WHERE item = ? AND state NOT IN ('accepted', 'uncertain')`, id); err != nil {
		return err
	}
	return t.run(`UPDATE outbox SET state = 'queued', waiting = '', not_before = NULL, next_attempt = ?1, due = ?1, ended = NULL,
		first_deferral = CASE WHEN ?2 THEN NULL ELSE first_deferral END WHERE id = ?3`, t.now, afresh, id)
}

// Resolve settles an item that is uncertain, or still to be sent and uncertain for some recipients: they have it, or
// are to be sent it again under the same Message-ID. why goes into its story, and stands in place of a server's words.
func (s *Store) Resolve(ctx context.Context, id OutboxID, sent bool, why string) error {
	return s.decide(ctx, id, "resolved", doubtful, func(t *txn, it Item) error {
		if sent {
			return t.resolveSent(it, strings.TrimSpace(why))
		}
		if err := t.settled(it, strings.TrimSpace(why)); err != nil {
			return err
		}
		return t.requeueUncertain(id)
	})
}

// ResolveKept is Resolve as sent, of an item that was given up for some: when it is partial then, the text is kept in Drafts, as
// rewrite makes it for those who have not got it, unless that was done before.
func (s *Store) ResolveKept(ctx context.Context, id OutboxID, why string, rewrite Rewrite) error {
	for {
		before, err := s.Item(ctx, id)
		if err != nil {
			return err
		}
		after := before
		after.Recipients = slices.Clone(before.Recipients)
		for i, r := range after.Recipients {
			if r.State == MaybeAccepted {
				after.Recipients[i].State = Accepted
			}
		}
		draft, err := s.textOf(ctx, after, rewrite)
		if err != nil {
			return err
		}
		again := false
		err = s.decide(ctx, id, "resolved", doubtful, func(t *txn, it Item) error {
			if again = !slices.Equal(it.accepted(), before.accepted()) || !slices.Equal(it.InDoubt(), before.InDoubt()); again {
				return nil // an answer has come meanwhile: the draft is not for them
			}
			if err := t.resolveSent(it, strings.TrimSpace(why)); err != nil {
				return err
			}
			if draft == nil || it.KeptDraft != 0 || it.afterSent() != Partial {
				return nil
			}
			return t.keepDraft(id, draft)
		})
		if err != nil || !again {
			return err
		}
	}
}

// doubtful are the states in which an item may be in doubt, if only for some.
var doubtful = []ItemState{Uncertain, Queued, Held}

// settled notes in its story why an item is settled that is in doubt; ErrState for another.
func (t *txn) settled(it Item, why string) error {
	if it.State != Uncertain && len(it.InDoubt()) == 0 {
		return fmt.Errorf("item %d is %s and not in doubt: %w", it.ID, it.State, ErrState)
	}
	return t.tell(it.ID, why)
}

// requeueUncertain makes an item due now for those whose outcome is not known; a held one stays so.
func (t *txn) requeueUncertain(id OutboxID) error {
	if err := t.run(`UPDATE recipient SET state = 'pending' WHERE item = ? AND state IN ('uncertain', 'deferred')`, id); err != nil {
		return err
	}
	return t.run(`UPDATE outbox SET state = iif(state = 'held', 'held', 'queued'), waiting = '', next_attempt = ?1, due = ?1 WHERE id = ?2`, t.now, id)
}

// resolveSent takes the uncertain recipients for accepted; whoever was deferred is still to get it.
func (t *txn) resolveSent(it Item, why string) error {
	if err := t.settled(it, why); err != nil {
		return err
	}
	if err := t.run(`UPDATE recipient SET state = 'accepted', text = ? WHERE item = ? AND state = 'uncertain'`, why, it.ID); err != nil {
		return err
	}
	if it.State != Uncertain { // it waits for the others, as before
		return t.accepted(it.ID)
	}
	err := t.run(`UPDATE outbox SET state = ?1, waiting = iif(?1 = 'partial', 'answer', ''), last_error = '', due = max(due, ?2), ended = CASE WHEN ?1 <> 'queued' THEN ?2 END WHERE id = ?3`,
		it.afterSent(), t.now, it.ID)
	if err != nil {
		return err
	}
	return t.accepted(it.ID)
}

// afterSent is the state of an item once those in doubt have it; one that was not uncertain stays as it is.
func (it *Item) afterSent() ItemState {
	if it.State != Uncertain {
		return it.State
	}
	state := Sent
	for _, r := range it.Recipients {
		switch r.State {
		case Pending, Deferred:
			return Queued
		case Refused:
			state = Partial
		}
	}
	return state
}
