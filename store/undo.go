package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What a step did to a copy's life: wish_step.gone.
const (
	stepKept    = iota
	stepGone    // deleted for good
	stepMade    // made as a copy of another
	stepAcross  // ended for a copy in another account
	stepCarried // that copy: goes with the step of the other
)

// step is what a group changed of one copy.
type step struct {
	message                   MessageID
	from, to                  MailboxID
	add, remove               Flags
	addKeywords, dropKeywords []string
	life                      int
	other                     MessageID // of stepAcross: the copy in the other account
}

// undoing is one Undo or Redo and what it did, to be told.
type undoing struct {
	again   bool // a Redo
	group   GroupID
	steps   []step
	boxes   []boxStep
	items   []Withdrawn
	told    []string       // of mailboxes and the outbox
	refused []string       // of them: what is not possible any more
	moved   map[string]int // mailbox name → messages moved to it
	flags   int
	left    int // changed or gone meanwhile
	back    int // deleted for good and here again
	away    int // taken away (again)
	made    int // copies made again
	gone    int // deleted for good, and not to be had again
}

// The last group that is not undone, and the first undone one that nothing was wished after. A group that changed
// nothing is none.
const (
	undoable = `SELECT id FROM wish_group g WHERE undoable = 1 AND undone IS NULL AND ` + hasSteps + ` ORDER BY id DESC LIMIT 1`
	redoable = `SELECT id FROM wish_group g WHERE undoable = 1 AND undone IS NOT NULL AND ` + hasSteps + ` ORDER BY id LIMIT 1`
	hasSteps = `(EXISTS (SELECT 1 FROM wish_step WHERE grp = g.id) OR EXISTS (SELECT 1 FROM mailbox_step WHERE grp = g.id)
		OR EXISTS (SELECT 1 FROM outbox_step WHERE grp = g.id))`
	stepFields = `message, coalesce(from_mailbox, 0), coalesce(to_mailbox, 0), add_flags, remove_flags, add_keywords, remove_keywords, gone, coalesce(other, 0)`
)

// Undo takes back the last group of wishes and says what it did ("3 messages moved back to INBOX").
// What was replayed already is wished back; what was deleted for good comes back as long as its text is here.
// An item that was cancelled goes back into the outbox, but not while its draft is among those being written on. ErrNothing; ErrState when nothing of it can be taken back.
func (s *Store) Undo(ctx context.Context, writing ...MessageID) (string, error) {
	return s.revise(ctx, false, writing)
}

// Redo does again what Undo took back last, as long as nothing has been wished since. ErrNoRedo; ErrState when
// nothing of it can be done again.
func (s *Store) Redo(ctx context.Context) (string, error) { return s.revise(ctx, true, nil) }

func (s *Store) revise(ctx context.Context, again bool, writing []MessageID) (string, error) {
	u := &undoing{again: again}
	if err := s.read(ctx, func(q querier) error { return u.load(ctx, q) }); err != nil {
		return "", err
	}
	if err := beingWritten(u.items, writing); err != nil && !again {
		return "", err
	}
	n := max(1, len(u.steps)+len(u.items))
	counts := make([]*undoing, n) // per step, so that a transaction that is run again counts once
	var grp GroupID
	err := s.writeEach(ctx, n, func(t *txn, i int) (err error) {
		c := &undoing{again: again, moved: map[string]int{}}
		counts[i] = c
		if i == 0 {
			if grp, err = t.newGroup(map[bool]string{false: "undo", true: "redo"}[again], false); err != nil {
				return err
			}
		}
		if i == 0 && !again { // a mailbox is there before messages go back to it
			if err := c.undoBoxes(t, u.boxes, grp); err != nil {
				return err
			}
		}
		if i < len(u.steps) {
			if err := c.step(t, u.steps[i], grp); err != nil {
				return err
			}
		} else if j := i - len(u.steps); j < len(u.items) {
			if err := c.item(t, u.items[j], grp); err != nil {
				return err
			}
		}
		if i < n-1 {
			return nil
		}
		if again {
			if err := c.redoBoxes(t, u.boxes, grp); err != nil {
				return err
			}
			return t.run(`UPDATE wish_group SET undone = NULL WHERE id = ?`, u.group)
		}
		return t.run(`UPDATE wish_group SET undone = ? WHERE id = ?`, t.now, u.group)
	})
	if err != nil {
		return "", err
	}
	return u.tell(counts)
}

