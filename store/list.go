package store

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"mua/store/index"
	"mua/store/message"
	"mua/store/query"
)

const (
	defaultLimit = 50
	scanPage     = 500 // candidates read at once when Go decides
	maxScanPage  = 8000
	mergeBoxes   = 16 // up to so many mailboxes are read each by its own index and merged
)

// lister is one List or Count on one snapshot.
type lister struct {
	ctx    context.Context
	store  *Store
	q      querier
	req    ListQuery
	boxes  map[MailboxID]*Mailbox
	tree   query.Node
	plan   plan
	scope  []MailboxID // mailboxes to look in; nil: all
	scoped bool
	narrow bool                // to a few messages, which another index finds sooner
	rare   string              // index of a state that all matches are in and few messages are; "": none
	atMost int                 // so many messages are in it
	heads  map[int64]MessageID // of threads: the message that stands for it in the list

	view  *index.View // the index; nil: there is none to be used
	leads bool        // it finds what is then looked at, rather than the order of a mailbox
	tail  []place     // what is not in it, newest first
	isNew map[MessageID]bool
	texts textBudget
}

// List returns a page of rows. A bad query is a *query.Error.
func (s *Store) List(ctx context.Context, q ListQuery) (out []Row, err error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	err = s.search(ctx, q, func(l *lister) error {
		list, err := l.page()
		if err != nil {
			return err
		}
		if out, err = finishRows(ctx, l.q, list, l.boxes); err == nil && q.Threads {
			err = l.addThreads(out)
		}
		return err
	})
	return out, err
}

// Count counts what List would return without a limit.
func (s *Store) Count(ctx context.Context, q ListQuery) (n int, err error) {
	q.After, q.Before, q.Limit, q.Sort = nil, nil, 0, SortDate
	err = s.search(ctx, q, func(l *lister) error {
		n, err = l.count()
		return err
	})
	return n, err
}

// search runs f on one snapshot, with the index where a query needs it. An index that proves
// broken is done without.
func (s *Store) search(ctx context.Context, q ListQuery, f func(*lister) error) error {
	tree, err := query.Parse(q.Query, s.now())
	if err != nil {
		return err
	}
	var view *index.View
	if s.NeedsWords(tree) {
		if view, err = s.words.view(ctx); err != nil {
			return err
		}
	}
	err = s.read(ctx, func(db querier) error { return s.searchIn(ctx, db, q, tree, view, f) })
	if view == nil {
		return err
	}
	view.End()
	if !errors.Is(err, index.ErrBroken) {
		return err
	}
	s.condemn(err)
	return s.read(ctx, func(db querier) error { return s.searchIn(ctx, db, q, tree, nil, f) })
}

func (s *Store) searchIn(ctx context.Context, db querier, q ListQuery, tree query.Node, view *index.View, f func(*lister) error) error {
	l, err := s.lister(ctx, db, q, tree)
	if err != nil {
		return err
	}
	if view != nil && !l.plan.exact {
		if err := l.useIndex(view); err != nil {
			return err
		}
	}
	return f(l)
}

func (s *Store) lister(ctx context.Context, db querier, req ListQuery, tree query.Node) (*lister, error) {
	l := &lister{ctx: ctx, store: s, q: db, req: req, atMost: math.MaxInt}
	var err error
	if l.boxes, err = boxesByID(ctx, db); err != nil {
		return nil, err
	}
	acc, err := accounts(ctx, db)
	if err != nil {
		return nil, err
	}
	if tree, err = s.expand(req.Query, tree, l.boxes); err != nil {
		return nil, err
	}
	l.tree = tree
	p := &planner{query: req.Query, boxes: l.boxes, accounts: acc, only: req.Account, body: l.body, thread: l.thread}
	if l.plan, err = p.compile(tree); err != nil {
		return nil, err
	}
	return l, errors.Join(l.setScope(p, tree), l.findRare())
}

// thread is the thread that one is part of now.
func (l *lister) thread(id int64) (int64, error) { return shownThread(l.ctx, l.q, id) }

// setScope finds the mailboxes outside of which nothing can match, so that their index can be used.
func (l *lister) setScope(p *planner, tree query.Node) error {
	nodes := []query.Node{tree}
	if and, ok := tree.(query.And); ok {
		nodes = and.Nodes
	}
	for _, n := range nodes {
		if _, ok := n.(query.Thread); ok {
			l.narrow = true
		}
	}
	if l.req.Mailbox != 0 {
		l.scope, l.scoped = []MailboxID{l.req.Mailbox}, true
		return nil
	}
	for _, n := range nodes {
		in, ok := n.(query.In)
		if !ok || in.Name == "" {
			continue
		}
		for id, b := range l.boxes {
			if named(b, in.Name) && (l.req.Account == 0 || b.Account == l.req.Account) {
				l.scope = append(l.scope, id)
			}
		}
		l.scoped = len(l.scope) <= mergeBoxes
		slices.Sort(l.scope)
		return nil
	}
	return nil
}

