package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"mua/store/message"
)

// ThreadInfo is what a list of threads shows of one.
type ThreadInfo struct {
	Messages, Unread int               // in all mailboxes but Trash and Junk, each message once
	People           []message.Address // who wrote, the oldest message's sender first
	Here             []InThread        // the copies that the list is about, the newest first
}

// InThread is one message of a thread.
type InThread struct {
	ID      MessageID
	Account AccountID
	Flags   Flags
}

// mostCounted bounds what is read for a page of threads.
const mostCounted = 20_000

// light reports whether to look for threads where their messages stand alone, before what is shown of them is read: a
// thread may have a thousand.
func (l *lister) light() bool { return l.req.Threads && l.plan.exact }

// places reads where candidates stand, and no more.
func places(ctx context.Context, q querier, text string, args ...any) ([]*candidate, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*candidate
	for rows.Next() {
		var c candidate
		var thread sql.NullInt64
		var received int64
		if err := rows.Scan(&c.ID, &thread, &received); err != nil {
			return nil, err
		}
		c.Thread, c.Received = thread.Int64, time.UnixMilli(received)
		out = append(out, &c)
	}
	return out, rows.Err()
}

// whole reads all of candidates, in their order.
func (l *lister) whole(list []*candidate) ([]*candidate, error) {
	ids := make([]MessageID, len(list))
	at := make(map[MessageID]int, len(list))
	for i, c := range list {
		ids[i], at[c.ID] = c.ID, i
	}
	full, err := candidates(l.ctx, l.q, false, `SELECT `+rowFields+` FROM message m WHERE m.id IN (SELECT value FROM json_each(?))`, toJSON(ids))
	for _, c := range full {
		list[at[c.ID]] = c
	}
	return list, err
}

// isHead reports whether a candidate is the newest of its thread that the list is about: the one that stands for it.
func (l *lister) isHead(c *candidate) (bool, error) {
	if c.Thread == 0 {
		return true, nil
	}
	id, known := l.heads[c.Thread]
	if known {
		return id == c.ID, nil
	}
	id = c.ID // what comes first on the way down from the top
	if l.req.After != nil || l.req.Before != nil {
		var err error
		if id, err = l.newest(c.Thread); err != nil {
			return false, err
		}
	}
	l.setHead(c.Thread, id)
	return id == c.ID, nil
}

// findHeads finds the newest messages of all threads of a page at once, where the condition decides alone.
func (l *lister) findHeads(page []*candidate) error {
	if l.req.After == nil && l.req.Before == nil {
		return nil
	}
	ids := []int64{}
	for _, c := range page {
		if _, known := l.heads[c.Thread]; !known && c.Thread != 0 {
			ids = append(ids, c.Thread)
		}
	}
	slices.Sort(ids)
	where, args := l.inThreads()
	list, err := places(l.ctx, l.q, `SELECT m.id, m.thread, m.received FROM message m WHERE m.thread IN (SELECT value FROM json_each(?)) AND `+where,
		append([]any{toJSON(slices.Compact(ids))}, args...)...)
	newest := map[int64]*candidate{}
	for _, c := range list {
		if n := newest[c.Thread]; n == nil || newerFirst(c, n) < 0 {
			newest[c.Thread] = c
		}
	}
	for id, c := range newest {
		l.setHead(id, c.ID)
	}
	return err
}

func (l *lister) setHead(thread int64, id MessageID) {
	if l.heads == nil {
		l.heads = map[int64]MessageID{}
	}
	l.heads[thread] = id
}

// newest finds the newest message of a thread that the list is about, where words decide.
func (l *lister) newest(thread int64) (MessageID, error) {
	where, args := l.inThreads()
	list, err := l.matching(` FROM message m WHERE m.thread = ? AND `+where+` ORDER BY m.received DESC, m.id DESC`, append([]any{thread}, args...))
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].ID, nil
}

// inThreads is the condition for a message of a known thread to be what the list is about.
func (l *lister) inThreads() (string, []any) {
	where, args := l.where()
	where = `m.state = 0 AND ` + where
	if l.scoped {
		where, args = where+` AND m.mailbox IN (SELECT value FROM json_each(?))`, append(args[:len(args):len(args)], toJSON(l.scope))
	}
	return where, args
}

