package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"mua/store/message"
)

const rowFields = `m.id, m.account, m.mailbox, m.header_id, m.thread, m.date, m.date_offset, m.received, m.from_addrs, m.to_addrs, m.cc_addrs,
	m.subject, m.flags, m.keywords, m.size, m.content, m.attachments, m.snippet, m.list_id`

// candidate is a row that a query may select, with what only the search looks at.
type candidate struct {
	Row
	content ContentID
	listID  string
	json    [4]string // from, to, cc, attachments, until decoded
	dup     bool      // other copies exist; known only for Distinct
	body    string    // words of the text, once loaded
	loaded  bool
	page    *page // it is indexed, and was found together with these
	number  int64 // in the index
	found   bool  // by what the index is asked for the whole query
}

func (c *candidate) cursor() Cursor { return Cursor{c.Received, c.ID} }

func scanCandidate(rows *sql.Rows, more ...any) (*candidate, error) {
	var c candidate
	var thread, date, content sql.NullInt64
	var offset int
	var received int64
	var keywords string
	dest := []any{&c.ID, &c.Account, &c.Mailbox, &c.MessageID, &thread, &date, &offset, &received, &c.json[0], &c.json[1], &c.json[2],
		&c.Subject, &c.Flags, &keywords, &c.Size, &content, &c.json[3], &c.Snippet, &c.listID}
	if err := rows.Scan(append(dest, more...)...); err != nil {
		return nil, err
	}
	c.Thread, c.Received, c.content, c.HasBody = thread.Int64, time.UnixMilli(received), ContentID(content.Int64), content.Valid
	c.Date = c.Received
	if date.Valid {
		c.Date = at(date).In(time.FixedZone("", offset))
	}
	c.Keywords = fromJSON[string](keywords)
	return &c, nil
}

// decode reads the lists a row keeps as JSON. Most candidates of a search never need them.
func (c *candidate) decode() {
	if c.json[0] == "" {
		return
	}
	c.From, c.To, c.Cc = fromJSON[message.Address](c.json[0]), fromJSON[message.Address](c.json[1]), fromJSON[message.Address](c.json[2])
	c.Attachments, c.json = fromJSON[message.Attachment](c.json[3]), [4]string{}
}

