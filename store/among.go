package store

import (
	"context"
	"slices"

	"mua/store/query"
)

// Among gives the rows of those of ids that a tree selects (query.All{}: all that are here), newest
// first, one per message: its best copy among them.
func (s *Store) Among(ctx context.Context, ids []MessageID, tree query.Node) (out []Row, err error) {
	err = s.read(ctx, func(db querier) error {
		l := &lister{ctx: ctx, store: s, q: db}
		list, err := l.among(ids, tree)
		if err == nil {
			out, err = finishRows(ctx, db, list, l.boxes)
		}
		return err
	})
	return out, err
}

func (l *lister) among(ids []MessageID, tree query.Node) (out []*candidate, err error) {
	if l.boxes, err = boxesByID(l.ctx, l.q); err != nil {
		return nil, err
	}
	acc, err := accounts(l.ctx, l.q)
	if err != nil {
		return nil, err
	}
	p := &planner{boxes: l.boxes, accounts: acc, body: l.body, thread: l.thread}
	if l.plan, err = p.compile(tree); err != nil {
		return nil, err
	}
	best := map[sameMessage]int{} // where in out
	for part := range slices.Chunk(ids, scanPage) {
		list, err := candidates(l.ctx, l.q, false, `SELECT `+rowFields+` FROM message m WHERE m.state = 0
			AND m.id IN (SELECT value FROM json_each(?)) AND (`+l.plan.sql+`)`, append([]any{toJSON(part)}, l.plan.args...)...)
		if err == nil {
			err = addPending(l.ctx, l.q, list, part)
		}
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if ok, err := l.plan.match(c); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
			key := sameMessage{c.Account, c.MessageID}
			i, there := best[key]
			switch {
			case c.MessageID == "" || !there:
				best[key] = len(out)
				out = append(out, c)
			case better(c, out[i], l.boxes):
				out[i] = c
			}
		}
	}
	slices.SortFunc(out, newerFirst)
	return out, nil
}

// MergeRows joins two lists of rows: newest first, each message of an account once, as first comes.
func MergeRows(first, second []Row) []Row {
	ids, headers := map[MessageID]bool{}, map[sameMessage]bool{}
	var out []Row
	for _, r := range slices.Concat(first, second) {
		key := sameMessage{r.Account, r.MessageID}
		if ids[r.ID] || r.MessageID != "" && headers[key] {
			continue
		}
		ids[r.ID], headers[key] = true, true
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Row) int {
		if c := b.Received.Compare(a.Received); c != 0 {
			return c
		}
		return int(b.ID - a.ID)
	})
	return out
}
