package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"mua/store/message"
)

// Report is what a delivery report (RFC 3464) that came back says of one recipient of an
// item. Anyone can write one: it is a claim and changes nothing of what the server said.
type Report struct {
	Item       OutboxID
	Message    MessageID // the report itself; 0 when it is no longer here
	Addr       string    // the recipient, as in the item
	Final      string    // the address its mail went on to (an alias, a forwarding), cleaned; "" when it is Addr
	Action     message.Action
	Status     string // RFC 3463, such as 5.1.1, or ""
	Diagnostic string // the words of the server that would not take it, cleaned, or ""
	Reporter   string // the server that says so, cleaned, or ""
	Arrived    time.Time
}

const (
	maxReports    = 1000 // kept of one item: anyone can send more
	maxCandidates = 20   // items with one Message-ID that are looked at
)

// joinReport joins a delivery report that came from a server to the item and the recipients of
// ours that it is about; what came with the message that has just been given its content costs
// nothing when it is none. What is in Sent and Drafts is our own.
func (t *txn) joinReport(id MessageID, content ContentID, c *columns) error {
	if c.report == nil || content == 0 {
		return nil
	}
	var received int64
	err := t.row(`SELECT m.received FROM message m JOIN mailbox b ON b.id = m.mailbox WHERE m.id = ? AND b.role NOT IN ('sent', 'drafts')
		AND (m.server_mailbox IS NOT NULL OR EXISTS (SELECT 1 FROM uidl WHERE message = m.id))`, id).Scan(&received)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	items, byEnvID, err := t.reportedItems(c.report)
	if err != nil {
		return err
	}
	for i := range c.report.Recipients {
		r := &c.report.Recipients[i]
		for _, it := range items {
			addr := it.recipientOf(r, byEnvID)
			if addr == "" {
				continue
			}
			line := Report{Message: id, Addr: addr, Final: otherThan(addr, r.Final), Action: r.Action, Status: r.Status, Diagnostic: message.CleanLine(r.Diagnostic).String(),
				Reporter: message.CleanLine(c.report.Reporter).String(), Arrived: time.UnixMilli(min(max(received, it.handed), t.now))}
			if err := t.addReport(it, line, content, c.headerID); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// reported is an item that a report may be about.
type reported struct {
	id      OutboxID
	handed  int64             // when it was first handed to a server: a report came after that, whatever whole seconds its server tells
	sole    string            // its recipient, when it has only one
	addrs   map[string]string // recipients by what they are compared by
	known   map[claim]bool    // what the same report has said already; nil: not looked up
	reports int               // noted of the item
}

// claim is what tells one report of a message from the next.
type claim struct {
	addr, final        string
	action             message.Action
	status, diagnostic string
}

// reportedItems finds the items a report is about, of those that were handed to a server: the one
// with its ENVID, which nobody can guess, or those with its Message-ID, newest first.
func (t *txn) reportedItems(r *message.Report) (list []*reported, byEnvID bool, err error) {
	const sent = ` AND EXISTS (SELECT 1 FROM attempt WHERE item = o.id AND dot IS NOT NULL) ORDER BY o.id DESC LIMIT ?`
	if r.EnvID != "" {
		list, err = t.itemsReported(`o.envid = ?`+sent, r.EnvID, 1)
		if err != nil || len(list) > 0 {
			return list, true, err
		}
	}
	if r.MessageID == "" {
		return nil, false, nil
	}
	list, err = t.itemsReported(`o.header_id = ?`+sent, r.MessageID, maxCandidates)
	return list, false, err
}

func (t *txn) itemsReported(where string, args ...any) ([]*reported, error) {
	rows, err := t.query(`SELECT o.id, (SELECT min(dot) FROM attempt WHERE item = o.id) FROM outbox o WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*reported
	for rows.Next() {
		it := &reported{addrs: map[string]string{}}
		if err := rows.Scan(&it.id, &it.handed); err != nil {
			return nil, err
		}
		list = append(list, it)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, it := range list {
		rows, err := t.query(`SELECT addr FROM recipient WHERE item = ?`, it.id)
		if err != nil {
			return nil, err
		}
		addrs, err := collect[string](rows)
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			it.addrs[message.AddrKey(a)] = a
		}
		if len(addrs) == 1 {
			it.sole = addrs[0]
		}
	}
	return list, nil
}

// recipientOf finds the item's recipient that a report speaks of; "" when it is none of ours.
// An address we never wrote to is what a server made of ours (an alias, a forwarding): whose, is
// certain only when the item is certain and has one recipient.
func (it *reported) recipientOf(r *message.Reported, certain bool) string {
	for _, a := range []string{r.Original, message.UndoXText(r.Original), r.Final, message.UndoXText(r.Final)} {
		if key := message.AddrKey(a); key != "" && it.addrs[key] != "" {
			return it.addrs[key]
		}
	}
	if !certain {
		return ""
	}
	return it.sole
}

// otherThan is the final address a report names, where it is not the recipient's own.
func otherThan(addr, final string) string {
	if message.SameAddr(final, addr) || message.SameAddr(message.UndoXText(final), addr) {
		return ""
	}
	return message.CleanLine(final).String()
}

// addReport notes a report, unless the same one has come already: another copy of it (in another
// mailbox, by another path) says the same under the same Message-ID.
func (t *txn) addReport(it *reported, r Report, content ContentID, headerID string) error {
	if it.known == nil {
		if err := t.heard(it, content, headerID); err != nil {
			return err
		}
	}
	c := claim{r.Addr, r.Final, r.Action, r.Status, r.Diagnostic}
	if it.known[c] || it.reports >= maxReports {
		return nil
	}
	it.known[c] = true
	it.reports++
	return t.run(`INSERT INTO report(item, message, addr, final, action, status, diagnostic, reporter, arrived) VALUES (?,?,?,?,?,?,?,?,?)`,
		it.id, r.Message, r.Addr, r.Final, r.Action, r.Status, r.Diagnostic, r.Reporter, ms(r.Arrived))
}

// heard looks up what was noted of an item.
func (t *txn) heard(it *reported, content ContentID, headerID string) error {
	it.known = map[claim]bool{}
	if err := t.row(`SELECT count(*) FROM report WHERE item = ?`, it.id).Scan(&it.reports); err != nil {
		return err
	}
	rows, err := t.query(`SELECT r.addr, r.final, r.action, r.status, r.diagnostic FROM report r JOIN message m ON m.id = r.message
		WHERE r.item = ? AND (m.content = ? OR m.header_id <> '' AND m.header_id = ?)`, it.id, content, headerID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c claim
		if err := rows.Scan(&c.addr, &c.final, &c.action, &c.status, &c.diagnostic); err != nil {
			return err
		}
		it.known[c] = true
	}
	return rows.Err()
}

// reports reads those a condition on report r selects, in the order they arrived. A report whose
// own copy is gone is found where another copy of it is.
func reports(ctx context.Context, q querier, where string, args ...any) ([]Report, error) {
	rows, err := q.QueryContext(ctx, `SELECT r.item, coalesce((SELECT id FROM message WHERE id = r.message AND state = 0),
		(SELECT min(m.id) FROM message g JOIN message m ON m.content = g.content WHERE g.id = r.message AND m.state = 0), 0),
		r.addr, r.final, r.action, r.status, r.diagnostic, r.reporter, r.arrived FROM report r WHERE `+where+` ORDER BY r.arrived, r.id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Report
	for rows.Next() {
		var r Report
		var arrived sql.NullInt64
		if err := rows.Scan(&r.Item, &r.Message, &r.Addr, &r.Final, &r.Action, &r.Status, &r.Diagnostic, &r.Reporter, &arrived); err != nil {
			return nil, err
		}
		r.Arrived = at(arrived)
		out = append(out, r)
	}
	return out, rows.Err()
}

// addReports gives items their reports. What was never tried has none: a flush of many reads no more for it.
func addReports(ctx context.Context, q querier, items []Item) error {
	var ids []OutboxID
	index := make(map[OutboxID]int, len(items))
	for i, it := range items {
		if it.Attempts == 0 && (it.State == Queued || it.State == Sending || it.State == Held) {
			continue
		}
		ids, index[it.ID] = append(ids, it.ID), i
	}
	if len(ids) == 0 {
		return nil
	}
	list, err := reports(ctx, q, `r.item IN (SELECT value FROM json_each(?))`, toJSON(ids))
	for _, r := range list {
		it := &items[index[r.Item]]
		it.Reports = append(it.Reports, r)
	}
	return err
}

// Reports lists the delivery reports on an item, in the order they arrived.
func (s *Store) Reports(ctx context.Context, id OutboxID) (list []Report, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err = reports(ctx, q, `r.item = ?`, id)
		return err
	})
	return list, err
}

// ReportsOn lists the delivery reports on a message that was sent from here: on the copy filed
// in Sent, and on any other with its Message-ID.
func (s *Store) ReportsOn(ctx context.Context, id MessageID) (list []Report, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err = reports(ctx, q, `r.item IN (SELECT id FROM outbox WHERE sent_copy = ?1 UNION
			SELECT o.id FROM message m JOIN outbox o ON o.header_id = m.header_id WHERE m.id = ?1 AND m.header_id <> '')`, id)
		return err
	})
	return list, err
}

// returned are the items a report of failure has come for that nobody has read yet.
const returned = `SELECT r.item FROM report r JOIN message m ON m.id = r.message WHERE r.action = 'failed' AND m.state = 0 AND (m.flags & 1) = 0`

// Returned lists the items that a report says could not be delivered, as long as that report lies
// unread in its mailbox; oldest first.
func (s *Store) Returned(ctx context.Context) (list []Item, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err = s.items(ctx, q, `o.id IN (`+returned+`) ORDER BY o.id`)
		return err
	})
	return list, err
}

// CountReturned counts what Returned lists.
func (s *Store) CountReturned(ctx context.Context) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE id IN (`+returned+`)`).Scan(&n)
	})
	return n, err
}
