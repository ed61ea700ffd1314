package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// RemovedRow is a message that is gone from its mailbox and can be had back.
type RemovedRow struct {
	Row            // as it was
	At   time.Time // when it went
	Here bool      // it was deleted for good here, not by the server
}

// RemovedQuery asks for what can be had back.
type RemovedQuery struct {
	Account AccountID // 0: all
	Mailbox string    // where it was, by name; "": anywhere
	Since   time.Time // gone since then
	Here    bool      // also what was deleted for good here
	Limit   int       // 0: all
}

// Removed lists what the server has removed (another client deleted it, its mailbox is gone, a backup was restored) in
// the last 30 days and is wholly here, the latest first; not what is in another mailbox of the account.
func (s *Store) Removed(ctx context.Context, rq RemovedQuery) (out []RemovedRow, err error) {
	type fact struct {
		at   int64
		how  removal
		name string
	}
	err = s.read(ctx, func(q querier) error {
		out = nil
		since := max(rq.Since.UnixMilli(), s.now().Add(-keepGone).UnixMilli())
		limit := rq.Limit
		if limit <= 0 {
			limit = -1
		}
		where := ` FROM message m JOIN mailbox b ON b.id = m.mailbox WHERE m.state = 2 AND m.gone_at >= ?1 AND m.content IS NOT NULL
			AND (?2 = 0 OR m.account = ?2) AND (?3 = '' OR b.name = ?3) AND (m.removed IN (1, 2) OR ?4 AND (m.removed = 3
				OR EXISTS (SELECT 1 FROM wish_step w WHERE w.message = m.id AND w.gone = 1)))
			AND NOT EXISTS (SELECT 1 FROM message o WHERE o.content = m.content AND o.account = m.account AND o.state = 0)
			ORDER BY m.gone_at DESC, m.id DESC LIMIT ?5`
		args := []any{since, rq.Account, rq.Mailbox, rq.Here, limit}
		rows, err := q.QueryContext(ctx, `SELECT m.gone_at, m.removed, b.name`+where, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var facts []fact
		for rows.Next() {
			var f fact
			if err := rows.Scan(&f.at, &f.how, &f.name); err != nil {
				return err
			}
			facts = append(facts, f)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		list, err := candidates(ctx, q, false, `SELECT `+rowFields+where, args...)
		if err != nil {
			return err
		}
		boxes, err := boxesByID(ctx, q)
		if err != nil {
			return err
		}
		done, err := finishRows(ctx, q, list, boxes)
		if err != nil {
			return err
		}
		accounts, err := s.accountNames(ctx, q)
		if err != nil {
			return err
		}
		for i, r := range done {
			r.MailboxName, r.AccountName = facts[i].name, accounts[r.Account]
			out = append(out, RemovedRow{r, time.UnixMilli(facts[i].at), facts[i].how == byUs || facts[i].how == byBoth})
		}
		return nil
	})
	return out, err
}

// accountNames are the names of all accounts.
func (s *Store) accountNames(ctx context.Context, q querier) (map[AccountID]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, name FROM account`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[AccountID]string{}
	for rows.Next() {
		var id AccountID
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		out[id] = name
	}
	return out, rows.Err()
}

// Recover brings tombstones back, each to the mailbox where it was, or to the one given (0: none) or, when that mailbox
// is gone, to the account's inbox. What no server has any more is uploaded by the next pass. A message that is not gone
// is left as it is; ErrNotFound for one that was never here or was freed after 30 days, ErrNoBody when only its header
// was here.
func (s *Store) Recover(ctx context.Context, ids []MessageID, to map[AccountID]MailboxID) (recovered int, err error) {
	ids = unique(ids)
	back := make([]bool, len(ids))
	err = s.writeEach(ctx, len(ids), func(t *txn, i int) (err error) {
		back[i], err = t.recover(ids[i], to)
		return err
	})
	for _, b := range back {
		if b {
			recovered++
		}
	}
	return recovered, err
}

func (t *txn) recover(id MessageID, to map[AccountID]MailboxID) (bool, error) {
	k, err := t.anyCopy(id)
	if err != nil || k.state == here {
		return false, err
	}
	if k.state != gone {
		return false, fmt.Errorf("message %d: %w", id, ErrNotFound)
	}
	if k.content == 0 && k.serverMailbox == 0 {
		return false, fmt.Errorf("message %d: %w", id, ErrNoBody)
	}
	if box := to[k.account]; box != 0 {
		k.mailbox = box
	} else if _, err := mailbox(t.ctx, t.tx, k.mailbox); err != nil {
		if !errors.Is(err, ErrNotFound) {
			return false, err
		}
		inbox, err := t.roleMailbox(k.account, RoleInbox)
		if err != nil {
			return false, err
		}
		k.mailbox = inbox.ID
	}
	k.flags &^= Deleted
	if err := t.saveFlags(&k); err != nil {
		return false, err
	}
	return true, t.comeBack(&k, "recover")
}
