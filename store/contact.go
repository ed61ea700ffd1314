package store

import (
	"context"
	"strings"
	"time"

	"mua/store/message"
	"mua/store/query"
)

// How much an address counts: one we wrote to is worth more than one that wrote to us.
const (
	weightFrom = 1
	weightTo   = 10
)

// Contacts finds known addresses by prefix of any word of name or address, most used
// first; with several words each must fit. limit 0: 50.
func (s *Store) Contacts(ctx context.Context, q string, limit int) (out []Contact, err error) {
	if limit <= 0 {
		limit = 50
	}
	where, args := []string{"1"}, []any{}
	for _, w := range strings.Fields(query.Words(q)) {
		where = append(where, "instr(words, ?) > 0")
		args = append(args, " "+w)
	}
	args = append(args, limit)
	err = s.read(ctx, func(db querier) error {
		out = nil
		rows, err := db.QueryContext(ctx, `SELECT name, shown, weight, last FROM contact WHERE `+strings.Join(where, " AND ")+
			` ORDER BY weight DESC, last DESC, addr LIMIT ?`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Contact
			var last int64
			if err := rows.Scan(&c.Name, &c.Addr, &c.Count, &last); err != nil {
				return err
			}
			c.Last = time.UnixMilli(last)
			out = append(out, c)
		}
		return rows.Err()
	})
	return out, err
}

// meet notes the people of a pulled message: who wrote, or whom we wrote to.
func (t *txn) meet(r Role, c *columns, when time.Time) error {
	switch r {
	case RoleJunk, RoleTrash, RoleDrafts:
		return nil
	case RoleSent:
		for _, a := range append(c.to[:len(c.to):len(c.to)], c.cc...) {
			if err := t.contact(a, weightTo, when); err != nil {
				return err
			}
		}
		return nil
	}
	for _, a := range c.from {
		if local, _, _ := strings.Cut(a.Addr, "@"); strings.EqualFold(local, "mailer-daemon") {
			continue // a bounce's sender is nobody to write to
		}
		if err := t.contact(a, weightFrom, when); err != nil {
			return err
		}
	}
	return nil
}

// contact adds weight to an address; its newest name stays.
func (t *txn) contact(a message.Address, weight int, when time.Time) error {
	if !strings.Contains(a.Addr, "@") || len(a.Addr) > 320 || len(a.Name) > 500 {
		return nil
	}
	name := strings.TrimSpace(a.Name)
	if strings.EqualFold(name, a.Addr) {
		name = ""
	}
	return t.run(`INSERT INTO contact(addr, shown, name, words, weight, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT(addr) DO UPDATE SET weight = weight + ?5, last = max(last, ?6),
			name = CASE WHEN ?3 <> '' AND ?6 >= last THEN ?3 ELSE name END,
			words = CASE WHEN ?3 <> '' AND ?6 >= last THEN ?4 ELSE words END`,
		strings.ToLower(a.Addr), a.Addr, name, " "+query.Words(name+" "+a.Addr), weight, when.UnixMilli())
}
