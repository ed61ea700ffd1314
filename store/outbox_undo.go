package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// keepStep notes what Undo brings back of the outbox.
func (t *txn) keepStep(w Withdrawn) error {
	return t.run(`INSERT INTO outbox_step(grp, item, draft, made, was, waiting, attempts, copy, blocked) VALUES (?,?,?,?,?,?,?,?,?)`,
		w.Group, w.Item, w.Draft, w.made, w.was, w.waiting, w.attempts, w.copy, toJSON(w.blocked))
}

// dropSteps makes an item one that Undo does not bring back: its text is taken to be written on.
func (t *txn) dropSteps(id OutboxID) error {
	return t.run(`DELETE FROM outbox_step WHERE item = ?`, id)
}

func outboxSteps(ctx context.Context, q querier, grp GroupID, order string) ([]Withdrawn, error) {
	rows, err := q.QueryContext(ctx, `SELECT grp, item, draft, made, was, waiting, attempts, copy, blocked FROM outbox_step WHERE grp = ?`+order, grp)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Withdrawn
	for rows.Next() {
		var w Withdrawn
		var blocked string
		if err := rows.Scan(&w.Group, &w.Item, &w.Draft, &w.made, &w.was, &w.waiting, &w.attempts, &w.copy, &blocked); err != nil {
			return nil, err
		}
		w.blocked = fromJSON[blockedWish](blocked)
		out = append(out, w)
	}
	return out, rows.Err()
}

// beingWritten gives ErrState when what is to come back is being written on: that would be sent beside it.
func beingWritten(items []Withdrawn, writing []MessageID) error {
	for _, w := range items {
		if w.Draft != 0 && slices.Contains(writing, w.Draft) {
			return fmt.Errorf("the text of item %d is being written on: %w", w.Item, ErrState)
		}
	}
	return nil
}

// notBroughtBack gives ErrState for a draft that Undo took away as its item went back into the outbox: who has it open still
// would send the same message a second time. Once it is saved anew it is another.
func (t *txn) notBroughtBack(draft MessageID) error {
	if draft == 0 {
		return nil
	}
	var id OutboxID
	err := t.row(`SELECT o.id FROM outbox_step s JOIN outbox o ON o.id = s.item JOIN wish_group g ON g.id = s.grp
		WHERE s.draft = ?1 AND s.made AND g.undone IS NOT NULL AND o.state <> 'cancelled'
		AND NOT EXISTS (SELECT 1 FROM message WHERE id = ?1 AND state = 0) LIMIT 1`, draft).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("this text went back into the outbox, as item %d: cancel that first, or save this as a new draft: %w", id, ErrState)
}

// item brings back what was taken out of the outbox, or takes it out again. What is not possible any more is told, and
// stays as it is.
func (u *undoing) item(t *txn, w Withdrawn, grp GroupID) error {
	it, words, err := Item{}, "", error(nil)
	if u.again {
		it, err = t.recancel(w, grp)
		words = "item %d cancelled again: %s"
	} else {
		it, err = t.uncancel(w, grp)
		words = "item %d is back in the outbox, as it was: %s"
	}
	if errors.Is(err, ErrState) || errors.Is(err, ErrNotFound) {
		u.refuse(err)
		return nil
	}
	if err == nil {
		subject := it.Subject
		if subject == "" {
			subject = "(no subject)"
		}
		u.told = append(u.told, fmt.Sprintf(words, it.ID, subject))
	}
	return err
}

// recancel takes an item out again that was brought back, with the draft there was, as long as nothing was done to it since.
func (t *txn) recancel(w Withdrawn, grp GroupID) (Item, error) {
	it, err := t.s.item(t.ctx, t.tx, w.Item)
	if err != nil {
		return it, err
	}
	if it.State != w.was || it.Attempts != w.attempts || !w.made && it.KeptDraft != w.Draft || w.made && it.KeptDraft != 0 {
		return it, fmt.Errorf("item %d is %s and no more as it was brought back: %w", it.ID, it.State, ErrState)
	}
	var k copyState
	if w.made {
		if k, err = t.anyCopy(w.Draft); err == nil && (k.state != gone || k.content == 0) {
			err = ErrNotFound
		}
		if err != nil {
			return it, err
		}
	}
	now := Withdrawn{}
	if err := t.following(it, &now); err != nil {
		return it, err
	}
	if _, err := t.takeBack(it, nil); err != nil || !w.made {
		return it, err
	}
	k.state = here
	if err := t.savePlace(&k); err != nil {
		return it, err
	}
	if err := t.touch(k.id); err != nil {
		return it, err
	}
	if err := t.settle(&k, grp); err != nil {
		return it, err
	}
	err = t.run(`UPDATE outbox SET draft = ? WHERE id = ?`, k.id, it.ID)
	if err != nil {
		return it, err
	}
	return it, t.run(`UPDATE outbox_step SET waiting = ?, copy = ?, blocked = ? WHERE grp = ? AND item = ?`, now.waiting, now.copy, toJSON(now.blocked), w.Group, w.Item)
}