// needsGo reports whether the condition in SQL does not decide alone.
func (l *lister) needsGo() bool { return !l.plan.exact || l.req.Distinct || l.req.Threads }

// page gives the rows asked for, newest first or as sorted.
func (l *lister) page() ([]*candidate, error) {
	if l.req.Sort != "" && l.req.Sort != SortDate {
		return l.sorted()
	}
	up := l.req.Before != nil && l.req.After == nil
	out, err := l.walk(up, l.req.Limit)
	if up {
		slices.Reverse(out)
	}
	if err == nil && l.light() {
		return l.whole(out)
	}
	return out, err
}

// walk collects matches from the cursor on, newest first (up: oldest first), until limit (0: all).
func (l *lister) walk(up bool, limit int) ([]*candidate, error) {
	var out []*candidate
	err := l.each(up, limit, func(c *candidate) bool {
		out = append(out, c)
		return limit == 0 || len(out) < limit
	})
	return out, err
}

// each calls f with the matches in order until it returns false.
func (l *lister) each(up bool, limit int, f func(*candidate) bool) error {
	if l.byIndex() {
		return l.eachFound(up, limit, f)
	}
	n := scanPage
	if !l.needsGo() && limit > 0 {
		n = limit
	}
	for after, before := l.req.After, l.req.Before; ; {
		list, err := l.fetch(up, after, before, n)
		if err == nil && l.light() {
			err = l.findHeads(list)
		}
		if err != nil {
			return err
		}
		if err := l.attach(list); err != nil {
			return err
		}
		for _, c := range list {
			ok, err := l.selects(c)
			if err != nil {
				return err
			}
			if ok && !f(c) {
				return nil
			}
		}
		if len(list) < n {
			return nil
		}
		last := list[len(list)-1].cursor()
		if up {
			before = &last
		} else {
			after = &last
		}
		if !l.plan.exact {
			n = min(2*n, maxScanPage) // the index is asked anew for each page
		}
	}
}

// selects decides about a candidate that fulfils the condition.
func (l *lister) selects(c *candidate) (bool, error) {
	if !l.plan.exact && !(l.plan.both && c.found) {
		if ok, err := l.plan.match(c); err != nil || !ok {
			return false, err
		}
	}
	if l.req.Threads {
		return l.isHead(c)
	}
	if !l.req.Distinct || !c.dup || c.MessageID == "" {
		return true, nil
	}
	return l.best(c)
}

// best reports whether no other copy that matches is better.
func (l *lister) best(c *candidate) (bool, error) {
	where, args := l.where()
	list, err := candidates(l.ctx, l.q, false, `SELECT `+rowFields+` FROM message m WHERE m.header_id = ? AND m.account = ? AND m.id <> ? AND m.state = 0 AND `+where,
		append([]any{c.MessageID, c.Account, c.ID}, args...)...)
	if err == nil {
		ids := make([]MessageID, len(list))
		for i, c := range list {
			ids[i] = c.ID
		}
		err = addPending(l.ctx, l.q, list, ids)
	}
	if err != nil {
		return false, err
	}
	for _, other := range list {
		if !better(other, c, l.boxes) || l.scoped && !slices.Contains(l.scope, other.Mailbox) {
			continue
		}
		if other.content == c.content && c.content != 0 { // the same words
			other.page, other.number, other.found = c.page, c.number, c.found
		}
		if l.plan.both && other.found {
			return false, nil
		}
		if ok, err := l.plan.match(other); err != nil || ok {
			return false, err
		}
	}
	return true, nil
}

// where is the condition without mailboxes and cursors.
func (l *lister) where() (string, []any) {
	where, args := "("+l.plan.sql+")", l.plan.args
	if l.req.Account != 0 && !l.scoped {
		where, args = where+" AND m.account = ?", append(args[:len(args):len(args)], l.req.Account)
	}
	return where, args
}

