package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"mua/store/message"
)

// BoxSpace is what a mailbox takes.
type BoxSpace struct {
	Account, Name string
	Messages      int
	Octets        int64 // of the messages that are wholly here
	Stored        int64 // what they take in the database, in octets; what mailboxes share counts for one of them
}

// space reads what takes how much room, and what waits for servers. It is called on a sound database only.
func (h *Health) space(ctx context.Context, db *sql.DB) {
	one := func(doing, q string, into any) {
		h.problem(doing, storageFault(db.QueryRowContext(ctx, q).Scan(into)))
	}
	var free, mode int64
	one("counting free pages", `PRAGMA freelist_count`, &free)
	one("reading how it grows", `PRAGMA auto_vacuum`, &mode)
	h.Reusable, h.Shrinks = free*pageSize, mode != 0
	one("counting wishes", `SELECT count(*) FROM action WHERE state = 'pending' AND blocked_by IS NULL`, &h.Wishes)
	one("counting conflicts", `SELECT count(*) FROM action WHERE state IN ('refused', 'contradicted')`, &h.Conflicts)
	var oldest sql.NullInt64
	one("reading wishes", `SELECT min(created) FROM action WHERE state = 'pending' AND blocked_by IS NULL`, &oldest)
	h.OldestWish = at(oldest)
	if h.Schema >= acrossSchema {
		var err error
		h.Held, err = heldDeletions(ctx, db)
		h.problem("reading wishes for mailboxes", storageFault(err))
	}
	h.problem("measuring mailboxes", storageFault(h.boxSpace(ctx, db)))
}

func (h *Health) boxSpace(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `
		WITH owner AS (SELECT content, min(id) AS id FROM message WHERE content IS NOT NULL GROUP BY content),
		held AS (SELECT CASE WHEN m.state = 2 THEN 0 ELSE m.mailbox END AS box, c.size AS octets,
			length(c.data) + ifnull((SELECT sum(length(k.data)) FROM content_chunk k WHERE k.content = c.id AND c.size > ?), 0) AS stored
			FROM owner o JOIN message m ON m.id = o.id JOIN content c ON c.id = o.content)
		SELECT ifnull(a.name, ''), ifnull(b.name, ''), ifnull(b.total, count(*)), sum(h.octets), sum(h.stored)
		FROM held h LEFT JOIN mailbox b ON b.id = h.box LEFT JOIN account a ON a.id = b.account GROUP BY h.box ORDER BY sum(h.stored) DESC`, chunkSize)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b BoxSpace
		if err := rows.Scan(&b.Account, &b.Name, &b.Messages, &b.Octets, &b.Stored); err != nil {
			return err
		}
		if b.Account == "" { // tombstones
			h.Recoverable, h.RecoverableSize = b.Messages, b.Stored
			continue
		}
		h.Mailboxes = append(h.Mailboxes, b)
	}
	return rows.Err()
}

// Advice says what a person may want to do about what was found, a line each; configured tells which accounts are set up.
func (h *Health) Advice(now time.Time, configured func(account string) bool) (out []string) {
	if h.Wishes > 0 && now.Sub(h.OldestWish) > 24*time.Hour {
		out = append(out, fmt.Sprintf("%s for servers since %s: mua sync carries them out", count(h.Wishes, "change waits", "changes wait"), h.OldestWish.Format(time.DateOnly)))
	}
	for _, d := range h.Held {
		out = append(out, fmt.Sprintf("%s: %s: %s", message.CleanLine(d.Account), d.What(), d.Repair(configured(d.To))))
	}
	if h.Conflicts > 0 {
		out = append(out, count(h.Conflicts, "change was", "changes were")+" refused by a server: mua conflicts")
	}
	if h.Free >= 0 && h.Free < max(h.Size/10, 256<<20) {
		out = append(out, "the disk is nearly full: offline = \"90d\" for an account keeps older texts on its server only")
	}
	if h.Log > 256<<20 {
		out = append(out, "the log beside mail.db is long: a process that reads for very long keeps it from being emptied")
	}
	return out
}
