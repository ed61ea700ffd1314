package store

import (
	"cmp"
	"math"
	"slices"
	"time"

	"mua/store/index"
)

// place is where a copy stands in the order of lists.
type place struct {
	received int64 // ms
	id       MessageID
	number   int64 // in the index; 0: it is not there
}

func newerPlace(a, b place) int {
	return cmp.Or(cmp.Compare(b.received, a.received), cmp.Compare(b.id, a.id))
}

const (
	firstHits = 100    // asked of the index first
	mostHits  = 30_000 // asked of it at once
	fewBoxed  = 1000   // copies in a mailbox of which each is rather looked up than all that the index finds
	textTime  = 2 * time.Second
)

// textBudget bounds how long one search reads texts that are not indexed: after that it looks at headers only.
type textBudget struct{ used time.Duration }

func (b *textBudget) spent() bool { return b.used > textTime }

// useIndex makes ready what is asked of the index, and what is not in it.
func (l *lister) useIndex(v *index.View) error {
	if l.plan.few {
		return nil
	}
	l.view = v
	boxed := 0
	for _, id := range l.scope {
		if b := l.boxes[id]; b != nil {
			boxed += b.Total
		}
	}
	if l.expr().Empty() || l.req.Threads || l.scoped && boxed <= l.store.words.few || l.atMost <= l.store.words.few {
		return nil
	}
	tail, err := tailOf(l.ctx, l.q, v)
	if err != nil {
		return err
	}
	l.leads, l.tail, l.isNew = true, tail, map[MessageID]bool{}
	for _, t := range tail {
		l.isNew[t.id] = true
	}
	return nil
}

// byIndex reports whether the index leads, rather than the order of a mailbox.
func (l *lister) byIndex() bool { return l.leads }

// expr is what the index is asked for the whole query.
func (l *lister) expr() index.Expr { return l.plan.words.But(l.plan.but) }

// attach finds candidates in the index, where something has to be asked of it.
func (l *lister) attach(list []*candidate) error {
	if l.view == nil || l.plan.exact {
		return nil
	}
	ids := make([]int64, len(list))
	for i, c := range list {
		ids[i] = int64(c.ID)
	}
	docs, err := l.view.Docs(ids)
	if err != nil {
		return err
	}
	p := &page{view: l.view}
	for _, c := range list {
		if h, there := docs[int64(c.ID)]; there && ContentID(h.Content) == c.content {
			p.add(c, h.Number)
		}
	}
	return nil
}

// hits reads what the index finds, newest first, more at a time each time.
type hits struct {
	l         *lister
	expr      index.Expr
	low, high int64
	n         int
	done      bool
}

func (l *lister) hits(limit int) *hits {
	h := &hits{l: l, expr: l.expr(), low: math.MinInt64, high: math.MaxInt64, n: firstHits}
	if limit == 0 || limit > firstHits {
		h.n = min(max(limit+limit/4, 4000), mostHits)
	}
	if limit == 0 {
		h.n = mostHits
	}
	spread := l.view.State.Spread
	if l.plan.from != 0 {
		h.low = index.Second(l.plan.from)
	}
	if l.plan.to != 0 {
		h.high = index.Second(l.plan.to) + spread
	}
	if a := l.req.After; a != nil {
		h.high = min(h.high, index.Second(a.Received.UnixMilli())+spread)
	}
	if b := l.req.Before; b != nil {
		h.low = max(h.low, index.Second(b.Received.UnixMilli()))
	}
	return h
}

// next gives the next hits, but for what is not indexed as it is now. All that follow are of seconds before floor.
func (h *hits) next() (list []index.Hit, floor int64, err error) {
	list, err = h.l.view.Find(h.expr, h.low, h.high, h.n)
	if err != nil {
		return nil, 0, err
	}
	if h.done, floor = len(list) < h.n, math.MinInt64; !h.done {
		floor = list[len(list)-1].Number
		h.high = floor - 1
	}
	h.n = min(4*h.n, mostHits)
	return slices.DeleteFunc(list, func(x index.Hit) bool { return h.l.isNew[MessageID(x.Message)] }), floor, nil
}

