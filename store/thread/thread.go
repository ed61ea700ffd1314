// Package thread is how messages hang together: Jamie Zawinski's threading (https://www.jwz.org/doc/threading.html)
// as a function of the set of messages alone, so that the order in which they came makes no difference.
//
// Two things differ from the published algorithm, both for that reason. A message's own References decide its parent
// before anything is presumed from what others say. And where two claims contradict each other (a loop), the message
// that comes first by its date, and then by its id, is believed.
package thread

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Message is what threading looks at. Messages with the same ID are copies: give only one of them.
type Message struct {
	ID      string    // Message-ID with <>, or anything unique
	Refs    []string  // References and In-Reply-To, the oldest first
	Date    time.Time // for the order of siblings
	Answers string    // ID of the message that it answers by its subject; counts only without a parent
}

// Node is a place in the tree.
type Node struct {
	Index    int // into the messages given; -1: a message that is not here, which several others answer
	Children []*Node
}

// container is a message, or one that is only spoken of.
type container struct {
	index  int // -1: not here
	parent *container
	kids   []*container
	top    *container // towards the root of what it is linked to; itself: is the root, as far as is known
	date   time.Time  // of the oldest message in it and below
}

// root of a container, found in nearly constant time however long the chain of parents is.
func (c *container) root() *container {
	r := c
	for r.top != r {
		r = r.top
	}
	for c.top != r {
		c, c.top = c.top, r
	}
	return r
}

// under makes c, which has no parent, a child of p unless that makes a loop.
func (c *container) under(p *container) {
	if p == nil || c.parent != nil || p.root() == c {
		return
	}
	c.parent, c.top = p, p.root()
}

// Build makes the trees of messages, siblings by date.
func Build(list []Message) []*Node {
	b := builder{list: list, at: make(map[string]*container, len(list))}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(list[x].Date.Compare(list[y].Date), strings.Compare(list[x].ID, list[y].ID))
	})
	for _, i := range order {
		b.get(list[i].ID).index = i
	}
	for _, i := range order { // what each says of itself
		if n := len(list[i].Refs); n > 0 {
			b.get(list[i].ID).under(b.get(list[i].Refs[n-1]))
		}
	}
	for _, i := range order { // what others say of those that say nothing, or are not here
		for k := 1; k < len(list[i].Refs); k++ {
			b.get(list[i].Refs[k]).under(b.get(list[i].Refs[k-1]))
		}
	}
	for _, i := range order {
		if a := list[i].Answers; a != "" {
			b.get(list[i].ID).under(b.at[a])
		}
	}
	return b.forest()
}

type builder struct {
	list []Message
	at   map[string]*container
	all  []*container // in the order made, which the set of messages decides
}

func (b *builder) get(id string) *container {
	c := b.at[id]
	if c == nil {
		c = &container{index: -1}
		c.top = c
		b.at[id] = c
		b.all = append(b.all, c)
	}
	return c
}

// forest takes out what is not here, as far as nothing hangs together by it.
func (b *builder) forest() []*Node {
	var roots []*container
	for _, c := range b.all {
		if c.parent == nil {
			roots = append(roots, c)
		} else {
			c.parent.kids = append(c.parent.kids, c)
		}
	}
	order := b.downwards(roots)
	for _, c := range slices.Backward(order) { // children before their parents
		var kids []*container
		for _, k := range c.kids {
			if k.index < 0 { // its children move up
				kids = append(kids, k.kids...)
			} else {
				kids = append(kids, k)
			}
		}
		c.kids = kids
		if c.index >= 0 {
			c.date = b.list[c.index].Date
		}
		for _, k := range kids {
			if c.index < 0 && (c.date.IsZero() || k.date.Before(c.date)) {
				c.date = k.date
			}
		}
		b.sort(c.kids)
	}
	var tops []*container
	for _, r := range roots {
		switch {
		case r.index >= 0 || len(r.kids) > 1:
			tops = append(tops, r)
		default:
			tops = append(tops, r.kids...) // one or none
		}
	}
	b.sort(tops)
	return b.nodes(tops)
}

// downwards lists all containers, parents before their children.
func (b *builder) downwards(roots []*container) []*container {
	out := slices.Clone(roots)
	for i := 0; i < len(out); i++ {
		out = append(out, out[i].kids...)
	}
	return out
}

func (b *builder) sort(list []*container) {
	key := func(c *container) string {
		for c.index < 0 && len(c.kids) > 0 {
			c = c.kids[0]
		}
		if c.index < 0 {
			return ""
		}
		return b.list[c.index].ID
	}
	slices.SortFunc(list, func(x, y *container) int {
		return cmp.Or(x.date.Compare(y.date), strings.Compare(key(x), key(y)))
	})
}

func (b *builder) nodes(tops []*container) []*Node {
	made := map[*container]*Node{}
	order := b.downwards(tops)
	for _, c := range slices.Backward(order) {
		n := &Node{Index: c.index}
		for _, k := range c.kids {
			n.Children = append(n.Children, made[k])
		}
		made[c] = n
	}
	out := make([]*Node, len(tops))
	for i, c := range tops {
		out[i] = made[c]
	}
	return out
}

// Line is a place in the tree as lists show it, one under the other.
type Line struct {
	Index int    // into the messages given; -1: not here
	Depth int    // 0: a root
	More  []bool // for each depth down to its own: whether siblings follow further down
}

// maxMore bounds More: who goes deeper is drawn no further to the right.
const maxMore = 32

// Lines lists trees from top to bottom, answers below what they answer.
func Lines(trees []*Node) []Line {
	type todo struct {
		n    *Node
		line Line
	}
	var out []Line
	var stack []todo
	push := func(list []*Node, depth int, above []bool) {
		for i, n := range slices.Backward(list) {
			more := above
			if depth < maxMore {
				more = append(slices.Clip(above), i < len(list)-1)
			}
			stack = append(stack, todo{n, Line{n.Index, depth, more}})
		}
	}
	push(trees, 0, nil)
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		out = append(out, t.line)
		push(t.n.Children, t.line.Depth+1, t.line.More)
	}
	return out
}
