package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

const itemFields = `o.id, o.account, a.name, o.state, o.from_name, o.from_addr, o.sender, o.subject, o.header_id, o.size, o.created, o.not_before,
	o.next_attempt, o.first_deferral, o.attempts, o.last_error, o.waiting, coalesce(o.key, ''), o.policy, o.utf8, o.dsn, o.envid,
	o.requiretls, coalesce((SELECT m.id FROM message m WHERE m.id = o.draft AND m.state = 0), 0)`

// items reads those a condition selects, in the order it gives, with their recipients.
func (s *Store) items(ctx context.Context, q querier, where string, args ...any) ([]Item, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+itemFields+` FROM outbox o JOIN account a ON a.id = o.account WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Item
	for rows.Next() {
		var it Item
		var created, notBefore, next, deferral sql.NullInt64
		err := rows.Scan(&it.ID, &it.Account, &it.AccountName, &it.State, &it.From.Name, &it.From.Addr, &it.Sender, &it.Subject, &it.MessageID,
			&it.Size, &created, &notBefore, &next, &deferral, &it.Attempts, &it.LastError, &it.Waiting, &it.Key, &it.Policy, &it.UTF8, &it.DSN, &it.EnvID,
			&it.RequireTLS, &it.KeptDraft)
		if err != nil {
			return nil, err
		}
		it.Created, it.NotBefore, it.NextAttempt, it.FirstDeferral = at(created), at(notBefore), at(next), at(deferral)
		it.Waiting = it.waits(s.now())
		out = append(out, it)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := addRecipients(ctx, q, out); err != nil {
		return nil, err
	}
	return out, addReports(ctx, q, out)
}

// waits says why nothing happens now.
func (it *Item) waits(now time.Time) string {
	switch it.State {
	case Uncertain:
		if it.Waiting == "" {
			return "answer"
		}
		return it.Waiting
	case Partial:
		return it.Waiting
	case Queued:
	default:
		return ""
	}
	switch {
	case it.NotBefore.After(now):
		return "time"
	case it.Waiting != "":
		return it.Waiting
	case it.NextAttempt.After(now):
		return "retry"
	}
	return ""
}

func addRecipients(ctx context.Context, q querier, items []Item) error {
	ids, index := make([]OutboxID, len(items)), make(map[OutboxID]int, len(items))
	for i, it := range items {
		ids[i], index[it.ID] = it.ID, i
	}
	rows, err := q.QueryContext(ctx, `SELECT item, addr, state, code, enhanced, text, attempts FROM recipient
		WHERE item IN (SELECT value FROM json_each(?)) ORDER BY item, seq`, toJSON(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id OutboxID
		var r Recipient
		if err := rows.Scan(&id, &r.Addr, &r.State, &r.Code, &r.Enhanced, &r.Text, &r.Attempts); err != nil {
			return err
		}
		r.MayHave = r.State == MaybeAccepted
		it := &items[index[id]]
		it.Recipients = append(it.Recipients, r)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return addDoubts(ctx, q, items)
}

// addDoubts marks the recipients whose outcome was once in doubt and who have not accepted since. Whoever the policy
// sends to again is written down as deferred, but without a code: no server has said it.
func addDoubts(ctx context.Context, q querier, items []Item) error {
	open := map[OutboxID]*Item{}
	for i := range items {
		if it := &items[i]; it.Attempts > 0 && len(it.accepted()) < len(it.Recipients) {
			open[it.ID] = it
		}
	}
	if len(open) == 0 {
		return nil
	}
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT t.item, x.addr FROM attempt t JOIN attempt_recipient x ON x.attempt = t.id
		WHERE t.item IN (SELECT value FROM json_each(?)) AND (x.state = 'uncertain' OR x.state = 'deferred' AND x.code = 0 AND t.dot IS NOT NULL)`,
		toJSON(slices.Collect(maps.Keys(open))))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id OutboxID
		var addr string
		if err := rows.Scan(&id, &addr); err != nil {
			return err
		}
		for i := range open[id].Recipients {
			if r := &open[id].Recipients[i]; r.Addr == addr && r.State != Accepted {
				r.MayHave = true
			}
		}
	}
	return rows.Err()
}