// eachFound is each where the index leads. What is not indexed is merged in.
func (l *lister) eachFound(up bool, limit int, f func(*candidate) bool) error {
	if up {
		return l.eachFoundUp(f)
	}
	tail := tailRows{l: l, left: l.tail}
	if a := l.req.After; a != nil {
		at := place{received: a.Received.UnixMilli(), id: a.ID}
		tail.left = tail.left[countUntil(tail.left, func(t place) bool { return newerPlace(t, at) > 0 }):]
	}
	var held []*candidate
	for h := l.hits(limit); !h.done; {
		list, floor, err := h.next()
		if err != nil {
			return err
		}
		rows, err := l.rowsOf(list)
		if err != nil {
			return err
		}
		held = append(held, rows...)
		slices.SortFunc(held, newerFirst)
		ready := len(held)
		if !h.done {
			ready = countUntil(held, func(c *candidate) bool { return index.Second(c.Received.UnixMilli()) < floor })
		}
		for _, c := range held[:ready] {
			if more, err := tail.until(c, f); err != nil || !more {
				return err
			}
			if more, err := l.emit(c, f); err != nil || !more {
				return err
			}
		}
		held = held[ready:]
	}
	_, err := tail.until(nil, f)
	return err
}

// tailRows reads what is not indexed, newest first.
type tailRows struct {
	l    *lister
	left []place
	rows []*candidate
}

// until emits what is newer than c; nil: all that is left.
func (t *tailRows) until(c *candidate, f func(*candidate) bool) (more bool, err error) {
	for {
		for len(t.rows) == 0 {
			if len(t.left) == 0 || c != nil && newerPlace(t.left[0], place{received: c.Received.UnixMilli(), id: c.ID}) > 0 {
				return true, nil
			}
			n := min(len(t.left), scanPage)
			if t.rows, err = t.l.rowsAt(t.left[:n]); err != nil {
				return false, err
			}
			slices.SortFunc(t.rows, newerFirst)
			t.left = t.left[n:]
		}
		if c != nil && newerFirst(t.rows[0], c) > 0 {
			return true, nil
		}
		if more, err := t.l.emit(t.rows[0], f); err != nil || !more {
			return false, err
		}
		t.rows = t.rows[1:]
	}
}

func (l *lister) emit(c *candidate, f func(*candidate) bool) (more bool, err error) {
	ok, err := l.selects(c)
	if err != nil {
		return false, err
	}
	return !ok || f(c), nil
}

// countUntil counts the elements before the first for which stop is true.
func countUntil[T any](list []T, stop func(T) bool) int {
	if i := slices.IndexFunc(list, stop); i >= 0 {
		return i
	}
	return len(list)
}

