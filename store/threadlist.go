package store

import (
	"slices"

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
	ID    MessageID
	Flags Flags
}

// mostCounted bounds what is read for a page of threads.
const mostCounted = 20_000

// isHead reports whether a candidate is the newest of its thread that the list is about: the one that stands for it.
func (l *lister) isHead(c *candidate) (bool, error) {
	if c.Thread == 0 {
		return true, nil
	}
	if l.heads == nil {
		l.heads = map[int64]MessageID{}
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
	l.heads[c.Thread] = id
	return id == c.ID, nil
}

// newest finds the newest message of a thread that the list is about.
func (l *lister) newest(thread int64) (MessageID, error) {
	where, args := l.inThreads()
	text := ` FROM message m WHERE m.thread = ? AND ` + where + ` ORDER BY m.received DESC, m.id DESC`
	args = append([]any{thread}, args...)
	if l.plan.exact {
		var id MessageID
		err := l.q.QueryRowContext(l.ctx, `SELECT m.id`+text+` LIMIT 1`, args...).Scan(&id)
		return id, err
	}
	list, err := l.matching(text, args)
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
		r.InThread = &ThreadInfo{Messages: 1, People: r.From, Here: []InThread{{r.ID, r.Flags}}}
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
	if err := l.countThreads(ids, info); err != nil {
		return err
	}
	return l.findHere(ids, info)
}

// counting is a thread being counted.
type counting struct {
	seen   map[string]bool // by Message-ID: whether all its copies are read
	loose  []bool          // of messages without a Message-ID
	people map[string]bool
	thrown bool // only copies in Trash and Junk so far
}

// countThreads counts messages and lists their senders.
func (l *lister) countThreads(ids []int64, info map[int64]*ThreadInfo) error {
	rows, err := l.q.QueryContext(l.ctx, `SELECT thread, header_id, mailbox, flags, from_addrs FROM message
		WHERE thread IN (SELECT value FROM json_each(?)) AND state = 0 ORDER BY received LIMIT ?`, toJSON(ids), mostCounted)
	if err != nil {
		return err
	}
	defer rows.Close()
	sums := map[int64]*counting{}
	for rows.Next() {
		var id int64
		var header, from string
		var box MailboxID
		var flags Flags
		if err := rows.Scan(&id, &header, &box, &flags, &from); err != nil {
			return err
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
			info[id].People = nil
		}
		s.add(header, flags)
		if !s.people[from] {
			s.people[from] = true
			info[id].People = append(info[id].People, fromJSON[message.Address](from)...)
		}
	}
	for id, s := range sums {
		s.sum(info[id])
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

// findHere lists the copies of threads that the list is about.
func (l *lister) findHere(ids []int64, info map[int64]*ThreadInfo) error {
	where, args := l.inThreads()
	text := ` FROM message m WHERE m.thread IN (SELECT value FROM json_each(?)) AND ` + where
	args = append([]any{toJSON(ids)}, args...)
	if !l.plan.exact {
		list, err := l.matching(text, args)
		slices.SortFunc(list, newerFirst)
		for _, c := range list {
			info[c.Thread].Here = append(info[c.Thread].Here, InThread{c.ID, c.Flags})
		}
		return err
	}
	rows, err := l.q.QueryContext(l.ctx, `SELECT m.thread, m.id, m.flags`+text+` ORDER BY m.received DESC, m.id DESC`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var m InThread
		if err := rows.Scan(&id, &m.ID, &m.Flags); err != nil {
			return err
		}
		info[id].Here = append(info[id].Here, m)
	}
	return rows.Err()
}