func (s *Store) item(ctx context.Context, q querier, id OutboxID) (Item, error) {
	list, err := s.items(ctx, q, `o.id = ?`, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("outbox item %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return Item{}, err
	}
	return list[0], nil
}

// Item reads one; ErrNotFound.
func (s *Store) Item(ctx context.Context, id OutboxID) (it Item, err error) {
	err = s.read(ctx, func(q querier) error {
		it, err = s.item(ctx, q, id)
		return err
	})
	return it, err
}

// Items lists what is not yet done (all: everything), oldest first. A failed item is
// not done, nor is a partial one: somebody must retry or cancel it.
func (s *Store) Items(ctx context.Context, all bool) (list []Item, err error) {
	where := `(o.state IN ('queued', 'sending', 'held', 'uncertain', 'failed') OR o.state = 'partial' AND o.waiting = 'answer') ORDER BY o.id`
	if all {
		where = `1 ORDER BY o.id`
	}
	err = s.read(ctx, func(q querier) error {
		list, err = s.items(ctx, q, where)
		return err
	})
	return list, err
}

// ItemsNamed reads those of the ids that there are, oldest first.
func (s *Store) ItemsNamed(ctx context.Context, ids []OutboxID) (list []Item, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err = s.items(ctx, q, `o.id IN (SELECT value FROM json_each(?)) ORDER BY o.id`, toJSON(ids))
		return err
	})
	return list, err
}

// UncertainItems lists an account's items in state uncertain.
func (s *Store) UncertainItems(ctx context.Context, a AccountID) (list []Item, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err = s.items(ctx, q, `o.state = 'uncertain' AND o.account = ? ORDER BY o.id`, a)
		return err
	})
	return list, err
}

// ItemRaw returns the frozen bytes as they go on the wire.
func (s *Store) ItemRaw(ctx context.Context, id OutboxID) ([]byte, error) {
	return s.itemContent(ctx, id, `content`)
}

// ItemCopy returns the item's bytes as the person keeps them: with Bcc.
func (s *Store) ItemCopy(ctx context.Context, id OutboxID) ([]byte, error) {
	return s.itemContent(ctx, id, `coalesce(copy_content, content)`)
}

func (s *Store) itemContent(ctx context.Context, id OutboxID, column string) (raw []byte, err error) {
	err = s.read(ctx, func(q querier) error {
		raw, err = s.contentOf(ctx, q, id, column)
		return err
	})
	return raw, err
}

func (s *Store) wire(ctx context.Context, q querier, id OutboxID) ([]byte, error) {
	return s.contentOf(ctx, q, id, `content`)
}

func (s *Store) contentOf(ctx context.Context, q querier, id OutboxID, column string) ([]byte, error) {
	var c ContentID
	err := q.QueryRowContext(ctx, `SELECT `+column+` FROM outbox WHERE id = ?`, id).Scan(&c)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("outbox item %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return s.content(ctx, q, c)
}

// OutboxCounts counts items by state (for the status line); of the partial ones those that wait for an answer.
func (s *Store) OutboxCounts(ctx context.Context) (out map[ItemState]int, err error) {
	err = s.read(ctx, func(q querier) error {
		out = map[ItemState]int{}
		rows, err := q.QueryContext(ctx, `SELECT state, count(*) FROM outbox WHERE state <> 'partial' OR waiting = 'answer' GROUP BY state`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var st ItemState
			var n int
			if err := rows.Scan(&st, &n); err != nil {
				return err
			}
			out[st] = n
		}
		return rows.Err()
	})
	return out, err
}

// NextDue is when the outbox of the account wants a flush: when its next queued item becomes due, and at once while one
// is being sent, for whoever sends it may have died; zero: not by itself.
func (s *Store) NextDue(ctx context.Context, a AccountID) (time.Time, error) {
	var due sql.NullInt64
	err := s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE state = 'sending' AND account = ?1) THEN ?2
			ELSE (SELECT min(due) FROM outbox WHERE account = ?1 AND state = 'queued') END`, a, s.now().UnixMilli()).Scan(&due)
	})
	return at(due), err
}

// DueCount counts an account's queued items that are due.
func (s *Store) DueCount(ctx context.Context, a AccountID) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE account = ? AND state = 'queued' AND due <= ?`, a, s.now().UnixMilli()).Scan(&n)
	})
	return n, err
}