// fetch reads the next n candidates, each mailbox of the scope by its own index.
func (l *lister) fetch(up bool, after, before *Cursor, n int) ([]*candidate, error) {
	if !l.scoped {
		return l.fetchFrom(0, up, after, before, n)
	}
	var out []*candidate
	for _, box := range l.scope {
		list, err := l.fetchFrom(box, up, after, before, n)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	if len(l.scope) > 1 {
		slices.SortFunc(out, func(a, b *candidate) int {
			if c := newerFirst(a, b); !up {
				return c
			}
			return -newerFirst(a, b)
		})
	}
	return out[:min(n, len(out))], nil
}

func newerFirst(a, b *candidate) int {
	if c := b.Received.Compare(a.Received); c != 0 {
		return c
	}
	return int(b.ID - a.ID)
}

func (l *lister) fetchFrom(box MailboxID, up bool, after, before *Cursor, n int) ([]*candidate, error) {
	text, args := l.pageSQL(box, up, after, before, n)
	if l.light() {
		return places(l.ctx, l.q, text, args...)
	}
	list, err := candidates(l.ctx, l.q, l.dups(), text, args...)
	if err == nil && !l.plan.exact {
		ids := make([]MessageID, len(list))
		for i, c := range list {
			ids[i] = c.ID
		}
		err = addPending(l.ctx, l.q, list, ids)
	}
	return list, err
}

// dups reports whether it matters that there are other copies.
func (l *lister) dups() bool { return l.req.Distinct && !l.req.Threads }

// dupField tells whether a message has other copies, where that matters.
func (l *lister) dupField() string {
	if !l.dups() {
		return ""
	}
	return `, EXISTS (SELECT 1 FROM message d WHERE d.header_id = m.header_id AND d.account = m.account AND d.state = 0 AND d.id <> m.id)`
}

func (l *lister) pageSQL(box MailboxID, up bool, after, before *Cursor, n int) (string, []any) {
	text := `SELECT ` + rowFields
	if l.light() {
		text = `SELECT m.id, m.thread, m.received`
	}
	text += l.dupField()
	where, args := l.where()
	text += ` FROM message m`
	if l.rare != "" {
		text += ` INDEXED BY ` + l.rare
	}
	text += ` WHERE m.state = 0 AND ` + where
	args = args[:len(args):len(args)]
	if box != 0 {
		column := `m.mailbox`
		if l.narrow {
			column = `+m.mailbox`
		}
		text, args = text+` AND `+column+` = ?`, append(args, box)
	}
	if after != nil {
		text, args = text+` AND (m.received, m.id) < (?, ?)`, append(args, after.Received.UnixMilli(), after.ID)
	}
	if before != nil {
		text, args = text+` AND (m.received, m.id) > (?, ?)`, append(args, before.Received.UnixMilli(), before.ID)
	}
	if up {
		text += ` ORDER BY m.received, m.id LIMIT ?`
	} else {
		text += ` ORDER BY m.received DESC, m.id DESC LIMIT ?`
	}
	return text, append(args, n)
}

func (l *lister) count() (int, error) {
	if l.byIndex() && l.plan.both {
		return l.countFound()
	}
	if l.needsGo() {
		n := 0
		err := l.each(false, 0, func(*candidate) bool { n++; return true })
		return n, err
	}
	if n, ok := l.known(); ok {
		return n, nil
	}
	total := 0
	boxes := l.scope
	if !l.scoped {
		boxes = []MailboxID{0}
	}
	for _, box := range boxes {
		where, args := l.where()
		text := `SELECT count(*) FROM message m WHERE m.state = 0 AND ` + where
		if box != 0 {
			text, args = text+` AND m.mailbox = ?`, append(args[:len(args):len(args)], box)
		}
		var n int
		if err := l.q.QueryRowContext(l.ctx, text, args...).Scan(&n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// known is the number of all messages, or of the unread ones, of whole mailboxes: the store keeps it.
func (l *lister) known() (n int, ok bool) {
	nodes, unread, in := []query.Node{l.tree}, false, 0
	for len(nodes) > 0 {
		switch node := nodes[0].(type) {
		case query.All:
		case query.And:
			nodes = append(nodes, node.Nodes...)
		case query.Is:
			if node.State != query.Unread {
				return 0, false
			}
			unread = true
		case query.In:
			in++
		default:
			return 0, false
		}
		nodes = nodes[1:]
	}
	if in > 1 || in == 1 && l.req.Mailbox != 0 || !l.scoped {
		return 0, false
	}
	for _, id := range l.scope {
		b := l.boxes[id]
		switch {
		case b == nil:
		case unread:
			n += b.Unread
		default:
			n += b.Total
		}
	}
	return n, true
}

// body gives the words of a candidate's text.
func (l *lister) body(c *candidate) (string, error) {
	if !c.loaded {
		if l.texts.spent() {
			return "", nil
		}
		begin := time.Now()
		raw, err := l.store.content(l.ctx, l.q, c.content)
		if err != nil {
			return "", err
		}
		c.body, c.loaded = query.Words(message.Parse(raw).SearchText()), true
		l.texts.used += time.Since(begin)
	}
	return c.body, nil
}
