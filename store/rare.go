package store

import "mua/store/query"

// rarity is a state that few messages may be in; those that are have an index of their own.
type rarity struct{ index, sql string }

// rarities are by state; sql is to the letter the condition of the index.
func rarityOf(s query.State) (r rarity, ok bool) {
	switch s {
	case query.Unread:
		return rarity{"message_unread", "m.flags & 1 = 0"}, true
	case query.Flagged:
		return rarity{"message_flagged", "m.flags & 4 <> 0"}, true
	}
	return rarity{}, false
}

// mostRare is how many messages in a state are still rather walked than those of a mailbox.
const mostRare = 20_000

// findRare looks for a state that all matches are in and few messages are: their index then leads, rather than a mailbox's.
func (l *lister) findRare() error {
	if l.plan.few || l.narrow { // found sooner still
		return nil
	}
	nodes := []query.Node{l.tree}
	for len(nodes) > 0 {
		switch n := nodes[0].(type) {
		case query.And:
			nodes = append(nodes, n.Nodes...)
		case query.Is:
			r, ok := rarityOf(n.State)
			if !ok {
				break
			}
			var count int
			if err := l.q.QueryRowContext(l.ctx, `SELECT count(*) FROM (SELECT 1 FROM message m INDEXED BY `+r.index+`
				WHERE m.state = 0 AND `+r.sql+` LIMIT ?)`, mostRare+1).Scan(&count); err != nil {
				return err
			}
			if count <= mostRare && count < l.atMost {
				l.rare, l.atMost = r.index, count
			}
		}
		nodes = nodes[1:]
	}
	return nil
}
