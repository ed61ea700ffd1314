package store

import "mua/store/index"

// page is indexed candidates that the index is asked about at once.
type page struct {
	view    *index.View
	numbers []int64
	found   map[int]map[int64]bool // by leaf
}

func (p *page) add(c *candidate, number int64) {
	c.page, c.number = p, number
	p.numbers = append(p.numbers, number)
}

// has reports whether a leaf finds a document of the page.
func (p *page) has(leaf int, e index.Expr, number int64) (bool, error) {
	set, there := p.found[leaf]
	if !there {
		var err error
		if set, err = p.view.Among(e, p.numbers); err != nil {
			return false, err
		}
		if p.found == nil {
			p.found = map[int]map[int64]bool{}
		}
		p.found[leaf] = set
	}
	return set[number], nil
}
