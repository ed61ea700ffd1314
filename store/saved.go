package store

import (
	"context"
	"fmt"
	"strings"

	"mua/store/query"
)

// SetSearches tells the saved searches, by name: in:NAME is what the query selects, unless a mailbox
// goes by the name. To be called before the store is searched.
func (s *Store) SetSearches(byName map[string]string) {
	saved := make(map[string]string, len(byName))
	for name, q := range byName {
		saved[strings.ToLower(name)] = q
	}
	s.saved.Store(&saved)
}

// savedSearch is a saved search's query; "" when there is none.
func (s *Store) savedSearch(name string) string {
	if m := s.saved.Load(); m != nil {
		return (*m)[strings.ToLower(name)]
	}
	return ""
}

// NeedsWords reports whether a tree looks for words, or may by way of saved searches.
func (s *Store) NeedsWords(tree query.Node) bool {
	needs := query.HasWords(tree)
	_, _ = query.Mailboxes(tree, func(in query.In) (query.Node, error) {
		needs = needs || s.savedSearch(in.Name) != ""
		return in, nil
	})
	return needs
}

// Expand puts saved searches in the place of their names in a tree that was parsed from text.
func (s *Store) Expand(ctx context.Context, text string, tree query.Node) (out query.Node, err error) {
	err = s.read(ctx, func(q querier) error {
		boxes, err := boxesByID(ctx, q)
		if err == nil {
			out, err = s.expand(text, tree, boxes)
		}
		return err
	})
	return out, err
}

// expand puts saved searches in the place of their names.
func (s *Store) expand(text string, tree query.Node, boxes map[MailboxID]*Mailbox) (query.Node, error) {
	return s.expandIn(text, tree, boxes, nil)
}

func (s *Store) expandIn(text string, tree query.Node, boxes map[MailboxID]*Mailbox, within []string) (query.Node, error) {
	return query.Mailboxes(tree, func(in query.In) (query.Node, error) {
		saved := s.savedSearch(in.Name)
		if saved == "" {
			return in, nil
		}
		for _, b := range boxes {
			if namedAs(b, in.Name, strings.EqualFold) { // a name that only resembles the mailbox's is the search's
				return in, nil
			}
		}
		wrong := func(words string) error {
			return &query.Error{Query: text, Pos: in.Pos, Msg: fmt.Sprintf("the saved search %q is wrong: %s", in.Name, words)}
		}
		for _, name := range within {
			if strings.EqualFold(name, in.Name) {
				return nil, wrong("it is about itself")
			}
		}
		kid, err := query.Parse(saved, s.now())
		if err == nil {
			kid, err = s.expandIn(saved, kid, boxes, append(within[:len(within):len(within)], in.Name))
		}
		if err != nil {
			return nil, wrong(err.Error())
		}
		// What is wrong with its names is shown where the search is named.
		return query.Mailboxes(kid, func(k query.In) (query.Node, error) {
			k.Pos = in.Pos
			return k, nil
		})
	})
}
