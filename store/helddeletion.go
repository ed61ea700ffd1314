package store

import (
	"context"
	"fmt"
	"time"

	"mua/store/message"
)

// HeldDeletion is a mailbox that is deleted here and still on its server: what was moved from it to another account has not
// reached that one's server, and is nowhere else.
type HeldDeletion struct {
	Account, Mailbox string
	To               string // the account that is waited for
	Messages         int
	Since            time.Time // when the mailbox was deleted here
}

// What says it for a reader.
func (d HeldDeletion) What() string {
	words := "messages that were moved from it to %s have not reached the server there"
	if d.Messages == 1 {
		words = "message that was moved from it to %s has not reached the server there"
	}
	return fmt.Sprintf("%s is deleted here since %s and still on its server: %d "+words, message.CleanLine(d.Mailbox),
		d.Since.Format(time.DateOnly), d.Messages, message.CleanLine(d.To))
}

// Repair says what a person can do about it; configured: the account that is waited for is set up.
func (d HeldDeletion) Repair(configured bool) string {
	to := message.CleanLine(d.To)
	first := fmt.Sprintf("mua sync %s", to)
	if !configured {
		first = fmt.Sprintf("put the account %s back", to)
	}
	return fmt.Sprintf("%s, or mua move to another account (mua list -A %s)", first, to)
}

// acrossSchema is the first schema that knows of moves between accounts.
const acrossSchema = 14

// HeldDeletions lists the deletions of mailboxes that wait for other accounts, oldest first.
func (s *Store) HeldDeletions(ctx context.Context) (out []HeldDeletion, err error) {
	err = s.read(ctx, func(q querier) error {
		out, err = heldDeletions(ctx, q)
		return err
	})
	return out, err
}

func heldDeletions(ctx context.Context, q querier) (out []HeldDeletion, err error) {
	rows, err := q.QueryContext(ctx, `
		WITH RECURSIVE chain(wish, id) AS (
			SELECT w.id, m.moved_to FROM mailbox_wish w JOIN message m ON m.server_mailbox = w.mailbox AND m.server_uid IS NOT NULL
				JOIN action x ON x.message = m.id AND x.state = 'pending' AND x.kind = 'delete'
				WHERE w.state = 'pending' AND w.kind = 'delete' AND m.moved_to IS NOT NULL
			UNION SELECT chain.wish, m.moved_to FROM chain JOIN message m ON m.id = chain.id WHERE m.state = 2 AND m.moved_to IS NOT NULL)
		SELECT a.name, w.name, f.name, count(*), w.created FROM chain JOIN message c ON c.id = chain.id
			JOIN action u ON u.message = c.id AND u.state = 'pending' AND u.kind = 'append'
			JOIN mailbox_wish w ON w.id = chain.wish JOIN account a ON a.id = w.account JOIN account f ON f.id = c.account
			GROUP BY w.id, f.id ORDER BY w.id, f.name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d HeldDeletion
		var since int64
		if err := rows.Scan(&d.Account, &d.Mailbox, &d.To, &d.Messages, &since); err != nil {
			return nil, err
		}
		d.Since = time.UnixMilli(since)
		out = append(out, d)
	}
	return out, rows.Err()
}
