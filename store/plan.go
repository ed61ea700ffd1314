package store

import (
	"fmt"
	"strings"

	"mua/store/index"
	"mua/store/query"
)

// plan is a query's tree made ready: a condition on message m that every match
// fulfils, what the index is asked for it, and the exact test for what passes it.
type plan struct {
	sql   string
	args  []any
	exact bool // the condition alone decides
	match func(*candidate) (bool, error)

	words index.Expr // every match that is indexed is found by it; empty: all
	but   index.Expr // no match is found by it
	both  bool       // the condition, words and but together decide about what is indexed
	from  int64      // matches were received then or later, ms; 0: whenever
	to    int64      // and before this; 0: whenever
	few   bool       // the condition leaves only a few, whose texts may be read
}

// planner compiles a tree. body gives the words of a candidate's text.
type planner struct {
	query    string
	boxes    map[MailboxID]*Mailbox
	accounts []Account
	only     AccountID // 0: all
	body     func(*candidate) (string, error)
	leaves   []leaf                     // what the index can be asked about one candidate
	thread   func(int64) (int64, error) // the thread that one is part of now
}

func always() plan {
	return plan{sql: "1", exact: true, both: true, match: func(*candidate) (bool, error) { return true, nil }}
}

func test(sql string, f func(*candidate) bool, args ...any) plan {
	return plan{sql: sql, args: args, exact: true, both: true, match: func(c *candidate) (bool, error) { return f(c), nil }}
}

func (p *planner) compile(n query.Node) (plan, error) {
	switch n := n.(type) {
	case query.And:
		return p.many(n.Nodes, " AND ", true)
	case query.Or:
		return p.many(n.Nodes, " OR ", false)
	case query.Not:
		return p.not(n)
	case query.Match:
		return p.leaf(n), nil
	case query.In:
		return p.in(n)
	case query.Account:
		return p.account(n)
	}
	return p.column(n)
}

// column compiles what one row decides.
func (p *planner) column(n query.Node) (plan, error) {
	switch n := n.(type) {
	case query.ID:
		return few(test("m.id = ?", func(c *candidate) bool { return int64(c.ID) == n.ID }, n.ID)), nil
	case query.Thread:
		id, err := p.thread(n.ID)
		return few(test("m.thread IS NOT NULL AND m.thread = ?", func(c *candidate) bool { return c.Thread == id }, id)), err
	case query.HeaderID:
		return few(test("m.header_id = ?", func(c *candidate) bool { return c.MessageID == n.ID }, n.ID)), nil
	case query.Keyword:
		return test(`m.keywords <> '[]' AND EXISTS (SELECT 1 FROM json_each(m.keywords) WHERE value = ? COLLATE NOCASE)`,
			func(c *candidate) bool { return hasKeyword(c.Keywords, n.Name) }, n.Name), nil
	case query.HasAttachment:
		return test("m.attachments <> '[]'", func(c *candidate) bool { c.decode(); return len(c.Attachments) > 0 }), nil
	case query.Is:
		return p.state(n.State), nil
	case query.Received:
		return received(n), nil
	case query.Size:
		return size(n), nil
	}
	return always(), nil
}

func few(p plan) plan {
	p.few = true
	return p
}

func (p *planner) many(nodes []query.Node, glue string, all bool) (plan, error) {
	out := plan{exact: true}
	var parts []string
	var kids []plan
	open := false // a kid has no condition
	for _, n := range nodes {
		k, err := p.compile(n)
		if err != nil {
			return plan{}, err
		}
		kids, out.exact = append(kids, k), out.exact && k.exact
		if k.sql == "1" {
			open = true
			continue
		}
		parts, out.args = append(parts, "("+k.sql+")"), append(out.args, k.args...)
	}
	if out.sql = strings.Join(parts, glue); len(parts) == 0 || open && !all {
		out.sql, out.args = "1", nil
	}
	if all {
		out.allWords(kids)
	} else {
		out.anyWords(kids)
	}
	out.match = func(c *candidate) (bool, error) {
		for _, k := range kids {
			if ok, err := k.match(c); err != nil || ok != all {
				return ok, err
			}
		}
		return all, nil
	}
	return out, nil
}

