package store

import (
	"cmp"
	"slices"
	"strings"

	"mua/store/query"
)

// sortKey is what orders a list that is not by date.
type sortKey struct {
	id   MessageID
	text string
	size int64
	at   Cursor
}

// sorted gives the first rows by sender, subject or size. All matches are looked
// at; only their keys are kept.
func (l *lister) sorted() ([]*candidate, error) {
	var keys []sortKey
	err := l.each(false, 0, func(c *candidate) bool {
		keys = append(keys, sortKey{c.ID, sortText(l.req.Sort, c), c.Size, c.cursor()})
		return true
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(keys, func(a, b sortKey) int { // stable: newest first among equals
		if l.req.Sort == SortSize {
			return cmp.Compare(b.size, a.size)
		}
		return strings.Compare(a.text, b.text)
	})
	ids := []MessageID{}
	for _, k := range keys[:min(len(keys), l.req.Limit)] {
		ids = append(ids, k.id)
	}
	list, err := candidates(l.ctx, l.q, false, `SELECT `+rowFields+` FROM message m WHERE m.id IN (SELECT value FROM json_each(?))`, toJSON(ids))
	slices.SortFunc(list, func(a, b *candidate) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return list, err
}

func sortText(s Sort, c *candidate) string {
	switch s {
	case SortFrom:
		c.decode()
		if len(c.From) > 0 {
			return query.Fold(cmp.Or(c.From[0].Name, c.From[0].Addr))
		}
	case SortSubject:
		return query.Words(baseSubject(c.Subject))
	}
	return ""
}

// baseSubject takes Re:, Fwd: and the like off (RFC 5256 2.1, roughly).
func baseSubject(s string) string {
	for {
		s = strings.TrimSpace(s)
		head, rest, ok := strings.Cut(s, ":")
		switch strings.ToLower(strings.TrimSpace(head)) {
		case "re", "fw", "fwd", "aw", "wg", "sv", "antw":
		default:
			return s
		}
		if !ok {
			return s
		}
		s = rest
	}
}
