package store

import (
	"context"
	"time"
)

const (
	// keepGone is how long a tombstone keeps a message.
	keepGone = 30 * 24 * time.Hour
	// purgeBatch bounds one maintenance run.
	purgeBatch = 2000
)

// Purge frees what is gone for longer than keepGone, oldest first, a bounded number a
// run, so that it may be called after every pass: conflicts, tombstones that no server still has, the bytes no copy or item needs, and what undo could take back.
func (s *Store) Purge(ctx context.Context) error {
	if err := s.purgeJournal(ctx); err != nil {
		return err
	}
	ids, groups, err := s.purgeable(ctx)
	if err != nil {
		return err
	}
	err = s.writeEach(ctx, len(groups), func(t *txn, i int) error {
		return t.run(`DELETE FROM wish_group WHERE id = ? AND NOT EXISTS (SELECT 1 FROM action WHERE grp = wish_group.id)
			AND NOT EXISTS (SELECT 1 FROM mailbox_wish WHERE grp = wish_group.id)`, groups[i])
	})
	if err != nil {
		return err
	}
	return s.writeEach(ctx, len(ids), func(t *txn, i int) error { return t.purgeOne(ids[i]) })
}

// purgeJournal forgets conflicts of long ago.
func (s *Store) purgeJournal(ctx context.Context) error {
	before := s.now().Add(-keepGone).UnixMilli()
	var some bool
	err := s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM action WHERE state IN ('refused', 'contradicted') AND ended < ?1)
			OR EXISTS (SELECT 1 FROM mailbox_wish WHERE state = 'refused' AND ended < ?1)`, before).Scan(&some)
	})
	if err != nil || !some {
		return err
	}
	return s.write(ctx, func(t *txn) error {
		err := t.run(`DELETE FROM action WHERE id IN (SELECT id FROM action WHERE state IN ('refused', 'contradicted') AND ended < ? ORDER BY ended LIMIT ?)`, before, purgeBatch)
		if err != nil {
			return err
		}
		return t.run(`DELETE FROM mailbox_wish WHERE state = 'refused' AND ended < ?`, before)
	})
}

func (s *Store) purgeable(ctx context.Context) (ids []MessageID, groups []GroupID, err error) {
	before := s.now().Add(-keepGone).UnixMilli()
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT id FROM wish_group WHERE created < ?
			AND NOT EXISTS (SELECT 1 FROM action WHERE grp = wish_group.id)
			AND NOT EXISTS (SELECT 1 FROM mailbox_wish WHERE grp = wish_group.id) ORDER BY id LIMIT ?`, before, purgeBatch)
		if err != nil {
			return err
		}
		if groups, err = collect[GroupID](rows); err != nil {
			return err
		}
		rows, err = q.QueryContext(ctx, `SELECT id FROM message WHERE state = 2 AND gone_at < ? AND server_mailbox IS NULL
			AND NOT EXISTS (SELECT 1 FROM action WHERE message = message.id AND state = 'pending') ORDER BY gone_at LIMIT ?`,
			before, purgeBatch)
		if err != nil {
			return err
		}
		ids, err = collect[MessageID](rows)
		return err
	})
	return ids, groups, err
}

func (t *txn) purgeOne(id MessageID) error {
	k, err := t.anyCopy(id)
	if err != nil || k.state != gone {
		return ignoreNotFound(err)
	}
	if err := t.run(`DELETE FROM message WHERE id = ?`, id); err != nil {
		return err
	}
	return t.freeContent(k.content)
}

// freeContent drops bytes nobody refers to any more.
func (t *txn) freeContent(id ContentID) error {
	if id == 0 {
		return nil
	}
	return t.run(`DELETE FROM content WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM message WHERE content = ?1)
		AND NOT EXISTS (SELECT 1 FROM outbox WHERE content = ?1) AND NOT EXISTS (SELECT 1 FROM outbox WHERE copy_content = ?1)`, id)
}
