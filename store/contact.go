package store

import (
	"context"
	"encoding/json"
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

// weightUnit is what a weight of one is in its column, so that there is something left when it has faded.
const weightUnit = 1000

// faded is the SQL of a weight after so many milliseconds: half of it is left after every 90 days (2,160
// hours), and in between it goes in a straight line. SQLite has no exponentials without a build tag; faded in many
// small steps, a weight loses a little less.
func faded(weight, ms string) string {
	hours := "(max(0, " + ms + ") / 3600000)"
	return "((" + weight + " >> min(" + hours + " / 2160, 62)) * (4320 - " + hours + " % 2160) / 4320)"
}

// Contacts finds known addresses by prefix of any word of name or address; with several words each must fit. Most used
// first, where what is long ago counts less, but last those that only ByDomain finds. limit 0: 50.
func (s *Store) Contacts(ctx context.Context, q string, limit int) ([]Contact, error) {
	where, args := []string{"1"}, []any{firstWord(q)}
	for _, w := range strings.Fields(query.Words(q)) {
		where = append(where, "instr(words, ?) > 0")
		args = append(args, " "+w)
	}
	return s.contacts(ctx, strings.Join(where, " AND "), limit, args...)
}

// firstWord is the first word typed, after a space; "" where it is a domain that was begun, or nothing.
func firstWord(typed string) string {
	words := strings.Fields(query.Words(typed))
	if len(words) == 0 || strings.HasPrefix(strings.TrimSpace(typed), "@") {
		return ""
	}
	return " " + words[0]
}

// ByDomain reports an address that what is typed fits by its domain alone, where the name or what stands before the
// @ may be meant: "f" of ada@f.example.
func ByDomain(typed string, c Contact) bool {
	first, at := firstWord(typed), strings.LastIndexByte(c.Addr, '@')
	return first != "" && at >= 0 && strings.Contains(" "+query.Words(c.Addr[at+1:]), first) && !strings.Contains(" "+query.Words(c.Name+" "+c.Addr[:at]), first)
}

// ContactsOf are those of the addresses that are known, whatever their case.
func (s *Store) ContactsOf(ctx context.Context, addrs []string) ([]Contact, error) {
	if len(addrs) == 0 {
		return nil, nil
	}
	keys := make([]string, len(addrs))
	for i, a := range addrs {
		keys[i] = strings.ToLower(a)
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	return s.contacts(ctx, "addr IN (SELECT value FROM json_each(?))", len(addrs), "", string(list))
}

// contacts are those of a condition; args are the first word that was typed, and what the condition asks for. The end of
// a contact's words is its domain, letter for letter where it is ASCII.
func (s *Store) contacts(ctx context.Context, where string, limit int, args ...any) (out []Contact, err error) {
	if limit <= 0 {
		limit = 50
	}
	args = append([]any{s.now().UnixMilli()}, append(args, limit)...)
	err = s.read(ctx, func(db querier) error {
		out = nil
		rows, err := db.QueryContext(ctx, `WITH t(now, first) AS (SELECT ?, ?)
			SELECT name, shown, uses, `+faded("weight", "now - last")+` AS worth, last FROM contact, t WHERE `+where+`
			ORDER BY first <> '' AND instr(substr(words, 1, length(words) - length(addr) + instr(addr, '@')), first) = 0, worth DESC, last DESC, addr LIMIT ?`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Contact
			var worth, last int64
			if err := rows.Scan(&c.Name, &c.Addr, &c.Count, &worth, &last); err != nil {
				return err
			}
			c.Worth, c.Last = float64(worth)/weightUnit, time.UnixMilli(last)
			out = append(out, c)
		}
		return rows.Err()
	})
	return out, err
}

// meet notes the people of a pulled message: who wrote, or whom we wrote to. What programs and lists
// send makes nobody known.
func (t *txn) meet(r Role, c *columns, received time.Time) error {
	when := received
	if !c.date.IsZero() && c.date.Before(when) { // POP3 and an import receive old mail today
		when = c.date
	}
	switch r {
	case RoleJunk, RoleTrash, RoleDrafts:
		return nil
	case RoleSent:
		return t.writtenTo(append(c.to[:len(c.to):len(c.to)], c.cc...), c, when)
	}
	if c.impersonal {
		return nil
	}
	for _, a := range c.from {
		if roleAddress(a.Addr) {
			continue
		}
		if err := t.contact(a, weightFrom, when); err != nil {
			return err
		}
	}
	return nil
}

// writtenTo notes those whom a message of ours goes to. What cron or another program sends is no writing.
func (t *txn) writtenTo(list []message.Address, c *columns, when time.Time) error {
	if c.automatic {
		return nil
	}
	for _, a := range list {
		if err := t.contact(a, weightTo, when); err != nil {
			return err
		}
	}
	return nil
}

// contact adds weight to an address; its newest name stays.
func (t *txn) contact(a message.Address, weight int, when time.Time) error {
	if !Mailable(a.Addr) {
		return nil
	}
	name, at := PersonName(a), min(when.UnixMilli(), t.now)
	return t.run(`INSERT INTO contact(addr, shown, name, words, weight, last, uses) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)
		ON CONFLICT(addr) DO UPDATE SET uses = uses + 1, last = max(last, ?6),
			weight = CASE WHEN ?6 >= last THEN `+faded("weight", "?6 - last")+` + ?5 ELSE weight + `+faded("?5", "last - ?6")+` END,
			name = CASE WHEN ?3 <> '' AND (?6 >= last OR name = '') THEN ?3 ELSE name END,
			words = CASE WHEN ?3 <> '' AND (?6 >= last OR name = '') THEN ?4 ELSE words END`,
		strings.ToLower(a.Addr), a.Addr, name, " "+query.Words(name+" "+a.Addr), weight*weightUnit, at)
}