func (p *planner) not(n query.Not) (plan, error) {
	k, err := p.compile(n.Node)
	if err != nil {
		return plan{}, err
	}
	out := plan{sql: "1", match: func(c *candidate) (bool, error) {
		ok, err := k.match(c)
		return !ok, err
	}}
	switch {
	case k.exact:
		out.sql, out.args, out.exact, out.both = "NOT ("+k.sql+")", k.args, true, true
	case k.sql == "1" && k.both && k.but.Empty():
		out.but, out.both = k.words, true
	case k.sql == "1" && k.both && k.words.Empty():
		out.words, out.both = k.but, true
	}
	return out, nil
}

func (p *planner) in(n query.In) (plan, error) {
	if n.Name == "" {
		return always(), nil
	}
	set := map[MailboxID]bool{}
	ids := []MailboxID{}
	for id, b := range p.boxes {
		if (p.only == 0 || b.Account == p.only) && named(b, n.Name) {
			set[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 && RoleName(Role(strings.ToLower(n.Name))) == "" {
		return plan{}, &query.Error{Query: p.query, Pos: n.Pos, Msg: fmt.Sprintf("there is no mailbox %q", n.Name) + meant(nearestBox(p.boxes, p.only, n.Name))}
	}
	return test("m.mailbox IN (SELECT value FROM json_each(?))", func(c *candidate) bool { return set[c.Mailbox] }, toJSON(ids)), nil
}

// Named reports whether a mailbox goes by name as in: has it: all of it, its last part, or its role.
func (m *Mailbox) Named(name string) bool { return named(m, name) }

// named reports whether a mailbox goes by name: all of it, its last part, or its role. Case and accents do not matter, as with words.
func named(b *Mailbox, name string) bool { return namedAs(b, name, sameFolded) }

func sameFolded(a, b string) bool { return strings.EqualFold(a, b) || query.Fold(a) == query.Fold(b) }

func namedAs(b *Mailbox, name string, same func(a, b string) bool) bool {
	if same(b.Name, name) || b.Role != "" && strings.EqualFold(string(b.Role), name) {
		return true
	}
	if b.Separator == "" {
		return false
	}
	i := strings.LastIndex(b.Name, b.Separator)
	return i >= 0 && same(b.Name[i+len(b.Separator):], name)
}

func (p *planner) account(n query.Account) (plan, error) {
	for _, a := range p.accounts {
		if strings.EqualFold(a.Name, n.Name) {
			return test("m.account = ?", func(c *candidate) bool { return c.Account == a.ID }, a.ID), nil
		}
	}
	return plan{}, &query.Error{Query: p.query, Pos: n.Pos, Msg: fmt.Sprintf("there is no account %q", n.Name)}
}

func (p *planner) state(s query.State) plan {
	flag := map[query.State]Flags{query.Read: Seen, query.Flagged: Flagged, query.Replied: Answered,
		query.Forwarded: Forwarded, query.Draft: Draft, query.Deleted: Deleted}
	r, _ := rarityOf(s)
	switch s {
	case query.Unread:
		return test(r.sql, func(c *candidate) bool { return !c.Flags.Has(Seen) })
	case query.Pending:
		const pending = `EXISTS (SELECT 1 FROM action a WHERE a.message = m.id AND a.state = 'pending' AND a.blocked_by IS NULL)`
		return test(pending, func(c *candidate) bool { return len(c.Pending) > 0 })
	}
	f := flag[s]
	return test(fmt.Sprintf("m.flags & %d <> 0", f), func(c *candidate) bool { return c.Flags.Has(f) })
}

func received(n query.Received) plan {
	from, to := ms(n.From), ms(n.To)
	sql, args := "1", []any{}
	if from.Valid {
		sql, args = sql+" AND m.received >= ?", append(args, from.Int64)
	}
	if to.Valid {
		sql, args = sql+" AND m.received < ?", append(args, to.Int64)
	}
	out := test(sql, func(c *candidate) bool {
		v := c.Received.UnixMilli()
		return (!from.Valid || v >= from.Int64) && (!to.Valid || v < to.Int64)
	}, args...)
	if from.Valid {
		out.from = from.Int64
	}
	if to.Valid {
		out.to = to.Int64
	}
	return out
}

func size(n query.Size) plan {
	return test("m.size > ? AND (? < 0 OR m.size < ?)", func(c *candidate) bool {
		return c.Size > n.Above && (n.Below < 0 || c.Size < n.Below)
	}, n.Above, n.Below, n.Below)
}