// eachFoundUp is eachFound, oldest first: the index only knows newest first, so where all that is newer than
// the cursor stands is found first.
func (l *lister) eachFoundUp(f func(*candidate) bool) error {
	before := place{received: l.req.Before.Received.UnixMilli(), id: l.req.Before.ID}
	var all []place
	for h := l.hits(0); !h.done; {
		list, _, err := h.next()
		if err != nil {
			return err
		}
		found, err := l.placesOf(list)
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	all = append(all, l.tail...)
	all = slices.DeleteFunc(all, func(p place) bool { return newerPlace(p, before) >= 0 })
	slices.SortFunc(all, func(a, b place) int { return newerPlace(b, a) })
	for part := range slices.Chunk(all, scanPage) {
		rows, err := l.rowsAt(part)
		if err != nil {
			return err
		}
		slices.SortFunc(rows, func(a, b *candidate) int { return newerFirst(b, a) })
		for _, c := range rows {
			if more, err := l.emit(c, f); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// rowsOf reads the rows of hits that are still what was indexed and fulfil the condition.
func (l *lister) rowsOf(list []index.Hit) ([]*candidate, error) {
	part := make([]place, len(list))
	content := map[MessageID]ContentID{}
	for i, h := range list {
		part[i] = place{id: MessageID(h.Message), number: h.Number}
		content[part[i].id] = ContentID(h.Content)
	}
	rows, err := l.rowsAt(part)
	return slices.DeleteFunc(rows, func(c *candidate) bool { return content[c.ID] != c.content }), err
}

// rowsAt reads the rows of copies that fulfil the condition.
func (l *lister) rowsAt(part []place) ([]*candidate, error) {
	if len(part) == 0 {
		return nil, nil
	}
	ids, numbers := make([]MessageID, len(part)), map[MessageID]int64{}
	for i, p := range part {
		ids[i] = p.id
		if p.number != 0 {
			numbers[p.id] = p.number
		}
	}
	text, args := l.chosenSQL(rowFields+l.dupField(), ids)
	rows, err := candidates(l.ctx, l.q, l.dups(), text, args...)
	if err != nil {
		return nil, err
	}
	p := &page{view: l.view}
	for _, c := range rows {
		if n := numbers[c.ID]; n != 0 {
			p.add(c, n)
			c.found = true
		}
	}
	if !l.plan.both || len(numbers) == 0 {
		err = addPending(l.ctx, l.q, rows, ids)
	}
	return rows, err
}

// chosenSQL selects fields of those of some copies that fulfil the condition and lie beyond the cursor.
func (l *lister) chosenSQL(fields string, ids []MessageID) (string, []any) {
	where, args := l.where()
	text := `SELECT ` + fields + ` FROM message m WHERE m.id IN (SELECT value FROM json_each(?)) AND m.state = 0 AND ` + where
	args = append([]any{toJSON(ids)}, args...)
	if l.scoped {
		text, args = text+` AND m.mailbox IN (SELECT value FROM json_each(?))`, append(args, toJSON(l.scope))
	}
	if a := l.req.After; a != nil {
		text, args = text+` AND (m.received, m.id) < (?, ?)`, append(args, a.Received.UnixMilli(), a.ID)
	}
	if b := l.req.Before; b != nil {
		text, args = text+` AND (m.received, m.id) > (?, ?)`, append(args, b.Received.UnixMilli(), b.ID)
	}
	return text, args
}

// brief is what is read of a hit that is only placed or counted.
type brief struct {
	place
	content ContentID
	key     sameMessage
}

// briefs reads hits that are still what was indexed and fulfil the condition.
func (l *lister) briefs(list []index.Hit) (out []brief, err error) {
	ids, of := make([]MessageID, len(list)), make(map[MessageID]index.Hit, len(list))
	for i, h := range list {
		ids[i] = MessageID(h.Message)
		of[ids[i]] = h
	}
	text, args := l.chosenSQL(`m.id, m.received, coalesce(m.content, 0), m.account, m.header_id`, ids)
	rows, err := l.q.QueryContext(l.ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b brief
		if err := rows.Scan(&b.id, &b.received, &b.content, &b.key.account, &b.key.header); err != nil {
			return nil, err
		}
		if h := of[b.id]; ContentID(h.Content) == b.content {
			b.number = h.Number
			out = append(out, b)
		}
	}
	return out, rows.Err()
}

func (l *lister) placesOf(list []index.Hit) ([]place, error) {
	found, err := l.briefs(list)
	out := make([]place, len(found))
	for i, b := range found {
		out[i] = b.place
	}
	return out, err
}

// countFound counts where the index and the condition decide. Of the copies of a message that match, one is the best.
func (l *lister) countFound() (int, error) {
	n, seen := 0, map[sameMessage]bool{}
	count := func(key sameMessage) {
		if !l.req.Distinct || key.header == "" {
			n++
		} else if !seen[key] {
			seen[key] = true
			n++
		}
	}
	for h := l.hits(0); !h.done; {
		list, _, err := h.next()
		if err != nil {
			return 0, err
		}
		found, err := l.briefs(list)
		if err != nil {
			return 0, err
		}
		for _, b := range found {
			count(b.key)
		}
	}
	for part := range slices.Chunk(l.tail, scanPage) {
		rows, err := l.rowsAt(part)
		if err != nil {
			return 0, err
		}
		for _, c := range rows {
			if ok, err := l.plan.match(c); err != nil {
				return 0, err
			} else if ok {
				count(sameMessage{c.Account, c.MessageID})
			}
		}
	}
	return n, nil
}
