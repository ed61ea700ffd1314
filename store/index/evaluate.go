package index

import (
	"cmp"
	"slices"
)

// evaluate gives the documents that e finds in some segments. One is in one of them, with all that is in it. A segment is
// not looked at before its documents may be next.
func evaluate(src *source, segments []*segment, e *expr) (docs, error) {
	kids := make([]docs, len(segments))
	for i, g := range segments {
		var err error
		if kids[i], err = (&evaluator{src, g}).docs(e); err != nil {
			return nil, err
		}
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	u := unite(kids)
	for i, g := range segments { // the highest first, so they are in the order of a heap
		u.heap[i].number = g.high
	}
	return u, nil
}

// evaluator turns expressions into the documents of one segment that they find.
type evaluator struct {
	src *source
	g   *segment
}

func (v *evaluator) docs(e *expr) (docs, error) {
	if e.op == any_ {
		kids := make([]docs, len(e.kids))
		for i, k := range e.kids {
			var err error
			if kids[i], err = v.docs(k); err != nil {
				return nil, err
			}
		}
		return unite(kids), nil
	}
	c := &common{}
	if err := v.narrow(c, e); err != nil {
		return nil, err
	}
	if len(c.kids) == 1 && len(c.checks) == 0 {
		return c.kids[0], nil
	}
	// The longest term is likely the rarest, and the others are only looked for where it is.
	slices.SortStableFunc(c.kids, func(a, b docs) int { return cmp.Compare(likely(a), likely(b)) })
	return c, nil
}

// likely is lower where fewer documents are likely.
func likely(d docs) int {
	if l, is := d.(*list); is {
		return -len(l.term)
	}
	return 0
}

// narrow adds to c what e demands. What a rare term leaves is sooner looked at than all places of a phrase.
func (v *evaluator) narrow(c *common, e *expr) error {
	switch e.op {
	case all:
		for _, k := range e.kids {
			if err := v.narrow(c, k); err != nil {
				return err
			}
		}
	case but:
		if err := v.narrow(c, e.kids[0]); err != nil {
			return err
		}
		d, err := v.docs(e.kids[1])
		if err != nil {
			return err
		}
		c.checks = append(c.checks, without{d})
	case any_:
		d, err := v.docs(e)
		if err != nil {
			return err
		}
		c.kids = append(c.kids, d)
	case phrase:
		p := &together{}
		for _, t := range e.terms {
			d := v.term(t)
			c.kids, p.terms = append(c.kids, d), append(p.terms, d)
		}
		if len(p.terms) > 1 {
			c.checks = append(c.checks, p)
		}
	}
	return nil
}

// term gives the documents of a term.
func (v *evaluator) term(t term) postings {
	if t.prefix {
		return &prefixed{src: v.src, g: v.g, prefix: []byte(t.name)}
	}
	return &list{in: leaves{src: v.src, g: v.g}, term: []byte(t.name)}
}

// common is the documents that all kids have and that pass all checks.
type common struct {
	kids   []docs
	checks []check
}

// check decides about a document that all kids stand at.
type check interface {
	holds(number int64) (bool, error)
}

func (c *common) seek(most int64) (int64, error) {
	for most > 0 {
		for i := 0; i < len(c.kids); i++ {
			number, err := c.kids[i].seek(most)
			if number == 0 || err != nil {
				return 0, err
			}
			if number < most && i > 0 {
				i = -1 // the others have to follow
			}
			most = number
		}
		holds := true
		for _, k := range c.checks {
			var err error
			if holds, err = k.holds(most); err != nil {
				return 0, err
			}
			if !holds {
				break
			}
		}
		if holds {
			return most, nil
		}
		most--
	}
	return 0, nil
}

// without is that some documents do not have it.
type without struct{ docs docs }

func (w without) holds(number int64) (bool, error) {
	n, err := w.docs.seek(number)
	return n != number, err
}

// newest lists the first n documents with a number in [low, high].
func newest(d docs, low, high int64, n int) (out []int64, err error) {
	for len(out) < n && high >= low && high > 0 {
		number, err := d.seek(high)
		if err != nil || number < low || number == 0 {
			return out, err
		}
		out = append(out, number)
		high = number - 1
	}
	return out, nil
}

// among lists which of some numbers d has.
func among(d docs, numbers []int64) (out []int64, err error) {
	for _, n := range slices.Backward(slices.Sorted(slices.Values(numbers))) {
		if n <= 0 {
			break
		}
		if number, err := d.seek(n); err != nil {
			return nil, err
		} else if number == n {
			out = append(out, n)
		}
	}
	return out, nil
}
