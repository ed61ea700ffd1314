package store

import (
	"context"
	"database/sql"
	"time"
)

// Scheduled counts the queued items that wait for their time, but for those
// named, and tells the earliest and the latest of these times (zero: none).
func (s *Store) Scheduled(ctx context.Context, but []OutboxID) (n int, first, last time.Time, err error) {
	var earliest, latest sql.NullInt64
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*), min(not_before), max(not_before) FROM outbox
			WHERE state = 'queued' AND not_before > ? AND id NOT IN (SELECT value FROM json_each(?))`,
			s.now().UnixMilli(), toJSON(but)).Scan(&n, &earliest, &latest)
	})
	return n, at(earliest), at(latest), err
}
