package store

import "context"

// Keywords lists the keywords that messages have, the most frequent first.
func (s *Store) Keywords(ctx context.Context) (out []string, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT k.value FROM message m, json_each(m.keywords) k WHERE m.state = 0 AND m.keywords <> '[]'
			GROUP BY k.value ORDER BY count(*) DESC, k.value LIMIT 200`)
		if err != nil {
			return err
		}
		out, err = collect[string](rows)
		return err
	})
	return out, err
}