// matching reads the candidates that match, where the condition does not decide alone.
func (l *lister) matching(from string, args []any) ([]*candidate, error) {
	list, err := candidates(l.ctx, l.q, false, `SELECT `+rowFields+from, args...)
	if err != nil {
		return nil, err
	}
	ids := make([]MessageID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	if err := addPending(l.ctx, l.q, list, ids); err != nil {
		return nil, err
	}
	out := list[:0]
	for _, c := range list {
		ok, err := l.plan.match(c)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// addThreads tells of the threads that rows stand for.
func (l *lister) addThreads(rows []Row) error {
	info := map[int64]*ThreadInfo{}
	ids := []int64{}
	for i := range rows {
		r := &rows[i]
		r.InThread = &ThreadInfo{Messages: 1, People: r.From, Here: []InThread{{r.ID, r.Account, r.Flags}}}
		if !r.Flags.Has(Seen) {
			r.InThread.Unread = 1
		}
		if r.Thread != 0 {
			r.InThread = &ThreadInfo{}
			info[r.Thread] = r.InThread
			ids = append(ids, r.Thread)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	err := l.countThreads(ids, info)
	if err == nil && !l.plan.exact {
		err = l.findHere(ids, info)
	}
	for i := range rows {
		if t := rows[i].InThread; t.Messages == 0 { // beyond what is counted
			t.Messages, t.People = 1, rows[i].From
		}
	}
	return err
}

// counting is a thread being counted.
type counting struct {
	seen   map[string]bool // by Message-ID: whether all its copies are read
	loose  []bool          // of messages without a Message-ID
	people map[string]bool
	thrown bool // only copies in Trash and Junk so far
}

// countThreads counts messages and lists their senders, and, where the condition decides alone, what the list is about.
func (l *lister) countThreads(ids []int64, info map[int64]*ThreadInfo) error {
	here, args := l.inThreads()
	if !l.plan.exact {
		here, args = "0", nil
	}
	rows, err := l.q.QueryContext(l.ctx, `SELECT m.thread, m.id, m.account, m.header_id, m.mailbox, m.flags, m.from_addrs, `+here+` FROM message m
		WHERE m.thread IN (SELECT value FROM json_each(?)) AND m.state = 0 ORDER BY m.received, m.id LIMIT ?`, append(args[:len(args):len(args)], toJSON(ids), mostCounted)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	sums := map[int64]*counting{}
	for rows.Next() {
		var id int64
		var header, from string
		var box MailboxID
		var m InThread
		var here bool
		if err := rows.Scan(&id, &m.ID, &m.Account, &header, &box, &m.Flags, &from, &here); err != nil {
			return err
		}
		t := info[id]
		if here {
			t.Here = append(t.Here, m)
		}
		s := sums[id]
		if s == nil {
			s = &counting{thrown: true}
			sums[id] = s
		}
		thrown := rank(l.boxes[box]) >= rankJunk
		if thrown && !s.thrown {
			continue
		}
		if !thrown && s.thrown || s.seen == nil { // what was counted so far was thrown away
			*s = counting{seen: map[string]bool{}, people: map[string]bool{}, thrown: thrown}
			t.People = nil
		}
		s.add(header, m.Flags)
		if !s.people[from] {
			s.people[from] = true
			t.People = append(t.People, fromJSON[message.Address](from)...)
		}
	}
	for id, s := range sums {
		s.sum(info[id])
		slices.Reverse(info[id].Here)
	}
	return rows.Err()
}

func (s *counting) add(header string, flags Flags) {
	read := flags.Has(Seen)
	if header == "" {
		s.loose = append(s.loose, read)
		return
	}
	was, there := s.seen[header]
	s.seen[header] = read && (was || !there)
}

func (s *counting) sum(t *ThreadInfo) {
	t.Messages, t.Unread = len(s.seen)+len(s.loose), 0
	for _, read := range s.seen {
		if !read {
			t.Unread++
		}
	}
	for _, read := range s.loose {
		if !read {
			t.Unread++
		}
	}
}

// findHere lists the copies that the list is about, where the condition does not decide alone.
func (l *lister) findHere(ids []int64, info map[int64]*ThreadInfo) error {
	where, args := l.inThreads()
	list, err := l.matching(` FROM message m WHERE m.thread IN (SELECT value FROM json_each(?)) AND `+where, append([]any{toJSON(ids)}, args...))
	slices.SortFunc(list, newerFirst)
	for _, c := range list {
		info[c.Thread].Here = append(info[c.Thread].Here, InThread{c.ID, c.Account, c.Flags})
	}
	return err
}
