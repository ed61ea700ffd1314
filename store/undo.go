package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// step is what a group changed of one copy.
type step struct {
	message                   MessageID
	from, to                  MailboxID
	add, remove               Flags
	addKeywords, dropKeywords []string
	gone                      bool
}

// undoing is one Undo and what it did, to be told.
type undoing struct {
	group GroupID
	steps []step
	back  map[string]int // mailbox name → messages moved back to it
	flags int
	left  int // changed or gone meanwhile
	gone  int // deleted for good
}

// Undo takes back the last group of wishes and says what it did ("3 messages moved back to INBOX").
// What was replayed already is wished back. ErrNothing; ErrState when nothing of it can be taken back.
func (s *Store) Undo(ctx context.Context) (string, error) {
	u := &undoing{}
	if err := s.read(ctx, func(q querier) error { return u.load(ctx, q) }); err != nil {
		return "", err
	}
	var counts []*undoing // per step, so that a transaction that is run again counts once
	for range u.steps {
		counts = append(counts, nil)
	}
	var grp GroupID
	err := s.writeEach(ctx, len(u.steps), func(t *txn, i int) (err error) {
		if i == 0 {
			if grp, err = t.newGroup("undo", false); err != nil {
				return err
			}
		}
		counts[i] = &undoing{back: map[string]int{}}
		if err := counts[i].undo(t, u.steps[i], grp); err != nil {
			return err
		}
		if i == len(u.steps)-1 {
			return t.run(`UPDATE wish_group SET undone = ? WHERE id = ?`, t.now, u.group)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return u.tell(counts)
}

// load finds the last group and its steps, the last first.
func (u *undoing) load(ctx context.Context, q querier) error {
	err := q.QueryRowContext(ctx, `SELECT id FROM wish_group g WHERE undoable = 1 AND undone IS NULL
		AND EXISTS (SELECT 1 FROM wish_step WHERE grp = g.id) ORDER BY id DESC LIMIT 1`).Scan(&u.group)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNothing
	}
	if err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, `SELECT message, coalesce(from_mailbox, 0), coalesce(to_mailbox, 0), add_flags, remove_flags,
		add_keywords, remove_keywords, gone FROM wish_step WHERE grp = ? ORDER BY id DESC`, u.group)
	if err != nil {
		return err
	}
	defer rows.Close()
	onlyGone := true
	for rows.Next() {
		var x step
		var add, remove string
		if err := rows.Scan(&x.message, &x.from, &x.to, &x.add, &x.remove, &add, &remove, &x.gone); err != nil {
			return err
		}
		x.addKeywords, x.dropKeywords = fromJSON[string](add), fromJSON[string](remove)
		u.steps, onlyGone = append(u.steps, x), onlyGone && x.gone
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if onlyGone {
		return fmt.Errorf("%s deleted for good: that cannot be undone: %w", count(len(u.steps), "message", "messages"), ErrState)
	}
	return nil
}

// undo inverts one step, if the copy is still as the step left it.
func (u *undoing) undo(t *txn, x step, grp GroupID) error {
	if x.gone {
		u.gone++
		return nil
	}
	k, err := t.copy(x.message)
	if errors.Is(err, ErrNotFound) {
		u.left++
		return nil
	}
	if err != nil {
		return err
	}
	if x.to == 0 {
		u.flags++
		return t.mark(&k, FlagChange{Add: x.remove, Remove: x.add, AddKeywords: x.dropKeywords, RemoveKeywords: x.addKeywords}, grp)
	}
	box, err := mailbox(t.ctx, t.tx, x.from)
	if errors.Is(err, ErrNotFound) || err == nil && k.mailbox != x.to {
		u.left++
		return nil
	}
	if err != nil {
		return err
	}
	u.back[box.Name]++
	return t.move(&k, box.ID, grp)
}

// tell sums up.
func (u *undoing) tell(counts []*undoing) (string, error) {
	u.back = map[string]int{}
	for _, c := range counts {
		u.flags, u.left, u.gone = u.flags+c.flags, u.left+c.left, u.gone+c.gone
		for name, n := range c.back {
			u.back[name] += n
		}
	}
	var said []string
	for name, n := range u.back {
		said = append(said, count(n, "message", "messages")+" moved back to "+name)
	}
	slices.Sort(said)
	if u.flags > 0 {
		said = append(said, "flags of "+count(u.flags, "message", "messages")+" restored")
	}
	if u.gone > 0 {
		said = append(said, count(u.gone, "message", "messages")+" deleted for good cannot come back")
	}
	if u.left > 0 {
		said = append(said, count(u.left, "message has", "messages have")+" changed since and stay as they are")
	}
	words := strings.Join(said, ", ")
	if u.flags == 0 && len(u.back) == 0 {
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
