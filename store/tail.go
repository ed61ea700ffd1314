package store

import (
	"context"
	"slices"

	"mua/store/index"
)

// tailOf lists what is here and not in the index as it is now, newest first.
func tailOf(ctx context.Context, q querier, v *index.View) ([]place, error) {
	st := v.State
	seen := map[MessageID]bool{}
	var out []place
	add := func(text string, args ...any) error {
		rows, err := q.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var have []place
		var content []ContentID
		for rows.Next() {
			var p place
			var c ContentID
			if err := rows.Scan(&p.id, &p.received, &c); err != nil {
				return err
			}
			if !seen[p.id] {
				seen[p.id] = true
				have, content = append(have, p), append(content, c)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		have, err = unindexed(v, have, content)
		out = append(out, have...)
		return err
	}
	low := st.Bodies
	if st.Headers.Before(low) {
		low = st.Headers
	}
	err := add(`SELECT id, received, coalesce(content, 0) FROM message INDEXED BY message_changed WHERE (changed, id) > (?, ?) AND state = 0
		AND ((changed, id) > (?, ?) OR content IS NULL) AND ((changed, id) > (?, ?) OR content IS NOT NULL)`,
		low.Change, low.ID, st.Bodies.Change, st.Bodies.ID, st.Headers.Change, st.Headers.ID)
	if err == nil && st.Old != nil {
		err = add(`SELECT id, received, coalesce(content, 0) FROM message WHERE (received, id) < (?, ?) AND state = 0`, st.Old.Received, st.Old.ID)
	}
	if err != nil {
		return nil, err
	}
	partial, err := v.Partial()
	if err != nil {
		return nil, err
	}
	if len(partial) > 0 {
		err = add(`SELECT id, received, coalesce(content, 0) FROM message WHERE id IN (SELECT value FROM json_each(?)) AND state = 0`, toJSON(partial))
	}
	slices.SortFunc(out, newerPlace)
	return out, err
}

// unindexed leaves out what the index has as it is now.
func unindexed(v *index.View, have []place, content []ContentID) ([]place, error) {
	var out []place
	for from := 0; from < len(have); from += mostHits {
		part := have[from:min(from+mostHits, len(have))]
		ids := make([]int64, len(part))
		for i, p := range part {
			ids[i] = int64(p.id)
		}
		docs, err := v.Docs(ids)
		if err != nil {
			return nil, err
		}
		for i, p := range part {
			if h, there := docs[int64(p.id)]; !there || ContentID(h.Content) != content[from+i] {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// IndexState tells how far the search index is.
type IndexState struct {
	Left int    // messages whose text is not in it yet: they are found by their headers
	Why  string // why there is none that can be used, for the reader; "": there is one
}

// IndexState looks how far the search index is.
func (s *Store) IndexState(ctx context.Context) (st IndexState, err error) {
	view, err := s.words.view(ctx)
	if err != nil {
		return st, err
	}
	if view == nil {
		st.Why = s.words.why()
		err = s.read(ctx, func(q querier) error {
			return q.QueryRowContext(ctx, `SELECT count(*) FROM message WHERE state = 0`).Scan(&st.Left)
		})
		return st, err
	}
	defer view.End()
	err = s.read(ctx, func(q querier) error {
		tail, err := tailOf(ctx, q, view)
		st.Left = len(tail)
		return err
	})
	return st, err
}

// maxChange is the last change there has been.
func maxChange(ctx context.Context, q querier) (n int64, err error) {
	err = q.QueryRowContext(short(ctx), `SELECT change FROM counter`).Scan(&n)
	return n, err
}
