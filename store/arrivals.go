package store

import (
	"context"
	"database/sql"
)

// signalPulled is noted when a mailbox without IMAP's numbers was pulled to its end.
const signalPulled = "pulled"

// NewsMark says what was here at a moment: new mail is what came after it.
type NewsMark struct {
	last  MessageID
	whole []MailboxID // mailboxes that had been pulled to their end once
}

// Arrivals is new mail: unseen messages that came since a mark.
type Arrivals struct {
	Count int   // a message that came in several mailboxes counts once
	Rows  []Row // the newest, at most maxArrivals
}

// maxArrivals is how many rows Arrivals has at most.
const maxArrivals = 20

// NotePulled records that an account without mailboxes on its server (POP3) was pulled to its
// end: what comes from now on is new mail, and not the first pull's.
func (s *Store) NotePulled(ctx context.Context, a AccountID) error {
	if n, _, err := s.signalled(ctx, a, signalPulled); err != nil || n > 0 {
		return err
	}
	return s.signal(ctx, a, signalPulled)
}

// MarkNews is the mark of this moment.
func (s *Store) MarkNews(ctx context.Context) (mark NewsMark, err error) {
	err = s.read(ctx, func(q querier) error {
		mark, err = newsMark(ctx, q)
		return err
	})
	return mark, err
}

// newsMark counts a mailbox as whole when its first pull has ended.
func newsMark(ctx context.Context, q querier) (mark NewsMark, err error) {
	var last sql.NullInt64
	if err := q.QueryRowContext(ctx, `SELECT max(id) FROM message`).Scan(&last); err != nil {
		return mark, err
	}
	mark.last = MessageID(last.Int64)
	rows, err := q.QueryContext(ctx, `SELECT b.id FROM mailbox b WHERE b.gone IS NULL AND (b.uidnext > 0 OR b.role = 'inbox'
		AND EXISTS (SELECT 1 FROM signal s WHERE s.account = b.account AND s.kind = ?))`, signalPulled)
	if err != nil {
		return mark, err
	}
	defer rows.Close()
	for rows.Next() {
		var id MailboxID
		if err := rows.Scan(&id); err != nil {
			return mark, err
		}
		mark.whole = append(mark.whole, id)
	}
	return mark, rows.Err()
}

// arrived selects new mail among m and its mailbox b: what a server brought into a mailbox that was
// whole, unseen, not where mail is filed or thrown away, and not a message the account has had
// already (moved by another client, say; one's own copy in Sent does not count), nor one that was copied or
// moved there here (stepMade, stepCarried).
const arrived = ` FROM message m CROSS JOIN mailbox b ON b.id = m.mailbox
	WHERE m.id > ?1 AND (?2 = 0 OR m.account = ?2) AND m.state = 0 AND m.flags & ?3 = 0
	AND m.mailbox IN (SELECT value FROM json_each(?4)) AND b.role NOT IN ('sent', 'drafts', 'trash', 'junk', 'archive', 'all')
	AND (m.server_uid IS NOT NULL OR EXISTS (SELECT 1 FROM uidl u WHERE u.message = m.id))
	AND NOT EXISTS (SELECT 1 FROM message o JOIN mailbox p ON p.id = o.mailbox WHERE o.header_id = m.header_id AND m.header_id <> ''
		AND o.account = m.account AND o.id <= ?1 AND p.role NOT IN ('sent', 'drafts'))
	AND NOT EXISTS (SELECT 1 FROM wish_step w WHERE w.message = m.id AND w.gone IN (2, 4))`

// Arrived tells what new mail an account (0: all) got since a mark, newest first, and the mark of
// this moment.
func (s *Store) Arrived(ctx context.Context, a AccountID, since NewsMark) (news Arrivals, now NewsMark, err error) {
	err = s.read(ctx, func(q querier) error {
		news = Arrivals{}
		if now, err = newsMark(ctx, q); err != nil || now.last <= since.last {
			return err
		}
		args := []any{since.last, a, Seen | Draft | Deleted, toJSON(since.whole)}
		const one = `CASE m.header_id WHEN '' THEN m.id ELSE m.account || m.header_id END`
		if err := q.QueryRowContext(ctx, `SELECT count(DISTINCT `+one+`)`+arrived, args...).Scan(&news.Count); err != nil || news.Count == 0 {
			return err
		}
		list, err := candidates(ctx, q, false, `SELECT `+rowFields+arrived+` GROUP BY `+one+` ORDER BY m.received DESC, m.server_uid DESC, m.id DESC LIMIT ?5`,
			append(args, maxArrivals)...)
		if err != nil {
			return err
		}
		boxes, err := boxesByID(ctx, q)
		if err != nil {
			return err
		}
		news.Rows, err = finishRows(ctx, q, list, boxes)
		return err
	})
	return news, now, err
}
