package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Conflict is a wish that the server refused, or that somebody else contradicted meanwhile.
type Conflict struct {
	At          time.Time
	AccountName string
	Kind        string    // of the wish: flags, move, copy, delete, append; of a mailbox: create, rename, delete, subscribe, unsubscribe
	Refused     bool      // else contradicted
	Message     MessageID // 0: about a mailbox
	Subject     string
	MailboxName string // where the message is now, or the mailbox; "" when the message is no longer here
	What        string // the server's words, or what happened
	// What the server had when it was wished, what was wished, and what the server had when it ended; nil: not known.
	Base, Local, Remote *Placed
}

// Placed is where a copy was and how it was marked.
type Placed struct {
	Mailbox  string // "" on no server
	Gone     bool   // deleted
	Flags    []string
	Keywords []string
}

// Conflicts lists the journal of contradicted and refused wishes, newest first. limit 0: 50.
func (s *Store) Conflicts(ctx context.Context, limit int) (out []Conflict, err error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	err = s.read(ctx, func(q querier) error {
		out = nil
		names, err := mailboxNames(ctx, q)
		if err != nil {
			return err
		}
		rows, err := q.QueryContext(ctx, `SELECT * FROM (SELECT x.ended AS ended, x.id AS id, a.name, x.kind, x.state = 'refused', m.id, m.subject,
				m.mailbox * (m.state = 0), x.words, x.base, x.local, x.remote
				FROM action x JOIN account a ON a.id = x.account JOIN message m ON m.id = x.message WHERE x.state IN ('refused', 'contradicted')
			UNION ALL SELECT x.ended, x.id, a.name, x.kind, 1, 0, '', x.mailbox, x.words, '', '', ''
				FROM mailbox_wish x JOIN account a ON a.id = x.account WHERE x.state = 'refused')
			ORDER BY ended DESC, id DESC LIMIT ?`, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Conflict
			var ended, id int64
			var box MailboxID
			var base, local, remote string
			if err := rows.Scan(&ended, &id, &c.AccountName, &c.Kind, &c.Refused, &c.Message, &c.Subject, &box, &c.What, &base, &local, &remote); err != nil {
				return err
			}
			c.At, c.MailboxName = time.UnixMilli(ended), names[box]
			c.Base, c.Local, c.Remote = placed(base, names), placed(local, names), placed(remote, names)
			out = append(out, c)
		}
		return rows.Err()
	})
	return out, err
}

// CountConflicts counts those that ended after a time.
func (s *Store) CountConflicts(ctx context.Context, since time.Time) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM action WHERE state IN ('refused', 'contradicted') AND ended > ?1)
			+ (SELECT count(*) FROM mailbox_wish WHERE state = 'refused' AND ended > ?1)`, since.UnixMilli()).Scan(&n)
	})
	return n, err
}

// mailboxNames are those of all mailboxes, also of ones that are gone.
func mailboxNames(ctx context.Context, q querier) (map[MailboxID]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, name FROM mailbox`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[MailboxID]string{}
	for rows.Next() {
		var id MailboxID
		var name sql.NullString
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		out[id] = name.String
	}
	return out, rows.Err()
}

func placed(journal string, names map[MailboxID]string) *Placed {
	var p placeJSON
	if journal == "" || json.Unmarshal([]byte(journal), &p) != nil {
		return nil
	}
	return &Placed{Mailbox: names[p.Mailbox], Gone: p.Gone, Flags: p.Flags, Keywords: p.Keywords}
}