// candidates runs a query that selects rowFields (and the dup flag).
func candidates(ctx context.Context, q querier, withDup bool, sqlText string, args ...any) ([]*candidate, error) {
	rows, err := q.QueryContext(ctx, sqlText, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*candidate
	for rows.Next() {
		var dup bool
		var more []any
		if withDup {
			more = []any{&dup}
		}
		c, err := scanCandidate(rows, more...)
		if err != nil {
			return nil, err
		}
		c.dup = dup
		out = append(out, c)
	}
	return out, rows.Err()
}

// Row reads one message's row; ErrNotFound.
func (s *Store) Row(ctx context.Context, id MessageID) (row Row, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err := candidates(ctx, q, false, `SELECT `+rowFields+` FROM message m WHERE m.id = ? AND m.state = 0`, id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("message %d: %w", id, ErrNotFound)
		}
		boxes, err := boxesByID(ctx, q)
		if err != nil {
			return err
		}
		rows, err := finishRows(ctx, q, list, boxes)
		if err == nil {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// boxesByID reads all mailboxes.
func boxesByID(ctx context.Context, q querier) (map[MailboxID]*Mailbox, error) {
	list, err := mailboxes(ctx, q, `b.gone IS NULL`)
	if err != nil {
		return nil, err
	}
	out := make(map[MailboxID]*Mailbox, len(list))
	for i := range list {
		out[list[i].ID] = &list[i]
	}
	return out, nil
}

// finishRows adds what other tables know of a page's rows.
func finishRows(ctx context.Context, q querier, list []*candidate, boxes map[MailboxID]*Mailbox) ([]Row, error) {
	ids, headers := make([]MessageID, len(list)), []string{}
	for i, c := range list {
		ids[i] = c.ID
		c.decode()
		if c.MessageID != "" {
			headers = append(headers, c.MessageID)
		}
		if b := boxes[c.Mailbox]; b != nil {
			c.AccountName, c.MailboxName = b.AccountName, b.Name
		}
	}
	if err := addPending(ctx, q, list, ids); err != nil {
		return nil, err
	}
	if err := addAlsoIn(ctx, q, list, headers, boxes); err != nil {
		return nil, err
	}
	out := make([]Row, len(list))
	for i, c := range list {
		out[i] = c.Row
	}
	return out, nil
}

func addPending(ctx context.Context, q querier, list []*candidate, ids []MessageID) error {
	rows, err := q.QueryContext(short(ctx), `SELECT DISTINCT message, kind FROM action WHERE state = 'pending' AND blocked_by IS NULL
		AND message IN (SELECT value FROM json_each(?)) ORDER BY message, kind`, toJSON(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	kinds := map[MessageID][]string{}
	for rows.Next() {
		var id MessageID
		var kind string
		if err := rows.Scan(&id, &kind); err != nil {
			return err
		}
		kinds[id] = append(kinds[id], kind)
	}
	for _, c := range list {
		c.Pending = kinds[c.ID]
	}
	return rows.Err()
}

// sameMessage identifies a message within an account.
type sameMessage struct {
	account AccountID
	header  string
}

func addAlsoIn(ctx context.Context, q querier, list []*candidate, headers []string, boxes map[MailboxID]*Mailbox) error {
	rows, err := q.QueryContext(short(ctx), `SELECT account, header_id, mailbox FROM message WHERE state = 0
		AND header_id IN (SELECT value FROM json_each(?)) ORDER BY id`, toJSON(headers))
	if err != nil {
		return err
	}
	defer rows.Close()
	places := map[sameMessage][]MailboxID{}
	for rows.Next() {
		var key sameMessage
		var box MailboxID
		if err := rows.Scan(&key.account, &key.header, &box); err != nil {
			return err
		}
		places[key] = append(places[key], box)
	}
	for _, c := range list {
		for _, id := range places[sameMessage{c.Account, c.MessageID}] {
			if b := boxes[id]; b != nil && id != c.Mailbox && c.MessageID != "" && !slices.Contains(c.AlsoIn, b.Name) {
				c.AlsoIn = append(c.AlsoIn, b.Name)
			}
		}
	}
	return rows.Err()
}

// rankJunk and what is above is thrown away.
const rankJunk = 3

// rank orders the copies of a message: the best is the one lists show.
func rank(b *Mailbox) int {
	if b == nil {
		return rankJunk + 2
	}
	switch b.Role {
	case RoleInbox:
		return 0
	case RoleAll:
		return 2
	case RoleJunk:
		return rankJunk
	case RoleTrash:
		return rankJunk + 1
	}
	return 1
}

// better reports whether a copy in a better mailbox (or the older one) than b.
func better(a, b *candidate, boxes map[MailboxID]*Mailbox) bool {
	ra, rb := rank(boxes[a.Mailbox]), rank(boxes[b.Mailbox])
	return cmp.Or(cmp.Compare(ra, rb), cmp.Compare(a.ID, b.ID)) < 0
}

// ByHeaderID finds the copies with this Message-ID header (with or without <>), best mailbox first.
func (s *Store) ByHeaderID(ctx context.Context, headerID string) (ids []MessageID, err error) {
	headerID = "<" + strings.Trim(strings.TrimSpace(headerID), "<>") + ">"
	err = s.read(ctx, func(q querier) error {
		ids = nil
		boxes, err := boxesByID(ctx, q)
		if err != nil {
			return err
		}
		list, err := candidates(ctx, q, false, `SELECT `+rowFields+` FROM message m WHERE m.header_id = ? AND m.state = 0`, headerID)
		if err != nil {
			return err
		}
		slices.SortFunc(list, func(a, b *candidate) int {
			if better(a, b, boxes) {
				return -1
			}
			return 1
		})
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return nil
	})
	return ids, err
}