// load finds the group and its steps: for Undo the last first.
func (u *undoing) load(ctx context.Context, q querier) error {
	which, order := undoable, ` ORDER BY id DESC`
	if u.again {
		which, order = redoable, ` ORDER BY id`
	}
	err := q.QueryRowContext(ctx, which).Scan(&u.group)
	if errors.Is(err, sql.ErrNoRows) {
		if u.again {
			return ErrNoRedo
		}
		return ErrNothing
	}
	if err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, `SELECT `+stepFields+` FROM wish_step WHERE grp = ?`+order, u.group)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var x step
		var add, remove string
		if err := rows.Scan(&x.message, &x.from, &x.to, &x.add, &x.remove, &add, &remove, &x.life, &x.other); err != nil {
			return err
		}
		x.addKeywords, x.dropKeywords = fromJSON[string](add), fromJSON[string](remove)
		u.steps = append(u.steps, x)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if u.boxes, err = boxSteps(ctx, q, u.group, order); err != nil {
		return err
	}
	u.items, err = outboxSteps(ctx, q, u.group, order)
	return err
}

// step takes one step back, or does it again, if the copy is still as it was left.
func (u *undoing) step(t *txn, x step, grp GroupID) error {
	switch {
	case x.life == stepGone && !u.again:
		return u.revive(t, x, grp, &u.back)
	case x.life == stepMade && u.again:
		return u.revive(t, x, grp, &u.made)
	case x.life == stepAcross:
		return u.across(t, x, grp)
	case x.life == stepCarried:
		return u.carried(t, x)
	}
	k, err := t.copy(x.message)
	if errors.Is(err, ErrNotFound) {
		u.left++
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case x.life == stepGone || x.life == stepMade:
		u.away++
		return t.remove(&k, grp)
	case x.to == 0:
		c := FlagChange{Add: x.remove, Remove: x.add, AddKeywords: x.dropKeywords, RemoveKeywords: x.addKeywords}
		if u.again {
			c = FlagChange{Add: x.add, Remove: x.remove, AddKeywords: x.addKeywords, RemoveKeywords: x.dropKeywords}
		}
		u.flags++
		return t.mark(&k, c, grp)
	}
	from, to := x.to, x.from
	if u.again {
		from, to = to, from
	}
	box, err := mailbox(t.ctx, t.tx, to)
	if errors.Is(err, ErrNotFound) || err == nil && k.mailbox != from {
		u.left++
		return nil
	}
	if err != nil {
		return err
	}
	u.moved[box.Name]++
	return t.move(&k, box.ID, grp)
}

// revive brings back a copy that was deleted for good, as long as its text is here or the server has not heard of it.
func (u *undoing) revive(t *txn, x step, grp GroupID, n *int) error {
	k, err := t.anyCopy(x.message)
	if errors.Is(err, ErrNotFound) {
		u.gone++
		return nil
	}
	if err != nil {
		return err
	}
	wishes, err := t.wishes(k.id)
	if err != nil {
		return err
	}
	_, err = mailbox(t.ctx, t.tx, k.mailbox)
	switch {
	case errors.Is(err, ErrNotFound):
		u.left++
		return nil
	case err != nil:
		return err
	case k.state == here || k.removed == overtakenByMove:
		u.left++
		return nil
	case k.state != gone || k.content == 0 && k.copyOf == 0 && (k.serverMailbox == 0 || slices.ContainsFunc(wishes, func(a actionRow) bool { return a.given != 0 })):
		u.gone++
		return nil
	}
	*n++
	k.state = here
	if err := t.savePlace(&k); err != nil {
		return err
	}
	if err := t.touch(k.id); err != nil {
		return err
	}
	return t.settle(&k, grp)
}

// tell sums up.
func (u *undoing) tell(counts []*undoing) (string, error) {
	u.moved = map[string]int{}
	for _, c := range counts {
		u.flags, u.left, u.gone = u.flags+c.flags, u.left+c.left, u.gone+c.gone
		u.back, u.away, u.made, u.told = u.back+c.back, u.away+c.away, u.made+c.made, append(u.told, c.told...)
		u.refused = append(u.refused, c.refused...)
		for name, n := range c.moved {
			u.moved[name] += n
		}
	}
	said := u.told
	for name, n := range u.moved {
		way := " moved back to "
		if u.again {
			way = " moved to "
		}
		said = append(said, count(n, "message", "messages")+way+name)
	}
	slices.Sort(said)
	for _, x := range []struct {
		n     int
		words string
	}{{u.back, " deleted for good brought back"}, {u.made, " copied again"}, {u.away, map[bool]string{false: " copied taken away", true: " deleted for good again"}[u.again]}} {
		if x.n > 0 {
			said = append(said, count(x.n, "message", "messages")+x.words)
		}
	}
	if u.flags > 0 {
		said = append(said, "flags of "+count(u.flags, "message", "messages")+map[bool]string{false: " restored", true: " changed again"}[u.again])
	}
	did := len(said) > 0
	if u.gone > 0 {
		said = append(said, count(u.gone, "message", "messages")+" deleted for good cannot come back")
	}
	if u.left > 0 {
		said = append(said, count(u.left, "message has", "messages have")+" changed since and stay as they are")
	}
	words := strings.Join(append(said, u.refused...), ", ")
	if !did {
		return "", fmt.Errorf("%s: %w", words, ErrState)
	}
	return words, nil
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
