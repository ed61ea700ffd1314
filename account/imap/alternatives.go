package imap

import (
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"mua/account"
	"mua/store"
	"mua/store/query"
)

// maxAlternatives bounds what a query becomes when its ORs are taken apart.
const maxAlternatives = 32

// alternative is one way in which a message can match a query: what the server is asked (SEARCH,
// RFC 9051 6.4.4), and what of it only the store can decide about what the server finds.
type alternative struct {
	criteria imap.SearchCriteria
	check    query.Node
	in       []string // names of mailboxes, all of which must mean the one searched
	accounts []string // the same of accounts
}

// clause is a leaf of a query, or its contrary.
type clause struct {
	node query.Node
	not  bool
}

// alternatives takes a query apart: a message matches it when it matches one of them.
func alternatives(tree query.Node) ([]alternative, error) {
	list, ok := disjoin(tree, false)
	if !ok {
		return nil, &account.Trouble{Kind: account.KindUsage, What: fmt.Sprintf("the query has more than %d alternatives, which is too much for a server", maxAlternatives),
			Hint: "ask for them one after the other"}
	}
	out := make([]alternative, len(list))
	for i, literals := range list {
		a := &out[i]
		var checks []query.Node
		for _, l := range literals {
			if check := a.add(l); check != nil {
				checks = append(checks, check)
			}
		}
		a.check = query.And{Nodes: checks}
		if len(checks) == 0 {
			a.check = query.All{}
		}
	}
	return out, nil
}

// disjoin writes a tree as alternatives of leaves that must all hold.
func disjoin(n query.Node, not bool) (out [][]clause, ok bool) {
	switch n := n.(type) {
	case query.All:
		if not {
			return nil, true
		}
		return [][]clause{nil}, true
	case query.Not:
		return disjoin(n.Node, !not)
	case query.And:
		return disjoinMany(n.Nodes, not, !not)
	case query.Or:
		return disjoinMany(n.Nodes, not, not)
	}
	return [][]clause{{{n, not}}}, true
}

// disjoinMany joins what the nodes become: each with each (all), or one beside the other.
func disjoinMany(nodes []query.Node, not, all bool) (out [][]clause, ok bool) {
	if all {
		out = [][]clause{nil}
	}
	for _, n := range nodes {
		part, ok := disjoin(n, not)
		if !ok {
			return nil, false
		}
		if !all {
			out = append(out, part...)
		} else {
			var product [][]clause
			for _, a := range out {
				for _, b := range part {
					product = append(product, append(a[:len(a):len(a)], b...))
				}
				if len(product) > maxAlternatives {
					return nil, false
				}
			}
			out = product
		}
		if len(out) > maxAlternatives {
			return nil, false
		}
	}
	return out, true
}

// add asks the server for a literal as far as it can be asked, and returns what is to be checked here;
// nil: the server's word is taken. What the server is asked never leaves out what matches, but for its own
// idea of words: it looks for letters anywhere, whatever stands around them.
func (a *alternative) add(l clause) (check query.Node) {
	check = l.node
	if l.not {
		check = query.Not{Node: l.node}
	}
	switch n := l.node.(type) {
	case query.Match:
		if n.Field != query.Filename {
			a.words(n, l.not)
			return nil
		}
	case query.Is:
		a.state(n.State, l.not)
	case query.Received:
		if !l.not {
			a.days(n)
		}
	case query.Size:
		if !l.not {
			a.criteria.And(&imap.SearchCriteria{Larger: max(n.Above, 0), Smaller: max(n.Below, 0)})
		}
	case query.HeaderID:
		if !l.not {
			a.criteria.Header = append(a.criteria.Header, imap.SearchCriteriaHeaderField{Key: "Message-ID", Value: printable(n.ID)})
		}
	case query.In:
		if !l.not && n.Name != "" {
			a.in = append(a.in, n.Name)
		}
	case query.Account:
		if !l.not {
			a.accounts = append(a.accounts, n.Name)
		}
	}
	return check
}

// printable is a text as a quoted string or literal may hold it.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
}

// words asks for words as they were typed, and without accents where they have some: few servers
// take é for e.
func (a *alternative) words(m query.Match, not bool) {
	text := printable(m.Text)
	if text == "" {
		text = m.Phrase
	}
	c := wordKey(m.Field, text)
	if plain := query.Fold(text); plain != strings.ToLower(text) {
		c = imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{c, wordKey(m.Field, plain)}}}
	}
	if not {
		c = imap.SearchCriteria{Not: []imap.SearchCriteria{c}}
	}
	a.criteria.And(&c)
}

func wordKey(f query.Field, text string) (c imap.SearchCriteria) {
	switch f {
	case query.Anywhere:
		c.Text = []string{text}
	case query.Body:
		c.Body = []string{text}
	case query.List:
		c.Header = []imap.SearchCriteriaHeaderField{{Key: "List-Id", Value: text}}
	default: // from, to, cc, subject
		c.Header = []imap.SearchCriteriaHeaderField{{Key: string(f), Value: text}}
	}
	return c
}

func (a *alternative) state(s query.State, not bool) {
	flag, has := imap.Flag(""), !not
	switch s {
	case query.Unread:
		flag, has = imap.FlagSeen, not
	case query.Read:
		flag = imap.FlagSeen
	case query.Flagged:
		flag = imap.FlagFlagged
	case query.Replied:
		flag = imap.FlagAnswered
	case query.Forwarded:
		flag = imap.FlagForwarded
	case query.Draft:
		flag = imap.FlagDraft
	case query.Deleted:
		flag = imap.FlagDeleted
	default:
		return
	}
	if has {
		a.criteria.Flag = append(a.criteria.Flag, flag)
	} else {
		a.criteria.NotFlag = append(a.criteria.NotFlag, flag)
	}
}

// days asks for whole days, one more on either side: a server counts them in its own zone.
func (a *alternative) days(n query.Received) {
	c := imap.SearchCriteria{}
	if !n.From.IsZero() {
		c.Since = day(n.From).AddDate(0, 0, -1)
	}
	if !n.To.IsZero() {
		c.Before = day(n.To).AddDate(0, 0, 2)
	}
	a.criteria.And(&c)
}

func day(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// means tells whether the alternative can hold in a mailbox of an account.
func (a *alternative) means(acct string, mb store.Mailbox) bool {
	for _, name := range a.accounts {
		if !strings.EqualFold(name, acct) {
			return false
		}
	}
	for _, name := range a.in {
		if !mb.Named(name) {
			return false
		}
	}
	return true
}
